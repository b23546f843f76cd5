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
/** A wall clock that moved so much more or less than time did has been set; agents' that differ by less agree. */
const CLOCK_STEP_MS = 3_600_000
/** At the start the newest that was received is what time is held against: a collector that was off for less is usual. */
const CLOCK_GAP_MS = 86_400_000
const NEVER_NS = 2n ** 63n - 1n

export type Keeper = {
  /**
   * Drops what is too old or too much, a step at a time between commits. `nowNs` is wall time and
   * `elapsedMs` monotonic. One at a time: a call during another does nothing. Never rejects.
   */
  beat(nowNs: UnixNs, elapsedMs: number): Promise<void>
}

export function createKeeper(options: {
  store: Pick<Store, 'retain' | 'newestAt'>
  keep: Keep
  counters: Counters
  publish: Site['publish']
  /** How far the clock of each agent that is connected is behind, as `Devices.clockOffsetsMs`. */
  clockOffsetsMs: (nowNs: UnixNs, elapsedMs: number) => readonly number[]
  log: (text: string) => void
}): Keeper {
  const { store, keep, counters, publish, clockOffsetsMs, log } = options
  let last: { nowNs: bigint; elapsedMs: number } | undefined
  let isDoubted = false
  let beating = false
  let saidTooLarge = false

  function say(text: string, nowNs: bigint): void {
    log(text)
    publish({
      type: 'health',
      health: { deviceId: '', at: nsText(nowNs), kind: 'clock', text, count: 1 },
    })
  }

  /** Half of the agents that are connected or more have a clock like this one. */
  function isConfirmed(nowNs: UnixNs, elapsedMs: number): boolean {
    const offsets = clockOffsetsMs(nowNs, elapsedMs)
    const agree = offsets.filter((offsetMs) => Math.abs(offsetMs) < CLOCK_STEP_MS).length
    return offsets.length > 0 && 2 * agree >= offsets.length
  }

  /**
   * A clock that is a year ahead must not empty the store: it is held against the newest that was received, and then
   * against time; where they part, the agents' clocks decide.
   */
  async function watchClock(nowNs: UnixNs, elapsedMs: number): Promise<void> {
    const isFirst = last === undefined
    const since = last ?? { nowNs: await store.newestAt(), elapsedMs }
    const stepMs = Number((nowNs - since.nowNs) / 1_000_000n) - (elapsedMs - since.elapsedMs)
    last = { nowNs, elapsedMs }
    const isNew = since.nowNs === 0n
    if (!isNew && Math.abs(stepMs) > (isFirst ? CLOCK_GAP_MS : CLOCK_STEP_MS)) {
      isDoubted = true
      const hours = (stepMs / 3_600_000).toFixed(1)
      const what = isFirst
        ? `the clock is ${hours} h from the newest that was received`
        : `the clock was set by ${hours} h`
      say(`${what}: nothing is dropped for its age until agents' clocks agree with it`, nowNs)
    }
    if (isDoubted && isConfirmed(nowNs, elapsedMs)) {
      isDoubted = false
      say("agents' clocks agree with this one: what is too old is dropped again", nowNs)
    }
  }

  /** All at the one time that was held against others: a clock that is set meanwhile is seen with the next beat. */
  async function drop(nowNs: UnixNs): Promise<void> {
    const ageNs = isDoubted ? NEVER_NS : keep.ageNs
    for (;;) {
      const { more, usedBytes, dropped, told } = await store.retain(nowNs, {
        ageNs,
        bytes: keep.bytes,
      })
      if (dropped) {
        const { at, kind, text, count } = dropped
        counters.add('segmentsDropped')
        counters.add('revisionsDropped', count)
        log(text)
        const health = { deviceId: '', at: nsText(at), kind, text, count }
        publish({ type: 'health', health })
      }
      for (const { deviceId, at, kind, text, count } of told) {
        counters.add(kind === 'budget' ? 'itemsOverBudget' : 'revisionsDropped', count)
        log(text)
        publish({ type: 'health', health: { deviceId, at: nsText(at), kind, text, count } })
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
        await watchClock(nowNs, elapsedMs)
        await drop(nowNs)
      } catch (error) {
        log(`what is too old cannot be dropped now: ${(error as Error).message}`)
      } finally {
        beating = false
      }
    },
  }
}
