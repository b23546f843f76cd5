// What was sent on a connection and is not acknowledged, within the collector's credit.

import type { Ack, Reject } from './message.ts'

/** What a collector may offer; more is cut. */
const CREDIT_MAX = 65_536
/** Items sent ahead of their turn at once; a quarter of the credit at most. */
const AHEAD_ITEMS_MAX = 64

export class Window {
  readonly #credit: number
  readonly #aheadMax: number
  /** Sequences sent in turn, ascending. */
  #inTurn: number[] = []
  readonly #ahead = new Set<number>()
  #cursor: number
  #acknowledged: number

  /** `acknowledged`: the outbox's, below which nothing waits; `credit`: of Welcome. */
  constructor(acknowledged: number, credit: number, maySendAhead: boolean) {
    const items = Math.min(credit, CREDIT_MAX)
    this.#aheadMax = maySendAhead ? Math.min(AHEAD_ITEMS_MAX, Math.floor(items / 4)) : 0
    this.#credit = items - this.#aheadMax
    this.#cursor = this.#acknowledged = acknowledged
  }

  /** Highest sequence sent in turn: an acknowledgement may name none above it. */
  get cursor(): number {
    return this.#cursor
  }

  /** Sent ahead of their turn and not acknowledged. */
  get ahead(): ReadonlySet<number> {
    return this.#ahead
  }

  isEmpty(): boolean {
    return this.outstanding() === 0
  }

  /** Items sent and not acknowledged. */
  outstanding(): number {
    return this.#inTurn.length + this.#ahead.size
  }

  /** Items that may be sent in turn now. */
  room(): number {
    return this.#credit - this.#inTurn.length
  }

  /** Items that may be sent ahead of their turn now. */
  roomAhead(): number {
    return this.#aheadMax - this.#ahead.size
  }

  /** REQUIRES: ascending, above the cursor. */
  send(sequences: readonly number[]): void {
    this.#inTurn.push(...sequences)
    this.#cursor = sequences.at(-1) ?? this.#cursor
  }

  sendAhead(sequences: readonly number[]): void {
    for (const sequence of sequences) this.#ahead.add(sequence)
  }

  /**
   * Of what an acknowledgement refuses, what it is of: items that were sent, wait, and are let go of by it, each once. The rest
   * is a collector's invention. To be asked before either is acknowledged.
   */
  refusedBy({ throughSequence, rejects, aheadSequences = [] }: Ack): Reject[] {
    if (rejects.length === 0) return []
    const gone = new Set(this.#inTurn.filter((sequence) => sequence <= throughSequence))
    for (const sequence of aheadSequences) gone.add(sequence)
    return rejects.filter(({ sequence }) => gone.delete(sequence))
  }

  /** Whether it says anything new. REQUIRES: at most the cursor. */
  acknowledge(throughSequence: number): boolean {
    if (throughSequence <= this.#acknowledged) return false
    this.#acknowledged = throughSequence
    const done = this.#inTurn.findIndex((sequence) => sequence > throughSequence)
    this.#inTurn.splice(0, done === -1 ? this.#inTurn.length : done)
    return true
  }

  /** False when one of them was not sent ahead. */
  acknowledgeAhead(sequences: readonly number[]): boolean {
    return sequences.every((sequence) => this.#ahead.delete(sequence))
  }
}
