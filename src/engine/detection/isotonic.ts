// Isotonic regression on a small table: the nearest table, by squares, that falls along none of its sides. Pure.

/** Rounds of Dykstra's projections: on tables of some dozens of cells what is left is a thousandth. */
const ROUNDS = 100
const SETTLED = 1e-6

/**
 * `values` lie with the last side running fastest. By Dykstra's alternating projections (R. L. Dykstra, JASA 78, 1983) onto the
 * cones of each side, each by pooling adjacent violators. Whatever is left of a violation is taken out upwards at the end.
 */
export function isotonic(values: Float64Array, sides: readonly number[]): Float64Array {
  const now = Float64Array.from(values)
  const corrections = sides.map(() => new Float64Array(values.length))
  const strides = sides.map((_, side) => sides.slice(side + 1).reduce((all, one) => all * one, 1))
  for (let round = 0; round < ROUNDS; round++) {
    let moved = 0
    for (const [side, length] of sides.entries()) {
      const correction = corrections[side] as Float64Array
      const stride = strides[side] as number
      for (let first = 0; first < now.length; first++) {
        if (Math.floor(first / stride) % length !== 0) continue
        const before = Array.from(
          { length },
          (_, i) =>
            (now[first + i * stride] as number) + (correction[first + i * stride] as number),
        )
        const after = pooled(before)
        for (let i = 0; i < length; i++) {
          const place = first + i * stride
          const value = after[i] as number
          correction[place] = (before[i] as number) - value
          moved = Math.max(moved, Math.abs(value - (now[place] as number)))
          now[place] = value
        }
      }
    }
    if (moved < SETTLED) break
  }
  for (const [side, length] of sides.entries()) {
    const stride = strides[side] as number
    for (let place = 0; place < now.length; place++)
      if (Math.floor(place / stride) % length !== 0)
        now[place] = Math.max(now[place] as number, now[place - stride] as number)
  }
  return now
}

/** Pooling adjacent violators: the nearest list that does not fall. */
export function pooled(values: readonly number[]): number[] {
  const blocks: { sum: number; count: number }[] = []
  for (const value of values) {
    let block = { sum: value, count: 1 }
    for (
      let last = blocks.at(-1);
      last && last.sum / last.count > block.sum / block.count;
      last = blocks.at(-1)
    ) {
      block = { sum: last.sum + block.sum, count: last.count + block.count }
      blocks.pop()
    }
    blocks.push(block)
  }
  return blocks.flatMap(({ sum, count }) => new Array<number>(count).fill(sum / count))
}
