// Flows that are open and have moved nothing yet, by the pair they would be of: a pair that is still being
// connected to is not over, though none of its flows is in it. Failed connects make no pair.

export type IdleFlows = {
  /** The flow in `slot` waits to move its first byte for the pair of this key. */
  enter(slot: number, pairKey: string): void
  /** It has moved something, or is gone. */
  leave(slot: number): void
  /** Whether a flow of this pair has moved nothing yet. */
  has(pairKey: string): boolean
}

/** At most one entry a slot of the flow table. */
export function createIdleFlows(): IdleFlows {
  const keyOf = new Map<number, string>()
  const counts = new Map<string, number>()
  const leave = (slot: number): void => {
    const key = keyOf.get(slot)
    if (key === undefined) return
    keyOf.delete(slot)
    const left = (counts.get(key) as number) - 1
    if (left === 0) counts.delete(key)
    else counts.set(key, left)
  }
  return {
    enter(slot, pairKey) {
      leave(slot)
      keyOf.set(slot, pairKey)
      counts.set(pairKey, (counts.get(pairKey) ?? 0) + 1)
    },
    leave,
    has: (pairKey) => counts.has(pairKey),
  }
}
