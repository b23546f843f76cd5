// What devices have beyond their budgets, or all of them together, gives way (budget.ts): the oldest of who has most.
import type { DatabaseSync } from 'node:sqlite'
import { type Budget, type Excess, HOUR_CHARGE, healthCharge } from './budget.ts'
import type { Ids } from './ids.ts'
import type { InventoryWriter } from './inventory.ts'
import { ROWS_A_DEVICE } from './leaving.ts'
import { prepare } from './statement.ts'

/** Rows that one step deletes of a table: some 20 ms of work. */
export const ROWS_A_STEP_MAX = 10_000
/** Later than any hour. */
export const FOREVER_NS = 2n ** 63n - 1n
/** Of a health event without its texts. */
const HEALTH_ROW_CHARGE = healthCharge('', '', '')

/** Runs inside the caller's transaction. Throws what node:sqlite throws. */
export type Relief = {
  /** A step; false: there was nothing to do. */
  relieve(): boolean
  /** A device's oldest hours of before a time, at most so many; returns how many. */
  takeHours(device: number, before: bigint, rowsMax: number): number
  /** Its oldest health events, of so many bytes. */
  takeHealth(device: number, bytes: number, rowsMax?: number): number
  /** Of health events that are deleted. Returns how many they are. */
  credit(rows: Record<string, unknown>[]): number
}

export function createRelief(
  db: DatabaseSync,
  { budget, inventory, ids }: { budget: Budget; inventory: InventoryWriter; ids: Ids },
): Relief {
  const oldestHealth = prepare(
    db,
    `SELECT stored_at, octet_length(kind) + octet_length(text) + octet_length(apart) AS bytes
     FROM health WHERE device = ? ORDER BY stored_at LIMIT ${ROWS_A_STEP_MAX}`,
  )
  const removeHealthOf = prepare(
    db,
    'DELETE FROM health WHERE device = ? AND stored_at <= ? RETURNING device, kind, text, apart',
  )
  const removeHours = prepare(
    db,
    `DELETE FROM pair_hour WHERE device = ? AND (hour_at, pair, destination) IN
       (SELECT hour_at, pair, destination FROM pair_hour WHERE device = ? AND hour_at < ?
        ORDER BY hour_at LIMIT ?)`,
  )

  function takeHours(device: number, before: bigint, rowsMax: number): number {
    const taken = Number(removeHours.run(device, device, before, rowsMax).changes)
    if (taken > 0) budget.charge(device, 'summaries', -taken * HOUR_CHARGE)
    return taken
  }

  function credit(rows: Record<string, unknown>[]): number {
    for (const { device, kind, text, apart } of rows) {
      const bytes = healthCharge(String(kind), String(text), String(apart))
      budget.charge(Number(device), 'health', -bytes)
    }
    return rows.length
  }

  /** The oldest, of so many bytes. */
  function takeHealth(device: number, bytes: number, rowsMax = ROWS_A_STEP_MAX): number {
    let through = 0n
    let [freed, rows] = [0, 0]
    for (const row of oldestHealth.iterate(device)) {
      if (freed >= bytes || rows++ >= rowsMax) break
      through = row.stored_at as bigint
      freed += HEALTH_ROW_CHARGE + Number(row.bytes)
    }
    return credit(removeHealthOf.all(device, through))
  }

  /**
   * What devices have beyond their budgets, or those that have most where all have too much, gives way: the oldest. Of ids those of
   * all who have too many, in a walk of some steps; else of one after the other, until there are as many rows as a step may have.
   */
  function relieve(): boolean {
    const more = giveIdsWay()
    if (more !== undefined) return more
    let rows = 0
    while (rows < ROWS_A_STEP_MAX) {
      const excess = budget.excess()
      if (!excess) break
      if (excess.kind === 'ids') {
        ids.owe(excess.owed)
        // The rest of this step is as long as one.
        return rows > 0 || giveIdsWay() === true
      }
      const before = budget.total()
      const gone = giveWay(excess, ROWS_A_STEP_MAX - rows)
      budget.notes.gaveWay(excess.device, excess.kind, gone)
      if (budget.total() >= before) break
      // What has to give way is looked for among all.
      rows += gone + ROWS_A_DEVICE + Math.ceil(budget.devices() / 2)
    }
    return rows > 0
  }

  function giveIdsWay(): boolean | undefined {
    const went = ids.giveWay()
    for (const [device, n] of went?.gone ?? []) budget.notes.gaveWay(device, 'ids', n)
    return went?.isMore
  }

  function giveWay(
    { device, kind, bytes }: Exclude<Excess, { kind: 'ids' }>,
    rowsMax: number,
  ): number {
    const hours = Math.min(rowsMax, Math.ceil(bytes / HOUR_CHARGE))
    switch (kind) {
      case 'inventory':
        return inventory.yield(device, bytes, rowsMax)
      case 'summaries':
        return takeHours(device, FOREVER_NS, hours)
      case 'health':
        return takeHealth(device, bytes, rowsMax)
      default:
        return kind satisfies never
    }
  }

  return { relieve, takeHours, takeHealth, credit }
}
