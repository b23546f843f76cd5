// What exceptions hold back, in the baseline's file: changes are gathered here and written with the rest.
import type { HeldStore, StoredHeld } from './held.ts'
import { type Row, text } from './schema.ts'
import type { Prepare } from './statements.ts'

export class HeldTable implements HeldStore {
  readonly #prepare: Prepare
  readonly #states: Map<string, string>
  readonly #pending = new Set<string>()

  /** Throws UnusableFile, and what node:sqlite does. */
  constructor(prepare: Prepare) {
    this.#prepare = prepare
    const rows: Row[] = prepare('SELECT * FROM held').all()
    this.#states = new Map(rows.map((row) => [text(row, 'pair'), text(row, 'state')]))
  }

  all(): StoredHeld[] {
    return [...this.#states].map(([pair, state]) => ({ pair, state }))
  }

  put({ pair, state }: StoredHeld): void {
    this.#states.set(pair, state)
    this.#pending.add(pair)
  }

  drop(pair: string): void {
    if (this.#states.delete(pair)) this.#pending.add(pair)
  }

  isWaiting(): boolean {
    return this.#pending.size > 0
  }

  /** In a transaction. Throws what node:sqlite does. */
  write(): void {
    if (this.#pending.size === 0) return
    const put = this.#prepare('INSERT OR REPLACE INTO held VALUES (?, ?)')
    const drop = this.#prepare('DELETE FROM held WHERE pair = ?')
    for (const pair of this.#pending) {
      const state = this.#states.get(pair)
      if (state === undefined) drop.run(pair)
      else put.run(pair, state)
    }
  }

  /** The transaction is durable. */
  written(): void {
    this.#pending.clear()
  }
}
