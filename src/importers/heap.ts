// A binary heap: the first of many, in the order of a number and then of a second one.

export type Timed = { atUs: number; order: number }

export type Heap<T extends Timed> = {
  push(item: T): void
  peek(): T | undefined
  pop(): T | undefined
  size(): number
}

const before = (a: Timed, b: Timed): boolean =>
  a.atUs < b.atUs || (a.atUs === b.atUs && a.order < b.order)

export function createHeap<T extends Timed>(): Heap<T> {
  const items: T[] = []

  const rise = (from: number): void => {
    const item = items[from] as T
    let at = from
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!before(item, items[above] as T)) break
      items[at] = items[above] as T
      at = above
    }
    items[at] = item
  }
  const sink = (): void => {
    const item = items[0] as T
    let at = 0
    for (;;) {
      let below = at * 2 + 1
      if (below >= items.length) break
      if (below + 1 < items.length && before(items[below + 1] as T, items[below] as T)) below++
      if (!before(items[below] as T, item)) break
      items[at] = items[below] as T
      at = below
    }
    items[at] = item
  }

  return {
    push(item) {
      items.push(item)
      rise(items.length - 1)
    },
    peek: () => items[0],
    pop() {
      const first = items[0]
      const last = items.pop()
      if (items.length > 0 && last !== undefined) {
        items[0] = last
        sink()
      }
      return first
    },
    size: () => items.length,
  }
}
