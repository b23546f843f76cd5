// One source of flows at a time is believed on a Mac; the others are watched. What is handed on to the engine is each
// flow once, under one id and with counters that only rise, whichever source tells it:
//   - A flow that was told by one source and is told by the one that is believed from now on goes on under its first
//     id, from the counters that it had. So no byte is counted twice.
//   - A flow that began before the believed source did, which that one can never tell (a filter sees what begins after
//     it), stays with the source that had it. So none is lost.
//   - What the former source told and nobody tells any more is closed as it was last seen, inexact.
//
// All sources count a flow from its beginning but nettop, which counts from its own: a flow that it finds open goes on
// from what was told before.
//
// The engine closes what an enumeration of a source does not name: so the end of an enumeration is handed on only of
// the believed source, and not before the others have told what stays theirs.
import { isReadable } from '../records/layouts.ts'
import {
  Gap,
  GONE_AT,
  MARK_AT,
  Mark,
  type MarkRecord,
  RecordType,
  readMark,
  Source,
  writeMark,
} from '../records/record.gen.ts'
import {
  type Choice,
  chooseSources,
  type MacSource,
  macSourceOf,
  type Said,
  SOURCE_CODE,
} from '../sources/choice.ts'
import { type Change, createChanges } from './changes.ts'
import { createFlowBook, type FlowRow, noteMaker } from './flow-book.ts'
import { type BeliefMemory, createGiving } from './giving.ts'
import { hasMacSource } from './of-mac.ts'
import { createPassing } from './passing.ts'
import { createFilterSilence, hasNettopHeard, LATE_NS, QUIET_NS } from './silence.ts'

const OF_FLOWS = new Set<number>([
  SOURCE_CODE.filter,
  SOURCE_CODE.network_statistics,
  SOURCE_CODE.nettop,
])
/** Sources tell of a flow's beginning at different times: NetworkStatistics and nettop once a second. */
const FIRST_WITHIN_NS = 2_000_000_000n
/** A closed flow is remembered for so long: sources tell of one at different times. */
const CLOSED_NS = 120_000_000_000n
/** How long the end of an enumeration waits for other sources to name what stays theirs. */
const OTHERS_WITHIN_NS = 10_000_000_000n

export type Belief = {
  /**
   * Whole records in, whole records out: the same bytes where no source of a Mac's flows is among them or was before.
   */
  take(records: Uint8Array): Uint8Array
  choice(): Choice
  /** Changes of the sources of programs and of flows that are believed, since the last call. */
  takeChanges(): Change[]
  /** What is to be given to the next `createBelief` of the same boot; undefined where no flow of a Mac was told. */
  memory(): BeliefMemory | undefined
  /** Rows that found no room: their flows may be counted anew by another source. */
  forgotten(): number
}

type State = {
  said: Said
  /** When it began to work, since boot; undefined while it does not. */
  sinceNs: bigint | undefined
  hasEnumerated: boolean
  lastFlowNs: bigint
  /** Of a flow, since it began to work. */
  hasTold: boolean
}

