// Which signed documents hold for which device, and what devices said of them. The collector signs no policy: it chooses who
// gets one first, among those whom the root key signed it for.
import type { DatabaseSync } from 'node:sqlite'
import { transaction } from '../../baseline/sqlite-file.ts'
import { clampPolicy } from '../../policy/clamp.ts'
import { type Delegation, parseDelegation } from '../../policy/delegation.ts'
import { boundedExceptions } from '../../policy/exceptions.ts'
import { PolicyFault } from '../../policy/fault.ts'
import { keyIdOf } from '../../policy/keys.ts'
import { openSigned, verifySigned } from '../../policy/signed.ts'
import { type Addressee, isFor, isInShare } from '../../policy/target.ts'
import {
  DOCUMENT_KINDS,
  type DocumentKind,
  type PolicyPayload,
  type PolicyReport,
} from '../../stream/policy-message.ts'
import type { UnixNs } from '../../units.ts'
import { BoundedMap } from '../bounded-map.ts'
import { CollectorError } from '../collector-error.ts'

export type Published = {
  payload: PolicyPayload
  /** As SignedPolicy in bytes. */
  signed: Uint8Array
  publishedAt: UnixNs
  /** Of those that it is for, who gets it: 0 to 100. */
  sharePercent: number
}

/** With what agents will leave out of it, a sentence each. */
type Verified = { payload: PolicyPayload; clamped: string[] }

export type SaidOfPolicies = { deviceId: string; at: UnixNs; report: PolicyReport }

/** What a device said that it goes by. */
type Has = { keyId: string; version: number }
const DEVICES_MAX = 20_000
const policyIn = ({ keyId, documents }: PolicyReport): Has => ({
  keyId,
  version: documents.find(({ kind }) => kind === 'policy')?.version ?? 0,
})

export class Policies {
  readonly #db: DatabaseSync
  #dataVersion = -1
  /** The newest of a kind first. */
  #documents: Published[] = []
  #rootKey: string | undefined
  readonly #has = new BoundedMap<string, Has>(DEVICES_MAX)
  /** Said since it was last written. */
  readonly #said = new Map<string, SaidOfPolicies>()

  /** `database` is open, as openPoliciesFile opens it; it is closed by `close`. */
  constructor(database: DatabaseSync) {
    this.#db = database
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
   * PolicyFault, and CollectorError where the versions of its kind are beyond it.
   */
  publish(
    signed: Uint8Array,
    how: { rootKey: string; sharePercent: number; now: UnixNs },
  ): Verified {
    const { rootKey, sharePercent, now } = how
    const verified = this.#verified(signed, rootKey)
    const { payload } = verified
    const { kind, version, notAfter } = payload
    if (notAfter <= now)
      throw new CollectorError(
        'state',
        `the time of ${kind} ${version} is over: no agent would take it`,
      )
    transaction(this.#db, () => {
      this.#load()
      const [newest] = this.#documents.filter((one) => one.payload.kind === kind)
      if (newest && newest.payload.version >= version)
        throw new CollectorError(
          'state',
          `${kind} ${newest.payload.version} was published before: version ${version} would be refused by who has that one, so sign it under a higher one`,
        )
      this.#db.prepare('INSERT OR REPLACE INTO root_key VALUES (1, ?)').run(rootKey)
      this.#db
        .prepare('INSERT INTO document VALUES (?, ?, ?, ?, ?)')
        .run(kind, version, signed, now, sharePercent)
    })
    this.#load()
    return verified
  }

