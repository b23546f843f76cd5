// Whether the clock may be believed where it makes what is stored old: one that is a year ahead must not empty the store, nor
// end the certificates of all agents.
import { rmSync } from 'node:fs'
import { readStateFile, writeStateFile } from '../../state-file.ts'
import { type UnixNs, unixNs } from '../../units.ts'

/** A wall clock that moved so much more or less than time did has been set; agents' that differ by less agree. */
const CLOCK_STEP_MS = 3_600_000
/** At the start the newest that was received is what time is held against: a collector that was off for less is usual. */
const CLOCK_GAP_MS = 86_400_000
/** Running time of a doubt that a killed collector may forget: it only lasts longer by that. */
const SAVE_EVERY_MS = 3_600_000
/**
 * That others' clocks contradict this one is said no more often: of two laptops that come and go, one of which is wrong, the
 * wrong one is alone dozens of times a day, and each line is an event that is kept.
 */
const CONTRADICTED_EVERY_MS = 86_400_000
const MS_NS = 1_000_000n
const DAY_MS = 86_400_000

/** A clock that is not believed. */
export type Doubt = {
  /** What the clock was when it was last believed, and the running time since: nanoseconds since 1970. */
  carriedNs: bigint
  /** Milliseconds that the collector has run since the doubt began. */
  ranMs: number
}

/** Where a doubt outlives the collector: what was received meanwhile bears the time of the clock that is doubted. */
export type DoubtFile = {
  /** undefined: the clock was believed. Throws StateFileError, or what the file system does. */
  read(): Doubt | undefined
  /** Throws what the file system does. */
  write(doubt: Doubt | undefined): void
}

export type ClockWatch = {
  /**
   * Nanoseconds, 0 or more, by which the clock is ahead of a time that may be believed. `nowNs` is wall time, `elapsedMs`
   * that of sinceBootMs(). Rejects with StoreError.
   */
  leadNs(nowNs: UnixNs, elapsedMs: number): Promise<bigint>
  /**
   * Something is about to bear this time. A clock that was set since is doubted from now on, and the file says so before
   * anything of that time can be kept: else it would be what a collector that is killed and started again believes.
   * `elapsedMs` is asked for only where wall time and this process's time part. Nothing before the first leadNs.
   */
  notice(nowNs: UnixNs, elapsedMs: () => number): void
  /** The time that is believed: that of the clock or, while it is doubted, from before with running time since. */
  believedNs(nowNs: UnixNs, elapsedMs: () => number): UnixNs
}

