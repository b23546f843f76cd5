// The identities in use, over the baseline: what is new becomes a sighting.
import type { Baseline, StoredIdentity } from '../baseline/baseline.ts'
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

export type IdentityBook = {
  /** The program of a process was learnt: known from now on, and said when it is the first time. */
  sight(process: Process, at: UnixNs): void
  /** The identity the flows of `process` count for; undefined while it is not certain, unless forced. */
  resolve(process: Process, force: boolean, at: UnixNs): IdentityState | undefined
  /** An identity that the baseline has, or undefined. */
  recall(key: string): IdentityState | undefined
  /** Notes that it used the network; true the first time ever. */
  usedNetwork(identity: IdentityState, at: UnixNs): boolean
}

/**
 * `onSighting` is called for each identity that the baseline did not have. At most `capacity` are kept in
 * memory; those that no pair refers to are dropped first.
 */
export function createIdentityBook(
  baseline: Baseline,
  table: ProcessTable,
  capacity: number,
  onSighting: (identity: IdentityState, process: Process) => void,
): IdentityBook {
  const inUse = new Map<string, IdentityState>()

  const keep = (
    stored: StoredIdentity,
    doubt: string,
    responsible: IdentityState['responsible'],
  ): IdentityState => {
    const bornAt = baseline.bornAt()
    const state: IdentityState = {
      stored,
      doubt,
      responsible,
      firstNetworkMs:
        stored.firstNetworkAt === undefined
          ? Number.POSITIVE_INFINITY
          : Number(stored.firstNetworkAt) / 1e6,
      coldStart: bornAt !== undefined && stored.firstExecAt < bornAt + COLD_START_NS,
      pairs: 0,
      alertDay: -1,
      alertsOpened: 0,
      alertsRolledUp: 0,
    }
    if (inUse.size >= capacity) dropOne()
    inUse.set(stored.key, state)
    return state
  }
  const dropOne = (): void => {
    for (const [key, state] of inUse)
      if (state.pairs === 0) {
        inUse.delete(key)
        return
      }
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
      const changed = sha256 !== '' && stored.sha256 !== sha256
      if (changed || at - stored.lastSeenAt >= HOUR_NS) {
        if (changed) stored.sha256 = sha256
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
    }
    baseline.putIdentity(fresh)
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
