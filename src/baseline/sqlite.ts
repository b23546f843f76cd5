import type { UnixNs } from '../units.ts'
import {
  type Baseline,
  type BaselineCounts,
  FACTS,
  type Fact,
  isProgramKey,
  type StoredAlert,
  type StoredDestination,
  type StoredIdentity,
} from './baseline.ts'
import { Cache } from './cache.ts'
import { CarriedTables } from './carried-tables.ts'
import { checkPages } from './check-pages.ts'
import { BaselineError, guarded } from './error.ts'
import { HeldTable } from './held-table.ts'
import type { BaselineRow } from './row.ts'
import { createSchema, SCHEMA_VERSION, upgradeSchema } from './schema.ts'
import { openFile, type SetAside, type SharedFile, transaction } from './sqlite-file.ts'
import { preparing } from './statements.ts'
import { SumLog } from './sum-log.ts'
import { Tables } from './tables.ts'

export { BaselineError, type BaselineErrorCode } from './error.ts'
export type { SetAside } from './sqlite-file.ts'

export type BaselineOptions = {
  /** Names a file that is set aside; nothing else depends on it. */
  now: UnixNs
  /** Told when others could use the file. */
  log?: (text: string) => void
  /** Most identities and destinations on disk; those not seen for longest are forgotten first. */
  identitiesMax?: number
  destinationsMax?: number
  /** Where there is none yet and no room for one, what is learnt is kept in memory until there is. */
  mayStandIn?: boolean
}

const IDENTITIES_MAX = 100_000
const DESTINATIONS_MAX = 1_000_000
const IDENTITIES_CACHED = 4096
const DESTINATIONS_CACHED = 16_384
/** Changes that wait while the disk refuses. Beyond it the oldest are given up, and counted. */
const PENDING_MAX = 65_536
/** How long another process may hold the file up: at first, and while it is known to. */
const PATIENCE_MS = 2000
const PATIENCE_IN_TROUBLE_MS = 20

/*
 * synchronous = NORMAL: in WAL mode a commit is in the kernel's hands when it returns, so kill -9 loses
 * nothing; a power cut may lose the last seconds, never the file. What that costs is that a program seen
 * in those seconds is new once more. FULL would cost an fsync each second of every laptop's battery.
 */
const PRAGMAS = 'PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 4194304'

/**
 * Opens or makes the baseline at `path`. A file that is corrupt or a later version's is set aside, told in
 * `setAside`, and a new one begun. Throws BaselineError when the disk refuses, and what node:sqlite throws
 * when the directory does.
 */
export function openBaseline(
  path: string,
  options: BaselineOptions,
): { baseline: SqliteBaseline; setAside?: SetAside } {
  const limits = {
    identitiesMax: options.identitiesMax ?? IDENTITIES_MAX,
    destinationsMax: options.destinationsMax ?? DESTINATIONS_MAX,
  }
  const { file, setAside } = guarded(path, 'open', () =>
    openFile(path, {
      version: SCHEMA_VERSION,
      create: createSchema,
      upgrade: upgradeSchema,
      check: checkPages,
      pragmas: PRAGMAS,
      now: options.now,
      log: options.log,
      mayStandIn: options.mayStandIn,
    }),
  )
  const baseline = new SqliteBaseline(path, file, limits)
  return setAside ? { baseline, setAside } : { baseline }
}

export type Limits = { identitiesMax: number; destinationsMax: number }

/** One file, one writer. Values are copied in and out. */
export class SqliteBaseline implements Baseline {
  readonly carried: CarriedTables
  readonly held: HeldTable
  readonly sums: SumLog
  readonly #path: string
  #file: SharedFile
  readonly #tables: Tables
  readonly #limits: Limits
  readonly #identities = new Cache<string, StoredIdentity>(IDENTITIES_CACHED)
  /** What the file has no identity of: each exec asks whether its program's content is known, which next to none is. */
  readonly #absent = new Cache<string, true>(IDENTITIES_CACHED)
  readonly #destinations = new Cache<string, StoredDestination>(DESTINATIONS_CACHED)
  readonly #hostDestinations = new Cache<string, true>(DESTINATIONS_CACHED)
  readonly #pendingIdentities = new Map<string, StoredIdentity>()
  readonly #pendingDestinations = new Map<string, StoredDestination>()
  readonly #pendingHostDestinations = new Set<string>()
  readonly #alerts: Map<string, StoredAlert>
  readonly #pendingAlerts = new Set<string>()
  readonly #facts = new Map<Fact, bigint>()
  readonly #pendingFacts = new Set<Fact>()
  readonly #counts: { identities: number; destinations: number }
  #programs: number
  #bornAt: UnixNs | undefined
  #bornAtPending = false
  #givenUp = 0
  #patienceMs = PATIENCE_MS
  #closed = false

