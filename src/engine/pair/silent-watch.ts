// Flows that have got nothing yet, in the order in which they will have waited long enough to say so. A
// program that sends and then keeps still makes no report by which its silence could be noticed.

/** A response that did not come in this time does not come. */
export const SILENT_AFTER_MS = 30_000

export type SilentWatch = {
  /** REQUIRES: `dueMs` never falls from call to call. A full watch drops it: its reports and its close still tell. */
  add(slot: number, generation: number, dueMs: number): void
  /** Calls `visit` for each that is due, and forgets it. */
  due(nowMs: number, visit: (slot: number, generation: number) => void): void
}

/** Holds `capacity` flows, 16 bytes each. */
export function createSilentWatch(capacity: number): SilentWatch {
  const slots = new Uint32Array(capacity)
  const generations = new Uint32Array(capacity)
  const dueMs = new Float64Array(capacity)
  let first = 0
  let count = 0
  return {
    add(slot, generation, due) {
      if (count === capacity) return
      const place = (first + count) % capacity
      slots[place] = slot
      generations[place] = generation
      dueMs[place] = due
      count++
    },
    due(nowMs, visit) {
      while (count > 0 && (dueMs[first] as number) <= nowMs) {
        const slot = slots[first] as number
        const generation = generations[first] as number
        first = (first + 1) % capacity
        count--
        visit(slot, generation)
      }
    },
  }
}
