import { createOldest } from '../oldest.ts'

/** A map that holds at most `max` entries: what was used longest ago goes first. */
export class Cache<K, V> {
  readonly #entries = new Map<K, V>()
  readonly #max: number
  readonly #oldest = createOldest(() => this.#entries.keys())

  constructor(max: number) {
    this.#max = max
  }

  get(key: K): V | undefined {
    const value = this.#entries.get(key)
    if (value === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, value)
    this.#oldest.added()
    return value
  }

  set(key: K, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    this.#oldest.added()
    if (this.#entries.size > this.#max) this.#entries.delete(this.#oldest.next() as K)
  }

  delete(key: K): void {
    this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }

  get size(): number {
    return this.#entries.size
  }
}
