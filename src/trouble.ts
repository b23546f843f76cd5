// What goes wrong and works in turn, told in two lines: one when it begins, one when it is over.

/** What has not gone wrong for so long is over: a disk with a last free page takes one write and refuses the next. */
export const OVER_MS = 60_000

export type Trouble = {
  /** It went wrong, once more or for the first time. */
  failed(text: string): void
  /** It works. To be called now and then, with each time that it did or at any other; says `text` when it is over. */
  works(text: () => string): void
  /** It is over, whenever it went wrong last. */
  ends(text: () => string): void
}

/** `nowMs` is monotonic. */
export function createTrouble(log: (text: string) => void, nowMs: () => number): Trouble {
  let failedAtMs: number | undefined
  const ends = (text: () => string): void => {
    if (failedAtMs !== undefined) log(text())
    failedAtMs = undefined
  }
  return {
    failed(text) {
      if (failedAtMs === undefined) log(text)
      failedAtMs = nowMs()
    },
    works(text) {
      if (failedAtMs !== undefined && nowMs() - failedAtMs >= OVER_MS) ends(text)
    },
    ends,
  }
}
