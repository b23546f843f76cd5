// A baseline as lines of JSON, from one machine or file to another: docs/baseline-format.md.
import { StringDecoder } from 'node:string_decoder'
import { type UnixNs, unixNs } from '../units.ts'
import {
  type Baseline,
  isProgramKey,
  NAMED,
  noteNoFirstStart,
  type StoredDestination,
  type StoredIdentity,
} from './baseline.ts'
import { BaselineError } from './error.ts'
import { readHistory } from './history.ts'
import { type BaselineRow, rowFromJson, rowToJson } from './row.ts'

/** 2: ends with a count. */
export const TRANSFER_VERSION = 2
/** A longer line is none of ours: the longest path, key and history together stay below it. */
const LINE_CHARACTERS_MAX = 65_536
const READ_BYTES = 256 * 1024
const COMMIT_ROWS = 20_000
/** Bad lines that are described; all are counted. */
const DESCRIBED_MAX = 20

/** The lines of an export, without newlines. What is of one machine at one moment (alerts, open flows) is left out. */
export function* exportLines(rows: Iterable<BaselineRow>, at: UnixNs): Generator<string, void> {
  yield JSON.stringify({ freshet: 'baseline', version: TRANSFER_VERSION, exportedAt: `${at}` })
  let count = 0
  for (const row of rows)
    if (row.kind === 'born' || row.kind === 'identity' || row.kind === 'destination') {
      count++
      yield rowToJson(row)
    }
  yield JSON.stringify({ kind: 'end', rows: count })
}

export type Imported = {
  identities: { added: number; merged: number }
  destinations: { added: number; merged: number }
  /** Rows about neither: versions of programs, contents of the system's files, when the baseline began. */
  others: number
  /** Lines of a kind that is of one machine alone. */
  leftOut: number
  bad: number
  /** Rows there were, of whatever kind, and how many its end says: undefined when it is cut. Of version 1 nobody knows. */
  rows: number
  rowsAtEnd: number | undefined | 'untold'
  /** The first of the bad lines. */
  described: { line: number; text: string }[]
}

/**
 * Merges the export that `read` reads (0: its end) into `baseline`, which is no machine's first start from then on (`at`),
 * and commits as it goes. Throws BaselineError ('malformed') when the first line is not the head of an export or is of a
 * later version; other lines that cannot be read are counted.
 */
export function importFile(
  baseline: Baseline,
  read: (into: Uint8Array) => number,
  at: UnixNs,
): Imported {
  const done: Imported = {
    identities: { added: 0, merged: 0 },
    destinations: { added: 0, merged: 0 },
    others: 0,
    leftOut: 0,
    bad: 0,
    rows: 0,
    rowsAtEnd: undefined,
    described: [],
  }
  let number = 0
  for (const line of linesOf(read)) {
    number++
    if (number === 1) {
      if (versionOf(line) < 2) done.rowsAtEnd = 'untold'
      noteNoFirstStart(baseline, at)
      continue
    }
    if (line === '') continue
    const end = done.rowsAtEnd === undefined ? rowsOfEnd(line) : undefined
    if (end !== undefined) {
      done.rowsAtEnd = end
      continue
    }
    try {
      if (typeof done.rowsAtEnd === 'number')
        throw new BaselineError('malformed', 'it stands after the end of the export')
      done.rows++
      mergeRow(baseline, rowFromLine(line), done)
    } catch (error) {
      if (!(error instanceof BaselineError) || error.code !== 'malformed') throw error
      done.bad++
      if (done.described.length < DESCRIBED_MAX)
        done.described.push({ line: number, text: error.message })
    }
    if (number % COMMIT_ROWS === 0) baseline.commit()
  }
  if (number === 0) throw new BaselineError('malformed', 'the file is empty')
  baseline.commit()
  return done
}

/**
 * What reads the same as `read`, whose beginning was looked at. Throws BaselineError ('malformed') when that is no export's:
 * who imports asks before anything is made for it.
 */
export function beganAsExport(read: (into: Uint8Array) => number): (into: Uint8Array) => number {
  let began = Buffer.alloc(0)
  const buffer = Buffer.alloc(READ_BYTES)
  while (!began.includes('\n') && began.length <= LINE_CHARACTERS_MAX) {
    const count = read(buffer)
    if (count === 0) break
    began = Buffer.concat([began, buffer.subarray(0, count)])
  }
  if (began.length === 0) throw new BaselineError('malformed', 'the file is empty')
  const end = began.indexOf('\n')
  versionOf(began.toString('utf8', 0, end < 0 ? began.length : end).replace(/\r$/, ''))
  return (into) => {
    if (began.length === 0) return read(into)
    const count = began.copy(into)
    began = began.subarray(count)
    return count
  }
}

function rowFromLine(line: string | undefined): BaselineRow {
  if (line === undefined)
    throw new BaselineError('malformed', `longer than ${LINE_CHARACTERS_MAX} characters`)
  const row = rowFromJson(line)
  if (row.kind === 'identity' && readHistory(row.identity.history) === undefined)
    throw new BaselineError('malformed', 'a row of a baseline: history is none')
  return row
}

