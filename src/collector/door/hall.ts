// Where connections wait until they have said what they are.
import type { Socket } from 'node:net'
import type { CounterName, Counters } from '../terms/counters.ts'
import { answerEarly } from '../terms/early-answer.ts'
import { connectionsMax, type Limits } from '../terms/limits.ts'
import { type Held, type NoHello, readHello } from './hello-reader.ts'

const NO_HELLO: Record<NoHello, CounterName> = {
  'not-tls': 'doorNotTls',
  malformed: 'doorHelloMalformed',
  late: 'doorHelloLate',
  left: 'doorLeft',
  more: 'doorHelloMore',
}

const SPEAK_TLS = {
  status: 400,
  title: 'Bad Request',
  headers: { 'Content-Type': 'text/plain; charset=utf-8' },
  body: 'this port speaks TLS: use https://\n',
}

export type Hall = {
  /** For net.Server's 'connection'. */
  enter(socket: Socket): void
  /** Connections that have not said what they are. */
  size(): number
  /** Ends those, and who comes later. */
  close(): void
}

/** `lead` takes on who has said what he is, `shed` sends one away, `tell` is told of who is not led on. */
export function createHall(
  limits: Limits,
  counters: Counters,
  lead: (held: Held) => void,
  shed: (socket: Socket, counter: CounterName) => void,
  tell: (counter: CounterName, address: string) => void,
): Hall {
  /** Those here and those led on. */
  let open = 0
  /** Those here, the oldest first. */
  const waiting = new Set<Socket>()
  let isClosed = false

  function onHello(socket: Socket, held: Held | NoHello): void {
    // It was shed meanwhile, or the hall has closed.
    if (!waiting.has(socket)) return
    if (typeof held === 'object') {
      waiting.delete(socket)
      lead(held)
      return
    }
    counters.add(NO_HELLO[held])
    tell(NO_HELLO[held], socket.remoteAddress ?? '')
    // Who is answered may still give way to another.
    if (held === 'not-tls') answerEarly(socket, SPEAK_TLS)
    else socket.destroy()
  }

  return {
    enter(socket) {
      if (isClosed) {
        socket.destroy()
        return
      }
      open++
      waiting.add(socket)
      readHello(
        socket,
        limits.handshakeMs,
        (held) => onHello(socket, held),
        () => counters.add('doorHelloMore'),
      )
      socket.once('close', () => {
        open--
        waiting.delete(socket)
      })
      if (open <= connectionsMax(limits)) return
      // Who says nothing gives way, the one that has waited longest first: a flood of silent ones shuts nobody out.
      const [oldest] = waiting
      if (!oldest) return
      waiting.delete(oldest)
      shed(oldest, 'doorFullWaiting')
    },
    size: () => waiting.size,
    close() {
      isClosed = true
      const rest = [...waiting]
      waiting.clear()
      for (const socket of rest) socket.destroy()
    },
  }
}
