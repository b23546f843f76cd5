// Files of a state directory that take the place of others, which are set aside: all of them do, or what was there is there again.
// What is to be moved is written down first, so that the next start, or restore, undoes what was cut off.
import { lstatSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { asideOf, forgetOldest } from '../../baseline/sqlite-file.ts'
import { commandIn, stateOf } from '../../hint.ts'
import { shellWord } from '../../shell-word.ts'
import { moveFile, readStateFile, removeFile, writeStateFile } from '../../state-file.ts'
import type { UnixNs } from '../../units.ts'
import { CollectorError } from './collector-error.ts'

/** Names in the state directory; `isAside`: its new name is nobody else's. */
export type Move = { from: string; to: string; isAside?: true }

/** In the collector's state directory while files are moved. */
export const PLACING_FILE = 'restore.under-way'
/** What comes, until it takes its place. */
export const COMING_SECRETS = 'secrets.restoring'
export const COMING_STORE = 'store.db.restoring'
/** Of SQLite; none of its files may lie beside another database. */
const DATABASE = ['', '-wal', '-shm', '-journal'] as const
/** In the state directory, at most two folders deep: secrets that come have a folder, and in it that of the authority. */
const NAME = /^[\w-][\w.-]*(\/[\w-][\w.-]*){0,2}$/

/** What sets `name` aside, with what SQLite has beside it. */
export function movesAside(directory: string, name: string, now: UnixNs): Move[] {
  const aside = asideOf(join(directory, name), now).slice(directory.length + 1)
  const ends = name.endsWith('.db') ? DATABASE : ['']
  return ends
    .map((end) => ({ from: `${name}${end}`, to: `${aside}${end}`, isAside: true as const }))
    .filter(({ from }) => isThere(directory, from))
}

/**
 * Makes all of them in their order. REQUIRES: no collector runs there, and `undoCutOff` was called. Throws CollectorError where that
 * fails: then nothing is moved, or the message says what could not be put back.
 */
export function placeAll(directory: string, moves: readonly Move[]): void {
  try {
    writeStateFile(join(directory, PLACING_FILE), `${JSON.stringify(moves)}\n`)
    for (const { from, to } of moves) moveFile(join(directory, from), join(directory, to))
    removeFile(join(directory, PLACING_FILE))
  } catch (cause) {
    const left = undo(directory, moves)
    const { message } = cause as Error
    throw new CollectorError(
      'state',
      left.length === 0
        ? `nothing was restored, and all that was there is as it was: ${message}`
        : `the restore was cut off (${message}), and not all that was there could be put back: ${left.join('; ')}. Free some space and run it again: it begins with the rest`,
      { cause },
    )
  }
  const names = new Set(moves.map(({ from }) => from))
  for (const name of names) if (isThere(directory, name)) forgetOldest(join(directory, name))
}

/**
 * What a restore had begun to move when it was cut off is where it was, and what was to come is gone; `log` is told. REQUIRES: no
 * collector and no restore runs there. Throws CollectorError where that
 * cannot be.
 */
export function undoCutOff(directory: string, log: (text: string) => void): void {
  const path = join(directory, PLACING_FILE)
  const text = readStateFile(path)?.text
  if (text === undefined) {
    removeComing(directory)
    return
  }
  const moves = movesIn(text)
  const left = moves && undo(directory, moves)
  if (!left || left.length > 0)
    throw new CollectorError(
      'state',
      `a restore was cut off here, and not all that was there can be put back: ${left?.join('; ') ?? 'what it had moved is not known'}. Put it back by hand, then remove ${path}`,
    )
  removeComing(directory)
  log('a restore was cut off: all that was there before it is in its place again')
}

/** Copies of secrets, and of a whole store, which a restore that was killed did not remove. */
function removeComing(directory: string): void {
  rmSync(join(directory, COMING_SECRETS), { recursive: true, force: true })
  for (const end of DATABASE) rmSync(join(directory, `${COMING_STORE}${end}`), { force: true })
}

/** What could not be undone, as sentences; where nothing is left nothing is written down any more. */
function undo(directory: string, moves: readonly Move[]): string[] {
  const left: string[] = []
  const attempt = (what: string, work: () => void) => {
    try {
      work()
    } catch (error) {
      left.push(`${what}: ${(error as Error).message}`)
    }
  }
  for (const { from, to, isAside } of moves.toReversed()) {
    const isMoved = isThere(directory, to) && (isAside || !isThere(directory, from))
    if (!isMoved) continue
    const [wasAt, isAt] = [join(directory, from), join(directory, to)]
    const what = `${isAt} is what was ${wasAt}`
    if (isThere(directory, from)) left.push(`${what}, where there is another by now`)
    else attempt(what, () => moveFile(isAt, wasAt))
  }
  if (left.length === 0)
    attempt(`${PLACING_FILE} is there`, () => removeFile(join(directory, PLACING_FILE)))
  return left
}

function movesIn(text: string): Move[] | undefined {
  try {
    const moves = JSON.parse(text) as Move[]
    const names = moves.flatMap(({ from, to }) => [from, to])
    return names.every((name) => NAME.test(name)) ? moves : undefined
  } catch {
    return undefined
  }
}

/** Commands that bring back what was set aside, with its log, which holds what was not moved into it yet. */
export const backOf = (aside: string, path: string): string =>
  ['', '-wal']
    .filter((end) => lstatSync(`${aside}${end}`, { throwIfNoEntry: false }))
    .map((end) => `\`mv ${shellWord(`${aside}${end}`)} ${shellWord(`${path}${end}`)}\``)
    .join(' and ')

export const restoreOf = (path: string): string =>
  commandIn('collector restore FILE --secrets FILE --force', stateOf(path))

const isThere = (directory: string, name: string): boolean =>
  lstatSync(join(directory, name), { throwIfNoEntry: false }) !== undefined
