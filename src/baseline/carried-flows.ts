// Open flows that are carried, in the baseline's file: a row of changes for each commit, and now and then all of them
// put together into one.
import type { CarriedFlow } from './carried.ts'
import { applyFlowLog, type FlowChange, type FlowChanges, FlowLog, packFlows } from './flow-log.ts'
import { UnusableFile } from './sqlite-file.ts'
import type { Prepare } from './statements.ts'

/**
 * The file's log is put together when it is this many times what it was when that was last done, so what putting
 * together reads is at most 4/3 of what was written since, however many flows there are.
 */
const GROWTH = 4
/**
 * Less is not worth the work: with 2,000 flows that report each second (22 bytes each, 44 KB a commit) it is done every
 * 24 s.
 */
const LOG_BYTES_MIN = 1_048_576
/** Of what waits while the disk refuses; above it a flow stands there once. */
const WAITING_BYTES = 4_194_304
/** Flows that wait then; beyond it those told of first are given up. */
const WAITING_MAX = 131_072

/** Bytes in the file: now, and when flows were last put together. */
type Size = { stored: number; whole: number }

export class CarriedFlows {
  readonly #prepare: Prepare
  readonly #logBytesMin: number
  #waiting = new FlowLog()
  /** Bytes of it above which flows are put together. */
  #waitingMax = WAITING_BYTES
  #isCleared = false
  #givenUp = 0
  #size: Size
  /** What `#size` is once the transaction is durable. */
  #sizeNext: Size

  /** `logBytesMin` is for a test. Throws what node:sqlite does. */
  constructor(prepare: Prepare, logBytesMin = LOG_BYTES_MIN) {
    this.#logBytesMin = logBytesMin
    this.#prepare = prepare
    const total = prepare('SELECT total(length(changes)) AS bytes FROM carried_log')
    const stored = Number(total.get()?.bytes ?? 0)
    // How much of it is old is not known; a quarter is what keeps the bound of the file.
    this.#size = { stored, whole: Math.floor(stored / GROWTH) }
    this.#sizeNext = this.#size
  }

  /** What there is, committed or not, in the order in which flows were first told of. Throws UnusableFile. */
  all(): CarriedFlow[] {
    return this.#present().map(({ flow }) => flow)
  }

  put(flow: CarriedFlow): void {
    this.#waiting.put(flow)
    this.#bound()
  }

  drop(idLow: number, idHigh: number, epoch: number): void {
    this.#waiting.drop(idLow, idHigh, epoch)
    this.#bound()
  }

  clear(): void {
    this.#forgetWaiting()
    this.#isCleared = true
  }

  isWaiting(): boolean {
    return this.#isCleared || this.#waiting.length > 0
  }

  /** Flows that were given up since the last commit, as the disk refused for too long. */
  givenUp(): number {
    return this.#givenUp
  }

  /** In a transaction. Throws UnusableFile. */
  write(): void {
    const stored = this.#isCleared ? 0 : this.#size.stored
    const bytes = stored + this.#waiting.length
    if (this.#isCleared) this.#delete()
    if (bytes > Math.max(this.#logBytesMin, GROWTH * this.#size.whole)) this.#writeWhole()
    else {
      if (this.#waiting.length > 0) this.#insert(this.#waiting)
      this.#sizeNext = { stored: bytes, whole: this.#isCleared ? bytes : this.#size.whole }
    }
  }

  /** The transaction is durable. */
  written(): void {
    this.#forgetWaiting()
    this.#isCleared = false
    this.#givenUp = 0
    this.#size = this.#sizeNext
  }

  #writeWhole(): void {
    const whole = packFlows(this.#present())
    this.#delete()
    if (whole.length > 0) this.#insert(whole)
    this.#sizeNext = { stored: whole.length, whole: whole.length }
  }

  #present(): FlowChange[] {
    const changes: FlowChanges = this.#isCleared ? new Map() : this.#stored()
    applyFlowLog(changes, this.#waiting.packed())
    return [...changes.values()].filter(({ isGone }) => !isGone)
  }

  #stored(): FlowChanges {
    const changes: FlowChanges = new Map()
    for (const { changes: packed } of this.#prepare(
      'SELECT changes FROM carried_log ORDER BY number',
    ).iterate()) {
      if (!(packed instanceof Uint8Array))
        throw new UnusableFile(`carried_log: ${typeof packed}, not bytes`)
      applyFlowLog(changes, packed)
    }
    return changes
  }

  #insert(log: FlowLog): void {
    this.#prepare('INSERT INTO carried_log (changes) VALUES (?)').run(log.packed())
  }

  #delete(): void {
    this.#prepare('DELETE FROM carried_log').run()
  }

  #forgetWaiting(): void {
    this.#waiting.clear()
    this.#waitingMax = WAITING_BYTES
  }

  #bound(): void {
    if (this.#waiting.length <= this.#waitingMax) return
    const changes: FlowChanges = new Map()
    applyFlowLog(changes, this.#waiting.packed())
    for (const key of changes.keys()) {
      if (changes.size <= WAITING_MAX) break
      changes.delete(key)
      this.#givenUp++
    }
    this.#waiting = packFlows(changes.values())
    this.#waitingMax = Math.max(WAITING_BYTES, 2 * this.#waiting.length)
  }
}
