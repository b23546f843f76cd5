// How the processes of an identity came to run: where their files lie, how these came here, who started them. The identity says
// none of it: the same program, from another place, is the same.
import { Signature } from '../../records/record.gen.ts'
import { fileName } from '../process/acting.ts'
import type {
  Circumstance,
  IdentityState,
  Image,
  Inspection,
  Process,
  Starter,
} from '../process/process.ts'
import { DOCUMENT_PROGRAMS, INSTALLERS, REMOTE_LOGINS } from '../process/starters.ts'
import type { Attribution } from './identity.ts'
import { buildsKeyOf } from './likeness.ts'
import { actsForOthers } from './program.ts'
import { namesScript, runsScript } from './script.ts'
import { isUnvouched } from './vouching.ts'

/** More that differ are noted in place of those seen longest ago. */
const CIRCUMSTANCES_MAX = 4
/** As long as what is sent is added up. */
const KEPT_MS = 24 * 3_600_000
/** A loop cannot be: a parent is never its own descendant. */
const ANCESTORS_MAX = 32

type ParentOf = (process: Process) => Process | undefined

/** Notes how `process`, which counts for `state`, came to run, and gives that back. `nowMs`: since 1970. */
export function noteCircumstance(
  state: Pick<IdentityState, 'circumstances' | 'stored'>,
  process: Process,
  attribution: Pick<Attribution, 'script' | 'responsible'>,
  parentOf: ParentOf,
  nowMs: number,
): Circumstance {
  const found: Circumstance = {
    ...fileOf(process, attribution),
    ...starterOf(process, parentOf),
    organisation: organisationOf(process.image),
    builtAs: '',
    seenMs: nowMs,
  }
  if (found.path === process.image.path && isUnvouched(state.stored.signerClass))
    found.builtAs = buildsKeyOf(process.image)
  const known = state.circumstances.find((one) => isAlike(one, found))
  // Before its file is looked at, what was found of the same one stands.
  const { inspection, scriptFile } = process.image
  if (known && (attribution.script?.isOwn ? scriptFile : inspection) === undefined)
    Object.assign(found, { ...known, seenMs: nowMs })
  if (known !== undefined && isSame(known, found)) {
    known.seenMs = nowMs
    return known
  }
  const others = state.circumstances
    .filter((one) => one !== known && nowMs - one.seenMs < KEPT_MS)
    .sort((a, b) => b.seenMs - a.seenMs)
  state.circumstances = [found, ...others].slice(0, CIRCUMSTANCES_MAX)
  return found
}

/** The file that says whose doing it is: the script, the program, or none of a tool that acts for another. */
function fileOf(
  { image }: Process,
  { script, responsible }: Pick<Attribution, 'script' | 'responsible'>,
): Pick<Circumstance, 'path' | 'origin'> {
  if (script?.isOwn && script.path !== '') return { path: script.path, origin: image.scriptOrigin }
  if (responsible !== undefined || runsScript(image) || actsForOthers(image))
    return { path: '', origin: undefined }
  return { path: image.path, origin: isOfItsFile(image) ? image.origin : undefined }
}

/** What was told of the file is of what runs: its path is no guess, and its code is its own. */
const isOfItsFile = ({ pathGuessed, codeElsewhere, isLoader }: Image): boolean =>
  !pathGuessed && !codeElsewhere && !isLoader

/** By the one it runs under, shells and other tools between left out. */
export function starterOf(
  process: Process,
  parentOf: ParentOf,
): Pick<Circumstance, 'starter' | 'starterName'> {
  let at = parentOf(process)
  let isByScript = false
  for (
    let i = 0;
    i < ANCESTORS_MAX && at && (actsForOthers(at.image) || isItself(at, process));
    i++
  ) {
    isByScript ||= at.image !== process.image && namesScript(at.image)
    at = parentOf(at)
  }
  const of = (starter: Starter) => ({ starter, starterName: at ? fileName(at.image.path) : '' })
  if (at === undefined || at.image.path === '') return of(isByScript ? 'script' : 'other')
  const names = [fileName(at.image.path).toLowerCase(), at.image.signingId.toLowerCase()]
  const isOneOf = (all: ReadonlySet<string>): boolean => names.some((name) => all.has(name))
  if (isOneOf(REMOTE_LOGINS)) return of('remote')
  if (isOneOf(DOCUMENT_PROGRAMS)) return of('document')
  if (isOneOf(INSTALLERS) && at.image.program?.signerClass === 'platform') return of('installer')
  return of(isByScript ? 'script' : 'other')
}

/** What a program starts of itself says nothing of who started it. */
const isItself = (one: Process, other: Process): boolean =>
  one.image === other.image || one.image.path === other.image.path

/** Certificates that Apple gives to who distributes code, with the name of the team (TN3125). */
const OF_TEAM =
  /^(?:Developer ID Application|Apple Distribution|3rd Party Mac Developer Application): (.+) \(([A-Z0-9]{10})\)$/

const isSigned = (file: Inspection): boolean =>
  file.error === 0 && !file.replaced && file.signature === Signature.valid

/** Of the certificate that signed what runs; empty where that is not known to hold, or names another team than the kernel. */
export function organisationOf({ inspection: file, teamId, cdhash }: Image): string {
  if (file === undefined || !isSigned(file)) return ''
  const [, name = '', team] = OF_TEAM.exec(file.authorities[0] ?? '') ?? []
  const isOfKernel = /^0*$/.test(cdhash) || file.cdhash === cdhash
  return isOfKernel && team === (teamId || file.teamId) ? name : ''
}

/** The same file, by the same way: what is known of it may have become more. */
const isAlike = (one: Circumstance, other: Circumstance): boolean =>
  one.path === other.path && one.starter === other.starter && one.starterName === other.starterName

const isSame = (one: Circumstance, other: Circumstance): boolean =>
  one.organisation === other.organisation &&
  one.builtAs === other.builtAs &&
  one.origin?.kind === other.origin?.kind &&
  one.origin?.name === other.origin?.name &&
  one.origin?.keeperUid === other.origin?.keeperUid &&
  one.origin?.installedAt === other.origin?.installedAt
