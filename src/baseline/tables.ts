// The statements of the baseline's file, each prepared once. Throws what node:sqlite throws.
import { bytes, type UnixNs } from '../units.ts'
import {
  type Fact,
  IS_PROGRAM_KEY,
  type StoredAlert,
  type StoredDestination,
  type StoredIdentity,
} from './baseline.ts'
import { Cache } from './cache.ts'
import {
  destinationFromRow,
  IDENTITY_COLUMNS,
  identityFromRow,
  integer,
  type Row,
  text,
  time,
} from './schema.ts'
import type { Prepare } from './statements.ts'

const KEY_IDS_CACHED = 16_384
/** Share of a limit that one pruning frees, so that it is rare. */
const PRUNE_SHARE = 0.02

export class Tables {
  readonly #keyIds = new Cache<string, bigint>(KEY_IDS_CACHED)
  readonly #prepare: Prepare

  constructor(prepare: Prepare) {
    this.#prepare = prepare
  }

  bornAt(): UnixNs | undefined {
    const row = this.#prepare(`SELECT value FROM facts WHERE name = 'born_ns'`).get()
    return row && time(row, 'value')
  }

  putBornAt(at: UnixNs): void {
    this.#prepare(`INSERT OR REPLACE INTO facts VALUES ('born_ns', ?)`).run(at)
  }

  fact(name: Fact): bigint | undefined {
    const row = this.#prepare('SELECT value FROM facts WHERE name = ?').get(name)
    return row && integer(row, 'value')
  }

  putFact(name: Fact, value: bigint): void {
    this.#prepare('INSERT OR REPLACE INTO facts VALUES (?, ?)').run(name, value)
  }

  forgotten(): number {
    const row = this.#prepare(`SELECT value FROM facts WHERE name = 'forgotten'`).get()
    return row ? Number(integer(row, 'value')) : 0
  }

