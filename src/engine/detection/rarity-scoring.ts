// A pair judged by how rare it is that its program sends so much beyond an answer: 60 at the budget, 30 more for each tenth of it.
import { turnUsual, usualHard, usualSoft } from '../../baseline/usual.ts'
import { wallNowMs } from '../clock.ts'
import { isServed } from '../destination/destination.ts'
import { P, PAIR_DOUBLES } from '../pair/pair-row.ts'
import type { Pair, PairTable } from '../pair/pair-table.ts'
import { AGES_BELOW_MS, ageOf, CLASSES, cellOf, classOf } from './classes.ts'
import { NO_CONTEXT } from './context.ts'
import { createContexts } from './contexts.ts'
import { createExcessLedger, SUM, SUM_COUNT } from './excess-ledger.ts'
import { emptyFeatures, loadFeatures } from './features.ts'
import { createHostPairs } from './host-pairs.ts'
import { createHushes } from './hushes.ts'
import { createNewPrograms } from './new-programs.ts'
import { createPairLines } from './pair-lines.ts'
import { createPresentThresholds } from './present-thresholds.ts'
import { type Reference, TAIL_FROM_BYTES } from './rarity.ts'
import {
  besideOf,
  explainRarity,
  nothingJudged,
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

/** What of a pair its identity and destination decide, as long as they are these. */
type Kind = { ofClass: number; isServed: boolean; standing: Standing }
const UNVOUCHED = CLASSES.indexOf('unvouched')

function kindOf({ identity: { stored, responsible }, destination }: Pair): Kind {
  const isScript = stored.key.includes(' script ')
  return {
    ofClass: CLASSES.indexOf(classOf(stored.signerClass, isScript, responsible?.signerClass)),
    isServed: isServed(destination.view.key),
    standing: standingOf(stored.signerClass, responsible?.signerClass),
  }
}

/** Index of its age: what was here before Freshet, came with it or with the system's update is not new. */
function ageIndexOf(
  { identity }: Pair,
  { ofClass, ageMs }: { ofClass: number; ageMs: number },
  isEpochOfPlatform: boolean,
): number {
  const age = ageOf(ageMs)
  if (ofClass <= CLASSES.indexOf('script')) return identity.wasHere ? Math.max(age, 2) : age
  if (identity.wasHere) return MOSTLY_OLD
  const isEpoch = isEpochOfPlatform && identity.stored.signerClass === 'platform'
  return identity.coldStart || isEpoch ? Math.max(age, 2) : age
}

const out24 = ({ f64 }: PairTable, slot: number): number =>
  (f64[slot * PAIR_DOUBLES + P.out] as number) - (f64[slot * PAIR_DOUBLES + P.dayOut] as number)

/** Flows whose bytes nobody could read tell by their number. */
const unreadDecades = ({ unread, unreadFrom }: { unread: number; unreadFrom: number }): number =>
  unread < unreadFrom ? Number.NEGATIVE_INFINITY : unread < 10 * unreadFrom ? 0 : 0.5

/**
 * `budget`: false alerts a host-day; undefined: what the policy in force allows. `withContext`: beside amounts, how a program came to run
 * counts, and what its destination is called.
 */
export const rarityScoring =
  (budget?: number, reference: Reference = REFERENCE, withContext = true): MakeScoring =>
  (parts) => {
    const { clock, pairs, book } = parts
    const lines = createPairLines(pairs.capacity)
    const ledger = createExcessLedger({ ...parts, lines })
    const newPrograms = createNewPrograms(parts.baseline, () => parts.policy().newProgramsPerDay)
    const hostPairs = createHostPairs(parts.baseline, pairs.capacity, reference.pairs.at)
    const present = createPresentThresholds(reference, budget, parts.policy, hostPairs.scale)
    present.renew(wallNowMs(clock))
    const hushes = createHushes(lines)
    /** By slot of the pair. */
    const kinds: Kind[] = []
    const features = emptyFeatures()
    const sums = new Float64Array(SUM_COUNT)
    /** Slot of which these are, as of now. */
    let readOf = -1
    const sum = (of: number): number => sums[of] as number
    /** Of the pair that was scored last. */
    let ofSlot = -1
    const judged = nothingJudged()
    const contextAt = withContext ? createContexts(parts) : () => NO_CONTEXT
    const consider = (
      isKnown: boolean,
      ratio: number,
      bytes: number,
      isOfProgram: boolean,
    ): void => {
      const cell = cellOf(judged.ofClass, judged.age, isKnown)
      const decades = present.get().rarity(cell, ratio, bytes)
      if (decades <= judged.decades) return
      judged.decades = decades
      judged.isKnownDestination = isKnown
      judged.ratio = ratio
      judged.bytes = bytes
      judged.isOfProgram = isOfProgram
    }

    /** The pair that was scored last is not told: sums from which it may be, as long as all else is as it is. */
    const hush = (slot: number, pair: Pair, isKnown: boolean, offHard: number, offSoft: number) => {
      const ofProgram = !judged.isServed && ledger.countsForProgram(slot)
      // Two contexts would decide of it: what nearly nothing is.
      if (isKnown && ofProgram) return
      const context =
        judged.bytes > 0 ? judged.context : contextAt(slot, pair, judged.ofClass, isKnown)
      const cell = cellOf(judged.ofClass, judged.age, isKnown)
      const isNever = judged.isServed && judged.age >= MOSTLY_OLD
      const levelOf = (ratio: number): number =>
        isNever
          ? Number.POSITIVE_INFINITY
          : present.get().bytesAt(cell, ratio, -besideOf(judged, context))
      const [hard, soft] = [levelOf(0), levelOf(1)]
      const never = Number.POSITIVE_INFINITY
      hushes.set(
        ...([slot, pair.identity.circumstances, hard + offHard, soft + offSoft] as const),
        ...(ofProgram ? ([hard, soft] as const) : ([never, never] as const)),
      )
    }

    return {
      reference: referenceHash(reference, withContext),
      riseSaid: RISE_SAID,
      alertsADay: 1,
      began: ledger.began,
      count(slot, flow) {
        const nowMs = wallNowMs(clock)
        if (hushes.turn(nowMs, present.isOther())) present.renew(nowMs)
        ledger.count(slot, flow)
        ledger.read(slot, sums)
        readOf = slot
        if (sum(SUM.placeHard) >= TAIL_FROM_BYTES) hostPairs.note(slot, nowMs)
      },
      stand(slot, pair, former) {
        const kind = kindOf(pair)
        kinds[slot] = kind
        hushes.forget(slot)
        readOf = -1
        const isFirstUse = wallNowMs(clock) - pair.identity.firstNetworkMs < FIRST_USE_MS
        if (kind.ofClass === UNVOUCHED && pair.identity.pairs === 1 && isFirstUse)
          newPrograms.note(wallNowMs(clock))
        if (former === undefined) {
          hostPairs.begin(slot)
          ledger.pairAdded(slot)
        } else ledger.renamed(former, slot)
      },
      isSuspect(slot) {
        if (pairs.unread24(slot) >= UNREAD_LEAST) return true
        // Most are judged right after they were counted.
        if (readOf !== slot) ledger.read(slot, sums)
        readOf = -1
        const { circumstances } = (pairs.meta[slot] as Pair).identity
        const isBelow = hushes.isBelow(slot, circumstances, sums)
        if (isBelow !== undefined) return !isBelow
        const least = present.get().least[kinds[slot]?.ofClass ?? UNVOUCHED] as number
        hushes.set(slot, circumstances, least, least, least, least)
        return !hushes.isBelow(slot, circumstances, sums)
      },
      score(slot, pair) {
        ofSlot = slot
        const { ofClass, isServed: isServedPair, standing } = kinds[slot] as Kind
        const nowMs = wallNowMs(clock)
        const isKnown = !isServedPair && ledger.isKnownDestination(slot)
        judged.ofClass = ofClass
        judged.isServed = isServedPair
        judged.bytes = 0
        judged.pairOut = out24(pairs, slot)
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
        ledger.read(slot, sums)
        readOf = -1
        if (!isServedPair || judged.age < MOSTLY_OLD) {
          consider(isKnown, 0, sum(SUM.placeHard) - offHard, false)
          consider(isKnown, 1, sum(SUM.placeSoft) - offSoft, false)
        }
        if (!isServedPair && ledger.countsForProgram(slot)) {
          consider(false, 0, sum(SUM.programHard), true)
          consider(false, 1, sum(SUM.programSoft), true)
        }
        const isTo = judged.isKnownDestination
        judged.context = judged.bytes > 0 ? contextAt(slot, pair, ofClass, isTo) : NO_CONTEXT
        const isNewest = ofClass === UNVOUCHED && judged.age === 0
        judged.newPrograms = isNewest ? newPrograms.scale(nowMs) : 1
        judged.decades += besideOf(judged, judged.context)
        if (!(judged.decades >= 0)) hush(slot, pair, isKnown, offHard, offSoft)
        judged.unread = pairs.unread24(slot)
        judged.unreadFrom = standing.unreadFlowsFrom
        judged.decades = Math.max(judged.decades, unreadDecades(judged))
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
        features.standing = (kinds[ofSlot] as Kind).standing
        return explainRarity(judged, features, present.get(), signerText)
      },
    }
  }
