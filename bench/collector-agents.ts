// The agents of bench/collector.ts, in a thread of their own: frames are made beforehand, then sent as
// fast as credit allows.
import { createHash } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { WebSocket } from 'ws'
import type { Alert } from '../src/engine/finding.ts'
import {
  decodeEnvelope,
  encodeEnvelope,
  encodeItem,
  STREAM_PATH,
  SUBPROTOCOL,
} from '../src/stream/codec.ts'
import { bytes, pid, unixNs } from '../src/units.ts'

/** What the thread is started with; `firstNumber` keeps ids apart from what is stored already. */
export type Load = {
  /** Where the gateway takes agents of this machine. */
  socket: string
  agents: number
  framesAnAgent: number
  alertsAFrame: number
  firstNumber: number
  /** Frames a second of all agents together; undefined: as fast as credit allows. */
  framesPerSecond: number | undefined
}

/** What it answers: how long all took, and how long each frame waited for its acknowledgement. */
export type Measured = { elapsedMs: number; waitsMs: Float64Array }

const START_MS = 1_790_000_000_000

/** UUIDv7 (RFC 9562, 5.7) in the order of numbers. */
export function deliveryId(number: number): Uint8Array {
  const id = Buffer.alloc(16)
  id.writeUIntBE(START_MS + Math.floor(number / 20), 0, 6)
  id.writeUInt16BE(0x7000 | (number % 20), 6)
  id.writeUInt32BE(0x80000000, 8)
  id.writeUInt32BE(number, 12)
  return id
}

/** Alert `number`, some 700 bytes, of a program of its own or of `program`. */
export function encodedAlert(number: number, sequence: number, program = number): Uint8Array {
  const id = deliveryId(number)
  const at = unixNs(BigInt(START_MS) * 1_000_000n, 'at')
  return encodeItem({
    id,
    sequence,
    finding: { at, kind: 'alert', alert: alertOf(number, program, at) },
  })
}

function alertOf(number: number, program: number, at: Alert['openedAt']): Alert {
  const hash = createHash('sha256').update(`${program}`).digest('hex')
  const sent = bytes(8_000_000 + number, 'bytesOut')
  const none = bytes(0, 'bytesIn')
  return {
    id: createHash('sha256').update(`${number}`).digest('hex').slice(0, 32),
    revision: 1,
    state: 'opened',
    severity: (['low', 'medium', 'high'] as const)[number % 3] as Alert['severity'],
    score: 62,
    sentence: `backup-tool, first seen 2 minutes ago, sent ${sent} B to 203.0.113.7 and got nothing back.`,
    reasons: (['novelty', 'volume', 'no_response'] as const).map((term) => ({
      term,
      points: 20,
      value: 8_000_000,
      threshold: 5_000_000,
      unit: 'B' as const,
      text: 'it sent 8 MB where 5 MB is much',
    })),
    openedAt: at,
    updatedAt: at,
    identity: {
      key: `unsigned:sha256:${hash}`,
      signerClass: 'unsigned',
      name: 'backup-tool',
      path: '/Users/ana/Downloads/backup-tool',
      sha256: hash,
      signingId: '',
      teamId: '',
      cdhash: '',
      firstSeenAt: at,
      firstNetworkAt: at,
    },
    responsibleKey: undefined,
    doubt: '',
    chain: ['/Users/ana/Downloads/backup-tool', '/bin/zsh'].map((path) => ({
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
      startedAt: at,
      identityKey: undefined,
      socketsBy: '',
      arguments: undefined,
    })),
    destination: {
      key: '203.0.113.0/24:443',
      address: '203.0.113.7',
      port: 443,
      hostname: '',
      protocol: 6,
    },
    bytesOut: sent,
    bytesIn: none,
    flows: 1,
    silentFlows: 1,
    unreadFlows: 0,
    atMostFlows: 0,
    tunnelledFlows: 0,
    guessedFlows: 0,
    inAboutFlows: 0,
    listedFlows: undefined,
    largestFlow: { bytesOut: sent, bytesIn: none, pcr: 1 },
    timeline: {
      startAt: at,
      bucketMs: 1000,
      bytesOut: Array.from({ length: 10 }, () => bytes(800_000, 'bytesOut')),
      bytesIn: Array.from({ length: 10 }, () => none),
    },
    policyVersion: 1,
    reference: '0123456789abcdef',
    techniques: ['AN0032', 'DET0011', 'T1001.001'],
  }
}

