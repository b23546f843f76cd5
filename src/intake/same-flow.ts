// Which rows of other sources tell the flow that a row tells, by their ends; and of several that may, which is the likest. A
// program may have a thousand flows without a port to one peer: then all of them may be each of what another source tells, so
// what is looked for is looked for among few (`Among`), and no further than until it is known.
import { beganTogether, createIndex, isLikelier, isSame, likestOf } from './flow-index.ts'
import { type FlowRow, isUdp } from './flow-row.ts'

/** Those that the engine was given, those that have ended for it, or all. */
export type Among = 'given' | 'ended' | 'all'
/** Of those that may be liker so many are looked at, before the likest of all is looked for and remembered. */
const FIRST_MAX = 16
type Test = (other: FlowRow) => boolean

export type SameFlow = {
  file(row: FlowRow): void
  unfile(row: FlowRow): void
  /** It may have been given, or have ended. */
  refile(row: FlowRow): void
  /** The likest. Never of UDP. */
  find(row: FlowRow, among: Among, test?: Test): FlowRow | undefined
  /** Whether there is any. */
  has(row: FlowRow, among: Among, test?: Test): boolean
  /** Whether `other` is the only row of its source that may be the same. */
  isOnly(row: FlowRow, other: FlowRow): boolean
  /** Whether two of one source that pass may be it, and that it is the first of those that are looked at is not sure. */
  isOneOfSeveral(row: FlowRow, among: Among, test: Test): boolean
  /** Those to which it is the likest of its source. */
  ofWhichLikest(row: FlowRow, test: Test): FlowRow[]
  looked(): number
}

/** `all`: every row that is filed. */
export function createSameFlow(all: ReturnType<typeof createIndex<FlowRow>>): SameFlow {
  const given = createIndex<FlowRow>()
  const ended = createIndex<FlowRow>()
  const filed = new Set<FlowRow>()
  /** Of those for which it was asked: what ends one after another is not compared with all each time. */
  const likest = new WeakMap<FlowRow, FlowRow>()
  const indexes = { all, given, ended }

  /** Whether that source tells this flow's port: it would tell that of each. */
  const isBoundElsewhere = (source: number, bound: FlowRow): boolean => {
    for (const one of all.bound(bound)) if (one.source === source && isSame(one, bound)) return true
    return false
  }
  /** One without a port is none whose port its source tells. */
  function* candidates(row: FlowRow, among: Among, test: Test | undefined): Generator<FlowRow> {
    const known = new Map<number, boolean>()
    const isElsewhere = (source: number): boolean => {
      const is = known.get(source) ?? isBoundElsewhere(source, row)
      known.set(source, is)
      return is
    }
    for (const other of indexes[among].each(row)) {
      if (test?.(other) === false || !isSame(row, other)) continue
      if (row.localPort === 0) {
        if (other.localPort === 0 || !isBoundElsewhere(row.source, other)) yield other
      } else if (other.localPort !== 0 || !isElsewhere(other.source)) yield other
    }
  }
  /** Nor is it one that is older where another of that one's source began with it. */
  function* maybeSame(row: FlowRow, among: Among, test?: Test): Generator<FlowRow> {
    if (isUdp(row)) return
    const isYoung = (other: FlowRow): boolean => !other.isFoundOpen && beganTogether(row, other)
    const young = new Map<number, boolean>()
    const hasYoung = (source: number): boolean => {
      const known = young.get(source)
      if (known !== undefined) return known
      const one = candidates(row, 'all', (other) => other.source === source && isYoung(other))
      const has = one.next().done !== true
      young.set(source, has)
      return has
    }
    for (const other of candidates(row, among, test))
      if (row.localPort !== 0 || isYoung(other) || !hasYoung(other.source)) yield other
  }

  const find = (row: FlowRow, among: Among, test?: Test): FlowRow | undefined => {
    const found = [...maybeSame(row, among, test)]
    return found.length < 2 ? found[0] : likestOf(row, found)
  }
  /** Whether one that was the likest once shows that `other` is not. */
  const isBeaten = (row: FlowRow, other: FlowRow): boolean => {
    const one = likest.get(row)
    return (
      one !== undefined &&
      row.localPort !== 0 &&
      one.source === other.source &&
      filed.has(one) &&
      isLikelier(row, one, other) &&
      isSame(row, one) &&
      (one.localPort !== 0 || !isBoundElsewhere(one.source, row))
    )
  }
  const isLikest = (row: FlowRow, other: FlowRow): boolean => {
    const isOfSource = ({ source }: FlowRow): boolean => source === other.source
    let first = 0
    for (const one of maybeSame(row, 'all', isOfSource)) {
      if (one !== other && isLikelier(row, one, other)) return false
      if (++first === FIRST_MAX) break
    }
    const found = find(row, 'all', isOfSource)
    if (found !== undefined) likest.set(row, found)
    return found === other
  }

  return {
    file(row) {
      if (isUdp(row)) return
      filed.add(row)
      if (row.given !== undefined) given.add(row)
      if (row.ended !== undefined) ended.add(row)
    },
    unfile(row) {
      filed.delete(row)
      given.remove(row)
      ended.remove(row)
    },
    refile(row) {
      if (!filed.has(row)) return
      if (row.given === undefined) given.remove(row)
      else given.add(row)
      if (row.ended === undefined) ended.remove(row)
      else ended.add(row)
    },
    find,
    has: (row, among, test) => maybeSame(row, among, test).next().done !== true,
    isOnly(row, { source }) {
      const found = maybeSame(row, 'all', (other) => other.source === source)
      return found.next().done !== true && found.next().done === true
    },
    isOneOfSeveral(row, among, test) {
      const found = maybeSame(row, among, test)
      const [one, other] = [found.next().value, found.next().value]
      const isSure = row.localPort !== 0 && one?.localPort === row.localPort
      return one !== undefined && other !== undefined && one.source === other.source && !isSure
    },
    ofWhichLikest: (row, test) =>
      [...maybeSame(row, 'all', (other) => test(other) && !isBeaten(other, row))].filter((other) =>
        isLikest(other, row),
      ),
    looked: () => given.looked() + ended.looked(),
  }
}
