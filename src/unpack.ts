// What is in a file that gzip or Zstandard may have packed, known by its first bytes whatever its name: archives of
// logs and captures are kept so (Zeek packs each log that it rotates).
import { constants, createGunzip, createZstdDecompress } from 'node:zlib'

export type Packing = 'gzip' | 'zstd'

/** RFC 1952 section 2.3.1; RFC 8878 sections 3.1.1 and 3.1.2 (a skippable frame may come first, as pzstd writes it). */
export function packingOf(head: Uint8Array): Packing | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip'
  const [, second, third, fourth] = head
  if (head[0] === 0x28 && second === 0xb5 && third === 0x2f && fourth === 0xfd) return 'zstd'
  const isSkippable = ((head[0] ?? 0) & 0xf0) === 0x50
  return isSkippable && second === 0x2a && third === 0x4d && fourth === 0x18 ? 'zstd' : undefined
}

/** The packed bytes end too early or are damaged, or there is no end of what they become. */
export class UnpackError extends Error {
  override readonly name = 'UnpackError'
  /** Bytes unpacked until then. */
  readonly unpackedBytes: number
  constructor(text: string, unpackedBytes: number, options?: ErrorOptions) {
    super(text, options)
    this.unpackedBytes = unpackedBytes
  }
}

/**
 * What packed bytes may become: this much, and beyond it so many times their own size. Logs of connections become 4
 * to 10 times smaller, one line repeated for ever some 1,000 times with gzip and 10,000 with Zstandard.
 */
const UNPACKED_FREE_BYTES = 256 * 1024 * 1024
const UNPACKED_TIMES_MAX = 250

/** The most that Zstandard may hold at once: what its own program takes without being asked (--long=27). */
const WINDOW_LOG_MAX = 27

const make = {
  gzip: () => createGunzip(),
  zstd: () => createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX } }),
}

/**
 * The bytes in a file of these chunks, as they are where it is not packed. Holds a few chunks. Throws UnpackError after
 * what could be unpacked; what the chunks throw passes through.
 */
export async function* unpacked(
  chunks: AsyncIterable<Uint8Array>,
  limits = { freeBytes: UNPACKED_FREE_BYTES, timesMax: UNPACKED_TIMES_MAX },
): AsyncGenerator<Uint8Array, void> {
  const rest = chunks[Symbol.asyncIterator]()
  const begun: Uint8Array[] = []
  try {
    let head = Buffer.alloc(0)
    while (head.length < 4) {
      const next = await rest.next()
      if (next.done) break
      begun.push(next.value)
      head = Buffer.concat([head, next.value])
    }
    const whole = joined(begun, rest)
    const packing = packingOf(head)
    if (packing === undefined) yield* whole
    else yield* unpack(whole, packing, limits)
  } finally {
    await rest.return?.()
  }
}

async function* joined(
  first: Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  yield* first
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
}

async function* unpack(
  chunks: AsyncIterable<Uint8Array>,
  packing: Packing,
  limits: { freeBytes: number; timesMax: number },
): AsyncGenerator<Uint8Array, void> {
  const stream = make[packing]()
  let packedBytes = 0
  let unpackedBytes = 0
  let failure: Error | undefined
  let isOver = false
  let wake = (): void => {}
  stream.on('readable', () => wake())
  stream.on('error', (error: Error) => {
    failure = error
    wake()
  })
  stream.on('end', () => {
    isOver = true
    wake()
  })
  /** What is unpacked until `isDone`. Read here and not by a pipe, so that nothing is lost when an error follows. */
  async function* take(isDone: () => boolean): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      const piece = stream.read() as Uint8Array | null
      if (piece !== null) {
        unpackedBytes += piece.length
        const bytesMax = limits.freeBytes + packedBytes * limits.timesMax
        if (unpackedBytes > bytesMax)
          throw new UnpackError(
            `${packing} data of ${packedBytes} bytes become more than ${bytesMax}: not read on`,
            unpackedBytes,
          )
        yield piece
      } else if (failure) {
        const text = `${packing} data end too early or are damaged (${failure.message}): what follows is lost`
        throw new UnpackError(text, unpackedBytes, { cause: failure })
      } else if (isDone()) return
      else await woken
    }
  }
  try {
    for await (const chunk of chunks) {
      packedBytes += chunk.length
      let isTaken = false
      stream.write(chunk, () => {
        isTaken = true
        wake()
      })
      yield* take(() => isTaken)
    }
    stream.end()
    yield* take(() => isOver)
  } finally {
    stream.destroy()
  }
}

/** As much of a file as its beginning can be told from: a block of Zstandard has up to 128 KiB, and comes whole. */
export const PACKED_HEAD_BYTES = 256 * 1024

/** What a file begins with that begins with these bytes; of packed ones as much as they tell, up to `bytesMax`. */
export async function unpackedHead(head: Uint8Array, bytesMax: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const piece of unpacked(once(head))) {
      pieces.push(piece)
      bytes += piece.length
      if (bytes >= bytesMax) break
    }
  } catch (error) {
    // A head ends too early by its nature.
    if (!(error instanceof UnpackError)) throw error
  }
  return Buffer.concat(pieces).subarray(0, bytesMax)
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes
}

/** A name without what its packing added to it. */
export const unpackedName = (name: string): string => name.replace(/\.(gz|zst)$/, '')
