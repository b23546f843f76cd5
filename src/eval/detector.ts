// What a detector is to an evaluation: it reads the records of a machine and says whom it would tell of, how loudly, and from when.

/** From this time on it was told with at least this score. */
export type Step = {
  /** Since 1970, ms. */
  atMs: number
  score: number
}

/** One alert: of a process, to a destination. */
export type Raised = {
  pid: number
  pidversion: number
  /** Address that was sent to, as text. */
  to: string
  /** Others of the same program that it came to name, and from when. */
  also?: ReadonlyMap<string, number>
  /** Both rise; at least one. */
  steps: Step[]
}

export type Run = {
  /** The days before, from which it learns. Whole records. */
  before(records: Uint8Array): void
  /** The day that is judged. */
  day(records: Uint8Array): Raised[]
}

export type Detector = {
  name: string
  /** One clause for a person. */
  about: string
  /** The score from which its makers tell. */
  natural: number
  start(): Run
}

/** Steps closer than that are one: a score that grows with each report would have thousands. */
const STEP = 1.05

/** Notes that an alert has this score now. */
export function climb(steps: Step[], atMs: number, score: number): void {
  const last = steps.at(-1)
  if (last && score <= last.score) return
  const before = steps.at(-2)
  // The last is where it is now: it moves until it is far enough above the one in front of it.
  if (last && before && last.score < before.score * STEP) steps.pop()
  steps.push({ atMs, score })
}
