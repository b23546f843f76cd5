// Sums of excess by name. Bounded: when the table is full what has least gives way, so that no crowd of small ones pushes out a
// large one.
import type { HourSum } from '../../baseline/sums.ts'
import { createSums } from './sums.ts'

export type SumTable = {
  /** The slot of a name; made where there is none. It is the name's as long as the slot's generation is the same. */
  take(name: string, hour: number): number
  /** By slot: rises when a slot is another name's. */
  readonly generations: Uint32Array
  add(slot: number, hour: number, hard: number, soft: number): void
  /** Excess of the last 24 full hours, bytes, hard and soft, into two places of `into`. */
  read(slot: number, hour: number, into: Float64Array, place: number): void
  hard(slot: number, hour: number): number
  soft(slot: number, hour: number): number
  /** What is counted under `former` counts under `name`, in the hours in which it was. */
  rename(former: string, name: string, hour: number): void
  /** As it was stored, by rising hour. REQUIRES: the name is not there yet; hours has one. */
  seed(name: string, hours: readonly HourSum[]): void
  /** What became of names that were seeded, or stored, since the last call. */
  store(into: SumsStored): void
  size(): number
  /** Names that gave way with something to lose. */
  evicted(): number
}

export type SumsStored = {
  /** These hours are so now; the others are as they were. */
  put(name: string, hours: HourSum[]): void
  drop(name: string): void
}

/** When it is full this share of it goes at once, so that a crowd costs little for each. */
const SHARE_OUT = 16

/** Memory: about 600 bytes a name. */
export function createSumTable(capacity: number): SumTable {
  const sums = createSums(capacity)
  const slots = new Map<string, number>()
  const generations = new Uint32Array(capacity)
  const free: number[] = []
  let high = 0
  let lost = 0
  const nameOf: string[] = []
  /** Slots that may have changed since they were stored, each once: there may be nobody who stores. */
  let changed: number[] = []
  const isListed = new Uint8Array(capacity)
  /** By slot: the store has it. */
  const isStored = new Uint8Array(capacity)
  const dropped = new Set<string>()

  const list = (slot: number): void => {
    if (isListed[slot] === 0) changed.push(slot)
    isListed[slot] = 1
  }
  /** The store is to forget what the slot's name had. */
  const noteDrop = (slot: number): void => {
    if (isStored[slot] === 1) dropped.add(nameOf[slot] as string)
    isStored[slot] = 0
  }
  const remove = (name: string, slot: number): void => {
    noteDrop(slot)
    sums.takeChanged(slot)
    slots.delete(name)
    generations[slot] = (generations[slot] as number) + 1
    free.push(slot)
  }
  const makeRoom = (hour: number): void => {
    const all = [...slots].map(([name, slot]) => {
      sums.turn(slot, hour)
      return { name, slot, most: Math.max(sums.hard(slot), sums.soft(slot)) }
    })
    all.sort((a, b) => a.most - b.most)
    for (const { name, slot, most } of all.slice(0, Math.ceil(capacity / SHARE_OUT))) {
      if (most > 0) lost++
      remove(name, slot)
    }
  }
  const take = (name: string, hour: number): number => {
    const known = slots.get(name)
    if (known !== undefined) return known
    if (slots.size >= capacity) makeRoom(hour)
    const slot = free.pop() ?? high++
    sums.begin(slot, hour)
    slots.set(name, slot)
    nameOf[slot] = name
    return slot
  }
  return {
    take,
    generations,
    add(slot, hour, hard, soft) {
      if (sums.add(slot, hour, hard, soft)) list(slot)
    },
    read: sums.read,
    hard(slot, hour) {
      sums.turn(slot, hour)
      return sums.hard(slot)
    },
    soft(slot, hour) {
      sums.turn(slot, hour)
      return sums.soft(slot)
    },
    rename(former, name, hour) {
      const slot = slots.get(former)
      if (slot === undefined || former === name) return
      const to = slots.get(name)
      if (to === undefined) {
        noteDrop(slot)
        slots.delete(former)
        slots.set(name, slot)
        nameOf[slot] = name
        if (sums.change(slot, 0)) list(slot)
        return
      }
      // One of them may be ahead: records of before the first mark are of an earlier hour.
      const now = Math.max(hour, sums.hour(slot), sums.hour(to))
      sums.turn(slot, now)
      sums.turn(to, now)
      sums.merge(to, slot)
      if (sums.change(to, 0)) list(to)
      remove(former, slot)
    },
    seed(name, hours) {
      const slot = take(name, hours[0]?.hour as number)
      for (const { hour, hard, soft } of hours) sums.add(slot, hour, hard, soft)
      sums.takeChanged(slot)
      isStored[slot] = 1
    },
    store({ put, drop }) {
      for (const name of dropped) drop(name)
      dropped.clear()
      for (const slot of changed) {
        isListed[slot] = 0
        const from = sums.takeChanged(slot)
        // It gave way, and nobody has its slot or whoever has it has not changed.
        if (from < 0) continue
        isStored[slot] = 1
        put(nameOf[slot] as string, sums.hours(slot, from))
      }
      changed = []
    },
    size: () => slots.size,
    evicted: () => lost,
  }
}
