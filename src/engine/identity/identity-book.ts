// The identities in use, over the baseline: what is new becomes a sighting.
import type { Baseline, StoredIdentity } from '../../baseline/baseline.ts'
import {
  emptyHistory,
  endHour,
  HOURS_KNOWN,
  ordinaryOf,
  readHistory,
  writeHistory,
} from '../../baseline/history.ts'
import { Signature } from '../../records/record.gen.ts'
import type { UnixNs } from '../../units.ts'
import { fileName } from '../process/acting.ts'
import type { IdentityState, Process } from '../process/process.ts'
import type { ProcessTable } from '../process/process-table.ts'
import { type Attribution, attribute, ITSELF, isItself, type Known } from './identity.ts'
import { createIdentityAge } from './identity-age.ts'
import type { Correction, IdentityBook } from './identity-book-parts.ts'
import { inherited, noteVersion } from './lineage.ts'
import { createOriginals } from './originals.ts'
import { createPlatformEpoch } from './platform-epoch.ts'
import { programOf } from './program.ts'

const HOUR_NS = 3_600_000_000_000n
const DAY_NS = 24n * HOUR_NS
/** How long an inspection that comes too late may still say what a program is. */
const TENTATIVE_NS = 60_000_000_000n
/** Processes whose inspection is late; beyond, what they were taken for stands. */
const TENTATIVE_MAX = 1_024

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
  const known: Known = { table, originals: createOriginals(baseline) }
  const { isYoung, isCold, wasHere, firstExecOf } = createIdentityAge(baseline)
  const epoch = createPlatformEpoch(baseline)
  const inUse = new Map<string, IdentityState>()
  /** Processes that were taken for something for want of an inspection, and when; oldest first. */
  const tentative = new Map<Process, { identity: IdentityState; at: UnixNs }>()
  const sentOf = new Float64Array(capacity + pairs + 1)
  const freeSlots: number[] = []
  let slots = 0
  let hour = -1
  let isEpoch = false

  const hourOf = (at: UnixNs): number => Number(at / HOUR_NS)
  const learnOrdinary = (state: IdentityState): void => {
    state.ordinary = state.history.hours >= HOURS_KNOWN ? ordinaryOf(state.history) : undefined
  }

  const put = ({ stored, isTentative }: IdentityState): void => {
    if (!isTentative) baseline.putIdentity(stored)
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
    put(state)
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
    doubt = '',
    responsible?: IdentityState['responsible'],
  ): IdentityState => {
    if (inUse.size >= capacity) dropOne()
    const state: IdentityState = {
      stored,
      doubt,
      isEdited: false,
      became: undefined,
      isTentative: false,
      responsible,
      firstNetworkMs:
        stored.firstNetworkAt === undefined
          ? Number.POSITIVE_INFINITY
          : Number(stored.firstNetworkAt) / 1e6,
      wasHere: wasHere(stored),
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

  /** What only this run knows; `since`: when the first version of its script was seen. */
  const describe = (
    state: IdentityState,
    process: Process,
    attribution: Attribution,
    since?: UnixNs,
  ): void => {
    state.doubt = attribution.doubt
    const { script } = attribution
    const isEdit = since !== undefined && since < state.stored.firstExecAt
    state.isEdited ||= isEdit
    if (script) process.ran = { ...script, editedSince: isEdit ? since : undefined }
    // Recalled from a stored alert, it does not know yet for whom it acts.
    state.responsible ??= attribution.responsible
  }

  const learn = (
    attribution: Attribution,
    process: Process,
    at: UnixNs,
    isCertain: boolean,
  ): IdentityState => {
    const { program, key, responsible, signerClass, doubt } = attribution
    const used = inUse.get(key)
    const image = process.image
    const version = isCertain ? noteVersion(baseline, attribution, at) : undefined
    const sha256 =
      image.inspection?.error === 0 && !image.inspection.replaced ? image.inspection.sha256 : ''
    const stored = used?.stored ?? baseline.identity(key)
    if (stored) {
      const state = used ?? keep(stored, doubt, responsible)
      describe(state, process, attribution, version?.since)
      if (isCertain) confirm(state, process)
      const isOther = sha256 !== '' && stored.sha256 !== sha256
      // A version may be notarized that the one before was not; who did not look does not know.
      const isVouched = image.inspection?.signature === Signature.valid
      const isReclassed = isVouched && stored.signerClass !== signerClass
      if (isOther || isReclassed || at - stored.lastSeenAt >= HOUR_NS) {
        if (isOther) stored.sha256 = sha256
        if (isReclassed) stored.signerClass = signerClass
        if (at > stored.lastSeenAt) stored.lastSeenAt = at
        put(state)
      }
      return state
    }
    const fresh: StoredIdentity = {
      key,
      signerClass,
      name: fileName(image.path),
      path: image.path,
      sha256,
      signingId: image.signingId,
      teamId: image.teamId,
      cdhash: /^0*$/.test(image.cdhash) ? '' : image.cdhash,
      firstExecAt: firstExecOf(process, at),
      lastSeenAt: at,
      ...inherited(version?.former),
    }
    if (signerClass === 'platform' && key === program.key && !isYoung(fresh)) epoch.note(at)
    const state = keep(fresh, doubt, responsible)
    describe(state, process, attribution, version?.since)
    state.isTentative = !isCertain
    put(state)
    if (isCertain) onSighting(state, process)
    return state
  }

  /** What it was taken for is what it is, as far as anybody can tell. */
  const confirm = (state: IdentityState, process: Process): void => {
    if (!state.isTentative) return
    state.isTentative = false
    put(state)
    onSighting(state, process)
  }

  /** What was first seen of it under another key. */
  const takeFirsts = (from: StoredIdentity, to: IdentityState): void => {
    const { stored } = to
    if (from.firstExecAt < stored.firstExecAt) {
      stored.firstExecAt = from.firstExecAt
      to.wasHere = wasHere(stored)
      to.coldStart = isCold(stored)
    }
    const at = from.firstNetworkAt
    if (at !== undefined && (stored.firstNetworkAt === undefined || at < stored.firstNetworkAt)) {
      stored.firstNetworkAt = at
      to.firstNetworkMs = Number(at) / 1e6
    }
    if (from.lastActiveDay > stored.lastActiveDay) {
      stored.lastActiveDay = from.lastActiveDay
      stored.daysActive++
    }
    put(to)
  }

  /** What `from` sent is what `to` did. One that stays known, as the program by itself, has never used the network then. */
  const moveUse = (from: IdentityState, to: IdentityState): void => {
    sentOf[to.slot] = (sentOf[to.slot] as number) + (sentOf[from.slot] as number)
    sentOf[from.slot] = 0
    takeFirsts(from.stored, to)
    if (from.isTentative) return
    to.stored.daysActive = Math.max(to.stored.daysActive, from.stored.daysActive)
    if (to.history.hours === 0) {
      to.history = from.history
      to.stored.history = from.stored.history
      to.ordinary = from.ordinary
    }
    from.history = emptyHistory()
    from.ordinary = undefined
    from.firstNetworkMs = Number.POSITIVE_INFINITY
    Object.assign(from.stored, inherited(undefined))
    put(from)
    put(to)
  }
  /** Under the program's own key a copy used the network that ran before its original was known, and one that `isItself`. */
  const takeUp = (program: string, to: IdentityState): void => {
    const stored = inUse.get(program)?.stored ?? baseline.identity(program)
    if (program === to.stored.key || stored?.firstNetworkAt === undefined) return
    moveUse(inUse.get(program) ?? keep(stored), to)
  }

  const giveUp = (process: Process, identity: IdentityState): void => {
    tentative.delete(process)
    confirm(identity, process)
  }
  const suspect = (process: Process, identity: IdentityState, at: UnixNs): void => {
    const began = tentative.get(process)?.at ?? at
    tentative.set(process, { identity, at: began })
    for (const [oldest, { identity: taken }] of tentative) {
      if (tentative.size <= TENTATIVE_MAX) break
      giveUp(oldest, taken)
    }
  }

  return {
    sight(process, at) {
      const program = programOf(process, known.originals, false)
      if (program === undefined) return
      const { key, signerClass, doubt } = program
      learn({ program, key, signerClass, doubt, ...ITSELF }, process, at, true)
    },
    resolve(process, force, at) {
      if (process.identity && inUse.get(process.identity.stored.key) === process.identity)
        return process.identity
      const certain = attribute(process, known, false)
      const attribution = certain ?? (force ? attribute(process, known, true) : undefined)
      if (attribution === undefined) return undefined
      const state = learn(attribution, process, at, certain !== undefined)
      if (certain) {
        if (process.image.copyOf !== '' || isItself(certain)) takeUp(certain.program.key, state)
        process.identity = state
        process.madeFor = certain.madeFor
      } else suspect(process, state, at)
      return state
    },
    isStill(process) {
      const { identity } = process
      const certain = attribute(process, known, false)
      return certain && certain.key === identity?.stored.key
    },
    corrections(at) {
      const found: Correction[] = []
      for (const { process, alone } of known.originals.takeCopies(table)) {
        // Of an earlier run there may be pairs under that key, and no flow that is open.
        const former = inUse.get(alone)
        const taken = process.identity ?? (former && former.pairs > 0 ? former : undefined)
        if (taken) suspect(process, taken, at)
        process.identity = undefined
      }
      for (const [process, { identity: from }] of tentative) {
        const certain = attribute(process, known, false)
        if (certain === undefined) continue
        tentative.delete(process)
        const to = learn(certain, process, at, true)
        process.identity = to
        process.madeFor = certain.madeFor
        const isCopy = process.image.copyOf !== '' && from.stored.key === certain.program.key
        if (to !== from) found.push({ process, from, to, isWhole: from.isTentative || isCopy })
      }
      return found
    },
    join(from, to) {
      moveUse(from, to)
      to.alertDay = Math.max(to.alertDay, from.alertDay)
      to.alertsOpened += from.alertsOpened
      if ([...tentative.values()].some(({ identity }) => identity === from) || from.pairs > 0)
        return
      from.became = to
      if (inUse.get(from.stored.key) !== from) return
      inUse.delete(from.stored.key)
      freeSlots.push(from.slot)
    },
    retain(identity) {
      if (identity.isTentative) baseline.putIdentity(identity.stored)
    },
    recall(key) {
      const used = inUse.get(key)
      if (used) return used
      const stored = baseline.identity(key)
      return stored && keep(stored)
    },
    usedNetwork(identity, at) {
      const { stored } = identity
      const day = Number(at / DAY_NS)
      const isFirst = stored.firstNetworkAt === undefined
      if (!isFirst && day <= stored.lastActiveDay && at - stored.lastSeenAt < HOUR_NS) return false
      if (isFirst) {
        // Told of before its exec, it was seen by what it sent.
        if (at < stored.firstExecAt && !identity.wasHere) stored.firstExecAt = at
        stored.firstNetworkAt = at
        identity.firstNetworkMs = Number(at) / 1e6
      }
      if (day > stored.lastActiveDay) {
        stored.daysActive++
        stored.lastActiveDay = day
      }
      if (at > stored.lastSeenAt) stored.lastSeenAt = at
      put(identity)
      return isFirst
    },
    using(identity) {
      let last = identity
      while (last.became) last = last.became
      const { stored, doubt, responsible } = last
      const used = inUse.get(stored.key)
      if (used) return used
      const state = keep(baseline.identity(stored.key) ?? stored, doubt, responsible)
      state.isTentative = last.isTentative
      state.isEdited = last.isEdited
      return state
    },
    sentOf,
    pass(at) {
      for (const [process, { identity, at: since }] of tentative) {
        if (at - since < TENTATIVE_NS) break
        giveUp(process, identity)
      }
      isEpoch = epoch.isIn(at)
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
      const state = stored && (inUse.get(key) ?? keep(stored))
      if (state === undefined) return
      sentOf[state.slot] = (sentOf[state.slot] as number) + bytesOut
      // It is said now, so the next engine will not hear of it again.
      putHour(state, false)
    },
    finish() {
      for (const [process, { identity }] of tentative) giveUp(process, identity)
      for (const state of inUse.values())
        if ((sentOf[state.slot] as number) > 0) putHour(state, false)
    },
    get isEpoch() {
      return isEpoch
    },
  }
}
