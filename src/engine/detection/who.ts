// Who sent, in words: how a program is vouched for, what it runs, and whom it acts for. Names are in quotes.
import type { Baseline, SignerClass, StoredIdentity } from '../../baseline/baseline.ts'
import { quoted } from '../../printable.ts'
import type { UnixNs } from '../../units.ts'
import type { ProcessView } from '../finding.ts'
import { createIdentityAge } from '../identity/identity-age.ts'
import { scriptText } from '../identity/script.ts'
import { fileName } from '../process/acting.ts'
import { nameOfGone } from '../process/gone-processes.ts'
import type { IdentityState, Ran, Responsible } from '../process/process.ts'
import { type ActsFor, counted, humanDuration, type Since } from '../sentence.ts'

/** What is known of all programs, and when the sending began of which a sentence tells. */
export type Told = { baseline: Baseline; beganAt: UnixNs }

const FOREIGN = / with foreign code$/

/** How the program is vouched for; of one that was handed a connection, no better than who made that. */
export function signerText({ key, signerClass, teamId }: StoredIdentity): string {
  if (/^platform:.* via /s.test(key) && signerClass !== 'platform')
    return `no better than ${WORTH[signerClass]}`
  if (key.startsWith('copy:')) return 'signed by Apple, not where Apple installs it'
  if (key.startsWith('gone:')) return 'nobody could look at its file'
  if (FOREIGN.test(key.replace(/ (script|via) .*$/s, ''))) return 'no better than unsigned'
  return classText(signerClass, teamId)
}

const WORTH: Record<SignerClass, string> = {
  platform: 'the system',
  app_store: 'what comes from the App Store',
  notarized: 'notarized',
  developer_id: 'signed by a team',
  unknown: 'what nobody has looked at',
  adhoc: 'signed by nobody',
  unsigned: 'unsigned',
  invalid: 'what has no valid signature',
}

const classText = (signerClass: SignerClass, teamId: string): string =>
  ({
    platform: 'a program of this system',
    app_store: 'from the App Store',
    notarized: `notarized, team ${teamText(teamId)}`,
    developer_id: `signed by team ${teamText(teamId)}, not known to be notarized`,
    unknown: 'its file not looked at yet',
    adhoc: 'signed by nobody (ad hoc)',
    unsigned: 'unsigned',
    invalid: 'its signature is not valid',
  })[signerClass]

/** Apple gives teams ten letters and digits. */
const teamText = (teamId: string): string =>
  /^[A-Z0-9]{10}$/.test(teamId) ? teamId : quoted(teamId)

/** Since when it was known as the sending began. */
export const sinceOf = (stored: StoredIdentity, { baseline, beganAt }: Told): Since => ({
  ms: Number(beganAt - stored.firstExecAt) / 1e6,
  wasHere: createIdentityAge(baseline).wasHere(stored),
})

/** Whom this identity acts for, by name; undefined where it acts for itself. */
export function actsForOf(
  { stored, responsible }: IdentityState,
  chain: readonly ProcessView[],
  told: Told,
): ActsFor | undefined {
  // Nothing above it is another's: it was run for nobody else.
  if (responsible === undefined || !stored.key.endsWith(` via ${responsible.key ?? 'unknown'}`))
    return undefined
  const known = responsible.key === undefined ? undefined : told.baseline.identity(responsible.key)
  return {
    name: nameOf(responsible, chain, known),
    signer: known ? signerText(known) : classText(responsible.signerClass, ''),
    since: known && sinceOf(known, told),
  }
}

/** Its path, as it runs where it is seen to, else as it was first seen; else what its key says. */
function nameOf(
  { key }: Responsible,
  chain: readonly ProcessView[],
  known: StoredIdentity | undefined,
): string {
  if (key === undefined) return 'a process that was not seen'
  const path = chain.find(({ identityKey }) => identityKey === key)?.path || known?.path
  return path ? quoted(path) : nameOfKey(key)
}

function nameOfKey(key: string): string {
  const path = /^(?:platform|unsigned:path|unknown:path|copy):(\/.*)$/.exec(
    key.replace(FOREIGN, ''),
  )
  if (path) return quoted(path[1] as string)
  const gone = nameOfGone(key)
  if (gone !== undefined) return quoted(gone)
  const hash = /^(unsigned:sha256|adhoc|invalid):([0-9a-f]{12})/.exec(key)
  if (hash) return `the program ${hash[2] as string}`
  return quoted(key.replace(/^(platform|copy|[A-Z0-9]{10}):/, ''))
}

/** What its first process runs and since when; where that is not known any more, what of it stands in the chain. */
export function runsText(
  ran: Ran | undefined,
  self: ProcessView | undefined,
  { beganAt }: Told,
): string {
  if (ran === undefined) return self?.script ? `running ${quoted(self.script)}` : ''
  if (ran.editedSince === undefined) return scriptText(ran)
  const before = humanDuration(Number(beganAt - ran.editedSince) / 1e6)
  return `${scriptText(ran)}, an edit of what was first seen ${before} before`
}

/** Paths of one content are told so many at most (ALSO_MAX), and named so many. */
const ALSO_NAMED_MAX = 2

/** Where else than its chain says the same content was run from, as a clause; `max`: there may be more than these. */
export function alsoText({ alsoAt = [] }: Pick<ProcessView, 'alsoAt'>, max: number): string {
  const names = alsoAt.slice(0, ALSO_NAMED_MAX).map((path) => quoted(path))
  const rest = alsoAt.length - names.length
  if (rest > 0)
    names.push(`${alsoAt.length < max ? '' : 'at least '}${counted(rest, 'other path')}`)
  const last = names.pop()
  if (last === undefined) return ''
  return `also as ${names.length === 0 ? '' : `${names.join(', ')} and `}${last}`
}

/** The same in short, beside the points that it gives: who vouches, and for whom it was run. */
export function vouchingText(identity: IdentityState, actsFor: ActsFor | undefined): string {
  const own = signerText(identity.stored)
  if (actsFor === undefined) return own
  return `${own}, run for ${actsFor.name}${actsFor.signer === '' ? '' : ` (${actsFor.signer})`}`
}

/** File name of the process that ran it; empty when not known. */
export const runByOf = ([, parent]: readonly ProcessView[]): string => fileName(parent?.path ?? '')
