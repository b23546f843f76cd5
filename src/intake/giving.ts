// How a flow is handed on to the engine: under the id that it was first told by, with counters that only rise,
// whichever of its rows is told.
import { FLOW_AT, FlowFlag, FlowState, GONE_AT } from '../records/record.gen.ts'
import type { FlowBook } from './flow-book.ts'
import type { FlowRow, GivenFlow } from './flow-row.ts'
import { type Ended, keep } from './memory.ts'
import { createSockets, type Sockets } from './sockets.ts'

const TWO_32 = 4_294_967_296
const ENDED_KEPT_MAX = 4096
/** A source may tell of a flow's last moment after another did. */
const LATE_NS = 2_000_000_000n
/** How long the end of a flow waits until another source has seen all of it: each looks once a second. */
const SEEN_WITHIN_NS = 3_000_000_000n
const NEW = { out: 0, in: 0, baseOut: 0, baseIn: 0, pid: 0, pidversion: 0 }

export type Giving = {
  sockets: Sockets
  /** The flow's record, as the engine knows it. */
  tell(row: FlowRow, given: GivenFlow): void
  /** A name or gone record of it. */
  tellString(record: Uint8Array, given: GivenFlow): void
  /** From here on the engine is told of the flow by this row. */
  give(row: FlowRow): void
  /** What the one still tells is the other's: heard, and no more. */
  takeFrom(row: FlowRow, by: FlowRow): void
  /** Of one that another source may have told: what it has is not told again. */
  letPass(row: FlowRow): void
  /** A source tells of it in another epoch, by the one row after the other. */
  succeed(former: FlowRow, row: FlowRow): void
  /** It is nobody's any more: closed as it was last seen. */
  closeLost(row: FlowRow): void
  /** It was told as closed, or the engine closes it itself. */
  markTold(row: FlowRow): void
  /** What was held back until it was known to have passed; looked at once a second. */
  tellSeen(): void
  /** Of one with its own beginning, how far the engine is ahead of it. */
  compare(row: FlowRow): void
  /** Looks whether another source told its end, or an engine before this one. */
  findEnd(row: FlowRow): void
  /** Whether it ended for the engine with what it has now. */
  hasNothingNew(row: FlowRow): boolean
  /** What has to outlive this process of flows whose rows are forgotten: all, or what came since the last call. */
  ended(isWhole: boolean): Ended[]
  /** Forgets closed rows that were last told before; of one flow under two ids it keeps that it ended. */
  expire(beforeNs: bigint, isKept: (row: FlowRow) => boolean): void
}

