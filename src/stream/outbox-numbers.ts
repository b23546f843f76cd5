// Which number the next item has. One that was given to the wire is no other item's under the same outbox id, also when the
// disk refused what was numbered and the agent was killed: the file says a number far ahead while it is in use, and the
// exact one after an orderly end; a start goes on from what it says.
import { newOutboxId, type Totals } from './outbox-file.ts'

/**
 * Reserved with each append. What waits in memory is given out under these alone: at an item a second a disk may refuse
 * for twelve days before what is found next has to wait for it. 2^28 agents that were killed use up 2^48.
 */
export const NUMBERS_RESERVED = 2 ** 20

export class OutboxNumbers {
  readonly #reservedAhead: number
  /** Stands for the file's id for as long as nothing could be reserved in the file since the start. */
  #idOfThisLife: string | undefined
  #next: number

  constructor(totals: Totals, reservedAhead: number) {
    this.#reservedAhead = reservedAhead
    this.#next = totals.nextSequence
  }

  /** Highest given to an item so far; 0 when none was. */
  last(): number {
    return this.#next - 1
  }

  take(): number {
    return this.#next++
  }

  /** Whether what waits in memory may leave it: its number, or its outbox's id, is of no other life. */
  mayBeSent(sequence: number, { nextSequence }: Totals): boolean {
    return this.#idOfThisLife !== undefined || sequence < nextSequence
  }

  /** Into `totals` goes what may be given from now on; `reserved` is called once that is durable. */
  reserve(totals: Totals): void {
    totals.nextSequence = this.#next + this.#reservedAhead
  }

  reserved(): void {
    this.#idOfThisLife = undefined
  }

  /** Nothing could be reserved: another id until it can. */
  unreserved(): void {
    this.#idOfThisLife = newOutboxId()
  }

  /** Into `totals` goes what was given. */
  settle(totals: Totals): void {
    totals.nextSequence = this.#next
  }

  /** All numbers are lower by so many. */
  moved(by: number): void {
    this.#next -= by
  }

  idOver(fileId: string): string {
    return this.#idOfThisLife ?? fileId
  }
}
