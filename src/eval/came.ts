// How the programs of a made-up machine came there: rates that nobody has measured, in one table (docs/evaluation.md says so).
import { Origin } from '../records/record.gen.ts'

/** Where it lies, as systems and people lay it out, and what says how it came there. */
export type Came = {
  place: 'usual' | 'temporary' | 'downloads' | 'hidden' | 'cellar'
  origin: { kind: number; name: string } | undefined
}

const USUAL: Came = { place: 'usual', origin: undefined }
const DOWNLOADED: Came = { place: 'usual', origin: { kind: Origin.download, name: 'Safari' } }

/** Shares of a kind, which add up to 1. */
type Shares = readonly (readonly [share: number, came: Came])[]

/**
 * Of what people want and a team signed, three in five are downloaded, and the others have no mark that is read: by management, a
 * package, or a formula of Homebrew that moves it. Of what nobody signed a third is Homebrew's and some is run where it was saved
 * to. What is planted is seldom marked, as curl and a script mark nothing, and more often lies where it was dropped than not.
 */
export const CAME: Readonly<Record<'signed' | 'unsigned' | 'planted', Shares>> = {
  signed: [
    [0.6, DOWNLOADED],
    [0.4, USUAL],
  ],
  unsigned: [
    [0.3, { place: 'cellar', origin: { kind: Origin.brew, name: 'tool' } }],
    [0.1, { place: 'downloads', origin: undefined }],
    [0.6, USUAL],
  ],
  planted: [
    [0.1, DOWNLOADED],
    [0.4, { place: 'temporary', origin: undefined }],
    [0.2, { place: 'hidden', origin: undefined }],
    [0.3, USUAL],
  ],
}

/** Of an actor, by its label and signer (actor.ts): the same each time for one code; the system's own came with the system. */
export function cameOf({ label, signer, code }: Record<'label' | 'signer' | 'code', string>): Came {
  if (signer === 'platform' || signer === 'tool') return USUAL
  const isPlanted = label === 'attack' || label === 'evasion' || label === 'recorded'
  const isSigned = signer === 'developer_id' || signer === 'notarized' || signer === 'app_store'
  const shares = CAME[isPlanted ? 'planted' : isSigned ? 'signed' : 'unsigned']
  let rest = partOf(code)
  for (const [share, came] of shares) {
    if (rest < share) return came
    rest -= share
  }
  return USUAL
}

/** In [0, 1), of FNV-1a with a last mixing: codes differ at their ends. */
function partOf(code: string): number {
  let hash = 2_166_136_261
  for (const char of `came ${code}`) hash = Math.imul(hash ^ char.charCodeAt(0), 16_777_619) >>> 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b) >>> 0
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}
