// What marks say: which boot it is and what its clock shows, and which source begins or ends to name all there is.
import { isReadable } from '../records/layouts.ts'
import { Mark, type MarkRecord, readMark } from '../records/record.gen.ts'
import type { BootParts } from './boot-parts.ts'
import { type Clock, setOffset, wallNow } from './clock.ts'
import type { Lasting } from './lasting.ts'
import { hasNamedAll, hasNamedEveryProcess, type Looks, tellsFlows } from './sources.ts'

export type Marks = {
  /** The first was read, and what an earlier run left is taken up. */
  isSeeded(): boolean
  /** The last was of another layout: no record can be read. */
  isForeign(): boolean
  /** This engine began the baseline, and it took the place of none: what its first look finds was here before. */
  isFirstStart(): boolean
  /** Whether the record at `from` is a mark of another boot, in a layout that can be read. */
  isOtherBoot(view: DataView, from: number): boolean
  /** The wall clock and the boot of a mark; at the first, what an earlier run left is taken up. */
  setClock(mark: MarkRecord): void
  /** Takes the record at `from`. False: none can be read from here on. */
  take(view: DataView, from: number): boolean
}

const bootOf = (mark: MarkRecord): string => Buffer.from(mark.bootId).toString('hex')

export function createMarks(lasting: Lasting, clock: Clock, boot: BootParts, looks: Looks): Marks {
  const { baseline } = lasting
  const { health, processes, running, attribution, ledger, detector, carry, book, memory } = boot
  let isSeeded = false
  let isForeign = false
  let isFirstStart = false

  const setClock = (mark: MarkRecord): void => {
    if (!isReadable(mark.layout)) return
    clock.bootId = bootOf(mark)
    setOffset(clock, mark.unixNs - mark.atNs)
    if (isSeeded) return
    isSeeded = true
    clock.nowMs = Number(mark.atNs) / 1e6
    // One that knows only what was imported has looked at nothing: when these flows moved what they have nobody knows.
    if (baseline.carried.boot() === undefined) ledger.beginFirstLook()
    if (baseline.bornAt() === undefined) {
      baseline.setBornAt(wallNow(clock))
      isFirstStart = baseline.fact('rebuilt_ns') === undefined
    }
    book.pass(wallNow(clock))
    memory.expect(detector.seed())
    carry.seed()
    // What waited for the mark is older than it.
    clock.nowMs = 0
    const count = detector.unreadable()
    if (count > 0)
      health.say({
        of: 'baseline',
        text: `${count} stored alerts could not be read and were dropped: they may be raised once more`,
        count,
      })
    const lostSums = Number(baseline.fact('sums_unreadable') ?? 0n)
    if (lostSums > 0) {
      health.say({
        of: 'baseline',
        text: `${lostSums} stored parts of what programs sent in the last 24 hours could not be read and were left out: what was sent before now may count for less`,
        count: lostSums,
      })
      baseline.putFact('sums_unreadable', 0n)
    }
  }

  const endEnumeration = (source: number, isOfAll: boolean): void => {
    looks.end(source)
    attribution.learnt(undefined)
    if (tellsFlows(source)) ledger.endEnumeration(source)
    processes.endEnumeration(source, isOfAll, clock.nowMs)
    if (!tellsFlows(source)) return
    detector.seeded()
    carry.enumerated()
  }

  return {
    isSeeded: () => isSeeded,
    isForeign: () => isForeign,
    isFirstStart: () => isFirstStart,
    isOtherBoot(view, from) {
      const mark = readMark(view, from)
      return isReadable(mark.layout) && clock.bootId !== '' && bootOf(mark) !== clock.bootId
    },
    setClock,
    take(view, from) {
      const mark = readMark(view, from)
      isForeign = !isReadable(mark.layout)
      if (isForeign) {
        health.degraded(
          -1,
          'the sensor and the engine are of different versions and their records do not agree: install both from one release',
          clock.nowMs,
        )
        return false
      }
      health.degraded(-1, '', clock.nowMs)
      health.lacks(mark.source, mark.gaps)
      setClock(mark)
      running.tells(mark)
      if (mark.kind === Mark.start) {
        looks.begin(mark.source)
        processes.beginEnumeration(mark.source, mark.atNs)
        ledger.beginEnumeration(mark.source)
        health.degraded(mark.source, mark.note, clock.nowMs)
      } else if (
        mark.kind === Mark.enumerated &&
        looks.hasBegun(mark.source) &&
        hasNamedAll(mark)
      ) {
        // Without a start it ends an enumeration that another engine was told.
        endEnumeration(mark.source, hasNamedEveryProcess(mark))
      }
      return true
    },
  }
}
