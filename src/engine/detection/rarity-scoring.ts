// A pair judged by how rare it is that its program sends so much beyond an answer: 60 at the budget, 30 more for each tenth of it.
import { turnUsual, usualHard, usualSoft } from '../../baseline/usual.ts'
import { wallNowMs } from '../clock.ts'
import { isServed } from '../destination/destination.ts'
import type { Reason } from '../finding.ts'
import { P, PAIR_DOUBLES } from '../pair/pair-row.ts'
import type { Pair } from '../pair/pair-table.ts'
import { counted, humanBytes, humanDuration, nameText } from '../sentence.ts'
import { AGES_BELOW_MS, ageOf, CLASSES, cellOf, classOf } from './classes.ts'
import { type Context, contextReasons, NO_CONTEXT } from './context.ts'
import { createContexts } from './contexts.ts'
import { createExcessLedger } from './excess-ledger.ts'
import { createNewPrograms } from './new-programs.ts'
import type { Thresholds } from './rarity.ts'
import { SERVED_FLOOR_BYTES, standingOf } from './score.ts'
import type { MakeScoring } from './scoring.ts'

const TOLD_FROM = 60
export const SCORE_A_DECADE = 30
/** Half a decade. */
const RISE_SAID = 15
/** On a network of one's own it is expected three times as often. */
const PRIVATE_DECADES = Math.log10(3)
/** What a program is used to send in a day it may send this often in another, where it always does. */
const USUAL_TIMES = 2
const DAY_MS = 86_400_000
const MOSTLY_OLD = AGES_BELOW_MS.length
const UNREAD_LEAST = 10
const FIRST_USE_MS = 60_000

const isVouchedClass = (ofClass: number): boolean => ofClass > CLASSES.indexOf('script')

/** What decided, of the pair that was scored last. */
type Judged = {
  decades: number
  cell: number
  ratio: number
  bytes: number
  isOfProgram: boolean
  /** What the pair sent in 24 hours: less than `bytes` where others of its program add to that. */
  pairOut: number
  isKnownDestination: boolean
  isPrivate: boolean
  ofClass: number
  ageMs: number
  context: Context
  named: Pair['identity']['named']
  /** It counts less that it is new, for its name or the time it was first seen. */
  isLenient: boolean
  usualBytes: number
  unread: number
  unreadFrom: number
}

