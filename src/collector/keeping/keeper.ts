// Sees to it that the store keeps as much as was asked and no more, and says what went.
import { createTrouble } from '../../trouble.ts'
import type { UnixNs } from '../../units.ts'
import type { Site } from '../api/site.ts'
import type { Keep, Standings, Store } from '../store/store.ts'
import type { Counters } from '../terms/counters.ts'
import { nsText } from '../views/views.ts'
import { createClockWatch, type DoubtFile } from './clock-watch.ts'

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

export type Keeper = {
  /**
   * Drops what is too old or too much, a step at a time between commits. `nowNs` is wall time and
   * `elapsedMs` that of sinceBootMs(). One at a time: a call during another does nothing. Never rejects.
   */
  beat(nowNs: UnixNs, elapsedMs: number): Promise<void>
  /** Before anything is taken in: holds the clock against what is kept. Never rejects. */
  begin(nowNs: UnixNs, elapsedMs: number): Promise<void>
  /** What is taken in bears this time (ClockWatch). Never throws. */
  notice(nowNs: UnixNs, elapsedMs: () => number): void
  /** As ClockWatch. */
  believedNs(nowNs: UnixNs, elapsedMs: () => number): UnixNs
}

type StandingsNews = {
  due(): Standings | undefined
  done(standings: Standings): void
}

export function createKeeper(options: {
  store: Pick<Store, 'retain' | 'newestAt' | 'noteStandings'>
  keep: Keep
  counters: Counters
  publish: Site['publish']
  /** How far the clock of each connected, admitted agent of another machine is behind, as `Devices.clockOffsetsMs`. */
  clockOffsetsMs: (nowNs: UnixNs, elapsedMs: number) => readonly number[]
  doubtFile: DoubtFile
  /** What the registry says of devices, where there is one. */
  standings?: () => StandingsNews | undefined
  log: (text: string) => void
}): Keeper {
  const { store, keep, counters, publish, clockOffsetsMs, log } = options
  let beating = false
  let saidTooLarge = false
  const trouble = createTrouble(log, () => performance.now())
  const unnoted = createTrouble(log, () => performance.now())

  function say(text: string, nowNs: bigint): void {
    log(text)
    publish({
      type: 'health',
      health: { deviceId: '', at: nsText(nowNs), kind: 'clock', text, count: 1 },
    })
  }

  const clock = createClockWatch({
    newestAt: () => store.newestAt(),
    ageNs: keep.ageNs,
    clockOffsetsMs,
    file: options.doubtFile,
    say,
    log,
  })

  /** What cannot be noted now is with the next beat; what is too old goes meanwhile. */
  async function noteStandings(): Promise<void> {
    try {
      const news = options.standings?.()
      const due = news?.due()
      if (due) {
        await store.noteStandings(due)
        news?.done(due)
      }
      unnoted.works(() => 'what the registry says of devices is noted in the store again')
    } catch (cause) {
      unnoted.failed(
        `what the registry says of devices cannot be noted in the store now: ${(cause as Error).message}`,
      )
    }
  }

  /** All at the one time that was held against others: a clock that is set meanwhile is seen with the next beat. */
  async function drop(nowNs: UnixNs, leadNs: bigint): Promise<void> {
    const ageNs = keep.ageNs + leadNs
    for (;;) {
      const { more, usedBytes, dropped, told, counts } = await store.retain(nowNs, {
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
      counters.add('itemsOverBudget', counts.refused)
      counters.add('rowsGaveWay', counts.gaveWay)
      counters.add('revisionsDropped', counts.revisions)
      for (const { deviceId, at, kind, text, count } of told) {
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
    notice: (...at) => clock.notice(...at),
    believedNs: (...at) => clock.believedNs(...at),
    async begin(...at) {
      await clock
        .leadNs(...at)
        .catch((error) => log(`the clock cannot be judged now: ${error.message}`))
    },
    async beat(nowNs, elapsedMs) {
      if (beating) return
      beating = true
      try {
        await noteStandings()
        await drop(nowNs, await clock.leadNs(nowNs, elapsedMs))
        trouble.works(() => 'what is too old is dropped again')
      } catch (error) {
        trouble.failed(`what is too old cannot be dropped now: ${(error as Error).message}`)
      } finally {
        beating = false
      }
    },
  }
}
