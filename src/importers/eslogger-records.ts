// What Endpoint Security's events tell, as records: of a log, or of an eslogger that runs.
import { Loss, writeInvalidated, writeLoss } from '../records/record.gen.ts'
import { type EsEvent, parseEsEvent } from './eslogger-event.ts'
import { MalformedLine } from './malformed.ts'
import type { Programs, RecordSink } from './program.ts'

/** A gap in a type's sequence beyond this is another run's number, not so many lost events. */
const GAP_MAX = 1_000_000
/** Event types whose sequence is followed; Endpoint Security has some 150. */
const TYPES_MAX = 512

export type EsRecords = {
  /** Throws MalformedLine, which whoever reads the lines counts. */
  read(line: string): EsEvent
  /**
   * Writes what the event tells. `missing`: events lost before it, which are told too; `isLeftOut`: it is of another
   * kind, or only asks whether it may happen.
   */
  tell(event: EsEvent): { missing: number; isLeftOut: boolean }
  /** So many lines were lost before what comes, and that is told already: of what the numbers miss then, they are not lost again. */
  lost(lines: number): void
  /** What comes is of another run, whose numbers begin anew. */
  begin(): void
}

export function createEsRecords(out: RecordSink, source: number, programs: Programs): EsRecords {
  const sequences = new Map<number, number>()
  /** Lines whose loss was told by who lost them, and whose numbers were not missed yet. */
  let toldLines = 0

  /** Events that are not there between two of one type: the kernel dropped them, or a filter took them out. */
  const missingBefore = ({ eventType, sequence }: EsEvent): number => {
    if (eventType === undefined || sequence === undefined) return 0
    const last = sequences.get(eventType)
    if (last !== undefined || sequences.size < TYPES_MAX) sequences.set(eventType, sequence)
    const gap = last === undefined ? 0 : sequence - last - 1
    if (gap <= 0 || gap > GAP_MAX) return 0
    const told = Math.min(gap, toldLines)
    toldLines -= told
    return gap - told
  }

  /** False: it is left out. */
  const write = (event: EsEvent): boolean => {
    const { actor } = event
    if (event.kind === 'other') return false
    programs.found(actor)
    switch (event.kind) {
      case 'exec':
        programs.exec(event.target)
        return true
      case 'fork':
        programs.fork(event.child, actor, event.child.uid)
        return true
      case 'exit':
        programs.exit(actor, event.status)
        return true
      case 'cs_invalidated': {
        const { pid, pidversion } = actor
        out.add(writeInvalidated({ source, atNs: out.atNs(), pid, pidversion }))
        return true
      }
      default:
        event satisfies never
        return false
    }
  }

  return {
    read(line) {
      try {
        return parseEsEvent(line)
      } catch (error) {
        if (error instanceof MalformedLine) toldLines++
        throw error
      }
    },
    tell(event) {
      const missing = missingBefore(event)
      if (missing > 0) {
        const count = BigInt(missing)
        out.add(writeLoss({ source, atNs: out.atNs(), count, what: Loss.kernelEvents }))
      }
      return { missing, isLeftOut: !write(event) }
    },
    lost(lines) {
      toldLines += lines
    },
    begin() {
      sequences.clear()
      toldLines = 0
    },
  }
}
