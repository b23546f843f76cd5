// Answers that come before all that was sent is read: to who asked for something else, sends too much, or was not let in.
import type { IncomingMessage, ServerResponse } from 'node:http'
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

/** Without what is asked behind it. */
export const pathOf = (request: IncomingMessage): string =>
  (request.url ?? '').split('?')[0] as string

/** Where no HTTP server is. Answers, and ends the connection within a second. What still comes is read and dropped, so that the answer is not lost to a reset. */
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

/**
 * The whole body of an answer whose headers have its length and `Connection: close`. What the peer still sends is read and
 * dropped for a second: Node closes such a connection once the answer has ended, which with unread bytes is a reset.
 */
export function endAnswered(
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
): void {
  if (request.complete || request.destroyed) {
    response.end(body)
    return
  }
  response.write(body)
  const end = () => response.end()
  const timer = setTimeout(end, CLOSE_MS)
  timer.unref()
  response.once('close', () => clearTimeout(timer))
  request.once('end', end)
  request.resume()
}