/** Of the export that begins with `line`. */
function versionOf(line: string | undefined): number {
  let head: unknown
  try {
    head = JSON.parse(line ?? '')
  } catch {
    head = undefined
  }
  if (typeof head !== 'object' || head === null || !('freshet' in head && 'version' in head))
    throw new BaselineError('malformed', 'it does not begin as an export of a baseline does')
  if (head.freshet !== 'baseline' || typeof head.version !== 'number')
    throw new BaselineError('malformed', 'it is an export of something else')
  if (head.version > TRANSFER_VERSION)
    throw new BaselineError(
      'malformed',
      `it is of a later version (${head.version}, this one knows ${TRANSFER_VERSION})`,
    )
  return head.version
}

/** What the last line of an export says; undefined when `line` is another. */
function rowsOfEnd(line: string | undefined): number | undefined {
  const match = /^\{"kind":"end","rows":(\d{1,15})\}$/.exec(line ?? '')
  return match ? Number(match[1]) : undefined
}

/** Why an export is not known to be whole; undefined when it is. */
export function whatIsMissing({ rows, rowsAtEnd }: Imported): string | undefined {
  if (rowsAtEnd === 'untold' || rowsAtEnd === rows) return undefined
  if (rowsAtEnd === undefined) return `it is cut: after ${rows} rows it has no end`
  return `it is not whole: its end says ${rowsAtEnd} rows, and ${rows} are there`
}

function mergeRow(baseline: Baseline, row: BaselineRow, done: Imported): void {
  switch (row.kind) {
    case 'born': {
      const own = baseline.bornAt()
      if (own === undefined || row.at < own) baseline.setBornAt(row.at)
      done.others++
      return
    }
    case 'identity': {
      // What another machine's system knew says nothing of this one.
      if (row.identity.key.startsWith(NAMED)) {
        done.leftOut++
        return
      }
      const own = baseline.identity(row.identity.key)
      baseline.putIdentity(own ? mergeIdentities(own, row.identity) : row.identity)
      if (isProgramKey(row.identity.key)) done.identities[own ? 'merged' : 'added']++
      else done.others++
      return
    }
    case 'destination': {
      const { identityKey, destinationKey } = row.destination
      const own = baseline.destination(identityKey, destinationKey)
      baseline.putDestination(own ? mergeDestinations(own, row.destination) : row.destination)
      done.destinations[own ? 'merged' : 'added']++
      return
    }
    case 'fact':
    case 'alert':
    case 'held':
    case 'sum':
    case 'carried_boot':
    case 'carried_flow':
    case 'carried_pair':
    case 'carried_process':
      done.leftOut++
      return
    default:
      row satisfies never
  }
}

const earlier = (a: UnixNs, b: UnixNs): UnixNs => (a < b ? a : b)
const later = (a: UnixNs, b: UnixNs): UnixNs => (a > b ? a : b)
const hoursOf = (history: string): number => readHistory(history)?.hours ?? -1

/**
 * Two accounts of one program: the earliest firsts, the latest lasts, what it is as it was seen last. Days and hours may
 * be the same ones in both, so they are not added: the larger count stands. To import twice changes nothing.
 */
export function mergeIdentities(own: StoredIdentity, other: StoredIdentity): StoredIdentity {
  const newest = other.lastSeenAt > own.lastSeenAt ? other : own
  const firsts = [own.firstNetworkAt, other.firstNetworkAt].filter((at) => at !== undefined)
  return {
    ...newest,
    sha256: newest.sha256 || own.sha256 || other.sha256,
    firstExecAt: earlier(own.firstExecAt, other.firstExecAt),
    firstNetworkAt: firsts.length === 0 ? undefined : firsts.reduce(earlier),
    lastSeenAt: later(own.lastSeenAt, other.lastSeenAt),
    daysActive: Math.max(own.daysActive, other.daysActive),
    lastActiveDay: Math.max(own.lastActiveDay, other.lastActiveDay),
    history: hoursOf(other.history) > hoursOf(own.history) ? other.history : own.history,
  }
}

const mergeDestinations = (
  own: StoredDestination,
  other: StoredDestination,
): StoredDestination => ({
  ...own,
  firstAt: unixNs(earlier(own.firstAt, other.firstAt), 'firstAt'),
  lastAt: unixNs(later(own.lastAt, other.lastAt), 'lastAt'),
})

/** Lines without their ends; undefined for one that is too long. Never holds more than one and a piece. */
function* linesOf(read: (into: Uint8Array) => number): Generator<string | undefined, void> {
  const decoder = new StringDecoder('utf8')
  const buffer = Buffer.alloc(READ_BYTES)
  let rest = ''
  let isTooLong = false
  for (let count = 1; count > 0; ) {
    count = read(buffer)
    const text = count > 0 ? decoder.write(buffer.subarray(0, count)) : decoder.end()
    const pieces = text.split('\n')
    for (const [index, piece] of pieces.entries()) {
      if (!isTooLong) rest += piece
      if (rest.length > LINE_CHARACTERS_MAX) {
        isTooLong = true
        rest = ''
      }
      if (index === pieces.length - 1) break
      yield isTooLong ? undefined : rest.replace(/\r$/, '')
      rest = ''
      isTooLong = false
    }
  }
  if (isTooLong) yield undefined
  else if (rest !== '') yield rest
}
