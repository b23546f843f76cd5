// A Mac on which Apple's own interfaces are missing, come and go: what stands in for them runs, and only then.
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  Capability,
  FlowState,
  Gap,
  Mark,
  RecordType,
  readLine,
  readMark,
  Source,
  writeExec,
  writeFlow,
  writeTick,
} from '../../src/records/record.gen.ts'
import { openSources, type Sources } from '../../src/sense/sources.ts'
import { macSourceOf, parseSources } from '../../src/sources/choice.ts'
import { WAIT_MS } from '../waits.ts'
import { createDouble, LINUX, markOf, WHOLE_MAC } from './double.ts'

const { endpointSecurity, networkStatistics, polling } = Source

describe('what stands in on a Mac', () => {
  let folder: string
  let sources: Sources | undefined
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'freshet-stand-ins-'))
    for (const name of ['eslogger', 'nettop']) {
      writeFileSync(
        join(folder, name),
        `#!/bin/sh\necho $$ > ${join(folder, `${name}.pid`)}\necho ${name} line\nexec sleep 60\n`,
      )
      chmodSync(join(folder, name), 0o755)
    }
  })
  afterEach(() => {
    sources?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  function scene(options: { kinds?: typeof WHOLE_MAC; failing?: string[]; allowed?: string } = {}) {
    const double = createDouble(1 << 20, options.kinds ?? WHOLE_MAC, options.failing)
    const opened: string[] = []
    const addon = {
      ...double.addon,
      open: (asked: Parameters<typeof double.addon.open>[0]) => {
        const source = double.addon.open(asked)
        opened.push(asked.source)
        return {
          ...source,
          close: () => {
            opened.splice(opened.indexOf(asked.source), 1)
            source.close()
          },
        }
      },
    }
    const logged: string[] = []
    const made = openSources(
      addon,
      {
        ...{ ringBytes: 1 << 20, intervalMs: 20, onReadable: () => {}, programs: folder },
        allowed: options.allowed === undefined ? undefined : parseSources(options.allowed),
        restartMs: 20,
      },
      (text) => logged.push(text),
    )
    sources = made
    const into = new Uint8Array(1 << 18)
    const lines = new Set<string>()
    let ticks = 0
    let stops = 0
    const drain = (): void => {
      for (let bytes = made.drain(into); bytes > 0; bytes = made.drain(into)) {
        const view = new DataView(into.buffer, 0, bytes)
        for (let at = 0; at < bytes; at += view.getUint32(at, true)) {
          const type = view.getUint16(at + 4, true)
          if (type === RecordType.line)
            lines.add(`${macSourceOf(view.getUint8(at + 6))}: ${readLine(view, at).text}`)
          if (type === RecordType.tick) ticks++
          if (type === RecordType.mark && readMark(view, at).kind === Mark.stop) stops++
        }
      }
    }
    return {
      double,
      opened,
      logged,
      lines,
      drain,
      ticks: () => ticks,
      stops: () => stops,
      says: (source: number, capabilities: number, gaps = 0) => {
        double.push(markOf(Mark.start, source, { capabilities, gaps }))
        drain()
      },
      async until(what: string, met: () => boolean): Promise<void> {
        for (const end = performance.now() + WAIT_MS; !met(); await sleep(5)) {
          drain()
          assert.ok(performance.now() < end, what)
        }
      },
    }
  }
  const ALL = Capability.processEvents + Capability.allProcesses
  const eslogger = (): number => Number(readFileSync(join(folder, 'eslogger.pid'), 'utf8'))

  it('runs from the beginning, but for nettop, and ends when Endpoint Security has a client', async () => {
    const { opened, says, lines, until, stops, drain } = scene()
    assert.deepEqual(opened, ['endpoint_security', 'filter', 'network_statistics', 'polling'])
    await until('a line of eslogger', () => lines.has('eslogger: eslogger line'))
    says(endpointSecurity, ALL)
    assert.deepEqual(opened, ['endpoint_security', 'filter', 'network_statistics'])
    // Both say that they have ended.
    await until('their ends', () => stops() === 2)
    // It loses its client.
    says(endpointSecurity, Capability.allProcesses, Gap.fullDiskAccess)
    assert.deepEqual(opened, ['endpoint_security', 'filter', 'network_statistics', 'polling'])
    lines.clear()
    await until('a line of eslogger again', () => lines.has('eslogger: eslogger line'))
    drain()
    assert.deepEqual([...lines], ['eslogger: eslogger line'])
  })

  it('begins eslogger anew where it tells nothing of programs that the list of processes sees begin', async () => {
    writeFileSync(
      join(folder, 'eslogger'),
      `#!/bin/sh\necho >> ${folder}/runs; echo line
       [ -e ${folder}/more ] && exec sleep 60
       while [ ! -e ${folder}/more ]; do sleep 0.01; done; echo more; exec sleep 60\n`,
    )
    const { double, says, until, drain, logged, lines } = scene()
    const runs = () => readFileSync(join(folder, 'runs')).length
    const program = (second: number) => {
      double.push(execOf(polling, BigInt(second) * 1_000_000_000n))
      drain()
    }
    await until('a line of eslogger', () => lines.has('eslogger: line'))
    says(endpointSecurity, Capability.allProcesses, Gap.entitlement)
    // What was there before says nothing.
    for (let second = 0; second < 90; second += 5) program(second)
    double.push(markOf(Mark.enumerated, polling, { capabilities: Capability.allProcesses }))
    // Nor does what begins within a minute, nor a few.
    for (let second = 100; second < 160; second += 4) program(second)
    writeFileSync(join(folder, 'more'), '')
    await until('another line', () => lines.has('eslogger: more'))
    for (let second = 200; second < 600; second += 50) program(second)
    drain()
    await sleep(60)
    assert.deepEqual([runs(), logged], [1, []])
    program(610)
    program(620)
    await until('a second run', () => runs() >= 2)
    assert.match(
      logged[0] ?? '',
      /^eslogger: it told of none of 10 programs that began; it is started again/,
    )
  })

  it('lists who runs when eslogger, which told of them, has ended', async () => {
    const { double, until, lines } = scene()
    await until('a line of eslogger', () => lines.has('eslogger: eslogger line'))
    assert.equal(double.enumerations(), 0)
    const pid = eslogger()
    writeFileSync(join(folder, 'eslogger'), '#!/bin/sh\nexit 1\n')
    process.kill(pid, 'SIGKILL')
    await until('a list of processes', () => double.enumerations() > 0)
    // Once: one that prints nothing has told of nobody.
    await sleep(200)
    assert.equal(double.enumerations(), 1)
  })

  it('is nettop where NetworkStatistics says that it cannot, and until it can', async () => {
    const { says, lines, until, stops } = scene()
    says(networkStatistics, 0, Gap.networkStatistics)
    await until('a line of nettop', () => lines.has('nettop: nettop line'))
    says(networkStatistics, Capability.allProcesses)
    await until('its end', () => stops() === 1)
  })

  it('has the processes looked at when nettop prints, once for all its lines of that time', async () => {
    writeFileSync(
      join(folder, 'nettop'),
      '#!/bin/sh\necho header; echo a flow; echo another; exec sleep 60\n',
    )
    const { double, says, lines, until } = scene()
    await until('a line of eslogger', () => lines.has('eslogger: eslogger line'))
    assert.equal(double.looks(), 0)
    says(networkStatistics, 0, Gap.networkStatistics)
    await until('lines of nettop', () => lines.has('nettop: another'))
    assert.equal(double.looks(), 1)
  })

  it('is nettop, too, where NetworkStatistics works and tells of no flow for a minute, and until it does', async () => {
    const { double, says, lines, until, stops, drain, logged } = scene()
    const tick = (second: number) =>
      double.push(
        writeTick({ source: endpointSecurity, atNs: BigInt(second) * 1_000_000_000n, unixNs: 1n }),
      )
    says(networkStatistics, Capability.allProcesses)
    tick(59)
    drain()
    await sleep(60)
    drain()
    assert.deepEqual(
      [...lines].filter((line) => line.startsWith('nettop')),
      [],
    )
    tick(70)
    await until('a line of nettop', () => lines.has('nettop: nettop line'))
    assert.match(
      logged[0] ?? '',
      /^NetworkStatistics has told of no flow for a minute: nettop runs/,
    )
    double.push(flowOf(networkStatistics))
    await until('its end', () => stops() === 1)
    lines.clear()
    tick(900)
    drain()
    await sleep(60)
    drain()
    assert.deepEqual(
      [...lines].filter((line) => line.startsWith('nettop')),
      [],
    )
  })

  it('is nettop, too, where NetworkStatistics cannot be opened', async () => {
    const { lines, until, logged } = scene({ failing: ['network_statistics'] })
    await until('a line of nettop', () => lines.has('nettop: nettop line'))
    assert.match(logged[0] ?? '', /network_statistics could not be opened/)
  })

  it('is what was allowed, and nothing else is opened', async () => {
    const { opened, lines, until, ticks } = scene({ allowed: 'polling,nettop' })
    assert.deepEqual(opened, ['polling'])
    await until('a line of nettop', () => lines.has('nettop: nettop line'))
    await until('time that passes', () => ticks() > 2)
    assert.deepEqual([...lines], ['nettop: nettop line'])
  })

  it('may be all there is on another system, where it is asked for', async () => {
    const { opened, lines, until, ticks } = scene({ kinds: [LINUX], allowed: 'eslogger,nettop' })
    assert.deepEqual(opened, [])
    await until('lines of both', () => lines.size === 2)
    await until('time that passes', () => ticks() > 2)
  })

  it('is nothing where the programs are another system’s', () => {
    const double = createDouble(1 << 20, [LINUX])
    const options = { ringBytes: 1 << 20, intervalMs: 20, onReadable: () => {} }
    sources = openSources(double.addon, options, () => {})
    assert.equal(sources.drain(new Uint8Array(1 << 18)), 0)
    assert.throws(
      () => openSources(double.addon, { ...options, allowed: parseSources('polling') }, () => {}),
      /no source of this machine can be opened/,
    )
  })
})

const execOf = (source: number, atNs: bigint): Uint8Array =>
  writeExec({
    ...{ source, atNs, flags: 0, pid: 9, pidversion: 9, path: '/bin/x', uid: 0 },
    ...{ parentPid: 1, parentPidversion: 1, responsiblePid: 1, responsiblePidversion: 1 },
    ...{ codesignFlags: 0, cdhash: new Uint8Array(20), dev: 1n, ino: 1n },
    ...{ scriptDev: 0n, scriptIno: 0n, scriptFrom: 0, script: '', signingId: '', teamId: '' },
  })
const flowOf = (source: number): Uint8Array =>
  writeFlow({
    ...{ source, atNs: 80_000_000_000n, flowId: 1n, bytesOut: 1n, bytesIn: 0n, epoch: 1 },
    ...{ pid: 9, pidversion: 9, flags: 0, remoteAddr: new Uint8Array(16), remotePort: 1 },
    ...{ localPort: 1, protocol: 6, direction: 0, state: FlowState.opened },
  })
