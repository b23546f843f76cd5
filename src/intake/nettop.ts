// The flows that a nettop tells of, from its samples of all there are: a flow that is in one and not in the next has
// closed.
import { MalformedLine } from '../importers/malformed.ts'
import { Loss, Source, writeLoss } from '../records/record.gen.ts'
import { type LineTeller, UnreadableOutput } from './line-teller.ts'
import { createNettopFlows, type Moment } from './nettop-flows.ts'
import {
  columnsOf,
  isCut,
  isHeader,
  type NettopColumns,
  type NettopRow,
  parseRow,
} from './nettop-line.ts'

/** A flow that comes back within so many samples, as far as it was or further, was never gone: nettop left it out. */
const BACK_WITHIN_SAMPLES = 60
/** Lines without a header. An engine that begins in the middle of a sample meets some hundred. */
const HEADLESS_MAX = 10_000
/** Epochs are tenths of a second since boot, when the nettop was started: they rise from one to the next. */
const EPOCH_NS = 100_000_000n

/** A process's name (xnu: p_name, 2 * MAXCOMLEN), each byte of which is one character here at most. */
const NAME_CHARACTERS_MAX = 32
/** A row with all that belongs to it. */
const JOINED_MAX = 1_024

export type NettopParts = {
  add: (record: Uint8Array) => void
  /** All flows that there are have been told. */
  onEnumerated: (atNs: bigint) => void
  flowsMax?: number
}

