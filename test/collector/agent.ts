// What the collector's tests share: a collector in a temporary directory, and an agent that speaks raw
// frames.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { WebSocket } from 'ws'
import { type Collector, startCollector } from '../../src/collector/collector.ts'
import type { MachinesOptions } from '../../src/collector/machines/machines.ts'
import type { Limits } from '../../src/collector/terms/limits.ts'
import type { Alert, Finding } from '../../src/engine/finding.ts'
import {
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  encodeItem,
  type Live,
  STREAM_PATH,
  SUBPROTOCOL,
} from '../../src/stream/codec.ts'
import { agentsSocket } from '../../src/stream/local-socket.ts'
import { tlsOf, type UplinkIdentity } from '../../src/stream/uplink.ts'
import { bytes, pid, unixNs } from '../../src/units.ts'

export const DEVICE_A = '0f8fad5b-d9cb-469f-a165-70867728950e'
export const DEVICE_B = '7c9e6679-7425-40de-944b-e07fc1f90ae7'
export const T0 = 1_790_000_000_000_000_000n

export type Running = {
  collector: Collector
  /** Names it to an agent of this machine: `stateDir` is in it. */
  root: string
  stateDir: string
  /** Address of the socket for agents of this machine. */
  socket: string
  key: string
  log: string[]
  /** GET with the page key. */
  get(path: string): Promise<Response>
  json<T>(path: string): Promise<T>
  stop(): Promise<void>
}

/** A collector on a free port; `stop` ends it and removes its directory. */
export async function runCollector(
  limits: Partial<Limits> = {},
  givenDir?: string,
  descriptors?: number,
  machines?: MachinesOptions,
): Promise<Running> {
  const log: string[] = []
  const stateDir = givenDir ?? join(mkdtempSync(join(tmpdir(), 'freshet-collector-')), 'collector')
  const collector = await startCollector({
    stateDir,
    host: '127.0.0.1',
    port: 0,
    machines,
    log: (text) => log.push(text),
    limits,
    ...(descriptors !== undefined && { descriptors }),
  })
  const secret = (name: string) => readFileSync(join(stateDir, name), 'utf8').trim()
  const key = secret('page.key')
  const get = (path: string) =>
    fetch(`${collector.url}${path}`, { headers: { Authorization: `Bearer ${key}` } })
  return {
    collector,
    root: dirname(stateDir),
    stateDir,
    socket: socketOf(stateDir),
    key,
    log,
    get,
    async json(path) {
      const response = await get(path)
      assert.equal(response.status, 200, path)
      return response.json() as Promise<never>
    },
    async stop() {
      await collector.close()
      rmSync(givenDir ?? dirname(stateDir), { recursive: true, force: true })
    },
  }
}

/** As ws takes it. */
export const socketOf = (stateDir: string): string => `ws+unix:${agentsSocket(stateDir)}:`

export type Connect = {
  /** TLS, as this device. */
  identity?: UplinkIdentity | undefined
  headers?: Record<string, string>
  path?: string
  protocols?: string[]
}

/** A raw client. `next` resolves with the envelopes in their order; rejects when the socket closes. */
export class Agent {
  readonly socket: WebSocket
  readonly closed: Promise<{ code: number; reason: string }>
  readonly #received: Envelope[] = []
  readonly #waiting: ((envelope: Envelope | undefined) => void)[] = []
  #ended = false

