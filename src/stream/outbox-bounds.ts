// What bounds the outbox; what it has no room for (too old, or the least important), and the item that tells of it.

import { UnusableFile } from '../baseline/sqlite-file.ts'
import type { Finding } from '../engine/finding.ts'
import { counted } from '../engine/sentence.ts'
import type { UnixNs } from '../units.ts'
import { decodeItem, encodeContent, numberItem, StreamError } from './codec.ts'
import type { OutboxFile, Sized, Totals } from './outbox-file.ts'
import { RANK_TELLS } from './rank.ts'

export type OutboxOptions = {
  /** Bound of what waits; the file may be some tenths larger. At least 64 KiB. */
  bytesMax: number
  /** Items that waited longer than this while an agent ran are dropped. */
  ageMaxMs: number
  now: () => UnixNs
  /** Running time, milliseconds from any point on; sinceBootMs when not given. */
  elapsedMs?: () => number
  /** Hard bound of the file itself, enforced by SQLite; by default twice bytesMax and 1 MiB. */
  fileBytesMax?: number
  /** Bound of what waits in memory while the disk takes nothing; by default 16 MiB. */
  memoryBytesMax?: number
  /** Room of the disk that is kept for what waits in memory at the end; by default none. */
  reserveBytes?: number
  /** Numbers reserved ahead of what is kept; by default NUMBERS_RESERVED. */
  numbersReserved?: number
  /** How long another process may hold the file up, while it is not known to; by default 2 s. */
  patienceMs?: number
  /** Where there is no file yet and no room for one, all waits in memory until there is. */
  mayStandIn?: boolean
  /** Told once when the disk begins to take nothing, once when it takes all again, and when others could use the file. */
  log?: (text: string) => void
}

export type OutboxCounters = {
  /** Waiting, in the file and in memory. */
  items: number
  bytes: number
  /** Of these, in memory alone: the disk has not taken them. */
  unwritten: number
  /** Dropped because the outbox was full or they were too old; over the life of the file. */
  evicted: number
  /** Lost: the memory was full too, the file was damaged, or they could not be encoded. */
  notKept: number
  /** Refused by the collector for good. */
  rejected: number
}

const EVICT_STEP_ITEMS = 256

/** Drops some of what was added before `beforeMs`, then the least important until `bytesMax` holds. Counts in `totals`. */
export function makeRoom(
  file: OutboxFile,
  totals: Totals,
  { beforeMs, bytesMax }: { beforeMs: number; bytesMax: number },
): void {
  const drop = ({ sequence, bytes, rank }: Sized): void => {
    const tells = rank === RANK_TELLS ? tellsOf(file, sequence) : 0
    // What it tells of is told anew, and it is none of that itself.
    if (tells > 0) totals.told -= tells - 1
    file.remove(sequence)
    totals.items--
    totals.bytes -= bytes
    totals.evicted++
  }
  for (const one of file.oldest(beforeMs, EVICT_STEP_ITEMS)) drop(one)
  while (totals.bytes > bytesMax) {
    const candidates = file.least(EVICT_STEP_ITEMS)
    if (candidates.length === 0) throw new UnusableFile(`totals: ${totals.bytes} bytes of no items`)
    for (const one of candidates) {
      if (totals.bytes <= bytesMax) break
      drop(one)
    }
  }
}

/** Of how many drops an item tells; 0: it is another, or not one that can be read. */
function tellsOf(file: OutboxFile, sequence: number): number {
  const row = file.find(sequence)
  if (row === undefined) return 0
  try {
    const { finding } = decodeItem(numberItem(row.id, sequence, row.content))
    return finding.kind === 'health' && finding.health.of === 'outbox' ? finding.health.count : 0
  } catch (error) {
    if (!(error instanceof StreamError)) throw error
    return 0
  }
}

/** Says what was dropped, as an item: a gap that nobody is told of looks like silence. */
export function dropsToTell(
  at: UnixNs,
  count: number,
): { rank: number; content: Uint8Array; tells: number } {
  const text =
    `${counted(count, 'finding')} never reached the collector: the agent's outbox was full or damaged, or held them for too long, ` +
    `or its disk was full, and the memory beside it too or the agent ended`
  const finding: Finding = {
    at,
    kind: 'health',
    health: { of: 'outbox', text, count },
  }
  return { rank: RANK_TELLS, content: encodeContent(finding), tells: count }
}