  counts(): { identities: number; destinations: number } {
    const row = this.#prepare(
      'SELECT (SELECT count(*) FROM identities) AS i, (SELECT count(*) FROM destinations) AS d',
    ).get() as Row
    return { identities: Number(row.i), destinations: Number(row.d) }
  }

  programs(): number {
    const row = this.#prepare(
      `SELECT count(*) AS n FROM identities JOIN keys ON keys.id = key WHERE ${IS_PROGRAM_KEY}`,
    ).get() as Row
    return Number(row.n)
  }

  identity(key: string): StoredIdentity | undefined {
    const row = this.#prepare(
      `SELECT ${IDENTITY_COLUMNS} FROM identities JOIN keys ON keys.id = key WHERE text = ?`,
    ).get(key)
    return row && identityFromRow(row)
  }

  /** One at a time, in the order they were made. */
  *identities(): Generator<StoredIdentity, void> {
    for (const row of this.#prepare(
      `SELECT ${IDENTITY_COLUMNS} FROM identities JOIN keys ON keys.id = key ORDER BY key`,
    ).iterate())
      yield identityFromRow(row)
  }

  /** One at a time. */
  *destinations(): Generator<StoredDestination, void> {
    for (const row of this.#prepare(
      `SELECT own.text AS identity_key, other.text AS destination_key, first_ns, last_ns
        FROM destinations JOIN keys AS own ON own.id = identity
        JOIN keys AS other ON other.id = destination ORDER BY identity, destination`,
    ).iterate())
      yield destinationFromRow(text(row, 'identity_key'), text(row, 'destination_key'), row)
  }

  putIdentity(identity: StoredIdentity): void {
    this.#prepare(
      'INSERT OR REPLACE INTO identities VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ).run(
      this.#makeKeyId(identity.key),
      identity.signerClass,
      identity.name,
      identity.path,
      identity.sha256,
      identity.signingId,
      identity.teamId,
      identity.cdhash,
      identity.firstExecAt,
      identity.firstNetworkAt ?? 0n,
      identity.lastSeenAt,
      identity.daysActive,
      identity.lastActiveDay,
      identity.history,
    )
  }

  destination(identityKey: string, destinationKey: string): StoredDestination | undefined {
    const row = this.#prepare(
      `SELECT first_ns, last_ns FROM destinations WHERE
        identity = (SELECT id FROM keys WHERE text = ?) AND
        destination = (SELECT id FROM keys WHERE text = ?)`,
    ).get(identityKey, destinationKey)
    return row && destinationFromRow(identityKey, destinationKey, row)
  }

  putDestination(destination: StoredDestination): void {
    this.#prepare('INSERT OR REPLACE INTO destinations VALUES (?, ?, ?, ?)').run(
      this.#makeKeyId(destination.identityKey),
      this.#makeKeyId(destination.destinationKey),
      destination.firstAt,
      destination.lastAt,
    )
  }

  hostKnowsDestination(destinationKey: string): boolean {
    const found = this.#prepare(
      'SELECT 1 FROM destinations WHERE destination = (SELECT id FROM keys WHERE text = ?) LIMIT 1',
    ).get(destinationKey)
    return found !== undefined
  }

  alerts(): StoredAlert[] {
    return this.#prepare('SELECT * FROM alerts').all().map(alertFromRow)
  }

  putAlert(alert: StoredAlert): void {
    this.#prepare('INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?)').run(
      alert.id,
      alert.identityKey,
      alert.destinationKey,
      alert.state,
      alert.bytesOut,
      alert.bytesIn,
      alert.openedAt,
      alert.updatedAt,
    )
  }

  removeAlert(id: string): void {
    this.#prepare('DELETE FROM alerts WHERE id = ?').run(id)
  }

  /** Forgets what was not seen for longest when a table is over its limit; whether it did. In a transaction. */
  prune(limits: { identitiesMax: number; destinationsMax: number }): boolean {
    const { identities, destinations } = this.counts()
    const keys = new Set<bigint>()
    let forgotten = 0
    if (identities > limits.identitiesMax) {
      const excess =
        identities - limits.identitiesMax + Math.floor(limits.identitiesMax * PRUNE_SHARE)
      for (const row of this.#prepare(
        `DELETE FROM identities WHERE key IN
          (SELECT key FROM identities ORDER BY last_seen_ns LIMIT ?) RETURNING key`,
      ).all(excess)) {
        const key = integer(row, 'key')
        keys.add(key)
        forgotten++
        for (const pair of this.#prepare(
          'DELETE FROM destinations WHERE identity = ? RETURNING destination',
        ).all(key))
          keys.add(integer(pair, 'destination'))
      }
    }
    if (destinations > limits.destinationsMax) {
      const excess =
        destinations - limits.destinationsMax + Math.floor(limits.destinationsMax * PRUNE_SHARE)
      for (const row of this.#prepare(
        `DELETE FROM destinations WHERE (identity, destination) IN
          (SELECT identity, destination FROM destinations ORDER BY last_ns LIMIT ?)
          RETURNING identity, destination`,
      ).all(excess)) {
        keys.add(integer(row, 'identity')).add(integer(row, 'destination'))
        forgotten++
      }
    }
    if (forgotten === 0) return false
    this.#dropUnusedKeys(keys)
    this.#prepare(
      `INSERT INTO facts VALUES ('forgotten', ?1) ON CONFLICT DO UPDATE SET value = value + ?1`,
    ).run(forgotten)
    return true
  }

  /** After a rollback: the numbers given out in it are no longer in the file. */
  forgetKeyIds(): void {
    this.#keyIds.clear()
  }

  #dropUnusedKeys(keys: Set<bigint>): void {
    const drop = this.#prepare(
      `DELETE FROM keys WHERE id = ?1
        AND NOT EXISTS (SELECT 1 FROM identities WHERE key = ?1)
        AND NOT EXISTS (SELECT 1 FROM destinations WHERE identity = ?1)
        AND NOT EXISTS (SELECT 1 FROM destinations WHERE destination = ?1)`,
    )
    for (const key of keys) drop.run(key)
    this.#keyIds.clear()
  }

  #makeKeyId(key: string): bigint {
    const cached = this.#keyIds.get(key)
    if (cached !== undefined) return cached
    const found = this.#prepare('SELECT id FROM keys WHERE text = ?').get(key)
    const row = found ?? this.#prepare('INSERT INTO keys (text) VALUES (?) RETURNING id').get(key)
    const id = integer(row as Row, 'id')
    this.#keyIds.set(key, id)
    return id
  }
}

function alertFromRow(row: Row): StoredAlert {
  return {
    id: text(row, 'id'),
    identityKey: text(row, 'identity'),
    destinationKey: text(row, 'destination'),
    state: text(row, 'state'),
    bytesOut: bytes(Number(integer(row, 'bytes_out')), 'bytes_out'),
    bytesIn: bytes(Number(integer(row, 'bytes_in')), 'bytes_in'),
    openedAt: time(row, 'opened_ns'),
    updatedAt: time(row, 'updated_ns'),
  }
}
