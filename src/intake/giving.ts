// How a flow is handed on to the engine: under the id that it was first told by, with counters that only rise,
// whichever of its rows is told.
import { FLOW_AT, FlowFlag, FlowState, GONE_AT } from '../records/record.gen.ts'
import { type FlowBook, type FlowRow, type GivenFlow, isUdp } from './flow-book.ts'
import { type Alias, createKnown, type Kept } from './known.ts'
import { createSockets, type Elsewhere, type Sockets } from './sockets.ts'

const TWO_32 = 4_294_967_296
const ENDED_KEPT_MAX = 4096
/** A source may tell of a flow's last moment after another did. */
const LATE_NS = 2_000_000_000n
const NEW = { out: 0, in: 0, baseOut: 0, baseIn: 0, pid: 0, pidversion: 0 }

/** `at`: the id that its source has for it, where the engine knows it by another. */
type Ended = Kept & { at?: string }
/** What has to outlive this process, as JSON can hold it; of this boot alone. */
export type BeliefMemory = {
  /** All that is open but TCP within the machine, of which it holds only what has another id or counters in the engine. */
  given: Alias[]
  /** Flows that ended for the engine a moment ago, of which a source may yet tell. */
  ended: Ended[]
  /** Of UDP sockets without a peer. */
  elsewhere: Elsewhere[]
}

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
  /** It is nobody's any more: closed as it was last seen. */
  closeLost(row: FlowRow): void
  /** It was told as closed, or the engine closes it itself. */
  markTold(row: FlowRow): void
  /** Of one with its own beginning, how far the engine is ahead of it. */
  compare(row: FlowRow): void
  /** Looks whether another source told its end, or an engine before this one. */
  findEnd(row: FlowRow): void
  /** Whether it ended for the engine with what it has now. */
  hasNothingNew(row: FlowRow): boolean
  memory(): BeliefMemory
  /** The source has named all that it has: who tells of one of these now tells of another flow. */
  named(source: number): void
  /** Forgets closed rows that were last told before; of one flow under two ids it keeps that it ended. */
  expire(beforeNs: bigint, isKept: (row: FlowRow) => boolean): void
  /** The source tells nothing any more: what others tell of its sockets waits for it no longer. */
  gone(source: number): void
}

