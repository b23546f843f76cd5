// What a Mac's networkd has written of who used the network, and how much: netusage.sqlite, which root alone may read. It is
// opened as root and read by whom root was given up for: SQLite never reads another's file with root's rights.
import {
  closeSync,
  constants,
  fstatSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Bytes, type UnixNs, unixNs } from '../units.ts'
import type { NetworkName } from './network-names.ts'

/** Where it lies: since macOS 10.15 or so in db, before beside it. */
export const NETUSAGE_PLACES = [
  '/private/var/networkd/db/netusage.sqlite',
  '/private/var/networkd/netusage.sqlite',
] as const

/** A real one of a month has 295 KB, of 260 processes. */
const BYTES_MAX = 64 * 1024 * 1024
const NAMES_MAX = 4_096
const NAME_CHARACTERS_MAX = 255
/** networkd writes every few minutes. */
const ATTEMPTS = 3

/** Its file and the log beside it, open for reading; or why not. */
export type OpenNetusage =
  | { is: 'open'; path: string; file: number; log: number | undefined }
  | { is: 'closed'; why: string }

/** `names`: latest used first. `leftOut`: rows that are none, or too many. */
export type Netusage =
  | { is: 'read'; path: string; names: NetworkName[]; leftOut: number }
  | { is: 'unread'; why: string }

/** Of what stands there as a link, or is no file, nothing is read. */
export function openNetusage(places: readonly string[] = NETUSAGE_PLACES): OpenNetusage {
  for (const path of places) {
    try {
      const file = openFile(path)
      if (file !== undefined) return { is: 'open', path, file, log: openFile(`${path}-wal`) }
    } catch (error) {
      return { is: 'closed', why: `${path} cannot be read: ${(error as Error).message}` }
    }
  }
  return { is: 'closed', why: `there is no ${places.join(' and no ')}` }
}

function openFile(path: string): number | undefined {
  let file: number
  try {
    // NONBLOCK: of a FIFO without a writer an open waits for ever.
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const { isFile, size } = lookAt(file)
  if (isFile && size <= BYTES_MAX) return file
  closeSync(file)
  throw new Error(isFile ? `it has ${size} bytes, more than ${BYTES_MAX}` : 'it is no file')
}

const lookAt = (file: number): { isFile: boolean; size: number; changed: string } => {
  const stats = fstatSync(file, { bigint: true })
  const changed = `${stats.size} ${stats.mtimeNs}`
  return { isFile: stats.isFile(), size: Number(stats.size), changed }
}

/** Reads a copy, made in `directory` and gone afterwards, and closes what was open. Never throws. `now` bounds its times; `read`: all of a file. */
export function readNetusage(
  opened: OpenNetusage,
  directory: string,
  now: UnixNs,
  read = bytesOf,
): Netusage {
  if (opened.is === 'closed') return { is: 'unread', why: opened.why }
  const { path } = opened
  let own: string | undefined
  try {
    own = mkdtempSync(join(directory, 'netusage-'))
    const copy = join(own, 'copy.sqlite')
    writeCopy(opened, copy, read)
    return { is: 'read', path, ...namesIn(copy, now) }
  } catch (error) {
    return { is: 'unread', why: `${path} cannot be read: ${(error as Error).message}` }
  } finally {
    closeSync(opened.file)
    if (opened.log !== undefined) closeSync(opened.log)
    if (own !== undefined) rmSync(own, { recursive: true, force: true })
  }
}

/** Both files as of one moment: what networkd wrote to meanwhile is copied again. */
function writeCopy(
  { file, log }: OpenNetusage & { is: 'open' },
  to: string,
  read: (file: number) => Buffer,
): void {
  const state = (): string =>
    `${lookAt(file).changed} ${log === undefined ? '' : lookAt(log).changed}`
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = state()
    const parts = [read(file), log === undefined ? undefined : read(log)]
    if (state() !== before) continue
    writeFileSync(to, parts[0] as Buffer, { mode: 0o600 })
    if (parts[1]) writeFileSync(`${to}-wal`, parts[1], { mode: 0o600 })
    return
  }
  throw new Error(`it was written to while it was read, ${ATTEMPTS} times`)
}

