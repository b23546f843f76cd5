// What running processes were known to run, in the baseline's file: changes are gathered here and written with the rest.
import type { CarriedProcess } from './carried.ts'
import { integer, type Row, text } from './schema.ts'
import type { Prepare } from './statements.ts'

export class CarriedProcesses {
  readonly #prepare: Prepare
  /** Pids that the file has. */
  readonly #stored = new Set<number>()
  /** undefined: to be dropped. At most what was put and what the file has: of others nothing is left once they are dropped. */
  readonly #waiting = new Map<number, CarriedProcess | undefined>()
  #isCleared = false

  /** Throws UnusableFile, and what node:sqlite does. */
  constructor(prepare: Prepare) {
    this.#prepare = prepare
    for (const { pid } of this.#rows()) this.#stored.add(pid)
  }

  /** Throws UnusableFile, and what node:sqlite does. */
  all(): CarriedProcess[] {
    const stored = this.#isCleared ? [] : this.#rows().filter(({ pid }) => !this.#waiting.has(pid))
    const put = [...this.#waiting.values()].filter((process) => process !== undefined)
    return [...stored, ...put]
  }

  put(process: CarriedProcess): void {
    this.#waiting.set(process.pid, process)
  }

  drop(pid: number): void {
    if (this.#stored.has(pid)) this.#waiting.set(pid, undefined)
    else this.#waiting.delete(pid)
  }

  clear(): void {
    this.#waiting.clear()
    this.#isCleared = true
  }

  isWaiting(): boolean {
    return this.#isCleared || this.#waiting.size > 0
  }

  /** In a transaction. Throws what node:sqlite does. */
  write(): void {
    if (this.#isCleared) this.#prepare('DELETE FROM carried_processes').run()
    if (this.#waiting.size === 0) return
    const put = this.#prepare(
      'INSERT OR REPLACE INTO carried_processes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    )
    const drop = this.#prepare('DELETE FROM carried_processes WHERE pid = ?')
    for (const [pid, process] of this.#waiting)
      if (process === undefined) drop.run(pid)
      else {
        const [dev, ino] = [signed(process.dev), signed(process.ino)]
        const { path, from, isClaimed, ...file } = process.script
        const script = [path, signed(file.dev), signed(file.ino), from, isClaimed ? 1 : 0]
        const { beganNs, doubts, madeFor } = process
        put.run(pid, beganNs, dev, ino, process.path, doubts, ...script, madeFor)
      }
  }

  /** The transaction is durable. */
  written(): void {
    if (this.#isCleared) this.#stored.clear()
    for (const [pid, process] of this.#waiting)
      if (process === undefined) this.#stored.delete(pid)
      else this.#stored.add(pid)
    this.#waiting.clear()
    this.#isCleared = false
  }

  #rows(): CarriedProcess[] {
    return this.#prepare('SELECT * FROM carried_processes').all().map(fromRow)
  }
}

const fromRow = (row: Row): CarriedProcess => ({
  pid: Number(integer(row, 'pid')),
  beganNs: integer(row, 'began_ns'),
  dev: BigInt.asUintN(64, integer(row, 'dev')),
  ino: BigInt.asUintN(64, integer(row, 'ino')),
  path: text(row, 'path'),
  doubts: Number(integer(row, 'doubts')),
  script: {
    path: text(row, 'script'),
    dev: BigInt.asUintN(64, integer(row, 'script_dev')),
    ino: BigInt.asUintN(64, integer(row, 'script_ino')),
    from: Number(integer(row, 'script_from')),
    isClaimed: integer(row, 'script_claimed') !== 0n,
  },
  madeFor: text(row, 'made_for'),
})

const signed = (value: bigint): bigint => BigInt.asIntN(64, value)