  constructor(path: string, file: SharedFile, limits: Limits) {
    this.#path = path
    this.#file = file
    const prepare = preparing(() => this.#file.database)
    this.#tables = new Tables(prepare)
    this.#limits = limits
    this.carried = new CarriedTables(prepare)
    this.held = new HeldTable(prepare)
    this.sums = new SumLog(prepare)
    this.#bornAt = this.#tables.bornAt()
    for (const name of FACTS) {
      const value = this.#tables.fact(name)
      if (value !== undefined) this.#facts.set(name, value)
    }
    const unreadable = BigInt(this.sums.unreadable) + (this.fact('sums_unreadable') ?? 0n)
    if (unreadable > 0n) this.putFact('sums_unreadable', unreadable)
    this.#counts = this.#tables.counts()
    this.#programs = this.#tables.programs()
    this.#alerts = new Map(this.#tables.alerts().map((alert) => [alert.id, alert]))
  }

  bornAt(): UnixNs | undefined {
    return this.#bornAt
  }

  setBornAt(at: UnixNs): void {
    this.#bornAt = at
    this.#bornAtPending = true
  }

  fact(name: Fact): bigint | undefined {
    return this.#facts.get(name)
  }

  putFact(name: Fact, value: bigint): void {
    this.#facts.set(name, value)
    this.#pendingFacts.add(name)
  }

  identity(key: string): StoredIdentity | undefined {
    const known = this.#pendingIdentities.get(key) ?? this.#identities.get(key)
    if (known) return { ...known }
    if (this.#absent.get(key)) return undefined
    const stored = this.#reading(() => this.#tables.identity(key))
    if (!stored) {
      this.#absent.set(key, true)
      return undefined
    }
    this.#identities.set(key, stored)
    return { ...stored }
  }

  putIdentity(identity: StoredIdentity): void {
    if (!this.identity(identity.key)) {
      this.#counts.identities++
      if (isProgramKey(identity.key)) this.#programs++
    }
    this.#absent.delete(identity.key)
    const kept = { ...identity }
    this.#gather(this.#pendingIdentities, identity.key, kept)
    this.#identities.set(identity.key, kept)
  }

  destination(identityKey: string, destinationKey: string): StoredDestination | undefined {
    const pair = pairKey(identityKey, destinationKey)
    const known = this.#pendingDestinations.get(pair) ?? this.#destinations.get(pair)
    if (known) return { ...known }
    const stored = this.#reading(() => this.#tables.destination(identityKey, destinationKey))
    if (stored) this.#destinations.set(pair, stored)
    return stored && { ...stored }
  }

  putDestination(destination: StoredDestination): void {
    const { identityKey, destinationKey } = destination
    const pair = pairKey(identityKey, destinationKey)
    if (!this.destination(identityKey, destinationKey)) this.#counts.destinations++
    const kept = { ...destination }
    this.#gather(this.#pendingDestinations, pair, kept)
    this.#destinations.set(pair, kept)
    this.#pendingHostDestinations.add(destinationKey)
    // Of a disk that refuses for long: one that is given up here is only new to this host once more.
    if (this.#pendingHostDestinations.size > PENDING_MAX)
      for (const oldest of this.#pendingHostDestinations) {
        this.#pendingHostDestinations.delete(oldest)
        break
      }
  }

  hostKnowsDestination(destinationKey: string): boolean {
    if (this.#pendingHostDestinations.has(destinationKey)) return true
    if (this.#hostDestinations.get(destinationKey)) return true
    const known = this.#reading(() => this.#tables.hostKnowsDestination(destinationKey))
    if (known) this.#hostDestinations.set(destinationKey, true)
    return known
  }

  alerts(): StoredAlert[] {
    return [...this.#alerts.values()].map((alert) => ({ ...alert }))
  }

  putAlert(alert: StoredAlert): void {
    this.#alerts.set(alert.id, { ...alert })
    this.#pendingAlerts.add(alert.id)
  }

  removeAlert(id: string): void {
    if (this.#alerts.delete(id)) this.#pendingAlerts.add(id)
  }

  /** Of the identities, those that are programs: the others say what scripts and contents there are. */
  programs(): number {
    return this.#programs
  }

  counts(): BaselineCounts {
    return { ...this.#counts, alerts: this.#alerts.size }
  }

  /** All that is known, after a commit of what was gathered. REQUIRES: nothing is put before the walk has ended. */
  *rows(): Generator<BaselineRow, void> {
    this.commit()
    if (this.#bornAt !== undefined) yield { kind: 'born', at: this.#bornAt }
    for (const [name, value] of this.#facts) yield { kind: 'fact', name, value }
    for (const identity of this.#tables.identities()) yield { kind: 'identity', identity }
    for (const destination of this.#tables.destinations())
      yield { kind: 'destination', destination }
    for (const alert of this.alerts()) yield { kind: 'alert', alert }
    for (const held of this.held.all()) yield { kind: 'held', held }
    for (const sum of this.sums.all()) yield { kind: 'sum', sum }
    const boot = this.carried.boot()
    if (boot === undefined) return
    yield { kind: 'carried_boot', boot }
    for (const flow of this.carried.flows()) yield { kind: 'carried_flow', flow }
    for (const pair of this.carried.pairs()) yield { kind: 'carried_pair', pair }
    for (const process of this.carried.processes()) yield { kind: 'carried_process', process }
  }

  /** Identities and destinations forgotten, over the life of the file, because it was at its limit. */
  forgotten(): number {
    return this.#reading(() => this.#tables.forgotten())
  }

  commit(): void {
    if (!this.#isPending()) return
    if (this.#closed) throw new BaselineError('closed', 'the baseline is closed')
    let pruned = false
    guarded(this.#path, `write${this.#waiting()}`, () => {
      this.#file = this.#file.onDisk()
      try {
        transaction(this.#file.database, () => {
          this.#write()
          if (this.#isOverLimit()) pruned = this.#tables.prune(this.#limits)
        })
      } catch (error) {
        this.#tables.forgetKeyIds()
        this.#file.patience(PATIENCE_IN_TROUBLE_MS)
        throw error
      }
    })
    this.#file.patience(this.#patienceMs)
    const isLess = pruned || this.#givenUp > 0
    this.#pendingIdentities.clear()
    this.#pendingDestinations.clear()
    this.#pendingHostDestinations.clear()
    this.#pendingAlerts.clear()
    this.#pendingFacts.clear()
    this.carried.written()
    this.held.written()
    this.sums.written()
    this.#bornAtPending = false
    this.#givenUp = 0
    if (isLess) this.#readAnew()
    this.#file.share()
  }

  /** How long a commit waits for another process that holds the file, from now on. */
  patience(ms: number): void {
    this.#patienceMs = ms
    this.#file.patience(ms)
  }

  /** The room of its log is the disk's again, as far as it can be. */
  giveRoom(): void {
    this.#file.giveRoom()
  }

  /** Does not commit. Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#file.database.close()
  }

  #write(): void {
    if (this.#bornAtPending && this.#bornAt !== undefined) this.#tables.putBornAt(this.#bornAt)
    for (const name of this.#pendingFacts)
      this.#tables.putFact(name, this.#facts.get(name) as bigint)
    this.carried.write()
    this.held.write()
    this.sums.write()
    for (const identity of this.#pendingIdentities.values()) this.#tables.putIdentity(identity)
    for (const destination of this.#pendingDestinations.values())
      this.#tables.putDestination(destination)
    for (const id of this.#pendingAlerts) {
      const alert = this.#alerts.get(id)
      if (alert) this.#tables.putAlert(alert)
      else this.#tables.removeAlert(id)
    }
  }

  #readAnew(): void {
    this.#identities.clear()
    this.#destinations.clear()
    this.#hostDestinations.clear()
    Object.assign(this.#counts, this.#tables.counts())
    this.#programs = this.#tables.programs()
  }

  #isOverLimit(): boolean {
    const { identities, destinations } = this.#counts
    return identities > this.#limits.identitiesMax || destinations > this.#limits.destinationsMax
  }

  #isPending(): boolean {
    return (
      this.#bornAtPending ||
      this.#pendingFacts.size > 0 ||
      this.carried.isWaiting() ||
      this.held.isWaiting() ||
      this.sums.isWaiting() ||
      this.#pendingIdentities.size > 0 ||
      this.#pendingDestinations.size > 0 ||
      this.#pendingAlerts.size > 0
    )
  }

  #gather<V>(pending: Map<string, V>, key: string, value: V): void {
    pending.set(key, value)
    if (pending.size <= PENDING_MAX) return
    for (const oldest of pending.keys()) {
      pending.delete(oldest)
      break
    }
    this.#givenUp++
  }

  /** Of programs, destinations and alerts; what else waits, as how far sense's records are known, is no change to anybody. */
  #waiting(): string {
    const waiting =
      this.#pendingIdentities.size + this.#pendingDestinations.size + this.#pendingAlerts.size
    const givenUp = this.#givenUp + this.carried.givenUp() + this.sums.givenUp()
    return `${waiting > 0 ? ` of ${waiting} ${waiting === 1 ? 'change' : 'changes'}` : ''}${givenUp > 0 ? `, ${givenUp} given up` : ''}`
  }

  #reading<T>(read: () => T): T {
    if (this.#closed) throw new BaselineError('closed', 'the baseline is closed')
    return guarded(this.#path, 'read', read)
  }
}

/** No key has a NUL: paths and names cannot hold one. */
const pairKey = (identityKey: string, destinationKey: string) => `${identityKey}\0${destinationKey}`
