// What identities send by the hour: the present one by slot, for the hot path; hours that are over are their history.
import { endHour, HOURS_KNOWN, ordinaryOf, writeHistory } from '../../baseline/history.ts'
import type { UnixNs } from '../../units.ts'
import type { IdentityState } from '../process/process.ts'

const HOUR_NS = 3_600_000_000_000n

export type IdentityHours = {
  /** Bytes that each identity sent in the present hour of the wall clock, by its slot. */
  readonly sentOf: Float64Array
  /** Takes up the hours of an identity: one that was not over may be now. */
  take(state: IdentityState): void
  /** What was counted goes to the history, whose hour is over or not, and that to the baseline. */
  put(state: IdentityState, isOver: boolean): void
  /** Puts that of each which has sent something in the present hour. */
  putAll(states: Iterable<IdentityState>, isOver: boolean): void
  /** What `from` sent is what `to` did. */
  move(from: IdentityState, to: IdentityState): void
  /** Time passed: an hour that is over joins the history of each. */
  pass(at: UnixNs, states: () => Iterable<IdentityState>): void
  /** It is the hour at `at`, by what an earlier engine counted in `hourAt`; false where that is another. */
  resume(hourAt: UnixNs, at: UnixNs): boolean
}

/** `slots`: of identities. `put`: to the baseline. */
export function createIdentityHours(
  slots: number,
  put: (state: IdentityState) => void,
): IdentityHours {
  const sentOf = new Float64Array(slots)
  let hour = -1

  const hourOf = (at: UnixNs): number => Number(at / HOUR_NS)
  const learnOrdinary = (state: IdentityState): void => {
    state.ordinary = state.history.hours >= HOURS_KNOWN ? ordinaryOf(state.history) : undefined
  }
  const putHour = (state: IdentityState, isOver: boolean): void => {
    const { history, stored } = state
    history.hour = hour
    history.hourOut = sentOf[state.slot] as number
    if (isOver) {
      endHour(history)
      sentOf[state.slot] = 0
      learnOrdinary(state)
    }
    stored.history = writeHistory(history)
    put(state)
  }
  const putAll = (states: Iterable<IdentityState>, isOver: boolean): void => {
    for (const state of states) if ((sentOf[state.slot] as number) > 0) putHour(state, isOver)
  }

  return {
    sentOf,
    take(state) {
      const { history } = state
      if (history.hour === hour) sentOf[state.slot] = history.hourOut
      else {
        endHour(history)
        sentOf[state.slot] = 0
      }
      learnOrdinary(state)
    },
    put: putHour,
    putAll,
    move(from, to) {
      sentOf[to.slot] = (sentOf[to.slot] as number) + (sentOf[from.slot] as number)
      sentOf[from.slot] = 0
    },
    pass(at, states) {
      const now = hourOf(at)
      if (now === hour) return
      if (hour >= 0) putAll(states(), true)
      hour = now
    },
    resume(hourAt, at) {
      if (hourOf(hourAt) !== hourOf(at)) return false
      hour = hourOf(at)
      return true
    },
  }
}
