// What pairs hand on, as a type of their own: what becomes of each, to whatever judges them.
import type { Process } from '../process/process.ts'

export type JudgedPairs = {
  /** A report of `flow` has changed the pair in `slot`. */
  evaluate(slot: number, flow: number): void
  attached(slot: number, flow: number): void
  detached(slot: number, flow: number): void
  /** A pair was made: its alert, if it has one that lives, goes on in it. */
  pairAdded(slot: number): void
  /**
   * The pair in `slot`, so far of the key `former`, is of another identity: its alert is too, and says so, which leaves
   * nothing to judge. False: it has none.
   */
  renamed(former: string, slot: number): boolean
  /** Something else than a report has changed the pair in `slot`; `process` is who it is about. */
  judge(slot: number, process: Process): void
  /** The pair of the key `former` went into the one of `key`. */
  folded(former: string, key: string): void
}
