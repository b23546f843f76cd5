// What the book of identities tells and takes.
import type { UnixNs } from '../../units.ts'
import type { IdentityState, Process } from '../process/process.ts'

/** A process was found to be of another identity than it was taken for. */
export type Correction = {
  process: Process
  from: IdentityState
  to: IdentityState
  /** All that was counted under `from` belongs to `to`; else others are rightly of it. */
  isWhole: boolean
}

export type IdentityBook = {
  /** The program of a process was learnt: known from now on, and said when it is the first time. */
  sight(process: Process, at: UnixNs): void
  /** The identity the flows of `process` count for; undefined while it is not certain, unless forced. */
  resolve(process: Process, force: boolean, at: UnixNs): IdentityState | undefined
  /**
   * Whether its flows count for the identity that they did, whatever was learnt of the process since; undefined while that is
   * not certain.
   */
  isStill(process: Process): boolean | undefined
  /**
   * Something was inspected: which processes, taken for something else for want of it, are now certain. Where one
   * `isWhole`, `join` is to be called.
   */
  corrections(at: UnixNs): Correction[]
  /**
   * `from` was `to` all along: what is known of its use goes over, and it is used no more. REQUIRES: a correction that
   * `isWhole`. Of what was known by its path before this run it is not: another program may have lain there.
   */
  join(from: IdentityState, to: IdentityState): void
  /** An alert refers to it: the baseline is to know it, certain or not. */
  retain(identity: IdentityState): void
  /** An identity that the baseline has, or undefined. */
  recall(key: string): IdentityState | undefined
  /** Notes that it used the network; true the first time ever. */
  usedNetwork(identity: IdentityState, at: UnixNs): boolean
  /** This identity as it is kept now: it may have been dropped and taken up again. */
  using(identity: IdentityState): IdentityState
  /** Bytes that each identity sent in the present hour of the wall clock, by its slot. */
  readonly sentOf: Float64Array
  /** Time passed: hours that are over join the history of each identity. */
  pass(at: UnixNs): void
  /** An earlier engine counted these bytes in the hour at `hourAt`. */
  resumeHour(key: string, hourAt: UnixNs, bytesOut: number, at: UnixNs): void
  /** Before a clean stop: what the present hour has so far goes to the baseline. */
  finish(): void
  /** Whether programs of the system are new because the system is. */
  readonly isEpoch: boolean
}
