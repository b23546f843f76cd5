// What exceptions of a policy hold back, by pair, so that what was sent stays counted over the engine's end.

export type StoredHeld = {
  /** Of the pair, as the engine has it. */
  pair: string
  /** What the engine wants back, as JSON of its own making. */
  state: string
}

/** Puts are gathered until the baseline's commit. Their number is the engine's bound. */
export type HeldStore = {
  all(): StoredHeld[]
  put(held: StoredHeld): void
  drop(pair: string): void
}

/** In memory alone. */
export function createHeldMemory(): HeldStore {
  const states = new Map<string, string>()
  return {
    all: () => [...states].map(([pair, state]) => ({ pair, state })),
    put: ({ pair, state }) => void states.set(pair, state),
    drop: (pair) => void states.delete(pair),
  }
}
