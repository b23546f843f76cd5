// Who was not let in, or not given what it asked for, and how often: bounded, kept beside the registry for the commands. What
// stands here of somebody is what he said of himself.
import { join } from 'node:path'
import { readStateFile, writeStateFile } from '../../state-file.ts'
import { type UnixNs, unixNs } from '../../units.ts'
import { sourceOf } from '../terms/rate.ts'
import type { RefusalInfo, RefusalsResponse } from '../views/page-devices.ts'

/** In the collector's state directory. */
export const REFUSALS_FILE = 'refusals.json'

/**
 * Codes whose rows say how a device can be let in: by its key, by `allow`, or by enrolling again. Of others, as of a certificate that was
 * replaced, or of tokens, a row may be of somebody else, and is no less true.
 */
const UNTIL_ENROLLED: readonly string[] = [
  ...['device-known', 'hardware-known'],
  ...['certificate-unknown', 'certificate-expired', 'certificate-early'],
]

const ROWS_MAX = 200
/** Of one network, told apart; more are told together, by their code. */
const SOURCE_ROWS_MAX = 20
const TEXT_CHARS_MAX = 300
const NAME_CHARS_MAX = 64
/** Rows of 1 KiB at the most, six bytes a character. */
const FILE_BYTES_MAX = 1024 * 1024
/** A crowd that is refused writes no more often. */
const WRITE_MS = 5000

export type Refusal = Pick<RefusalInfo, 'code' | 'text' | 'deviceId' | 'hostname' | 'address'>
export type RefusalNotes = {
  note(refusal: Refusal, now: UnixNs): void
  /** A device has enrolled from there: what was advised of it there is not to be done any more. */
  enrolled(deviceId: string, address: string): void
  response(): RefusalsResponse
  /** Writes what is new, not more often than each few seconds. Throws what the file system does. `nowMs` is monotonic. */
  write(nowMs?: number): void
}

type Row = Omit<RefusalInfo, 'firstAt' | 'lastAt'> & { firstAt: UnixNs; lastAt: UnixNs }

export function createRefusals(stateDir: string): RefusalNotes {
  const path = join(stateDir, REFUSALS_FILE)
  const kept = readRefusals(stateDir)
  let unlisted = kept.unlisted
  /** The one longest ago first. */
  const rows = new Map<string, Row>()
  const bySource = new Map<string, number>()
  let isNew = false
  let writtenMs = Number.NEGATIVE_INFINITY

  const keyOf = ({ code, deviceId, address }: Pick<Refusal, 'code' | 'deviceId' | 'address'>) =>
    `${code} ${deviceId} ${sourceOf(address)}`
  const count = (address: string, by: number) => {
    const source = sourceOf(address)
    const left = (bySource.get(source) ?? 0) + by
    if (left > 0) bySource.set(source, left)
    else bySource.delete(source)
  }
  const put = (key: string, row: Row) => {
    if (!rows.delete(key)) count(row.address, 1)
    rows.set(key, row)
    for (const [oldest, gone] of rows) {
      if (rows.size <= ROWS_MAX) return
      rows.delete(oldest)
      count(gone.address, -1)
      unlisted += gone.count
    }
  }
  for (const row of kept.refusals.toReversed())
    put(keyOf(row), {
      ...row,
      firstAt: unixNs(BigInt(row.firstAt), 'firstAt'),
      lastAt: unixNs(BigInt(row.lastAt), 'lastAt'),
    })

  const response = (): RefusalsResponse => ({
    refusals: [...rows.values()]
      .toReversed()
      .map((row) => ({ ...row, firstAt: `${row.firstAt}`, lastAt: `${row.lastAt}` })),
    unlisted,
  })
  return {
    note(refusal, now) {
      const { code, text, deviceId, hostname, address } = refusal
      let said: Refusal = {
        ...{ code, address: cut(address, NAME_CHARS_MAX), text: cut(text, TEXT_CHARS_MAX) },
        ...{ deviceId: cut(deviceId, NAME_CHARS_MAX), hostname: cut(hostname, NAME_CHARS_MAX) },
      }
      const isFull = (bySource.get(sourceOf(said.address)) ?? 0) >= SOURCE_ROWS_MAX
      if (isFull && !rows.has(keyOf(said))) said = { ...said, deviceId: '', hostname: '' }
      const before = rows.get(keyOf(said))
      put(keyOf(said), {
        ...said,
        count: (before?.count ?? 0) + 1,
        firstAt: before?.firstAt ?? now,
        lastAt: now,
      })
      isNew = true
    },
    enrolled(deviceId, address) {
      for (const code of UNTIL_ENROLLED) {
        const key = keyOf({ code, deviceId, address })
        if (!rows.delete(key)) continue
        count(address, -1)
        isNew = true
      }
    },
    response,
    write(nowMs = Number.POSITIVE_INFINITY) {
      if (!isNew || nowMs - writtenMs < WRITE_MS) return
      writtenMs = nowMs
      writeStateFile(path, JSON.stringify(response()))
      isNew = false
    },
  }
}

/** What stands in the file; nothing where there is none, or it cannot be read: it is no more than what was seen. */
export function readRefusals(stateDir: string): RefusalsResponse {
  const none = { refusals: [], unlisted: 0 }
  try {
    const found = readStateFile(join(stateDir, REFUSALS_FILE), { bytesMax: FILE_BYTES_MAX })
    if (!found) return none
    const { refusals, unlisted } = JSON.parse(found.text) as RefusalsResponse
    return { refusals: refusals.filter(isRow).slice(0, ROWS_MAX), unlisted: Number(unlisted) || 0 }
  } catch {
    return none
  }
}

const TEXTS = ['code', 'text', 'deviceId', 'hostname', 'address'] as const

const isRow = (row: RefusalInfo): boolean =>
  TEXTS.every((name) => typeof row[name] === 'string') &&
  [row.firstAt, row.lastAt].every((at) => /^\d{1,20}$/.test(at)) &&
  Number.isSafeInteger(row.count)

/** A string of its own: a slice would hold all that it is of. */
const cut = (text: string, charsMax: number): string =>
  Buffer.from(text.slice(0, charsMax)).toString()
