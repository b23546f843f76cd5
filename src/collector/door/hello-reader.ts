// Reads the first bytes of a connection, and puts them back for who reads it next.
import type { Socket } from 'node:net'
import { type ClientHello, clientHelloOf, HELLO_BYTES_MAX } from './client-hello.ts'

/** left: it ended before there was a whole one; late: it took too long. */
export type NoHello = 'not-tls' | 'malformed' | 'left' | 'late'

/** A connection that has said what it is. It is read on until `putBack`, and closes when its peer leaves. */
export type Held = {
  socket: Socket
  hello: ClientHello
  /** Puts all that was read back: the socket is paused then, and its next reader's alone. */
  putBack(): void
}

/** Twice what a ClientHello may have in its records: who sends more of his own accord waits for no answer. */
const HELD_BYTES_MAX = 2 * HELLO_BYTES_MAX

/**
 * Calls back once: with the connection held, or with why there is no ClientHello. Of the latter the callback has the socket,
 * paused and without a listener; what it does not close nobody does.
 */
export function readHello(
  socket: Socket,
  timeoutMs: number,
  onEnd: (held: Held | NoHello) => void,
): void {
  let bytes: Buffer = Buffer.alloc(0)
  let length = 0
  let isHeld = false
  const take = (chunk: Buffer) => {
    if (length === 0) bytes = chunk
    else {
      // Twice as much each time it is full: who sends single bytes has each copied twice at most.
      if (length + chunk.length > bytes.length) {
        const larger = Buffer.allocUnsafe(2 * (length + chunk.length))
        bytes.copy(larger, 0, 0, length)
        bytes = larger
      }
      chunk.copy(bytes, length)
    }
    length += chunk.length
  }
  const onData = (chunk: Buffer) => {
    take(chunk)
    if (isHeld) {
      if (length > HELD_BYTES_MAX) socket.destroy()
      return
    }
    const hello = clientHelloOf(bytes.subarray(0, length))
    if (typeof hello === 'string') {
      if (hello !== 'more') end(hello)
      return
    }
    clearTimeout(timer)
    isHeld = true
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
    if (!isHeld) end('left')
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
