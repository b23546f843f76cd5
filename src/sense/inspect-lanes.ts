// Whose turn it is among files that take time to read. Each kind of lane has one reader of its own, so that none
// stands behind another; within a kind the lanes take turns, so that whoever runs thousands of large files delays
// nobody but himself.

/** What waits in a lane. */
export type Waiting = {
  /** A flow waits for the answer: such go first in their lane. */
  isNeeded: boolean
}

export type Lanes<T extends Waiting> = {
  /** `lane`: its kind, and after a colon whose it is; see the addon's Inspection. */
  add(lane: string, one: T): void
  /** The next of this kind, taken out: of the lane that waited longest, what is needed first, then the oldest. */
  next(kind: LaneKind): T | undefined
  /** Takes out what stands in the same lane and `isSame`, at most `countMax`. */
  takeAlike(lane: string, isSame: (one: T) => boolean, countMax: number): T[]
}

export const LANE_KINDS = ['system', 'owner', 'mount'] as const
export type LaneKind = (typeof LANE_KINDS)[number]

/** An unknown kind takes its turn among the owners'. */
export const kindOf = (lane: string): LaneKind => {
  const kind = lane.split(':', 1)[0]
  return LANE_KINDS.find((one) => one === kind) ?? 'owner'
}

export function createLanes<T extends Waiting>(): Lanes<T> {
  /** The lanes of a kind that are not empty, in the order of their turns. */
  const kinds = new Map(LANE_KINDS.map((kind) => [kind, new Map<string, Set<T>>()]))
  const lanesOf = (kind: LaneKind): Map<string, Set<T>> => kinds.get(kind) as Map<string, Set<T>>

  return {
    add(lane, one) {
      const lanes = lanesOf(kindOf(lane))
      lanes.set(lane, (lanes.get(lane) ?? new Set()).add(one))
    },
    next(kind) {
      const lanes = lanesOf(kind)
      for (const [lane, waiting] of lanes) {
        const found = firstOf(waiting)
        lanes.delete(lane)
        if (found === undefined) continue
        waiting.delete(found)
        // To the end of the row.
        if (waiting.size > 0) lanes.set(lane, waiting)
        return found
      }
      return undefined
    },
    takeAlike(lane, isSame, countMax) {
      const waiting = lanesOf(kindOf(lane)).get(lane) ?? new Set()
      const taken = [...waiting].filter(isSame).slice(0, countMax)
      for (const one of taken) waiting.delete(one)
      return taken
    },
  }
}

function firstOf<T extends Waiting>(waiting: Set<T>): T | undefined {
  for (const one of waiting) if (one.isNeeded) return one
  for (const one of waiting) return one
  return undefined
}
