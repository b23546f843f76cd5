// What our own client of Endpoint Security told of programs that began, beside what Apple's told of the same moments.
import type { EsEvent } from '../../src/importers/eslogger-event.ts'
import { parseEsEvent } from '../../src/importers/eslogger-event.ts'
import { MalformedLine } from '../../src/importers/malformed.ts'
import { type ExecRecord, Source } from '../../src/records/record.gen.ts'
import type { Outcome } from './findings.ts'
import type { Recorded } from './recorded.ts'

type Exec = Extract<EsEvent, { kind: 'exec' }>

/** Of lines that are events. */
function execsOf(output: string): Exec['target'][] {
  return output.split('\n').flatMap((line) => {
    try {
      const event = parseEsEvent(line)
      return event.kind === 'exec' ? [event.target] : []
    } catch (error) {
      if (error instanceof MalformedLine) return []
      throw error
    }
  })
}

const imageOf = ({ pid, pidversion }: { pid: number; pidversion: number }) => `${pid}.${pidversion}`
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** What of an image the two say differently; what the claim of a platform binary is worth is E20's. */
function differences(ours: ExecRecord, theirs: Exec['target']): string[] {
  const fields = [
    ['path', ours.path, theirs.path],
    ['parent', ours.parentPid, theirs.parent.pid],
    ['uid', ours.uid, theirs.uid],
    ['signing id', ours.signingId, theirs.signingId],
    ['team', ours.teamId, theirs.teamId],
    ['cdhash', hex(ours.cdhash), hex(theirs.cdhash)],
  ] as const
  return fields.filter(([, a, b]) => a !== b).map(([name, a, b]) => `${name} ${a} for ${b}`)
}

/**
 * E19: of the programs at `paths`, which began while both listened, and of all others that both told. eslogger leaves out what is
 * of its own group alone, and ours nothing.
 */
export function besideEslogger(
  told: Pick<Recorded, 'execs'>,
  output: string,
  paths: readonly string[],
): { outcome: Outcome; text: string } {
  const theirs = new Map(execsOf(output).map((one) => [imageOf(one), one]))
  const own = told.execs.filter(({ source }) => source === Source.endpointSecurity)
  const ours = new Map(own.map((one) => [imageOf(one), one]))
  const isKnown = ({ path }: { path: string }) => paths.includes(path)
  const both = [...theirs].flatMap(([image, one]) => {
    const ourOne = ours.get(image)
    return ourOne === undefined ? [] : [{ ourOne, one }]
  })
  const missed = [...theirs].filter(([image, one]) => isKnown(one) && !ours.has(image))
  const unheard = [...ours].filter(([image, one]) => isKnown(one) && !theirs.has(image))
  const differ = both.flatMap(({ ourOne, one }) => {
    const what = differences(ourOne, one)
    return what.length === 0 ? [] : [`${one.path}: ${what.join(', ')}`]
  })
  const known = both.filter(({ one }) => isKnown(one)).length
  const platforms = both.filter(({ one }) => one.isPlatform).length
  const isWell = known > 0 && missed.length === 0 && unheard.length === 0 && differ.length === 0
  return {
    outcome: isWell ? 'as hoped' : 'otherwise',
    text: `beside eslogger: ${both.length} programs told by both, ${known} of them this step's own, ${platforms} Apple's by eslogger; of its own eslogger alone told ${missed.length}, ours alone ${unheard.length}; ${differ.length} told differently (${differ.slice(0, 3).join('; ') || 'none'})`,
  }
}
