// Uploads whose bytes are known: to a server of the step's own, at an address of this Mac that is not loopback.
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { networkInterfaces } from 'node:os'
import { endOf, firstLine, type Mac, type Ran } from './mac.ts'

export type Sink = {
  host: string
  port: number
  /** What came over each connection, by the port it came from. */
  got: Map<number, number>
  close(): void
}

/** The first address of this machine that others reach; loopback where it has none. */
export const ownAddress = (interfaces = networkInterfaces()): string =>
  Object.values(interfaces)
    .flatMap((some) => some ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1'

/** Takes what comes, and answers each connection that has sent a line with one, so that curl has its answer. */
export async function openSink(host = ownAddress()): Promise<Sink> {
  const got = new Map<number, number>()
  const server: Server = createServer((socket) => {
    const from = socket.remotePort ?? 0
    got.set(from, 0)
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      got.set(from, (got.get(from) ?? 0) + chunk.length)
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
    })
  })
  server.listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { host, port, got, close: () => void server.close() }
}

/** Ends in good order, or by a reset, as SO_LINGER 0 has it; when the kernel has taken all and the sink has answered. */
export const uploadScript = ({ host, port }: Sink, bytes: number, isReset: boolean): string =>
  `const s = require('node:net').connect(${port}, '${host}', () => s.write(Buffer.alloc(${bytes}), () =>
  setTimeout(() => s.${isReset ? 'resetAndDestroy' : 'end'}(), 3000)))
s.resume(); s.on('error', (e) => { console.log(e.message); process.exitCode = 1 })`

export const sendTo = (mac: Mac, sink: Sink, bytes: number, isReset = false): Promise<Ran> =>
  mac.run(process.execPath, ['-e', uploadScript(sink, bytes, isReset)], { seconds: 120 })

const sudo = (mac: Mac, ...command: string[]) => mac.run('sudo', ['-n', ...command])

/** Two of a hundred packets to a port are lost, until `heal`; or macOS would not have it, in its own words. */
export async function losing(
  mac: Mac,
  port: number,
): Promise<{ heal: () => Promise<void> } | { refusal: string }> {
  const rule = `dummynet in quick proto tcp from any to any port ${port} pipe 1`
  const pipe = await sudo(mac, 'dnctl', 'pipe', '1', 'config', 'plr', '0.02')
  const taken = await sudo(mac, 'sh', '-c', `echo '${rule}' | pfctl -q -f - && pfctl -q -E`)
  const heal = async () => {
    await sudo(mac, 'pfctl', '-q', '-f', '/etc/pf.conf')
    await sudo(mac, 'pfctl', '-q', '-d')
    await sudo(mac, 'dnctl', '-q', 'flush')
  }
  const refused = [pipe, taken].find(({ status }) => status !== 0)
  if (refused === undefined) return { heal }
  await heal()
  return { refusal: `${endOf(refused)}, ${firstLine(refused.output)}` }
}
