// The connections of one kind, from the end of their ClientHello on: agents', or people's.
import type { Socket } from 'node:net'
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls'
import type { CounterName, Counters } from '../counters.ts'
import { handshakesMax, type Limits } from '../limits.ts'
import { RateLimit } from '../rate.ts'
import type { Held } from './hello-reader.ts'
import { contextOf, type Material } from './tls-context.ts'
import { failureOf } from './tls-failure.ts'

/** Between two looks at the queue, while there is one. */
const LOOK_MS = 20

export type Lane = {
  /** Takes the connection on, or sheds it. */
  enter(held: Held): void
  renew(material: Material): void
  /** Connections: waiting for their handshake, in it, and all (those two among them). */
  sizes(): { queued: number; handshakes: number; open: number }
  /** Ends who has not come through his handshake. */
  close(): void
}

/**
 * A handshake costs milliseconds, so `handshakesMax` are under way at once and `connectsPerSecond` begin; who comes above that
 * waits for his turn, `headersTimeoutMs` at most. Ten thousand agents that come at once, and again by full jitter up to a
 * minute, are served in 40 s where 250 can be a second, and in 20 s where 500 can; sent away without the wait, in 80 s and
 * 70 s (simulated, ten milliseconds a step).
 */
export function createLane(options: {
  /** What this kind is asked for. */
  tls: Pick<TlsOptions, 'ALPNProtocols' | 'requestCert' | 'rejectUnauthorized'>
  material: Material
  limits: Limits
  counters: Counters
  openMax: number
  /** Counts who comes when there are so many. */
  full: CounterName
  /** Sends away, before TLS has cost anything. */
  shed: (socket: Socket, counter: CounterName) => void
  /** A handshake is over. */
  onSecure: (socket: TLSSocket) => void
}): Lane {
  const { limits, counters, openMax, full, shed, onSecure } = options
  const server = createServer({
    ...contextOf(options.material),
    ...options.tls,
    handshakeTimeout: limits.headersTimeoutMs,
  })
  const rate = new RateLimit(limits.connectsPerSecond, limits.connectsBurst, performance.now())
  /** The first is the next; `sinceMs` is monotonic. */
  const queue = new Map<Socket, { held: Held; sinceMs: number }>()
  /** By their addresses: nothing else says which socket a TLSSocket has come of. */
  const handshakes = new Map<string, Socket>()
  let open = 0
  let timer: NodeJS.Timeout | undefined

  server.on('secureConnection', (socket) => {
    handshakes.delete(keyOf(socket))
    onSecure(socket)
    look()
  })
  server.on('tlsClientError', (error, socket) => {
    counters.add(failureOf(error))
    socket.destroy()
  })

  function look(): void {
    const nowMs = performance.now()
    for (const [socket, { held }] of queue) {
      if (handshakes.size >= handshakesMax(limits) || !rate.take(nowMs)) break
      queue.delete(socket)
      begin(held)
    }
    for (const [socket, { sinceMs }] of queue) {
      if (nowMs - sinceMs < limits.headersTimeoutMs) break
      queue.delete(socket)
      shed(socket, 'doorRate')
    }
    if (queue.size > 0 && timer === undefined)
      timer = setTimeout(() => {
        timer = undefined
        look()
      }, LOOK_MS)
  }

  function begin({ socket, putBack }: Held): void {
    const key = keyOf(socket)
    handshakes.set(key, socket)
    socket.once('close', () => {
      if (handshakes.get(key) !== socket) return
      handshakes.delete(key)
      look()
    })
    putBack()
    // It need not listen to serve what others have accepted; TLSSocket reads first what its socket has read (initRead in
    // lib/internal/tls/wrap.js).
    server.emit('connection', socket)
  }

  return {
    enter(held) {
      const { socket } = held
      if (open >= openMax) {
        shed(socket, full)
        return
      }
      open++
      queue.set(socket, { held, sinceMs: performance.now() })
      socket.once('close', () => {
        open--
        queue.delete(socket)
      })
      look()
    },
    renew(material) {
      server.setSecureContext(contextOf(material))
    },
    sizes: () => ({ queued: queue.size, handshakes: handshakes.size, open }),
    close() {
      const rest = [...queue.keys(), ...handshakes.values()]
      queue.clear()
      for (const socket of rest) socket.destroy()
    },
  }
}

const keyOf = ({ remoteAddress, remotePort, localAddress, localPort }: Socket): string =>
  `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`
