// Sums of excess by name. Bounded: when the table is full what has least gives way, so that no crowd of small ones pushes out a
// large one.
import type { HourSum } from '../../baseline/sums.ts'
import { createSums } from './sums.ts'

/** A place in the table, of use as long as the generation is the place's. */
export type SumPlace = { slot: number; generation: number }

export type SumTable = {
  /** The place of a name; made where there is none. */
  take(name: string, hour: number): SumPlace
  /** Whether the place is still that name's. */
  isStill(place: SumPlace): boolean
  add(place: SumPlace, hour: number, hard: number, soft: number): void
  /** Excess of the last 24 full hours, bytes. */
  hard(place: SumPlace, hour: number): number
  soft(place: SumPlace, hour: number): number
  /** The larger of the two. */
  most(place: SumPlace, hour: number): number
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
const UNCHANGED = -1

/** Memory: about 600 bytes a name. */
export function createSumTable(capacity: number): SumTable {
  const sums = createSums(capacity)
  const places = new Map<string, SumPlace>()
  const generations = new Uint32Array(capacity)
  const free: number[] = []
  let high = 0
  let lost = 0
  const nameOf: string[] = []
  /** By slot: the first hour that changed since it was stored. */
  const changedFrom = new Float64Array(capacity).fill(UNCHANGED)
  /** Slots of which that may be so, each once: there may be nobody who stores. */
  let changed: number[] = []
  const isListed = new Uint8Array(capacity)
  /** By slot: the store has it. */
  const isStored = new Uint8Array(capacity)
  const dropped = new Set<string>()

  const noteChange = (slot: number, from: number): void => {
    const before = changedFrom[slot] as number
    if (isListed[slot] === 0) changed.push(slot)
    isListed[slot] = 1
    if (before === UNCHANGED || from < before) changedFrom[slot] = from
  }
  /** The store is to forget what the slot's name had. */
  const noteDrop = (slot: number): void => {
    if (isStored[slot] === 1) dropped.add(nameOf[slot] as string)
    isStored[slot] = 0
  }
  const remove = (name: string, { slot }: SumPlace): void => {
    noteDrop(slot)
    changedFrom[slot] = UNCHANGED
    places.delete(name)
    generations[slot] = (generations[slot] as number) + 1
    free.push(slot)
  }
  const makeRoom = (hour: number): void => {
    const all = [...places].map(([name, place]) => {
      sums.turn(place.slot, hour)
      return { name, place, most: Math.max(sums.hard(place.slot), sums.soft(place.slot)) }
    })
    all.sort((a, b) => a.most - b.most)
    for (const { name, place, most } of all.slice(0, Math.ceil(capacity / SHARE_OUT))) {
      if (most > 0) lost++
      remove(name, place)
    }
  }
  const take = (name: string, hour: number): SumPlace => {
    const known = places.get(name)
    if (known) return known
    if (places.size >= capacity) makeRoom(hour)
    const slot = free.pop() ?? high++
    sums.begin(slot, hour)
    const place = { slot, generation: generations[slot] as number }
    places.set(name, place)
    nameOf[slot] = name
    return place
  }
  return {
    take,
    isStill: ({ slot, generation }) => generations[slot] === generation,
    add({ slot }, hour, hard, soft) {
      sums.add(slot, hour, hard, soft)
      noteChange(slot, sums.hour(slot))
    },
    hard({ slot }, hour) {
      sums.turn(slot, hour)
      return sums.hard(slot)
    },
    soft({ slot }, hour) {
      sums.turn(slot, hour)
      return sums.soft(slot)
    },
    most({ slot }, hour) {
      sums.turn(slot, hour)
      return Math.max(sums.hard(slot), sums.soft(slot))
    },
    rename(former, name, hour) {
      const place = places.get(former)
      if (place === undefined || former === name) return
      const to = places.get(name)
      if (to === undefined) {
        noteDrop(place.slot)
        places.delete(former)
        places.set(name, place)
        nameOf[place.slot] = name
        noteChange(place.slot, 0)
        return
      }
      // One of them may be ahead: records of before the first mark are of an earlier hour.
      const now = Math.max(hour, sums.hour(place.slot), sums.hour(to.slot))
      sums.turn(place.slot, now)
      sums.turn(to.slot, now)
      sums.merge(to.slot, place.slot)
      noteChange(to.slot, 0)
      remove(former, place)
    },
    seed(name, hours) {
      const { slot } = take(name, hours[0]?.hour as number)
      for (const { hour, hard, soft } of hours) sums.add(slot, hour, hard, soft)
      isStored[slot] = 1
    },
    store({ put, drop }) {
      for (const name of dropped) drop(name)
      dropped.clear()
      for (const slot of changed) {
        isListed[slot] = 0
        const from = changedFrom[slot] as number
        // It gave way, and nobody has its slot or whoever has it has not changed.
        if (from === UNCHANGED) continue
        changedFrom[slot] = UNCHANGED
        isStored[slot] = 1
        put(nameOf[slot] as string, sums.hours(slot, from))
      }
      changed = []
    },
    size: () => places.size,
    evicted: () => lost,
  }
}
