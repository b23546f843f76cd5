// What is carried, in the baseline's file: changes are gathered here and written with the rest.
import {
  type Carried,
  type CarriedFlow,
  type CarriedPair,
  type CarriedProcess,
  carriedPairKey,
} from './carried.ts'
import { CarriedFlows } from './carried-flows.ts'
import { CarriedProcesses } from './carried-processes.ts'
import { integer, type Row, text, time } from './schema.ts'
import type { Prepare } from './statements.ts'

/** Changes of pairs that wait while the disk refuses; beyond it the oldest are given up. */
const WAITING_MAX = 131_072

type Change = { put: CarriedPair } | { drop: CarriedPair }

export class CarriedTables implements Carried {
  readonly #prepare: Prepare
  readonly #flows: CarriedFlows
  readonly #processes: CarriedProcesses
  readonly #pairs = new Map<string, Change>()
  #pairsGivenUp = 0
  #boot: bigint | undefined
  #isBootNew = false
  #isCleared = false

  constructor(prepare: Prepare) {
    this.#prepare = prepare
    this.#flows = new CarriedFlows(prepare)
    this.#processes = new CarriedProcesses(prepare)
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

  /** Throws UnusableFile, and what node:sqlite does. */
  flows(): CarriedFlow[] {
    return this.#flows.all()
  }

  putFlow(flow: CarriedFlow): void {
    this.#flows.put(flow)
  }

  dropFlow(idLow: number, idHigh: number, epoch: number): void {
    this.#flows.drop(idLow, idHigh, epoch)
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
    this.#wait(keyOfPair(pair), { put: { ...pair } })
  }

  dropPair(identityKey: string, destinationKey: string): void {
    const drop = { identityKey, destinationKey } as CarriedPair
    this.#wait(keyOfPair(drop), { drop })
  }

  /** Throws UnusableFile, and what node:sqlite does. */
  processes(): CarriedProcess[] {
    return this.#processes.all()
  }

  putProcess(process: CarriedProcess): void {
    this.#processes.put(process)
  }

  dropProcess(pid: number): void {
    this.#processes.drop(pid)
  }

  clear(): void {
    this.#flows.clear()
    this.#processes.clear()
    this.#pairs.clear()
    this.#isCleared = true
  }

  isWaiting(): boolean {
    return (
      this.#isCleared ||
      this.#isBootNew ||
      this.#flows.isWaiting() ||
      this.#processes.isWaiting() ||
      this.#pairs.size > 0
    )
  }

  /** Flows and pairs that were given up since the last commit, as the disk refused for too long. */
  givenUp(): number {
    return this.#flows.givenUp() + this.#pairsGivenUp
  }

  /** In a transaction. Throws UnusableFile, and what node:sqlite does. */
  write(): void {
    this.#flows.write()
    this.#processes.write()
    if (this.#isCleared) this.#prepare('DELETE FROM carried_pairs').run()
    if (this.#isBootNew && this.#boot !== undefined)
      this.#prepare(`INSERT OR REPLACE INTO facts VALUES ('carried_boot', ?)`).run(this.#boot)
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
    this.#flows.written()
    this.#processes.written()
    this.#pairs.clear()
    this.#pairsGivenUp = 0
    this.#isBootNew = false
    this.#isCleared = false
  }

  #wait(key: string, change: Change): void {
    this.#pairs.set(key, change)
    if (this.#pairs.size <= WAITING_MAX) return
    for (const oldest of this.#pairs.keys()) {
      this.#pairs.delete(oldest)
      break
    }
    this.#pairsGivenUp++
  }
}

const keyOfPair = ({ identityKey, destinationKey }: CarriedPair) =>
  carriedPairKey(identityKey, destinationKey)

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
