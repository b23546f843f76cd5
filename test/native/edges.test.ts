// The edges of a TCP flow's life on Linux: reset, disconnected, MPTCP, handed on. Every byte with our programs in
// the kernel; without them each is told, marked and counted.
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  Capability,
  Direction,
  FlowFlag,
  type FlowRecord,
  FlowState,
  Gap,
  Loss,
  Mark,
} from '../../src/records/record.gen.ts'
import { leaveOut, whyNoTool } from '../left-out.ts'
import { times } from '../long.ts'
import { openSink, type Sink, temporaryFolder, type Watch, watch, whyNotLive } from './watch.ts'

const COUNT = 16
const BYTES = 2 << 20
/** Short uploads of fresh programs. */
const UPLOADS = times('FRESHET_UPLOADS', { usual: 40, long: 500 })

type Ran = { pid: number; output: string }

function run(command: string, args: string[]): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (data) => {
      output += String(data)
    })
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0
        ? resolve({ pid: child.pid ?? 0, output })
        : reject(new Error(`${command} ${args[0]}: ${code}`)),
    )
  })
}

const outbound = (seen: Watch, port: number): FlowRecord[] =>
  seen.flows.filter((flow) => flow.direction === Direction.outbound && flow.remotePort === port)
const closed = (seen: Watch, port: number): FlowRecord[] =>
  outbound(seen, port).filter((flow) => flow.state === FlowState.closed)
const sum = (flows: FlowRecord[]): bigint => flows.reduce((all, flow) => all + flow.bytesOut, 0n)
const lost = (seen: Watch, what: number): number =>
  seen.losses.filter((loss) => loss.what === what).reduce((all, one) => all + Number(one.count), 0)

