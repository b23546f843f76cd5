// Which signed documents hold for which device, and what devices said of them. The collector signs no policy: it chooses who
// gets one first, among those whom the root key signed it for.
import { createHash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { transaction } from '../../baseline/sqlite-file.ts'
import { clampPolicy } from '../../policy/clamp.ts'
import { type Delegation, parseDelegation } from '../../policy/delegation.ts'
import { boundedExceptions } from '../../policy/exceptions.ts'
import { PolicyFault } from '../../policy/fault.ts'
import { dateOf, refuseLeap } from '../../policy/judge.ts'
import { keyIdOf } from '../../policy/keys.ts'
import { openSigned, verifySigned } from '../../policy/signed.ts'
import { type Addressee, isFor, isInShare, targetText } from '../../policy/target.ts'
import {
  DOCUMENT_KINDS,
  type DocumentKind,
  type PolicyPayload,
} from '../../stream/policy-message.ts'
import type { UnixNs } from '../../units.ts'
import { BoundedMap } from '../terms/bounded-map.ts'
import { CollectorError } from '../terms/collector-error.ts'
import type { FleetPolicyInfo, PolicyStandingInfo } from '../views/page-policy.ts'
import { keptOf, PolicyReports, type SaidOfPolicies } from './policy-reports.ts'
import { fleetPolicyInfo, newFaults, type Stood, standingInfo, stoodOf } from './policy-standing.ts'
import { DOCUMENTS_MAX, fullText, replacedOf, tooManyOf } from './replaced.ts'

export type Published = {
  payload: PolicyPayload
  /** As SignedPolicy in bytes. */
  signed: Uint8Array
  /** Of the key that signed it. */
  keyId: string
  /** SHA-256 of it, in hex. */
  digest: string
  /** What a delegation of the root key of today says. */
  delegation: Delegation | undefined
  /** Id of the key that it delegates to. */
  onlineId: string | undefined
  publishedAt: UnixNs
  /** Of those that it is for, who gets it: 0 to 100. */
  sharePercent: number
}

/** With what agents will leave out of it, a sentence each. */
type Verified = { payload: PolicyPayload; clamped: string[] }

/** `replaced`: how many documents are not kept any more, as nobody can be sent them, or there would be too many. */
type Done = Verified & { replaced: number }

type Noted = { faults: PolicyStandingInfo['faults']; isCut: boolean; isBehind: boolean }

/** Twice as many as may wait to be admitted: what those say takes no place of one that was. */
const DEVICES_MAX = 40_000

export class Policies {
  readonly #db: DatabaseSync
  #dataVersion = -1
  /** The newest of a kind first. */
  #documents: Published[] = []
  #rootKey: string | undefined
  /** Of the root key. */
  #rootId: string | undefined
  readonly #reports: PolicyReports
  /** Of those that were asked for; null: it has said nothing. */
  readonly #stood = new BoundedMap<string, Stood | null>(DEVICES_MAX)

  /** `database` is open, as openPoliciesFile opens it; it is closed by `close`. */
  constructor(database: DatabaseSync) {
    this.#db = database
    this.#reports = new PolicyReports(database)
    this.refresh()
  }

  /** Reads what another process has written since. Returns whether there was anything. */
  refresh(): boolean {
    const version = Number(this.#db.prepare('PRAGMA data_version').get()?.['data_version'])
    if (version === this.#dataVersion) return false
    this.#load()
    this.#dataVersion = version
    return true
  }

  close(): void {
    this.#db.close()
  }

  /** Public, 64 hex digits; undefined: none was given yet. */
  rootKey(): string | undefined {
    return this.#rootKey
  }

  documents(): readonly Published[] {
    return this.#documents
  }

  /**
   * What agents will be sent, as soon as they are in the share. `rootKey` is what they were given; it is kept. Throws
   * PolicyFault, and CollectorError where the versions of its kind are beyond it, or there are too many documents.
   */
  publish(signed: Uint8Array, how: { rootKey: string; sharePercent: number; now: UnixNs }): Done {
    const { rootKey, sharePercent, now } = how
    const verified = this.#verified(signed, rootKey, now)
    const { payload } = verified
    const { kind, version, notAfter } = payload
    if (kind !== 'policy' && sharePercent !== 100)
      throw new CollectorError(
        'state',
        `${kind} ${version} goes to all that it is for at once: only a policy has a share`,
      )
    if (notAfter <= now)
      throw new CollectorError(
        'state',
        `the time of ${kind} ${version} is over: no agent would take it`,
      )
    let replaced = 0
    try {
      transaction(this.#db, () => {
        this.#load()
        const [newest] = this.#documents.filter((one) => one.payload.kind === kind)
        if (newest && newest.payload.version >= version)
          throw new CollectorError(
            'state',
            `${kind} ${newest.payload.version} was published before: version ${version} would be refused by who has that one, so sign it under a higher one`,
          )
        refuseLeap(version, newest?.payload.version ?? 0)
        this.#db.prepare('INSERT OR REPLACE INTO root_key VALUES (1, ?)').run(rootKey)
        this.#db
          .prepare('INSERT INTO document VALUES (?, ?, ?, ?, ?)')
          .run(kind, version, signed, now, sharePercent)
        replaced = this.#dropReplaced()
      })
    } finally {
      this.#load()
    }
    return { ...verified, replaced }
  }

  /** Returns how many. Throws CollectorError where too many are left. */
  #dropReplaced(): number {
    this.#load()
    const gone = new Set(replacedOf(this.#documents))
    const kept = this.#documents.filter((one) => !gone.has(one))
    const tooMany = tooManyOf(kept, this.#rootId)
    if (kept.length - tooMany.length > DOCUMENTS_MAX)
      throw new CollectorError('state', fullText(kept))
    const drop = this.#db.prepare('DELETE FROM document WHERE kind = ? AND version = ?')
    for (const { payload } of [...gone, ...tooMany]) drop.run(payload.kind, payload.version)
    return gone.size + tooMany.length
  }

  /** Throws PolicyFault: what no agent would take is not sent to thousands. */
  #verified(signed: Uint8Array, rootKey: string, now: UnixNs): Verified {
    const { kind } = openSigned(signed).payload
    if (kind === 'exceptions') return this.#verifiedExceptions(signed, now)
    const payload = verifySigned(signed, rootKey)
    if (kind === 'policy')
      return { payload, clamped: clampPolicy(payload.content, payload.version).clamped }
    parseDelegation(payload.content, rootKey)
    return { payload, clamped: [] }
  }

  /** Throws PolicyFault where no delegation is in force, or none to the key that signed it. */
  #verifiedExceptions(signed: Uint8Array, now: UnixNs): Verified {
    const all = this.delegations(now)
    const { keyId } = openSigned(signed).signed
    const own = all.filter(({ delegation }) => keyIdOf(delegation.onlineKey) === keyId)
    const [by] = own.length > 0 ? own : all
    if (!by) throw this.#noDelegation()
    const payload = verifySigned(signed, by.delegation.onlineKey)
    const madeAtMs = Number(payload.madeAt / 1_000_000n)
    const clamped = own.flatMap(
      ({ delegation }) => boundedExceptions(payload.content, delegation.bounds, madeAtMs).clamped,
    )
    return { payload, clamped: [...new Set(clamped)] }
  }

  #noDelegation(): PolicyFault {
    const [newest] = this.#documents.filter(({ delegation }) => delegation !== undefined)
    return new PolicyFault(
      'delegation-missing',
      newest
        ? `the time of delegation ${newest.payload.version} was over at ${dateOf(newest.payload.notAfter)}: publish another one`
        : 'no delegation was published',
    )
  }

  /** Those of which the time is not over and that no later one has replaced for everybody, the newest first. */
  delegations(now: UnixNs): { payload: PolicyPayload; delegation: Delegation }[] {
    const found: { payload: PolicyPayload; delegation: Delegation }[] = []
    for (const { payload, delegation, sharePercent } of this.#documents) {
      if (!delegation) continue
      if (payload.notAfter > now) found.push({ payload, delegation })
      if (targetText(payload.target) === targetText({}) && sharePercent === 100) break
    }
    return found
  }

  /** Returns whether there is such a policy. Who has it keeps it, whatever the share becomes. */
  setShare(version: number, sharePercent: number): boolean {
    const { changes } = this.#db
      .prepare("UPDATE document SET share_percent = ? WHERE kind = 'policy' AND version = ?")
      .run(sharePercent, version)
    this.#load()
    return changes > 0
  }

  /**
   * The newest of each kind that the device is to have, a delegation before exceptions: of what the root key has signed, and
   * the key that the device's own delegation names, since it would refuse all else. No policy that is older than what it
   * said it has: where a newer one is held back, who has that keeps it, and would refuse the other.
   */
  holdFor(addressee: Addressee): Published[] {
    const rootId = this.#rootId
    const delegation = this.#of('delegation', rootId, addressee)
    const onlineId = delegation?.onlineId
    return DOCUMENT_KINDS.flatMap((kind) => {
      const of =
        kind === 'delegation'
          ? delegation
          : this.#of(kind, kind === 'policy' ? rootId : onlineId, addressee)
      const isOlder =
        kind === 'policy' && of && of.payload.version < this.#policyOf(addressee.deviceId)
      return of && !isOlder ? [of] : []
    })
  }

  /** Version of the policy that it said is in force there, by the root key of today; 0: none. */
  #policyOf(deviceId: string): number {
    const stood = this.#stoodOf(deviceId)
    return stood && stood.keyId === this.#rootId ? stood.inForce : 0
  }

  /** How policies stand on a device; undefined: there is nothing to say. */
  standingOf(addressee: Addressee): PolicyStandingInfo | undefined {
    const newest = this.#of('policy', this.#rootId, addressee)?.payload.version ?? 0
    const stood = this.#stoodOf(addressee.deviceId)
    // As `holdFor` has it.
    const offered = newest < this.#policyOf(addressee.deviceId) ? 0 : newest
    // By another root key the same numbers are other policies.
    const isOther = stood && stood.inForce > 0 && stood.keyId !== this.#rootId
    return standingInfo(offered, isOther ? { ...stood, inForce: 0, received: 0 } : stood)
  }

  /**
   * The newest policy on those of `devices` that are to have it; undefined: none was published. `unheard`: those that may be nobody,
   * told apart unless they said something.
   */
  newest(
    devices: Iterable<Addressee>,
    unheard: Iterable<Addressee> = [],
  ): FleetPolicyInfo | undefined {
    const [newest] = this.#documents.filter(
      ({ payload, keyId }) => payload.kind === 'policy' && keyId === this.#rootId,
    )
    if (!newest) return undefined
    const standings = (of: Iterable<Addressee>) => [...of].map((one) => this.standingOf(one))
    return fleetPolicyInfo(
      newest.payload.version,
      standings(devices),
      standings(unheard),
      newest.sharePercent === 0,
    )
  }

  #stoodOf(deviceId: string): Stood | undefined {
    let stood = this.#stood.get(deviceId)
    if (stood === undefined) {
      const said = this.#reports.of(deviceId)
      stood = said ? stoodOf(said.report, said.at) : null
      this.#stood.set(deviceId, stood)
    }
    return stood ?? undefined
  }

  /** What was said by devices that are not known any more goes. */
  forgetAllBut(isKnown: (deviceId: string) => boolean): void {
    this.#reports.forgetAllBut(isKnown)
    for (const id of this.#stood.keys()) if (!isKnown(id)) this.#stood.delete(id)
  }

  /** What a device said: it is gone, or another that has enrolled anew by its id. */
  forget(deviceId: string): void {
    this.#stood.delete(deviceId)
    this.#reports.forget(deviceId)
  }

  #of(kind: DocumentKind, keyId: string | undefined, addressee: Addressee): Published | undefined {
    return this.#documents.find(
      (one) =>
        one.payload.kind === kind &&
        one.keyId === keyId &&
        (kind !== 'delegation' || one.delegation !== undefined) &&
        isFor(one.payload.target, addressee) &&
        isInShare(addressee.deviceId, one.sharePercent),
    )
  }

  /**
   * What a device said; written with the next `writeSaid`. Returns what of it stands against a document since this report, and
   * whether it was more than is kept; and whether it has an older policy than it said before, or none: another may hold for it.
   */
  noteSaid(said: SaidOfPolicies): Noted {
    const { deviceId, at } = said
    const { report, isCut } = keptOf(said.report)
    const stood = stoodOf(report, at)
    const faults = newFaults(stood, this.#stoodOf(deviceId))
    const before = this.#policyOf(deviceId)
    this.#stood.set(deviceId, stood)
    this.#reports.note({ ...said, report })
    return { faults, isCut, isBehind: this.#policyOf(deviceId) < before }
  }

  /** Returns how many. Throws what SQLite does; they are tried again then. */
  writeSaid(): number {
    return this.#reports.write()
  }

  /** The last that a device said. */
  saidBy(deviceId: string): SaidOfPolicies | undefined {
    return this.#reports.of(deviceId)
  }

  /** Reports that an earlier version kept, larger than this one reads. Returns how many. */
  dropLongReports(): number {
    return this.#reports.dropLong()
  }

  #load(): void {
    this.#rootKey = this.#db.prepare('SELECT public FROM root_key').get()?.['public'] as
      | string
      | undefined
    this.#rootId = this.#rootKey && keyIdOf(this.#rootKey)
    const statement = this.#db.prepare('SELECT * FROM document ORDER BY version DESC')
    statement.setReadBigInts(true)
    this.#documents = statement.all().map((row) => {
      const signed = row['signed'] as Uint8Array
      const { payload, signed: outer } = openSigned(signed)
      const delegation = this.#delegationIn(payload, outer.keyId)
      return {
        payload,
        signed,
        keyId: outer.keyId,
        digest: createHash('sha256').update(signed).digest('hex'),
        delegation,
        onlineId: delegation && keyIdOf(delegation.onlineKey),
        publishedAt: row['published_ns'] as UnixNs,
        sharePercent: Number(row['share_percent']),
      }
    })
  }

  #delegationIn({ kind, content }: PolicyPayload, keyId: string): Delegation | undefined {
    const rootKey = this.#rootKey
    if (kind !== 'delegation' || rootKey === undefined || keyId !== this.#rootId) return undefined
    try {
      return parseDelegation(content, rootKey)
    } catch (error) {
      // Published by an earlier version: no agent takes it.
      if (error instanceof PolicyFault) return undefined
      throw error
    }
  }
}