/** `withContext`: beside amounts, how a program came to run counts, and what its destination is called. */
export const rarityScoring =
  (thresholds: Thresholds, withContext = true): MakeScoring =>
  (parts) => {
    const { clock, pairs, book } = parts
    const ledger = createExcessLedger(parts)
    const newPrograms = createNewPrograms(parts.baseline, () => parts.policy().newProgramsPerDay)
    /** By slot of the pair. */
    const classes: number[] = []
    const unreadFrom: number[] = []
    const served: boolean[] = []
    const judged: Judged = {
      ...{ decades: Number.NEGATIVE_INFINITY, cell: 0, ratio: 0, bytes: 0, isOfProgram: false },
      pairOut: 0,
      ...{ isKnownDestination: false, isPrivate: false, ofClass: 0, ageMs: 0, usualBytes: 0 },
      ...{ context: NO_CONTEXT, named: undefined, isLenient: false },
      ...{ unread: 0, unreadFrom: 0 },
    }

    /** Index of its age: what was here before Freshet, came with it or with the system's update is not new. */
    const ageIndexOf = ({ identity }: Pair, ofClass: number): number => {
      const isVouched = isVouchedClass(ofClass)
      const age = ageOf(judged.ageMs)
      if (!isVouched) return identity.wasHere ? Math.max(age, 2) : age
      if (identity.wasHere) return MOSTLY_OLD
      const isEpoch = book.isEpoch && identity.stored.signerClass === 'platform'
      return identity.coldStart || isEpoch ? Math.max(age, 2) : age
    }
    const contextAt = withContext ? createContexts(parts) : () => NO_CONTEXT
    const consider = (cell: number, ratio: number, bytes: number, isOfProgram: boolean): void => {
      const decades = thresholds.rarity(cell, ratio, bytes)
      if (decades <= judged.decades) return
      judged.decades = decades
      judged.cell = cell
      judged.ratio = ratio
      judged.bytes = bytes
      judged.isOfProgram = isOfProgram
    }

    return {
      riseSaid: RISE_SAID,
      began: ledger.began,
      count: ledger.count,
      stand(slot, { identity, destination }, former) {
        const { stored, responsible } = identity
        const name = classOf(
          stored.signerClass,
          stored.key.includes(' script '),
          responsible?.signerClass,
        )
        classes[slot] = CLASSES.indexOf(name)
        served[slot] = isServed(destination.view.key)
        unreadFrom[slot] = standingOf(stored.signerClass, responsible?.signerClass).unreadFlowsFrom
        const isFirstUse = wallNowMs(clock) - identity.firstNetworkMs < FIRST_USE_MS
        if (name === 'unvouched' && identity.pairs === 1 && isFirstUse)
          newPrograms.note(wallNowMs(clock))
        if (former === undefined) ledger.pairAdded(slot)
        else ledger.renamed(former, slot)
      },
      isSuspect: (slot) =>
        ledger.most(slot) >= (thresholds.least[classes[slot] as number] as number) ||
        pairs.unread24(slot) >= UNREAD_LEAST,
      score(slot, pair) {
        const ofClass = classes[slot] as number
        const isServedPair = served[slot] as boolean
        judged.ofClass = ofClass
        judged.bytes = 0
        const base = slot * PAIR_DOUBLES
        judged.pairOut =
          (pairs.f64[base + P.out] as number) - (pairs.f64[base + P.dayOut] as number)
        judged.decades = Number.NEGATIVE_INFINITY
        judged.ageMs = Math.max(0, wallNowMs(clock) - pair.identity.firstNetworkMs)
        judged.named = pair.identity.named
        judged.isLenient = pair.identity.coldStart && isVouchedClass(ofClass)
        judged.isKnownDestination = !isServedPair && ledger.isKnownDestination(slot)
        judged.isPrivate = pair.destination.scope === 'private'
        const { usual } = pair.identity.history
        turnUsual(usual, Math.floor(wallNowMs(clock) / DAY_MS))
        const times = judged.isKnownDestination ? USUAL_TIMES : 0
        judged.usualBytes = times * usualHard(usual)
        const age = ageIndexOf(pair, ofClass)
        // Answers are larger than questions, whoever serves: only who does so newly, and how much, tells.
        const offHard = isServedPair ? SERVED_FLOOR_BYTES : times * usualHard(usual)
        const offSoft = isServedPair ? SERVED_FLOOR_BYTES : times * usualSoft(usual)
        const cell = cellOf(ofClass, age, judged.isKnownDestination)
        if (!isServedPair || age < MOSTLY_OLD) {
          consider(cell, 0, ledger.placeHard(slot) - offHard, false)
          consider(cell, 1, ledger.placeSoft(slot) - offSoft, false)
        }
        if (!isServedPair && ledger.countsForProgram(slot)) {
          const ofProgram = cellOf(ofClass, age, false)
          consider(ofProgram, 0, ledger.programHard(slot), true)
          consider(ofProgram, 1, ledger.programSoft(slot), true)
        }
        if (judged.isPrivate) judged.decades -= PRIVATE_DECADES
        if (ofClass === 0 && age === 0)
          judged.decades -= Math.log10(newPrograms.scale(wallNowMs(clock)))
        judged.context =
          judged.bytes > 0 ? contextAt(slot, pair, ofClass, judged.isKnownDestination) : NO_CONTEXT
        judged.decades += judged.context.decades
        judged.unread = pairs.unread24(slot)
        judged.unreadFrom = unreadFrom[slot] as number
        if (judged.unread >= judged.unreadFrom)
          judged.decades = Math.max(
            judged.decades,
            judged.unread >= 10 * judged.unreadFrom ? 0.5 : 0,
          )
      },
      isTold: () => judged.decades >= 0,
      isOfProgram: () => judged.isOfProgram || judged.pairOut < judged.bytes,
      total: () => TOLD_FROM + SCORE_A_DECADE * judged.decades,
      explain: (signerText) => explainRarity(judged, thresholds, signerText),
    }
  }

function explainRarity(judged: Judged, thresholds: Thresholds, signerText: string): Reason[] {
  const { bytes, cell, ratio, decades, isOfProgram, isKnownDestination, ageMs } = judged
  const { named, isLenient, context } = judged
  const ofName = named ? `; ${nameText(named, isLenient)}` : ''
  const told = thresholds.bytesAt(cell, ratio, -context.decades)
  const points = (of: number): number => Math.round(of * 100) / 100
  const reasons: Reason[] = []
  if (bytes > 0)
    reasons.push({
      term: 'volume',
      points: points(TOLD_FROM + SCORE_A_DECADE * (decades - context.decades)),
      value: Math.round(bytes),
      threshold: Math.round(told),
      unit: 'B',
      text: `${humanBytes(bytes)} went out in 24 hours beyond ${ratio === 0 ? 'what came back' : 'half of what came back'}${
        isOfProgram ? ', to all its new destinations together' : ''
      }; told from ${humanBytes(told)} on`,
    })
  reasons.push(
    {
      ...{ term: 'novelty', points: 0, value: Math.round(ageMs / 1_000), threshold: 0, unit: 's' },
      text: `it had used the network for ${humanDuration(ageMs)}${ofName}`,
    },
    { term: 'signer', points: 0, value: 0, threshold: 0, unit: '', text: signerText },
    {
      ...{ term: 'destination', points: 0, value: 0, threshold: 0, unit: '' },
      text: isKnownDestination
        ? 'the destination is one that it knows'
        : 'the destination is new to this program',
    },
  )
  reasons.push(...contextReasons(context, SCORE_A_DECADE))
  if (judged.unread >= judged.unreadFrom)
    reasons.push({
      ...{ term: 'unread', points: 0, value: judged.unread, threshold: judged.unreadFrom },
      unit: 'flows',
      text: `${counted(judged.unread, 'flow')} in 24 hours whose bytes could not be read, cut off by a reset or a disconnect`,
    })
  return reasons
}
