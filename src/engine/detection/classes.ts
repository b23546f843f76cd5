// What kinds of programs and destinations are told apart, from least to best vouched for, newest to oldest: the sides of the table
// of thresholds. Along each side nothing that is newer or less vouched for is ever less rare.
import type { SignerClass } from '../../baseline/baseline.ts'

/**
 * unvouched: nobody stands behind the code, or it acts for such. script: a script, or who acts for one. identified: a Developer ID
 * that is not notarized, what nobody has looked at, and a tool that acts for what is vouched for. notarized: App Store too.
 */
export const CLASSES = ['unvouched', 'script', 'identified', 'notarized', 'platform'] as const
export type Class = (typeof CLASSES)[number]

const DAY_MS = 86_400_000
/** Since its first network use: below each bound, and from the last on. */
export const AGES_BELOW_MS = [DAY_MS, 7 * DAY_MS, 30 * DAY_MS] as const
export const AGES = AGES_BELOW_MS.length + 1

const OF_SIGNER: Record<SignerClass, Class> = {
  invalid: 'unvouched',
  unsigned: 'unvouched',
  adhoc: 'unvouched',
  unknown: 'identified',
  developer_id: 'identified',
  notarized: 'notarized',
  app_store: 'notarized',
  platform: 'platform',
}

/** `responsible` is the class of whom it acts for, where it acts for another; a script is of it, or of that. */
export function classOf(
  signer: SignerClass,
  isScript: boolean,
  responsible: SignerClass | undefined,
): Class {
  const own = OF_SIGNER[signer]
  if (own === 'unvouched') return own
  if (responsible === undefined) return isScript ? 'script' : own
  if (OF_SIGNER[responsible] === 'unvouched') return 'unvouched'
  // It does what it was told, however it is signed.
  return isScript ? 'script' : 'identified'
}

/** Index of an age; of a clock that was set back, the newest. */
export function ageOf(ageMs: number): number {
  let age = 0
  while (age < AGES_BELOW_MS.length && ageMs >= (AGES_BELOW_MS[age] as number)) age++
  return age
}

/** Cells of the table of thresholds: class, age, and whether the destination is one that the program knew the day before. */
export const CELLS = CLASSES.length * AGES * 2
export const cellOf = (ofClass: number, age: number, isKnownDestination: boolean): number =>
  (ofClass * AGES + age) * 2 + (isKnownDestination ? 1 : 0)
