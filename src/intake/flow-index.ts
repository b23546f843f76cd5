// Whether rows are of one flow or one socket, by their ends, and rows to be found by those.
import { type Ends, type FlowRow, isUdp, NO_PEER, UDP_BEGINS } from './flow-row.ts'

/** Sources tell of one moment at different times. */
const APART_NS = 2_000_000_000n
/** Whether the one had ended when the other began, as far as their sources know: a port is used again. */
const isBefore = (one: FlowRow, other: FlowRow): boolean =>
  !one.isOpen && one.lastNs + APART_NS < other.firstNs && !(one.isLost && other.isFoundOpen)

/** The filter is asked for a flow before it has a local port: then the process decides. */
const haveSamePort = (a: Ends, b: Ends): boolean =>
  a.localPort !== 0 && b.localPort !== 0
    ? a.localPort === b.localPort
    : a.pid !== 0 && a.pid === b.pid
const haveSameProcess = (a: Ends, b: Ends): boolean =>
  a.pid !== 0 && (a.pid === b.pid || a.pid === b.makerPid || b.pid === a.makerPid)
/** Without a peer the process decides too: a port is used by several, for multicast. */
export const haveSameSocket = (a: Ends, b: Ends): boolean => {
  if (!isUdp(a) || !isUdp(b) || !haveSamePort(a, b)) return false
  return a.peer === NO_PEER || b.peer === NO_PEER ? haveSameProcess(a, b) : a.peer === b.peer
}
/** Whether they are the ends of one flow, which is not of UDP. */
export const haveSameEnds = (a: Ends, b: Ends): boolean =>
  a.peer === b.peer && !isUdp(a) && haveSamePort(a, b)
export const haveMet = (a: FlowRow, b: FlowRow): boolean => !isBefore(a, b) && !isBefore(b, a)
/** Whether two rows of two sources tell one flow. */
export const isSame = (a: FlowRow, b: FlowRow): boolean =>
  a.source !== b.source && haveMet(a, b) && haveSameEnds(a, b)

/** How far from each other they began. */
const distance = ({ firstNs: a }: FlowRow, { firstNs: b }: FlowRow): bigint =>
  a > b ? a - b : b - a

/** Whether two sources may have told one beginning. */
export const beganTogether = (a: FlowRow, b: FlowRow): boolean => distance(a, b) <= APART_NS
const isCertain = (a: FlowRow, b: FlowRow): boolean =>
  a.localPort !== 0 && a.localPort === b.localPort
const apart = (a: FlowRow, b: FlowRow): number => Math.abs(a.out - b.out) + Math.abs(a.in - b.in)
/**
 * Of rows that may be of one flow: those of its port, else the one that has counted most alike, since a program opens several
 * to one peer at once; where one counts from its own beginning, the one that began nearest.
 */
export function likestOf(row: FlowRow, found: readonly FlowRow[]): FlowRow {
  const certain = found.filter((one) => isCertain(row, one))
  if (certain.length > 0) return nearestOf(row, certain)
  const some = found.filter(({ hasOwnBeginning }) => !hasOwnBeginning)
  if (row.hasOwnBeginning || some.length < 2) return nearestOf(row, found)
  const least = Math.min(...some.map((one) => apart(row, one)))
  return nearestOf(
    row,
    some.filter((one) => apart(row, one) === least),
  )
}

/**
 * Whether of two that may be of its flow, and of one source, the first is surely liker; false says nothing. Where one counts
 * from its own beginning this is not known without the others.
 */
export function isLikelier(row: FlowRow, one: FlowRow, than: FlowRow): boolean {
  const isOneCertain = isCertain(row, one)
  if (isOneCertain !== isCertain(row, than)) return isOneCertain
  if (row.hasOwnBeginning || one.hasOwnBeginning || than.hasOwnBeginning) return false
  const further = isOneCertain ? 0 : apart(row, than) - apart(row, one)
  return further > 0 || (further === 0 && isNearer(row, one, than))
}

/** Of two that are as near one is it for good. */
const isNearer = (row: FlowRow, one: FlowRow, than: FlowRow): boolean => {
  const [its, other] = [distance(row, one), distance(row, than)]
  return its < other || (its === other && one.id < than.id)
}
export const nearestOf = (row: FlowRow, found: readonly FlowRow[]): FlowRow =>
  found.reduce((a, b) => (isNearer(row, b, a) ? b : a))

/** Rows by their ends: a program may have thousands of flows to one peer, or sockets of one port. */
export function createIndex<Row extends Ends>() {
  const under = new Map<string, Set<Row>>()
  let looked = 0
  const portKey = (what: string, localPort: number): string => `${what} from ${localPort}`
  const keysOf = (what: string, { localPort, pid }: Ends) => {
    const unknown = `${what} from ? of ${pid}`
    const fromPort = localPort === 0 ? unknown : portKey(what, localPort)
    return { ofProcess: `${what} of ${pid}`, fromPort, unknown }
  }
  /** A UDP socket without a peer is looked for, and looks, by its port or process alone. */
  const placesOf = (row: Row): string[] =>
    (isUdp(row) ? [row.peer, UDP_BEGINS] : [row.peer]).flatMap((what) => {
      const { ofProcess, fromPort } = keysOf(what, row)
      return [ofProcess, fromPort]
    })
  function* beside(what: string, row: Ends): Generator<Row> {
    if (under.size === 0) return
    const { ofProcess, fromPort, unknown } = keysOf(what, row)
    for (const key of row.localPort === 0 ? [ofProcess] : [fromPort, unknown])
      for (const found of under.get(key) ?? []) {
        looked++
        yield found
      }
  }
  return {
    add(row: Row): void {
      for (const key of placesOf(row)) {
        const others = under.get(key)
        if (others) others.add(row)
        else under.set(key, new Set([row]))
      }
    },
    remove(row: Row): void {
      for (const key of placesOf(row)) {
        const others = under.get(key)
        others?.delete(row)
        if (others?.size === 0) under.delete(key)
      }
    },
    /** All that may be of the same flow or socket, and others. */
    near(row: Ends): Row[] {
      if (!isUdp(row)) return [...beside(row.peer, row)]
      if (row.peer === NO_PEER) return [...beside(UDP_BEGINS, row)]
      return [...beside(row.peer, row), ...beside(NO_PEER, row)]
    },
    /** The same one by one: who stops looks at no more. REQUIRES: it is not of UDP. */
    each: (row: Ends): Iterable<Row> => beside(row.peer, row),
    /** All that have its port and peer; REQUIRES: it has one, and is not of UDP. */
    *bound(row: Ends): Generator<Row> {
      for (const found of under.get(portKey(row.peer, row.localPort)) ?? []) {
        looked++
        yield found
      }
    },
    /** Rows that were found so far: what it costs. */
    looked: () => looked,
  }
}
