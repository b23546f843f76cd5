// What makes an excess rarer or less so beside its size: where the program lies, how it came here, who started it, how its
// destination is named. Each is a reason in words with bounded decades (tenfold rarer is 1), none decides, and all together are
// worth no more than one: about 40 times the bytes.
//
// The decades are choices in the open, as the priors are: no public data has benign and hostile programs with how they came to a
// host. What decided them is which way a thing is known to point, and who can bring it about: what root alone can write weighs
// most, what an ordinary user can write himself a fifth of a decade, and for code that nobody vouches for that it was downloaded
// weighs nothing, as that is how both kinds come.

import type { SignerClass } from '../../baseline/baseline.ts'
import { quoted } from '../../printable.ts'
import { Origin } from '../../records/record.gen.ts'
import type { Reason } from '../finding.ts'
import type { EarlierBuilds, Impostor } from '../identity/likeness.ts'
import type { Circumstance } from '../process/process.ts'
import { counted, humanDuration } from '../sentence.ts'
import { CLASSES, type Class } from './classes.ts'
import { signerNameText } from './signer-name.ts'

/** All of it together, either way. As far as thresholds are made for (rarity.ts). */
export const CONTEXT_MOST = 1

/** Above 0 rarer, below 0 less so. ATT&CK techniques say where it is known from. */
export const CONTEXT = {
  /** Where it lies. T1036.005, T1204.002: what is dropped is run where everybody may write. */
  temporary: 0.3,
  /** A disk image or another disk that is mounted (T1204.002), and folders that browsers save to. */
  image: 0.2,
  downloads: 0.2,
  /** T1564.001, but for those that tools of developers install into. */
  hidden: 0.2,
  /** How it came here. Root's word: dpkg's lists. */
  package: -0.3,
  unpackaged: 0.5,
  /** By its signature. */
  appStore: -0.4,
  /** The owner's word. */
  brew: -0.2,
  download: -0.2,
  /** Who started it. T1021.004; T1204.002 and T1203; T1059. */
  remote: 0.2,
  document: 0.4,
  script: 0.1,
  installer: -0.2,
  /** Where to: the organisation is Apple's word, a signing id its maker's own. */
  namedLikeSigner: -0.4,
  namedLikeSigningId: -0.2,
  /** Twice as common, at the most: measured to be weak (log10 of 2). */
  sharedDestination: -0.3,
  /** What it is called (T1036, T1036.005): a signing id is chosen by who signs, a file's name by who writes it. */
  impostorById: 0.5,
  impostorByName: 0.3,
  /** Builds of code that nobody vouches for, in one folder: its user's own word. */
  builtHere: -0.3,
} as const satisfies Record<string, number>
export type ContextTerm = keyof typeof CONTEXT

export type Term = { term: ContextTerm; decades: number; text: string }
export type Context = { decades: number; terms: readonly Term[] }

export type ContextFacts = {
  ofClass: Class
  signerClass: SignerClass
  signingId: string
  /** Of its processes; none: nothing is known. */
  circumstances: readonly Circumstance[]
  /** Empty: not known. */
  hostname: string
  /** Whom it is called like and is not. */
  impostor: Impostor | undefined
  /** Those that lay where it does, by what builds share. */
  buildsOf: (builtAs: string) => EarlierBuilds | undefined
  /** Other programs of this host sent there before this one did. */
  isShared: boolean
  /** Since 1970. */
  nowMs: number
}

/** No context. */
export const NO_CONTEXT: Context = { decades: 0, terms: [] }

/** Of several ways in which it came to run, the rarest counts: a copy that lies well excuses none that does not. */
export function contextOf(facts: ContextFacts): Context {
  const always = [...impostorTerms(facts), ...destinationTerms(facts)]
  let rarest: readonly Term[] | undefined
  for (const one of facts.circumstances) {
    const terms = circumstanceTerms(facts, one)
    if (rarest === undefined || sumOf(terms) > sumOf(rarest)) rarest = terms
  }
  const terms = [...(rarest ?? []), ...always]
  const decades = Math.min(CONTEXT_MOST, Math.max(-CONTEXT_MOST, sumOf(terms)))
  return { decades, terms }
}

