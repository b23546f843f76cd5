// A sibling of attribution.test.ts: a fresh program connects, or is connected to, sends nothing and executes a program of
// the system with the connection as its output. The sensor tells the bytes as that one's, and first whose connection it
// was; the engine tells them as sent for that.
import { deepEqual, ok } from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  copyFileSync,
  readFileSync,
  realpathSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { createEngine } from '../../src/engine/engine.ts'
import {
  type FlowRecord,
  FlowState,
  Mark,
  RecordType,
  readFlow,
  readInspect,
  Source,
  writeFlow,
  writeInspected,
} from '../../src/records/record.gen.ts'
import { NO_SIGNATURE_ASKED } from '../../src/records/signature.ts'
import { copyOf, sorted, type Told } from '../engine/scenario.ts'
import { leaveOut, whyNoTool } from '../left-out.ts'
import { times } from '../long.ts'
import { buildNative, openSink, temporaryFolder, type Watch, watch, whyNotLive } from './watch.ts'

const UPLOADS = times('FRESHET_UPLOADS', { usual: 40, long: 500 })
const AT_ONCE = 4
/** A documentation address (RFC 5737): who talks to itself is left out. */
const ELSEWHERE = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 203, 0, 113, 7])

const sha256 = (path: string): string =>
  createHash('sha256').update(readFileSync(path)).digest('hex')

/** So many bytes in lines, which come out in another order and no other number. */
const lines = (bytes: number): string =>
  `${'line five\n'.repeat(bytes / 10)}${'x'.repeat(9)}`.slice(0, bytes - 1).concat('\n')

/** Of programs that others run meanwhile some are in file systems of users', which not even root may look into. */
function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

/** What the engine makes of these records, its questions about files answered at once. */
function toldBy(records: Uint8Array, baseline = openMemoryBaseline()): Told {
  const engine = createEngine({ deviceId: 'd', baseline })
  const view = new DataView(records.buffer, records.byteOffset, records.length)
  for (let at = 0; at < records.length; ) {
    const end = at + view.getUint32(at, true)
    const isFlow = view.getUint16(at + 4, true) === RecordType.flow
    engine.push(
      isFlow
        ? writeFlow({ ...readFlow(view, at), remoteAddr: ELSEWHERE })
        : copyOf(records.subarray(at, end)),
    )
    for (const request of engine.takeRequests()) {
      const asked = readInspect(new DataView(request.buffer, request.byteOffset, request.length), 0)
      const file = lookAt(asked.path)
      engine.push(
        writeInspected({
          source: Source.inspector,
          atNs: view.getBigUint64(at + 8, true),
          ...{ dev: asked.dev, ino: asked.ino, pid: asked.pid, pidversion: asked.pidversion },
          fileBytes: BigInt(file?.size ?? 0),
          ownerUid: file?.uid ?? 0,
          mode: file?.mode ?? 0,
          flags: 0,
          error: file?.isFile() ? 0 : 2,
          sha256: file?.isFile()
            ? Uint8Array.from(Buffer.from(sha256(asked.path), 'hex'))
            : new Uint8Array(32),
          subject: asked.subject,
          ...NO_SIGNATURE_ASKED,
          path: asked.path,
        }),
      )
    }
    at = end
  }
  engine.save(0)
  engine.finish()
  return sorted(engine, baseline, engine.takeFindings())
}