export function createBelief(options: {
  allowed?: ReadonlySet<MacSource> | undefined
  memory?: BeliefMemory | undefined
  rowsMax?: number
}): Belief {
  const book = createFlowBook(options.rowsMax)
  const states = new Map<MacSource, State>()
  const giving = createGiving(
    book,
    (record) => out.push(record),
    options.memory,
    () => nowNs,
  )
  const { give, takeFrom, closeLost, markTold, sockets } = giving
  let choice = chooseSources(new Map(), options)
  const silence = createFilterSilence(book)
  let isSilent = false
  /** NetworkStatistics has told of no flow since it began, and nettop of some. */
  let isQuiet = false
  let isActive = false
  let nowNs = 0n
  let looksAtNs = 0n
  /** The end of the believed source's enumeration, which waits for others. */
  let owed: { mark: Uint8Array; untilNs: bigint } | undefined
  let lastMark: MarkRecord | undefined
  const changes = createChanges()
  let out: Uint8Array[] = []

  const stateOf = (name: MacSource): State => {
    const state = states.get(name) ?? {
      said: { capabilities: 0, gaps: 0 },
      sinceNs: undefined,
      hasEnumerated: false,
      lastFlowNs: 0n,
      hasTold: false,
    }
    states.set(name, state)
    return state
  }
  const believed = (): number => (choice.flows === 'none' ? 0 : SOURCE_CODE[choice.flows])
  const isWorking = (source: number): boolean => {
    const name = macSourceOf(source)
    return name !== undefined && states.get(name)?.sinceNs !== undefined
  }

  /** Whether the believed source can never tell it, and this one has it. */
  const staysWith = (row: FlowRow): boolean => {
    const chosen = choice.flows
    if (chosen !== 'filter' || row.source === Source.filter || !isWorking(row.source)) return false
    if (sockets.isBesideGiven(row)) return true
    const { sinceNs, hasEnumerated } = stateOf('filter')
    return (
      hasEnumerated &&
      sinceNs !== undefined &&
      (row.isFoundOpen || row.firstNs < sinceNs + FIRST_WITHIN_NS) &&
      !row.isLoopback
    )
  }

  const passing = createPassing(book, giving, { believed, isWorking, staysWith })
  const { isTold, isUntold, hasNews, giveStaying, closeOrphans } = passing

  const onFlow = (record: Uint8Array): void => {
    const { row, former, isNew } = book.take(record)
    const state = stateOf(macSourceOf(row.source) as MacSource)
    const others = [...states.values()].filter(({ lastFlowNs }) => lastFlowNs > 0n)
    if (isNew)
      sockets.meet(
        row,
        others.some((one) => one !== state),
      )
    state.lastFlowNs = row.lastNs
    state.hasTold = true
    if (former?.given !== undefined && former.given.id !== row.id && former.isOpen)
      closeLost(former)
    // What it goes on to tell of an old one says nothing of those that it was not told of.
    if (row.source === Source.filter && isSilent && isNew && !row.isLoopback) setSilent(false)
    if (row.source === Source.networkStatistics && isQuiet) setQuiet(false)
    if (row.given !== undefined) {
      giving.tell(row, row.given)
      if (!row.isOpen) markTold(row)
      return
    }
    consider(row)
    giving.compare(row)
  }
  const consider = (row: FlowRow): void => {
    if (!hasNews(row)) return
    if (row.source === believed() || (staysWith(row) && !isTold(row))) {
      give(row)
      if (!row.isOpen) markTold(row)
    }
  }
  const onString = (record: Uint8Array, source: number): void => {
    const view = new DataView(record.buffer, record.byteOffset, record.byteLength)
    const id = view.getBigUint64(GONE_AT.flowId, true)
    const epoch = view.getUint32(GONE_AT.epoch, true)
    const row = book.find(source, id, epoch)
    if (row !== undefined) noteMaker(row, record)
    if (row?.given !== undefined) giving.tellString(record, row.given)
    else if (row !== undefined) {
      if (row.strings.length < 4) row.strings.push(new Uint8Array(record))
    } else book.keepString(source, id, epoch, new Uint8Array(record))
  }

  const onMark = (record: Uint8Array): void => {
    const mark = readMark(new DataView(record.buffer, record.byteOffset, record.byteLength), 0)
    const name = isReadable(mark.layout) ? macSourceOf(mark.source) : undefined
    if (name === undefined) {
      out.push(record)
      return
    }
    lastMark = mark
    const state = stateOf(name)
    const isStop = mark.kind === Mark.stop
    state.said = isStop
      ? { capabilities: 0, gaps: 0 }
      : { capabilities: mark.capabilities, gaps: mark.gaps }
    if (mark.kind === Mark.start) {
      state.hasEnumerated = false
      for (const row of book.rows()) if (row.source === mark.source) row.isNamed = false
    }
    const worked = state.sinceNs !== undefined
    const works = !isStop && mark.capabilities !== 0
    if (works && !worked) state.sinceNs = mark.atNs
    if (!works) {
      state.sinceNs = undefined
      if (!isStop) changes.failed(name)
      if (worked && mark.source !== believed()) passing.handOver(mark.source)
      giving.gone(mark.source)
      if (name === 'filter') isSilent = false
      if (name === 'network_statistics') {
        isQuiet = false
        state.hasTold = false
      }
    }
    if (!OF_FLOWS.has(mark.source)) {
      out.push(record)
      chooseAnew(isStop)
      return
    }
    isActive = true
    if (mark.kind !== Mark.enumerated || !works) {
      out.push(noted(record, mark))
      chooseAnew(isStop)
      return
    }
    state.hasEnumerated = true
    chooseAnew()
    for (const row of book.rows())
      if (row.source === mark.source && !row.isNamed && row.isOpen) {
        // While it is open: what is over is not the same as what began later.
        const other = book.sameFlow(row, ({ isOpen, source: of }) => isOpen && isWorking(of))
        if (other !== undefined && row.given !== undefined) takeFrom(row, other)
        row.isOpen = false
        row.isLost = true
        // The engine closes those of the believed source itself.
        if (row.source !== believed()) closeLost(row)
        else markTold(row)
      }
    if (mark.source === believed()) owed = { mark: record, untilNs: nowNs + OTHERS_WITHIN_NS }
    payOwed()
    if (owed !== undefined) return
    giveStaying()
    giving.named(mark.source)
  }

  /** What a source does not know itself: that it is silent. */
  const silenceGap = (source: number): number => {
    if (source === Source.filter) return isSilent ? Gap.filterSilent : 0
    return source === Source.networkStatistics && isQuiet ? Gap.networkStatistics : 0
  }
  const noted = (record: Uint8Array, mark: MarkRecord): Uint8Array => {
    const gap = silenceGap(mark.source)
    if (gap === 0) return record
    const copy = new Uint8Array(record)
    new DataView(copy.buffer).setUint32(MARK_AT.gaps, mark.gaps | gap, true)
    return copy
  }

  const payOwed = (): void => {
    if (owed === undefined) return
    const others = [...states].filter(
      ([name, { sinceNs }]) =>
        OF_FLOWS.has(SOURCE_CODE[name]) &&
        SOURCE_CODE[name] !== believed() &&
        sinceNs !== undefined,
    )
    const isWhole = others.every(([, { hasEnumerated }]) => hasEnumerated)
    if (!isWhole && nowNs < owed.untilNs) return
    giveStaying()
    for (const [name, { hasEnumerated }] of states)
      if (hasEnumerated) giving.named(SOURCE_CODE[name])
    closeOrphans()
    out.push(owed.mark)
    owed = undefined
  }

  const setSilent = (next: boolean): void => {
    isSilent = next
    chooseAnew()
    sayGaps('filter')
  }
  const setQuiet = (next: boolean): void => {
    isQuiet = next
    chooseAnew()
    sayGaps('network_statistics')
  }
  /** What it lacks now; and begins nothing. */
  const sayGaps = (name: MacSource): void => {
    if (lastMark === undefined) return
    const source = SOURCE_CODE[name]
    const gaps = stateOf(name).said.gaps | silenceGap(source)
    out.push(writeMark({ ...lastMark, source, kind: Mark.clock, gaps, note: '' }))
  }

  /** `isStop`: one stopped in good order, as all do when sense ends: no news of who sees less. */
  const chooseAnew = (isStop = false): void => {
    const heard = new Map([...states].map(([name, { said }]) => [name, said]))
    if (isQuiet) heard.set('network_statistics', { capabilities: 0, gaps: Gap.networkStatistics })
    const before = choice
    choice = chooseSources(heard, { ...options, isFilterSilent: isSilent })
    if (!isStop) changes.note(choice, nowNs)
    if (choice.flows === before.flows) return
    // With nobody to believe, what the former told goes on as it was. Another may take a second to begin.
    if (choice.flows === 'none') return
    const sinceNs =
      before.flows === 'none'
        ? 0n
        : isSilent
          ? (stateOf('filter').sinceNs ?? 0n)
          : stateOf(before.flows).lastFlowNs
    for (const row of [...book.rows()]) {
      if (row.source !== believed() || row.given !== undefined) continue
      // It may be over by now: then the enumeration does not name it.
      if (row.isOpen && !row.isNamed) continue
      if (!hasNews(row)) continue
      if (row.isOpen) give(row)
      else if (row.ended === undefined && row.firstNs >= sinceNs && isUntold(row)) {
        give(row)
        markTold(row)
      }
    }
    if (stateOf(choice.flows).hasEnumerated) closeOrphans()
  }
  const look = (): void => {
    payOwed()
    for (const row of sockets.takeUnsure()) consider(row)
    if (nowNs < looksAtNs) return
    looksAtNs = nowNs + LATE_NS / 2n
    changes.note(choice, nowNs)
    if (silence.look(isSilent ? undefined : states.get('filter')?.sinceNs, nowNs)) setSilent(true)
    const statistics = states.get('network_statistics')
    // nettop does not run then: of what it was before sense was started anew nothing is waited for.
    if (statistics?.sinceNs !== undefined && !isQuiet && !isWorking(Source.nettop))
      giving.gone(Source.nettop)
    if (
      !isQuiet &&
      statistics?.sinceNs !== undefined &&
      !statistics.hasTold &&
      nowNs >= statistics.sinceNs + QUIET_NS &&
      hasNettopHeard(book, nowNs)
    )
      setQuiet(true)
    passing.takeOverBehind(nowNs)
    // While nobody is believed, what an engine before this one had not kept waits to be given.
    if (nowNs > CLOSED_NS && choice.flows !== 'none')
      giving.expire(nowNs - CLOSED_NS, silence.counts)
  }

  // Of who may not be believed nothing is waited for.
  for (const source of OF_FLOWS) {
    const name = macSourceOf(source)
    if (name && options.allowed && !options.allowed.has(name)) giving.gone(source)
  }

  return {
    take(records) {
      if (!isActive && !hasMacSource(records)) return records
      const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
      out = []
      for (let at = 0; at < records.length; ) {
        const size = view.getUint32(at, true)
        const type = view.getUint16(at + 4, true)
        const source = view.getUint8(at + 6)
        const record = records.subarray(at, at + size)
        const atNs = view.getBigUint64(at + 8, true)
        if (atNs > nowNs) nowNs = atNs
        if (type === RecordType.mark) onMark(record)
        else if (!OF_FLOWS.has(source)) out.push(record)
        else if (type === RecordType.flow) onFlow(record)
        else if (type === RecordType.name || type === RecordType.gone) onString(record, source)
        else out.push(record)
        if (type === RecordType.tick) look()
        at += size
      }
      return Buffer.concat(out)
    },
    choice: () => choice,
    takeChanges: changes.take,
    memory: () => (isActive ? giving.memory() : undefined),
    forgotten: book.forgotten,
  }
}
