// Programs of the system that are new because the system is: after an update many are, and none is a stranger.
import type { Baseline } from '../../baseline/baseline.ts'
import type { UnixNs } from '../../units.ts'

const DAY_NS = 86_400_000_000_000n
/** More new platform programs than this in a day are an update of the system: an epoch begins. */
const EPOCH_FROM = 10n
const EPOCH_NS = 7n * DAY_NS

export type PlatformEpoch = {
  /** A program of the system is new, while not all are. */
  note(at: UnixNs): void
  isIn(at: UnixNs): boolean
}

export const createPlatformEpoch = (baseline: Baseline): PlatformEpoch => ({
  note(at) {
    const day = at / DAY_NS
    const before =
      baseline.fact('platform_day') === day ? (baseline.fact('platform_new') ?? 0n) : 0n
    baseline.putFact('platform_day', day)
    baseline.putFact('platform_new', before + 1n)
    if (before + 1n > EPOCH_FROM) baseline.putFact('platform_epoch_ns', at)
  },
  isIn(at) {
    const began = baseline.fact('platform_epoch_ns')
    return began !== undefined && at >= began && at < began + EPOCH_NS
  },
})
