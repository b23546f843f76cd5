// The connections of one kind, from the end of their ClientHello on: agents', or people's.
import type { Socket } from 'node:net'
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls'
import type { CounterName, Counters } from '../terms/counters.ts'
import type { Limits } from '../terms/limits.ts'
import type { Held } from './hello-reader.ts'
import { contextOf, type Material } from './tls-context.ts'
import { failureOf } from './tls-failure.ts'

/** Between two looks at the queue, while there is one and nothing else calls for a look. */
const LOOK_MS = 20
/** What beginning handshakes may take of one turn of the event loop, at the least and at the most. */
const SLICE_MS_MIN = 10
const SLICE_MS_MAX = 100

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
 * A handshake costs a millisecond or two, so `handshakesAtOnce` are under way at once, and another begins when one is over. Who
 * comes above that waits for his turn: a held connection costs a few kilobytes, and one that is sent away comes again and
 * costs another. How many begin is what the event loop bears: half of its time at the most, so that agents that are there are
 * read and acknowledged meanwhile, however long a handshake takes on this machine.
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
  /** A handshake came to nothing. */
  onFailure: (counter: CounterName, address: string) => void
  /** A handshake is over. */
  onSecure: (socket: TLSSocket) => void
}): Lane {
  const { limits, counters, openMax, full, shed, onFailure, onSecure } = options
  const server = createServer({
    ...contextOf(options.material),
    ...options.tls,
    handshakeTimeout: limits.handshakeMs,
  })
  /** The first is the next; `sinceMs` is monotonic, here and below. */
  const queue = new Map<Socket, { held: Held; sinceMs: number }>()
  /** The oldest first. By their addresses: nothing else says which socket a TLSSocket has come of. */
  const handshakes = new Map<string, { socket: Socket; sinceMs: number }>()
  let open = 0
  /** Handshakes that gave way, of which node:tls has still to say that they broke off. */
  let gaveWay = 0
  let isLookDue = false
  let isWoken = false
  let lookedAtMs = performance.now()

  server.on('secureConnection', (socket) => {
    handshakes.delete(keyOf(socket))
    onSecure(socket)
    wake()
  })
  server.on('tlsClientError', (error, socket) => {
    const failure = failureOf(error)
    if (failure === 'doorTlsLost' && gaveWay > 0) gaveWay--
    else {
      counters.add(failure)
      onFailure(failure, socket.remoteAddress ?? '')
    }
    socket.destroy()
  })

  /** Once a turn of the event loop, whoever asks. */
  function wake(): void {
    if (isWoken || queue.size === 0) return
    isWoken = true
    setImmediate(() => {
      isWoken = false
      look()
    })
  }

  function look(): void {
    const nowMs = performance.now()
    // As long as all else took since the last.
    const sliceMs = Math.min(SLICE_MS_MAX, Math.max(SLICE_MS_MIN, nowMs - lookedAtMs))
    for (const [socket, { held }] of queue) {
      if (performance.now() - nowMs >= sliceMs || !hasTurn(nowMs)) break
      queue.delete(socket)
      begin(held, nowMs)
    }
    for (const [socket, { sinceMs }] of queue) {
      if (nowMs - sinceMs < limits.turnMs) break
      queue.delete(socket)
      shed(socket, 'doorTurnLate')
    }
    lookedAtMs = performance.now()
    if (queue.size === 0 || isLookDue) return
    isLookDue = true
    setTimeout(() => {
      isLookDue = false
      look()
    }, LOOK_MS)
  }

  /** Whether another handshake may begin; the one that has taken longest may give way for it. */
  function hasTurn(nowMs: number): boolean {
    let slow = 0
    for (const { sinceMs } of handshakes.values()) {
      if (nowMs - sinceMs < limits.handshakeFreshMs) break
      slow++
    }
    if (handshakes.size - slow >= limits.handshakesAtOnce) return false
    if (handshakes.size < limits.handshakesMax) return true
    for (const [key, { socket, sinceMs }] of handshakes) {
      if (nowMs - sinceMs < limits.handshakeStaleMs) return false
      handshakes.delete(key)
      gaveWay++
      shed(socket, 'doorTlsStale')
      return true
    }
    return false
  }

  function begin({ socket, putBack }: Held, nowMs: number): void {
    const key = keyOf(socket)
    handshakes.set(key, { socket, sinceMs: nowMs })
    socket.once('close', () => {
      if (handshakes.get(key)?.socket !== socket) return
      handshakes.delete(key)
      wake()
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
      wake()
    },
    renew(material) {
      server.setSecureContext(contextOf(material))
    },
    sizes: () => ({ queued: queue.size, handshakes: handshakes.size, open }),
    close() {
      const rest = [...queue.keys(), ...[...handshakes.values()].map(({ socket }) => socket)]
      queue.clear()
      for (const socket of rest) socket.destroy()
    },
  }
}

const keyOf = ({ remoteAddress, remotePort, localAddress, localPort }: Socket): string =>
  `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`
