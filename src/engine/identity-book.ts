// The identities in use, over the baseline: what is new becomes a sighting.
import type { Baseline, StoredIdentity } from '../baseline/baseline.ts'
import {
  emptyHistory,
  endHour,
  HOURS_KNOWN,
  ordinaryOf,
  readHistory,
  writeHistory,
} from '../baseline/history.ts'
import { Signature } from '../records/record.gen.ts'
import type { UnixNs } from '../units.ts'
import { fileName } from './acting.ts'
import type { IdentityView } from './finding.ts'
import { type Attribution, attribute, programOf } from './identity.ts'
import type { IdentityState, Process } from './process.ts'
import type { ProcessTable } from './process-table.ts'

const HOUR_NS = 3_600_000_000_000n
const DAY_NS = 24n * HOUR_NS
/** An identity seen this soon after the baseline was born may well be older than the baseline. */
const COLD_START_NS = 72n * HOUR_NS
/** More new platform programs than this in a day are an update of the system: an epoch begins. */
const EPOCH_FROM = 10n
const EPOCH_NS = 7n * DAY_NS

export type IdentityBook = {
  /** The program of a process was learnt: known from now on, and said when it is the first time. */
  sight(process: Process, at: UnixNs): void
  /** The identity the flows of `process` count for; undefined while it is not certain, unless forced. */
  resolve(process: Process, force: boolean, at: UnixNs): IdentityState | undefined
  /** An identity that the baseline has, or undefined. */
  recall(key: string): IdentityState | undefined
  /** Notes that it used the network; true the first time ever. */
  usedNetwork(identity: IdentityState, at: UnixNs): boolean
  /** This identity as it is kept now: it may have been dropped and taken up again. */
  using(identity: IdentityState): IdentityState
  /** Bytes that each identity sent in the present hour of the wall clock, by its slot. */
  readonly sentOf: Float64Array
  /** Time passed: hours that are over join the history of each identity. */
  pass(at: UnixNs): void
  /** An earlier engine counted these bytes in the hour at `hourAt`. */
  resumeHour(key: string, hourAt: UnixNs, bytesOut: number, at: UnixNs): void
  /** Before a clean stop: what the present hour has so far goes to the baseline. */
  finish(): void
  /** Whether programs of the system are new because the system is. */
  readonly isEpoch: boolean
}

/**
 * `onSighting` is called for each identity that the baseline did not have. At most `capacity` are kept in
 * memory; those that no pair refers to, of which there are at most `pairs`, are dropped first.
 */
