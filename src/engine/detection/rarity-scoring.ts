// A pair judged by how rare it is that its program sends so much beyond an answer: 60 at the budget, 30 more for each tenth of it.
import { turnUsual, usualHard, usualSoft } from '../../baseline/usual.ts'
import { wallNowMs } from '../clock.ts'
import { isServed } from '../destination/destination.ts'
import { P, PAIR_DOUBLES } from '../pair/pair-row.ts'
import type { Pair } from '../pair/pair-table.ts'
import { AGES_BELOW_MS, ageOf, CLASSES, cellOf, classOf } from './classes.ts'
import { NO_CONTEXT } from './context.ts'
import { createContexts } from './contexts.ts'
import { createExcessLedger } from './excess-ledger.ts'
import { emptyFeatures, loadFeatures } from './features.ts'
import { createHostPairs } from './host-pairs.ts'
import { createNewPrograms } from './new-programs.ts'
import { compileThresholds, type Reference, TAIL_FROM_BYTES, type Thresholds } from './rarity.ts'
import {
  explainRarity,
  type Judged,
  PRIVATE_TIMES,
  SCORE_A_DECADE,
  TOLD_FROM,
} from './rarity-reasons.ts'
import { REFERENCE } from './reference.ts'
import { referenceHash } from './reference-hash.ts'
import { SERVED_FLOOR_BYTES, type Standing, standingOf } from './score.ts'
import type { MakeScoring } from './scoring.ts'

/** Half a decade. */
const RISE_SAID = 15
/** What a program is used to send in a day it may send this often in another, where it always does. */
const USUAL_TIMES = 2
const DAY_MS = 86_400_000
const MOSTLY_OLD = AGES_BELOW_MS.length
const UNREAD_LEAST = 10
const FIRST_USE_MS = 60_000

/** Thresholds of scales and of the budget that they were last asked for: a policy brings another once in a while. */
function createCompiled(reference: Reference) {
  const byScale = new Map<number, Thresholds>()
  let ofBudget = 0
  return (budget: number, scale: number): Thresholds => {
    if (budget !== ofBudget) byScale.clear()
    ofBudget = budget
    const known = byScale.get(scale)
    if (known) return known
    const made = compileThresholds(reference, budget, scale)
    byScale.set(scale, made)
    return made
  }
}

/** Index of its age: what was here before Freshet, came with it or with the system's update is not new. */
function ageIndexOf(
  { identity }: Pair,
  { ofClass, ageMs }: Judged,
  isEpochOfPlatform: boolean,
): number {
  const age = ageOf(ageMs)
  if (ofClass <= CLASSES.indexOf('script')) return identity.wasHere ? Math.max(age, 2) : age
  if (identity.wasHere) return MOSTLY_OLD
  const isEpoch = isEpochOfPlatform && identity.stored.signerClass === 'platform'
  return identity.coldStart || isEpoch ? Math.max(age, 2) : age
}

/**
 * `budget`: false alerts a host-day; undefined: what the policy in force allows. `withContext`: beside amounts, how a program came to run
 * counts, and what its destination is called.
 */
