// The entry of a Map or a Set that was put in longest ago, again and again.

/**
 * Additions after which an iterator that was not used is let go. As long as it is there it keeps every table that its
 * collection has rebuilt since: 70 bytes for each entry that came and went, measured as 210 MB after three million.
 */
const UNUSED_MAX = 1_000

export type Oldest<T> = {
  /** One was added. */
  added(): void
  /** undefined: there is none. REQUIRES: what it gave before was taken out. */
  next(): T | undefined
}

/**
 * One iterator for many: a new one walks over all that was taken out since the table was rebuilt, which at 65,536 entries
 * are 10 microseconds each time. `begin` gives one of the collection's keys or values.
 */
export function createOldest<T>(begin: () => Iterator<T>): Oldest<T> {
  let walk: Iterator<T> | undefined
  let unused = 0
  const step = (): T | undefined => {
    walk ??= begin()
    const { value, done } = walk.next()
    // One that has come to an end stays there, whatever is added.
    if (done) walk = undefined
    return done ? undefined : value
  }
  return {
    added() {
      if (walk && ++unused > UNUSED_MAX) walk = undefined
    },
    next() {
      unused = 0
      const isNew = walk === undefined
      return step() ?? (isNew ? undefined : step())
    },
  }
}
