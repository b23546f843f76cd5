// Puts connections, each known only when it was over, back into the order in which they happened, and lets
// their bytes pass while they lasted. A connection that is told several times, as conn_long does while it lasts and conn
// when it is over, is one: by its uid, with the counts of the last.
import { createHeap, type Timed } from './heap.ts'
import type { HostFlow } from './zeek-host.ts'

/** Entries that wait for earlier ones: at most so many, and at most so long by the log's own clock. */
export const WINDOW_ENTRIES = 65_536
export const WINDOW_US = 24 * 3_600 * 1_000_000
/** A flow is reported so often while it lasts, and at most so many times. */
export const REPORT_INTERVAL_US = 5_000_000
export const REPORTS_MAX = 720
/** Connections open at once; what opens beyond is told whole in the instant it opens. */
export const OPEN_MAX = 65_536
/** Connections whose uid is remembered, to know them again; the first heard of go first. */
export const UIDS_MAX = 131_072

export type Moment = {
  unixUs: number
  state: 'opened' | 'report' | 'closed'
  /** What the connection is named by: what was given with the entry that it began with. */
  id: number
  entry: HostFlow
  /** Cumulative. */
  bytesOut: number
  bytesIn: number
}

type Amount = { bytesOut: number; bytesIn: number }

type Flow = Timed & {
  entry: HostFlow
  state: 'waiting' | 'open' | 'closed'
  /** Of the reports from `from` on, the closing one included, those that were said. */
  step: number
  steps: number
  startUs: number
  endUs: number
  /** Said by startUs. */
  from: Amount
  said: Amount
  /** More was heard of it since it opened. */
  isRenewed: boolean
  /** Of the same uid, told by flows that were closed before more was heard of it. */
  before: Amount
}

const NOTHING: Amount = { bytesOut: 0, bytesIn: 0 }

export type Timeline = {
  /** Takes an entry; `id` is not given twice. */
  add(entry: HostFlow, id: number): void
  /**
   * Tells the next moment when it is certain: nothing before it can still come within the window, or, with
   * `isOver`, at all. False when there is none.
   */
  tellNext(isOver: boolean): boolean
  /**
   * How many entries came later than the window, and by how much at most, µs; how many found too many open; how many
   * told again of a connection that was known.
   */
  counts(): { late: number; latestUs: number; crowded: number; repeated: number }
}

/**
 * `tell` gets moments in the order of time. A connection of which the log says only its bytes is taken to have
 * moved them evenly; an answer, however small, is in its first report, so that no silence is made up.
 */
