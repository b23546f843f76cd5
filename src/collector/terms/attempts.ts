// What is done again and again, or once at the end: what one cannot do keeps none of the others from its turn.
import { createTrouble, type Trouble } from '../../trouble.ts'

/** Does `work`; what it throws is told behind `failed`, once for as long as it goes on, and its end is told by `works`. */
export type Attempts = (words: { failed: string; works: string }, work: () => void) => void

/** `nowMs` is monotonic. */
export function createAttempts(
  log: (text: string) => void,
  nowMs: () => number = () => performance.now(),
): Attempts {
  const troubles = new Map<string, Trouble>()
  return ({ failed, works }, work) => {
    const trouble = troubles.get(failed) ?? createTrouble(log, nowMs)
    troubles.set(failed, trouble)
    try {
      work()
      trouble.works(() => works)
    } catch (cause) {
      trouble.failed(`${failed}: ${(cause as Error).message}`)
    }
  }
}

/** Of a collector for other machines. */
export const WORDS = {
  look: {
    failed: 'who may come, and by which policy, cannot be read anew',
    works: 'who may come, and by which policy, can be read again',
  },
  held: {
    failed: 'whom devices believe is not written',
    works: 'whom devices believe is written again',
  },
  clones: {
    failed: 'which machines share a certificate is not written',
    works: 'which machines share a certificate is written again',
  },
  seen: {
    failed: 'when devices were last heard of is not noted',
    works: 'when devices were last heard of is noted again',
  },
  said: {
    failed: 'what devices that are gone said of policies is not deleted',
    works: 'what devices that are gone said of policies is deleted again',
  },
  refusals: {
    failed: 'who was refused last is not written',
    works: 'who was refused last is written again',
  },
  pin: {
    failed: 'the pin that commands tell is not written',
    works: 'the pin that commands tell is written',
  },
  authority: {
    failed: 'the authority, as commands leave it, cannot be read',
    works: 'the authority can be read again',
  },
}
