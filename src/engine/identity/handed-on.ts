// Processes that were given a connection which another program made: by an exec, a fork and an exec, a passed
// descriptor. What they send through it is sent for that one.
import type { SignerClass } from '../../baseline/baseline.ts'
import type { Maker, Process } from '../process/process.ts'
import { actsForOthers } from './program.ts'
import { runsScript } from './script.ts'

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

export const isSignerClass = (value: unknown): value is SignerClass =>
  CLASSES.some((one) => one === value)

/** How little a class is vouched for: the more, the less. */
export const doubtfulness = (signerClass: SignerClass): number => CLASSES.indexOf(signerClass)

export const lessVouched = (one: SignerClass, other: SignerClass): SignerClass =>
  doubtfulness(other) > doubtfulness(one) ? other : one

/**
 * Notes that `process` was given a connection that `giver` had: it was made by that one, or by who gave it to it. False
 * where nobody is new, or both run one program.
 */
export function noteGiver(process: Process, giver: Process, atMs: number): boolean {
  const isSame = process.image === giver.image
  // As it is now, and without those before it: they are in the list, and would be kept for ever.
  const last: Maker = { process: { ...giver, makers: [] }, found: undefined, givenAtMs: atMs }
  const makers = [...process.makers]
  for (const maker of isSame ? giver.makers : [...giver.makers, last]) {
    if (maker.process.image === process.image) continue
    const known = makers.findIndex((one) => isSameMaker(one, maker))
    // It keeps its place: two that give in turn would make another of the process each time.
    if (known >= 0) makers[known] = { ...(makers[known] as Maker), givenAtMs: atMs }
    else makers.push({ ...maker, givenAtMs: atMs })
  }
  while (makers.length > MAKERS_MAX) makers.splice(leastToTell(makers), 1)
  const isNew = makers.some(({ process: one }) =>
    process.makers.every(({ process: other }) => other !== one),
  )
  process.makers = makers
  return isNew
}

/** One program, however often it runs: else whatever is started again and again fills the list. */
function isSameMaker(one: Maker, other: Maker): boolean {
  const [a, b] = [one.process, other.process]
  if (a.image === b.image) return true
  if (isUnseen(one) || isUnseen(other)) return isUnseen(one) && isUnseen(other)
  if (one.found || other.found)
    return (
      one.found?.responsible.key === other.found?.responsible.key &&
      one.found?.script?.name === other.found?.script?.name
    )
  return (
    a.image.program !== undefined &&
    a.image.program.key === b.image.program?.key &&
    isItself(a) &&
    isItself(b)
  )
}

const isUnseen = ({ process, found }: Maker): boolean =>
  found
    ? found.responsible.key === undefined && found.script === undefined
    : process.image.path === ''

/** Whether the program by its file is all there is to say of it. */
const isItself = ({ image, foreign }: Process): boolean =>
  !actsForOthers(image) && !runsScript(image) && foreign === undefined

/** What is not known yet may be anybody's. */
const classOf = ({ image }: Process): SignerClass => image.program?.signerClass ?? 'invalid'

/** Whether one of its makers is vouched for less than its own program, or was not seen. */
export const isGivenByLess = ({ image, makers }: Process): boolean =>
  makers.some(
    ({ process }) =>
      process.image.path === '' ||
      doubtfulness(classOf(process)) > doubtfulness(image.program?.signerClass ?? 'platform'),
  )

/** How far somebody vouches for whom it makes connections for. */
function doubtOf({ process, found }: Maker): number {
  if (found) return doubtfulness(found.responsible.signerClass)
  return doubtfulness(actsForOthers(process.image) ? 'unsigned' : classOf(process))
}

/** Of those that are vouched for most, the one that gave longest ago. */
function leastToTell(makers: readonly Maker[]): number {
  let least = 0
  for (const [index, maker] of makers.entries()) {
    const former = makers[least] as Maker
    const by = doubtOf(maker) - doubtOf(former)
    if (by < 0 || (by === 0 && maker.givenAtMs < former.givenAtMs)) least = index
  }
  return least
}