describe('connections that are handed on', () => {
  const folder = temporaryFolder()
  let edges = ''
  let shuffle = ''

  before(function () {
    leaveOut(this, whyNotLive() ?? whyNoTool('a C compiler') ?? whyNoTool('kernel programs'))
    edges = buildNative(folder.path, 'edges.c', 'edges', [])
    shuffle = realpathSync('/usr/bin/shuf')
  })
  after(() => folder.remove())

  const ended = async (child: ChildProcess): Promise<void> => {
    const [status] = await once(child, 'close')
    ok(status === 0, `status ${status}`)
  }

  it('are known by the next agent to be sent through for who made them', async () => {
    const baseline = openMemoryBaseline()
    const path = join(folder.path, 'outlives')
    copyFileSync(edges, path)
    const grep = realpathSync('/usr/bin/grep')
    const via = `platform:${grep} via unsigned:sha256:${sha256(edges)}`
    const sink = await openSink('127.0.0.1')
    const args = ['become', '127.0.0.1', `${sink.port}`, 'tcp', grep, '--line-buffered', '']
    /** What an agent that begins now tells of what goes through the connection while it is there. */
    const agent = async (begin: () => ChildProcess): Promise<Told> => {
      const kept: Buffer[] = []
      const seen: Watch = watch({
        intervalMs: 100,
        kernelPrograms: true,
        onRecords: (records) => kept.push(Buffer.from(records)),
      })
      try {
        await seen.until('the enumeration', () =>
          seen.marks.find(({ kind }) => kind === Mark.enumerated),
        )
        const before = Math.max(0, ...flowsOf(seen).map(({ bytesOut }) => Number(bytesOut)))
        begin().stdin?.write(lines(20_000))
        await seen.until('what it sends', () =>
          flowsOf(seen).find(({ bytesOut }) => Number(bytesOut) === before + 20_000),
        )
        return toldBy(Buffer.concat(kept), baseline)
      } finally {
        seen.close()
      }
    }
    const flowsOf = ({ flows }: Watch): FlowRecord[] =>
      flows.filter(({ remotePort }) => remotePort === sink.port)
    let child: ChildProcess | undefined
    try {
      await agent(() => {
        child = spawn(path, args, { stdio: ['pipe', 'ignore', 'inherit'] })
        return child
      })
      const { summaries } = await agent(() => child as ChildProcess)
      deepEqual(
        summaries
          .filter(({ identityKey }) => identityKey.startsWith(`platform:${grep}`))
          .map(({ identityKey, bytesOut }) => [identityKey, bytesOut]),
        [[via, 20_000]],
      )
    } finally {
      child?.kill()
      await sink.close()
    }
  })

  for (const how of ['executed', 'accepted'] as const)
    it(`tells ${UPLOADS} as sent for who made them: ${how}`, async () => {
      const kept: Buffer[] = []
      const seen: Watch = watch({
        intervalMs: 200,
        kernelPrograms: true,
        onRecords: (records) => kept.push(Buffer.from(records)),
      })
      const sink = await openSink('127.0.0.1')
      const ports = new Set([sink.port])
      try {
        await seen.until('the enumeration', () =>
          seen.marks.find(({ kind }) => kind === Mark.enumerated),
        )
        const uploads = Array.from({ length: UPLOADS }, (_, index) => {
          const bytes = 20_000 + index * 370
          const [path, text] = [join(folder.path, `${how}-${index}`), join(folder.path, 'text')]
          writeFileSync(`${text}-${index}`, lines(bytes))
          return { path, bytes, command: [shuffle, `${text}-${index}`] }
        })
        const queue = [...uploads]
        const work = async (): Promise<void> => {
          for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
            const { path, command } = next
            copyFileSync(edges, path)
            if (how === 'executed') {
              const args = ['become', '127.0.0.1', `${sink.port}`, 'tcp', ...command]
              await ended(spawn(path, args, { stdio: ['ignore', 'ignore', 'inherit'] }))
              continue
            }
            const args = ['wait', '127.0.0.1', '-', 'tcp', ...command]
            const server = spawn(path, args, { stdio: ['ignore', 'pipe', 'inherit'] })
            const over = ended(server)
            const [printed] = (await once(server.stdout, 'data')) as [Buffer]
            const port = Number(printed)
            ports.add(port)
            await once(connect(port, '127.0.0.1').resume(), 'close')
            await over
          }
        }
        await Promise.all(Array.from({ length: AT_ONCE }, work))
        const of = ({ remotePort, localPort, bytesOut, state }: FlowRecord): boolean =>
          ports.has(how === 'executed' ? remotePort : localPort) &&
          (bytesOut > 0n || state !== FlowState.closed)
        const closed = () =>
          seen.flows.filter((flow) => of(flow) && flow.state === FlowState.closed)
        await seen
          .until('every close', () => (closed().length >= UPLOADS ? true : undefined))
          .catch(() => {})

        const images = new Map(
          seen.execs.map((exec) => [`${exec.pid}.${exec.pidversion}`, exec.path]),
        )
        const imageOf = (flow: FlowRecord | undefined): string | undefined =>
          images.get(`${flow?.pid}.${flow?.pidversion}`)
        const right = uploads.filter(({ path, bytes }) => {
          const last = closed().find((flow) => Number(flow.bytesOut) === bytes)
          const first = seen.flows.find(({ flowId }) => flowId === last?.flowId)
          return imageOf(last) === shuffle && imageOf(first) === path && first?.bytesOut === 0n
        })
        console.log(`      ${right.length} of ${UPLOADS} exact, of both programs (${how})`)
        ok(right.length >= UPLOADS * 0.99, `${right.length}`)

        const { summaries, alerts } = toldBy(Buffer.concat(kept))
        const sent = (key: string): number =>
          summaries
            .filter(({ identityKey }) => identityKey === key)
            .reduce((sum, { bytesOut }) => sum + bytesOut, 0)
        const all = uploads.reduce((sum, { bytes }) => sum + bytes, 0)
        const via = `platform:${shuffle} via unsigned:sha256:${sha256(edges)}`
        ok(sent(via) >= all * 0.99, `${sent(via)} of ${all}`)
        deepEqual(sent(`platform:${shuffle}`), 0)
        ok(how === 'accepted' || alerts.some(({ identity }) => identity.key === via))
      } finally {
        await sink.close()
        seen.close()
      }
    })
})
