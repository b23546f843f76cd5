// The sources of this machine, each with a ring of its own, drained in turn. Linux has one. A Mac has several: the
// system's own interfaces, which always try, and what stands in for them, which runs as src/sources/choice.ts says. One
// that cannot be opened does not keep the others from being heard.
import { Gap, Mark, RecordType, readMark, Source, writeMark } from '../records/record.gen.ts'
import { chooseSources, type MacSource, macSourceOf, type Said } from '../sources/choice.ts'
import type { Addon, NativeSource, OpenOptions, SourceKind } from './addon.ts'
import {
  ESLOGGER,
  NETTOP,
  openProgramSource,
  type ProgramSource,
  type SystemProgram,
} from './program-source.ts'
import { openTicker } from './ticker.ts'
import { createQuiet, createUnheard } from './unheard.ts'

/** What is missing without them; Linux has no other source, and sense does not run without any. */
const GAP_OF = new Map<number, number>([
  [Source.endpointSecurity, Gap.endpointSecurity],
  [Source.filter, Gap.filter],
  [Source.networkStatistics, Gap.networkStatistics],
  [Source.polling, Gap.shortLived],
])
/** Those that say that time passes. */
const TICKING: readonly string[] = ['linux', 'endpoint_security']
/** Those that run only while they stand in for another, or are at work. */
const STAND_INS: readonly MacSource[] = ['eslogger', 'polling', 'nettop']
const PROGRAMS: readonly SystemProgram[] = [ESLOGGER, NETTOP]
const NOTHING: Said = { capabilities: 0, gaps: 0 }
/** nettop prints a line a flow, all of them once a second: for each time one look. */
const LOOK_NS = 250_000_000n
/** Where a record says its source, and its time. */
const SOURCE_AT = 6
const AT_NS_AT = 8

export type SourcesOptions = Omit<OpenOptions, 'source'> & {
  /** Of a Mac's sources, those that may be opened; undefined: this platform's, all of them. */
  allowed?: ReadonlySet<MacSource> | undefined
  /** The folder of eslogger and nettop; undefined: where Apple has them, on a Mac. */
  programs?: string | undefined
  /** See ProgramSourceOptions. */
  restartMs?: number
  /** See there; undefined: where Apple has it, on a Mac. */
  terminal?: string | undefined
}

export type Sources = {
  /**
   * Copies whole records of one source into `into` (length at least RECORD_BYTES_MAX) and returns their bytes; 0
   * when all rings are empty. The next call begins with the source after it, so a busy one holds up no other.
   */
  drain(into: Uint8Array): number
  /** Tries once more to open those that could not be; one that opens says so by its own mark(start). */
  retry(): void
  /** Asks each to say everything anew. */
  enumerate(): void
  /** Bytes in all rings. */
  waitingBytes(): number
  /** Size of the largest ring. */
  ringBytes(): number
  /**
   * What the engine has to be told of sources that could not be opened: a mark(start) of each, which can do nothing
   * and says why. `mark` is any mark of another source: boot and clock are the machine's.
   */
  absences(mark: Uint8Array): Uint8Array[]
  /** Stops all; what waits in the rings can still be drained. Idempotent. */
  close(): void
}

type Open = {
  kind: SourceKind
  source: NativeSource
  /** It is to go once its ring is empty. */
  isEnding: boolean
}

