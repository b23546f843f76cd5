// An agent with settings and no certificate enrols by itself, again and again until it is let in; it watches meanwhile.
import { createBackoff } from '../stream/backoff.ts'
import { EnrolError } from '../stream/enrol.ts'
import type { Uplink, UplinkState } from '../stream/uplink.ts'
import { delayUnless } from '../stream/waiting.ts'
import { enrolHere, type Machine, type Wanted } from './enrolling.ts'
import { type Enrolment, readEnrolment } from './enrolment-file.ts'

/** Spans of the waits: the first, the longest; and the least after a refusal, which a person has to take back. */
export type EnrollingPace = {
  firstMs: number
  mostMs: number
  refusedMs: number
  /** Between two looks whether a command has enrolled this machine meanwhile. */
  lookMs: number
}

/** Each machine of a fleet whose token has ended asks on: six times an hour is what a collector has room for. */
const PACE: EnrollingPace = { firstMs: 5_000, mostMs: 600_000, refusedMs: 60_000, lookMs: 2_000 }

/** Codes of refusals that another attempt may not meet, though nobody does anything. */
const PASSING: readonly (string | undefined)[] = ['too-many', 'failed']

/** Stands for the uplink until there is one, and is that from then on. Never throws. */
export function startEnrolling(options: {
  directory: string
  /** Asked before each attempt: whoever mends the settings need not start the agent again. Throws an Error with a sentence. */
  wanted: () => Wanted
  machine: Machine
  signal: AbortSignal
  log: (text: string) => void
  /** Starts the uplink. */
  enrolled: (enrolment: Enrolment) => Uplink
  random?: () => number
  pace?: EnrollingPace
}): Uplink {
  const { directory, wanted, machine, signal, log, enrolled, random = Math.random } = options
  const pace = options.pace ?? PACE
  const backoff = createBackoff(pace.firstMs, pace.mostMs, random)
  let uplink: Uplink | undefined
  let state: UplinkState = { state: 'connecting' }
  let retryAtMs = 0
  let lastLogged = ''

  /** Why this attempt came to nothing; undefined: it did not. */
  const attempt = async (): Promise<UplinkState | undefined> => {
    let asked: Wanted
    try {
      asked = wanted()
    } catch (error) {
      return { state: 'refused', reason: (error as Error).message }
    }
    try {
      // A person may have enrolled it meanwhile.
      const kept = readEnrolment(directory)
      const enrolment = kept ?? (await enrolHere(directory, asked, machine, signal))
      if (signal.aborted) return undefined
      if (!kept)
        log(`enrolled by the settings with ${asked.collector}, in the group ${enrolment.group}`)
      uplink = enrolled(enrolment)
      return undefined
    } catch (error) {
      const reason = (error as Error).message
      const code = error instanceof EnrolError ? error.code : undefined
      return code === undefined || PASSING.includes(code)
        ? { state: 'waiting', reason: `not enrolled: ${reason}`, retryInMs: 0 }
        : { state: 'refused', reason, code, httpStatus: 403 }
    }
  }

  const isEnrolled = (): boolean => {
    try {
      return readEnrolment(directory) !== undefined
    } catch {
      // The next attempt says so.
      return false
    }
  }

  const run = async (): Promise<void> => {
    while (!signal.aborted && !uplink) {
      state = { state: 'connecting' }
      const failed = await attempt()
      if (!failed) break
      const waitMs = backoff.next(failed.state === 'refused' ? pace.refusedMs : 0)
      retryAtMs = performance.now() + waitMs
      state = failed
      const text = 'reason' in failed ? failed.reason : ''
      if (text !== lastLogged) log(`no collector: ${text}`)
      lastLogged = text
      await delayUnless(waitMs, signal, pace.lookMs, isEnrolled)
    }
    await uplink?.done
  }

  return {
    poke: () => uplink?.poke(),
    live: (live) => uplink?.live(live),
    tellPolicies: () => uplink?.tellPolicies(),
    state: () =>
      uplink?.state() ??
      (state.state === 'waiting'
        ? { ...state, retryInMs: Math.max(0, Math.round(retryAtMs - performance.now())) }
        : state),
    clockOffsetMs: () => uplink?.clockOffsetMs(),
    done: run(),
  }
}
