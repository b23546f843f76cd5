// A program of the system whose lines are read here: what is not understood is counted, and where nothing is any more
// its marks say so, in its own name.
import { MalformedLine } from '../importers/malformed.ts'
import { Loss, Mark, type MarkRecord, writeLoss, writeMark } from '../records/record.gen.ts'
import { type LineTeller, UnreadableOutput } from './line-teller.ts'

/**
 * Lines in a row that are not understood, over so long: the form of them all has changed. A user whose programs call
 * themselves what looks like no line can have many of them in a row, and has no hand in those of the system in between,
 * which nettop prints each second.
 */
const STRANGE_MAX = 100
const STRANGE_NS = 10_000_000_000n
/** Lines that are understood after which all is well again. */
const WELL_AFTER = 1_000

export type LineSourceParts = {
  /** CODE source, and the CODE gap that says it tells nothing. */
  source: number
  gap: number
  /** What is to be said then, for a person; `why` is a clause. */
  noteOf: (why: string) => string
  teller: LineTeller
  add: (record: Uint8Array) => void
}

export type LineSource = {
  line(text: string, cameNs: bigint): void
  /** Any mark in today's layout: boot and clock are the machine's. What it had to tell before one of its own comes first. */
  mark(mark: MarkRecord): void
  /** A loss of so many of its own lines. */
  lost(lines: number): void
  /** The mark that says that all has been told. */
  enumerated(atNs: bigint): void
}

export function createLineSource(parts: LineSourceParts): LineSource {
  const { source, gap, teller, add } = parts
  /** What it said last of itself; at first any source's, for boot and clock. */
  let said: MarkRecord | undefined
  let clock: MarkRecord | undefined
  let strange = 0
  let strangeSinceNs = 0n
  let understood = 0
  let isUnreadable = false

  const mark = (kind: number, atNs: bigint, own: Partial<MarkRecord>): void => {
    if (clock === undefined) return
    const { bootId, layout, unixNs } = clock
    const at = { source, atNs, unixNs: unixNs + atNs - clock.atNs }
    const { capabilities = 0, gaps = 0 } = said ?? {}
    add(writeMark({ ...at, kind, bootId, layout, capabilities, gaps, note: '', ...own }))
  }

  const beUnreadable = (why: string, atNs: bigint): void => {
    if (isUnreadable) return
    isUnreadable = true
    understood = 0
    const gaps = (said?.gaps ?? 0) | gap
    mark(Mark.start, atNs, { capabilities: 0, gaps, note: parts.noteOf(why) })
  }
  const beReadable = (atNs: bigint): void => {
    isUnreadable = false
    mark(Mark.start, atNs, { note: said?.note ?? '' })
  }

  return {
    line(text, cameNs) {
      try {
        teller.line(text, cameNs)
      } catch (error) {
        const isOther = error instanceof UnreadableOutput
        if (!isOther && !(error instanceof MalformedLine)) throw error
        add(writeLoss({ source, atNs: cameNs, count: 1n, what: Loss.malformed }))
        if (strange++ === 0) strangeSinceNs = cameNs
        const isForLong = strange >= STRANGE_MAX && cameNs >= strangeSinceNs + STRANGE_NS
        if (isOther || isForLong) beUnreadable(error.message, cameNs)
        return
      }
      strange = 0
      understood++
      if (isUnreadable && understood >= WELL_AFTER) beReadable(cameNs)
    },
    mark(mark) {
      clock = mark
      if (mark.source !== source) return
      if (mark.kind === Mark.stop || (mark.kind === Mark.start && mark.capabilities === 0))
        teller.end()
      if (mark.kind !== Mark.start) return
      said = mark
      strange = 0
      understood = 0
      isUnreadable = false
      teller.begin(mark.atNs)
    },
    lost: teller.lost,
    enumerated: (atNs) => mark(Mark.enumerated, atNs, {}),
  }
}
