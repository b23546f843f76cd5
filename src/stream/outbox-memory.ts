// What the outbox's file could not take: numbered and bounded as there, and gone with the process. It waits here
// until the disk takes it, and may be sent meanwhile.
import { itemBytes, type Row } from './outbox-file.ts'

export type WaitingRow = Row & { rank: number; addedMs: number }

export type OutboxMemory = {
  /** In the order of sequence. */
  rows(): readonly WaitingRow[]
  /** Of all, as the file counts them. */
  bytes(): number
  /** Those above `afterSequence`. */
  after(afterSequence: number): WaitingRow[]
  /**
   * Keeps one, whose sequence is above all others. Returns how many had to go for it: the lowest rank first, then
   * the oldest; it may be this one.
   */
  add(row: WaitingRow): number
  /** How many went, and their bytes as the file counts them. */
  removeThrough(sequence: number): number
  remove(sequences: readonly number[]): number
  clear(): void
}

/** Holds at most `bytesMax`, counted as the file does. */
export function createOutboxMemory(bytesMax: number): OutboxMemory {
  let kept: WaitingRow[] = []
  let bytes = 0

  const keepOnly = (isKept: (row: WaitingRow) => boolean): number => {
    const before = kept.length
    kept = kept.filter(isKept)
    bytes = kept.reduce((sum, { content }) => sum + itemBytes(content), 0)
    return before - kept.length
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
    after: (afterSequence) => kept.filter(({ sequence }) => sequence > afterSequence),
    add(row) {
      kept.push(row)
      bytes += itemBytes(row.content)
      let gone = 0
      for (; bytes > bytesMax && kept.length > 0; gone++) {
        const [least] = kept.splice(leastIndex(), 1)
        bytes -= least ? itemBytes(least.content) : 0
      }
      return gone
    },
    removeThrough: (sequence) => keepOnly((row) => row.sequence > sequence),
    remove(sequences) {
      const named = new Set(sequences)
      return keepOnly((row) => !named.has(row.sequence))
    },
    clear() {
      kept = []
      bytes = 0
    },
  }
}
