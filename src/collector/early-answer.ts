// An answer in HTTP where no HTTP server is: to who asked for something else, or was not let in.
import type { Duplex } from 'node:stream'

/** For the peer to read the answer and to close. */
const CLOSE_MS = 1000

export type EarlyAnswer = {
  status: number
  title: string
  headers?: Record<string, string>
  /** Its type is among the headers. */
  body: string
}

/** Answers, and ends the connection within a second. What still comes is read and dropped, so that the answer is not lost to a reset. */
export function answerEarly(socket: Duplex, { status, title, headers, body }: EarlyAnswer): void {
  socket.on('error', () => socket.destroy())
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), CLOSE_MS)
  timer.unref()
  socket.once('close', () => clearTimeout(timer))
  socket.end(
    [
      `HTTP/1.1 ${status} ${title}`,
      'Connection: close',
      ...Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`),
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  )
}
