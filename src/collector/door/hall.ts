// Where connections wait until they have said what they are.
import type { Socket } from 'node:net'
import { createComplaint } from '../complaint.ts'
import type { CounterName, Counters } from '../counters.ts'
import { answerEarly } from '../early-answer.ts'
import { connectionsMax, type Limits } from '../limits.ts'
import { type NoHello, readHello } from './hello-reader.ts'

const NO_HELLO: Record<NoHello, CounterName> = {
  'not-tls': 'doorNotTls',
  malformed: 'doorHelloMalformed',
  late: 'doorHelloLate',
  left: 'doorLeft',
}

const SPEAK_TLS = {
  status: 400,
  title: 'Bad Request',
  headers: { 'Content-Type': 'text/plain; charset=utf-8' },
  body: 'this port speaks TLS: use https://\n',
}

/** `lead` takes a connection on by the protocols that it offers, or says as a counter why not. */
export function createHall(
  limits: Limits,
  counters: Counters,
  log: (text: string) => void,
  lead: (socket: Socket, alpn: readonly string[]) => CounterName | undefined,
) {
  const complain = createComplaint(log)
  /** Those here and those led on. */
  let open = 0
  /** Those here, the oldest first. */
  const waiting = new Set<Socket>()
  let isClosed = false

  /** Before TLS has cost anything; there is no answer that a TLS client would read. */
  function shed(socket: Socket, counter: CounterName): void {
    counters.add(counter)
    complain(`connections are turned away: there are too many (${counter})`)
    waiting.delete(socket)
    socket.resetAndDestroy()
  }

  function enter(socket: Socket): void {
    if (isClosed) {
      socket.destroy()
      return
    }
    open++
    waiting.add(socket)
    readHello(socket, limits.headersTimeoutMs, (hello) => {
      // It was shed, or the hall closed.
      if (!waiting.has(socket)) return
      if (typeof hello === 'string') {
        counters.add(NO_HELLO[hello])
        if (hello === 'not-tls') answerEarly(socket, SPEAK_TLS)
        else socket.destroy()
        return
      }
      const why = lead(socket, hello.alpn)
      if (why === undefined) waiting.delete(socket)
      else shed(socket, why)
    })
    socket.once('close', () => {
      open--
      waiting.delete(socket)
    })
    if (open <= connectionsMax(limits)) return
    // Who says nothing gives way, the one that has waited longest first: a flood of silent ones shuts nobody out.
    const [oldest] = waiting
    if (oldest) shed(oldest, 'doorFullWaiting')
  }

  return {
    enter,
    size: () => waiting.size,
    close() {
      isClosed = true
      const rest = [...waiting]
      waiting.clear()
      for (const socket of rest) socket.destroy()
    },
  }
}
