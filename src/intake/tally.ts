// How much of a socket the engine was told, and what is known to have passed of it at least (witness.ts). In each of two ways.

/** The kernel tells a filter twice a second how far a flow is: a report may leave out so much, and others have it. */
const APART_NS = 1_000_000_000n

export const WAYS = ['out', 'in'] as const
type Way = {
  told: number
  /** So much has passed at least. */
  known: number
  /** When that rose last, since boot. */
  roseNs: bigint
  /** All of it passed later, since boot; 0: nobody knows. */
  sinceNs: bigint
  /** Whose rows have raised it since when; 0: nobody's. */
  by: number
  byNs: bigint
  /** What each source has counted, by its code. */
  counted: Map<number, number>
}

/** What the engine was told of a socket, and what is known of it. */
export type Tally<Row = unknown> = {
  readonly id: number
  readonly rows: Set<Row>
  readonly ports: Set<number>
} & Record<(typeof WAYS)[number], Way>

const newWay = (): Way => ({
  told: 0,
  known: 0,
  roseNs: 0n,
  sinceNs: 0n,
  by: 0,
  byNs: 0n,
  counted: new Map<number, number>(),
})
export const newTally = <Row>(id: number): Tally<Row> => ({
  id,
  rows: new Set<Row>(),
  ports: new Set(),
  out: newWay(),
  in: newWay(),
})

/** What of a row is asked here. */
type Told = { source: number; lastNs: bigint }

/** A new row is told: where it has bytes already, nobody knows since when. */
export function begin(way: Way, { lastNs }: Told, more: number): void {
  if (more > 0) way.sinceNs = 0n
  else if (way.known === 0 && way.sinceNs === 0n) way.sinceNs = lastNs
}

/** `lastNs`: when the row was told before. */
export function raise(
  way: Way,
  { source, lastNs: atNs }: Told,
  more: number,
  lastNs?: bigint,
): void {
  const counted = (way.counted.get(source) ?? 0) + more
  way.counted.set(source, counted)
  const isOnTop =
    lastNs !== undefined &&
    (lastNs >= way.roseNs + APART_NS || (way.by === source && lastNs >= way.byNs))
  const known = Math.max(counted, way.known + (isOnTop ? more : 0))
  if (known === way.known) return
  way.known = known
  way.roseNs = atNs
  if (way.by === source) return
  way.by = source
  way.byNs = atNs
}

export function grantOf(way: Way, more: number): number {
  const granted = Math.max(0, Math.min(more, way.known - way.told))
  way.told += granted
  return granted
}

const isAfter = ({ sinceNs }: Way, { roseNs }: Way): boolean =>
  sinceNs > 0n && sinceNs >= roseNs + APART_NS

/** Of two that were held to be different sockets: what was known of one may be all that is of the other, where it is not later. */
export function addWay(to: Way, from: Way): void {
  const later = isAfter(from, to) ? from : isAfter(to, from) ? to : undefined
  to.told += from.told
  for (const [source, counted] of from.counted)
    to.counted.set(source, (to.counted.get(source) ?? 0) + counted)
  const known = later ? to.known + from.known : Math.max(to.known, from.known)
  to.known = Math.max(known, ...to.counted.values())
  to.by = later?.by ?? 0
  to.byNs = later?.byNs ?? 0n
  if (from.roseNs > to.roseNs) to.roseNs = from.roseNs
  if (from.sinceNs < to.sinceNs) to.sinceNs = from.sinceNs
}

type WayMemory = Omit<Way, 'roseNs' | 'sinceNs' | 'byNs' | 'counted'> & {
  roseNs: string
  sinceNs: string
  byNs: string
  counted: [number, number][]
}
export type TallyMemory = { id: number; ports: number[] } & Record<(typeof WAYS)[number], WayMemory>

const keepWay = (way: Way): WayMemory => ({
  ...way,
  roseNs: `${way.roseNs}`,
  sinceNs: `${way.sinceNs}`,
  byNs: `${way.byNs}`,
  counted: [...way.counted],
})
const wayOf = (kept: WayMemory): Way => ({
  ...kept,
  roseNs: BigInt(kept.roseNs),
  sinceNs: BigInt(kept.sinceNs),
  byNs: BigInt(kept.byNs),
  counted: new Map(kept.counted),
})
export const keepTally = (tally: Tally): TallyMemory => ({
  id: tally.id,
  ports: [...tally.ports],
  out: keepWay(tally.out),
  in: keepWay(tally.in),
})
export const tallyOf = <Row>(kept: TallyMemory, rows: readonly Row[]): Tally<Row> => ({
  id: kept.id,
  rows: new Set(rows),
  ports: new Set(kept.ports),
  out: wayOf(kept.out),
  in: wayOf(kept.in),
})

const isCount = (value: unknown): boolean => Number.isSafeInteger(value)
const isTime = (value: unknown): boolean => typeof value === 'string' && /^\d{1,20}$/.test(value)
const isWay = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return false
  const { told, known, by, roseNs, sinceNs, byNs, counted } = value as Record<string, unknown>
  return (
    [told, known, by].every(isCount) &&
    [roseNs, sinceNs, byNs].every(isTime) &&
    Array.isArray(counted) &&
    counted.every((one) => Array.isArray(one) && one.length === 2 && one.every(isCount))
  )
}
export const isTallyMemory = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return false
  const { id, ports, out, in: bytesIn } = value as Record<string, unknown>
  return isCount(id) && Array.isArray(ports) && ports.every(isCount) && isWay(out) && isWay(bytesIn)
}
