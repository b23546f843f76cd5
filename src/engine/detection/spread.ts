// Destinations of a program that one alert counts beside its own: how many, what went out to them, and the largest by name. Bounded.

export type NamedDestination = {
  /** Key of the destination. */
  key: string
  /** host:port, for a sentence. */
  text: string
  bytesOut: number
  /** Counted before a restart: its flows may be told once more. */
  earlierOut: number
  /** Its pair has left the table. */
  isGone: boolean
}

export type Spread = {
  /** Those in the table of pairs, and those with a name here. */
  count: number
  bytesOut: number
  /** There are more: they left the table, and who comes back would count twice. */
  isLeast: boolean
  /** The most bytes out first. */
  named: NamedDestination[]
}

/** What of it an alert says. */
export type SpreadFigures = { count: number; bytesOut: number; largestOut: number }
export const figuresOf = ({ count, bytesOut, named: [first] }: Spread): SpreadFigures => ({
  ...{ count, bytesOut },
  largestOut: first?.bytesOut ?? 0,
})

/** As the baseline has it. */
export type StoredSpread = Pick<Spread, 'count' | 'named'>

/** A sentence names three. */
const NAMED_MAX = 8

export const noSpread = (): Spread => ({ count: 0, bytesOut: 0, isLeast: false, named: [] })

/** A destination comes to it; returns what of the bytes of its pair is counted already. */
export function enter(spread: Spread, key: string, bytesOut: number): number {
  const known = spread.named.find((one) => one.key === key)
  if (known === undefined) {
    spread.count++
    return 0
  }
  const counted = Math.min(bytesOut, known.earlierOut)
  Object.assign(known, { earlierOut: 0, isGone: false })
  return counted
}

/** So many bytes more went to one that has entered, `whole` in all; `textOf` is asked where it gets a name. */
export function add(
  spread: Spread,
  key: string,
  { more, whole }: { more: number; whole: number },
  textOf: () => string,
): void {
  spread.bytesOut += more
  const { named } = spread
  const known = named.find((one) => one.key === key)
  const last = named[NAMED_MAX - 1]
  if (known) known.bytesOut += more
  else if (last === undefined || whole > last.bytesOut) {
    if (last) forget(spread, last)
    named.push({ key, text: textOf(), bytesOut: whole, earlierOut: 0, isGone: false })
  } else return
  named.sort((a, b) => b.bytesOut - a.bytesOut)
}

function forget(spread: Spread, one: NamedDestination): void {
  spread.named.splice(spread.named.indexOf(one), 1)
  if (!one.isGone) return
  spread.count--
  spread.isLeast = true
}

/** Its pair leaves the table. */
export function leave(spread: Spread, key: string): void {
  const known = spread.named.find((one) => one.key === key)
  if (known) known.isGone = true
  else {
    spread.count--
    spread.isLeast = true
  }
}

/** It has an alert of its own now. */
export function takeOut(spread: Spread, key: string, bytesOut: number): void {
  spread.count--
  spread.bytesOut -= bytesOut
  spread.named = spread.named.filter((one) => one.key !== key)
}

export const storedSpread = ({ count, named }: Spread): StoredSpread => ({ count, named })

/** What had a name is known still; absent in states of earlier versions. */
export function readSpread(stored: StoredSpread | undefined): Spread {
  if (stored === undefined) return noSpread()
  const named = stored.named.map((one) => ({ ...one, earlierOut: one.bytesOut, isGone: true }))
  return {
    count: named.length,
    bytesOut: named.reduce((sum, { bytesOut }) => sum + bytesOut, 0),
    isLeast: stored.count > 0,
    named,
  }
}