export function createIdentityBook(
  baseline: Baseline,
  table: ProcessTable,
  capacity: number,
  pairs: number,
  onSighting: (identity: IdentityState, process: Process) => void,
): IdentityBook {
  const inUse = new Map<string, IdentityState>()
  const sentOf = new Float64Array(capacity + pairs + 1)
  const freeSlots: number[] = []
  let slots = 0
  let hour = -1
  let isEpoch = false

  const hourOf = (at: UnixNs): number => Number(at / HOUR_NS)
  const isCold = (stored: StoredIdentity): boolean => {
    const bornAt = baseline.bornAt()
    return bornAt !== undefined && stored.firstExecAt < bornAt + COLD_START_NS
  }
  const learnOrdinary = (state: IdentityState): void => {
    state.ordinary = state.history.hours >= HOURS_KNOWN ? ordinaryOf(state.history) : undefined
  }

  /** What was counted goes to the history, whose hour is over or not, and that to the baseline. */
  const putHour = (state: IdentityState, isOver: boolean): void => {
    const { history, stored } = state
    history.hour = hour
    history.hourOut = sentOf[state.slot] as number
    if (isOver) {
      endHour(history)
      sentOf[state.slot] = 0
      learnOrdinary(state)
    }
    stored.history = writeHistory(history)
    baseline.putIdentity(stored)
  }

  /** Takes up the hours of an identity: one that was not over may be now. */
  const takeHours = (state: IdentityState): void => {
    const { history } = state
    if (history.hour === hour) sentOf[state.slot] = history.hourOut
    else {
      endHour(history)
      sentOf[state.slot] = 0
    }
    learnOrdinary(state)
  }

  const keep = (
    stored: StoredIdentity,
    doubt: string,
    responsible: IdentityState['responsible'],
  ): IdentityState => {
    if (inUse.size >= capacity) dropOne()
    const state: IdentityState = {
      stored,
      doubt,
      responsible,
      firstNetworkMs:
        stored.firstNetworkAt === undefined
          ? Number.POSITIVE_INFINITY
          : Number(stored.firstNetworkAt) / 1e6,
      coldStart: isCold(stored),
      slot: freeSlots.pop() ?? slots++,
      history: readHistory(stored.history) ?? emptyHistory(),
      ordinary: undefined,
      pairs: 0,
      alertDay: -1,
      alertsOpened: 0,
      alertsRolledUp: 0,
    }
    inUse.set(stored.key, state)
    takeHours(state)
    return state
  }
  const dropOne = (): void => {
    for (const [key, state] of inUse)
      if (state.pairs === 0) {
        if ((sentOf[state.slot] as number) > 0) putHour(state, false)
        inUse.delete(key)
        freeSlots.push(state.slot)
        return
      }
  }

  /** Counts a program of the system that is new; not while all are. */
  const noteNewPlatform = (stored: StoredIdentity, at: UnixNs): void => {
    if (isCold(stored)) return
    const day = at / DAY_NS
    const before =
      baseline.fact('platform_day') === day ? (baseline.fact('platform_new') ?? 0n) : 0n
    baseline.putFact('platform_day', day)
    baseline.putFact('platform_new', before + 1n)
    if (before + 1n > EPOCH_FROM) baseline.putFact('platform_epoch_ns', at)
  }

  const learn = (attribution: Attribution, process: Process, at: UnixNs): IdentityState => {
    const { program, key, responsible } = attribution
    const known = inUse.get(key)
    const image = process.image
    const sha256 =
      image.inspection?.error === 0 && !image.inspection.replaced ? image.inspection.sha256 : ''
    const stored = known?.stored ?? baseline.identity(key)
    if (stored) {
      const state = known ?? keep(stored, program.doubt, responsible)
      state.doubt = program.doubt
      // Recalled from a stored alert, it does not know yet for whom it acts.
      state.responsible ??= responsible
      const isOther = sha256 !== '' && stored.sha256 !== sha256
      // A version may be notarized that the one before was not; who did not look does not know.
      const isVouched = image.inspection?.signature === Signature.valid
      const isReclassed = isVouched && stored.signerClass !== program.signerClass
      if (isOther || isReclassed || at - stored.lastSeenAt >= HOUR_NS) {
        if (isOther) stored.sha256 = sha256
        if (isReclassed) stored.signerClass = program.signerClass
        if (at > stored.lastSeenAt) stored.lastSeenAt = at
        baseline.putIdentity(stored)
      }
      return state
    }
    const fresh: StoredIdentity = {
      key,
      signerClass: program.signerClass,
      name: fileName(image.path),
      path: image.path,
      sha256,
      signingId: image.signingId,
      teamId: image.teamId,
      cdhash: /^0*$/.test(image.cdhash) ? '' : image.cdhash,
      firstExecAt: at,
      firstNetworkAt: undefined,
      lastSeenAt: at,
      daysActive: 0,
      lastActiveDay: -1,
      history: '',
    }
    baseline.putIdentity(fresh)
    if (program.signerClass === 'platform' && key === program.key) noteNewPlatform(fresh, at)
    const state = keep(fresh, program.doubt, responsible)
    onSighting(state, process)
    return state
  }

  return {
    sight(process, at) {
      const program = programOf(process.image, false)
      if (program) learn({ program, key: program.key, responsible: undefined }, process, at)
    },
    resolve(process, force, at) {
      if (process.identity && inUse.get(process.identity.stored.key) === process.identity)
        return process.identity
      const attribution = attribute(process, table, force)
      if (attribution === undefined) return undefined
      const state = learn(attribution, process, at)
      if (!force) process.identity = state
      return state
    },
    recall(key) {
      const known = inUse.get(key)
      if (known) return known
      const stored = baseline.identity(key)
      return stored && keep(stored, '', undefined)
    },
    usedNetwork(identity, at) {
      const { stored } = identity
      const day = Number(at / DAY_NS)
      const isFirst = stored.firstNetworkAt === undefined
      if (!isFirst && day <= stored.lastActiveDay && at - stored.lastSeenAt < HOUR_NS) return false
      if (isFirst) {
        stored.firstNetworkAt = at
        identity.firstNetworkMs = Number(at) / 1e6
      }
      if (day > stored.lastActiveDay) {
        stored.daysActive++
        stored.lastActiveDay = day
      }
      if (at > stored.lastSeenAt) stored.lastSeenAt = at
      baseline.putIdentity(stored)
      return isFirst
    },
    using(identity) {
      const { stored, doubt, responsible } = identity
      const known = inUse.get(stored.key)
      if (known) return known
      return keep(baseline.identity(stored.key) ?? stored, doubt, responsible)
    },
    sentOf,
    pass(at) {
      const began = baseline.fact('platform_epoch_ns')
      isEpoch = began !== undefined && at >= began && at < began + EPOCH_NS
      const now = hourOf(at)
      if (now === hour) return
      if (hour >= 0)
        for (const state of inUse.values())
          if ((sentOf[state.slot] as number) > 0) putHour(state, true)
      hour = now
    },
    resumeHour(key, hourAt, bytesOut, at) {
      if (hourOf(hourAt) !== hourOf(at) || bytesOut === 0) return
      hour = hourOf(at)
      const stored = inUse.get(key)?.stored ?? baseline.identity(key)
      const state = stored && (inUse.get(key) ?? keep(stored, '', undefined))
      if (state === undefined) return
      sentOf[state.slot] = (sentOf[state.slot] as number) + bytesOut
      // It is said now, so the next engine will not hear of it again.
      putHour(state, false)
    },
    finish() {
      for (const state of inUse.values())
        if ((sentOf[state.slot] as number) > 0) putHour(state, false)
    },
    get isEpoch() {
      return isEpoch
    },
  }
}

/** What findings say of an identity. */
export function identityView({ stored }: IdentityState): IdentityView {
  return {
    key: stored.key,
    signerClass: stored.signerClass,
    name: stored.name,
    path: stored.path,
    sha256: stored.sha256,
    signingId: stored.signingId,
    teamId: stored.teamId,
    cdhash: stored.cdhash,
    firstSeenAt: stored.firstExecAt,
    firstNetworkAt: stored.firstNetworkAt,
  }
}