/** All of an open file. */
export function bytesOf(file: number): Buffer {
  const { size } = lookAt(file)
  if (size > BYTES_MAX) throw new Error(`it has ${size} bytes, more than ${BYTES_MAX}`)
  const bytes = Buffer.alloc(size)
  let at = 0
  while (at < size) {
    const count = readSync(file, bytes, at, size - at, at)
    if (count === 0) break
    at += count
  }
  return bytes.subarray(0, at)
}

/** What a period of billing counted is a row of its own: their sum is what there was. X is what is none of the three. */
const NAMES = `SELECT p.ZPROCNAME AS name, p.ZFIRSTTIMESTAMP AS first, p.ZTIMESTAMP AS last,
    total(u.ZWIFIOUT) + total(u.ZWIREDOUT) + total(u.ZWWANOUT) + total(u.ZXOUT) AS sent
  FROM ZPROCESS AS p LEFT JOIN ZLIVEUSAGE AS u ON u.ZHASPROCESS = p.Z_PK
  GROUP BY p.Z_PK ORDER BY p.ZTIMESTAMP DESC LIMIT ?`

function namesIn(path: string, now: UnixNs): { names: NetworkName[]; leftOut: number } {
  const database = new DatabaseSync(path)
  try {
    const check = database.prepare('PRAGMA quick_check(1)').get()?.quick_check
    if (check !== 'ok') throw new Error(`it is damaged (${check})`)
    const all = database.prepare('SELECT count(*) AS n FROM ZPROCESS').get()?.n
    const names = new Map<string, NetworkName>()
    let taken = 0
    for (const row of database.prepare(NAMES).iterate(NAMES_MAX)) {
      const one = nameFrom(row, now)
      if (one === undefined) continue
      taken++
      names.set(one.name, joined(one, names.get(one.name)))
    }
    return { names: [...names.values()], leftOut: Number(all) - taken }
  } finally {
    database.close()
  }
}

/** Two rows of one name, as of two users. */
const joined = (one: NetworkName, other: NetworkName | undefined): NetworkName =>
  other === undefined
    ? one
    : {
        name: one.name,
        firstAt: one.firstAt < other.firstAt ? one.firstAt : other.firstAt,
        lastAt: one.lastAt > other.lastAt ? one.lastAt : other.lastAt,
        sent: Math.min(one.sent + other.sent, Number.MAX_SAFE_INTEGER) as Bytes,
      }

/** Core Data counts seconds since 2001. */
const EPOCH_SECONDS = 978_307_200
/** Control characters, which no program's name needs. */
const CONTROL = /\p{Cc}/u

function nameFrom(row: Record<string, unknown>, now: UnixNs): NetworkName | undefined {
  const { name, first, last, sent } = row
  if (typeof name !== 'string' || name === '' || name.length > NAME_CHARACTERS_MAX) return undefined
  if (CONTROL.test(name)) return undefined
  const [firstAt, lastAt] = [timeOf(first), timeOf(last)]
  // What is of a time to come says nothing of what was before.
  if (firstAt === undefined || lastAt === undefined || firstAt > now) return undefined
  const isCount = typeof sent === 'number' && sent >= 0 && sent <= Number.MAX_SAFE_INTEGER
  return {
    name,
    firstAt,
    lastAt: lastAt > now ? now : lastAt < firstAt ? firstAt : lastAt,
    sent: (isCount ? Math.round(sent) : 0) as Bytes,
  }
}

function timeOf(seconds: unknown): UnixNs | undefined {
  if (typeof seconds !== 'number' || !(seconds >= 0 && seconds < 4e9)) return undefined
  return unixNs(BigInt(Math.round((seconds + EPOCH_SECONDS) * 1e3)) * 1_000_000n, 'time')
}
