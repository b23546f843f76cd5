// A short name of all that an excess is held against, so that who reads an alert, or replays a capture, knows whether the same
// judged it. Made of the numbers themselves as they are compiled: whoever changes one changes the name.
import { createHash } from 'node:crypto'
import { AGES_BELOW_MS, CLASSES } from './classes.ts'
import { CONTEXT, CONTEXT_MOST } from './context.ts'
import { BY_AGE, BY_CLASS, BY_DESTINATION, BY_RATIO, INSTALLS_A_DAY } from './priors.ts'
import {
  LEAST_BYTES,
  LOOSEST_DECADES,
  RAREST_DECADES,
  type Reference,
  RUNGS_A_DECADE,
  TAIL_FROM_BYTES,
} from './rarity.ts'
import { PRIVATE_TIMES, SCORE_A_DECADE, TOLD_FROM } from './rarity-reasons.ts'
import { REFERENCE } from './reference.ts'
import { SERVED_FLOOR_BYTES } from './score.ts'

const HASH_DIGITS = 16

/** What points are held against: another number once a gate, a floor or a point is another. */
export const POINTS_REFERENCE = 'points-1'

/** The first 16 hex digits of SHA-256 over reference, priors, context and bounds, as JSON with sorted keys. */
export function referenceHash(reference: Reference, withContext: boolean): string {
  const held = {
    reference,
    priors: { BY_CLASS, BY_AGE, BY_DESTINATION, BY_RATIO, INSTALLS_A_DAY },
    kinds: { CLASSES, AGES_BELOW_MS },
    context: withContext ? { CONTEXT, CONTEXT_MOST } : 'none',
    bytes: { TAIL_FROM_BYTES, LEAST_BYTES, SERVED_FLOOR_BYTES },
    rungs: { RUNGS_A_DECADE, LOOSEST_DECADES, RAREST_DECADES },
    scale: { TOLD_FROM, SCORE_A_DECADE, PRIVATE_TIMES },
  }
  return createHash('sha256').update(sortedJson(held)).digest('hex').slice(0, HASH_DIGITS)
}

/** The order of fields in the source says nothing. */
const sortedJson = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner !== 'object' || inner === null || Array.isArray(inner)
      ? inner
      : Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))),
  )

/** Of what agents judge by. */
export const REFERENCE_HASH = referenceHash(REFERENCE, true)
