// What devices were refused and what of them gave way, until it is told: counted at once, said of each together.
import type { Kind, Over } from './kinds.ts'

export type Note = { device: number; refused: Map<Over, number>; gaveWay: Map<Kind, number> }

/** Changes are made inside the caller's transaction: `committed` after it, or `forget` on its rollback. */
export class Notes {
  readonly #kept = new Map<number, Note>()
  #open: ((noted: Note) => void)[] = []
  #of: number[] = []
  #telling: number[] = []
  #counts = { refused: 0, gaveWay: 0 }

  refused(device: number, over: Over): void {
    this.#note(device, ({ refused }) => {
      refused.set(over, (refused.get(over) ?? 0) + 1)
      this.#counts.refused++
    })
  }

  /** So many rows of it. */
  gaveWay(device: number, kind: Kind, rows: number): void {
    if (rows === 0) return
    this.#note(device, ({ gaveWay }) => {
      gaveWay.set(kind, (gaveWay.get(kind) ?? 0) + rows)
      this.#counts.gaveWay += rows
    })
  }

  /** Since the last call: the `max` devices of which there is most, and what there is of all others together. */
  take(max: number): {
    named: Note[]
    others: { devices: number; refused: number; gaveWay: number }
  } {
    const notes = [...this.#kept.values()].sort((one, other) => allOf(other) - allOf(one))
    this.#telling = notes.map(({ device }) => device)
    const others = { devices: 0, refused: 0, gaveWay: 0 }
    for (const { refused, gaveWay } of notes.slice(max)) {
      others.devices++
      others.refused += sum(refused)
      others.gaveWay += sum(gaveWay)
    }
    return { named: notes.slice(0, max), others }
  }

  /** Since the last call, of what was committed. */
  takeCounts(): { refused: number; gaveWay: number } {
    const counts = this.#counts
    this.#counts = { refused: 0, gaveWay: 0 }
    return counts
  }

  committed(): void {
    for (const device of this.#telling) this.#kept.delete(device)
    this.#open.forEach((note, index) => {
      const device = this.#of[index] as number
      const noted = this.#kept.get(device) ?? { device, refused: new Map(), gaveWay: new Map() }
      this.#kept.set(device, noted)
      note(noted)
    })
    this.forget()
  }

  forget(): void {
    this.#open = []
    this.#of = []
    this.#telling = []
  }

  #note(device: number, note: (noted: Note) => void): void {
    this.#open.push(note)
    this.#of.push(device)
  }
}

export const sum = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((all, one) => all + one, 0)
const allOf = ({ refused, gaveWay }: Note): number => sum(refused) + sum(gaveWay)
