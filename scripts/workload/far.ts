// The other side of a workload: its servers, in one process in the other namespace. Given as JSON on the command line; says
// one line when all listen. It answers whoever asks: nothing here is to be trusted with anything.
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { serveGit } from './far/git.ts'
import { serveRegistry } from './far/registry.ts'
import { serveRestic } from './far/restic.ts'
import { serveSsh } from './far/ssh.ts'
import { serveWeb } from './far/web.ts'
import type { Server } from './table.ts'

export type FarOptions = {
  servers: readonly Server[]
  /** The watched host. */
  near: string
  /** A folder with `key.pem` and `cert.pem` of all names, and room for what is sent. */
  directory: string
}

/** Ends with the answer, however much that is: a peer that has closed its side still reads. */
const answering = (answerOf: (bytesIn: number) => number) => (socket: Socket) => {
  let bytesIn = 0
  socket.on('data', (data) => (bytesIn += data.length))
  socket.on('end', () => socket.end(Buffer.alloc(answerOf(bytesIn), 0x66)))
  socket.on('error', () => socket.destroy())
}

/** Gives back as it comes: a stream of both ways at once. */
const echoing = (share: number) => (socket: Socket) => {
  let owed = 0
  socket.on('data', (data) => {
    owed += data.length * share
    const bytes = Math.floor(owed)
    owed -= bytes
    if (bytes > 0) socket.write(Buffer.alloc(bytes, 0x66))
  })
  socket.on('end', () => socket.end())
  socket.on('error', () => socket.destroy())
}

async function listen(
  take: (socket: Socket) => void,
  address: string,
  port: number,
): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, take)
  server.listen(port, address, 512)
  await once(server, 'listening')
}

async function serve(server: Server, { near, directory }: FarOptions): Promise<void> {
  const { kind, address, port } = server
  if (kind === 'web') return serveWeb(server, directory)
  if (kind === 'registry') return serveRegistry(server, directory)
  if (kind === 'git') return serveGit(server, directory)
  if (kind === 'restic') return serveRestic(server, directory)
  if (kind === 'ssh') return serveSsh(server, directory)
  if (kind === 'sink') {
    const { answerBytes = 0, answerShare = 0, ports = 1 } = server
    const take = answerShare > 0 ? echoing(answerShare) : answering(() => answerBytes)
    for (let at = 0; at < ports; at++) await listen(take, address, port + at)
  } else if (kind === 'tools') {
    let isFirst = true
    const take = answering(() => {
      const bytes = isFirst ? server.firstBytes : server.answerBytes
      isFirst = false
      return bytes
    })
    await listen(take, address, port)
  } else if (kind === 'datagrams') {
    const socket = createSocket('udp4')
    if (server.answers)
      socket.on('message', (data, from) => socket.send(data, from.port, from.address))
    socket.bind(port, address)
    await once(socket, 'listening')
  } else if (kind === 'fetcher') void fetchWhenOpen(address, near, port)
  else kind satisfies never
}

const TRY_MS = 200
const TRIES_MAX = 200

/** Connects until it is let in, asks, and reads to the end. */
async function fetchWhenOpen(localAddress: string, host: string, port: number): Promise<void> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const socket = connect({ host, port, localAddress })
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    if (isOpen) {
      socket.on('error', () => {})
      socket.write('GET / HTTP/1.1\r\n\r\n')
      socket.resume()
      return
    }
    await sleep(TRY_MS)
  }
}

if (import.meta.main) {
  const options = JSON.parse(process.argv[2] ?? '') as FarOptions
  // Of a certificate for all names OpenSSL's own command makes the least fuss.
  const names = [...new Set(options.servers.map(({ host }) => host))]
  const made = spawn(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=workload'],
      ...['-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`],
      ...['-keyout', `${options.directory}/key.pem`, '-out', `${options.directory}/cert.pem`],
    ],
    { stdio: ['ignore', 'ignore', 'ignore'] },
  )
  const [status] = (await once(made, 'close')) as [number | null]
  if (status !== 0) throw new Error(`openssl ended with ${status}`)
  for (const server of options.servers) await serve(server, options)
  console.log('listening')
  // Its other end is who wants these servers.
  process.stdin.on('close', () => process.exit(0)).resume()
}
