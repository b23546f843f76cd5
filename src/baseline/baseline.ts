// What the baseline answers and takes. The engine is its only user in a running agent.
import type { Bytes, UnixNs } from '../units.ts'
import type { Carried } from './carried.ts'
import type { HeldStore } from './held.ts'
import type { SumStore } from './sums.ts'

/**
 * How a program file is vouched for, best first. On Linux only platform, unknown and unsigned occur. unknown: nobody
 * has looked at the file, and nothing says that others than root can change it.
 */
export type SignerClass =
  | 'platform'
  | 'app_store'
  | 'notarized'
  | 'developer_id'
  | 'unknown'
  | 'adhoc'
  | 'unsigned'
  | 'invalid'

/**
 * A program this machine knows; under a key that begins with LINEAGE, what the versions of one script share; with
 * CONTENT, where the system's file with this content lies.
 */
export type StoredIdentity = {
  key: string
  signerClass: SignerClass
  /** File name of the program. */
  name: string
  path: string
  sha256: string
  signingId: string
  teamId: string
  cdhash: string
  /** First run, or first found running. */
  firstExecAt: UnixNs
  /** undefined until it uses the network outside what detection leaves out. */
  firstNetworkAt: UnixNs | undefined
  lastSeenAt: UnixNs
  /** Days (UTC) on which it used the network. */
  daysActive: number
  /** The last such day, days since 1970; -1 when none. */
  lastActiveDay: number
  /** What it sends in an hour, as `writeHistory` (history.ts) has it; empty when it has not sent for one. */
  history: string
}

/** `script of <uid> <path> by <key> via <key>`: see engine/identity/lineage.ts. */
export const LINEAGE = 'script of '

/** `content of <sha256>`: a file of the system's with this content; see engine/identity/originals.ts. */
export const CONTENT = 'content of '

/** `network name <name>`: what the system knew, before Freshet came, of a program of this name; see network-names.ts. */
export const NAMED = 'network name '

/**
 * `called id <signing id>` and `called name <name>`, in lower case: whose programs that somebody vouches for are called so;
 * `builds of <uid> <path>`: programs that nobody vouches for and that lay there. See engine/identity/likeness.ts.
 */
export const CALLED = 'called '
export const BUILDS = 'builds of '

const NO_PROGRAMS = [LINEAGE, CONTENT, NAMED, CALLED, BUILDS] as const

/** Whether an identity under this key is a program, and not what is known beside programs. */
export const isProgramKey = (key: string): boolean =>
  !NO_PROGRAMS.some((prefix) => key.startsWith(prefix))

/** The same for `keys.text` in SQL. */
export const IS_PROGRAM_KEY = NO_PROGRAMS.map(
  (prefix) => `substr(text, 1, ${prefix.length}) <> '${prefix}'`,
).join(' AND ')

/** A destination an identity has talked to. */
export type StoredDestination = {
  identityKey: string
  destinationKey: string
  firstAt: UnixNs
  lastAt: UnixNs
}

/**
 * An alert that is open or cooling down, kept so that a restart neither repeats nor forgets it. `flows`
 * are the flows of its pair that were open, with what of them is in the totals already.
 */
export type StoredAlert = {
  id: string
  identityKey: string
  destinationKey: string
  /** What the engine wants back, as JSON of its own making. */
  state: string
  bytesOut: Bytes
  bytesIn: Bytes
  openedAt: UnixNs
  updatedAt: UnixNs
}

/**
 * Lasting numbers of the engine. platform_day: the day (since 1970, UTC) on which platform identities were last new, and
 * platform_new: how many that day; platform_epoch_ns: when an epoch of new platform programs last began, as after an
 * update of the system; rebuilt_ns: when this baseline took the place of one that could not be
 * read, or an export was first read into it; lost_events: how many events no engine of it was told, and lost_since_ns,
 * lost_last_ns: when the first and the last of those were missed; new_day: the day on which programs that nobody vouches for were
 * new last, new_today: how many that day, new_mean: how many a day before it, in thousandths; pairs_day, pairs_today, pairs_mean:
 * the same of pairs that sent more than an answer explains, pairs_days: over how many days that is the mean; network_names: how many
 * names of programs the system knew, as this machine was first watched; sums_boot, sums_shift_ms, sums_lead_s, sums_hour: see
 * engine/detection/lasting-hours.ts; sums_unreadable: parts of what was stored of sums that could not be read, and no engine has said so.
 */
export const FACTS = [
  ...(['platform_day', 'platform_new', 'platform_epoch_ns', 'rebuilt_ns'] as const),
  ...(['lost_events', 'lost_since_ns', 'lost_last_ns'] as const),
  ...(['new_day', 'new_today', 'new_mean', 'network_names'] as const),
  ...(['pairs_day', 'pairs_today', 'pairs_mean', 'pairs_days'] as const),
  ...(['sums_boot', 'sums_shift_ms', 'sums_lead_s', 'sums_hour', 'sums_unreadable'] as const),
] as const
export type Fact = (typeof FACTS)[number]

/** What it knows, or what it lacks, is not what a machine's first start found: nobody was here before it began. */
export function noteNoFirstStart(baseline: Baseline, at: UnixNs): void {
  if (baseline.fact('rebuilt_ns') === undefined) baseline.putFact('rebuilt_ns', at)
}

/** Whether a program was found running as the baseline began; one that took the place of another found nobody so. */
export const wasHereAt = (
  { firstExecAt }: Pick<StoredIdentity, 'firstExecAt'>,
  bornAt: UnixNs | undefined,
  isRebuilt: boolean,
): boolean => firstExecAt + 1n === bornAt && !isRebuilt

/** It took the place of one that was lost, before anything else is known of it. */
export function noteRebuilt(baseline: Baseline, at: UnixNs): void {
  noteNoFirstStart(baseline, at)
  baseline.commit()
}

export type BaselineCounts = { identities: number; destinations: number; alerts: number }

/**
 * Synchronous and cheap: reads come from memory once loaded, writes are gathered until `commit`, which
 * makes all of them durable or none. What a put gave, the next get returns, committed or not.
 */
export type Baseline = {
  /** Time of the first record this baseline ever saw; undefined when it is new. */
  bornAt(): UnixNs | undefined
  setBornAt(at: UnixNs): void
  fact(name: Fact): bigint | undefined
  putFact(name: Fact, value: bigint): void
  identity(key: string): StoredIdentity | undefined
  putIdentity(identity: StoredIdentity): void
  destination(identityKey: string, destinationKey: string): StoredDestination | undefined
  putDestination(destination: StoredDestination): void
  /** Whether any identity of this host has talked to it. */
  hostKnowsDestination(destinationKey: string): boolean
  alerts(): StoredAlert[]
  putAlert(alert: StoredAlert): void
  removeAlert(id: string): void
  /** What the next engine must know so that it says no byte twice. */
  readonly carried: Carried
  /** What exceptions hold back. */
  readonly held: HeldStore
  /** What programs sent beyond an answer in the last 24 hours. */
  readonly sums: SumStore
  counts(): BaselineCounts
  /** Throws BaselineError when the disk refuses; what was gathered is kept for the next try. */
  commit(): void
  close(): void
}
