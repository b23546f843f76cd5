import { createOldest } from '../../oldest.ts'

/** A map of at most `max` entries, or of so much as they weigh: the one set longest ago goes first. */
export class BoundedMap<K, V> {
  readonly #max: number
  readonly #weightOf: (key: K) => number
  readonly #entries = new Map<K, V>()
  readonly #oldest = createOldest(() => this.#entries.keys())
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
    this.#oldest.added()
    while (this.#weight > this.#max && this.#entries.size > 0) this.delete(this.#oldest.next() as K)
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
    this.#weight = 0
  }
}
