// Sources that run and tell nothing. Of eslogger that is found by what the list of processes sees begin meanwhile; of
// NetworkStatistics by nettop, which is run beside it where it has told of no flow for a minute: the intake compares them.
import { Mark, Source } from '../records/record.gen.ts'

/** Its output may wait in a buffer of its own: some lines of a few kilobytes each. */
const PROGRAMS_MIN = 10
const WITHIN_NS = 60_000_000_000n

/** A Mac with a network has open flows, which NetworkStatistics begins with. */
const QUIET_NS = 60_000_000_000n

export type Quiet = {
  /** Its mark, and whether it says that it works. */
  mark(works: boolean, atNs: bigint): void
  /** It told of a flow. */
  flow(): void
  /** Whether it works, and has told of no flow for a minute. */
  is(nowNs: bigint): boolean
}

export function createQuiet(): Quiet {
  /** undefined: it does not work, or has told of a flow. */
  let sinceNs: bigint | undefined
  let hasTold = false
  return {
    mark(works, atNs) {
      if (!works) {
        sinceNs = undefined
        hasTold = false
      } else if (!hasTold) sinceNs ??= atNs
    },
    flow() {
      hasTold = true
      sinceNs = undefined
    },
    is: (nowNs) => sinceNs !== undefined && nowNs >= sinceNs + QUIET_NS,
  }
}

export type Unheard = {
  mark(source: number, kind: number): void
  /** The list of processes told of a program. */
  program(atNs: bigint): void
  /** eslogger told of something. */
  line(): void
  /** Programs that began in a minute or more of which it told nothing, where that says something; else 0. Once each. */
  take(): number
}

export function createUnheard(): Unheard {
  /** What it tells then was there before. */
  let isListing = true
  let programs = 0
  let firstNs = 0n
  let lastNs = 0n
  return {
    mark(source, kind) {
      if (source === Source.eslogger) programs = 0
      if (source !== Source.polling || kind === Mark.clock) return
      isListing = kind !== Mark.enumerated
    },
    program(atNs) {
      if (isListing) return
      if (programs === 0) firstNs = atNs
      if (atNs > lastNs) lastNs = atNs
      programs++
    },
    line() {
      programs = 0
    },
    take() {
      if (programs < PROGRAMS_MIN || lastNs < firstNs + WITHIN_NS) return 0
      const taken = programs
      programs = 0
      return taken
    },
  }
}
