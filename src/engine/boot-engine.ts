// The engine of one boot: takes the records of one run of the machine. Times count from its start, process and
// flow ids mean nothing after it.
import { RecordError } from '../records/framer.ts'
import { HEADER_BYTES, RecordType, readMark } from '../records/record.gen.ts'
import { createBootParts } from './boot-parts.ts'
import { createClock, wallNow } from './clock.ts'
import type { PresentCounters } from './counters.ts'
import type { TopFlow } from './flow/top.ts'
import type { Lasting } from './lasting.ts'
import { createMarks } from './marks.ts'
import { createOtherRecords } from './other-records.ts'
import { createProcessRecords } from './process-records.ts'
import { createLooks } from './sources.ts'

export type BootEngine = {
  /** Takes whole records; returns how many bytes: fewer than given when a mark of another boot stands there. */
  push(records: Uint8Array): number
  takeRequests(): Uint8Array[]
  /** Where in the stream the oldest question without an answer was asked; undefined when all have theirs. */
  askedAt(): number | undefined
  /** Counters that are of the moment. */
  present(): PresentCounters
  top(count: number): TopFlow[]
  /** See `Engine.save`. */
  save(goneBytes: number): void
  /** Says the summaries of the hour that is not over. */
  finish(): void
  /** The boot is over: its flows are closed as they were last seen. */
  end(): void
}

/** How often, in record time, what waits is looked at. */
const PASS_INTERVAL_MS = 250

export function createBootEngine(lasting: Lasting): BootEngine {
  const { counters } = lasting
  const clock = createClock()
  const looks = createLooks()
  const boot = createBootParts(lasting, clock)
  const { health, heard, flows, book, pairs, requests, early, unseen } = boot
  const { summarizer, detector, pairing, attribution, ledger, carry } = boot
  const marks = createMarks(lasting, clock, boot, looks)
  const { isFirstStart } = marks
  const ofProcesses = createProcessRecords({ boot, clock, counters, looks, isFirstStart })
  const ofOthers = createOtherRecords(lasting, clock, boot)
  let nextPassMs = 0

  const pass = (): void => {
    nextPassMs = clock.nowMs + PASS_INTERVAL_MS
    requests.pass()
    ofProcesses.passAnswers()
    attribution.pass()
    pairing.pass()
    for (const slot of detector.pass()) {
      summarizer.sayOne(slot)
      detector.pairRemoved(slot)
      pairs.remove(slot)
    }
    const at = wallNow(clock)
    book.pass(at)
    summarizer.pass(at)
    health.pass(clock.nowMs)
    unseen.pass(clock.nowMs)
    ofProcesses.passChanged()
    boot.processes.expire(clock.nowMs)
  }

  /** All records but flows: rare enough to be read as objects. */
  const takeOther = (
    type: number,
    view: DataView,
    from: number,
    words: Uint32Array,
    w: number,
  ): void => {
    if (type === RecordType.mark) {
      if (marks.take(view, from)) pass()
    } else if (type === RecordType.tick) {
      lasting.ticks++
      pass()
    } else if (!ofProcesses.take(type, view, from)) ofOthers.take(type, view, from, words, w)
  }

  /** Takes whole records up to a mark of another boot; returns how many bytes. */
  const take = (records: Uint8Array): number => {
    const words = new Uint32Array(records.buffer, records.byteOffset, records.length >>> 2)
    let view: DataView | undefined
    for (let w = 0; w < words.length; ) {
      const size = words[w] as number
      if (size < HEADER_BYTES || size % 8 !== 0 || w * 4 + size > records.length)
        throw new RecordError('size', w * 4, `no whole record of ${size} bytes`)
      const low = words[w + 2] as number
      const high = words[w + 3] as number
      const atMs = (high * 4_294_967_296 + low) / 1e6
      const head = words[w + 1] as number
      const type = head & 0xffff
      if (type === RecordType.mark) {
        view ??= new DataView(records.buffer, records.byteOffset, records.length)
        if (marks.isOtherBoot(view, w * 4)) return w * 4
      }
      counters.records++
      clock.recordLow = low
      clock.recordHigh = high
      if (marks.isForeign() && type !== RecordType.mark) counters.unknownRecords++
      else {
        if (atMs > clock.nowMs) {
          clock.nowMs = atMs
          if (atMs >= nextPassMs) pass()
        }
        heard.note((head >>> 16) & 0xff, type, atMs, clock.nowMs)
        if (type === RecordType.flow) ledger.report(words, w, (head >>> 16) & 0xff, atMs)
        else {
          view ??= new DataView(records.buffer, records.byteOffset, records.length)
          takeOther(type, view, w * 4, words, w)
        }
      }
      w += size >>> 2
    }
    return records.length
  }

  /** Takes up the clock of the first mark, then what waited for it; returns the records from that mark on. */
  const awaitMark = (records: Uint8Array): Uint8Array | undefined => {
    const rest = early.keep(records)
    if (rest === undefined) return undefined
    marks.setClock(readMark(new DataView(rest.buffer, rest.byteOffset, rest.length), 0))
    if (marks.isSeeded()) for (const piece of early.take()) take(piece)
    return rest
  }

  /** What waits to be said is said: nothing more comes. */
  const sayRest = (): void => {
    unseen.say()
    health.end(clock.nowMs)
    summarizer.sayAll()
    book.finish()
  }

  return {
    push(records) {
      const rest = marks.isSeeded() ? records : awaitMark(records)
      if (rest === undefined) return records.length
      return records.length - rest.length + take(rest)
    },
    takeRequests: requests.take,
    askedAt: requests.oldestAt,
    present: () => ({
      processes: boot.processes.alive(),
      openFlows: flows.count(),
      degraded: health.text(),
      gaps: health.gaps(),
      unseenTop: unseen.top(),
      isForeign: marks.isForeign(),
    }),
    top: boot.top.take,
    save(goneBytes) {
      detector.store()
      carry.save(goneBytes, lasting.streamBytes)
    },
    finish() {
      ofProcesses.finish()
      sayRest()
    },
    end() {
      ofProcesses.finish()
      ledger.closeAll()
      sayRest()
      detector.store()
      carry.end()
    },
  }
}
