// How bytes of others are read: what cannot be is a StreamError.
import protobuf from 'protobufjs/minimal.js'
import { StreamError } from './message.ts'

/** Unknown fields are skipped and not kept: what a peer adds must not cost us memory. */
export function reader(encoded: Uint8Array): protobuf.Reader {
  const made = protobuf.Reader.create(encoded)
  made.discardUnknown = true
  return made
}

/** What `decode` returns. Throws StreamError, `what` before its message. */
export function decoding<T>(what: string, decode: () => T): T {
  try {
    return decode()
  } catch (cause) {
    if (cause instanceof StreamError) throw cause
    throw new StreamError('malformed', `${what}: ${(cause as Error).message}`, { cause })
  }
}
