// What a program has in common with others that it is not: a name that somebody vouched for bears, and builds that lay where it lies.
import { type Baseline, BUILDS, CALLED, type StoredIdentity } from '../../baseline/baseline.ts'
import type { UnixNs } from '../../units.ts'
import { actsByName } from '../process/acting.ts'
import type { Image } from '../process/process.ts'
import { isUnvouched, isVouched } from './vouching.ts'

const DAY_NS = 86_400_000_000_000n
/** A row that no program asks about any more may be forgotten. */
const RENEWED_NS = DAY_NS
const dayOf = (at: UnixNs): number => Number(at / DAY_NS)

/** Maker of the system's programs, and of what several teams' programs are called: no team has these names. */
const SYSTEM = 'the system'
const SEVERAL = '*'
/** Names that say what a program does in its maker's application: many makers' are called so. */
const COMMON: ReadonlySet<string> = new Set(
  (
    'agent app applet autoupdate autoupdater bootstrap broker client console crashpad_handler crashreporter daemon desktop download ' +
    'electron engine exec helper host init install installer launch launcher loader main manager monitor nwjs plugin proxy relaunch ' +
    'renderer runner server service setup shim start starter sync test tests tool uninstall uninstaller update updater watchdog ' +
    'worker wrapper'
  ).split(' '),
)
const NAME_LETTERS_MIN = 4

const idKey = (signingId: string): string => `${CALLED}id ${signingId.toLowerCase()}`
const nameKey = (name: string): string => `${CALLED}name ${name.toLowerCase()}`
/** Whether a name tells one program from another: tools that act for others are everybody's, in many builds. */
const isTelling = (name: string): boolean =>
  name.length >= NAME_LETTERS_MIN && !COMMON.has(name.toLowerCase()) && !actsByName(`/${name}`)

/** It stands for its own file: neither for a script nor for another, and is no copy of the system's. */
const isItsOwn = (key: string): boolean => !/ (?:script|via) |^copy:|^gone:/.test(key)
const makerOf = ({ signerClass, teamId }: StoredIdentity): string =>
  signerClass === 'platform' ? SYSTEM : teamId

/** Notes what a program is called that somebody vouches for; of others' names nothing. */
export function noteNames(baseline: Baseline, stored: StoredIdentity, at: UnixNs): void {
  const maker = makerOf(stored)
  if (!isVouched(stored.signerClass) || !isItsOwn(stored.key) || maker === '') return
  if (isTelling(stored.name)) note(baseline, stored, nameKey(stored.name), maker, at)
  // Apple's own begin with its domain, which is known without having seen them.
  if (stored.signingId !== '' && maker !== SYSTEM)
    note(baseline, stored, idKey(stored.signingId), maker, at)
}

function note(
  baseline: Baseline,
  { name, path, signerClass }: StoredIdentity,
  key: string,
  maker: string,
  at: UnixNs,
): void {
  const known = baseline.identity(key)
  if (known === undefined) {
    baseline.putIdentity({ ...rowOf(key, name, path, at), signerClass, teamId: maker })
    return
  }
  // The first that bore a signing id keeps it; a name that two makers gave is nobody's.
  const isShared = known.teamId !== maker && key.startsWith(`${CALLED}name `)
  const teamId = isShared ? SEVERAL : known.teamId
  if (teamId !== known.teamId || at - known.lastSeenAt >= RENEWED_NS)
    baseline.putIdentity({ ...known, teamId, lastSeenAt: at })
}

const rowOf = (key: string, name: string, path: string, at: UnixNs): StoredIdentity => ({
  ...{ key, signerClass: 'unknown', name, path, sha256: '', signingId: '', teamId: '', cdhash: '' },
  ...{ firstExecAt: at, firstNetworkAt: undefined, lastSeenAt: at },
  ...{ daysActive: 0, lastActiveDay: -1, history: '' },
})

/** What a program is called as another is, by its signing id or its file's name, and whose that one is. */
export type Impostor = { by: 'signingId' | 'name'; called: string; maker: string }

/** undefined: it is called like nobody else whom somebody vouches for. */
export function impostorOf(baseline: Baseline, stored: StoredIdentity): Impostor | undefined {
  const { key, signerClass, signingId, name } = stored
  // What nobody has looked at yet may be just that program.
  if (signerClass === 'platform' || signerClass === 'unknown' || !isItsOwn(key)) return undefined
  const own = isVouched(signerClass) ? makerOf(stored) : ''
  if (signingId !== '') {
    const maker =
      isUnvouched(signerClass) && /^com\.apple\./i.test(signingId)
        ? SYSTEM
        : baseline.identity(idKey(signingId))?.teamId
    if (maker !== undefined && maker !== own) return { by: 'signingId', called: signingId, maker }
  }
  const maker = isTelling(name) ? baseline.identity(nameKey(name))?.teamId : undefined
  return maker === undefined || maker === own || maker === SEVERAL
    ? undefined
    : { by: 'name', called: name, maker }
}

/** Builds that lay where a program lies, under its name but for numbers. */
export type EarlierBuilds = {
  /** Days on which there was a new one, before the program's own. */
  days: number
  /** When the first was seen. */
  since: UnixNs
}

/** st_mode, inode(7). */
const WRITABLE_BY_ALL = 0o002

/**
 * The key that the builds of one program share: its owner's file in the same folder, numbers and hashes in the path left out. Empty
 * where others than its owner can write it, or it was not read.
 */
export function buildsKeyOf({ path, inspection: file, pathGuessed }: Image): string {
  if (file === undefined || file.error !== 0 || file.replaced || pathGuessed) return ''
  if (file.ownerUid === undefined || (file.mode & WRITABLE_BY_ALL) !== 0) return ''
  return `${BUILDS}${file.ownerUid} ${path.replace(/[0-9a-f]{8,}|[0-9]+(?:\.[0-9]+)*/gi, '#')}`
}

/** Notes that a program which nobody vouches for lies there; a day counts once. */
export function noteBuild(
  baseline: Baseline,
  key: string,
  { sha256, cdhash, name, path, firstExecAt }: StoredIdentity,
  at: UnixNs,
): void {
  const day = dayOf(at)
  if (key === '' || dayOf(firstExecAt) !== day) return
  const known = baseline.identity(key)
  if (known?.lastActiveDay === day) return
  const content = sha256 || cdhash
  if (known?.sha256 === content) return
  baseline.putIdentity({
    ...(known ?? rowOf(key, name, path, at)),
    ...{ sha256: content, lastSeenAt: at, lastActiveDay: day },
    daysActive: (known?.daysActive ?? 0) + 1,
  })
}

/** Of a program that was first seen at `firstAt`; undefined: there were none. */
export function earlierBuilds(
  baseline: Baseline,
  key: string,
  firstAt: UnixNs,
): EarlierBuilds | undefined {
  const row = key === '' ? undefined : baseline.identity(key)
  if (row === undefined) return undefined
  const days = row.daysActive - (row.lastActiveDay >= dayOf(firstAt) ? 1 : 0)
  return days > 0 && row.firstExecAt < firstAt ? { days, since: row.firstExecAt } : undefined
}