/** The lines of one nettop after another. */
export function createNettopLines({ add, onEnumerated, flowsMax }: NettopParts): LineTeller {
  const flows = createNettopFlows(add, flowsMax)
  const moment: Moment = {
    sample: 0,
    atNs: 0n,
    pid: 0,
    name: '',
    epoch: 0,
    isFirstOfRun: true,
    isDamaged: true,
    isAfterDamage: true,
  }
  let columns: NettopColumns | undefined
  let header = ''
  let headless = 0
  let isEpochKnown = false
  let headersOfRun = 0
  /** Each of its rows was understood. */
  let isRead = true
  /**
   * How each row begins, whichever its digits: as the first below a header does. What begins otherwise goes on with the
   * name of a process. undefined: not known.
   */
  let beginning: string | undefined
  let isBelowHeader = false
  /** The last row, as far as it has come; '': not known. */
  let last = ''
  /** That row is no whole one, unless it goes on. */
  let cut: MalformedLine | undefined
  /**
   * That row is a whole one, and short enough to be the first line of a name, which may hold a newline: whether it is one
   * the next line shows.
   */
  let held: { text: string; cameNs: bigint } | undefined
  let pids = new Set<number>()
  /** Rows that found no room, in this sample and in the one that had most. */
  let refused = 0
  let refusedMost = 0

  const countLoss = (): void =>
    add(writeLoss({ source: Source.nettop, atNs: moment.atNs, count: 1n, what: Loss.malformed }))
  /** The last row is over, and was none. */
  const takeCut = (): MalformedLine | undefined => {
    const owed = cut
    cut = undefined
    if (owed) isRead = false
    return owed
  }
  const forgetRow = (): void => {
    last = ''
    cut = undefined
    held = undefined
    isBelowHeader = false
  }
  const countCut = (): void => {
    if (takeCut()) countLoss()
  }

  const endSample = (): void => {
    const { atNs } = moment
    if (refused > refusedMost) {
      const count = BigInt(refused - refusedMost)
      add(writeLoss({ source: Source.nettop, atNs, count, what: Loss.tableFull }))
      refusedMost = refused
    }
    if (moment.isDamaged) return
    flows.endSample(moment, moment.sample - BACK_WITHIN_SAMPLES, isRead)
    if (moment.isFirstOfRun) onEnumerated(atNs)
    moment.isFirstOfRun = false
  }

  const beginSample = (): void => {
    endSample()
    moment.sample++
    moment.pid = 0
    moment.isAfterDamage = moment.isDamaged || !isRead
    moment.isDamaged = false
    isRead = true
    pids = new Set()
    refused = 0
  }

  const onHeader = (text: string): void => {
    if (columns === undefined) {
      columns = columnsOf(text)
      header = text
      if (columns === undefined)
        throw new UnreadableOutput('the header of its columns is not known')
    }
    release(columns)
    headersOfRun++
    headless = 0
    countCut()
    last = ''
    isBelowHeader = true
    beginSample()
  }

  /** One nettop has one header. What else looks like one stands in the name of a process, which may hold a newline. */
  const isHeaderOfRun = (text: string): boolean =>
    columns === undefined ? isHeader(text) : text === header

  const onRow = (text: string, known: NettopColumns): void => {
    const begins = beginningOf(text)
    if (isBelowHeader && begins !== '') beginning = begins
    isBelowHeader = false
    if (beginning !== undefined && begins !== beginning) {
      goOn(text, known)
      return
    }
    release(known)
    const owed = takeCut()
    last = text
    try {
      if (mayGoOn(text, begins, known)) held = { text, cameNs: moment.atNs }
      else take(text, known, true)
    } catch (error) {
      if (owed) countLoss()
      throw error
    }
    if (owed) throw owed
  }
  const mayGoOn = (text: string, begins: string, known: NettopColumns): boolean =>
    beginning !== undefined &&
    !isCut(text, known) &&
    text.length - begins.length - 1 <= NAME_CHARACTERS_MAX

  /** Another row begins, or nothing more comes, so the one that was held is what it looked like. */
  const release = (known: NettopColumns): void => {
    if (held === undefined) return
    const { text, cameNs } = held
    held = undefined
    const nowNs = moment.atNs
    moment.atNs = cameNs
    try {
      take(text, known, false)
    } catch (error) {
      if (!(error instanceof MalformedLine)) throw error
      countLoss()
    }
    moment.atNs = nowNs
  }

  /** Whatever it looks like, it is of a process: of the row above, which ended in the middle of a name. */
  const goOn = (text: string, known: NettopColumns): void => {
    cut = undefined
    held = undefined
    last = last === '' || last.length + text.length > JOINED_MAX ? '' : `${last}\n${text}`
    if (last !== '' && !isCut(last, known)) held = { text: last, cameNs: moment.atNs }
    else take(last, known, false)
  }

  /** `mayGoOn`: what is cut is not counted before the next line is known. Of a name in many lines one or more are. */
  const take = (text: string, known: NettopColumns, mayGoOn: boolean): void => {
    try {
      tell(parseRow(text, known), text)
    } catch (error) {
      if (!(error instanceof MalformedLine)) throw error
      // Whose the flows below are is no more certain.
      moment.pid = 0
      if (!mayGoOn || beginning === undefined || !isCut(text, known)) {
        isRead = false
        throw error
      }
      cut = error
    }
  }

  const tell = (row: NettopRow, text: string): void => {
    if (row.kind === 'process') {
      // One that prints its header once tells a process once a sample.
      if (headersOfRun < 2 && pids.has(row.pid)) beginSample()
      pids.add(row.pid)
      moment.pid = row.pid
      moment.name = row.name
      return
    }
    if (text.includes('\n')) throw new MalformedLine('a flow in two lines')
    if (row.state === 'Listen') return
    if (!isEpochKnown) moment.epoch = Number(moment.atNs / EPOCH_NS)
    isEpochKnown = true
    if (!flows.see(row, moment)) refused++
  }

  return {
    line(text, cameNs) {
      moment.atNs = cameNs
      if (isHeaderOfRun(text)) onHeader(text)
      else if (columns !== undefined) onRow(text, columns)
      else if (++headless > HEADLESS_MAX) throw new UnreadableOutput('it prints no header')
    },
    begin(atNs) {
      // What the one before was in the middle of says nothing of what is not in it.
      moment.isDamaged = true
      forgetRow()
      beginning = undefined
      columns = undefined
      headless = 0
      headersOfRun = 0
      moment.pid = 0
      moment.isFirstOfRun = true
      const epoch = Number(atNs / EPOCH_NS)
      // Told anew of the nettop that it reads already, as an engine is that comes after another.
      if (isEpochKnown && epoch === moment.epoch) flows.tellAgain()
      else flows.beginRun()
      moment.epoch = epoch
      isEpochKnown = true
    },
    end() {
      if (columns !== undefined) release(columns)
    },
    lost() {
      moment.isDamaged = true
      moment.pid = 0
      forgetRow()
    },
  }
}

/**
 * What stands in its first column, its digits as zeros; nothing else has a comma there. How many digits there are says that
 * it is no name: nettop's time has 15 characters (20:28:33.450194), so behind a row, of 20 or more, a name has no room for it.
 */
function beginningOf(text: string): string {
  const at = text.indexOf(',')
  return at < 0 ? '' : text.slice(0, at).replace(/[0-9]/g, '0')
}
