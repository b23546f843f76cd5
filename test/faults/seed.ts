// Chance that can be had again: FRESHET_SEED=<the number a failing run printed>.

/** FRESHET_SEED, else a new one. Throws RangeError when it is no whole number below 2^32. */
export function seedOfRun(): number {
  const given = process.env['FRESHET_SEED']
  const seed = given === undefined ? Date.now() % 2 ** 32 : Number(given)
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32)
    throw new RangeError(`FRESHET_SEED: a whole number below 2^32, not ${given}`)
  return seed
}

export type Chance = {
  /** A whole number in [from, to]. */
  between(from: number, to: number): number
  pick<T>(of: readonly T[]): T
  shuffled<T>(of: readonly T[]): T[]
}

/** mulberry32: small, and the same on every machine. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (from: number, to: number) => from + Math.floor(next() * (to - from + 1))
  return {
    between,
    pick: (of) => of[between(0, of.length - 1)] as (typeof of)[number],
    shuffled(of) {
      const left = [...of]
      for (let last = left.length - 1; last > 0; last--) {
        const other = between(0, last)
        const held = left[last] as (typeof left)[number]
        left[last] = left[other] as typeof held
        left[other] = held
      }
      return left
    },
  }
}
