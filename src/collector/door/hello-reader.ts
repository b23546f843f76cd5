// Reads the first bytes of a connection, and puts them back for who reads it next.
import type { Socket } from 'node:net'
import {
  type ClientHello,
  clientHelloOf,
  HELLO_BYTES_MAX,
  HELLO_RECORDS_MAX,
  RECORD_HEADER_BYTES,
} from './client-hello.ts'

/** left: it ended before there was a whole one; late: it took too long; more: much came behind a whole one. */
export type NoHello = 'not-tls' | 'malformed' | 'left' | 'late' | 'more'

/** A connection that has said what it is. It is read on until `putBack`, and closes when its peer leaves. */
export type Held = {
  socket: Socket
  hello: ClientHello
  /** Puts all that was read back: the socket is paused then, and its next reader's alone. */
  putBack(): void
}

/** What may come behind a ClientHello before it was answered: nothing of TLS but a few alerts and changes of ciphers does. */
const BEHIND_BYTES_MAX = 1024
/** Ten thousand connections may wait for their turn with as much. */
const HELD_BYTES_MAX = HELLO_BYTES_MAX + HELLO_RECORDS_MAX * RECORD_HEADER_BYTES + BEHIND_BYTES_MAX

/**
 * Calls back once: with the connection held, or with why there is no ClientHello. Of the latter the callback has the socket,
 * paused and without a listener; what it does not close nobody does. `onMore`: more came while it was held, and it was closed.
 */
export function readHello(
  socket: Socket,
  timeoutMs: number,
  onEnd: (held: Held | NoHello) => void,
  onMore: () => void,
): void {
  let bytes: Buffer = Buffer.alloc(0)
  let length = 0
  let heldMax: number | undefined
  const take = (chunk: Buffer) => {
    if (length === 0) bytes = chunk
    else {
      // Twice as much each time it is full: who sends single bytes has each copied twice at most.
      const needed = length + chunk.length
      if (needed > bytes.length) {
        const larger = Buffer.allocUnsafeSlow(
          Math.max(needed, Math.min(2 * needed, HELD_BYTES_MAX)),
        )
        bytes.copy(larger, 0, 0, length)
        bytes = larger
      }
      chunk.copy(bytes, length)
    }
    length += chunk.length
  }
  const onData = (chunk: Buffer) => {
    take(chunk)
    if (heldMax !== undefined) {
      if (length <= heldMax) return
      socket.off('data', onData)
      onMore()
      socket.destroy()
      return
    }
    const hello = clientHelloOf(bytes.subarray(0, length))
    if (typeof hello === 'string') {
      if (hello !== 'more') end(hello)
      return
    }
    if (length > HELD_BYTES_MAX) {
      end('more')
      return
    }
    clearTimeout(timer)
    heldMax = length + BEHIND_BYTES_MAX
    bytes = Buffer.from(new Uint8Array(bytes.subarray(0, length)).buffer)
    onEnd({
      socket,
      hello,
      putBack() {
        letGo()
        socket.unshift(bytes.subarray(0, length))
      },
    })
  }
  const onGone = () => {
    // A socket that is held and read closes by itself when its peer does.
    if (heldMax === undefined) end('left')
  }
  const timer = setTimeout(() => end('late'), timeoutMs)
  const letGo = () => {
    clearTimeout(timer)
    socket.off('data', onData)
    for (const event of ['end', 'error', 'close']) socket.off(event, onGone)
    socket.pause()
  }
  const end = (why: NoHello) => {
    letGo()
    onEnd(why)
  }
  for (const event of ['end', 'error', 'close']) socket.on(event, onGone)
  socket.on('data', onData)
}
