// Sums of excess in the baseline's file: a row of what changed for each commit, and now and then all of them put together
// into one. A row of its own for each name would have each commit write a page for each that changed.
import { UnusableFile } from './sqlite-file.ts'
import type { Prepare } from './statements.ts'
import {
  applySumChange,
  dropOf,
  putOf,
  readSumChanges,
  type StoredSum,
  type SumChange,
  type SumChanges,
  type SumStore,
  sumKey,
  sumsOf,
  writeSumChanges,
} from './sums.ts'

/** As of the log of open flows: what putting together reads is at most 4/3 of what was written since. */
const GROWTH = 4
const LOG_CHARACTERS_MIN = 1_048_576
/** Names that wait while the disk refuses: twice what the engine has. Beyond it those told of first are given up. */
const WAITING_MAX = 16_384

/** Characters in the file: now, and when it was last put together. */
type Size = { stored: number; whole: number }

export class SumLog implements SumStore {
  readonly #prepare: Prepare
  readonly #logMin: number
  readonly #waiting: SumChanges = new Map()
  #givenUp = 0
  /** Rows, and parts of rows, of the file that could not be read and are left out: with the next commit none is there any more. */
  readonly unreadable: number
  #isToBeMended: boolean
  #size: Size
  /** What `#size` is once the transaction is durable. */
  #sizeNext: Size

  /** `logMin` is for a test. Throws what node:sqlite does. */
  constructor(prepare: Prepare, logMin = LOG_CHARACTERS_MIN) {
    this.#prepare = prepare
    this.#logMin = logMin
    const stored = Number(prepare('SELECT total(length(changes)) AS n FROM sum_log').get()?.n ?? 0)
    // How much of it is old is not known; a quarter is what keeps the bound of the file.
    this.#size = { stored, whole: Math.floor(stored / GROWTH) }
    this.#sizeNext = this.#size
    this.unreadable = this.#readInto(new Map())
    this.#isToBeMended = this.unreadable > 0
  }

  /** Committed or not. Throws UnusableFile where the table holds no text, and what node:sqlite does. */
  all(): StoredSum[] {
    return sumsOf(this.#present())
  }

  put(sum: StoredSum): void {
    this.#wait(putOf(sum))
  }

  drop(program: string, destination: string): void {
    this.#wait(dropOf(program, destination))
  }

  isWaiting(): boolean {
    return this.#isToBeMended || this.#waiting.size > 0
  }

  /** Names that were given up since the last commit, as the disk refused for too long. */
  givenUp(): number {
    return this.#givenUp
  }

  /** In a transaction. Throws what `all` does. */
  write(): void {
    if (!this.isWaiting()) {
      this.#sizeNext = this.#size
      return
    }
    const more = writeSumChanges(this.#waiting.values())
    const stored = this.#size.stored + more.length
    const isLong = stored > Math.max(this.#logMin, GROWTH * this.#size.whole)
    if (isLong || this.#isToBeMended) this.#writeWhole()
    else {
      this.#insert(more)
      this.#sizeNext = { stored, whole: this.#size.whole }
    }
  }

  /** The transaction is durable. */
  written(): void {
    this.#waiting.clear()
    this.#givenUp = 0
    this.#isToBeMended = false
    this.#size = this.#sizeNext
  }

  #writeWhole(): void {
    const sums = sumsOf(this.#present())
    this.#prepare('DELETE FROM sum_log').run()
    const whole = writeSumChanges(sums.map(putOf))
    if (sums.length > 0) this.#insert(whole)
    const length = sums.length > 0 ? whole.length : 0
    this.#sizeNext = { stored: length, whole: length }
  }

  #present(): SumChanges {
    const changes: SumChanges = new Map()
    this.#readInto(changes)
    for (const change of this.#waiting.values()) applySumChange(changes, change)
    return changes
  }

  /** Returns how much could not be read. */
  #readInto(changes: SumChanges): number {
    let unreadable = 0
    for (const { changes: text } of this.#prepare(
      'SELECT changes FROM sum_log ORDER BY number',
    ).iterate()) {
      if (typeof text !== 'string') throw new UnusableFile(`sum_log: ${typeof text}, not text`)
      unreadable += readSumChanges(changes, text)
    }
    return unreadable
  }

  #insert(changes: string): void {
    this.#prepare('INSERT INTO sum_log (changes) VALUES (?)').run(changes)
  }

  #wait(change: SumChange): void {
    // What is told of anew goes last: the first is what was told of longest ago.
    const key = sumKey(change.program, change.destination)
    const before = this.#waiting.get(key)
    this.#waiting.delete(key)
    if (before && !change.isAnew) {
      for (const [hour, sum] of change.hours) before.hours.set(hour, sum)
      this.#waiting.set(key, before)
    } else this.#waiting.set(key, change)
    if (this.#waiting.size <= WAITING_MAX) return
    for (const oldest of this.#waiting.keys()) {
      this.#waiting.delete(oldest)
      break
    }
    this.#givenUp++
  }
}