/** Throws, with the first one's cause, only when no source can be opened. */
export function openSources(
  addon: Addon,
  options: SourcesOptions,
  log: (text: string) => void,
): Sources {
  const isMac = process.platform === 'darwin'
  const { allowed, programs = isMac ? '/usr/bin' : undefined } = options
  const { terminal = isMac ? '/usr/bin/script' : undefined } = options
  let open: Open[] = []
  let absent: { kind: SourceKind; error: Error }[] = []
  const heard = new Map<MacSource, Said>()
  const unheard = createUnheard()
  const quiet = createQuiet()
  let wasQuiet = false
  let eslogger: ProgramSource | undefined
  let lookedNs: bigint | undefined
  let turn = 0
  let isClosed = false

  const add = (kind: SourceKind, source: NativeSource): void => {
    open.push({ kind, source, isEnding: false })
  }
  const tryToOpen = (kind: SourceKind): void => {
    try {
      add(kind, addon.open({ ...nativeOptions(options), source: kind.name }))
    } catch (error) {
      absent.push({ kind, error: error as Error })
    }
  }
  const isAllowed = ({ name }: SourceKind): boolean =>
    allowed === undefined || allowed.has(name as MacSource)
  const isStandIn = ({ name }: SourceKind): boolean =>
    (STAND_INS as readonly string[]).includes(name)

  const natives = addon.sources.filter(isAllowed)
  const standIns = new Map<MacSource, () => void>()
  for (const kind of natives.filter(isStandIn))
    standIns.set(kind.name as MacSource, () => tryToOpen(kind))
  if (programs !== undefined)
    for (const program of PROGRAMS.filter(isAllowed))
      standIns.set(program.name as MacSource, () => {
        const source = openProgramSource({
          program,
          path: `${programs}/${program.name}`,
          queueBytesMax: options.ringBytes,
          bootNs: addon.bootNs,
          bootId: addon.bootId,
          onReadable: options.onReadable,
          log,
          terminal,
          ...(options.restartMs === undefined ? {} : { restartMs: options.restartMs }),
        })
        if (program === ESLOGGER) eslogger = source
        add(program, source)
      })

  /** Opens and closes what stands in, by what the others say of themselves. */
  const choose = (): void => {
    if (standIns.size === 0 || isClosed) return
    const all = wasQuiet ? new Map([...heard, ['network_statistics', NOTHING] as const]) : heard
    const { runs } = chooseSources(all, { allowed })
    for (const [name, begin] of standIns) {
      const is = open.find(({ kind, isEnding }) => kind.name === name && !isEnding)
      if (runs.includes(name) && is === undefined) {
        absent = absent.filter(({ kind }) => kind.name !== name)
        begin()
      } else if (!runs.includes(name) && is !== undefined) {
        is.isEnding = true
        is.source.close()
        log(`the source ${name} is no longer needed`)
      }
    }
  }

  /** Whether that is another than it was. */
  const noteQuiet = (is: boolean): boolean => {
    if (is === wasQuiet) return false
    wasQuiet = is
    if (is) log('NetworkStatistics has told of no flow for a minute: nettop runs beside it')
    return true
  }

  const polling = (): NativeSource | undefined =>
    open.find(({ kind, isEnding }) => kind.name === 'polling' && !isEnding)?.source
  /** Has all processes told that run now. */
  const list = (): void => polling()?.enumerate()
  /** nettop has printed: whoever has a flow that is new may be gone before the list of processes is looked at again. */
  const look = (atNs: bigint): void => {
    if (lookedNs !== undefined && atNs < lookedNs + LOOK_NS) return
    lookedNs = atNs
    polling()?.look?.()
  }

  /** What sources say of themselves in their marks, and whether eslogger tells of what the list of processes does. */
  const heed = (records: Uint8Array): void => {
    if (standIns.size === 0) return
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
    let isNews = false
    for (let at = 0; at < records.length; at += view.getUint32(at, true)) {
      const type = view.getUint16(at + 4, true)
      const of = view.getUint8(at + SOURCE_AT)
      const atNs = view.getBigUint64(at + AT_NS_AT, true)
      if (type === RecordType.tick) isNews = noteQuiet(quiet.is(atNs)) || isNews
      if (type === RecordType.flow && of === Source.networkStatistics) {
        quiet.flow()
        isNews = noteQuiet(false) || isNews
      }
      if (type === RecordType.line && of === Source.eslogger) unheard.line()
      if (type === RecordType.line && of === Source.nettop) look(atNs)
      if (type === RecordType.exec && of === Source.polling) unheard.program(atNs)
      if (type !== RecordType.mark) continue
      const { source, kind, capabilities, gaps } = readMark(view, at)
      unheard.mark(source, kind)
      const name = macSourceOf(source)
      if (name === undefined) continue
      const said = heard.get(name)
      const now = kind === Mark.stop ? NOTHING : { capabilities, gaps }
      if (name === 'network_statistics') quiet.mark(now.capabilities !== 0, atNs)
      if (said?.capabilities === now.capabilities && said.gaps === now.gaps) continue
      heard.set(name, now)
      isNews = true
      // Whom it told of last may end without its word, and before anybody else has met them: they are held against
      // who runs now. (Of Endpoint Security the list of processes begins with the same.)
      if (name === 'eslogger' && said?.capabilities && !now.capabilities) list()
    }
    if (isNews) choose()
    const missed = unheard.take()
    if (missed > 0) eslogger?.restart(`it told of none of ${missed} programs that began`)
  }

  for (const kind of natives) if (!isStandIn(kind)) tryToOpen(kind)
  for (const { kind } of absent) noteAbsent(heard, kind)
  choose()
  for (const { kind, error } of absent) log(absenceOf(kind, error))
  if (open.length === 0)
    throw new Error('no source of this machine can be opened', { cause: absent[0]?.error })
  // Where none of those that tick may be opened; one that cannot be is a fault, which silence shows.
  if (!natives.some(({ name }) => TICKING.includes(name)))
    add({ name: 'ticker', code: Source.none }, openTicker(options, addon.bootNs))

  return {
    drain(into) {
      const tries = open.length
      for (let tried = 0; tried < tries; tried++) {
        const at = open[turn % open.length]
        turn = (turn + 1) % Math.max(1, open.length)
        const drained = at?.source.drain(into) ?? 0
        if (drained > 0) {
          heed(into.subarray(0, drained))
          return drained
        }
        if (at?.isEnding) open = open.filter((one) => one !== at)
      }
      return 0
    },
    retry() {
      if (isClosed || absent.length === 0) return
      const before = absent
      absent = []
      for (const { kind } of before) tryToOpen(kind)
      for (const { kind } of before)
        if (!absent.some((still) => still.kind === kind))
          log(`the source ${kind.name} could be opened now`)
    },
    enumerate() {
      for (const { source, isEnding } of open) if (!isEnding) source.enumerate()
    },
    ringBytes: () => Math.max(...open.map(({ source }) => source.counters().capacityBytes)),
    waitingBytes: () => open.reduce((sum, { source }) => sum + source.counters().waitingBytes, 0),
    absences(mark) {
      const told = readMark(new DataView(mark.buffer, mark.byteOffset, mark.byteLength), 0)
      return absent.map(({ kind, error }) =>
        writeMark({
          ...told,
          source: kind.code,
          kind: Mark.start,
          capabilities: 0,
          gaps: GAP_OF.get(kind.code) ?? 0,
          note: absenceOf(kind, error),
        }),
      )
    },
    close() {
      isClosed = true
      for (const { source } of open) source.close()
    },
  }
}

/** One that cannot be opened can do nothing: others stand in for it. */
function noteAbsent(heard: Map<MacSource, Said>, { code }: SourceKind): void {
  const name = macSourceOf(code)
  if (name !== undefined) heard.set(name, { capabilities: 0, gaps: GAP_OF.get(code) ?? 0 })
}

const nativeOptions = (options: SourcesOptions): Omit<OpenOptions, 'source'> => {
  const { allowed: _allowed, programs: _programs, restartMs: _restartMs, ...rest } = options
  const { terminal: _terminal, ...native } = rest
  return native
}

const absenceOf = ({ name }: SourceKind, { message }: Error): string =>
  `The source ${name} could not be opened (${message}): what it would tell is not seen. Freshet tries again by itself.`
