// What programs send beyond an answer, by the hour, so that a restart forgets none of the last day: see
// engine/detection/excess-ledger.ts. As changes: what is last said of an hour counts.

/** Excess of an hour, whole bytes. The hour is of the engine's own count: engine/detection/lasting-hours.ts. */
export type HourSum = { hour: number; hard: number; soft: number }

export type StoredSum = {
  /** Key of an identity. */
  program: string
  /** Without its port; empty: of all its new destinations together. */
  destination: string
  /** By rising hour. */
  hours: HourSum[]
}

/** The hour that is not over, and 24 before it. */
export const SUM_HOURS = 25

/** Puts are gathered until the baseline's commit. How many names there are is the engine's bound. */
export type SumStore = {
  /** What there is of the 25 hours that end with the latest of all. */
  all(): StoredSum[]
  /** Of these hours this stands now; others of that name are as they were. */
  put(sum: StoredSum): void
  drop(program: string, destination: string): void
}

/** What is said of one name: with `isAnew` nothing that was said before counts. */
export type SumChange = {
  program: string
  destination: string
  isAnew: boolean
  hours: Map<number, HourSum>
}
/** By sumKey, in the order in which names were first told of. */
export type SumChanges = Map<string, SumChange>

/** No key has a NUL. */
export const sumKey = (program: string, destination: string): string => `${program}\0${destination}`

/** Adds what is said later. */
export function applySumChange(to: SumChanges, change: SumChange): void {
  const key = sumKey(change.program, change.destination)
  const before = to.get(key)
  if (before === undefined || change.isAnew) {
    to.set(key, { ...change, hours: new Map(change.hours) })
    return
  }
  for (const [hour, sum] of change.hours) before.hours.set(hour, sum)
}

export const putOf = ({ program, destination, hours }: StoredSum): SumChange => ({
  ...{ program, destination, isAnew: false },
  hours: new Map(hours.map((sum) => [sum.hour, { ...sum }])),
})
export const dropOf = (program: string, destination: string): SumChange => ({
  ...{ program, destination, isAnew: true },
  hours: new Map(),
})

/** What they come to: of each name the hours of the last 25, and no name that has none. */
export function sumsOf(changes: SumChanges): StoredSum[] {
  let last = Number.NEGATIVE_INFINITY
  for (const { hours } of changes.values())
    for (const hour of hours.keys()) last = Math.max(last, hour)
  const sums: StoredSum[] = []
  for (const { program, destination, hours } of changes.values()) {
    const own = [...hours.values()]
      .filter(({ hour, hard, soft }) => hour > last - SUM_HOURS && hard + soft > 0)
      .sort((a, b) => a.hour - b.hour)
    if (own.length > 0) sums.push({ program, destination, hours: own })
  }
  return sums
}

/** In memory alone. */
export function createSumMemory(): SumStore {
  const changes: SumChanges = new Map()
  return {
    all: () => sumsOf(changes).map(copyOf),
    put(sum) {
      applySumChange(changes, putOf(sum))
      const { hours } = changes.get(sumKey(sum.program, sum.destination)) as SumChange
      const last = Math.max(...hours.keys())
      for (const hour of hours.keys()) if (hour <= last - SUM_HOURS) hours.delete(hour)
    },
    drop: (program, destination) => void changes.delete(sumKey(program, destination)),
  }
}

const copyOf = ({ program, destination, hours }: StoredSum): StoredSum => ({
  ...{ program, destination },
  hours: hours.map((sum) => ({ ...sum })),
})

/** As it is written: lists, since a name may be any text; a 0 before the hours says that it is anew. */
type Written = [program: string, ofIt: [destination: string, ...(0 | number[])[]][]][]

/** One line of changes; each program's key stands once. */
export function writeSumChanges(changes: Iterable<SumChange>): string {
  const programs = new Map<string, Written[number][1]>()
  for (const { program, destination, isAnew, hours } of changes) {
    const list = programs.get(program) ?? []
    programs.set(program, list)
    const sums = [...hours.values()].map(({ hour, hard, soft }) => [hour, hard, soft])
    list.push(isAnew ? [destination, 0, ...sums] : [destination, ...sums])
  }
  return JSON.stringify([...programs] satisfies Written)
}

/** Applies what `writeSumChanges` wrote; returns how many parts of it are none of that, which are left out. */
export function readSumChanges(to: SumChanges, text: string): number {
  let written: unknown
  try {
    written = JSON.parse(text)
  } catch {
    return 1
  }
  if (!Array.isArray(written)) return 1
  let bad = 0
  for (const one of written) {
    const [program, ofIt] = Array.isArray(one) ? one : []
    if (typeof program !== 'string' || !Array.isArray(ofIt)) {
      bad++
      continue
    }
    for (const list of ofIt) {
      const change = Array.isArray(list) ? changeOf(program, list) : undefined
      if (change) applySumChange(to, change)
      else bad++
    }
  }
  return bad
}

function changeOf(
  program: string,
  [destination, ...rest]: readonly unknown[],
): SumChange | undefined {
  if (typeof destination !== 'string') return undefined
  const isAnew = rest[0] === 0
  const hours = new Map<number, HourSum>()
  for (const sum of isAnew ? rest.slice(1) : rest) {
    const read =
      Array.isArray(sum) && sum.length === 3 ? hourSumOf(sum[0], sum[1], sum[2]) : undefined
    if (read === undefined) return undefined
    hours.set(read.hour, read)
  }
  return { program, destination, isAnew, hours }
}

/** Undefined: no such numbers were ever written. */
export function hourSumOf(hour: unknown, hard: unknown, soft: unknown): HourSum | undefined {
  const isCount = (value: unknown): value is number =>
    Number.isSafeInteger(value) && Number(value) >= 0
  return isCount(hour) && isCount(hard) && isCount(soft) ? { hour, hard, soft } : undefined
}
