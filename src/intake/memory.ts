// What has to outlive an engine of what its intake knew, as JSON can hold it: the next one goes on with it as if there
// had been no other. Sources name all that they have to a new engine, one after another and each in its own time, which
// is no other matter than a source that begins again while the rest go on.
import { FLOW_FIXED_BYTES, Source } from '../records/record.gen.ts'
import { MAC_SOURCES, type MacSource } from '../sources/choice.ts'
import { type FlowRow, type GivenFlow, keyOf, rowOf } from './flow-row.ts'
import { isTallyMemory, type Tally, type TallyMemory, tallyOf } from './tally.ts'

export type Kept = Omit<GivenFlow, 'id'> & { id: string }
/** `at`: the id that its source has for it, where the engine knows it by another. */
export type Ended = Kept & { at: string }

const COUNTS = [
  ...(['localPort', 'pid', 'makerPid', 'out', 'in', 'aheadOut', 'aheadIn'] as const),
  ...(['elsewhereOut', 'elsewhereIn', 'besideTold', 'toldOut', 'toldIn'] as const),
]
const TRAITS = ['isFoundOpen', 'hasOwnBeginning', 'isOpen', 'isLost', 'isCompared'] as const
const TIMES = ['firstNs', 'lastNs', 'endedNs', 'bytesSinceNs'] as const
/** What is not said is 0, false or none. */
export type RowMemory = {
  /** Its source and id. */
  key: string
  /** What its source last told of it, in base64. */
  last: string
  given?: Kept
  ended?: Kept
  /** Of another row. */
  coveredBy?: string
  /** Of UDP: by its id. */
  tally?: number
} & Partial<
  Record<(typeof COUNTS)[number], number> &
    Record<(typeof TRAITS)[number], boolean> &
    Record<(typeof TIMES)[number], string>
>
/** A row's key, its bytes out and in, and those that the engine was told where it was. */
export type CountsMemory = [string, number, number, ...number[]]
export type SourceMemory = {
  name: MacSource
  capabilities: number
  gaps: number
  /** Of one that is at work. */
  sinceNs?: string
  endedNs: string
  lastFlowNs: string
  hasTold: boolean
}

/** Of one boot: all of it, or what changed since it was last kept. */
export type BeliefMemory = {
  rows: RowMemory[]
  /** Of rows that are among those before. */
  counted: CountsMemory[]
  /** Of rows that are forgotten: their keys. */
  gone: string[]
  /** Flows that ended for the engine, of which a source may yet tell. */
  ended: Ended[]
  /** What is known of UDP sockets. */
  tallies: TallyMemory[]
  /** Those that are at work, or have told of flows. */
  sources: SourceMemory[]
  isFilterSilent: boolean
  isStatisticsQuiet: boolean
}

export const keep = (flow: GivenFlow): Kept => ({ ...flow, id: `${flow.id}` })
const unkeep = (flow: Kept): GivenFlow => ({ ...flow, id: BigInt(flow.id) })

const ROWS_MAX = 10_000
/** The newest, where there are more than are kept; those that are open before all else. */
export function newest(rows: readonly FlowRow[]): readonly FlowRow[] {
  if (rows.length <= ROWS_MAX) return rows
  const open = rows.filter((row) => row.isOpen).slice(-ROWS_MAX)
  const over = rows.filter((row) => !row.isOpen)
  return [...over.slice(over.length - (ROWS_MAX - open.length)), ...open]
}

export function keepRow(row: FlowRow): RowMemory {
  const kept: RowMemory = { key: keyOf(row), last: Buffer.from(row.last).toString('base64') }
  for (const name of COUNTS) if (row[name] !== 0) kept[name] = row[name]
  for (const name of TRAITS) if (row[name]) kept[name] = true
  for (const name of TIMES) if (row[name] !== 0n) kept[name] = `${row[name]}`
  if (row.given !== undefined) kept.given = keep(row.given)
  if (row.ended !== undefined) kept.ended = keep(row.ended)
  if (row.coveredBy !== undefined) kept.coveredBy = keyOf(row.coveredBy)
  if (row.tally !== undefined) kept.tally = row.tally.id
  return kept
}

export function keepCounts(row: FlowRow): CountsMemory {
  const { out, in: bytesIn, given } = row
  return [keyOf(row), out, bytesIn, ...(given ? [given.out, given.in] : [])]
}
function withCounts(row: RowMemory, [, out, bytesIn, ...given]: CountsMemory): RowMemory {
  const [givenOut = 0, givenIn = 0] = given
  return {
    ...{ ...row, out, in: bytesIn },
    ...(row.given && { given: { ...row.given, out: givenOut, in: givenIn } }),
  }
}

