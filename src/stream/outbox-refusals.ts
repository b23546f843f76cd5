// What the disk refuses of an outbox: when it is tried again, and the two lines that say so.
import { counted } from '../engine/sentence.ts'
import { createTrouble, type Trouble } from '../trouble.ts'

/** Between two attempts to write what the disk refused. */
const RETRY_MS = 1000

export class OutboxRefusals {
  readonly #nowMs: () => number
  readonly #log: (text: string) => void
  readonly #trouble: Trouble
  /** When it last refused; undefined: it has taken what came since. */
  #atMs: number | undefined
  /** Written, of what had waited in memory since the trouble began. */
  #keptAfterAll = 0

  /** `elapsedMs` is monotonic. */
  constructor(nowMs: () => number, elapsedMs: () => number, log?: (text: string) => void) {
    this.#nowMs = nowMs
    this.#log = log ?? (() => {})
    this.#trouble = createTrouble(this.#log, elapsedMs)
  }

  /** It takes nothing, as far as is known. */
  isOn(): boolean {
    return this.#atMs !== undefined
  }

  /** It refused less than a second ago: it is not asked. */
  waits(): boolean {
    return this.#atMs !== undefined && Math.abs(this.#nowMs() - this.#atMs) < RETRY_MS
  }

  add(error: Error): void {
    this.#atMs = this.#nowMs()
    this.#trouble.failed(`${error.message}; findings wait in memory and go from there`)
  }

  /** It took something. */
  none(): void {
    this.#atMs = undefined
  }

  /** So many that had waited in memory are in the file. */
  kept(count: number): void {
    this.#keptAfterAll += count
  }

  /** So many waited for it to the end. */
  lost(count: number): void {
    this.#log(
      `${counted(count, 'finding')} that the disk did not take ${count === 1 ? 'is' : 'are'} lost as the agent ends`,
    )
  }

  /** How many were not kept is written nowhere. */
  uncounted(error: Error): void {
    this.#log(
      `how many findings were not kept cannot be written either (${error.message}): the next start does not know of them`,
    )
  }

  /** To be called now and then while nothing waits for the disk. */
  works(): void {
    this.#trouble.works(this.#thatItIsOver)
  }

  ends(): void {
    this.#trouble.ends(this.#thatItIsOver)
  }

  readonly #thatItIsOver = (): string => {
    const kept = this.#keptAfterAll
    this.#keptAfterAll = 0
    if (kept === 0) return 'the disk takes findings again'
    return `the disk takes findings again: ${kept} that waited in memory ${kept === 1 ? 'is' : 'are'} kept`
  }
}
