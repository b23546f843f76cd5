// The last events that pages were told, so that one whose connection broke goes on where it was.
import { randomBytes } from 'node:crypto'

export class RecentEvents {
  readonly #bytesMax: number
  /** Names this run: numbers of another collector, or of one before, are not ours. */
  readonly #run = randomBytes(8).toString('hex')
  /** Texts of the events up to `#last`, oldest first. */
  #kept: string[] = []
  #bytes = 0
  #last = 0

  /** @param bytesMax what is kept; the oldest goes first */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** The id of what was told last: who has it has missed nothing. */
  get id(): string {
    return `${this.#run}-${this.#last}`
  }

  /** Keeps the next event. `text` makes it, given its id. */
  add(text: (id: string) => string): string {
    this.#last += 1
    const made = text(this.id)
    this.#kept.push(made)
    this.#bytes += Buffer.byteLength(made)
    while (this.#bytes > this.#bytesMax)
      this.#bytes -= Buffer.byteLength(this.#kept.shift() as string)
    return made
  }

  /** All after `id`, in order; undefined when that cannot be told. */
  after(id: string): string[] | undefined {
    const [run, number] = id.split('-', 2)
    if (run !== this.#run || !/^\d{1,15}$/.test(number ?? '')) return undefined
    const missed = this.#last - Number(number)
    if (missed < 0 || missed > this.#kept.length) return undefined
    return this.#kept.slice(this.#kept.length - missed)
  }

  /** Something happened that is told to nobody: nobody goes on from before it. */
  forget(): void {
    this.#last += 1
    this.#kept = []
    this.#bytes = 0
  }
}
