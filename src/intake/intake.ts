// Between the pipe from sense and the engine, with the recording of what the engine is given: lines of programs of the
// system become records, all else passes as it came. Lines themselves go no further, since arguments stand in them.
import { isReadable } from '../records/layouts.ts'
import {
  Gap,
  Mark,
  RecordType,
  readLine,
  readLoss,
  readMark,
  Source,
} from '../records/record.gen.ts'
import type { Choice, MacSource } from '../sources/choice.ts'
import { createAccount, type Settled } from './account.ts'
import { createBelief } from './belief.ts'
import type { Change } from './changes.ts'
import { createEsloggerLines } from './eslogger.ts'
import { createLineSource, type LineSource } from './line-source.ts'
import type { Surroundings } from './line-teller.ts'
import type { BeliefMemory } from './memory.ts'
import { createNettopLines } from './nettop.ts'

export type Intake = {
  /** Takes whole records, as the framer gives them, and gives on what comes of them, in order and before it returns. */
  push(records: Uint8Array): void
  /** Gives on whole records that are none of the pipe's. */
  add(records: Uint8Array): void
  /** How much of the pipe the engine has settled, of which it says so in its own bytes. */
  settled(engineBytes: number): Settled
  /** So much of the pipe was acknowledged, and that was delivered. */
  forget(pipeBytes: number): void
  /** Which sources of a Mac are at work now. */
  choice(): Choice
  /** Changes of who tells of programs and of flows, since the last call. */
  takeChanges(): Change[]
  /** What the next intake of this boot needs, or what of it changed since the last call; undefined but on a Mac. */
  memory(isWhole: boolean): BeliefMemory | undefined
}

export type IntakeOptions = {
  /** Of a Mac's sources, those that may be believed; undefined: all. */
  allowed?: ReadonlySet<MacSource> | undefined
  /** What the intake before this one, of the same boot, had as `memory`. */
  memory?: BeliefMemory | undefined
}

/** `give` takes whole records, valid until it returns. */
export function createIntake(
  give: (records: Uint8Array) => void,
  options: IntakeOptions = {},
): Intake {
  const account = createAccount()
  const belief = createBelief(options)
  let made: Uint8Array[] = []
  let offsetNs: bigint | undefined
  let hasLooked = false
  let isForeign = false
  const add = (record: Uint8Array): void => void made.push(record)
  const surroundings: Surroundings = { offsetNs: () => offsetNs, hasLooked: () => hasLooked }

  const nettop: LineSource = createLineSource({
    source: Source.nettop,
    gap: Gap.nettop,
    noteOf: (why) =>
      `What this Mac’s nettop prints is not understood (${why}): it tells of no flows. A newer Freshet may know it.`,
    teller: createNettopLines({ add, onEnumerated: (atNs) => nettop.enumerated(atNs) }),
    add,
  })
  const sources = new Map<number, LineSource>([
    [Source.nettop, nettop],
    [
      Source.eslogger,
      createLineSource({
        source: Source.eslogger,
        gap: Gap.eslogger,
        noteOf: (why) =>
          `What this Mac’s eslogger prints is not understood (${why}): programs are known by looking at the list of processes. A newer Freshet may know it.`,
        teller: createEsloggerLines(add, surroundings),
        add,
      }),
    ],
  ])

  const onMark = (view: DataView, at: number): void => {
    const mark = readMark(view, at)
    isForeign = !isReadable(mark.layout)
    if (isForeign) return
    offsetNs = mark.unixNs - mark.atNs
    if (mark.source === Source.polling && mark.kind === Mark.enumerated) hasLooked = true
    for (const source of sources.values()) source.mark(mark)
  }

  /** What the engine is given for a record of a type that matters here; undefined: the record itself. */
  const turn = (type: number, view: DataView, at: number): Uint8Array[] | undefined => {
    if (type === RecordType.mark) {
      made = []
      onMark(view, at)
      if (made.length === 0) return undefined
      const mark = new Uint8Array(view.buffer, view.byteOffset + at, view.getUint32(at, true))
      return [...made, mark]
    }
    if (type === RecordType.loss && !isForeign) {
      const { source, count } = readLoss(view, at)
      sources.get(source)?.lost(Number(count))
    }
    if (type === RecordType.line) {
      made = []
      const { source, atNs, text } = readLine(view, at)
      if (!isForeign) sources.get(source)?.line(text, atNs)
      return made
    }
    return undefined
  }

  /** What the engine is given for these records, which are the pipe's own or were made of a line of it. */
  const hand = (records: Uint8Array, pipeBytes: number): void => {
    const believed = belief.take(records)
    if (believed.length > 0) give(believed)
    account.note(pipeBytes, believed.length, believed === records && pipeBytes === records.length)
  }

  return {
    push(records) {
      const { buffer, byteOffset, length } = records
      // Nearly all is reports of flows: to pass them by costs two reads of a word.
      const words = new Uint32Array(buffer, byteOffset, length >>> 2)
      let view: DataView | undefined
      let from = 0
      const pass = (to: number): void => {
        if (to > from) hand(records.subarray(from, to), to - from)
      }
      for (let at = 0; at < length; ) {
        const size = words[at >>> 2] as number
        const type = (words[(at >>> 2) + 1] as number) & 0xffff
        if (type === RecordType.mark || type === RecordType.loss || type === RecordType.line) {
          view ??= new DataView(buffer, byteOffset, length)
          const instead = turn(type, view, at)
          if (instead) {
            pass(at)
            hand(joined(instead), size)
            from = at + size
          }
        }
        at += size
      }
      pass(length)
    },
    add(records) {
      give(records)
      account.note(0, records.length, false)
    },
    settled: account.settled,
    forget: account.forget,
    choice: belief.choice,
    takeChanges: belief.takeChanges,
    memory: belief.memory,
  }
}

function joined(records: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(records.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const record of records) {
    whole.set(record, at)
    at += record.length
  }
  return whole
}
