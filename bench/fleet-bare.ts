// What bench/fleet.ts holds the collector against: a TLS server of Node's that asks for a certificate, verifies it, and
// answers one byte. With the collector's own key and certificate.
import { createServer } from 'node:tls'
import { openAuthority } from '../src/collector/fleet/authority.ts'
import { AGENT_ALPN } from '../src/stream/codec.ts'

const directory = process.argv[2] as string
const authority = await openAuthority(directory, Date.now())
const { key, certificate } = await authority.server(['127.0.0.1'], Date.now())
const server = createServer({
  ...{ key, cert: certificate, ca: authority.trusted, requestCert: true, rejectUnauthorized: true },
  ...{ minVersion: 'TLSv1.3', ALPNProtocols: [AGENT_ALPN] },
})
server.on('secureConnection', (socket) => {
  socket.on('error', () => {})
  socket.on('data', () => socket.write('!'))
})
server.on('tlsClientError', () => {})
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null) process.send?.({ port: address.port })
})
process.once('disconnect', () => process.exit())
