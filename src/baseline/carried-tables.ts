// What is carried, in the baseline's file: changes are gathered here and written with the rest.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import {
  type Carried,
  type CarriedFlow,
  type CarriedPair,
  carriedFlowKey,
  carriedPairKey,
} from './carried.ts'
import { integer, type Row, text, time } from './schema.ts'

/** Changes that wait while the disk refuses; beyond it the oldest are given up. */
const WAITING_MAX = 131_072

type Change<T> = { put: T } | { drop: T }

export class CarriedTables implements Carried {
  readonly #prepare: (sql: string) => StatementSync
  readonly #flows = new Map<string, Change<CarriedFlow>>()
  readonly #pairs = new Map<string, Change<CarriedPair>>()
  #boot: bigint | undefined
  #isBootNew = false
  #isCleared = false

  constructor(database: DatabaseSync) {
    const prepared = new Map<string, StatementSync>()
    this.#prepare = (sql) => {
      let statement = prepared.get(sql)
      if (!statement) {
        statement = database.prepare(sql)
        statement.setReadBigInts(true)
        prepared.set(sql, statement)
      }
      return statement
    }
    const row = this.#prepare(`SELECT value FROM facts WHERE name = 'carried_boot'`).get()
    this.#boot = row && integer(row, 'value')
  }

  boot(): bigint | undefined {
    return this.#boot
  }

  setBoot(boot: bigint): void {
    if (boot === this.#boot) return
    this.#boot = boot
    this.#isBootNew = true
  }

  *flows(): Generator<CarriedFlow, void> {
    if (!this.#isCleared)
      for (const row of this.#prepare('SELECT * FROM carried_flows').iterate()) {
        const flow = flowFromRow(row)
        if (!this.#flows.has(keyOfFlow(flow))) yield flow
      }
    for (const change of this.#flows.values()) if ('put' in change) yield { ...change.put }
  }

  putFlow(flow: CarriedFlow): void {
    this.#wait(this.#flows, keyOfFlow(flow), { put: { ...flow } })
  }

  dropFlow(idLow: number, idHigh: number, epoch: number): void {
    const drop = { idLow, idHigh, epoch, bytesOut: 0, bytesIn: 0, sinceOut: 0, sinceIn: 0 }
    this.#wait(this.#flows, keyOfFlow(drop), { drop })
  }

  *pairs(): Generator<CarriedPair, void> {
    if (!this.#isCleared)
      for (const row of this.#prepare('SELECT * FROM carried_pairs').iterate()) {
        const pair = pairFromRow(row)
        if (!this.#pairs.has(keyOfPair(pair))) yield pair
      }
    for (const change of this.#pairs.values()) if ('put' in change) yield { ...change.put }
  }

  putPair(pair: CarriedPair): void {
    this.#wait(this.#pairs, keyOfPair(pair), { put: { ...pair } })
  }

  dropPair(identityKey: string, destinationKey: string): void {
    const drop = { identityKey, destinationKey } as CarriedPair
    this.#wait(this.#pairs, keyOfPair(drop), { drop })
  }

  clear(): void {
    this.#flows.clear()
    this.#pairs.clear()
    this.#isCleared = true
  }

  waiting(): number {
    return this.#flows.size + this.#pairs.size + (this.#isCleared || this.#isBootNew ? 1 : 0)
  }

  /** In a transaction. */
  write(): void {
    if (this.#isCleared) {
      this.#prepare('DELETE FROM carried_flows').run()
      this.#prepare('DELETE FROM carried_pairs').run()
    }
    if (this.#isBootNew && this.#boot !== undefined)
      this.#prepare(`INSERT OR REPLACE INTO facts VALUES ('carried_boot', ?)`).run(this.#boot)
    for (const change of this.#flows.values())
      if ('put' in change) {
        const { epoch, bytesOut, bytesIn, sinceOut, sinceIn } = change.put
        this.#prepare('INSERT OR REPLACE INTO carried_flows VALUES (?, ?, ?, ?, ?, ?)').run(
          idOf(change.put),
          epoch,
          bytesOut,
          bytesIn,
          sinceOut,
          sinceIn,
        )
      } else
        this.#prepare('DELETE FROM carried_flows WHERE id = ? AND epoch = ?').run(
          idOf(change.drop),
          change.drop.epoch,
        )
    for (const change of this.#pairs.values())
      if ('put' in change) {
        const pair = change.put
        this.#prepare('INSERT OR REPLACE INTO carried_pairs VALUES (?, ?, ?, ?, ?, ?, ?, ?)').run(
          pair.identityKey,
          pair.destinationKey,
          pair.hourAt,
          pair.destination,
          pair.bytesOut,
          pair.bytesIn,
          pair.flows,
          pair.largestFlowOut,
        )
      } else
        this.#prepare('DELETE FROM carried_pairs WHERE identity = ? AND destination = ?').run(
          change.drop.identityKey,
          change.drop.destinationKey,
        )
  }

  /** The transaction is durable. */
  written(): void {
    this.#flows.clear()
    this.#pairs.clear()
    this.#isBootNew = false
    this.#isCleared = false
  }

  #wait<T>(waiting: Map<string, Change<T>>, key: string, change: Change<T>): void {
    waiting.set(key, change)
    if (waiting.size <= WAITING_MAX) return
    for (const oldest of waiting.keys()) {
      waiting.delete(oldest)
      break
    }
  }
}

const keyOfFlow = ({ idLow, idHigh, epoch }: CarriedFlow) => carriedFlowKey(idLow, idHigh, epoch)
const keyOfPair = ({ identityKey, destinationKey }: CarriedPair) =>
  carriedPairKey(identityKey, destinationKey)

/** SQLite's integers are signed. */
const idOf = ({ idLow, idHigh }: CarriedFlow): bigint =>
  BigInt.asIntN(64, (BigInt(idHigh) << 32n) | BigInt(idLow))

function flowFromRow(row: Row): CarriedFlow {
  const id = BigInt.asUintN(64, integer(row, 'id'))
  return {
    idLow: Number(id & 0xffffffffn),
    idHigh: Number(id >> 32n),
    epoch: Number(integer(row, 'epoch')),
    bytesOut: Number(integer(row, 'bytes_out')),
    bytesIn: Number(integer(row, 'bytes_in')),
    sinceOut: Number(integer(row, 'since_out')),
    sinceIn: Number(integer(row, 'since_in')),
  }
}

function pairFromRow(row: Row): CarriedPair {
  return {
    identityKey: text(row, 'identity'),
    destinationKey: text(row, 'destination'),
    hourAt: time(row, 'hour_ns'),
    destination: text(row, 'place'),
    bytesOut: Number(integer(row, 'bytes_out')),
    bytesIn: Number(integer(row, 'bytes_in')),
    flows: Number(integer(row, 'flows')),
    largestFlowOut: Number(integer(row, 'largest_out')),
  }
}
