// An eslogger that runs and tells nothing is found by what the list of processes sees begin meanwhile.
import { Mark, Source } from '../records/record.gen.ts'

/** Its output may wait in a buffer of its own: some lines of a few kilobytes each. */
const PROGRAMS_MIN = 10
const WITHIN_NS = 60_000_000_000n

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
