// Processes that were given a connection which another program made: by an exec, a fork and an exec, a passed
// descriptor. What they send through it is sent for that one.
import type { SignerClass } from '../baseline/baseline.ts'
import type { Process } from './process.ts'

/** Makers that are remembered of a process; with one more, the one goes that is vouched for most. */
const MAKERS_MAX = 8

/** From the best vouched for to the least. */
const CLASSES: readonly SignerClass[] = [
  'platform',
  'app_store',
  'notarized',
  'developer_id',
  'unknown',
  'adhoc',
  'unsigned',
  'invalid',
]

/** How little a class is vouched for: the more, the less. */
export const doubtfulness = (signerClass: SignerClass): number => CLASSES.indexOf(signerClass)

export const lessVouched = (one: SignerClass, other: SignerClass): SignerClass =>
  doubtfulness(other) > doubtfulness(one) ? other : one

/**
 * Notes that `process` was given a connection that `giver` had: it was made by that one, or by who gave it to it. False
 * where nothing is new, or both run one program.
 */
export function noteGiver(process: Process, giver: Process): boolean {
  const isSame = process.image === giver.image
  // As it is now, and without those before it: they are in the list, and would be kept for ever.
  const given = isSame ? giver.makers : [...giver.makers, { ...giver, makers: [] }]
  const makers = [...process.makers]
  for (const maker of given)
    if (maker.image !== process.image && makers.every(({ image }) => image !== maker.image))
      makers.push(maker)
  if (makers.length === process.makers.length) return false
  while (makers.length > MAKERS_MAX) makers.splice(mostVouched(makers), 1)
  process.makers = makers
  return true
}

/** What is not known yet may be anybody's. */
const classOf = ({ image }: Process): SignerClass => image.program?.signerClass ?? 'invalid'

/** Whether one of its makers is vouched for less than its own program, or was not seen. */
export const isGivenByLess = ({ image, makers }: Process): boolean =>
  makers.some(
    (maker) =>
      maker.image.path === '' ||
      doubtfulness(classOf(maker)) > doubtfulness(image.program?.signerClass ?? 'platform'),
  )

/** The last of those that are vouched for most. */
function mostVouched(makers: readonly Process[]): number {
  let most = 0
  for (const [index, maker] of makers.entries())
    if (doubtfulness(classOf(maker)) <= doubtfulness(classOf(makers[most] as Process))) most = index
  return most
}
