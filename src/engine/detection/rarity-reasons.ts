// Why a pair is told, by rarity: each term with what was measured, what it is held against and what it added, and from where on it would
// have been told had that been otherwise.
import type { Reason } from '../finding.ts'
import { counted, humanBytes } from '../sentence.ts'
import { AGES_BELOW_MS, CLASSES, cellOf } from './classes.ts'
import { type Context, contextReasons, NO_CONTEXT } from './context.ts'
import { newsOf, noveltyText } from './news-text.ts'
import { LOOSEST_DECADES, type Thresholds } from './rarity.ts'
import type { Features } from './score.ts'

export const TOLD_FROM = 60
export const SCORE_A_DECADE = 30
/** On a network of one's own an excess is expected so many times as often. */
export const PRIVATE_TIMES = 3

/** What decided, of the pair that was scored last. */
export type Judged = {
  /** Below the budget; of bytes and all that goes with them. */
  decades: number
  /** Of the table of thresholds. */
  ofClass: number
  age: number
  isKnownDestination: boolean
  ratio: number
  /** Beyond an answer, and beyond what is usual. */
  bytes: number
  usualBytes: number
  isOfProgram: boolean
  /** What the pair sent in 24 hours: less than `bytes` where others of its program add to that. */
  pairOut: number
  isPrivate: boolean
  isServed: boolean
  context: Context
  /** How many times as many new programs as on others this host has a day; 1 where that says nothing of this one. */
  newPrograms: number
  ageMs: number
  unread: number
  unreadFrom: number
}

export const nothingJudged = (): Judged => ({
  ...{ decades: Number.NEGATIVE_INFINITY, ofClass: 0, age: 0, isKnownDestination: false },
  ...{ ratio: 0, bytes: 0, usualBytes: 0, isOfProgram: false, pairOut: 0, isPrivate: false },
  ...{ context: NO_CONTEXT, isServed: false, newPrograms: 1, ageMs: 0, unread: 0, unreadFrom: 0 },
})

const BEST = CLASSES.indexOf('notarized')
const OLD = AGES_BELOW_MS.length
const AGE_DAYS = AGES_BELOW_MS[OLD - 1] as number

/** What its context, where it sends and how many programs are new add to its decades. */
export const besideOf = ({ newPrograms, isPrivate }: Judged, context: Context): number =>
  context.decades - Math.log10(newPrograms) - (isPrivate ? Math.log10(PRIVATE_TIMES) : 0)

/** Their points sum to the score. `f` is of the same pair and moment. */
export function explainRarity(
  judged: Judged,
  f: Features,
  thresholds: Thresholds,
  signerText: string,
): Reason[] {
  const { bytes, ratio, ofClass, age, isKnownDestination: isKnown } = judged
  const beside = besideOf(judged, judged.context)
  const toldOf = (c: number, a: number, known: boolean): number =>
    thresholds.bytesAt(cellOf(c, a, known), ratio, -beside)
  /** Below what is known it counts as the most frequent that is. */
  const at = (c: number, a: number, known: boolean): number =>
    Math.max(LOOSEST_DECADES, thresholds.rarity(cellOf(c, a, known), ratio, bytes))
  const told = toldOf(ofClass, age, isKnown)
  // As a notarized program has it that has long sent there; then where, then how new, then whose.
  const ofVolume = at(BEST, OLD, true)
  const ofPlace = at(BEST, OLD, isKnown)
  const ofAge = at(BEST, age, isKnown)
  const ofSigner = at(ofClass, age, isKnown)
  const unlike = (other: number, who: string): string =>
    Math.round(other) === Math.round(told)
      ? ''
      : `; ${who}, it would be told from ${humanBytes(other)} on`

  const reasons: Reason[] = []
  const add = (reason: Reason): void => {
    reasons.push({ ...reason, points: Math.round(reason.points * 100) / 100 })
  }
  if (bytes > 0) {
    add({
      term: 'volume',
      points: TOLD_FROM + SCORE_A_DECADE * ofVolume,
      value: Math.round(bytes),
      threshold: Math.round(told),
      unit: 'B',
      text: `${volumeText(judged)}; told from ${humanBytes(told)} on`,
    })
    add({
      term: 'destination',
      points:
        SCORE_A_DECADE * (ofPlace - ofVolume - (judged.isPrivate ? Math.log10(PRIVATE_TIMES) : 0)),
      value: isKnown ? 0 : 1,
      threshold: 1,
      unit: '',
      text: `${placeText(judged, f)}${isKnown ? '' : unlike(toldOf(ofClass, age, true), 'to one that it knows')}`,
    })
    add({
      term: 'novelty',
      points: SCORE_A_DECADE * (ofAge - ofPlace - Math.log10(judged.newPrograms)),
      value: Math.round(judged.ageMs / 1_000),
      threshold: Math.round(AGE_DAYS / 1_000),
      unit: 's',
      text: `${noveltyText(f)}${
        age === OLD ? '' : unlike(toldOf(ofClass, OLD, isKnown), 'after 30 days')
      }${judged.newPrograms > 1 ? `; on this machine so many programs are new that it counts ${judged.newPrograms.toFixed(1)} times less` : ''}`,
    })
    add({
      term: 'signer',
      points: SCORE_A_DECADE * (ofSigner - ofAge),
      value: ofClass,
      threshold: BEST,
      unit: '',
      text: `${signerText}${ofClass < BEST ? unlike(toldOf(BEST, age, isKnown), 'notarized') : ''}`,
    })
  }
  for (const reason of contextReasons(judged.context, SCORE_A_DECADE)) add(reason)
  if (judged.unread >= judged.unreadFrom) {
    const others = reasons.reduce((sum, { points }) => sum + points, 0)
    add({
      term: 'unread',
      points: Math.max(0, TOLD_FROM + SCORE_A_DECADE * judged.decades - others),
      value: judged.unread,
      threshold: judged.unreadFrom,
      unit: 'flows',
      text: `${counted(judged.unread, 'flow')} in 24 hours whose bytes could not be read, cut off by a reset or a disconnect`,
    })
  }
  return reasons
}

function volumeText({ bytes, ratio, usualBytes, isOfProgram, isServed }: Judged): string {
  const beyond = [ratio === 0 ? 'what came back' : 'half of what came back']
  if (isServed) beyond.push('what answers to others may be')
  else if (usualBytes > 0)
    beyond.push(`${humanBytes(usualBytes)}, twice the most that it sends in a day`)
  return `${humanBytes(bytes)} went out in 24 hours beyond ${beyond.join(' and ')}${
    isOfProgram ? ', to all destinations that are new to it together' : ''
  }`
}

function placeText({ isKnownDestination, isPrivate, isServed }: Judged, f: Features): string {
  const own = isPrivate ? ' (counts a third: a private network)' : ''
  if (isServed) return `it was asked by others${own}`
  const news = newsOf(f)
  const said =
    news.length > 0
      ? news.join(', ')
      : isKnownDestination
        ? ''
        : 'one that it has known for less than a day'
  return `the destination is ${said || 'one that it has known for a day or longer'}${own}`
}