/** `emit` takes records, whole. */
export function createGiving(
  book: FlowBook,
  emit: (record: Uint8Array) => void,
  before: BeliefMemory | undefined,
  nowNs: () => bigint,
): Giving {
  const known = createKnown(before?.given ?? [])
  const endedBefore = new Map(before?.ended.map(({ at, ...flow }) => [at ?? flow.id, flow]) ?? [])
  const keepEnd = (id: string, flow: Kept): void => {
    endedBefore.delete(id)
    endedBefore.set(id, flow)
    if (endedBefore.size > ENDED_KEPT_MAX)
      endedBefore.delete(endedBefore.keys().next().value as string)
  }
  const { forget } = known
  const sockets = createSockets(book, before?.elsewhere ?? [], known, nowNs)
  const isOwn = (row: FlowRow, { source, id, epoch }: Alias): boolean =>
    source === row.source && id === `${row.id}` && epoch === row.epoch
  /** As what an engine before this one was given it, by whichever source. */
  const takeKnown = (row: FlowRow): Alias | undefined => {
    const found = known.own(row) ?? known.ofOther(row)
    if (found === undefined) return undefined
    forget(found)
    return found.source === row.source && !isOwn(row, found) ? undefined : found
  }
  /** Nobody goes on with it: closed as it was last seen, if this process has seen it. */
  const endKnown = (alias: Alias): void => {
    const row = book.find(alias.source, BigInt(alias.id), alias.epoch)
    forget(alias)
    if (row === undefined) keepEnd(alias.id, inAll(alias.given))
    else if (row.given === undefined) {
      goOnAs(row, alias)
      closeLost(row)
    }
  }
  const goOnAs = (row: FlowRow, alias: Alias): void => {
    const given = { ...alias.given, id: BigInt(alias.given.id) }
    row.given = given
    if (isOwn(row, alias)) {
      row.aheadOut = alias.aheadOut
      row.aheadIn = alias.aheadIn
      row.toldOut += given.out
      row.toldIn += given.in
    } else goOnFrom(row, given)
  }

  /** The flow's record, as the engine knows it. */
  const tell = (
    row: FlowRow,
    given: GivenFlow,
    change: { state?: number; flags?: number } = {},
  ) => {
    const { out, in: bytesIn } = given
    given.out = Math.max(out, row.out + row.aheadOut)
    given.in = Math.max(bytesIn, row.in + row.aheadIn)
    sockets.told(row, given.out - out, given.in - bytesIn)
    const record = new Uint8Array(row.last)
    const view = new DataView(record.buffer)
    view.setBigUint64(FLOW_AT.flowId, given.id, true)
    view.setUint32(FLOW_AT.epoch, given.epoch, true)
    putCount(view, FLOW_AT.bytesOut, given.out)
    putCount(view, FLOW_AT.bytesIn, given.in)
    nameOwner(view, given)
    if (change.state !== undefined) view.setUint8(FLOW_AT.state, change.state)
    if (change.flags)
      view.setUint32(FLOW_AT.flags, view.getUint32(FLOW_AT.flags, true) | change.flags, true)
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
    const other = book.sameFlow(row, ({ given, isOpen }) => given !== undefined && isOpen)
    if (other !== undefined) {
      takeFrom(other, row)
      return
    }
    row.coveredBy = undefined
    for (const one of row.isSocket ? book.ofSocket(row) : book.sockets(row)) {
      if (one.source === row.source) continue
      closeLost(one)
      if (row.isSocket) one.coveredBy = row
    }
    const alias = takeKnown(row)
    if (alias !== undefined) goOnAs(row, alias)
    else beginWith(row)
    if (row.given !== undefined) tellFirst(row, row.given)
  }
  const beginWith = (row: FlowRow): void => {
    const { id, epoch, ended } = row
    const told = sockets.claim(row)
    // It was closed and goes on: what it had then is counted.
    row.given = ended ? { ...ended, epoch: ended.epoch + 1, out: 0, in: 0 } : { ...NEW, id, epoch }
    row.given.baseOut += told.out
    row.given.baseIn += told.in
    row.aheadOut = -(ended?.out ?? 0) - told.out
    row.aheadIn = -(ended?.in ?? 0) - told.in
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
    tellFirst(by, by.given)
  }

  /** The other may have told more since: of all that was seen the least is ahead. */
  const compare = (row: FlowRow): void => {
    if (!row.hasOwnBeginning || row.given !== undefined) return
    const other =
      book.sameFlow(row, ({ given }) => given !== undefined) ??
      book.sameFlow(row, ({ hasOwnBeginning }) => !hasOwnBeginning)
    if (other === undefined) return
    const { given } = other
    const aheadOut = (given ? given.out + given.baseOut : other.out) - row.out
    const aheadIn = (given ? given.in + given.baseIn : other.in) - row.in
    row.aheadOut = row.isCompared ? Math.max(row.aheadOut, aheadOut) : aheadOut
    row.aheadIn = row.isCompared ? Math.max(row.aheadIn, aheadIn) : aheadIn
    row.isCompared = true
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
    if (ended.id !== row.id) keepEnd(`${ended.id}`, kept(ended))
    // Another may tell of it when this row is forgotten.
    book.sameFlow(row, (other) => {
      const nearest = book.sameFlow(other, ({ source }) => source === row.source)
      if (other.given === undefined && nearest === row) putEnd(other, ended, row.lastNs)
      return false
    })
  }

  /** What another source or an engine before this one told the end of. */
  const findEnd = (row: FlowRow): void => {
    if (row.ended !== undefined) return
    const other = book.sameFlow(row, ({ ended }) => ended !== undefined)
    const before = endedBefore.get(`${row.id}`)
    if (other?.ended !== undefined) putEnd(row, other.ended, other.endedNs)
    else if (before !== undefined && before.epoch >= row.epoch)
      putEnd(row, { ...before, id: BigInt(before.id) }, 0n)
  }
  /** Whether it ended for the engine with what it has now. */
  const hasNothingNew = (row: FlowRow): boolean => {
    sockets.settle(row)
    const { ended, endedNs, elsewhereOut, elsewhereIn } = row
    if (ended === undefined && elsewhereOut + elsewhereIn === 0) return false
    if (ended !== undefined && row.hasOwnBeginning && row.lastNs <= endedNs + LATE_NS)
      Object.assign(ended, { out: row.out, in: row.in })
    return row.out <= (ended?.out ?? 0) + elsewhereOut && row.in <= (ended?.in ?? 0) + elsewhereIn
  }
  const markTold = (row: FlowRow): void => {
    if (row.given !== undefined) endGiven(row, row.given)
  }

  return {
    sockets,
    tell,
    tellString,
    give,
    takeFrom,
    closeLost,
    markTold,
    findEnd,
    compare,
    hasNothingNew,
    named(source) {
      for (const alias of known.all()) if (alias.source === source) endKnown(alias)
      sockets.named(source)
    },
    expire(beforeNs, isKept) {
      for (const { id, ended } of book.expire(beforeNs, isKept)) {
        if (ended !== undefined && ended.id !== id) keepEnd(`${id}`, kept(ended))
      }
    },
    gone(source) {
      for (const alias of known.all())
        if (alias.source === source && alias.isOfSocket) endKnown(alias)
    },
    memory() {
      const given = known.all()
      const ended = new Map(endedBefore)
      for (const row of book.rows()) {
        if (row.ended !== undefined)
          for (const at of [row.ended.id, row.id])
            ended.set(`${at}`, kept({ ...row.ended, out: 0, in: 0 }))
        if (row.given === undefined) continue
        const { source, id, epoch, aheadOut, aheadIn, peer, localPort, pid, makerPid, isSocket } =
          row
        const hasEnds = isSocket || (!row.isLoopback && !isUdp(row))
        if (hasEnds || isUdp(row) || row.given.id !== id || aheadOut !== 0 || aheadIn !== 0)
          given.push({
            ...{ source, id: `${id}`, epoch, given: kept(row.given), aheadOut, aheadIn },
            ...(hasEnds ? { ends: { peer, localPort, pid, makerPid } } : {}),
            ...(isSocket ? { isOfSocket: true } : {}),
          })
      }
      return {
        given,
        ended: [...ended]
          .slice(-ENDED_KEPT_MAX)
          .map(([at, flow]) => (at === flow.id ? flow : { ...flow, at })),
        elsewhere: sockets.memory(),
      }
    },
  }
}

const kept = (flow: GivenFlow): Kept => ({ ...flow, id: `${flow.id}` })

/** As it ended: all that it had is behind it. */
function inAll<Flow extends Omit<GivenFlow, 'id'>>(flow: Flow): Flow {
  const baseOut = flow.baseOut + flow.out
  const baseIn = flow.baseIn + flow.in
  return { ...flow, out: 0, in: 0, baseOut, baseIn }
}

/** As it ended, `base` in all; of one with its own beginning it is what it has now. */
function putEnd(row: FlowRow, ended: GivenFlow, endedNs: bigint): void {
  const { baseOut, baseIn } = ended
  row.ended = row.hasOwnBeginning
    ? { ...ended, out: row.out, in: row.in }
    : { ...ended, out: baseOut, in: baseIn }
  row.endedNs = endedNs
  row.isCompared = false
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
