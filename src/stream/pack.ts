// Batches compressed inside the message, not by the WebSocket: its own compression keeps a window for each
// connection. Zstandard, RFC 8878.
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { INFLATED_BYTES_MAX, StreamError } from './message.ts'

/** log2 of the window, both ways: no frame makes its reader hold more than a batch may have. */
const WINDOW_LOG = Math.log2(INFLATED_BYTES_MAX)
const CHUNK_BYTES = 128 * 1024

export function pack(batch: Uint8Array): Uint8Array {
  return zstdCompressSync(batch, {
    chunkSize: CHUNK_BYTES,
    pledgedSrcSize: batch.length,
    params: { [constants.ZSTD_c_windowLog]: WINDOW_LOG },
  })
}

/**
 * Memory of its own. Throws StreamError: inflated when it would be larger than INFLATED_BYTES_MAX, which
 * is found without unpacking more than that; malformed when it is not Zstandard.
 */
export function unpack(packed: Uint8Array): Buffer {
  try {
    const inflated = zstdDecompressSync(packed, {
      chunkSize: CHUNK_BYTES,
      maxOutputLength: INFLATED_BYTES_MAX,
      params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG },
    })
    // What Node gives may be a view of memory that is shared, or much larger.
    return Buffer.from(new Uint8Array(inflated).buffer)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE' || code === 'ZSTD_error_frameParameter_windowTooLarge')
      throw new StreamError(
        'inflated',
        `packed: more than ${INFLATED_BYTES_MAX} bytes when inflated`,
        { cause },
      )
    throw new StreamError('malformed', `packed: ${message}`, { cause })
  }
}
