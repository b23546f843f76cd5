// The boots that each device has said it comes from: a machine has one at a time, and none comes back. Two that take turns are
// two machines, of which the one with the boot that was first seen later is the copy, whichever of them is there.
import type { DatabaseSync } from 'node:sqlite'
import { transaction } from '../../baseline/sqlite-file.ts'
import type { UnixNs } from '../../units.ts'
import { BoundedMap } from '../terms/bounded-map.ts'

export type Boots = {
  /**
   * A connection of the device from this boot; empty: it does not say, which is a boot as any other. Returns both boots where two
   * took turns too often, `younger` as the one first seen later.
   */
  noteArrival(deviceId: string, bootId: string, now: UnixNs): Turns | undefined
  /** Writes which were new, in one transaction. Throws what SQLite does, and keeps them for the next time. */
  write(): void
}

export type Turns = { older: string; younger: string }

const HOUR_NS = 3_600_000_000_000n
/**
 * Returns to a boot of before within an hour that one machine has: none, as a boot does not come back. A virtual machine that is
 * set back to a snapshot again and again has a few.
 */
const RETURNS_MAX = 3
/** Boots of a device that are remembered: what comes after is no alternation of two. */
const BOOTS_MAX = 8
const DEVICES_MAX = 20_000

type OfDevice = {
  last: string
  /** The one first that was seen first, whatever any clock said. */
  known: string[]
  /** Since the collector's start, the one first that was heard of longest ago. */
  seenAt: Map<string, UnixNs>
  returns: UnixNs[]
}

/** What devices say is written together: all come at once after a collector's restart. */
export function createBoots(database: DatabaseSync): Boots {
  const all = new BoundedMap<string, OfDevice>(DEVICES_MAX)
  /** By device and boot, what its row is to become: as many as are known and as are written, however long nothing is. */
  const waiting = new Map<string, Map<string, { isRemoved: boolean; isAdded: boolean }>>()
  const sql = {
    of: database.prepare('SELECT boot_id FROM boot WHERE device = ? ORDER BY rowid'),
    add: database.prepare(
      'INSERT OR IGNORE INTO boot (device, boot_id) SELECT id, ? FROM device WHERE id = ?',
    ),
    remove: database.prepare('DELETE FROM boot WHERE boot_id = ? AND device = ?'),
  }
  const read = (deviceId: string): OfDevice => {
    const known = sql.of.all(deviceId).map(({ boot_id }) => `${boot_id}`)
    return { last: known.at(-1) ?? '', known, seenAt: new Map(), returns: [] }
  }

  const change = (deviceId: string, bootId: string, isAdded: boolean): void => {
    const of = waiting.get(deviceId) ?? new Map<string, { isRemoved: boolean; isAdded: boolean }>()
    waiting.set(deviceId, of)
    const before = of.get(bootId)
    // Behind those that were seen before it.
    of.delete(bootId)
    const isRemoved = before?.isRemoved ?? !isAdded
    if (isAdded || isRemoved) of.set(bootId, { isRemoved, isAdded })
  }

  function note(deviceId: string, of: OfDevice, bootId: string): void {
    of.known.push(bootId)
    change(deviceId, bootId, true)
    if (of.known.length <= BOOTS_MAX) return
    const [gone = ''] = [...of.known.filter((one) => !of.seenAt.has(one)), ...of.seenAt.keys()]
    of.known.splice(of.known.indexOf(gone), 1)
    of.seenAt.delete(gone)
    change(deviceId, gone, false)
  }

  return {
    noteArrival(deviceId, bootId, now) {
      const of = all.get(deviceId) ?? read(deviceId)
      const isWithinHour = (at: UnixNs) => now - at < HOUR_NS
      const { last } = of
      const seenAt = of.seenAt.get(bootId)
      if (last !== bootId && seenAt !== undefined && isWithinHour(seenAt)) of.returns.push(now)
      of.last = bootId
      of.seenAt.delete(bootId)
      of.seenAt.set(bootId, now)
      if (!of.known.includes(bootId)) note(deviceId, of, bootId)
      of.returns = of.returns.filter(isWithinHour)
      const isTooOften = of.returns.length > RETURNS_MAX
      if (isTooOften) of.returns = []
      all.set(deviceId, of)
      if (!isTooOften) return undefined
      const isLater = of.known.indexOf(bootId) > of.known.indexOf(last)
      return isLater ? { older: last, younger: bootId } : { older: bootId, younger: last }
    },
    write() {
      if (waiting.size === 0) return
      transaction(database, () => {
        for (const [deviceId, of] of waiting)
          for (const [bootId, { isRemoved, isAdded }] of of) {
            if (isRemoved) sql.remove.run(bootId, deviceId)
            if (isAdded) sql.add.run(bootId, deviceId)
          }
      })
      waiting.clear()
    },
  }
}
