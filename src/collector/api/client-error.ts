// Bytes that never became a request: too slow, too large, or no HTTP. They get one answer, and never into another's.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Counters } from '../terms/counters.ts'

const ANSWERS: Record<string, string> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
}
/** What comes after a request that said it was the last: whoever sends it is owed nothing (RFC 9112, 9.6). */
const AFTER_THE_LAST = 'HPE_CLOSED_CONNECTION'

export type ClientErrors = {
  /** Of each request, before it is answered. */
  onRequest: RequestListener
  /** For http.Server's 'clientError': counts, answers as Node would, and ends the connection. */
  onClientError: (error: NodeJS.ErrnoException, socket: Socket) => void
}

export function createClientErrors(counters: Counters): ClientErrors {
  const newest = new WeakMap<Socket, { request: IncomingMessage; response: ServerResponse }>()
  /** Whose parser has failed, and does so again with all that comes. */
  const failed = new WeakSet<Socket>()

  function count(code: string): void {
    if (code === 'ERR_HTTP_REQUEST_TIMEOUT') counters.add('headersLate')
    // Others (ECONNRESET, EPIPE) are connections that were lost.
    else if (code.startsWith('HPE_')) counters.add('headersMalformed')
  }

  return {
    onRequest(request, response) {
      newest.set(request.socket, { request, response })
    },
    onClientError({ code = '' }, socket) {
      if (failed.has(socket)) return
      failed.add(socket)
      count(code)
      const before = newest.get(socket)
      if (!before) refuse(socket, code)
      // It is the end of a body that is wrong or missing, and its request has its answer.
      else if (!before.request.complete && before.response.headersSent)
        once(before.response, socket, () => socket.destroySoon())
      else if (!before.request.complete) refuse(socket, code)
      else
        once(before.response, socket, () =>
          code === AFTER_THE_LAST ? socket.destroySoon() : refuse(socket, code),
        )
    },
  }
}

/** Once the answer to what came before is out. One that goes on, as live updates do, is cut. */
function once(response: ServerResponse, socket: Socket, then: () => void): void {
  if (response.closed) then()
  else if (response.headersSent && !response.writableEnded) socket.destroy()
  else response.once('close', then)
}

function refuse(socket: Socket, code: string): void {
  if (!socket.writable) socket.destroy()
  else
    socket.end(`HTTP/1.1 ${ANSWERS[code] ?? '400 Bad Request'}\r\nConnection: close\r\n\r\n`, () =>
      socket.destroy(),
    )
}
