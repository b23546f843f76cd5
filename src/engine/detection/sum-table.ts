// Sums of excess by name. Bounded: when the table is full what has least gives way, so that no crowd of small ones pushes out a
// large one.
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
  /** What is counted under `former` counts under `name`, as of now. */
  rename(former: string, name: string, hour: number): void
  size(): number
  /** Names that gave way with something to lose. */
  evicted(): number
}

/** When it is full this share of it goes at once, so that a crowd costs little for each. */
const SHARE_OUT = 16

/** Memory: about 600 bytes a name. */
export function createSumTable(capacity: number): SumTable {
  const sums = createSums(capacity)
  const places = new Map<string, SumPlace>()
  const generations = new Uint32Array(capacity)
  const free: number[] = []
  let high = 0
  let lost = 0

  const remove = (name: string, { slot }: SumPlace): void => {
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
  const table: SumTable = {
    take(name, hour) {
      const known = places.get(name)
      if (known) return known
      if (places.size >= capacity) makeRoom(hour)
      const slot = free.pop() ?? high++
      sums.begin(slot, hour)
      const place = { slot, generation: generations[slot] as number }
      places.set(name, place)
      return place
    },
    isStill: ({ slot, generation }) => generations[slot] === generation,
    add: ({ slot }, hour, hard, soft) => sums.add(slot, hour, hard, soft),
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
        places.delete(former)
        places.set(name, place)
        return
      }
      sums.add(to.slot, hour, table.hard(place, hour), table.soft(place, hour))
      remove(former, place)
    },
    size: () => places.size,
    evicted: () => lost,
  }
  return table
}
