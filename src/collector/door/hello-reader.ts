// Reads the first bytes of a connection, and puts them back for who reads it next.
import type { Socket } from 'node:net'
import { type ClientHello, clientHelloOf } from './client-hello.ts'

/** left: it ended before there was a whole one; late: it took too long. */
export type NoHello = 'not-tls' | 'malformed' | 'left' | 'late'

/**
 * Calls back once: with what the connection's ClientHello says, when the socket has all its bytes back, or with why there is
 * none. The callback has the socket, paused and without a listener; what it does not close nobody does.
 */
export function readHello(
  socket: Socket,
  timeoutMs: number,
  onEnd: (hello: ClientHello | NoHello) => void,
): void {
  let bytes: Buffer = Buffer.alloc(0)
  let length = 0
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
    const hello = clientHelloOf(bytes.subarray(0, length))
    if (hello !== 'more') end(hello)
  }
  const onGone = () => end('left')
  const timer = setTimeout(() => end('late'), timeoutMs)
  const end = (hello: ClientHello | NoHello) => {
    clearTimeout(timer)
    socket.off('data', onData)
    for (const event of ['end', 'error', 'close']) socket.off(event, onGone)
    socket.pause()
    if (typeof hello === 'object') socket.unshift(bytes.subarray(0, length))
    onEnd(hello)
  }
  for (const event of ['end', 'error', 'close']) socket.on(event, onGone)
  socket.on('data', onData)
}
