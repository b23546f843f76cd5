// Processes that were taken for something for want of an inspection, which may still come for a while.
import type { UnixNs } from '../../units.ts'
import type { IdentityState, Process } from '../process/process.ts'

/** How long an inspection that comes too late may still say what a program is. */
const TENTATIVE_NS = 60_000_000_000n
/** Processes whose inspection is late; beyond, what they were taken for stands. */
const TENTATIVE_MAX = 1_024

export type Tentative = {
  suspect(process: Process, identity: IdentityState, at: UnixNs): void
  /** What it is, is certain. */
  settle(process: Process): void
  /** Oldest first. */
  all(): Iterable<[Process, IdentityState]>
  /** Whether any is taken for `identity`. */
  has(identity: IdentityState): boolean
  /** Time passed: what those were taken for that have waited long enough stands. */
  pass(at: UnixNs): void
  /** What all were taken for stands. */
  finish(): void
}

/** `confirm`: what a process was taken for stands. */
export function createTentative(
  confirm: (identity: IdentityState, process: Process) => void,
): Tentative {
  /** With when it was first taken for something; oldest first. */
  const waiting = new Map<Process, { identity: IdentityState; at: UnixNs }>()
  const giveUp = (process: Process, identity: IdentityState): void => {
    waiting.delete(process)
    confirm(identity, process)
  }
  return {
    suspect(process, identity, at) {
      const began = waiting.get(process)?.at ?? at
      waiting.set(process, { identity, at: began })
      for (const [oldest, { identity: taken }] of waiting) {
        if (waiting.size <= TENTATIVE_MAX) break
        giveUp(oldest, taken)
      }
    },
    settle(process) {
      waiting.delete(process)
    },
    *all() {
      for (const [process, { identity }] of waiting) yield [process, identity]
    },
    has: (identity) => [...waiting.values()].some((one) => one.identity === identity),
    pass(at) {
      for (const [process, { identity, at: since }] of waiting) {
        if (at - since < TENTATIVE_NS) break
        giveUp(process, identity)
      }
    },
    finish() {
      for (const [process, { identity }] of waiting) giveUp(process, identity)
    },
  }
}
