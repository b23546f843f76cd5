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
   * Of who has most, and more than its share, the devices that have most, and how many bytes each is to give so that there are `bytes`
   * less, but not below that share: down to one level for all of them. undefined when there is none, or no other.
   */
  greedy(bytes: number, devicesMax: number): ReadonlyMap<number, number> | undefined {
    const paid = new Map<number, number>()
    for (const [device, held] of this.#bytes) {
      const payer = this.#payerOf(device)
      paid.set(payer, (paid.get(payer) ?? 0) + held)
    }
    let most: { payer: number; shares: number } | undefined
    for (const [payer, held] of paid) {
      const shares = held / (this.#total / paid.size) / (payer < 0 ? NEWCOMERS_SHARE : 1)
      if (shares > (most?.shares ?? 1)) most = { payer, shares }
    }
    if (!most) return undefined
    const { payer, shares } = most
    const beyond = (paid.get(payer) ?? 0) * (1 - 1 / shares)
    return levelled(
      [...this.#bytes].filter(([device]) => this.#payerOf(device) === payer),
      Math.min(bytes, beyond),
      devicesMax,
    )
  }

  /** The oldest segment that has alerts of one of the devices, which may be the one that is written, and what they have there. */
  oldestOf(
    devices: readonly number[],
  ): { segment: number; of: Map<number, { revisions: number; bytesEach: number }> } | undefined {
    const theirs = 'device IN (SELECT value FROM json_each(:devices)) AND revisions > 0'
    const rows = prepare(
      this.#db,
      `SELECT segment, device, revisions, bytes / revisions AS each FROM alert_held
       WHERE segment = (SELECT min(segment) FROM alert_held WHERE ${theirs}) AND ${theirs}`,
    ).all({ devices: JSON.stringify(devices) })
    const [first] = rows
    if (!first) return undefined
    const of = new Map(
      rows.map(({ device, revisions, each }) => [
        Number(device),
        { revisions: Number(revisions), bytesEach: Math.max(1, Number(each)) },
      ]),
    )
    return { segment: Number(first.segment), of }
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

/** Of devices and what they have those that have most, at most so many, each down to one level: what is above it is `bytes`, or less. */
function levelled(
  held: readonly (readonly [number, number])[],
  bytes: number,
  devicesMax: number,
): ReadonlyMap<number, number> {
  const sorted = held.toSorted(([, a], [, b]) => b - a)
  const devices = sorted.slice(0, devicesMax)
  // None is left with less than half of what the next has, who gives nothing yet.
  let level = (sorted[devicesMax]?.[1] ?? 0) / 2
  let sum = 0
  for (const [index, [, one]] of devices.entries()) {
    sum += one
    const next = devices[index + 1]?.[1] ?? level
    const reached = (sum - bytes) / (index + 1)
    if (reached >= next) {
      level = reached
      break
    }
  }
  return new Map(
    devices.filter(([, one]) => one > level).map(([device, one]) => [device, one - level]),
  )
}