  /** Throws PolicyFault: what no agent would take is not sent to thousands. */
  #verified(signed: Uint8Array, rootKey: string): Verified {
    const { kind } = openSigned(signed).payload
    if (kind === 'exceptions') {
      const by = this.delegation()
      if (!by) throw new PolicyFault('delegation-missing', 'no delegation was published')
      const payload = verifySigned(signed, by.onlineKey)
      const madeAtMs = Number(payload.madeAt / 1_000_000n)
      const { clamped } = boundedExceptions(payload.content, by.bounds, madeAtMs)
      return { payload, clamped }
    }
    const payload = verifySigned(signed, rootKey)
    if (kind === 'policy')
      return { payload, clamped: clampPolicy(payload.content, payload.version).clamped }
    parseDelegation(payload.content)
    return { payload, clamped: [] }
  }

  /** The newest that was published. */
  delegation(): Delegation | undefined {
    const [newest] = this.#documents.filter(({ payload }) => payload.kind === 'delegation')
    return newest && parseDelegation(newest.payload.content)
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
   * The newest of each kind that the device is to have, a delegation before exceptions. No policy that is older than what it
   * said it has: where a newer one is held back, who has that keeps it, and would refuse the other.
   */
  holdFor(addressee: Addressee): Uint8Array[] {
    return DOCUMENT_KINDS.flatMap((kind) => {
      const of = this.#of(kind, addressee)
      const isOlder = kind === 'policy' && of && of.payload.version < this.#policyOf(addressee)
      return of && !isOlder ? [of.signed] : []
    })
  }

  /** Version of the policy that it said is in force there, by the root key of today; 0: none. */
  #policyOf({ deviceId }: Addressee): number {
    let has = this.#has.get(deviceId)
    if (!has) {
      const statement = this.#db.prepare('SELECT * FROM report WHERE device = ?')
      statement.setReadBigInts(true)
      const row = statement.get(deviceId)
      has = row ? policyIn(saidOf(row).report) : { keyId: '', version: 0 }
      this.#has.set(deviceId, has)
    }
    return this.#rootKey !== undefined && has.keyId === keyIdOf(this.#rootKey) ? has.version : 0
  }

  /** What was said by devices that are not known any more goes. */
  forgetAllBut(isKnown: (deviceId: string) => boolean): void {
    for (const { device } of this.#db.prepare('SELECT device FROM report').all())
      if (!isKnown(`${device}`))
        this.#db.prepare('DELETE FROM report WHERE device = ?').run(`${device}`)
  }

  #of(kind: DocumentKind, addressee: Addressee): Published | undefined {
    return this.#documents.find(
      ({ payload, sharePercent }) =>
        payload.kind === kind &&
        isFor(payload.target, addressee) &&
        isInShare(addressee.deviceId, sharePercent),
    )
  }

  /** What a device said; written with the next `writeSaid`. */
  noteSaid(said: SaidOfPolicies): void {
    this.#has.set(said.deviceId, policyIn(said.report))
    this.#said.set(said.deviceId, said)
  }

  /** Returns how many. Throws what SQLite does; they are tried again then. */
  writeSaid(): number {
    const count = this.#said.size
    if (count === 0) return 0
    transaction(this.#db, () => {
      const insert = this.#db.prepare('INSERT OR REPLACE INTO report VALUES (?, ?, ?)')
      for (const { deviceId, at, report } of this.#said.values())
        insert.run(deviceId, at, JSON.stringify(report, bigintText))
    })
    this.#said.clear()
    return count
  }

  /** Of every device that ever said something. */
  said(): SaidOfPolicies[] {
    const statement = this.#db.prepare('SELECT * FROM report ORDER BY device')
    statement.setReadBigInts(true)
    const written = statement.all().map((row) => saidOf(row))
    return [...written.filter(({ deviceId }) => !this.#said.has(deviceId)), ...this.#said.values()]
  }

  #load(): void {
    this.#rootKey = this.#db.prepare('SELECT public FROM root_key').get()?.['public'] as
      | string
      | undefined
    const statement = this.#db.prepare('SELECT * FROM document ORDER BY version DESC')
    statement.setReadBigInts(true)
    this.#documents = statement.all().map((row) => {
      const signed = row['signed'] as Uint8Array
      return {
        payload: openSigned(signed).payload,
        signed,
        publishedAt: row['published_ns'] as UnixNs,
        sharePercent: Number(row['share_percent']),
      }
    })
  }
}

const bigintText = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? `${value}` : value

function saidOf(row: Record<string, unknown>): SaidOfPolicies {
  const report = JSON.parse(`${row['report']}`) as PolicyReport
  return {
    deviceId: `${row['device']}`,
    at: row['said_ns'] as UnixNs,
    report: {
      ...report,
      documents: report.documents.map((one) => ({ ...one, at: BigInt(one.at) as UnixNs })),
    },
  }
}
