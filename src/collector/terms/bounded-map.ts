/** A map of at most `max` entries, or of so much as they weigh: the one set longest ago goes first. */
export class BoundedMap<K, V> {
  readonly #max: number
  readonly #weightOf: (key: K) => number
  readonly #entries = new Map<K, V>()
  /** Goes on where it was: one made anew would walk over all that was removed before, 8 µs at 10,000 entries. */
  #oldest = this.#entries.keys()
  #weight = 0

  /** `weightOf` gives the same for the same key. */
  constructor(max: number, weightOf: (key: K) => number = () => 1) {
    this.#max = max
    this.#weightOf = weightOf
  }

  get(key: K): V | undefined {
    return this.#entries.get(key)
  }

  size(): number {
    return this.#entries.size
  }

  set(key: K, value: V): void {
    this.delete(key)
    this.#entries.set(key, value)
    this.#weight += this.#weightOf(key)
    while (this.#weight > this.#max) {
      const { value: oldest, done } = this.#oldest.next()
      if (done) break
      this.delete(oldest)
    }
  }

  delete(key: K): void {
    if (this.#entries.delete(key)) this.#weight -= this.#weightOf(key)
  }

  keys(): IterableIterator<K> {
    return this.#entries.keys()
  }

  values(): IterableIterator<V> {
    return this.#entries.values()
  }

  clear(): void {
    this.#entries.clear()
    this.#oldest = this.#entries.keys()
    this.#weight = 0
  }
}