export function createTimeline(
  tell: (moment: Moment) => void,
  limits = { entries: WINDOW_ENTRIES, open: OPEN_MAX, uids: UIDS_MAX },
): Timeline {
  const heap = createHeap<Flow>()
  const byUid = new Map<string, Flow>()
  let waiting = 0
  let open = 0
  let nowUs = 0
  let newestUs = 0
  let late = 0
  let latestUs = 0
  let crowded = 0
  let repeated = 0

  const say = (flow: Flow, state: Moment['state'], share: number): void => {
    const { entry, from } = flow
    const part = (begun: number, whole: number, round: (value: number) => number): number =>
      share === 1 ? whole : begun + round((whole - begun) * share)
    flow.said = {
      bytesOut: part(from.bytesOut, entry.bytesOut, Math.floor),
      bytesIn: part(from.bytesIn, entry.bytesIn, Math.ceil),
    }
    tell({ unixUs: nowUs, state, id: flow.order, entry, ...flow.said })
  }

  /** Lays out the reports that are left, from now on. */
  const layOut = (flow: Flow): void => {
    flow.startUs = nowUs
    flow.endUs = Math.max(flow.endUs, nowUs)
    flow.from = flow.said
    flow.step = 0
    const lastsUs = flow.endUs - flow.startUs
    flow.steps = Math.min(Math.max(Math.ceil(lastsUs / REPORT_INTERVAL_US), 1), REPORTS_MAX)
    flow.isRenewed = false
  }
  const begin = (flow: Flow): void => {
    waiting--
    if (flow.atUs < nowUs) {
      late++
      latestUs = Math.max(latestUs, nowUs - flow.atUs)
    }
    layOut(flow)
    say(flow, 'opened', 0)
    if (open >= limits.open) {
      crowded++
      close(flow)
      return
    }
    flow.state = 'open'
    open++
    next(flow)
  }
  const next = (flow: Flow): void => {
    flow.step++
    flow.atUs = Math.round(flow.startUs + ((flow.endUs - flow.startUs) * flow.step) / flow.steps)
    heap.push(flow)
  }
  const go = (flow: Flow): void => {
    if (flow.isRenewed) {
      layOut(flow)
      next(flow)
    } else if (flow.step < flow.steps) {
      say(flow, 'report', flow.step / flow.steps)
      next(flow)
    } else {
      open--
      close(flow)
    }
  }
  const close = (flow: Flow): void => {
    flow.state = 'closed'
    say(flow, 'closed', 1)
  }

  const remember = (flow: Flow): void => {
    const { uid } = flow.entry
    if (uid === '') return
    if (!byUid.has(uid) && byUid.size >= limits.uids)
      for (const oldest of byUid.keys()) {
        byUid.delete(oldest)
        break
      }
    byUid.set(uid, flow)
  }
  const wait = (entry: HostFlow, id: number, before: Amount): void => {
    waiting++
    const flow: Flow = {
      atUs: entry.startUs,
      order: id,
      entry,
      state: 'waiting',
      step: 0,
      steps: 0,
      startUs: entry.startUs,
      endUs: entry.startUs + entry.durationUs,
      from: NOTHING,
      said: NOTHING,
      isRenewed: false,
      before,
    }
    remember(flow)
    heap.push(flow)
  }
  /** What is new in an entry of a connection that is known. */
  const renew = (flow: Flow, entry: HostFlow, id: number): void => {
    repeated++
    const endUs = entry.startUs + entry.durationUs
    const isLater = endUs >= flow.endUs
    const bytesOut = Math.max(entry.bytesOut - flow.before.bytesOut, flow.entry.bytesOut)
    const bytesIn = Math.max(entry.bytesIn - flow.before.bytesIn, flow.entry.bytesIn)
    if (flow.state !== 'closed') {
      flow.endUs = Math.max(flow.endUs, endUs)
      flow.isRenewed = flow.state === 'open'
      flow.entry = {
        ...flow.entry,
        bytesOut,
        bytesIn,
        doubts: isLater ? entry.doubts : flow.entry.doubts,
      }
      return
    }
    const more = { bytesOut: bytesOut - flow.entry.bytesOut, bytesIn: bytesIn - flow.entry.bytesIn }
    if (more.bytesOut === 0 && more.bytesIn === 0) return
    const rest = { startUs: flow.endUs, durationUs: Math.max(endUs - flow.endUs, 0) }
    wait({ ...entry, ...more, ...rest }, id, {
      bytesOut: flow.before.bytesOut + flow.entry.bytesOut,
      bytesIn: flow.before.bytesIn + flow.entry.bytesIn,
    })
  }
  return {
    add(entry, id) {
      newestUs = Math.max(newestUs, entry.startUs)
      const known = byUid.get(entry.uid)
      if (known && isSame(known.entry, entry)) renew(known, entry, id)
      else wait(entry, id, NOTHING)
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
      if (flow.state === 'waiting') begin(flow)
      else go(flow)
      return true
    },
    counts: () => ({ late, latestUs, crowded, repeated }),
  }
}

/** A uid that is no uid, as some pipelines make, does not join connections of other ends. */
const isSame = (one: HostFlow, other: HostFlow): boolean =>
  one.protocol === other.protocol &&
  one.localPort === other.localPort &&
  one.remotePort === other.remotePort &&
  one.isInbound === other.isInbound &&
  Buffer.compare(one.remoteAddress, other.remoteAddress) === 0
