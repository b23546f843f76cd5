// Endpoint Security's process events from the lines of eslogger(1). It has no network events: what comes of
// it is execs, forks, exits and invalidated signatures, and no flow that could be scored.
import { Capability, Source } from '../records/record.gen.ts'
import { createEsRecords } from './eslogger-records.ts'
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

export function createEsloggerReader(out: RecordLog): LineReader {
  const records = createEsRecords(out, ESLOGGER_SOURCE, createPrograms(out, ESLOGGER_SOURCE))
  const strange = new Map<string, number>()
  let hostname = ''
  let others = 0
  let lost = 0

  const noteVersion = (version: number | undefined): void => {
    if (version !== undefined && VERSIONS_KNOWN.includes(version)) return
    const name = version === undefined ? 'without a version' : `of version ${version}`
    const key = strange.has(name) || strange.size < VERSIONS_MAX ? name : 'of yet other versions'
    strange.set(key, (strange.get(key) ?? 0) + 1)
  }

  return {
    line(text) {
      const event = records.read(text)
      noteVersion(event.version)
      if (hostname === '') hostname = event.hostname
      out.moveTo(event.unixUs)
      const { missing, isLeftOut } = records.tell(event)
      lost += missing
      if (isLeftOut) others++
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
