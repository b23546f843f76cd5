// Requests that never became any: too slow, too large, or no HTTP.
import type { Socket } from 'node:net'
import type { Counters } from '../counters.ts'

const ANSWERS: Record<string, string> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
}

/** For http.Server's 'clientError': counts, answers as Node would, and ends the connection. */
export function createClientErrorListener(counters: Counters) {
  return (error: NodeJS.ErrnoException, socket: Socket): void => {
    const code = error.code ?? ''
    if (code === 'ERR_HTTP_REQUEST_TIMEOUT') counters.add('headersLate')
    // Others (ECONNRESET, EPIPE) are connections that were lost.
    else if (code.startsWith('HPE_')) counters.add('headersMalformed')
    if (!socket.writable) socket.destroy()
    else
      socket.end(
        `HTTP/1.1 ${ANSWERS[code] ?? '400 Bad Request'}\r\nConnection: close\r\n\r\n`,
        () => socket.destroy(),
      )
  }
}
