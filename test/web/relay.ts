// A TCP relay between browser and collector that can be cut, as a network can.
import { connect, createServer, type Socket } from 'node:net'

export type Relay = {
  url: string
  /** Ends all connections and refuses new ones until `mend`. */
  cut(): void
  mend(): void
  close(): Promise<void>
}

/** Listens on a free loopback port and passes everything on to `port`. */
export async function relayTo(port: number): Promise<Relay> {
  const open = new Set<Socket>()
  let broken = false
  const server = createServer((near) => {
    if (broken) {
      near.destroy()
      return
    }
    const far = connect(port, '127.0.0.1')
    for (const socket of [near, far]) {
      open.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        open.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far).pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the relay has no port')
  const cut = (): void => {
    broken = true
    for (const socket of open) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${address.port}`,
    cut,
    mend: () => {
      broken = false
    },
    close: () => {
      cut()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
