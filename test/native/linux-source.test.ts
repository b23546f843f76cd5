// What the Linux source says about processes and flows that the test makes, through the addon.
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { PLACE } from '../../src/place.ts'
import {
  Direction,
  ExecFlag,
  FlowFlag,
  type FlowRecord,
  FlowState,
  Gap,
  LAYOUT,
  Loss,
  Mark,
  RecordType,
} from '../../src/records/record.gen.ts'
import { leaveOut, whyNoTool } from '../left-out.ts'
import {
  buildSender,
  hex,
  openSink,
  temporaryFolder,
  type Watch,
  watch,
  whyNotLive,
} from './watch.ts'

const LOOPBACK_V4 = '00000000000000000000ffff7f000001'
const LOOPBACK_V6 = '00000000000000000000000000000001'
const addonPath = PLACE.addon

type Ran = { pid: number; code: number | null }

function run(command: string, args: string[], cwd?: string): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'ignore', ...(cwd ? { cwd } : {}) })
    child.on('error', reject)
    child.on('exit', (code) => resolve({ pid: child.pid ?? 0, code }))
  })
}

describe('the Linux source', () => {
  const folder = temporaryFolder()
  let sender = ''
  let seen: Watch

  const closedFlow = (direction: number, port: number): FlowRecord | undefined =>
    seen.flows.find(
      (flow) =>
        flow.state === FlowState.closed &&
        flow.direction === direction &&
        (direction === Direction.outbound ? flow.remotePort : flow.localPort) === port,
    )
  const imageOf = (flow: FlowRecord) =>
    seen.execs.find((exec) => exec.pid === flow.pid && exec.pidversion === flow.pidversion)

  before(async function () {
    leaveOut(this, whyNotLive() ?? whyNoTool('a C compiler'))
    sender = buildSender(folder.path)
    seen = watch()
    await seen.until('the enumeration', () => seen.marks.find((m) => m.kind === Mark.enumerated))
  })
  after(() => {
    if (sender !== '') seen.close()
    folder.remove()
  })

  it('begins with its layout, this boot and nothing missing', () => {
    const [start] = seen.marks
    equal(start?.kind, Mark.start)
    equal(start?.layout, LAYOUT)
    equal(start?.note, '')
    equal(start?.gaps, 0)
    equal(start?.capabilities, 31)
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    equal(hex(start?.bootId ?? new Uint8Array()), bootId.replaceAll('-', ''))
    ok(Math.abs(Number(start?.unixNs) / 1e6 - Date.now()) < 60_000)
  })

  it('enumerates this process with its program, once', () => {
    const self = seen.execs.filter((exec) => exec.pid === process.pid)
    equal(self.length, 1)
    const file = statSync(process.execPath, { bigint: true })
    deepEqual([self[0]?.dev, self[0]?.ino], [file.dev, file.ino])
    equal((self[0]?.flags ?? 0) & ~ExecFlag.exeConfirmed, ExecFlag.enumerated)
    equal(self[0]?.uid, process.getuid?.())
    equal(self[0]?.parentPid, process.ppid)
  })

  for (const [host, address] of [
    ['127.0.0.1', LOOPBACK_V4],
    ['::1', LOOPBACK_V6],
  ] as const)
    it(`sees both ends of an upload to ${host}, to the byte`, async () => {
      const sink = await openSink(host, 777)
      const path = join(folder.path, `up-${sink.port}`)
      copyFileSync(sender, path)
      const bytes = 1_234_567
      const ran = await run(path, [host, String(sink.port), String(bytes), '777'])
      equal(ran.code, 0)
      const out = await seen.until('the outbound close', () =>
        closedFlow(Direction.outbound, sink.port),
      )
      const inbound = await seen.until('the inbound close', () =>
        closedFlow(Direction.inbound, sink.port),
      )
      await sink.close()
      equal([...sink.received.values()][0], bytes)
      deepEqual([out.bytesOut, out.bytesIn], [BigInt(bytes), 777n])
      deepEqual([inbound.bytesOut, inbound.bytesIn], [777n, BigInt(bytes)])
      deepEqual([out.pid, inbound.pid], [ran.pid, process.pid])
      equal(hex(out.remoteAddr), address)
      equal(out.protocol, 6)
      equal(out.flags & FlowFlag.inexact, 0)
      const file = statSync(path, { bigint: true })
      const image = imageOf(out)
      deepEqual([image?.path, image?.dev, image?.ino], [path, file.dev, file.ino])
      equal(image?.parentPid, process.pid)
      equal(imageOf(inbound)?.pid, process.pid)
      const states = seen.flows.filter((flow) => flow.flowId === out.flowId)
      equal(states[0]?.state, FlowState.opened)
      equal(states.filter((flow) => flow.state === FlowState.opened).length, 1)
      equal(states.at(-1)?.state, FlowState.closed)
      const names = seen.names.filter((name) => name.flowId === out.flowId)
      equal(names.length, 1)
      equal(names[0]?.localPort, out.localPort)
      equal(hex(names[0]?.localAddr ?? new Uint8Array()), address)
    })

  it('reads 0 in when nothing came back, whoever closed first', async () => {
    const sink = await openSink('127.0.0.1')
    equal((await run(sender, ['127.0.0.1', String(sink.port), '5000'])).code, 0)
    const out = await seen.until('the close', () => closedFlow(Direction.outbound, sink.port))
    await sink.close()
    deepEqual([out.bytesOut, out.bytesIn], [5000n, 0n])
  })

  it('is at most one byte over when this side closes without looking for an end', async () => {
    const sink = await openSink('127.0.0.1', 50)
    const args = ['127.0.0.1', String(sink.port), '5000', '50', '0', 'abrupt']
    equal((await run(sender, args)).code, 0)
    const out = await seen.until('the close', () => closedFlow(Direction.outbound, sink.port))
    await sink.close()
    equal(out.bytesOut, 5000n)
    ok(out.bytesIn === 50n || out.bytesIn === 51n, `${out.bytesIn}`)
  })

  it('reports a flow while it lasts', async () => {
    const sink = await openSink('127.0.0.1')
    const running = run(sender, ['127.0.0.1', String(sink.port), '9000', '0', '800'])
    const report = await seen.until('a report', () =>
      seen.flows.find(
        (flow) =>
          flow.remotePort === sink.port &&
          flow.bytesOut === 9000n &&
          flow.state === FlowState.report,
      ),
    )
    equal(closedFlow(Direction.outbound, sink.port), undefined)
    const { pid } = await running
    equal(report.pid, pid)
    await seen.until('the close', () => closedFlow(Direction.outbound, sink.port))
    await sink.close()
  })

  it('names the script as well as its interpreter', async () => {
    const script = join(folder.path, 'a script.sh')
    writeFileSync(script, '#!/bin/sh\nexit 0\n')
    chmodSync(script, 0o755)
    const { pid } = await run(script, [])
    const exec = await seen.until('the exec', () => seen.execs.find((one) => one.pid === pid))
    equal(exec.script, script)
    equal(exec.path, execFileSync('readlink', ['-f', '/bin/sh'], { encoding: 'utf8' }).trim())
  })

  it('keeps the script that env finds the interpreter for', async () => {
    const script = join(folder.path, 'by-env.sh')
    writeFileSync(script, '#!/usr/bin/env bash\nexit 0\n')
    chmodSync(script, 0o755)
    const { pid } = await run(script, [])
    const exec = await seen.until('the second exec', () =>
      seen.execs.find((one) => one.pid === pid && basename(one.path) === 'bash'),
    )
    equal(exec.script, script)
  })

  it('gives the absolute path of a program run by a relative one that ends at once', async () => {
    const bin = join(folder.path, 'bin')
    mkdirSync(bin)
    copyFileSync('/bin/true', join(bin, 'brief'))
    chmodSync(join(bin, 'brief'), 0o755)
    const { pid } = await run('./brief', [], bin)
    const exec = await seen.until('the exec', () => seen.execs.find((one) => one.pid === pid))
    equal(exec.path, join(bin, 'brief'))
    equal(exec.script, '')
    equal(exec.flags, 0)
    const exit = await seen.until('the exit', () => seen.exits.find((one) => one.pid === pid))
    equal(exit.pidversion, exec.pidversion)
    ok(exit.atNs > exec.atNs)
    equal(seen.forks.filter((one) => one.pid === pid).length, 1)
  })

  it('names no script for a program run through a symbolic link', async () => {
    const link = join(folder.path, 'linked')
    execFileSync('ln', ['-s', '/bin/true', link])
    const { pid } = await run(link, [])
    const exec = await seen.until('the exec', () => seen.execs.find((one) => one.pid === pid))
    equal(exec.script, '')
    match(exec.path, /\/true$/)
  })

  it('says everything anew when asked, under the same names', async () => {
    const sink = await openSink('127.0.0.1')
    const running = run(sender, ['127.0.0.1', String(sink.port), '4000', '0', '1500'])
    const open = await seen.until('the open flow', () =>
      seen.flows.find((flow) => flow.remotePort === sink.port && flow.bytesOut === 4000n),
    )
    const self = seen.execs.find((exec) => exec.pid === process.pid)
    const [execs, flows, marks] = [seen.execs.length, seen.flows.length, seen.marks.length]
    seen.source.enumerate()
    await seen.until('the mark', () =>
      seen.marks.slice(marks).find((mark) => mark.kind === Mark.enumerated),
    )
    const again = seen.execs.slice(execs).filter((exec) => exec.pid === process.pid)
    deepEqual(
      again.map((exec) => [exec.pidversion, exec.path]),
      [[self?.pidversion, self?.path]],
    )
    const flow = seen.flows.slice(flows).find((one) => one.flowId === open.flowId)
    deepEqual([flow?.state, flow?.bytesOut], [FlowState.opened, 4000n])
    equal((flow?.flags ?? 0) & FlowFlag.enumerated, FlowFlag.enumerated)
    await running
    await seen.until('the close', () => closedFlow(Direction.outbound, sink.port))
    await sink.close()
  })

  it('drops when nobody drains, counts it and says so where it happened', async () => {
    const small = watch({ ringBytes: 65536, intervalMs: 10, drain: false })
    for (let round = 0; round < 200; round++) {
      small.source.enumerate()
      await new Promise((resolve) => setTimeout(resolve, 20))
      if (small.source.counters().dropped > 0) break
    }
    const { dropped } = small.source.counters()
    ok(dropped > 0)
    ok(small.source.counters().waitingBytes <= 65536)
    small.drain()
    small.source.enumerate()
    await new Promise((resolve) => setTimeout(resolve, 100))
    small.close()
    const said = small.losses
      .filter((loss) => loss.what === Loss.ringFull)
      .reduce((sum, loss) => sum + Number(loss.count), 0)
    equal(said, small.source.counters().dropped)
    equal(small.types.includes(RecordType.loss), true)
  })

  it('stops at any moment, twice, and still gives what it left', async () => {
    for (let round = 0; round < 20; round++) {
      const one = watch({ intervalMs: 10 })
      void run('/bin/true', [])
      await new Promise((resolve) => setTimeout(resolve, round * 3))
      one.close()
      one.source.close()
      one.source.enumerate()
      equal(one.marks.at(-1)?.kind, Mark.stop)
      equal(one.source.counters().waitingBytes, 0)
    }
  })

  it('lets the process end at any moment, closed or not', async () => {
    const program = `
      const addon = require(${JSON.stringify(addonPath)})
      const source = addon.open({ source: 'linux', ringBytes: 65536, intervalMs: 10, onReadable: () => {} })
      addon.inspect([{ path: process.execPath, pid: process.pid, dev: 0n, ino: 0n, cdhash: new Uint8Array(20), subject: 0 }])
      setTimeout(() => process.exit(7), Number(process.argv[1]))`
    for (const delayMs of [0, 1, 5, 20, 60])
      equal((await run(process.execPath, ['-e', program, String(delayMs)])).code, 7)
    const closing = `
      const addon = require(${JSON.stringify(addonPath)})
      const source = addon.open({ source: 'linux', ringBytes: 65536, intervalMs: 10, onReadable: () => {} })
      setTimeout(() => source.close(), 30)`
    equal((await run(process.execPath, ['-e', closing])).code, 0)
  })

  it('lives and dies with a worker thread', async () => {
    const program = `
      const addon = require(${JSON.stringify(addonPath)})
      const source = addon.open({ source: 'linux', ringBytes: 65536, intervalMs: 10, onReadable: () => {} })
      require('node:worker_threads').parentPort.postMessage('open')`
    for (let round = 0; round < 3; round++) {
      const worker = new Worker(program, { eval: true })
      await new Promise((resolve) => worker.once('message', resolve))
      await worker.terminate()
    }
  })

  it('runs for an ordinary user on what is left, and says what is missing', async () => {
    const place = join(folder.path, 'readable')
    mkdirSync(place)
    chmodSync(folder.path, 0o755)
    chmodSync(place, 0o755)
    copyFileSync(addonPath, join(place, 'freshet.node'))
    copyFileSync(process.execPath, join(place, 'node'))
    chmodSync(join(place, 'node'), 0o755)
    const program = `
      const addon = require(${JSON.stringify(join(place, 'freshet.node'))})
      const chunks = []
      const into = new Uint8Array(1 << 20)
      const drain = () => {
        for (let n = source.drain(into); n > 0; n = source.drain(into))
          chunks.push(Buffer.from(into.subarray(0, n)))
      }
      const source = addon.open({ source: 'linux', ringBytes: 1 << 20, intervalMs: 50, onReadable: drain })
      const sink = require('node:net').createServer((socket) => socket.resume())
      sink.listen(0, '127.0.0.1', () => {
        const out = require('node:net').connect(sink.address().port, '127.0.0.1', () =>
          out.write(Buffer.alloc(3210)))
      })
      setTimeout(() => {
        source.close()
        drain()
        require('node:fs').writeSync(1, Buffer.concat(chunks))
        process.exit(0)
      }, 700)`
    const output = await outputAs(65534, join(place, 'node'), ['-e', program], place)
    const view = new DataView(output.buffer, output.byteOffset, output.byteLength)
    const { readExec, readFlow, readMark } = await import('../../src/records/record.gen.ts')
    const execs = []
    const flows = []
    const marks = []
    for (let at = 0; at < output.length; at += view.getUint32(at, true)) {
      const type = view.getUint16(at + 4, true)
      if (type === RecordType.exec) execs.push(readExec(view, at))
      if (type === RecordType.flow) flows.push(readFlow(view, at))
      if (type === RecordType.mark) marks.push(readMark(view, at))
    }
    match(marks[0]?.note ?? '', /^Only this user's programs are seen.*run freshet as root\.$/)
    equal((marks[0]?.capabilities ?? 0) & 1, 0)
    const gaps = marks[0]?.gaps ?? 0
    equal(gaps & (Gap.notRoot | Gap.processEvents), Gap.notRoot | Gap.processEvents)
    equal(gaps & (Gap.flowCloses | Gap.flows), 0)
    const self = execs.find((exec) => exec.path === join(place, 'node'))
    equal(self?.uid, 65534)
    ok(execs.every((exec) => exec.uid === 65534))
    const flow = flows.find((one) => one.bytesOut === 3210n)
    equal(flow?.pid, self?.pid)
    equal(flow?.direction, Direction.outbound)
  })
})

/** Standard output of a program run by another user. */
function outputAs(uid: number, path: string, args: string[], cwd: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, {
      uid,
      gid: uid,
      cwd,
      env: {},
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const chunks: Buffer[] = []
    child.stdout.on('data', (data: Buffer) => chunks.push(data))
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0 ? resolve(Buffer.concat(chunks)) : reject(new Error(`${path}: ${code}`)),
    )
  })
}
