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
  Loss,
  MARK_AT,
  Mark,
  type MarkRecord,
  RecordType,
  readMark,
  Source,
  writeLoss,
  writeMark,
} from '../records/record.gen.ts'
import {
  type Choice,
  chooseSources,
  type MacSource,
  macSourceOf,
  SOURCE_CODE,
} from '../sources/choice.ts'
import { type Change, createChanges } from './changes.ts'
import { createFlowBook } from './flow-book.ts'
import { type FlowRow, noteMaker } from './flow-row.ts'
import { createGiving } from './giving.ts'
import { type BeliefMemory, bookOf, keepCounts, keepRow, newest } from './memory.ts'
import { hasMacSource } from './of-mac.ts'
import { createPassing } from './passing.ts'
import { createFilterSilence, hasNettopHeard, LATE_NS, QUIET_NS } from './silence.ts'
import { createSourceStates, type SourceState } from './source-states.ts'
import { keepTally } from './tally.ts'

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
  /**
   * What is to be given to the next `createBelief` of the same boot, or what of it changed since the last call; undefined
   * where no flow of a Mac was told.
   */
  memory(isWhole: boolean): BeliefMemory | undefined
}

export function createBelief(options: {
  allowed?: ReadonlySet<MacSource> | undefined
  memory?: BeliefMemory | undefined
  rowsMax?: number
}): Belief {
  const { memory } = options
  const book = createFlowBook(memory && bookOf(memory), options.rowsMax)
  const states = createSourceStates(memory?.sources)
  const giving = createGiving(
    book,
    (record) => out.push(record),
    memory?.ended ?? [],
    () => nowNs,
  )
  const { give, takeFrom, closeLost, markTold, sockets } = giving
  let choice = chooseSources(new Map(), options)
  const silence = createFilterSilence(book)
  let isSilent = memory?.isFilterSilent ?? false
  /** NetworkStatistics has told of no flow since it began, and nettop of some. */
  let isQuiet = memory?.isStatisticsQuiet ?? false
  let isActive = memory !== undefined
  let nowNs = 0n
  let looksAtNs = 0n
  /** The end of the believed source's enumeration, which waits for others. */
  let owed: { mark: Uint8Array; untilNs: bigint } | undefined
  let lastMark: MarkRecord | undefined
  const changes = createChanges()
  let out: Uint8Array[] = []

  const believed = (): number => (choice.flows === 'none' ? 0 : SOURCE_CODE[choice.flows])
  const { isWorking } = states
  /** Whether the believed source can never tell it, and this one has it. */
  const staysWith = (row: FlowRow): boolean => {
    const chosen = choice.flows
    if (chosen !== 'filter' || row.source === Source.filter || !isWorking(row.source)) return false
    if (sockets.isBesideGiven(row)) return true
    const { sinceNs, hasEnumerated } = states.of('filter')
    return (
      hasEnumerated &&
      sinceNs !== undefined &&
      (row.isFoundOpen || row.firstNs < sinceNs + FIRST_WITHIN_NS) &&
      !row.isLoopback
    )
  }

  const passing = createPassing(book, giving, {
    believed,
    isWorking,
    staysWith,
    nowNs: () => nowNs,
  })
  const { isTold, isUntold, hasNews, giveStaying, closeOrphans } = passing

  /** Of what closed while a filter was away others told, and long ago nobody remembers that. */
  const wasToldWithout = (row: FlowRow): boolean => {
    const sinceNs = states.awaySinceNs('filter')
    return states.isBack('filter') || (sinceNs !== undefined && book.wasToldElsewhere(row, sinceNs))
  }
  const onFlow = (record: Uint8Array): void => {
    const { row, former, isNew } = book.take(record)
    const state = states.of(macSourceOf(row.source) as MacSource)
    const others = [...states.all()].filter(([, { lastFlowNs }]) => lastFlowNs > 0n)
    if (isNew)
      sockets.meet(
        row,
        others.some(([, one]) => one !== state),
        state.isOlder,
      )
    if (isNew && !row.isOpen && row.source === Source.filter && wasToldWithout(row))
      giving.letPass(row)
    state.lastFlowNs = row.lastNs
    state.hasTold = true
    state.isHeard = true
    if (former !== undefined) giving.succeed(former, row)
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
    if (row !== undefined && noteMaker(row, record)) book.touch(row)
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
    const state = states.said(name, mark)
    const isStop = mark.kind === Mark.stop
    if (mark.kind === Mark.start)
      for (const row of book.rows()) if (row.source === mark.source) row.isNamed = false
    const works = !isStop && mark.capabilities !== 0
    if (works) state.sinceNs ??= mark.atNs
    else {
      if (!isStop) changes.failed(name)
      ends(name, state)
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
        const other = passing.otherOf(row)
        if (other !== undefined && row.given !== undefined) takeFrom(row, other)
        row.isOpen = false
        row.isLost = true
        book.touch(row)
        // The engine closes those of the believed source itself.
        if (row.source !== believed()) closeLost(row)
        else markTold(row)
      }
    if (mark.source === believed()) owed = { mark: record, untilNs: nowNs + OTHERS_WITHIN_NS }
    payOwed()
    if (owed !== undefined) return
    giveStaying()
  }

  /** It tells nothing from here on. */
  const ends = (name: MacSource, state: SourceState): void => {
    const worked = state.sinceNs !== undefined
    if (worked) state.endedNs = nowNs
    state.sinceNs = undefined
    if (worked && SOURCE_CODE[name] !== believed()) passing.handOver(SOURCE_CODE[name])
    if (name === 'filter') isSilent = false
    if (name === 'network_statistics') {
      isQuiet = false
      state.hasTold = false
    }
  }
  const endUnheard = (): void => {
    for (const name of states.takeUnheard(nowNs)) {
      ends(name, states.of(name))
      passing.forsake(SOURCE_CODE[name])
      chooseAnew()
    }
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
    const others = [...states.all()].filter(
      ([name, { sinceNs }]) =>
        OF_FLOWS.has(SOURCE_CODE[name]) &&
        SOURCE_CODE[name] !== believed() &&
        sinceNs !== undefined,
    )
    const isWhole = others.every(([, { hasEnumerated }]) => hasEnumerated)
    if (!isWhole && nowNs < owed.untilNs) return
    giveStaying()
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
    const gaps = states.of(name).said.gaps | silenceGap(source)
    out.push(writeMark({ ...lastMark, source, kind: Mark.clock, gaps, note: '' }))
  }

  const chosen = (): Choice => {
    const heard = new Map([...states.all()].map(([name, { said }]) => [name, said]))
    if (isQuiet) heard.set('network_statistics', { capabilities: 0, gaps: Gap.networkStatistics })
    return chooseSources(heard, { ...options, isFilterSilent: isSilent })
  }
  /** `isStop`: one stopped in good order, as all do when sense ends: no news of who sees less. */
  const chooseAnew = (isStop = false): void => {
    const before = choice
    choice = chosen()
    if (!isStop) changes.note(choice, nowNs)
    if (choice.flows === before.flows) return
    // With nobody to believe, what the former told goes on as it was. Another may take a second to begin.
    if (choice.flows === 'none') return
    const sinceNs =
      before.flows === 'none'
        ? 0n
        : isSilent
          ? (states.of('filter').sinceNs ?? 0n)
          : states.of(before.flows).lastFlowNs
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
    if (states.of(choice.flows).hasEnumerated) closeOrphans()
  }
  const look = (): void => {
    endUnheard()
    giving.tellSeen()
    payOwed()
    const count = BigInt(book.takeForgotten())
    if (count > 0n)
      out.push(writeLoss({ source: believed(), atNs: nowNs, count, what: Loss.tableFull }))
    for (const row of [...sockets.takeUnsure(), ...passing.takeUnsure()])
      if (row.given === undefined) consider(row)
    if (nowNs < looksAtNs) return
    looksAtNs = nowNs + LATE_NS / 2n
    changes.note(choice, nowNs)
    const isSilentNow = silence.look(isSilent, states.of('filter').sinceNs, nowNs)
    if (isSilentNow !== isSilent) setSilent(isSilentNow)
    const statistics = states.of('network_statistics')
    if (
      !isQuiet &&
      statistics.sinceNs !== undefined &&
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

  const remember = (isWhole: boolean): BeliefMemory => {
    const { rows: touched, counted, gone, tallies: changed } = book.takeTouched()
    const rows = isWhole ? newest([...book.rows()]) : touched
    const tallies = isWhole ? new Set(rows.flatMap(({ tally }) => tally ?? [])) : changed
    return {
      rows: rows.map(keepRow),
      counted: isWhole ? [] : counted.map(keepCounts),
      gone: isWhole ? [] : gone,
      ended: giving.ended(isWhole),
      tallies: [...tallies].map(keepTally),
      sources: states.memory(),
      isFilterSilent: isSilent,
      isStatisticsQuiet: isQuiet,
    }
  }

  for (const [name, state] of states.all())
    if (options.allowed && !options.allowed.has(name)) ends(name, state)
  choice = chosen()

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
    memory: (isWhole) => (isActive ? remember(isWhole) : undefined),
  }
}
