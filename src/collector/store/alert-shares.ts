// Whose alerts take how many bytes, by segment: where there are too many, who has more than an equal share gives way, and a
// segment of everybody's only where all have the same. Devices that nobody has admitted have half a share, those of one token together.
import type { DatabaseSync } from 'node:sqlite'
import { prepare } from './statement.ts'

/** Of an equal share: rows, ids and pages that are half empty are nobody's, and are not to be taken from who has just his share. */
const NEWCOMERS_SHARE = 0.5

/** Changes are made inside the caller's transaction: `flush` before its commit, `forget` on its rollback. */
export class AlertShares {
  readonly #bytes = new Map<number, number>()
  /** What the open transaction adds: segment -> device -> revisions and bytes. */
  readonly #added = new Map<number, Map<number, { revisions: number; bytes: number }>>()
  #total = 0
  readonly #db: DatabaseSync
  readonly #save

  readonly #payerOf: (device: number) => number

  /** @param payerOf whose share the alerts of a device are of; below 0: that of devices that nobody has admitted */
  constructor(db: DatabaseSync, payerOf: (device: number) => number) {
    this.#db = db
    this.#payerOf = payerOf
    this.#save = prepare(
      db,
      `INSERT INTO alert_held (segment, device, revisions, bytes) VALUES (?, ?, ?, ?)
       ON CONFLICT (segment, device) DO UPDATE SET
         revisions = revisions + excluded.revisions, bytes = bytes + excluded.bytes`,
    )
    this.#reload()
  }

  add(segment: number, device: number, revisions: number, bytes: number): void {
    const devices =
      this.#added.get(segment) ?? new Map<number, { revisions: number; bytes: number }>()
    const added = devices.get(device) ?? { revisions: 0, bytes: 0 }
    added.revisions += revisions
    added.bytes += bytes
    this.#added.set(segment, devices.set(device, added))
  }

  flush(): void {
    for (const [segment, devices] of this.#added)
      for (const [device, { revisions, bytes }] of devices) {
        this.#save.run(segment, device, revisions, bytes)
        this.#count(device, bytes)
      }
    this.#added.clear()
  }

  forget(): void {
    this.#added.clear()
    this.#reload()
  }

  /** Of a segment that is dropped, in the open transaction. */
  drop(segment: number): void {
    // Its row has all that was there before this transaction: what was taken of it since is not taken twice.
    this.#added.delete(segment)
    const gone = prepare(
      this.#db,
      'DELETE FROM alert_held WHERE segment = ? RETURNING device, bytes',
    )
    for (const { device, bytes } of gone.all(segment)) this.#count(Number(device), -Number(bytes))
  }

  /**
   * Of who has most, and more than its share, the device that has most; `beyond`: bytes above that share, at most all that the
   * device has. undefined when there is none, or no other.
   */
  greedy(): { device: number; beyond: number } | undefined {
    const paid = new Map<number, number>()
    for (const [device, bytes] of this.#bytes) {
      const payer = this.#payerOf(device)
      paid.set(payer, (paid.get(payer) ?? 0) + bytes)
    }
    let most: { payer: number; shares: number } | undefined
    for (const [payer, bytes] of paid) {
      const shares = bytes / (this.#total / paid.size) / (payer < 0 ? NEWCOMERS_SHARE : 1)
      if (shares > (most?.shares ?? 1)) most = { payer, shares }
    }
    if (!most) return undefined
    let largest: { device: number; bytes: number } | undefined
    for (const [device, bytes] of this.#bytes)
      if (this.#payerOf(device) === most.payer && bytes > (largest?.bytes ?? 0))
        largest = { device, bytes }
    const beyond = (paid.get(most.payer) ?? 0) * (1 - 1 / most.shares)
    return largest && { device: largest.device, beyond: Math.min(beyond, largest.bytes) }
  }

  /** The oldest segment that has alerts of the device, which may be the one that is written; with bytes of a revision there. */
  oldestOf(device: number): { segment: number; bytesEach: number } | undefined {
    const row = prepare(
      this.#db,
      `SELECT segment, bytes / revisions AS each FROM alert_held WHERE device = ? AND revisions > 0
       ORDER BY segment LIMIT 1`,
    ).get(device)
    return row && { segment: Number(row.segment), bytesEach: Math.max(1, Number(row.each)) }
  }

  /** Alerts of the device are there, as of the last `flush`. */
  has(device: number): boolean {
    return this.#bytes.has(device)
  }

  #count(device: number, bytes: number): void {
    const held = (this.#bytes.get(device) ?? 0) + bytes
    this.#total += bytes
    if (held <= 0) this.#bytes.delete(device)
    else this.#bytes.set(device, held)
  }

  #reload(): void {
    this.#bytes.clear()
    this.#total = 0
    const held = 'SELECT device, sum(bytes) AS bytes FROM alert_held GROUP BY device'
    for (const { device, bytes } of prepare(this.#db, held).iterate())
      this.#count(Number(device), Number(bytes))
  }
}