/** `emit` takes records, whole. */
export function createGiving(
  book: FlowBook,
  emit: (record: Uint8Array) => void,
  before: readonly Ended[],
  nowNs: () => bigint,
): Giving {
  const endedBefore = new Map(before.map((flow) => [flow.at, flow]))
  let newlyEnded = new Map<string, Ended>()
  const keepEnd = (id: bigint, flow: GivenFlow): void => {
    const ended = { ...keep(flow), at: `${id}` }
    endedBefore.delete(ended.at)
    endedBefore.set(ended.at, ended)
    newlyEnded.set(ended.at, ended)
    for (const ends of [endedBefore, newlyEnded])
      if (ends.size > ENDED_KEPT_MAX) ends.delete(ends.keys().next().value as string)
  }
  const sockets = createSockets(book, nowNs)

  /** Rows that have more than was known to have passed when they were told, and until when their end waits. */
  const unseen = new Map<FlowRow, bigint>()
  for (const row of book.rows()) if (row.given !== undefined && !row.isOpen) unseen.set(row, 0n)

  /** The flow's record, as the engine knows it. */
  const tell = (
    row: FlowRow,
    given: GivenFlow,
    change: { state?: number; flags?: number } = {},
  ) => {
    const wanted = {
      out: Math.max(0, row.out + row.aheadOut - given.out),
      in: Math.max(0, row.in + row.aheadIn - given.in),
    }
    const more = book.witness.grant(row, wanted)
    given.out += more.out
    given.in += more.in
    sockets.told(row, more.out, more.in)
    const isLess = more.out < wanted.out || more.in < wanted.in
    const untilNs = unseen.get(row) ?? nowNs() + SEEN_WITHIN_NS
    const waits = isLess && change.state === undefined && nowNs() < untilNs
    if (waits) unseen.set(row, untilNs)
    else unseen.delete(row)
    if (row.isRemembered) return
    const record = new Uint8Array(row.last)
    const view = new DataView(record.buffer)
    view.setBigUint64(FLOW_AT.flowId, given.id, true)
    view.setUint32(FLOW_AT.epoch, given.epoch, true)
    putCount(view, FLOW_AT.bytesOut, given.out)
    putCount(view, FLOW_AT.bytesIn, given.in)
    nameOwner(view, given)
    if (change.state !== undefined) view.setUint8(FLOW_AT.state, change.state)
    else if (waits && !row.isOpen) view.setUint8(FLOW_AT.state, FlowState.report)
    const flags = (change.flags ?? 0) | (isLess && !waits ? FlowFlag.inexact : 0)
    if (flags !== 0)
      view.setUint32(FLOW_AT.flags, view.getUint32(FLOW_AT.flags, true) | flags, true)
    emit(record)
  }

  const tellString = (record: Uint8Array, given: GivenFlow): void => {
    const copy = new Uint8Array(record)
    const view = new DataView(copy.buffer)
    view.setBigUint64(GONE_AT.flowId, given.id, true)
    view.setUint32(GONE_AT.epoch, given.epoch, true)
    emit(copy)
  }

  /** From here on the engine is told of the flow by this row. */
  const give = (row: FlowRow): void => {
    const other = book.sameFlow.find(row, 'given', ({ isOpen }) => isOpen)
    if (other !== undefined) {
      takeFrom(other, row)
      return
    }
    row.coveredBy = undefined
    for (const one of row.isSocket ? book.ofSocket(row) : book.sockets(row)) {
      if (one.source === row.source) continue
      closeLost(one)
      if (row.isSocket) one.coveredBy = row
      book.touch(one)
    }
    const { id, epoch, ended } = row
    const told = sockets.claim(row)
    // It was closed and goes on: what it had then is counted.
    row.given = ended ? { ...ended, epoch: ended.epoch + 1, out: 0, in: 0 } : { ...NEW, id, epoch }
    row.given.baseOut += told.out
    row.given.baseIn += told.in
    row.aheadOut = -(ended?.out ?? 0) - told.out
    row.aheadIn = -(ended?.in ?? 0) - told.in
    book.touch(row)
    tellFirst(row, row.given)
  }
  const tellFirst = (row: FlowRow, given: GivenFlow): void => {
    for (const record of row.strings) tellString(record, given)
    row.strings = []
    tell(row, given)
  }
  /** What the one still tells is the other's: heard, and no more. */
  const takeFrom = (row: FlowRow, by: FlowRow): void => {
    if (row.given === undefined) return
    by.given = row.given
    row.given = undefined
    if (row.hasOwnBeginning) {
      row.isCompared = true
      row.aheadOut += by.given.baseOut
      row.aheadIn += by.given.baseIn
    }
    goOnFrom(by, by.given)
    book.touch(row)
    book.touch(by)
    tellFirst(by, by.given)
  }

  const letPass = (row: FlowRow): void => {
    findEnd(row)
    const { id, epoch, out, in: bytesIn } = row
    if (row.ended === undefined)
      putEnd(row, { ...NEW, id, epoch, baseOut: out, baseIn: bytesIn }, row.lastNs)
  }
  const succeed = (former: FlowRow, row: FlowRow): void => {
    const isGiven = former.given !== undefined && former.isOpen
    // Another nettop counts what it finds open anew; any other source that begins again tells of another flow.
    if (!row.hasOwnBeginning) {
      if (isGiven && former.given?.id !== row.id) closeLost(former)
    } else if (isGiven) takeFrom(former, row)
    else if (former.ended !== undefined) putEnd(row, former.ended, former.endedNs)
  }

  /** The other may have told more since: of all that was seen the least is ahead. */
  const compare = (row: FlowRow): void => {
    if (!row.hasOwnBeginning || row.given !== undefined) return
    const other =
      book.sameFlow.find(row, 'given') ??
      book.sameFlow.find(row, 'all', ({ hasOwnBeginning }) => !hasOwnBeginning)
    if (other === undefined) return
    const { given } = other
    const aheadOut = (given ? given.out + given.baseOut : other.out) - row.out
    const aheadIn = (given ? given.in + given.baseIn : other.in) - row.in
    row.aheadOut = row.isCompared ? Math.max(row.aheadOut, aheadOut) : aheadOut
    row.aheadIn = row.isCompared ? Math.max(row.aheadIn, aheadIn) : aheadIn
    row.isCompared = true
    book.touch(row)
    book.touch(other)
  }
  /** nettop counts from its own start: of a flow that it found open, what was told before goes before. */
  const goOnFrom = (row: FlowRow, before: GivenFlow): void => {
    if (!row.hasOwnBeginning) {
      row.aheadOut = -before.baseOut
      row.aheadIn = -before.baseIn
      return
    }
    if (row.isCompared) {
      row.isCompared = false
      row.aheadOut -= before.baseOut
      row.aheadIn -= before.baseIn
      return
    }
    // Told for the first time, by a nettop that began after the other had ended; else nobody knows.
    const isFirst = row.lastNs === row.firstNs && row.lastNs === nowNs()
    row.aheadOut = isFirst ? before.out : 0
    row.aheadIn = isFirst ? before.in : 0
  }

  /** It is nobody's any more: closed as it was last seen. */
  const closeLost = (row: FlowRow): void => {
    if (row.given === undefined) return
    tell(row, row.given, { state: FlowState.closed, flags: FlowFlag.inexact })
    endGiven(row, row.given)
  }
  const endGiven = (row: FlowRow, given: GivenFlow): void => {
    const ended = inAll(given)
    row.given = undefined
    putEnd(row, ended, row.lastNs)
    // Who told it first may be heard of again long after.
    if (ended.id !== row.id) keepEnd(ended.id, ended)
    // Another may tell of it when this row is forgotten.
    for (const other of book.sameFlow.ofWhichLikest(row, ({ given }) => given === undefined))
      putEnd(other, ended, row.lastNs)
  }

  /** As it ended, `base` in all; of one with its own beginning it is what it has now. */
  const putEnd = (row: FlowRow, ended: GivenFlow, endedNs: bigint): void => {
    const { baseOut, baseIn } = ended
    row.ended = row.hasOwnBeginning
      ? { ...ended, out: row.out, in: row.in }
      : { ...ended, out: baseOut, in: baseIn }
    row.endedNs = endedNs
    row.isCompared = false
    book.touch(row)
  }

  /** What another source or an engine before this one told the end of. */
  const findEnd = (row: FlowRow): void => {
    if (row.ended !== undefined) return
    const other = book.sameFlow.find(row, 'ended')
    const before = endedBefore.get(`${row.id}`)
    if (other?.ended !== undefined) putEnd(row, other.ended, other.endedNs)
    else if (before !== undefined && before.epoch >= row.epoch)
      putEnd(row, { ...before, id: BigInt(before.id) }, 0n)
  }
  /** Whether it ended for the engine with what it has now. */
  const hasNothingNew = (row: FlowRow): boolean => {
    sockets.settle(row)
    const { ended, endedNs, elsewhereOut, elsewhereIn } = row
    if (ended !== undefined && book.witness.isSpent(row)) return true
    if (ended === undefined && elsewhereOut + elsewhereIn === 0) return false
    if (ended !== undefined && row.hasOwnBeginning && row.lastNs <= endedNs + LATE_NS) {
      Object.assign(ended, { out: row.out, in: row.in })
      book.touch(row)
    }
    return row.out <= (ended?.out ?? 0) + elsewhereOut && row.in <= (ended?.in ?? 0) + elsewhereIn
  }
  const markTold = (row: FlowRow): void => {
    if (row.given !== undefined && !unseen.has(row)) endGiven(row, row.given)
  }
  const tellSeen = (): void => {
    for (const [row, untilNs] of [...unseen]) {
      const { given } = row
      const isOver = nowNs() >= untilNs
      if (given === undefined) unseen.delete(row)
      else if (isOver || !book.witness.isSpent(row)) {
        tell(row, given)
        book.touch(row)
        if (!row.isOpen) markTold(row)
      }
    }
  }

  return {
    sockets,
    tell,
    tellString,
    give,
    takeFrom,
    letPass,
    succeed,
    closeLost,
    markTold,
    tellSeen,
    findEnd,
    compare,
    hasNothingNew,
    expire(beforeNs, isKept) {
      for (const { id, ended } of book.expire(beforeNs, isKept)) {
        if (ended !== undefined && ended.id !== id) keepEnd(id, ended)
      }
    },
    ended(isWhole) {
      const ended = isWhole ? endedBefore : newlyEnded
      newlyEnded = new Map()
      return [...ended.values()]
    },
  }
}

/** As it ended: all that it had is behind it. */
function inAll<Flow extends Omit<GivenFlow, 'id'>>(flow: Flow): Flow {
  const baseOut = flow.baseOut + flow.out
  const baseIn = flow.baseIn + flow.in
  return { ...flow, out: 0, in: 0, baseOut, baseIn }
}

/** Who has no name for the image says whose it is by the pid; it was named before. */
function nameOwner(view: DataView, given: GivenFlow): void {
  const pid = view.getUint32(FLOW_AT.pid, true)
  const pidversion = view.getUint32(FLOW_AT.pidversion, true)
  if (pidversion === 0 && pid === given.pid)
    view.setUint32(FLOW_AT.pidversion, given.pidversion, true)
  else if (pidversion !== 0) Object.assign(given, { pid, pidversion })
}

function putCount(view: DataView, at: number, count: number): void {
  view.setUint32(at, count % TWO_32, true)
  view.setUint32(at + 4, Math.floor(count / TWO_32), true)
}