describe('the edges of a TCP flow', () => {
  const folder = temporaryFolder()
  let edges = ''
  let seen: Watch
  let sink: Sink

  before(async function () {
    leaveOut(this, whyNotLive() ?? whyNoTool('a C compiler'))
    edges = join(folder.path, 'edges')
    const source = fileURLToPath(new URL('../../native/test/edges.c', import.meta.url))
    execFileSync('cc', ['-O1', '-o', edges, source])
  })
  after(() => folder.remove())

  const open = async (kernelPrograms: boolean) => {
    seen = watch({ kernelPrograms, intervalMs: 200 })
    await seen.until('the enumeration', () => seen.marks.find((m) => m.kind === Mark.enumerated))
    sink = await openSink('127.0.0.1')
  }
  const shut = async () => {
    await sink?.close()
    seen?.close()
  }

  describe('with our programs in the kernel', () => {
    before(async function () {
      leaveOut(this, whyNoTool('kernel programs'))
      await open(true)
      const [start] = seen.marks
      ok(((start?.capabilities ?? 0) & Capability.finalCounters) !== 0, `${start?.note}`)
    })
    after(() => (edges === '' ? undefined : shut()))
    afterEach(async () => {
      await sink.close()
      sink = await openSink('127.0.0.1')
    })

    for (const how of ['reset', 'disconnect', 'mptcp'])
      for (const [size, bytes] of [
        ['long', BYTES],
        ['short', 1000],
      ] as const)
        it(`[A2, L1, A12] tells every byte of ${COUNT} ${size} connections: ${how}`, async () => {
          const ran = await run(edges, [how, '127.0.0.1', `${sink.port}`, `${COUNT}`, `${bytes}`])
          await seen.until(
            'every close',
            () => (closed(seen, sink.port).length >= COUNT ? true : undefined),
            20_000,
          )
          const flows = closed(seen, sink.port)
          deepEqual(
            flows.map((flow) => [flow.bytesOut, flow.bytesIn, flow.flags, flow.pid]),
            Array.from({ length: COUNT }, () => [BigInt(bytes), 0n, 0, ran.pid]),
          )
          const names = new Set(flows.map((flow) => `${flow.flowId}.${flow.epoch}`))
          equal(names.size, COUNT)
        })

    it('tells each of 3,000 connections of one socket once, whichever of them dumps show', async () => {
      const ran = await run(edges, ['disconnect', '127.0.0.1', `${sink.port}`, '3000', '5000'])
      const ticks = seen.ticks
      await seen.until('every close, and two dumps more', () =>
        closed(seen, sink.port).length >= 3000 && seen.ticks >= ticks + 2 ? true : undefined,
      )
      const other = closed(seen, sink.port).filter(
        (flow) => flow.bytesOut !== 5000n || flow.flags !== 0 || flow.pid !== ran.pid,
      )
      deepEqual(other, [])
      equal(closed(seen, sink.port).length, 3000)
    })

    it('counts no FIN of a server that closes when it has sent all', async () => {
      const server = createServer((socket) => {
        socket.on('error', () => {})
        let left = 20
        const timer = setInterval(() => {
          if (left-- > 0) return socket.write(Buffer.alloc(5000))
          clearInterval(timer)
          return socket.end()
        }, 2)
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      const client = `const s = require('node:net').connect(${port}, '127.0.0.1'); s.resume()`
      for (let round = 0; round < 12; round++) await run(process.execPath, ['-e', client])
      await seen.until('12 closes', () => (closed(seen, port).length >= 12 ? true : undefined))
      server.close()
      deepEqual(
        closed(seen, port).map((flow) => flow.bytesIn),
        Array.from({ length: 12 }, () => 100_000n),
      )
    })

    const owners = (port: number) =>
      outbound(seen, port).map((flow) => ({
        image: seen.execs.findLast(
          (exec) => exec.pid === flow.pid && exec.pidversion === flow.pidversion,
        )?.path,
        pid: flow.pid,
        bytes: Number(flow.bytesOut),
      }))

    for (const [how, first] of [
      ['tcp', 0],
      ['tcp', 70_000],
      ['mptcp', 0],
      ['mptcp', 70_000],
      ['mptcp that falls back', 70_000],
    ] as const)
      it(`gives what follows an exec to the program executed, after ${first} bytes: ${how}`, async () => {
        const other = join(folder.path, `other-${first}-${how}`)
        copyFileSync(edges, other)
        // Who answers by TCP alone makes it fall back to that.
        const drain = spawn(edges, ['drain', '127.0.0.1', 'mptcp', '-', '-'])
        const printed = once(drain.stdout, 'data') as Promise<[Buffer]>
        const port = how === 'mptcp' ? Number((await printed)[0]) : sink.port
        const protocol = how.split(' ')[0] ?? ''
        await run(edges, ['exec', '127.0.0.1', `${port}`, `${first}`, '50000', other, protocol])
        await seen.until('the close', () => closed(seen, port)[0])
        drain.kill()
        const told = owners(port)
        equal(told.at(-1)?.image, other)
        equal(told.at(-1)?.bytes, first + 50_000)
        const before = told.filter((one) => one.image === edges).map((one) => one.bytes)
        equal(Math.max(0, ...before), first)
        const since = told.filter((one) => one.image === other).map((one) => one.bytes)
        ok(first === 0 || since[0] === first, `${since[0]}`)
      })

    for (const how of ['fork', 'pass'])
      it(`gives what another process sends to that: ${how}`, async () => {
        const args = [how, '127.0.0.1', `${sink.port}`, '30000', '40000']
        const parent = spawn(edges, args, { stdio: ['pipe', 'pipe', 'inherit'] })
        const { pid } = parent
        let output = ''
        parent.stdout.on('data', (text) => (output += text))
        const ofParent = () => owners(sink.port).filter((one) => one.pid === pid)
        await seen.until('its bytes', () => ofParent().find((one) => one.bytes === 30_000))
        parent.stdin.end('.')
        const [status] = await once(parent, 'close')
        equal(status, 0)
        const child = Number(output)
        await seen.until('the close', () => closed(seen, sink.port)[0])
        const told = owners(sink.port)
        equal(Math.max(...ofParent().map((one) => one.bytes)), 30_000)
        deepEqual([told.at(-1)?.pid, told.at(-1)?.bytes], [child, 70_000])
      })

    it('tells what is sent by UDP as unseen, each byte once', async () => {
      const { pid } = await run(edges, ['udp', '127.0.0.1', `${sink.port}`, '10', '700'])
      const first = await seen.until('the record', () => seen.unseen.find((one) => one.pid === pid))
      deepEqual([first.family, first.protocol], [2, 17])
      // As no flow: what came in is not known, and a 0 would read as an upload that nobody answers.
      deepEqual(
        seen.flows.filter(({ protocol }) => protocol !== 6),
        [],
      )
      const ticks = seen.ticks
      await seen.until('two ticks', () => (seen.ticks >= ticks + 2 ? true : undefined))
      const all = seen.unseen.filter((one) => one.pid === pid)
      equal(
        all.reduce((bytes, one) => bytes + Number(one.bytes), 0),
        7000,
      )
      equal(
        all.reduce((sends, one) => sends + one.sends, 0),
        10,
      )
      equal(seen.execs.find((exec) => exec.pidversion === first.pidversion)?.path, edges)
    })

    it('tells connections of another network namespace as they end', async function () {
      leaveOut(this, whyNoTool('mounts in a namespace'))
      const program = `
        const { execFileSync, spawn } = require('node:child_process')
        execFileSync(${JSON.stringify(edges)}, ['loopback'])
        const server = require('node:net').createServer((socket) => socket.on('error', () => {}).resume())
        server.listen(0, '127.0.0.1', () => {
          const { port } = server.address()
          process.stdout.write(String(port))
          const args = ['reset', '127.0.0.1', String(port), '3', '123456']
          spawn(${JSON.stringify(edges)}, args, { stdio: 'ignore' }).on('close', () => process.exit(0))
        })`
      const { output } = await run('unshare', ['-n', process.execPath, '-e', program])
      const port = Number(output)
      await seen.until('the closes', () => (closed(seen, port).length >= 3 ? true : undefined))
      deepEqual(
        owners(port)
          .filter((one) => one.bytes > 0)
          .map((one) => [one.image, one.bytes]),
        Array.from({ length: 3 }, () => [edges, 123_456]),
      )
    })

    for (const how of ['reset', 'disconnect', 'mptcp'])
      it(`attributes ${UPLOADS} short uploads of fresh programs to the byte: ${how}`, async () => {
        const from = seen.flows.length
        const uploads = Array.from({ length: UPLOADS }, (_, index) => ({
          path: join(folder.path, `${how}-${index}`),
          bytes: 1000 + index * 37,
        }))
        const queue = [...uploads]
        const work = async () => {
          for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
            copyFileSync(edges, next.path)
            await run(next.path, [how, '127.0.0.1', `${sink.port}`, '1', `${next.bytes}`])
          }
        }
        await Promise.all([work(), work(), work(), work()])
        await seen
          .until('every close', () =>
            closed(seen, sink.port).length >= UPLOADS ? true : undefined,
          )
          .catch(() => {})
        const images = new Map(seen.execs.map((exec) => [`${exec.pid}.${exec.pidversion}`, exec]))
        const byBytes = new Map(
          seen.flows
            .slice(from)
            .filter((flow) => flow.remotePort === sink.port && flow.state === FlowState.closed)
            .map((flow) => [Number(flow.bytesOut), flow]),
        )
        const right = uploads.filter(({ path, bytes }) => {
          const flow = byBytes.get(bytes)
          const image = images.get(`${flow?.pid}.${flow?.pidversion}`)
          return image?.path === path && image.ino === statSync(path, { bigint: true }).ino
        })
        console.log(`      ${right.length} of ${UPLOADS} exact and attributed (${how})`)
        ok(right.length >= UPLOADS * 0.99, `${right.length}`)
        // Accepted, by this process.
        const sent = new Set(uploads.map(({ bytes }) => bytes))
        const accepted = seen.flows
          .slice(from)
          .filter(
            (flow) =>
              flow.direction === Direction.inbound &&
              flow.localPort === sink.port &&
              flow.state === FlowState.closed &&
              flow.pid === process.pid &&
              flow.bytesOut === 0n,
          )
        for (const flow of accepted) sent.delete(Number(flow.bytesIn))
        console.log(`      ${UPLOADS - sent.size} of ${UPLOADS} accepted ones`)
        ok(sent.size <= UPLOADS * 0.01, `${sent.size} accepted ones are missing`)
      })
  })

  describe('with our programs switched off', () => {
    before(() => open(false))
    after(() => shut())

    it('says what is missing', () => {
      const [start] = seen.marks
      equal(start?.gaps, Gap.finalCounters)
      equal((start?.capabilities ?? 0) & Capability.finalCounters, 0)
      match(
        start?.note ?? '',
        /reset or disconnected.* no program of ours in the kernel \(they are switched off\)\.$/,
      )
    })

    for (const how of ['reset', 'disconnect', 'mptcp'])
      it(`tells each of 500 connections, and marks and counts what it cannot know: ${how}`, async () => {
        const before = lost(seen, Loss.flowCounters)
        const ran = await run(edges, [how, '127.0.0.1', `${sink.port}`, '500', '5000'])
        const all = () => outbound(seen, sink.port).filter((flow) => flow.pid === ran.pid)
        const ended = () => all().filter((flow) => flow.state === FlowState.closed)
        await seen.until('every close', () => (ended().length >= 500 ? true : undefined), 40_000)
        equal(ended().length, 500)
        equal(new Set(ended().map((flow) => `${flow.flowId}.${flow.epoch}`)).size, 500)
        const marked = ended().filter((flow) => (flow.flags & FlowFlag.countersLost) !== 0)
        for (const flow of ended())
          ok(
            (flow.flags & FlowFlag.countersLost) !== 0 || flow.bytesOut === 5000n,
            `${flow.bytesOut} without a mark`,
          )
        if (how !== 'mptcp') equal(marked.length, 500)
        // Nobody tells what MPTCP sent again over another subflow.
        const exact = ended().filter((flow) => (flow.flags & FlowFlag.inexact) === 0)
        equal(exact.length, 0)
        console.log(`      ${marked.length} of 500 without their last counters (${how})`)
        // The counter is the whole machine's: what others lose meanwhile is in it too.
        await seen.until('the count of what was lost', () =>
          lost(seen, Loss.flowCounters) - before >= marked.length ? true : undefined,
        )
        ok(sum(ended()) <= 500n * 5000n)
      })
  })
})
