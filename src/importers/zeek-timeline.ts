// Puts connections, each known only when it was over, back into the order in which they happened, and lets
// their bytes pass while they lasted.
import { createHeap, type Timed } from './heap.ts'
import type { ConnEntry } from './zeek-conn.ts'

/** Entries that wait for earlier ones: at most so many, and at most so long by the log's own clock. */
export const WINDOW_ENTRIES = 65_536
export const WINDOW_US = 24 * 3_600 * 1_000_000
/** A flow is reported so often while it lasts, and at most so many times. */
export const REPORT_INTERVAL_US = 5_000_000
export const REPORTS_MAX = 720
/** Connections open at once; what opens beyond is told whole in the instant it opens. */
export const OPEN_MAX = 65_536

export type Moment = {
  unixUs: number
  state: 'opened' | 'report' | 'closed'
  /** Line of the log. */
  number: number
  entry: ConnEntry
  /** Cumulative. */
  bytesOut: number
  bytesIn: number
}

type Flow = Timed & {
  entry: ConnEntry
  /** 0: not opened yet. Then reports still to come, the closing one included. */
  step: number
  steps: number
  startUs: number
  endUs: number
  isOpen: boolean
}

export type Timeline = {
  /** Takes the entry of a line. */
  add(entry: ConnEntry, number: number): void
  /**
   * Tells the next moment when it is certain: nothing before it can still come within the window, or, with
   * `isOver`, at all. False when there is none.
   */
  tellNext(isOver: boolean): boolean
  /** How many entries came later than the window, and by how much at most, µs; how many found too many open. */
  counts(): { late: number; latestUs: number; crowded: number }
}

/**
 * `tell` gets moments in the order of time. A connection of which the log says only its bytes is taken to have
 * moved them evenly; an answer, however small, is in its first report, so that no silence is made up.
 */
export function createTimeline(
  tell: (moment: Moment) => void,
  limits = { entries: WINDOW_ENTRIES, open: OPEN_MAX },
): Timeline {
  const heap = createHeap<Flow>()
  let waiting = 0
  let open = 0
  let nowUs = 0
  let newestUs = 0
  let late = 0
  let latestUs = 0
  let crowded = 0

  const say = (flow: Flow, state: Moment['state'], share: number): void => {
    const { entry } = flow
    tell({
      unixUs: nowUs,
      state,
      number: flow.order,
      entry,
      bytesOut: share === 1 ? entry.bytesOut : Math.floor(entry.bytesOut * share),
      bytesIn: share === 1 ? entry.bytesIn : Math.ceil(entry.bytesIn * share),
    })
  }

  const begin = (flow: Flow): void => {
    waiting--
    if (flow.atUs < nowUs) {
      late++
      latestUs = Math.max(latestUs, nowUs - flow.atUs)
    }
    flow.startUs = nowUs
    flow.endUs = Math.max(flow.endUs, nowUs)
    const lastsUs = flow.endUs - flow.startUs
    flow.steps = Math.min(Math.max(Math.ceil(lastsUs / REPORT_INTERVAL_US), 1), REPORTS_MAX)
    flow.isOpen = true
    say(flow, 'opened', 0)
    if (open >= limits.open) {
      crowded++
      say(flow, 'closed', 1)
      return
    }
    open++
    next(flow)
  }
  const next = (flow: Flow): void => {
    flow.step++
    flow.atUs = Math.round(flow.startUs + ((flow.endUs - flow.startUs) * flow.step) / flow.steps)
    heap.push(flow)
  }
  const go = (flow: Flow): void => {
    if (flow.step < flow.steps) {
      say(flow, 'report', flow.step / flow.steps)
      next(flow)
      return
    }
    open--
    say(flow, 'closed', 1)
  }
  return {
    add(entry, number) {
      newestUs = Math.max(newestUs, entry.startUs)
      waiting++
      heap.push({
        atUs: entry.startUs,
        order: number,
        entry,
        step: 0,
        steps: 0,
        startUs: entry.startUs,
        endUs: entry.startUs + entry.durationUs,
        isOpen: false,
      })
    },
    tellNext(isOver) {
      const flow = heap.peek()
      const isCertain =
        flow !== undefined &&
        (isOver || waiting > limits.entries || flow.atUs < newestUs - WINDOW_US)
      if (!isCertain) return false
      heap.pop()
      const dueUs = flow.atUs
      nowUs = Math.max(nowUs, dueUs)
      if (flow.isOpen) go(flow)
      else begin(flow)
      return true
    },
    counts: () => ({ late, latestUs, crowded }),
  }
}
