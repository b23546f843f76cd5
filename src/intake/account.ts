// Sense counts the bytes of its pipe, the engine those that it was given. Where records pass as they came both count the
// same; where a line became records, or none, how far one is says how far the other is only between lines.

/** Stretches kept: more than lines fit into what sense keeps (4 MiB); beyond, the last one takes what comes. */
const STRETCHES_MAX = 65_536

/** What ends where, counted from the first byte of each. */
type Stretch = {
  pipeEnd: number
  engineEnd: number
  /** Byte for byte the same. */
  isSame: boolean
}

/** How far the pipe is settled, and the bytes of the engine that came of just that much of it. */
export type Settled = { pipeBytes: number; engineBytes: number }

export type Account = {
  /** `pipeBytes` came, and the engine was given `engineBytes` for them: the very same, or what was made of them. */
  note(pipeBytes: number, engineBytes: number, isSame: boolean): void
  /** What of the pipe has all its effect in the first `engineBytes` of the engine's. Never more than came. */
  settled(engineBytes: number): Settled
  /** So much of the pipe will never be asked about again. */
  forget(pipeBytes: number): void
}

export function createAccount(stretchesMax = STRETCHES_MAX): Account {
  /** Both ends rise along it. */
  let stretches: Stretch[] = []
  /** Where the first of them begins. */
  let begin: Settled = { pipeBytes: 0, engineBytes: 0 }
  const endOf = (index: number): Settled => {
    const at = stretches[index]
    return at ? { pipeBytes: at.pipeEnd, engineBytes: at.engineEnd } : begin
  }
  /** The first stretch of which more is left than up to this. */
  const find = (isOver: (stretch: Stretch) => boolean): number => {
    let [low, high] = [0, stretches.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isOver(stretches[middle] as Stretch)) low = middle + 1
      else high = middle
    }
    return low
  }

  return {
    note(pipeBytes, engineBytes, isSame) {
      const last = stretches.at(-1)
      const isFull = stretches.length >= stretchesMax
      if (last && ((last.isSame && isSame) || isFull)) {
        last.pipeEnd += pipeBytes
        last.engineEnd += engineBytes
        last.isSame &&= isSame
        return
      }
      const { pipeBytes: pipeEnd, engineBytes: engineEnd } = endOf(stretches.length - 1)
      stretches.push({ pipeEnd: pipeEnd + pipeBytes, engineEnd: engineEnd + engineBytes, isSame })
    },
    settled(engineBytes) {
      const index = find(({ engineEnd }) => engineEnd <= engineBytes)
      const before = endOf(index - 1)
      const within = engineBytes - before.engineBytes
      if (!stretches[index]?.isSame || within <= 0) return before
      return { pipeBytes: before.pipeBytes + within, engineBytes }
    },
    forget(pipeBytes) {
      const index = find(({ pipeEnd }) => pipeEnd <= pipeBytes)
      begin = endOf(index - 1)
      stretches = stretches.slice(index)
    },
  }
}
