// A network between agents and their collector, as a test has it: slow, held up, or cut.
import { connect, createServer, type Socket } from 'node:net'

export type Link = {
  port: number
  /** What is sent from now on arrives so much later, either way. */
  delay(ms: number): void
  /** Nothing arrives any more, and nobody hears of that; what was sent meanwhile arrives at `release`. */
  hold(): void
  release(): void
  /** Ends all connections, as a network does that forgot them while it was held. */
  cut(): void
  close(): Promise<void>
}

/** Listens on a free loopback port and passes everything on to `port`. */
export async function linkTo(port: number): Promise<Link> {
  const open = new Set<Socket>()
  let delayMs = 0
  let held: (() => void)[] | undefined
  const pass = (from: Socket, to: Socket): void => {
    // In order, since timers of one span are; a span that shrinks must not let later bytes overtake.
    let clearMs = 0
    from.on('data', (bytes) => {
      const deliver = () => {
        if (held) held.push(() => to.write(bytes))
        else to.write(bytes)
      }
      clearMs = Math.max(clearMs, performance.now() + delayMs)
      setTimeout(deliver, Math.max(0, clearMs - performance.now()))
    })
  }
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    for (const socket of [near, far]) {
      open.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        open.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    pass(near, far)
    pass(far, near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the link has no port')
  const cut = (): void => {
    for (const socket of open) socket.destroy()
  }
  return {
    port: address.port,
    delay(ms) {
      delayMs = ms
    },
    hold() {
      held ??= []
    },
    release() {
      const waiting = held ?? []
      held = undefined
      for (const deliver of waiting) deliver()
    },
    cut,
    close: () => {
      cut()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
