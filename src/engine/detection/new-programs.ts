// How many programs that nobody vouches for are new on this host in a day: a developer's builds are a dozen, and a new one says less
// there. Lasting, and bounded, so that nobody makes a flood of them say nothing.
import type { Baseline } from '../../baseline/baseline.ts'
import { DEFAULT_PROFILE, PROFILES } from '../profiles.ts'

const DAY_MS = 86_400_000
/** Days over which it is remembered, as a mean whose weight falls by so much a day. */
const MEMORY_DAYS = 7
const IDLE_DAYS_MAX = 60
/** What a host has that is no developer's. */
const ORDINARY_A_DAY = PROFILES[DEFAULT_PROFILE].newProgramsPerDay
const SCALE_LEAST = 1 / 4
const SCALE_MOST = 4
/** Facts are whole numbers. */
const THOUSANDTHS = 1_000

export type NewPrograms = {
  /** One more, at so many ms since 1970. */
  note(nowMs: number): void
  /** In proportion to what is ordinary, 1/4 to 4; of the days before this one. */
  scale(nowMs: number): number
}

/** `expected`: in a day, by the policy in force; counts as one more to what the host had. */
export function createNewPrograms(
  baseline: Baseline,
  expected: () => number = () => ORDINARY_A_DAY,
): NewPrograms {
  const fact = (name: 'new_day' | 'new_today' | 'new_mean'): number =>
    Number(baseline.fact(name) ?? 0n)
  const put = (name: 'new_day' | 'new_today' | 'new_mean', value: number): void =>
    baseline.putFact(name, BigInt(Math.round(value)))
  /** What `scale` came to on a day, under a policy: each report of a new program asks. */
  let said = { day: -1, more: 0, scale: 1 }
  const turn = (day: number): void => {
    const since = baseline.fact('new_day') === undefined ? day : fact('new_day')
    if (day < since || (day === since && baseline.fact('new_day') !== undefined)) return
    let mean = fact('new_mean')
    let today = fact('new_today') * THOUSANDTHS
    for (let i = 0; i < Math.min(day - since, IDLE_DAYS_MAX); i++) {
      mean += (today - mean) / MEMORY_DAYS
      today = 0
    }
    said = { day: -1, more: 0, scale: 1 }
    put('new_mean', mean)
    put('new_today', 0)
    put('new_day', day)
  }
  return {
    note(nowMs) {
      turn(Math.floor(nowMs / DAY_MS))
      put('new_today', fact('new_today') + 1)
    },
    scale(nowMs) {
      const day = Math.floor(nowMs / DAY_MS)
      const more = expected()
      if (day === said.day && more === said.more) return said.scale
      turn(day)
      const mean = fact('new_mean') / THOUSANDTHS
      const scale = (mean + more) / (2 * ORDINARY_A_DAY)
      said = { day, more, scale: Math.min(SCALE_MOST, Math.max(SCALE_LEAST, scale)) }
      return said.scale
    },
  }
}
