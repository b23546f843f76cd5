// Sees to it that the store keeps as much as was asked and no more, and says what went.
import type { UnixNs } from '../units.ts'
import type { Site } from './api/site.ts'
import type { Counters } from './counters.ts'
import type { Keep } from './store/protocol.ts'
import type { Store } from './store/store.ts'
import { nsText } from './views.ts'

/** What is kept when nobody says how much. */
export const KEEP_DAYS = 180
export const KEEP_GB = 20

/** `gb` are 10^9 bytes, of what is used of SQLite's file. */
export const keepOf = (days: number, gb: number): Keep => ({
  ageNs: BigInt(days) * 86_400_000_000_000n,
  bytes: gb * 1e9,
})

/** Between two looks at the store. */
export const KEEPER_BEAT_MS = 60_000
/** A wall clock that moved so much more or less than time did has been set. */
const CLOCK_STEP_MS = 3_600_000
const DISTRUST_MS = 86_400_000
const NEVER_NS = 2n ** 63n - 1n

export type Keeper = {
  /**
   * Drops what is too old or too much, a step at a time between commits. `nowNs` is wall time and
   * `elapsedMs` monotonic. One at a time: a call during another does nothing. Never rejects.
   */
  beat(nowNs: UnixNs, elapsedMs: number): Promise<void>
}

export function createKeeper(options: {
  store: Pick<Store, 'retain'>
  keep: Keep
  counters: Counters
  publish: Site['publish']
  log: (text: string) => void
}): Keeper {
  const { store, keep, counters, publish, log } = options
  let last: { nowNs: bigint; elapsedMs: number } | undefined
  let distrustedUntilMs = Number.NEGATIVE_INFINITY
  let beating = false
  let saidTooLarge = false

  /** A clock that is set a year ahead must not empty the store before anybody has seen it. */
  function watchClock(nowNs: bigint, elapsedMs: number): void {
    if (last) {
      const stepMs = Number((nowNs - last.nowNs) / 1_000_000n) - (elapsedMs - last.elapsedMs)
      if (Math.abs(stepMs) > CLOCK_STEP_MS) {
        distrustedUntilMs = elapsedMs + DISTRUST_MS
        const hours = (stepMs / 3_600_000).toFixed(1)
        log(`the clock was set by ${hours} h: nothing is dropped for its age for a day`)
      }
    }
    last = { nowNs, elapsedMs }
  }

  async function drop(elapsedMs: number): Promise<void> {
    const ageNs = elapsedMs < distrustedUntilMs ? NEVER_NS : keep.ageNs
    for (;;) {
      const { more, usedBytes, dropped } = await store.retain({ ageNs, bytes: keep.bytes })
      if (dropped) {
        const { at, kind, text, count } = dropped
        counters.add('segmentsDropped')
        counters.add('revisionsDropped', count)
        log(text)
        const health = { deviceId: '', at: nsText(at), kind, text, count }
        publish({ type: 'health', health })
      }
      if (more) continue
      const tooLarge = usedBytes > keep.bytes
      if (tooLarge && !saidTooLarge)
        log(
          `the store has ${(usedBytes / 1e9).toFixed(1)} GB where ${keep.bytes / 1e9} GB may be kept: ` +
            'what is left is the inventory and the newest alerts, which are not dropped',
        )
      saidTooLarge = tooLarge
      return
    }
  }

  return {
    async beat(nowNs, elapsedMs) {
      if (beating) return
      beating = true
      try {
        watchClock(nowNs, elapsedMs)
        await drop(elapsedMs)
      } catch (error) {
        log(`what is too old cannot be dropped now: ${(error as Error).message}`)
      } finally {
        beating = false
      }
    },
  }
}
