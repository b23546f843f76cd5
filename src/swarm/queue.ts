// What a simulated agent has to send: an outbox in memory, which can also send again what was acknowledged.
import { randomBytes } from 'node:crypto'
import type { Finding } from '../engine/finding.ts'
import { encodeContent, numberItem } from '../stream/codec.ts'
import type { OutboxItem } from '../stream/outbox-item.ts'
import { RANKS_URGENT, rankOf } from '../stream/rank.ts'
import type { Queue } from '../stream/session-options.ts'

/** Waiting for one agent; beyond it what would be made is held back. */
export const WAITING_MAX = 1000
/** Acknowledged items that can be sent again. */
const KEPT_MAX = 32

type Waiting = OutboxItem & { rank: number; madeAtMs: number; isAgain: boolean; isDone: boolean }

/** Told of each item once it is let go of. */
export type Acknowledged = (waitedMs: number, isAgain: boolean) => void

export class SwarmQueue implements Queue {
  #id = randomBytes(16).toString('hex')
  #last = 0
  #acknowledged = 0
  /** By sequence; those that are acknowledged out of turn stay until their turn. */
  #waiting: Waiting[] = []
  /** The newest that were acknowledged, with nothing between them and what waits. */
  #kept: Waiting[] = []
  #rejected = 0
  readonly #makeId: () => Uint8Array
  readonly #onAcknowledged: Acknowledged
  readonly #nowMs: () => number

  /** `makeId`: as `createUuidSource` makes them. `nowMs` never goes back. */
  constructor(makeId: () => Uint8Array, onAcknowledged: Acknowledged, nowMs: () => number) {
    this.#makeId = makeId
    this.#onAcknowledged = onAcknowledged
    this.#nowMs = nowMs
  }

  get id(): string {
    return this.#id
  }

  /** Refused for good. */
  get rejected(): number {
    return this.#rejected
  }

  isFull(): boolean {
    return this.#waiting.length >= WAITING_MAX
  }

  append(finding: Finding): void {
    const sequence = ++this.#last
    const id = this.#makeId()
    const encoded = numberItem(id, sequence, encodeContent(finding))
    const rest = { rank: rankOf(finding), madeAtMs: this.#nowMs(), isAgain: false, isDone: false }
    this.#waiting.push({ sequence, id, encoded, ...rest })
  }

  /**
   * As an agent whose last acknowledgements were lost: they are sent again on its next connection. Returns how many.
   * REQUIRES: no connection is open.
   */
  sendAgain(): number {
    const again = this.#kept
    this.#kept = []
    for (const item of again) {
      item.isAgain = true
      item.isDone = false
      item.madeAtMs = this.#nowMs()
    }
    this.#waiting.unshift(...again)
    this.#acknowledged -= again.length
    return again.length
  }

  /** Without those of `sendAgain`. */
  waiting(): number {
    return this.#waiting.filter(({ isAgain, isDone }) => !isAgain && !isDone).length
  }

  counters(): { items: number; bytes: number } {
    const left = this.#waiting.filter(({ isDone }) => !isDone)
    return {
      items: left.length,
      bytes: left.reduce((sum, { encoded }) => sum + encoded.length, 0),
    }
  }

  lastSequence(): number {
    return this.#last
  }

  acknowledged(): number {
    return this.#acknowledged
  }

  read(afterSequence: number, itemsMax: number, bytesMax: number): OutboxItem[] {
    return within(
      this.#waiting.filter(({ sequence, isDone }) => sequence > afterSequence && !isDone),
      itemsMax,
      bytesMax,
    )
  }

  readUrgent(
    afterSequence: number,
    except: ReadonlySet<number>,
    itemsMax: number,
    bytesMax: number,
  ): OutboxItem[] {
    return within(
      this.#waiting
        .filter(
          ({ sequence, rank, isDone }) =>
            sequence > afterSequence &&
            !isDone &&
            !except.has(sequence) &&
            RANKS_URGENT.includes(rank),
        )
        .toSorted((a, b) => b.rank - a.rank),
      itemsMax,
      bytesMax,
    )
  }

  acknowledge(throughSequence: number, rejected = 0): void {
    this.#rejected += rejected
    const until = this.#waiting.findIndex(({ sequence }) => sequence > throughSequence)
    const gone = this.#waiting.splice(0, until < 0 ? this.#waiting.length : until)
    for (const item of gone) this.#done(item)
    this.#acknowledged = Math.max(this.#acknowledged, gone.at(-1)?.sequence ?? 0)
    this.#kept = [...this.#kept, ...gone].slice(-KEPT_MAX)
  }

  acknowledgeEach(sequences: readonly number[], rejected = 0): void {
    this.#rejected += rejected
    const known = new Set(sequences)
    for (const item of this.#waiting) if (known.has(item.sequence)) this.#done(item)
  }

  /** Numbered anew, as another outbox. */
  renew(): boolean {
    this.#id = randomBytes(16).toString('hex')
    return true
  }

  #done(item: Waiting): void {
    if (item.isDone) return
    item.isDone = true
    this.#onAcknowledged(this.#nowMs() - item.madeAtMs, item.isAgain)
  }
}

/** As many as both bounds allow, and at least one when there is one. */
function within(items: readonly OutboxItem[], itemsMax: number, bytesMax: number): OutboxItem[] {
  let bytes = 0
  const until = items.findIndex(({ encoded }, index) => {
    bytes += encoded.length
    return index === itemsMax || (index > 0 && bytes > bytesMax)
  })
  return until < 0 ? [...items] : items.slice(0, until)
}
