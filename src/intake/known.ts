// Flows that an engine before this one was given, and that this one is not given yet.
import {
  createIndex,
  type Ends,
  type FlowRow,
  type GivenFlow,
  haveSameEnds,
  haveSameSocket,
} from './flow-book.ts'

/** As JSON can hold it. */
export type Kept = Omit<GivenFlow, 'id'> & { id: string }
export type Alias = {
  source: number
  id: string
  epoch: number
  given: Kept
  aheadOut: number
  aheadIn: number
  /** What it is found by where another source tells of it before this one does. */
  ends?: Ends
  /** Whatever another source tells of its socket. */
  isOfSocket?: boolean
}

export type Known = {
  all(): Alias[]
  /** Of this source and id. */
  own(row: FlowRow): Alias | undefined
  /** Of another source, and the same flow: the engine's id is the row's, or it has its ends. */
  ofOther(row: FlowRow): Alias | undefined
  /** Of another source, and of this UDP socket. */
  ofSocket(row: FlowRow): Alias | undefined
  forget(alias: Alias): void
}

type Place = Ends & { alias: Alias }
const keyOf = ({ source, id }: { source: number; id: bigint | string }) => `${source}.${id}`

/** Found without a search: a Mac has thousands, of a few programs. */
export function createKnown(before: readonly Alias[]): Known {
  const all = new Map<string, Alias>()
  const places = new Map<Alias, Place>()
  const byEnds = createIndex<Place>()
  const byGiven = new Map<string, Set<Alias>>()
  const forget = (alias: Alias): void => {
    all.delete(keyOf(alias))
    byGiven.get(alias.given.id)?.delete(alias)
    const place = places.get(alias)
    if (place !== undefined) byEnds.remove(place)
    places.delete(alias)
  }
  for (const alias of before) {
    const former = all.get(keyOf(alias))
    if (former !== undefined) forget(former)
    all.set(keyOf(alias), alias)
    const same = byGiven.get(alias.given.id)
    if (same) same.add(alias)
    else byGiven.set(alias.given.id, new Set([alias]))
    if (alias.ends === undefined) continue
    const place = { ...alias.ends, alias }
    places.set(alias, place)
    byEnds.add(place)
  }
  const near = (row: FlowRow, test: (place: Place) => boolean): Alias | undefined =>
    byEnds.near(row).find((place) => place.alias.source !== row.source && test(place))?.alias

  return {
    all: () => [...all.values()],
    own: (row) => all.get(keyOf(row)),
    ofOther(row) {
      for (const alias of byGiven.get(`${row.id}`) ?? [])
        if (alias.source !== row.source) return alias
      return near(row, (place) => haveSameEnds(row, place))
    },
    ofSocket: (row) =>
      near(row, (place) => place.alias.isOfSocket === true && haveSameSocket(row, place)),
    forget,
  }
}
