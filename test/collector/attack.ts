// A gateway with a real store to attack, and connections to it that say any bytes at all. They run over
// streams in memory, since a million TCP connections would run out of ports before the gateway of anything.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Duplex, duplexPair } from 'node:stream'
import { createClientErrors } from '../../src/collector/api/client-error.ts'
import { Devices } from '../../src/collector/gateway/devices.ts'
import { createGateway } from '../../src/collector/gateway/gateway.ts'
import { loadStore } from '../../src/collector/store/store.ts'
import { Counters } from '../../src/collector/terms/counters.ts'
import { LIMITS, type Limits } from '../../src/collector/terms/limits.ts'
import { STREAM_PATH, SUBPROTOCOL } from '../../src/stream/codec.ts'
import { nowUnixNs } from '../../src/units.ts'
import { Agent, alertItem } from './agent.ts'

/** In place of a handshake, which says whose certificate the connection showed. */
const DEVICE_HEADER = 'x-device'
const QUARANTINED_HEADER = 'x-quarantined'

export type Attacked = Awaited<ReturnType<typeof attacked>>

export async function attacked(change: Partial<Limits> = {}) {
  const limits = { ...LIMITS, ...change }
  const directory = mkdtempSync(join(tmpdir(), 'freshet-attacked-'))
  const log: string[] = []
  const loaded = await loadStore({ now: nowUnixNs, log: (text) => log.push(text) })
  const store = await loaded.open(join(directory, 'store.db'))
  const counters = new Counters()
  const gateway = createGateway({
    ledger: store,
    devices: new Devices(limits.devicesRememberedMax),
    counters,
    limits,
    now: nowUnixNs,
    bootId: '',
    log: (text) => log.push(text),
    onStored: () => {},
  })
  const server = createServer({
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: 2 * limits.headersTimeoutMs,
    connectionsCheckingInterval: 100,
  })
  server.on('upgrade', (request, socket, head) => {
    const deviceId = `${request.headers[DEVICE_HEADER]}`
    gateway.upgradeEnrolled(request, socket, head, {
      ...{ deviceId, fingerprint: deviceId, address: '' },
      isQuarantined: request.headers[QUARANTINED_HEADER] !== undefined,
    })
  })
  server.on('clientError', createClientErrors(counters).onClientError)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    counters: () => counters.read(),
    connected: () => gateway.size(),
    log,
    tcp: () => connect(port, '127.0.0.1').on('error', () => {}),
    /** The client's end of a connection in memory. */
    inMemory(): Duplex {
      const [client, serverEnd] = duplexPair()
      client.on('error', () => {})
      serverEnd.on('error', () => {})
      // As a socket's end would be seen by its peer.
      serverEnd.on('close', () => client.destroy())
      client.on('close', () => serverEnd.destroy())
      server.emit('connection', serverEnd)
      return client
    },
    agent: (deviceId: string) =>
      new Agent(`http://127.0.0.1:${port}`, { headers: { [DEVICE_HEADER]: deviceId } }).opened(),
    async stop() {
      await gateway.close()
      server.close()
      server.closeAllConnections()
      await store.close()
      rmSync(directory, { recursive: true })
    },
  }
}

export const upgradeOf = (deviceId: string, isQuarantined = false): string =>
  [
    `GET ${STREAM_PATH} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    `Sec-WebSocket-Protocol: ${SUBPROTOCOL}`,
    `${DEVICE_HEADER}: ${deviceId}`,
    ...(isQuarantined ? [`${QUARANTINED_HEADER}: yes`] : []),
    '\r\n',
  ].join('\r\n')

/** A frame of RFC 6455, 5.2, masked with zeros. `first`: FIN and opcode. */
export function webSocketFrame(payload: Uint8Array, first = 0x82): Buffer {
  const size = payload.length
  const head = Buffer.alloc(size < 126 ? 6 : size < 65_536 ? 8 : 14)
  head[0] = first
  if (size < 126) head[1] = 0x80 | size
  else if (size < 65_536) {
    head[1] = 0x80 | 126
    head.writeUInt16BE(size, 2)
  } else {
    head[1] = 0x80 | 127
    head.writeBigUInt64BE(BigInt(size), 2)
  }
  return Buffer.concat([head, payload])
}

/** Reads, and ends the connection when the gateway's close frame comes: so a close costs no time-out. */
export function hangUpWhenClosed(client: Duplex): Duplex {
  let rest = Buffer.alloc(0)
  return client.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 4) {
      const isShort = (rest[1] as number) < 126
      const size = isShort ? 2 + (rest[1] as number) : 4 + rest.readUInt16BE(2)
      if (((rest[0] as number) & 0x0f) === 8) client.destroy()
      if (rest.length < size) return
      rest = rest.subarray(size)
    }
  })
}

/** An agent that delivers one alert after the other while `work` runs, and how long each took. */
export async function servedMeanwhile(gateway: Attacked, work: () => Promise<void>) {
  const honestId = '0f8fad5b-d9cb-469f-a165-ffffffffffff'
  const agent = await gateway.agent(honestId)
  await agent.hello(honestId, 'honest')
  const tookMs: number[] = []
  let isDone = false
  const honest = (async () => {
    for (let sequence = 1; !isDone || sequence <= 20; sequence++) {
      const startedMs = performance.now()
      const ack = await agent.deliver([alertItem(sequence)])
      assert.deepEqual(ack, { throughSequence: sequence, rejects: [] })
      tookMs.push(performance.now() - startedMs)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  })()
  const memory = watchMemory()
  try {
    await Promise.race([work(), honest])
  } finally {
    isDone = true
  }
  await honest
  const { grownBytes } = memory.end()
  await agent.close()
  tookMs.sort((a, b) => a - b)
  const p99Ms = tookMs[Math.floor(tookMs.length * 0.99)] as number
  return { delivered: tookMs.length, p99Ms, grownBytes }
}

/** What the process grew by at most, sampled. */
function watchMemory() {
  const { rss } = process.memoryUsage()
  let most = rss
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 20)
  return {
    end() {
      clearInterval(timer)
      return { grownBytes: Math.max(most, process.memoryUsage.rss()) - rss }
    },
  }
}

export const MiB = 1024 * 1024

/** Every connection that was accepted has ended for a reason that is counted, or is still there. */
export function assertAccounted(gateway: Attacked): void {
  const counts = gateway.counters()
  const ended = Object.entries(counts).filter(([name]) => /^agents(Closed|Left|Lost)/.test(name))
  const sum = ended.reduce((total, [, count]) => total + count, 0)
  assert.equal(sum + gateway.connected(), counts.agentsAccepted, JSON.stringify(counts))
}
