// The identities in memory, over the baseline. Bounded: those that no pair refers to are dropped first.
import type { Baseline, StoredIdentity } from '../../baseline/baseline.ts'
import { emptyHistory, readHistory } from '../../baseline/history.ts'
import type { IdentityState } from '../process/process.ts'
import type { IdentityAge } from './identity-age.ts'
import type { IdentityHours } from './identity-hours.ts'

export type IdentitiesInUse = {
  get(key: string): IdentityState | undefined
  all(): Iterable<IdentityState>
  /** One that the baseline has, or is to have, and that is not in use. */
  keep(
    stored: StoredIdentity,
    doubt?: string,
    responsible?: IdentityState['responsible'],
  ): IdentityState
  /** In use as it is, or with what the baseline knows of it; undefined: neither knows it. */
  recall(key: string): IdentityState | undefined
  /** What is known of it, in use or not. */
  storedOf(key: string): StoredIdentity | undefined
  /** It is used no more, if it still is. */
  drop(state: IdentityState): void
}

export function createIdentitiesInUse(
  baseline: Baseline,
  capacity: number,
  hours: IdentityHours,
  { isCold, namedOf, wasHere }: IdentityAge,
): IdentitiesInUse {
  const inUse = new Map<string, IdentityState>()
  const freeSlots: number[] = []
  let slots = 0

  const remove = (key: string, state: IdentityState): void => {
    inUse.delete(key)
    freeSlots.push(state.slot)
  }
  const dropOne = (): void => {
    for (const [key, state] of inUse)
      if (state.pairs === 0) {
        if ((hours.sentOf[state.slot] as number) > 0) hours.put(state, false)
        remove(key, state)
        return
      }
  }
  const keep: IdentitiesInUse['keep'] = (stored, doubt = '', responsible) => {
    if (inUse.size >= capacity) dropOne()
    const state: IdentityState = {
      stored,
      doubt,
      isEdited: false,
      became: undefined,
      isTentative: false,
      responsible,
      circumstances: [],
      firstNetworkMs:
        stored.firstNetworkAt === undefined
          ? Number.POSITIVE_INFINITY
          : Number(stored.firstNetworkAt) / 1e6,
      wasHere: wasHere(stored),
      coldStart: isCold(stored),
      named: namedOf(stored),
      slot: freeSlots.pop() ?? slots++,
      history: readHistory(stored.history) ?? emptyHistory(),
      ordinary: undefined,
      pairs: 0,
      alertDay: -1,
      alertsOpened: 0,
      alertBest: 0,
    }
    inUse.set(stored.key, state)
    hours.take(state)
    return state
  }
  const storedOf = (key: string): StoredIdentity | undefined =>
    inUse.get(key)?.stored ?? baseline.identity(key)

  return {
    get: (key) => inUse.get(key),
    all: () => inUse.values(),
    keep,
    recall(key) {
      const used = inUse.get(key)
      if (used) return used
      const stored = baseline.identity(key)
      return stored && keep(stored)
    },
    storedOf,
    drop(state) {
      const { key } = state.stored
      if (inUse.get(key) === state) remove(key, state)
    },
  }
}
