// The first message of a TLS connection, read before TLS itself reads it: what its sender offers to speak.

/** Of the message. OpenSSL 3.5's own, with a share for ML-KEM-768, has 1.8 KB; a browser's has less than 4. */
export const HELLO_BYTES_MAX = 16 * 1024
/** Records that it may come in; OpenSSL and browsers use one, some senders two to get past what inspects them. */
export const HELLO_RECORDS_MAX = 64

export const RECORD_HEADER_BYTES = 5
/** Of one record's content (RFC 8446, 5.1). */
const RECORD_BYTES_MAX = 2 ** 14
const MESSAGE_HEADER_BYTES = 4
const HANDSHAKE = 22
const VERSION_MAJOR = 3
const CLIENT_HELLO = 1
const RANDOM_BYTES = 32
/** Numbers of extensions (RFC 6066, 3; RFC 7301, 3.1). */
const SERVER_NAME = 0
const ALPN = 16
const HOST_NAME = 0
/** Of a DNS name with its dots, as OpenSSL bounds it. */
const HOST_NAME_BYTES_MAX = 255

export type ClientHello = {
  /** In the order of preference; empty where none is offered. A byte each character. */
  alpn: string[]
  serverName?: string
}

/**
 * What the bytes that came first on a connection say (RFC 8446, 4.1.2), over any number of records. 'more': it is not whole
 * yet. 'not-tls': it does not begin as TLS does. 'malformed': it does, and no ClientHello within the bounds can come of it.
 * Bytes after it are left alone. What it takes is linear in the records, so it may be asked again with each byte.
 */
export function clientHelloOf(bytes: Buffer): ClientHello | 'more' | 'not-tls' | 'malformed' {
  const message = messageOf(bytes)
  if (typeof message === 'string') return message
  try {
    return parse(new Cursor(message))
  } catch (error) {
    if (error === MALFORMED) return 'malformed'
    throw error
  }
}

/** The message's body, out of its records. */
function messageOf(bytes: Buffer): Buffer | 'more' | 'not-tls' | 'malformed' {
  const parts: Buffer[] = []
  let had = 0
  // Type and length of the message, which may lie in four records.
  let header = 0
  for (let at = 0; at < bytes.length; ) {
    const isFirst = at === 0
    if (bytes[at] !== HANDSHAKE || (bytes[at + 1] ?? VERSION_MAJOR) !== VERSION_MAJOR)
      return isFirst ? 'not-tls' : 'malformed'
    if (bytes.length - at < RECORD_HEADER_BYTES) return 'more'
    const length = bytes.readUInt16BE(at + 3)
    if (length === 0 || length > RECORD_BYTES_MAX || parts.length === HELLO_RECORDS_MAX)
      return 'malformed'
    at += RECORD_HEADER_BYTES
    const part = bytes.subarray(at, at + length)
    for (let i = 0; i < part.length && had + i < MESSAGE_HEADER_BYTES; i++)
      header = header * 256 + (part[i] as number)
    parts.push(part)
    had += part.length
    if (had >= MESSAGE_HEADER_BYTES) {
      const wanted = MESSAGE_HEADER_BYTES + (header & 0xffffff)
      if (header >>> 24 !== CLIENT_HELLO || wanted > HELLO_BYTES_MAX) return 'malformed'
      if (had >= wanted)
        return (parts.length === 1 ? part : Buffer.concat(parts)).subarray(
          MESSAGE_HEADER_BYTES,
          wanted,
        )
    }
    if (part.length < length) return 'more'
    at += length
  }
  return 'more'
}

function parse(body: Cursor): ClientHello {
  body.take(2 + RANDOM_BYTES)
  body.vector(1) // session id
  body.vector(2) // cipher suites
  body.vector(1) // compression methods
  // Before TLS 1.3 there may be none.
  const extensions = body.isEmpty ? new Cursor(Buffer.alloc(0)) : body.vector(2)
  if (!body.isEmpty) throw MALFORMED
  let alpn: string[] | undefined
  let serverName: string | undefined
  while (!extensions.isEmpty) {
    const number = extensions.number(2)
    const data = extensions.vector(2)
    if (number === ALPN) {
      if (alpn) throw MALFORMED
      alpn = protocolsOf(data)
    } else if (number === SERVER_NAME) {
      if (serverName !== undefined) throw MALFORMED
      serverName = hostNameOf(data)
    }
  }
  return { alpn: alpn ?? [], ...(serverName !== undefined && { serverName }) }
}

/** RFC 7301, 3.1. */
function protocolsOf(data: Cursor): string[] {
  const list = data.vector(2)
  if (list.isEmpty || !data.isEmpty) throw MALFORMED
  const names: string[] = []
  while (!list.isEmpty) {
    const name = list.vector(1).rest()
    if (name.length === 0) throw MALFORMED
    names.push(name.toString('latin1'))
  }
  return names
}

/** RFC 6066, 3: one name of each type, of which there is one. */
function hostNameOf(data: Cursor): string {
  const list = data.vector(2)
  if (list.number(1) !== HOST_NAME) throw MALFORMED
  const name = list.vector(2).rest()
  if (!list.isEmpty || !data.isEmpty) throw MALFORMED
  if (name.length === 0 || name.length > HOST_NAME_BYTES_MAX) throw MALFORMED
  return name.toString('latin1')
}

const MALFORMED = new RangeError('no ClientHello')

/** Reads forwards, and throws MALFORMED where there is less than is asked for. */
class Cursor {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isEmpty(): boolean {
    return this.#at === this.#bytes.length
  }

  take(length: number): Buffer {
    if (length > this.#bytes.length - this.#at) throw MALFORMED
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  rest(): Buffer {
    return this.take(this.#bytes.length - this.#at)
  }

  /** Of one or two bytes. */
  number(bytes: 1 | 2): number {
    return this.take(bytes).readUIntBE(0, bytes)
  }

  /** What follows its own length. */
  vector(lengthBytes: 1 | 2): Cursor {
    return new Cursor(this.take(this.number(lengthBytes)))
  }
}
