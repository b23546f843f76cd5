// What the collector has acknowledged and the outbox's file still holds: it goes with the next write that the disk takes, is
// sent to nobody meanwhile, and does not count as waiting.
import { diskTrouble } from '../baseline/sqlite-file.ts'
import type { OutboxFile, Totals } from './outbox-file.ts'

type Size = { items: number; bytes: number }
const NONE: Size = { items: 0, bytes: 0 }

export class OutboxOwed {
  #through = 0
  readonly #each = new Set<number>()
  #rejected = 0
  /** Of what the file holds of it; undefined: the file could not be asked. */
  #size: Size | undefined = NONE

  /** All up to here is; 0 when nothing is but `each`. */
  get through(): number {
    return this.#through
  }

  /** Those above `through`. */
  get each(): ReadonlySet<number> {
    return this.#each
  }

  get rejected(): number {
    return this.#rejected
  }

  /** As far as it is known. */
  get size(): Size {
    return this.#size ?? NONE
  }

  isEmpty(): boolean {
    return this.#through === 0 && this.#each.size === 0 && this.#rejected === 0
  }

  addThrough(file: OutboxFile, sequence: number, rejected: number): void {
    const after = this.#through
    const covered = [...this.#each].filter((one) => one <= sequence)
    for (const one of covered) this.#each.delete(one)
    this.#through = sequence
    this.#rejected += rejected
    this.#count(file, () => [file.sizeOf(after, sequence)])
    this.#count(file, () => covered.map((one) => negative(sizeOfOne(file, one))))
  }

  addEach(file: OutboxFile, sequences: readonly number[], rejected: number): void {
    const more = sequences.filter((one) => one > this.#through && !this.#each.has(one))
    for (const one of more) this.#each.add(one)
    this.#rejected += rejected
    this.#count(file, () => more.map((one) => sizeOfOne(file, one)))
  }

  /** Takes it out of the file, in a transaction of the caller's, who clears it afterwards. Throws what node:sqlite throws. */
  settle(file: OutboxFile, totals: Totals): void {
    if (this.isEmpty()) return
    const through = this.#through
    this.#size ??= sum([
      file.sizeOf(0, through),
      ...[...this.#each].map((one) => sizeOfOne(file, one)),
    ])
    totals.items -= this.#size.items
    totals.bytes -= this.#size.bytes
    totals.acknowledged = Math.max(totals.acknowledged, through)
    totals.rejected += this.#rejected
    if (through > 0) file.removeThrough(through)
    for (const one of this.#each) file.remove(one)
  }

  /** It is out of the file, durably; or the file is gone with it. */
  clear(): void {
    this.#through = 0
    this.#each.clear()
    this.#rejected = 0
    this.#size = NONE
  }

  #count(file: OutboxFile, more: () => Size[]): void {
    if (this.#size === undefined) return
    try {
      if (file.isClosed) this.#size = undefined
      else this.#size = sum([this.#size, ...more()])
    } catch (error) {
      if (!diskTrouble(error)) throw error
      this.#size = undefined
    }
  }
}

function sizeOfOne(file: OutboxFile, sequence: number): Size {
  const bytes = file.bytesOf(sequence)
  return bytes === undefined ? NONE : { items: 1, bytes }
}

const negative = ({ items, bytes }: Size): Size => ({ items: -items, bytes: -bytes })

const sum = (sizes: readonly Size[]): Size =>
  sizes.reduce((all, { items, bytes }) => ({
    items: all.items + items,
    bytes: all.bytes + bytes,
  }))
