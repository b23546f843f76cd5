// What the outbox's file could not take: numbered and bounded as there, and gone with the process. It waits here
// until the disk takes it, and may be sent meanwhile.
import { itemBytes, type Row } from './outbox-file.ts'

export type WaitingRow = Row & {
  rank: number
  addedMs: number
  /** Of an item that tells of drops: of how many. */
  tells?: number
}

/** Of how many drops these tell. */
export const toldBy = (rows: readonly WaitingRow[]): number =>
  rows.reduce((sum, { tells = 0 }) => sum + tells, 0)

/** How many of these are lost where they go: what one tells of is told anew. */
export const lostOf = (rows: readonly WaitingRow[]): number =>
  rows.filter(({ tells }) => tells === undefined).length

export type OutboxMemory = {
  /** In the order of sequence. */
  rows(): readonly WaitingRow[]
  /** Of all, as the file counts them. */
  bytes(): number
  /** How many more bytes it takes before anything has to go. */
  room(): number
  /** Those above `afterSequence`. */
  after(afterSequence: number): WaitingRow[]
  /**
   * Keeps one, whose sequence is above all others. Returns what had to go for it: the lowest rank first, then the
   * oldest; it may be this one.
   */
  add(row: WaitingRow): WaitingRow[]
  /** What went. */
  removeThrough(sequence: number): WaitingRow[]
  remove(sequences: readonly number[]): WaitingRow[]
}

/** Holds at most `bytesMax`, counted as the file does. */
export function createOutboxMemory(bytesMax: number): OutboxMemory {
  let kept: WaitingRow[] = []
  let bytes = 0

  const keepOnly = (isKept: (row: WaitingRow) => boolean): WaitingRow[] => {
    const gone = kept.filter((row) => !isKept(row))
    kept = kept.filter(isKept)
    bytes = kept.reduce((sum, { content }) => sum + itemBytes(content), 0)
    return gone
  }
  const leastIndex = (): number => {
    let least = 0
    for (const [index, { rank }] of kept.entries())
      if (rank < (kept[least] as WaitingRow).rank) least = index
    return least
  }

  return {
    rows: () => kept,
    bytes: () => bytes,
    room: () => bytesMax - bytes,
    after: (afterSequence) => kept.filter(({ sequence }) => sequence > afterSequence),
    add(row) {
      kept.push(row)
      bytes += itemBytes(row.content)
      const gone: WaitingRow[] = []
      while (bytes > bytesMax && kept.length > 0) {
        const [least] = kept.splice(leastIndex(), 1) as [WaitingRow]
        bytes -= itemBytes(least.content)
        gone.push(least)
      }
      return gone
    },
    removeThrough: (sequence) => keepOnly((row) => row.sequence > sequence),
    remove(sequences) {
      const named = new Set(sequences)
      return keepOnly((row) => !named.has(row.sequence))
    },
  }
}