/** All rows of before, and what is known of their sockets. */
export function bookOf(memory: BeliefMemory): { rows: FlowRow[]; tallies: Tally<FlowRow>[] } {
  const rows = rowsOf(memory.rows)
  const of = Map.groupBy(memory.rows, ({ tally }) => tally)
  const tallies = memory.tallies.flatMap((kept) => {
    const its = of.get(kept.id)?.map(({ key }) => rows.get(key) as FlowRow)
    return its ? [tallyOf(kept, its)] : []
  })
  return { rows: [...rows.values()], tallies }
}
function rowsOf(kept: readonly RowMemory[]): Map<string, FlowRow> {
  const rows = new Map<string, FlowRow>()
  for (const one of kept) {
    const row = rowOf(new Uint8Array(Buffer.from(one.last, 'base64')))
    const set: Record<string, unknown> = { isNamed: false, isRemembered: true }
    for (const name of COUNTS) set[name] = one[name] ?? 0
    for (const name of TRAITS) set[name] = one[name] ?? false
    for (const name of TIMES) set[name] = BigInt(one[name] ?? 0)
    if (one.given) set['given'] = unkeep(one.given)
    if (one.ended) set['ended'] = unkeep(one.ended)
    rows.set(one.key, Object.assign(row, set))
  }
  for (const { key, coveredBy } of kept)
    if (coveredBy !== undefined) (rows.get(key) as FlowRow).coveredBy = rows.get(coveredBy)
  return rows
}

/** Of all that was kept, and of what changed after it. */
export function merge(parts: readonly BeliefMemory[]): BeliefMemory | undefined {
  const rows = new Map<string, RowMemory>()
  const ended = new Map<string, Ended>()
  const tallies = new Map<number, TallyMemory>()
  for (const part of parts) {
    for (const key of part.gone) rows.delete(key)
    for (const row of part.rows) rows.set(row.key, row)
    for (const counts of part.counted) {
      const row = rows.get(counts[0])
      if (row !== undefined) rows.set(row.key, withCounts(row, counts))
    }
    for (const one of part.ended) {
      ended.delete(one.at)
      ended.set(one.at, one)
    }
    for (const tally of part.tallies) tallies.set(tally.id, tally)
  }
  const last = parts.at(-1)
  if (last === undefined) return undefined
  const changed = { counted: [], gone: [] }
  const all = { rows: [...rows.values()], ended: [...ended.values()] }
  return { ...last, ...changed, ...all, tallies: [...tallies.values()] }
}

type Unknown = Record<string, unknown>
const isId = (value: unknown): boolean => typeof value === 'string' && /^\d{1,20}$/.test(value)
const isCount = (value: unknown): boolean => Number.isSafeInteger(value)
const isTrait = (value: unknown): boolean => typeof value === 'boolean'
const isMaybe = (is: (value: unknown) => boolean, value: unknown): boolean =>
  value === undefined || is(value)
const areAll = (one: Unknown, names: readonly string[], is: (value: unknown) => boolean): boolean =>
  names.every((name) => is(one[name]))
const isObject = (value: unknown): value is Unknown => typeof value === 'object' && value !== null
const isKept = (value: unknown): boolean =>
  isObject(value) &&
  isId(value['id']) &&
  areAll(value, ['epoch', 'out', 'in', 'baseOut', 'baseIn', 'pid', 'pidversion'], isCount)
const SOURCES: readonly number[] = [Source.filter, Source.networkStatistics, Source.nettop]
const isRecord = (value: unknown): boolean => {
  if (typeof value !== 'string') return false
  const bytes = Buffer.from(value, 'base64')
  return bytes.length === FLOW_FIXED_BYTES && SOURCES.includes(bytes[6] as number)
}
const isKey = (value: unknown): boolean => typeof value === 'string' && /^\d\.\d{1,20}$/.test(value)
const isRow = (value: unknown): boolean =>
  isObject(value) &&
  isRecord(value['last']) &&
  areAll(value, COUNTS, (one) => isMaybe(isCount, one)) &&
  areAll(value, TRAITS, (one) => isMaybe(isTrait, one)) &&
  areAll(value, TIMES, (one) => isMaybe(isId, one)) &&
  areAll(value, ['given', 'ended'], (one) => isMaybe(isKept, one)) &&
  isKey(value['key']) &&
  isMaybe(isKey, value['coveredBy']) &&
  isMaybe(isCount, value['tally'])
const isCounts = (value: unknown): boolean =>
  Array.isArray(value) &&
  isKey(value[0]) &&
  (value.length === 3 || value.length === 5) &&
  value.slice(1).every(isCount)
const isSource = (value: unknown): boolean =>
  isObject(value) &&
  (MAC_SOURCES as readonly unknown[]).includes(value['name']) &&
  areAll(value, ['capabilities', 'gaps'], isCount) &&
  areAll(value, ['endedNs', 'lastFlowNs'], isId) &&
  isMaybe(isId, value['sinceNs']) &&
  isTrait(value['hasTold'])

/** Whether it has the shape of what was kept: a file may be older, or damaged. */
export function isBeliefMemory(value: unknown): value is BeliefMemory {
  if (!isObject(value)) return false
  const { rows, counted, gone, ended, tallies, sources } = value
  return (
    Array.isArray(rows) &&
    Array.isArray(counted) &&
    Array.isArray(gone) &&
    Array.isArray(ended) &&
    Array.isArray(tallies) &&
    Array.isArray(sources) &&
    rows.every(isRow) &&
    counted.every(isCounts) &&
    gone.every(isKey) &&
    ended.every((one) => isKept(one) && isId(one.at)) &&
    tallies.every(isTallyMemory) &&
    sources.every(isSource) &&
    areAll(value, ['isFilterSilent', 'isStatisticsQuiet'], isTrait)
  )
}