/** Reads the doubt that there may be: throws as `file` does. */
export function createClockWatch(options: {
  /** When the newest that is kept was received; 0 when nothing is. */
  newestAt: () => Promise<bigint>
  /** How old what is kept may become. */
  ageNs: bigint
  /** How far the clock of each connected, admitted agent of another machine is behind, as `Devices.clockOffsetsMs`. */
  clockOffsetsMs: (nowNs: UnixNs, elapsedMs: number) => readonly number[]
  file: DoubtFile
  /** Told once when a doubt begins and once when it ends. */
  say: (text: string, nowNs: bigint) => void
  log: (text: string) => void
}): ClockWatch {
  const { newestAt, ageNs, clockOffsetsMs, file, say, log } = options
  const ageMs = Number(ageNs / MS_NS)
  let last: { nowNs: bigint; elapsedMs: number } | undefined
  let doubt = file.read()
  let savedRanMs = doubt?.ranMs
  let isUnsaved = false
  /**
   * The clock is believed, and what is newest was received when it was far ahead: it can be no witness at the next start,
   * so the file says what is believed. Since when it does, by sinceBootMs().
   */
  let pinnedMs: number | undefined
  /** Of the last notice that was looked into. */
  let glance: { nowNs: bigint; monotonicMs: number } | undefined

  /** What is saved by now is tried again with each look; said once. */
  function save(): void {
    try {
      const pinned =
        pinnedMs !== undefined && last ? { carriedNs: last.nowNs, ranMs: 0 } : undefined
      file.write(doubt ?? pinned)
      savedRanMs = doubt?.ranMs
      isUnsaved = false
    } catch (cause) {
      if (!isUnsaved) log(`whether the clock is believed cannot be saved: ${cause}`)
      isUnsaved = true
    }
  }

  let isContradicted = false
  /** When that was last said, on the scale of `elapsedMs`. */
  let contradictedMs = Number.NEGATIVE_INFINITY

  /** Nothing stands against this clock but those of others: what is stored bears its time, so that is said and no more. */
  function sayOthers(nowNs: UnixNs, elapsedMs: number): void {
    const offsets = clockOffsetsMs(nowNs, elapsedMs)
    // Where nobody is asked nobody agrees either.
    if (offsets.length === 0) return
    const off = offsets.filter((offsetMs) => Math.abs(offsetMs) >= CLOCK_STEP_MS)
    const was = isContradicted
    isContradicted = 2 * off.length > offsets.length
    const middle = off.sort((a, b) => a - b)[off.length >> 1]
    if (!isContradicted || was || middle === undefined) return
    if (elapsedMs - contradictedMs < CONTRADICTED_EVERY_MS) {
      // It is said once that is long enough ago, where it is so still.
      isContradicted = false
      return
    }
    contradictedMs = elapsedMs
    const hours = (Math.abs(middle) / 3_600_000).toFixed(1)
    say(
      `the clock is believed, and ${off.length} of ${offsets.length} connected, admitted agents of other machines say otherwise: it is ${hours} h ${middle > 0 ? 'ahead of' : 'behind'} theirs. ` +
        'Set it where they are right: what is stored and what certificates hold for bears its time',
      nowNs,
    )
  }

  const awayMs = (nowNs: bigint, fromNs: bigint): number => Number((nowNs - fromNs) / MS_NS)

  /** Half of the connected, admitted agents of other machines or more have a clock like this one. */
  function isConfirmed(nowNs: UnixNs, elapsedMs: number): boolean {
    const offsets = clockOffsetsMs(nowNs, elapsedMs)
    const agree = offsets.filter((offsetMs) => Math.abs(offsetMs) < CLOCK_STEP_MS).length
    return offsets.length > 0 && 2 * agree >= offsets.length
  }

  /** Why the clock is believed again; undefined: it is not. */
  function reason(of: Doubt, nowNs: UnixNs, elapsedMs: number, toleranceMs: number) {
    if (isConfirmed(nowNs, elapsedMs)) return 'clocks of admitted agents agree with this one'
    if (Math.abs(awayMs(nowNs, of.carriedNs)) <= toleranceMs) return 'the clock is what it was'
    // All from before is as old by now; what came since has this clock's time.
    if (of.ranMs >= ageMs) return `the clock has gone on for ${days(of.ranMs)} days`
    return undefined
  }

  type Since = { nowNs: bigint; elapsedMs: number }

  /** Time went on since `since`; a doubt begins where the clock went otherwise. */
  function goOn(since: Since, nowNs: UnixNs, elapsedMs: number, toleranceMs: number): void {
    const isFirst = last === undefined
    last = { nowNs, elapsedMs }
    const ranMs = elapsedMs - since.elapsedMs
    if (doubt) doubt = { carriedNs: doubt.carriedNs + ranNs(ranMs), ranMs: doubt.ranMs + ranMs }
    const expectedNs = since.nowNs + ranNs(ranMs)
    const stepMs = awayMs(nowNs, expectedNs)
    if (since.nowNs === 0n || Math.abs(stepMs) <= toleranceMs) return
    const begun = !isFirst || doubt === undefined
    if (begun) doubt = { carriedNs: doubt?.carriedNs ?? expectedNs, ranMs: 0 }
    const hours = (stepMs / 3_600_000).toFixed(1)
    const what = isFirst
      ? `the clock is ${hours} h from the newest that was received`
      : `the clock was set by ${hours} h`
    say(
      `${what}: what is stored, and certificates, age with running time alone, until clocks of admitted agents on other machines agree ` +
        `with this one or ${days(ageMs)} days have run`,
      nowNs,
    )
    if (begun) save()
  }

  return {
    async leadNs(nowNs, elapsedMs) {
      const toleranceMs = last === undefined ? CLOCK_GAP_MS : CLOCK_STEP_MS
      const since = last ?? { nowNs: doubt?.carriedNs ?? (await newestAt()), elapsedMs }
      goOn(since, nowNs, elapsedMs, toleranceMs)
      const why = doubt && reason(doubt, nowNs, elapsedMs, toleranceMs)
      if (why !== undefined) {
        doubt = undefined
        // It is another clock than what was contradicted.
        contradictedMs = Number.NEGATIVE_INFINITY
        pinnedMs = awayMs(await newestAt(), nowNs) > CLOCK_GAP_MS ? elapsedMs : undefined
        say(`${why}: what is too old by it is dropped again`, nowNs)
        save()
      }
      if (doubt) isContradicted = false
      else sayOthers(nowNs, elapsedMs)
      if (!doubt && pinnedMs !== undefined && elapsedMs - pinnedMs >= SAVE_EVERY_MS) {
        pinnedMs = elapsedMs
        save()
      }
      if (isUnsaved || (doubt && doubt.ranMs - (savedRanMs ?? 0) >= SAVE_EVERY_MS)) save()
      return doubt && nowNs > doubt.carriedNs ? nowNs - doubt.carriedNs : 0n
    },
    notice(nowNs, elapsedMs) {
      const monotonicMs = performance.now()
      const ranMs = glance && monotonicMs - glance.monotonicMs
      if (glance && Math.abs(awayMs(nowNs, glance.nowNs) - Number(ranMs)) < CLOCK_STEP_MS) return
      glance = { nowNs, monotonicMs }
      if (last) goOn(last, nowNs, elapsedMs(), CLOCK_STEP_MS)
    },
    believedNs(nowNs, elapsedMs) {
      if (!doubt || !last) return nowNs
      return unixNs(doubt.carriedNs + ranNs(elapsedMs() - last.elapsedMs), 'carried')
    },
  }
}

const ranNs = (ms: number): bigint => BigInt(Math.round(ms)) * MS_NS

const days = (ms: number): string => (ms / DAY_MS).toFixed(0)

/** In the collector's state directory. */
export const DOUBT_FILE = 'clock.doubted'

/** The time that a collector believes, by what it has saved: of the last hour, and of before it was stopped. */
export const savedTime = (doubt: Doubt | undefined, now: UnixNs): UnixNs =>
  doubt && Math.abs(Number((now - doubt.carriedNs) / MS_NS)) > CLOCK_GAP_MS
    ? unixNs(doubt.carriedNs, 'carried')
    : now

/** The doubt in a state file at `path`. One that holds none is told of and taken for none. */
export function doubtFile(path: string, log: (text: string) => void): DoubtFile {
  return {
    read() {
      const text = readStateFile(path)?.text
      if (text === undefined) return undefined
      const [, carried, ran] = /^(\d{1,19}) (\d{1,15})\n$/.exec(text) ?? []
      if (carried !== undefined && ran !== undefined)
        return { carriedNs: BigInt(carried), ranMs: Number(ran) }
      log(`${path} holds no time of a clock that was doubted: it is not used`)
      return undefined
    },
    write(doubt) {
      if (!doubt) rmSync(path, { force: true })
      else writeStateFile(path, `${doubt.carriedNs} ${Math.floor(doubt.ranMs)}\n`)
    },
  }
}
