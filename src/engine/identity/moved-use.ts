// What is known of an identity's use of the network, as it goes over to another that it was all along.
import type { StoredIdentity } from '../../baseline/baseline.ts'
import { emptyHistory } from '../../baseline/history.ts'
import type { IdentityState } from '../process/process.ts'
import type { IdentitiesInUse } from './identities-in-use.ts'
import type { IdentityAge } from './identity-age.ts'
import type { IdentityHours } from './identity-hours.ts'
import { inherited } from './lineage.ts'

export type MovedUse = {
  /** What `from` sent is what `to` did. One that stays known, as the program by itself, has never used the network then. */
  moveUse(from: IdentityState, to: IdentityState): void
  /** Under the program's own key a copy used the network that ran before its original was known, and one that `isItself`. */
  takeUp(program: string, to: IdentityState): void
}

/** `put`: to the baseline. */
export function createMovedUse(
  inUse: IdentitiesInUse,
  hours: IdentityHours,
  { isCold, namedOf, wasHere }: IdentityAge,
  put: (state: IdentityState) => void,
): MovedUse {
  /** What was first seen of it under another key. */
  const takeFirsts = (from: StoredIdentity, to: IdentityState): void => {
    const { stored } = to
    if (from.firstExecAt < stored.firstExecAt) {
      stored.firstExecAt = from.firstExecAt
      to.wasHere = wasHere(stored)
      to.coldStart = isCold(stored)
      to.named = namedOf(stored)
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

  const moveUse = (from: IdentityState, to: IdentityState): void => {
    hours.move(from, to)
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

  return {
    moveUse,
    takeUp(program, to) {
      const stored = inUse.storedOf(program)
      if (program === to.stored.key || stored?.firstNetworkAt === undefined) return
      moveUse(inUse.get(program) ?? inUse.keep(stored), to)
    },
  }
}
