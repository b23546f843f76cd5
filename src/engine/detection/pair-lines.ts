// What judging asks of a pair with each report beside its sums: a cache line each, as a machine has thousands of pairs.

/** Doubles of a line, and 32-bit words. */
export const LINE_DOUBLES = 8
export const LINE_WORDS = 16

/** Places of the doubles. */
export const L = {
  /** When its program has known the destination for a day, ms since 1970. */
  knownFromMs: 0,
  /** The moment for which `levels` hold: see hushes.ts. */
  moment: 3,
  /** Bytes from which it may be told, by SUM. */
  levels: 4,
} as const

/** Places of the words, between the doubles: slots in the tables of sums and their generations then. */
export const W = {
  place: 2,
  placeGeneration: 3,
  program: 4,
  programGeneration: 5,
} as const

export type PairLines = { readonly f64: Float64Array; readonly u32: Uint32Array }

/** By slot of the pair. */
export function createPairLines(capacity: number): PairLines {
  const f64 = new Float64Array(LINE_DOUBLES * capacity)
  return { f64, u32: new Uint32Array(f64.buffer) }
}
