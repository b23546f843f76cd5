// What an outbox has in memory while its disk is full: as much of it as there is room for, the most important first.
import type { OutboxDisk } from './outbox-disk.ts'
import type { WaitingRow } from './outbox-memory.ts'

/**
 * Calls `write` with so many at a time as the disk takes, `atOnce` at first: half of what it refuses, twice what it took. With
 * `givesRoom` all room that can be given back is, before less is tried. Where the disk is not full but refuses all, once. Returns
 * how many to begin with next time.
 */
export function writeByRank(
  disk: OutboxDisk,
  waiting: readonly WaitingRow[],
  write: (rows: readonly WaitingRow[]) => void,
  { atOnce = waiting.length, givesRoom = false } = {},
): number {
  let rows = [...waiting].sort((a, b) => b.rank - a.rank || a.sequence - b.sequence)
  let most = atOnce
  let isRoomGiven = !givesRoom
  do {
    const some = rows.slice(0, most)
    const refused = disk.attempt('append', () => write(some))
    if (refused === undefined) rows = rows.slice(most)
    else if (refused !== 'full-disk') break
    if (refused === undefined) most *= 2
    else if (isRoomGiven) most = Math.floor(some.length / 2)
    if (!givesRoom) continue
    isRoomGiven = refused !== undefined
    if (isRoomGiven) disk.giveRoom()
  } while (rows.length > 0 && most > 0)
  return Math.max(1, most)
}
