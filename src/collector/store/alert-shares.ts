// Whose alerts take how many bytes, by segment: where there are too many, the device that has far more than the others
// gives way before a segment of everybody's does.
import type { DatabaseSync } from 'node:sqlite'
import { prepare } from './statement.ts'

/** So many times what each would have if all had the same: below that nobody is singled out. */
const GREED = 1.5

/** Changes are made inside the caller's transaction: `flush` before its commit, `forget` on its rollback. */
export class AlertShares {
  readonly #bytes = new Map<number, number>()
  /** What the open transaction adds: segment -> device -> revisions and bytes. */
  readonly #added = new Map<number, Map<number, { revisions: number; bytes: number }>>()
  #total = 0
  readonly #db: DatabaseSync
  readonly #save

  constructor(db: DatabaseSync) {
    this.#db = db
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
    const gone = prepare(
      this.#db,
      'DELETE FROM alert_held WHERE segment = ? RETURNING device, bytes',
    )
    for (const { device, bytes } of gone.all(segment)) this.#count(Number(device), -Number(bytes))
  }

  /** The device that has far more than its share; undefined when there is none, or no other. */
  greedy(): number | undefined {
    let most: { device: number; bytes: number } | undefined
    for (const [device, bytes] of this.#bytes)
      if (bytes > (most?.bytes ?? 0)) most = { device, bytes }
    return most && most.bytes > (GREED * this.#total) / this.#bytes.size ? most.device : undefined
  }

  /** The oldest sealed segment that has alerts of the device. */
  oldestOf(device: number): number | undefined {
    const row = prepare(
      this.#db,
      `SELECT min(h.segment) AS n FROM alert_held AS h JOIN segment AS s ON s.n = h.segment
       WHERE h.device = ? AND s.sealed = 1 AND h.revisions > 0`,
    ).get(device)
    return row?.n === null || row?.n === undefined ? undefined : Number(row.n)
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