/** `scale`: points a decade. Where all are worth more than they may be, each is a part of that. */
export function contextReasons({ decades, terms }: Context, scale: number): Reason[] {
  const sum = sumOf(terms)
  const part = sum === 0 ? 1 : decades / sum
  return terms.map((one) => ({
    ...{ term: 'context', value: 0, threshold: 0, unit: '', text: one.text },
    points: Math.round(one.decades * part * scale * 100) / 100,
  }))
}

const sumOf = (terms: readonly Term[]): number =>
  terms.reduce((sum, { decades }) => sum + decades, 0)

const termOf = (term: ContextTerm, text: string): Term => ({ term, decades: CONTEXT[term], text })

/** Whether somebody vouches for the code: for less than that, nothing that its maker can choose makes it less rare. */
const isVouched = (ofClass: Class): boolean => CLASSES.indexOf(ofClass) > CLASSES.indexOf('script')

function circumstanceTerms(facts: ContextFacts, one: Circumstance): Term[] {
  const place = placeTerm(one.path)
  const origin = originTerm(facts, one)
  // What lies where anybody may write has no builds of its own.
  const built = place || origin ? undefined : builtTerm(facts, one)
  return [place, origin, built, starterTerm(one)].filter((term) => term !== undefined)
}

/** A home's folder, as systems lay it out. */
const HOME = /^\/(?:home\/[^/]+|Users\/[^/]+|root|var\/root|private\/var\/root)\//
const TEMPORARY =
  /^\/(?:tmp|var\/tmp|dev\/shm|run\/user\/[^/]+|private\/tmp|private\/var\/tmp|var\/folders|private\/var\/folders|Users\/Shared)\//
/** Where Gatekeeper runs what was downloaded and not moved since. */
const TRANSLOCATED = '/AppTranslocation/'
/** Hidden folders that tools install programs into, by their own manuals. */
const TOOLS =
  /^\.(?:local|cargo|rustup|nvm|npm|pnpm|yarn|bun|deno|volta|asdf|pyenv|rbenv|sdkman|jenv|goenv|dotnet|gradle|m2|venv|virtualenvs|vscode|vscode-server|cursor|cursor-server|linuxbrew|nix-profile|nix-defexpr|conda|jbr|docker|rd|krew|steam)$/

