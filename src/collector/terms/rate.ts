import { BoundedMap } from './bounded-map.ts'

/** A token bucket (ITU-T I.371's leaky bucket turned round): `burst` at once, `perSecond` in the long run. */
export class RateLimit {
  readonly #perSecond: number
  readonly #burst: number
  #tokens: number
  #atMs: number

  /** `nowMs` is monotonic, here and in `take`. */
  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perSecond = perSecond
    this.#burst = burst
    this.#tokens = burst
    this.#atMs = nowMs
  }

  /** Takes one; false when there is none. */
  take(nowMs: number): boolean {
    if (!this.has(nowMs)) return false
    this.#tokens -= 1
    return true
  }

  /** Whether there is one. */
  has(nowMs: number): boolean {
    const earned = ((nowMs - this.#atMs) / 1000) * this.#perSecond
    this.#tokens = Math.min(this.#burst, this.#tokens + earned)
    this.#atMs = nowMs
    return this.#tokens >= 1
  }
}

/** A rate for each key. */
export class EachRate {
  readonly #rates: BoundedMap<string, RateLimit>
  readonly #perSecond: number
  readonly #burst: number

  /** Of each as RateLimit's. `max`: keys told apart; one that is forgotten begins anew. */
  constructor(perSecond: number, burst: number, max: number) {
    this.#perSecond = perSecond
    this.#burst = burst
    this.#rates = new BoundedMap(max)
  }

  /** Takes one of this key's; false when it has none. */
  take(key: string, nowMs: number): boolean {
    return this.of(key, nowMs).take(nowMs)
  }

  of(key: string, nowMs: number): RateLimit {
    const rate = this.#rates.get(key) ?? new RateLimit(this.#perSecond, this.#burst, nowMs)
    this.#rates.set(key, rate)
    return rate
  }
}

/** Sources told apart, within the rate of all. */
const SOURCES_MAX = 4096
/** Of the rate of all, what one source may have. */
const SOURCE_SHARE = 0.5

/** A rate of all, of which no source has more than half: a flood of one leaves others theirs. */
export class SourceRate {
  readonly #all: RateLimit
  readonly #sources: EachRate

  /** As RateLimit's. */
  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#sources = new EachRate(
      perSecond * SOURCE_SHARE,
      Math.max(1, burst * SOURCE_SHARE),
      SOURCES_MAX,
    )
    this.#all = new RateLimit(perSecond, burst, nowMs)
  }

  /** Takes one for an address; false when there is none. */
  take(address: string, nowMs: number): boolean {
    const own = this.#sources.of(sourceOf(address), nowMs)
    if (!own.has(nowMs) || !this.#all.take(nowMs)) return false
    return own.take(nowMs)
  }
}

/** The network that an address is of, as one party may have all of it: /24 of IPv4, /64 of IPv6. */
export function sourceOf(address: string): string {
  const four = /^(?:::ffff:)?(\d+\.\d+\.\d+)\.\d+$/i.exec(address)?.[1]
  if (four !== undefined) return four
  const [left = '', right] = (address.split('%')[0] as string).toLowerCase().split('::')
  const groups = left === '' ? [] : left.split(':')
  if (right !== undefined) {
    const rest = right === '' ? [] : right.split(':')
    while (groups.length + rest.length < 8) groups.push('0')
    groups.push(...rest)
  }
  return groups.slice(0, 4).join(':')
}
