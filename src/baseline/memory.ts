// The baseline of a replay: it begins empty, or from what it is given, and is gone with the process.
import type { UnixNs } from '../units.ts'
import type { Baseline, Fact, StoredAlert, StoredDestination, StoredIdentity } from './baseline.ts'
import { createCarriedMemory } from './carried.ts'
import { createHeldMemory } from './held.ts'
import { createSumMemory } from './sums.ts'

/** A baseline in memory alone. Values are copied in and out, as a disk would. */
export function openMemoryBaseline(): Baseline {
  const identities = new Map<string, StoredIdentity>()
  const destinations = new Map<string, StoredDestination>()
  const hostDestinations = new Set<string>()
  const alerts = new Map<string, StoredAlert>()
  const facts = new Map<Fact, bigint>()
  let bornAt: UnixNs | undefined
  const pairKey = (identityKey: string, destinationKey: string): string =>
    `${identityKey}\n${destinationKey}`
  return {
    bornAt: () => bornAt,
    setBornAt(at) {
      bornAt = at
    },
    carried: createCarriedMemory(),
    held: createHeldMemory(),
    sums: createSumMemory(),
    fact: (name) => facts.get(name),
    putFact(name, value) {
      facts.set(name, value)
    },
    identity(key) {
      const found = identities.get(key)
      return found && { ...found }
    },
    putIdentity(identity) {
      identities.set(identity.key, { ...identity })
    },
    destination(identityKey, destinationKey) {
      const found = destinations.get(pairKey(identityKey, destinationKey))
      return found && { ...found }
    },
    putDestination(destination) {
      destinations.set(pairKey(destination.identityKey, destination.destinationKey), {
        ...destination,
      })
      hostDestinations.add(destination.destinationKey)
    },
    hostKnowsDestination: (destinationKey) => hostDestinations.has(destinationKey),
    alerts: () => [...alerts.values()].map((alert) => ({ ...alert })),
    putAlert(alert) {
      alerts.set(alert.id, { ...alert })
    },
    removeAlert(id) {
      alerts.delete(id)
    },
    counts: () => ({
      identities: identities.size,
      destinations: destinations.size,
      alerts: alerts.size,
    }),
    commit() {},
    close() {},
  }
}