  constructor(url: string, options: Connect = {}) {
    const { identity, headers = {}, path = STREAM_PATH, protocols } = options
    this.socket = new WebSocket(`${url.replace('http', 'ws')}${path}`, protocols ?? [SUBPROTOCOL], {
      headers,
      ...(identity && tlsOf(identity)),
    })
    this.socket.on('message', (data) => this.#push(decodeEnvelope(data as Buffer)))
    this.socket.on('error', () => {})
    this.closed = new Promise((resolve) =>
      this.socket.on('close', (code, reason) => {
        this.#ended = true
        for (const wait of this.#waiting.splice(0)) wait(undefined)
        resolve({ code, reason: reason.toString() })
      }),
    )
  }

  async opened(): Promise<this> {
    await once(this.socket, 'open')
    return this
  }

  async next(): Promise<Envelope> {
    const envelope =
      this.#received.shift() ??
      (this.#ended
        ? undefined
        : await new Promise<Envelope | undefined>((resolve) => this.#waiting.push(resolve)))
    assert(envelope, 'the connection was closed')
    return envelope
  }

  async expect<K extends Envelope['kind']>(kind: K): Promise<Extract<Envelope, { kind: K }>> {
    const envelope = await this.next()
    assert.equal(envelope.kind, kind, JSON.stringify(envelope, bigintText))
    return envelope as Extract<Envelope, { kind: K }>
  }

  send(envelope: Exclude<Envelope, { kind: 'unknown' }>): void {
    this.socket.send(encodeEnvelope(envelope))
  }

  /** Says Hello and returns the last durable sequence that Welcome names. */
  async hello(deviceId = DEVICE_A, hostname = 'mac-1'): Promise<number> {
    this.send(helloOf(deviceId, hostname))
    return (await this.expect('welcome')).welcome.lastSequence
  }

  /** Sends items and returns the acknowledgement. */
  async deliver(items: Uint8Array[]) {
    this.send({ kind: 'batch', items })
    return (await this.expect('ack')).ack
  }

  close(): Promise<unknown> {
    this.socket.close()
    return this.closed
  }

  #push(envelope: Envelope): void {
    const wait = this.#waiting.shift()
    if (wait) wait(envelope)
    else this.#received.push(envelope)
  }
}

/** An agent of `running` that has been welcomed. */
export async function connectAgent(running: Running, deviceId = DEVICE_A): Promise<Agent> {
  const agent = await new Agent(running.socket).opened()
  await agent.hello(deviceId, deviceId === DEVICE_A ? 'mac-1' : 'mac-2')
  return agent
}

/** Of every test's agent, unless it says another. */
export const OUTBOX_ID = '0f'.repeat(16)

/** Of a device that has its own. */
export const hardwareOf = (deviceId: string): string => deviceId.replaceAll('-', '').repeat(2)

export function helloOf(
  deviceId: string,
  hostname = 'mac-1',
  capabilities = 0n,
  sentAt = unixNs(T0, 'sentAt'),
): Extract<Envelope, { kind: 'hello' }> {
  return {
    kind: 'hello',
    hello: {
      deviceId,
      outboxId: OUTBOX_ID,
      agentVersion: '0.1.0',
      hardware: hardwareOf(deviceId),
      sentAt,
      capabilities,
      host: {
        hostname,
        os: 'macos',
        osVersion: '14.5',
        osBuild: '23F79',
        hardware: 'Mac15,3',
        arch: 'arm64',
        bootId: '',
      },
    },
  }
}

/** A UUIDv7 (RFC 9562, 5.7) whose time and number come from `number`: the same number, the same id. */
export function uidOf(number: number): Uint8Array {
  const id = Buffer.alloc(16)
  id.writeUIntBE(1_790_000_000_000 + number, 0, 6)
  id.writeUInt16BE(0x7000, 6)
  id.writeUInt32BE(0x80000000, 8)
  id.writeUInt32BE(number % 2 ** 32, 12)
  return id
}

export function itemOf(sequence: number, finding: Finding, uid = uidOf(sequence)): Uint8Array {
  return encodeItem({ id: uid, sequence, finding })
}

export const alertItem = (
  sequence: number,
  change: Partial<Alert> = {},
  uid?: Uint8Array,
): Uint8Array =>
  itemOf(sequence, { at: unixNs(T0, 'at'), kind: 'alert', alert: alertOf(sequence, change) }, uid)

export function alertOf(number: number, change: Partial<Alert> = {}): Alert {
  const at = unixNs(T0 + BigInt(number), 'at')
  return {
    id: number.toString(16).padStart(32, '0'),
    revision: 1,
    state: 'opened',
    severity: 'medium',
    score: 62,
    sentence: `backup-tool sent 8.4 MB to 203.0.113.${number % 256} and got nothing back.`,
    reasons: [
      {
        term: 'volume',
        points: 25,
        value: 8_400_000,
        threshold: 5e6,
        unit: 'B',
        text: '8.4 MB out',
      },
    ],
    openedAt: at,
    updatedAt: at,
    identity: identityOf('backup-tool'),
    responsibleKey: undefined,
    doubt: '',
    chain: [processOf('/opt/backup-tool')],
    destination: destinationOf('203.0.113.0/24:443'),
    bytesOut: bytes(8_400_000, 'bytesOut'),
    bytesIn: bytes(0, 'bytesIn'),
    flows: 1,
    silentFlows: 1,
    unreadFlows: 0,
    atMostFlows: 0,
    tunnelledFlows: 0,
    guessedFlows: 0,
    inAboutFlows: 0,
    listedFlows: undefined,
    largestFlow: { bytesOut: bytes(8_400_000, 'bytesOut'), bytesIn: bytes(0, 'bytesIn'), pcr: 1 },
    timeline: {
      startAt: at,
      bucketMs: 1000,
      bytesOut: [bytes(8_400_000, 'bytesOut')],
      bytesIn: [bytes(0, 'bytesIn')],
    },
    policyVersion: 1,
    reference: '0123456789abcdef',
    techniques: ['AN0032'],
    ...change,
  }
}

export function identityOf(
  name: string,
  change: Partial<Alert['identity']> = {},
): Alert['identity'] {
  return {
    key: `unsigned:sha256:${name}`,
    signerClass: 'unsigned',
    name,
    path: `/opt/${name}`,
    sha256: 'ab'.repeat(32),
    signingId: '',
    teamId: '',
    cdhash: '',
    firstSeenAt: unixNs(T0, 'firstSeenAt'),
    firstNetworkAt: undefined,
    ...change,
  }
}

export function processOf(path: string): Alert['chain'][number] {
  return {
    pid: pid(4242, 'pid'),
    pidversion: 1,
    path,
    script: '',
    scriptSha256: '',
    scriptFrom: '',
    foreignCode: [],
    foreignCodeMore: false,
    uid: 501,
    user: 'ana',
    startedAt: unixNs(T0, 'startedAt'),
    identityKey: undefined,
    socketsBy: '',
    arguments: undefined,
  }
}

export function destinationOf(key: string): Alert['destination'] {
  return { key, address: '203.0.113.7', port: 443, hostname: '', protocol: 6 }
}

export function liveOf(change: Partial<Live> = {}): Live {
  return {
    at: unixNs(T0, 'at'),
    records: 10,
    execs: 2,
    flows: 3,
    processes: 200,
    openFlows: 1,
    identities: 40,
    bytesOut: 1000,
    bytesIn: 500,
    unattributedFlows: 0,
    lost: 0,
    outboxItems: 0,
    outboxEvicted: 0,
    alerts: 0,
    degraded: '',
    top: [],
    ...change,
  }
}

function bigintText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
