// Hours that go on over the end of an engine and of a boot, so that what is counted by them ages as it would have. Within a boot
// they go by its own clock, whatever is done to the wall clock. From one boot to the next nothing but the wall clock says how much
// time has passed, less what it was seen to be set ahead; where it went back, the time that the new boot has run is all that is sure.
import type { Baseline } from '../../baseline/baseline.ts'
import { bootNumber, type Clock, wallNowMs } from '../clock.ts'
import { HOUR_MS } from '../hours.ts'

export type LastingHours = {
  /** The present hour. Once seeded never before one that was counted by. */
  hour(): number
  /** Goes on from what an earlier engine stored. REQUIRES: a boot's first mark was read. */
  seed(): void
  /** Puts into the baseline what the next engine needs. */
  store(): void
}

export function createLastingHours(baseline: Baseline, clock: Clock): LastingHours {
  /** These hours' time less that since boot. */
  let shiftMs = 0
  const put = (
    name: 'sums_boot' | 'sums_shift_ms' | 'sums_lead_s' | 'sums_hour',
    value: bigint,
  ): void => {
    if (baseline.fact(name) !== value) baseline.putFact(name, value)
  }
  const hour = (): number => Math.max(0, Math.floor((clock.nowMs + shiftMs) / HOUR_MS))
  return {
    hour,
    seed() {
      const shift = baseline.fact('sums_shift_ms')
      if (shift !== undefined && baseline.fact('sums_boot') === bootNumber(clock)) {
        shiftMs = Number(shift)
        return
      }
      const leadMs = Number(baseline.fact('sums_lead_s') ?? 0n) * 1_000
      const leastMs = Number(baseline.fact('sums_hour') ?? 0n) * HOUR_MS + clock.nowMs
      shiftMs = Math.round(Math.max(wallNowMs(clock) - leadMs, leastMs) - clock.nowMs)
    },
    store() {
      if (clock.bootId === '') return
      const leadMs = wallNowMs(clock) - clock.nowMs - shiftMs
      put('sums_boot', bootNumber(clock))
      put('sums_shift_ms', BigInt(shiftMs))
      put('sums_hour', BigInt(hour()))
      put('sums_lead_s', BigInt(Math.max(0, Math.round(leadMs / 1_000))))
    },
  }
}