/** The UUID of agent `index`. */
export const deviceId = (index: number): string =>
  `0f8fad5b-d9cb-469f-a165-${index.toString(16).padStart(12, '0')}`

const host = {
  hostname: 'bench',
  os: 'macos',
  osVersion: '',
  osBuild: '',
  hardware: '',
  arch: '',
  bootId: '',
}

/**
 * Resolves with each frame's wait in ms when the last is acknowledged. Rejects when the collector ends the
 * connection.
 */
function deliver(
  socket: WebSocket,
  frames: Uint8Array[],
  {
    alertsAFrame,
    credit,
    frameEveryMs,
  }: { alertsAFrame: number; credit: number; frameEveryMs: number },
) {
  return new Promise<Float64Array>((resolve, reject) => {
    const waitsMs = new Float64Array(frames.length)
    const startedMs = performance.now()
    let sent = 0
    let acknowledgedFrames = 0
    const isDue = () => performance.now() - startedMs >= sent * frameEveryMs
    const pump = () => {
      while (
        sent < frames.length &&
        (sent - acknowledgedFrames + 1) * alertsAFrame <= credit &&
        isDue()
      ) {
        waitsMs[sent] = -performance.now()
        socket.send(frames[sent++] as Uint8Array)
      }
    }
    const timer = frameEveryMs > 0 ? setInterval(pump, 1) : undefined
    socket.on('message', (data) => {
      const envelope = decodeEnvelope(data as Buffer)
      if (envelope.kind === 'goodbye') reject(new Error(`goodbye: ${envelope.reason}`))
      if (envelope.kind !== 'ack') return
      const throughFrame = envelope.ack.throughSequence / alertsAFrame
      const nowMs = performance.now()
      while (acknowledgedFrames < throughFrame)
        waitsMs[acknowledgedFrames] = (waitsMs[acknowledgedFrames++] as number) + nowMs
      if (acknowledgedFrames === frames.length) {
        clearInterval(timer)
        resolve(waitsMs)
      } else pump()
    })
    socket.on('close', () => reject(new Error('the collector closed the connection')))
    pump()
  })
}

async function main(load: Load): Promise<void> {
  const { agents, framesAnAgent, alertsAFrame } = load
  const connected = await Promise.all(
    Array.from({ length: agents }, async (_, index) => {
      const frames = Array.from({ length: framesAnAgent }, (_, frame) => {
        const items = Array.from({ length: alertsAFrame }, (_, item) => {
          const nth = frame * alertsAFrame + item
          // Numbers of all agents rise together, as the times of their ids do.
          return encodedAlert(load.firstNumber + nth * agents + index, nth + 1)
        })
        return encodeEnvelope({ kind: 'batch', items })
      })
      const socket = new WebSocket(`ws+unix:${load.socket}:${STREAM_PATH}`, SUBPROTOCOL)
      const credit = await new Promise<number>((resolve, reject) => {
        const sentAt = unixNs(1n, 'sentAt')
        const hello = {
          // New devices each run: the numbers of their items begin at 1.
          deviceId: deviceId(load.firstNumber + index),
          outboxId: '0'.repeat(32),
          agentVersion: '',
          sentAt,
          capabilities: 0n,
          host,
        }
        socket.on('open', () => socket.send(encodeEnvelope({ kind: 'hello', hello })))
        socket.on('error', reject)
        socket.once('message', (data) => {
          const envelope = decodeEnvelope(data as Buffer)
          if (envelope.kind === 'welcome') resolve(envelope.welcome.creditItems)
          else reject(new Error(`${envelope.kind} in place of welcome`))
        })
      })
      return { socket, frames, credit }
    }),
  )
  const frameEveryMs = load.framesPerSecond ? (1000 * agents) / load.framesPerSecond : 0
  const startedMs = performance.now()
  const waits = await Promise.all(
    connected.map(({ socket, frames, credit }) =>
      deliver(socket, frames, { alertsAFrame, credit, frameEveryMs }),
    ),
  )
  const measured: Measured = {
    elapsedMs: performance.now() - startedMs,
    waitsMs: Float64Array.from(waits.flatMap((of) => [...of])),
  }
  parentPort?.postMessage(measured)
  for (const { socket } of connected) socket.terminate()
}

if (parentPort) await main(workerData as Load)
