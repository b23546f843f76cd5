// Endpoint Security's process events from the lines of eslogger(1). It has no network events: what comes of
// it is execs, forks, exits and invalidated signatures, and no flow that could be scored.
import { Capability, Loss, Source, writeInvalidated, writeLoss } from '../records/record.gen.ts'
import { type EsEvent, parseEsEvent } from './eslogger-event.ts'
import { counted, type LineReader } from './importer.ts'
import { createPrograms } from './program.ts'
import type { RecordLog } from './record-log.ts'

export const ESLOGGER_SOURCE = Source.endpointSecurity
export const ESLOGGER_CAPABILITIES = Capability.processEvents + Capability.allProcesses
export const ESLOGGER_NOTE =
  'an eslogger log has processes and no network flows: nothing in it can be scored; record on the Mac itself to have both'

/** Message versions whose lines were seen and are tested. */
const VERSIONS_KNOWN: readonly number[] = [9, 10, 11]
/** Versions told apart in the notes. */
const VERSIONS_MAX = 16
/** A gap in a type's sequence beyond this is another run's number, not so many lost events. */
const GAP_MAX = 1_000_000
/** Event types whose sequence is followed; Endpoint Security has some 150. */
const TYPES_MAX = 512

export function createEsloggerReader(out: RecordLog): LineReader {
  const programs = createPrograms(out, ESLOGGER_SOURCE)
  const strange = new Map<string, number>()
  const sequences = new Map<number, number>()
  let hostname = ''
  let others = 0
  let lost = 0

  const noteVersion = (version: number | undefined): void => {
    if (version !== undefined && VERSIONS_KNOWN.includes(version)) return
    const name = version === undefined ? 'without a version' : `of version ${version}`
    const key = strange.has(name) || strange.size < VERSIONS_MAX ? name : 'of yet other versions'
    strange.set(key, (strange.get(key) ?? 0) + 1)
  }

  /** Events that the log lacks between two of one type: the kernel dropped them, or a filter took them out. */
  const missingBefore = ({ eventType, sequence }: EsEvent): number => {
    if (eventType === undefined || sequence === undefined) return 0
    const last = sequences.get(eventType)
    if (last !== undefined || sequences.size < TYPES_MAX) sequences.set(eventType, sequence)
    const gap = last === undefined ? 0 : sequence - last - 1
    return gap > 0 && gap <= GAP_MAX ? gap : 0
  }

  const tell = (event: EsEvent): void => {
    const { actor } = event
    switch (event.kind) {
      case 'exec':
        programs.found(actor)
        programs.exec(event.target)
        return
      case 'fork':
        programs.found(actor)
        programs.fork(event.child, actor, event.child.uid)
        return
      case 'exit':
        programs.found(actor)
        programs.exit(actor, event.status)
        return
      case 'cs_invalidated':
        programs.found(actor)
        out.add(
          writeInvalidated({
            source: ESLOGGER_SOURCE,
            atNs: out.atNs(),
            pid: actor.pid,
            pidversion: actor.pidversion,
          }),
        )
        return
      case 'other':
        others++
        return
      default:
        event satisfies never
    }
  }

  return {
    line(text) {
      const event = parseEsEvent(text)
      noteVersion(event.version)
      if (hostname === '') hostname = event.hostname
      out.moveTo(event.unixUs)
      const missing = missingBefore(event)
      if (missing > 0) {
        lost += missing
        out.add(
          writeLoss({
            source: ESLOGGER_SOURCE,
            atNs: out.atNs(),
            count: BigInt(missing),
            what: Loss.kernelEvents,
          }),
        )
      }
      tell(event)
    },
    drain: () => false,
    isReady: () => out.startedUs() !== undefined,
    hostname: () => hostname,
    startedUs: out.startedUs,
    notes() {
      const notes = [...strange].map(
        ([name, count]) =>
          `${counted(count, 'line')} ${name}, not one of ${VERSIONS_KNOWN.join(', ')}: read as far as understood`,
      )
      if (others > 0)
        notes.push(
          `${counted(others, 'event')} left out: neither exec, fork, exit nor cs_invalidated, or only asked about`,
        )
      if (lost > 0)
        notes.push(`${counted(lost, 'event')} missing by the log's own sequence numbers`)
      return notes
    },
  }
}
