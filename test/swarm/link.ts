// A network between agents and their collector, as a test has it: slow, held up, or cut.
import { connect, createServer, type Socket } from 'node:net'

export type Link = {
  port: number
  /** What is sent from now on arrives so much later, either way. */
  delay(ms: number): void
  /** Nothing arrives any more, or no answers, and nobody hears of that; what was sent meanwhile arrives at `release`. */
  hold(what?: 'all' | 'answers'): void
  release(): void
  /** Ends all connections, as a network does that forgot them while it was held. */
  cut(): void
  /** Nothing of the connections that there are arrives ever, and neither end is told; later ones are as any. */
  forget(): void
  /** What was sent and never arrived, bytes: to the collector, and answers. */
  lost(): { sent: number; answers: number }
  close(): Promise<void>
}

/** Two sockets that are one connection to their ends. */
type Pair = { isForgotten: boolean }

/** Listens on a free loopback port and passes everything on to `port`. */
export async function linkTo(port: number): Promise<Link> {
  const open = new Set<Socket>()
  const pairs = new Set<Pair>()
  const lost = { sent: 0, answers: 0 }
  let delayMs = 0
  let held: { what: 'all' | 'answers'; waiting: (() => void)[] } | undefined
  const pass = (pair: Pair, of: 'sent' | 'answers', from: Socket, to: Socket): void => {
    const give = (bytes: Buffer): void => {
      if (pair.isForgotten || to.destroyed) lost[of] += bytes.length
      else to.write(bytes)
    }
    // Each timer passes on what has waited longest: whole milliseconds do not keep timers of one order in it.
    const onTheWay: Buffer[] = []
    const arrive = (): void => {
      const bytes = onTheWay.shift() as Buffer
      if (held && (held.what === 'all' || of === 'answers')) held.waiting.push(() => give(bytes))
      else give(bytes)
    }
    // A span that shrinks must not let later bytes overtake.
    let clearMs = 0
    from.on('data', (bytes: Buffer) => {
      onTheWay.push(bytes)
      clearMs = Math.max(clearMs, performance.now() + delayMs)
      setTimeout(arrive, Math.max(0, clearMs - performance.now()))
    })
  }
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    const pair: Pair = { isForgotten: false }
    pairs.add(pair)
    for (const socket of [near, far]) {
      open.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        open.delete(socket)
        if (pair.isForgotten) return
        pairs.delete(pair)
        near.destroy()
        far.destroy()
      })
    }
    pass(pair, 'sent', near, far)
    pass(pair, 'answers', far, near)
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
    hold(what = 'all') {
      held ??= { what, waiting: [] }
    },
    release() {
      const { waiting } = held ?? { waiting: [] }
      held = undefined
      for (const deliver of waiting) deliver()
    },
    cut,
    forget() {
      for (const pair of pairs) pair.isForgotten = true
      pairs.clear()
    },
    lost: () => ({ ...lost }),
    close: () => {
      cut()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
