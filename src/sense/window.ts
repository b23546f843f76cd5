// What has been written to the engine's pipe and is not yet acknowledged. When an engine dies, the next
// one is given the records among it again, so nothing that the kernel told is lost with it.

/** Record bytes kept until the engine has made them durable. Bounded: a full window stops the draining, and the ring keeps what comes. */
export type Window = {
  /** Whether another chunk of the source's records may be sent. */
  hasRoom(): boolean
  /** Keeps a chunk of the source's whole records that is being written. */
  keep(chunk: Uint8Array): void
  /** Counts a chunk of answers that is being written. They are for this engine alone: the next one asks again. */
  keepAnswers(chunk: Uint8Array): void
  /** Forgets what lies wholly below `throughBytes`, a count since the pipe was opened. RangeError if that much was never sent. */
  acknowledge(throughBytes: number): void
  /**
   * Counts from zero again for a new pipe; gives back what has to be written to it first, oldest first.
   * `preface` goes before everything else: a mark, without which the rest has no wall time.
   */
  reopen(preface?: Uint8Array): Uint8Array[]
  /** Forgets all that was not acknowledged; returns how many records that were. REQUIRES: no pipe is open. */
  abandon(): number
  /** Bytes sent and not acknowledged, answers among them. */
  bytes(): number
}

type Kind = 'records' | 'answers' | 'preface'

export function createWindow(bytesMax: number): Window {
  let chunks: { kind: Kind; chunk: Uint8Array }[] = []
  let sentBytes = 0
  let keptBytes = 0
  let recordBytes = 0

  const add = (kind: Kind, chunk: Uint8Array) => {
    chunks.push({ kind, chunk })
    sentBytes += chunk.length
    keptBytes += chunk.length
    if (kind === 'records') recordBytes += chunk.length
  }

  return {
    hasRoom: () => recordBytes < bytesMax,
    keep: (chunk) => add('records', chunk),
    keepAnswers: (chunk) => add('answers', chunk),
    acknowledge(throughBytes) {
      if (!(throughBytes >= 0 && throughBytes <= sentBytes))
        throw new RangeError(`acknowledged ${throughBytes} bytes of ${sentBytes} sent`)
      let from = sentBytes - keptBytes
      let gone = 0
      for (const { kind, chunk } of chunks) {
        if (from + chunk.length > throughBytes) break
        from += chunk.length
        keptBytes -= chunk.length
        if (kind === 'records') recordBytes -= chunk.length
        gone++
      }
      chunks = chunks.slice(gone)
    },
    reopen(preface) {
      // Of an engine that died before it acknowledged anything the preface is still here: one is enough.
      const again = chunks.filter(({ kind }) => kind === 'records')
      chunks = []
      sentBytes = keptBytes = recordBytes = 0
      if (preface) add('preface', preface)
      for (const { chunk } of again) add('records', chunk)
      return chunks.map(({ chunk }) => chunk)
    },
    abandon() {
      let count = 0
      for (const { kind, chunk } of chunks) if (kind === 'records') count += recordsIn(chunk)
      chunks = []
      keptBytes = recordBytes = 0
      return count
    },
    bytes: () => keptBytes,
  }
}

function recordsIn(chunk: Uint8Array): number {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  let count = 0
  for (let at = 0; at < chunk.length; at += view.getUint32(at, true)) count++
  return count
}
