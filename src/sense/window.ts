// What has been written to the engine's pipe and is not yet acknowledged. When an engine dies, the next
// one is given these bytes again, so nothing that the kernel told is lost with it.

/** Record bytes kept until the engine has made them durable. Bounded: a full window stops the draining, and the ring keeps what comes. */
export type Window = {
  /** Whether another chunk may be sent. */
  hasRoom(): boolean
  /** Keeps a chunk of whole records that is being written. */
  keep(chunk: Uint8Array): void
  /** Forgets what lies wholly below `throughBytes`, a count since the pipe was opened. RangeError if that much was never sent. */
  acknowledge(throughBytes: number): void
  /**
   * Counts from zero again for a new pipe; gives back what has to be written to it first, oldest first.
   * `preface` goes before everything else: a mark, without which the rest has no wall time.
   */
  reopen(preface?: Uint8Array): Uint8Array[]
  /** Bytes kept. */
  bytes(): number
}

export function createWindow(bytesMax: number): Window {
  let chunks: Uint8Array[] = []
  let sentBytes = 0
  let keptBytes = 0
  let lastPreface: Uint8Array | undefined
  return {
    hasRoom: () => keptBytes < bytesMax,
    keep(chunk) {
      chunks.push(chunk)
      sentBytes += chunk.length
      keptBytes += chunk.length
    },
    acknowledge(throughBytes) {
      if (!(throughBytes >= 0 && throughBytes <= sentBytes))
        throw new RangeError(`acknowledged ${throughBytes} bytes of ${sentBytes} sent`)
      let from = sentBytes - keptBytes
      let gone = 0
      for (const chunk of chunks) {
        if (from + chunk.length > throughBytes) break
        from += chunk.length
        keptBytes -= chunk.length
        gone++
      }
      chunks = chunks.slice(gone)
    },
    reopen(preface) {
      // An engine that died before it acknowledged anything leaves its preface here: one is enough.
      if (lastPreface && chunks[0] === lastPreface) {
        chunks.shift()
        keptBytes -= lastPreface.length
      }
      lastPreface = preface
      if (preface) {
        chunks.unshift(preface)
        keptBytes += preface.length
      }
      sentBytes = keptBytes
      return [...chunks]
    },
    bytes: () => keptBytes,
  }
}
