// The lines of an eslogger that runs on this machine, as records: the importer's reader, at the time that the lines
// tell. Of arguments and environment nothing is kept but which file an interpreter was given to run.
import { createEsRecords } from '../importers/eslogger-records.ts'
import { createPrograms } from '../importers/program.ts'
import { Source } from '../records/record.gen.ts'
import type { LineTeller, Surroundings } from './line-teller.ts'

/**
 * eslogger writes as events come; on a machine under load a line may be late. What says it is older, or of the future,
 * was stamped by a clock that has been set since: it is told as of when it came.
 */
const LATE_MAX_NS = 60_000_000_000n

/** One eslogger's lines. Throws MalformedLine, having told nothing, on one that is not understood. */
export function createEsloggerLines(
  add: (record: Uint8Array) => void,
  { offsetNs, hasLooked }: Surroundings,
): LineTeller {
  let atNs = 0n
  let beganNs: bigint | undefined
  const out = { add, atNs: () => atNs }
  const programs = createPrograms(out, Source.eslogger, false)
  const records = createEsRecords(out, Source.eslogger, {
    ...programs,
    // Who ran before eslogger is for the list of processes to tell, which knows its script too. Who is not known after
    // that list is one whose exec was not seen.
    found: (program) => {
      if (hasLooked()) programs.found(program)
    },
  })

  const timeOf = (unixUs: number, cameNs: bigint): bigint => {
    const offset = offsetNs()
    if (offset === undefined) return cameNs
    const told = BigInt(unixUs) * 1000n - offset
    return told > cameNs || told < cameNs - LATE_MAX_NS ? cameNs : told
  }

  return {
    line(text, cameNs) {
      const event = records.read(text)
      atNs = timeOf(event.unixUs, cameNs)
      records.tell(event)
    },
    begin(atNs) {
      // Told anew of the one that it reads already, its numbers go on.
      if (atNs !== beganNs) records.begin()
      beganNs = atNs
    },
    // An event is a line.
    end() {},
    lost: records.lost,
  }
}