/** Where a file lies that an ordinary user may have put there; undefined: nowhere that says anything. */
export function placeTerm(path: string): Term | undefined {
  const folder = quoted(path.slice(0, path.lastIndexOf('/') + 1))
  if (path.includes(TRANSLOCATED))
    return termOf('downloads', 'it runs from where it was downloaded to')
  if (TEMPORARY.test(path))
    return termOf('temporary', `it lies in ${folder}, where everybody may write`)
  if (/^\/Volumes\/|^\/(?:media|run\/media)\//.test(path))
    return termOf('image', `it lies on a disk image or another disk, ${folder}`)
  const inHome = path.replace(HOME, '')
  if (inHome !== path && /^(?:Downloads|Desktop)\//.test(inHome))
    return termOf('downloads', `it lies in ${folder}`)
  const hidden = path.split('/').find((part) => part.startsWith('.') && part.length > 2)
  if (hidden !== undefined && !TOOLS.test(hidden))
    return termOf('hidden', `it lies in a hidden folder, ${folder}`)
  return undefined
}

function originTerm(
  { ofClass, signerClass, nowMs }: ContextFacts,
  { path, origin }: Circumstance,
): Term | undefined {
  if (signerClass === 'app_store' && path !== '')
    return termOf('appStore', 'it came from the App Store')
  if (origin === undefined) return undefined
  const { kind, name, keeperUid, installedAt } = origin
  const ageMs = installedAt === undefined ? -1 : nowMs - Number(installedAt) / 1e6
  const since = ageMs >= 0 ? ` ${humanDuration(ageMs)} ago` : ''
  const called = name === '' ? '' : ` ${quoted(name)}`
  if (kind === Origin.package && keeperUid === 0)
    return termOf('package', `the system's package${called} brought it${since}`)
  if (kind === Origin.unpackaged)
    return termOf('unpackaged', "it lies among the system's programs, and no package brought it")
  // Where everybody may write, what it says is nobody's word.
  if (keeperUid === undefined) return undefined
  if (kind === Origin.brew)
    return termOf('brew', `Homebrew installed it as${called}${since}, by its owner's own word`)
  if (kind === Origin.download && isVouched(ofClass))
    return termOf(
      'download',
      `it was downloaded${since}${name === '' ? '' : `, marked with${called}`}`,
    )
  return undefined
}

/** Days with a build before it, and since the first: who planted one yesterday has no lineage today. */
const BUILT_DAYS_MIN = 3
const DAY_MS = 86_400_000

/** `builtAs` is empty of code that somebody vouches for. */
function builtTerm({ buildsOf, nowMs }: ContextFacts, { builtAs }: Circumstance): Term | undefined {
  const builds = builtAs === '' ? undefined : buildsOf(builtAs)
  if (builds === undefined) return undefined
  const sinceMs = nowMs - Number(builds.since) / 1e6
  if (builds.days < BUILT_DAYS_MIN || sinceMs < BUILT_DAYS_MIN * DAY_MS) return undefined
  return termOf(
    'builtHere',
    `other builds lay there on ${counted(builds.days, 'day')} before it, since ${humanDuration(sinceMs)} ago`,
  )
}

function impostorTerms({ impostor, circumstances }: ContextFacts): Term[] {
  if (impostor === undefined) return []
  const { by, called, maker } = impostor
  const whose =
    maker === 'the system' ? 'a program of the system' : `a program of team ${quoted(maker)}`
  const like = `${quoted(called)} as ${whose}`
  if (by === 'signingId')
    return [termOf('impostorById', `it calls itself ${like} does, which it is not`)]
  // Packages and formulas bring what the system has, under the same name.
  const isBrought = ({ origin }: Circumstance): boolean =>
    (origin?.kind === Origin.package && origin.keeperUid === 0) ||
    (origin?.kind === Origin.brew && origin.keeperUid !== undefined)
  if (circumstances.length > 0 && circumstances.every(isBrought)) return []
  return [termOf('impostorByName', `it is called ${like} is, which it is not`)]
}

function starterTerm({ starter, starterName }: Circumstance): Term | undefined {
  switch (starter) {
    case 'remote':
      return termOf('remote', 'it was started from a login from another machine')
    case 'document':
      return termOf(
        'document',
        `it was started by ${quoted(starterName)}, which opens documents and mail`,
      )
    case 'script':
      return termOf('script', 'it was started by a script')
    case 'installer':
      return termOf('installer', `the system's ${quoted(starterName)} started it`)
    case 'other':
      return undefined
    default:
      return starter satisfies never
  }
}

function destinationTerms(facts: ContextFacts): Term[] {
  if (!isVouched(facts.ofClass)) return []
  const terms: Term[] = []
  // Of several makers' files none is meant by all.
  const organisations = new Set(facts.circumstances.map(({ organisation }) => organisation))
  const [organisation = ''] = organisations.size === 1 ? organisations : []
  const named = signerNameText(facts.hostname, organisation, facts.signingId)
  if (named)
    terms.push(
      termOf(named.by === 'organisation' ? 'namedLikeSigner' : 'namedLikeSigningId', named.text),
    )
  if (facts.isShared)
    terms.push(
      termOf('sharedDestination', 'other programs of this machine sent there before it did'),
    )
  return terms
}
