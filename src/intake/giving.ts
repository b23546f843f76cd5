// How a flow is handed on to the engine: under the id that it was first told by, with counters that only rise,
// whichever of its rows is told.
import { FLOW_AT, FlowFlag, FlowState, GONE_AT, Source } from '../records/record.gen.ts'
import {
  type Ends,
  type FlowBook,
  type FlowRow,
  type GivenFlow,
  haveSameEnds,
} from './flow-book.ts'
import { createSockets, type Elsewhere, type Sockets } from './sockets.ts'

const TWO_32 = 4_294_967_296
const ENDED_KEPT_MAX = 4096
const NOBODY = { pid: 0, pidversion: 0 }

type Kept = Omit<GivenFlow, 'id'> & { id: string }
/** What has to outlive this process, as JSON can hold it; of this boot alone. */
export type BeliefMemory = {
  /** Flows that have other ids, or counters, at their source than in the engine. */
  given: {
    source: number
    id: string
    epoch: number
    given: Kept
    aheadOut: number
    aheadIn: number
    /** Where another source may tell of it before this one does: what it is found by. */
    ends?: Ends
    /** Whatever another source tells of its socket. */
    isOfSocket?: boolean
  }[]
  /** Flows that ended for the engine a moment ago, of which a source may yet tell. */
  ended: Kept[]
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
  /** As what it ended for the engine, told by whichever source. */
  endOf(row: FlowRow): GivenFlow | undefined
  /** Whether it ended for the engine with what it has now. */
  hasNothingNew(row: FlowRow): boolean
  /** `withEnds`: the filter is silent, and may tell of any flow at last. */
  memory(withEnds: boolean): BeliefMemory
  /** The source has named all that it has: who tells of one of these now tells of another flow. */
  named(source: number): void
}

/** `emit` takes records, whole. */
export function createGiving(
  book: FlowBook,
  emit: (record: Uint8Array) => void,
  before: BeliefMemory | undefined,
): Giving {
  const known = new Map(before?.given.map((alias) => [`${alias.source}.${alias.id}`, alias]) ?? [])
  /** Flows that the engine has from a source that has not told them to this process yet. */
  let untold = before?.given.filter(({ ends }) => ends !== undefined) ?? []
  const toldByAnother = (row: FlowRow): (typeof untold)[number] | undefined =>
    untold.find(({ source, ends }) => source !== row.source && ends && haveSameEnds(row, ends))
  const sockets = createSockets(book, before?.elsewhere ?? [], () =>
    untold.flatMap(({ source, id, ends, isOfSocket }) =>
      isOfSocket && ends ? [{ source, id, ends }] : [],
    ),
  )
  const endedBefore = new Map(before?.ended.map((flow) => [flow.id, flow]) ?? [])

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
    for (const one of row.isPeerless ? book.ofSocket(row) : book.peerless(row)) {
      if (one.source === row.source) continue
      closeLost(one)
      if (row.isPeerless) one.coveredBy = row
    }
    const alias = known.get(`${row.source}.${row.id}`)
    const untoldOne = alias === undefined ? toldByAnother(row) : alias
    untold = untold.filter((one) => one !== untoldOne)
    if (alias === undefined && untoldOne !== undefined) {
      const { id, epoch } = untoldOne.given
      row.given = { ...untoldOne.given, id: BigInt(id), epoch }
    } else if (alias?.epoch === row.epoch) {
      const { id, epoch } = alias.given
      row.given = { ...alias.given, id: BigInt(id), epoch }
      row.aheadOut = alias.aheadOut
      row.aheadIn = alias.aheadIn
    } else if (row.ended !== undefined) {
      const told = sockets.claim(row)
      // It was closed and goes on: what it had then is counted.
      row.given = { ...row.ended, epoch: row.ended.epoch + 1, out: 0, in: 0 }
      row.aheadOut = -row.ended.out - told.out
      row.aheadIn = -row.ended.in - told.in
    } else {
      const told = sockets.claim(row)
      row.given = { ...NOBODY, id: row.id, epoch: row.epoch, out: 0, in: 0 }
      row.aheadOut = -told.out
      row.aheadIn = -told.in
    }
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
    goOnFrom(by, by.given)
    tellFirst(by, by.given)
  }

  /** nettop counts from its own start: of a flow that it found open, what was told before goes before. */
  const goOnFrom = (row: FlowRow, before: GivenFlow): void => {
    const view = new DataView(row.last.buffer)
    const isFoundOpen =
      (view.getUint32(FLOW_AT.flags, true) & FlowFlag.enumerated) !== 0 &&
      row.source === Source.nettop
    if (!isFoundOpen) return
    row.aheadOut = before.out - (row.lastNs > row.firstNs ? row.out : 0)
    row.aheadIn = before.in - (row.lastNs > row.firstNs ? row.in : 0)
  }

  /** It is nobody's any more: closed as it was last seen. */
  const closeLost = (row: FlowRow): void => {
    if (row.given === undefined) return
    tell(row, row.given, { state: FlowState.closed, flags: FlowFlag.inexact })
    endGiven(row, row.given)
  }
  const endGiven = (row: FlowRow, { out, in: bytesIn, ...given }: GivenFlow): void => {
    // Of a flow that had ended before, this epoch holds the rest.
    row.ended = {
      ...given,
      out: out + Math.max(0, -row.aheadOut),
      in: bytesIn + Math.max(0, -row.aheadIn),
    }
    row.given = undefined
  }

  /** As what it ended for the engine, told by whichever source. */
  const endOf = (row: FlowRow): GivenFlow | undefined => {
    const other = book.sameFlow(row, ({ ended }) => ended !== undefined)?.ended
    const before = endedBefore.get(`${row.id}`)
    if (other !== undefined || before === undefined) return other
    return before.epoch < row.epoch ? undefined : { ...before, id: row.id }
  }
  /** Whether it ended for the engine with what it has now. */
  const hasNothingNew = (row: FlowRow): boolean => {
    const { ended, elsewhereOut, elsewhereIn } = row
    if (ended === undefined && elsewhereOut + elsewhereIn === 0) return false
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
    endOf,
    hasNothingNew,
    named(source) {
      untold = untold.filter((one) => one.source !== source)
    },
    memory(withEnds) {
      const kept = (flow: GivenFlow): Kept => ({ ...flow, id: `${flow.id}` })
      const memory: BeliefMemory = { given: [], ended: [], elsewhere: sockets.memory() }
      for (const row of book.rows()) {
        const { source, id, epoch, given, ended, aheadOut, aheadIn } = row
        if (ended !== undefined) memory.ended.push(kept(ended))
        if (given === undefined) continue
        const { peer, localPort, pid, isPeerless } = row
        const hasEnds = isPeerless || (withEnds && source !== Source.filter && !row.isLoopback)
        if (hasEnds || given.id !== id || aheadOut !== 0 || aheadIn !== 0)
          memory.given.push({
            ...{ source, id: `${id}`, epoch, given: kept(given), aheadOut, aheadIn },
            ...(hasEnds ? { ends: { peer, localPort, pid } } : {}),
            ...(isPeerless ? { isOfSocket: true } : {}),
          })
      }
      memory.ended.splice(0, memory.ended.length - ENDED_KEPT_MAX)
      return memory
    },
  }
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