export const rarityScoring =
  (budget?: number, reference: Reference = REFERENCE, withContext = true): MakeScoring =>
  (parts) => {
    const { clock, pairs, book } = parts
    const ledger = createExcessLedger(parts)
    const newPrograms = createNewPrograms(parts.baseline, () => parts.policy().newProgramsPerDay)
    const hostPairs = createHostPairs(parts.baseline, pairs.capacity, reference.pairs.at)
    const compiled = createCompiled(reference)
    /** Of the policy in force, and of this host as it was until today. */
    const compile = (): Thresholds =>
      compiled(budget ?? parts.policy().budgetPerHostDay, hostPairs.scale(wallNowMs(clock)))
    let thresholds = compile()
    let ofDay = Number.NaN
    let ofPolicy = parts.policy()
    /** A day of this host has ended, or the policy is another. */
    const renew = (day: number): void => {
      ofDay = day
      ofPolicy = parts.policy()
      thresholds = compile()
    }
    /** By slot of the pair. */
    const classes: number[] = []
    const standings: Standing[] = []
    const served: boolean[] = []
    const features = emptyFeatures()
    /** Of the pair that was scored last. */
    let ofSlot = -1
    const judged: Judged = {
      ...{ decades: Number.NEGATIVE_INFINITY, ofClass: 0, age: 0, isKnownDestination: false },
      ...{ ratio: 0, bytes: 0, usualBytes: 0, isOfProgram: false, pairOut: 0, isPrivate: false },
      ...{
        context: NO_CONTEXT,
        isServed: false,
        newPrograms: 1,
        ageMs: 0,
        unread: 0,
        unreadFrom: 0,
      },
    }

    const contextAt = withContext ? createContexts(parts) : () => NO_CONTEXT
    const consider = (
      isKnown: boolean,
      ratio: number,
      bytes: number,
      isOfProgram: boolean,
    ): void => {
      const decades = thresholds.rarity(cellOf(judged.ofClass, judged.age, isKnown), ratio, bytes)
      if (decades <= judged.decades) return
      judged.decades = decades
      judged.isKnownDestination = isKnown
      judged.ratio = ratio
      judged.bytes = bytes
      judged.isOfProgram = isOfProgram
    }

    return {
      reference: referenceHash(reference, withContext),
      riseSaid: RISE_SAID,
      began: ledger.began,
      count(slot, flow) {
        const nowMs = wallNowMs(clock)
        const day = Math.floor(nowMs / DAY_MS)
        if (day !== ofDay || ofPolicy !== parts.policy()) renew(day)
        ledger.count(slot, flow)
        if (ledger.placeHard(slot) >= TAIL_FROM_BYTES) hostPairs.note(slot, nowMs)
      },
      stand(slot, { identity, destination }, former) {
        const { stored, responsible } = identity
        const name = classOf(
          stored.signerClass,
          stored.key.includes(' script '),
          responsible?.signerClass,
        )
        classes[slot] = CLASSES.indexOf(name)
        served[slot] = isServed(destination.view.key)
        standings[slot] = standingOf(stored.signerClass, responsible?.signerClass)
        const isFirstUse = wallNowMs(clock) - identity.firstNetworkMs < FIRST_USE_MS
        if (name === 'unvouched' && identity.pairs === 1 && isFirstUse)
          newPrograms.note(wallNowMs(clock))
        if (former === undefined) {
          hostPairs.begin(slot)
          ledger.pairAdded(slot)
        } else ledger.renamed(former, slot)
      },
      isSuspect: (slot) =>
        ledger.most(slot) >= (thresholds.least[classes[slot] as number] as number) ||
        pairs.unread24(slot) >= UNREAD_LEAST,
      score(slot, pair) {
        ofSlot = slot
        const isServedPair = served[slot] as boolean
        const base = slot * PAIR_DOUBLES
        const nowMs = wallNowMs(clock)
        const isKnown = !isServedPair && ledger.isKnownDestination(slot)
        judged.ofClass = classes[slot] as number
        judged.isServed = isServedPair
        judged.bytes = 0
        judged.pairOut =
          (pairs.f64[base + P.out] as number) - (pairs.f64[base + P.dayOut] as number)
        judged.decades = Number.NEGATIVE_INFINITY
        judged.ageMs = Math.max(0, nowMs - pair.identity.firstNetworkMs)
        judged.age = ageIndexOf(pair, judged, book.isEpoch)
        judged.isPrivate = pair.destination.scope === 'private'
        const { usual } = pair.identity.history
        turnUsual(usual, Math.floor(nowMs / DAY_MS))
        const times = isKnown ? USUAL_TIMES : 0
        judged.usualBytes = times * usualHard(usual)
        // Answers are larger than questions, whoever serves: only who does so newly, and how much, tells.
        const offHard = isServedPair ? SERVED_FLOOR_BYTES : times * usualHard(usual)
        const offSoft = isServedPair ? SERVED_FLOOR_BYTES : times * usualSoft(usual)
        if (!isServedPair || judged.age < MOSTLY_OLD) {
          consider(isKnown, 0, ledger.placeHard(slot) - offHard, false)
          consider(isKnown, 1, ledger.placeSoft(slot) - offSoft, false)
        }
        if (!isServedPair && ledger.countsForProgram(slot)) {
          consider(false, 0, ledger.programHard(slot), true)
          consider(false, 1, ledger.programSoft(slot), true)
        }
        judged.context =
          judged.bytes > 0
            ? contextAt(slot, pair, judged.ofClass, judged.isKnownDestination)
            : NO_CONTEXT
        judged.decades += judged.context.decades
        const isNewest = judged.ofClass === 0 && judged.age === 0
        judged.newPrograms = isNewest ? newPrograms.scale(nowMs) : 1
        judged.decades -= Math.log10(judged.newPrograms)
        if (judged.isPrivate) judged.decades -= Math.log10(PRIVATE_TIMES)
        judged.unread = pairs.unread24(slot)
        judged.unreadFrom = standings[slot]?.unreadFlowsFrom ?? Number.POSITIVE_INFINITY
        if (judged.unread >= judged.unreadFrom)
          judged.decades = Math.max(
            judged.decades,
            judged.unread >= 10 * judged.unreadFrom ? 0.5 : 0,
          )
      },
      isTold: () => judged.decades >= 0,
      isOfProgram: () => judged.isOfProgram || judged.pairOut < judged.bytes,
      total: () => TOLD_FROM + SCORE_A_DECADE * judged.decades,
      folded: ledger.renamed,
      seed: ledger.seed,
      store: ledger.store,
      explain(signerText) {
        const pair = pairs.meta[ofSlot] as Pair
        loadFeatures(features, pairs, ofSlot, pair, clock, book)
        features.standing = standings[ofSlot] as Standing
        return explainRarity(judged, features, thresholds, signerText)
      },
    }
  }
