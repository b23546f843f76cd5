// The connections of one kind, from the end of their ClientHello on: agents', or people's.
import type { Socket } from 'node:net'
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls'
import type { CounterName, Counters } from '../counters.ts'
import { type Limits, shedAbove } from '../limits.ts'
import { RateLimit } from '../rate.ts'
import { contextOf, type Material } from './tls-context.ts'
import { failureOf } from './tls-failure.ts'

export type Lane = {
  /** Why there is no place for another one, as a counter; undefined where there is, and one of the rate's is taken. */
  refusal(): CounterName | undefined
  /** Begins TLS on a connection whose bytes have all been put back. */
  begin(socket: Socket): void
  renew(material: Material): void
  /** Handed to `begin` and not closed. */
  size(): number
  /** Of these, in a handshake. */
  unfinished(): Socket[]
}

export function createLane(options: {
  /** What this kind is asked for. */
  tls: Pick<TlsOptions, 'ALPNProtocols' | 'requestCert' | 'rejectUnauthorized'>
  material: Material
  limits: Limits
  counters: Counters
  openMax: number
  /** Counts who comes when there are so many. */
  full: CounterName
  /** A handshake is over. */
  onSecure: (socket: TLSSocket) => void
}): Lane {
  const { limits, counters, openMax, full, onSecure } = options
  const server = createServer({
    ...contextOf(options.material),
    ...options.tls,
    handshakeTimeout: limits.headersTimeoutMs,
  })
  const rate = new RateLimit(
    shedAbove(limits.connectsPerSecond),
    shedAbove(limits.connectsBurst),
    performance.now(),
  )
  /** By their addresses: nothing else says which socket a TLSSocket has come of. */
  const handshakes = new Map<string, Socket>()
  let open = 0

  server.on('secureConnection', (socket) => {
    handshakes.delete(keyOf(socket))
    onSecure(socket)
  })
  server.on('tlsClientError', (error, socket) => {
    counters.add(failureOf(error))
    socket.destroy()
  })

  return {
    refusal() {
      if (open >= openMax) return full
      if (handshakes.size >= shedAbove(limits.connectsBurst)) return 'doorRate'
      return rate.take(performance.now()) ? undefined : 'doorRate'
    },
    begin(socket) {
      const key = keyOf(socket)
      open++
      handshakes.set(key, socket)
      socket.once('close', () => {
        open--
        if (handshakes.get(key) === socket) handshakes.delete(key)
      })
      // It need not listen to serve what others have accepted; TLSSocket reads first what its socket has read (initRead in
      // lib/internal/tls/wrap.js).
      server.emit('connection', socket)
    },
    renew(material) {
      server.setSecureContext(contextOf(material))
    },
    size: () => open,
    unfinished: () => [...handshakes.values()],
  }
}

const keyOf = ({ remoteAddress, remotePort, localAddress, localPort }: Socket): string =>
  `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`
