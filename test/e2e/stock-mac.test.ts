// A Mac without Apple's entitlement and without a filter, from its sources to the collector: programs by eslogger and by
// the list of processes, flows by NetworkStatistics and by nettop. Each ends, another takes over, and no byte is counted
// twice.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CollectorReady } from '../../src/cli/collector.ts'
import type {
  AlertDetail,
  AlertsResponse,
  DevicesResponse,
  LiveInfo,
} from '../../src/collector/views/page-api.ts'
import { parseAddress } from '../../src/engine/address.ts'
import {
  Capability,
  Direction,
  ExecFlag,
  FlowState,
  Gap,
  LAYOUT,
  Mark,
  Source,
  writeExec,
  writeFlow,
  writeMark,
  writeTick,
} from '../../src/records/record.gen.ts'
import { type EsProcess, esLine, execOf, forkOf, ZSH } from '../importers/samples.ts'
import { flowRow, HEADER, processRow } from '../intake/nettop-text.ts'
import { leaveOut, whyNotLinux, whyNotRoot } from '../left-out.ts'
import { until } from './installation.ts'

const MIB = 1024 * 1024
const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const SENSE = fileURLToPath(new URL('stock-mac.ts', import.meta.url))
const { endpointSecurity, polling, networkStatistics, filter } = Source
const WORKS = Capability.flowCloses + Capability.allProcesses
const PEER = '203.0.113.9'

const tool = (name: string, pid: number, version: number): EsProcess => ({
  ...{ pid, version, path: `/Users/ada/bin/${name}`, signing: name },
  ...{ parent: [ZSH.pid, ZSH.version], responsible: [ZSH.pid, ZSH.version], flags: 0x22000003 },
})
const first = { ...tool('first', 501, 1_002), cdhash: '01'.repeat(20) }
const fourth = { ...tool('fourth', 504, 1_005), cdhash: '04'.repeat(20) }
const fifth = { ...tool('fifth', 505, 1_006), cdhash: '05'.repeat(20) }
const third = { ...tool('third', 503, 1_004), cdhash: '03'.repeat(20) }
const second = { ...tool('second', 502, 1_003), cdhash: '02'.repeat(20) }

/** So many other programs fork meanwhile. */
const FORKS = 300

describe('a Mac with nothing but what every Mac has', () => {
  let folder: string
  let collector: ChildProcess
  let sense: ChildProcess
  let output = ''
  let origin = ''
  let key = ''
  let ticking: NodeJS.Timeout
  let ticked = 0
  /** What the agent has counted before the first of the flows that are followed here. */
  let countedBefore = 0

  /** Time that passes for the sources and not for the test. */
  let aheadNs = 0n
  const head = (source: number) => ({ source, atNs: process.hrtime.bigint() + aheadNs })
  const tell = (...records: Uint8Array[]): void => {
    sense.send(records.map((record) => Buffer.from(record).toString('base64')))
  }
  const mark = (source: number, kind: number, capabilities: number, gaps = 0): Uint8Array =>
    writeMark({
      ...head(source),
      ...{ kind, capabilities, gaps, layout: LAYOUT, note: '' },
      unixNs: BigInt(Date.now()) * 1_000_000n,
      bootId: new Uint8Array(16).fill(7),
    })
  const whole = (source: number, capabilities: number, ...records: Uint8Array[]): void =>
    tell(
      mark(source, Mark.start, capabilities),
      ...records,
      mark(source, Mark.enumerated, capabilities),
    )
  /** What each source tells an engine that begins. */
  const tellAll = (): void => {
    tell(
      mark(endpointSecurity, Mark.start, Capability.allProcesses, Gap.entitlement),
      mark(endpointSecurity, Mark.enumerated, Capability.allProcesses, Gap.entitlement),
    )
    tell(mark(filter, Mark.start, 0, Gap.filter))
    whole(polling, Capability.allProcesses, running({ ...ZSH, flags: 0x26000001 }))
    whole(networkStatistics, WORKS)
  }
  const running = ({ pid, version, path, signing, flags, cdhash = '00' }: EsProcess): Uint8Array =>
    writeExec({
      ...head(polling),
      ...{ flags: ExecFlag.enumerated, pid, pidversion: version, path, uid: 501 },
      ...{ parentPid: ZSH.pid, parentPidversion: ZSH.version },
      ...{ responsiblePid: 0, responsiblePidversion: 0, codesignFlags: flags ?? 1 },
      ...{ cdhash: Buffer.alloc(20, Buffer.from(cdhash, 'hex')), dev: 1n, ino: BigInt(pid) },
      ...{ scriptDev: 0n, scriptIno: 0n, scriptFrom: 0, script: '' },
      ...{ signingId: signing ?? '', teamId: '' },
    })
  const flow = (
    source: number,
    told: { id: number; by: EsProcess; port: number; out: number; state?: keyof typeof FlowState },
  ): Uint8Array =>
    writeFlow({
      ...head(source),
      ...{ flowId: BigInt(told.id), epoch: 1, bytesOut: BigInt(told.out), bytesIn: 0n, flags: 0 },
      ...{ pid: told.by.pid, pidversion: told.by.version, protocol: 6 },
      remoteAddr: parseAddress(PEER) as Uint8Array,
      ...{ remotePort: 443, localPort: told.port, direction: Direction.outbound },
      state: FlowState[told.state ?? 'report'],
    })
  /** Whole or not at all: nettop prints it again and again. */
  const sample = (...rows: string[]): void => {
    writeFileSync(join(folder, 'sample.new'), [HEADER, ...rows, ''].join('\n'))
    renameSync(join(folder, 'sample.new'), join(folder, 'sample'))
  }
  const nettopRows = (by: EsProcess, port: number, out: number): string[] => [
    processRow(`${by.path.split('/').at(-1)}.${by.pid}`),
    flowRow(`tcp4 10.0.0.2:${port}<->${PEER}:443`, out),
  ]
  /** A shell's child that becomes this program, as eslogger tells it. */
  const linesOf = (one: EsProcess, nth: number): string[] => {
    const now = new Date().toISOString()
    const child = { ...ZSH, pid: one.pid, version: one.version - 500 }
    return [
      esLine(11, now, ZSH, forkOf(11, child), { seq_num: FORKS + nth }),
      esLine(11, now, child, execOf(11, one), { seq_num: nth }),
    ]
  }
  const state = () => join(folder, 'state')
  /** So many ticks were told. */
  const passes = async (ticks: number): Promise<void> => {
    const last = ticked + ticks
    await until(() => ticked >= last || undefined, 'time')
  }
  const program = (name: string, script: string): void => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  const api = async <T>(path: string): Promise<T> => {
    const headers = { authorization: `Bearer ${key}` }
    const response = await fetch(`${origin}${path}`, { headers })
    assert.equal(response.status, 200, path)
    return (await response.json()) as T
  }
  const alertOf = async ({ path }: EsProcess): Promise<AlertDetail | undefined> => {
    const { alerts } = await api<AlertsResponse>('/api/alerts?limit=50')
    const row = alerts.find(({ application }) => application.path === path)
    return row && (await api<AlertDetail>(`/api/alerts/${row.id}`))
  }
  /** What the agent has counted, exactly that and no more. */
  const sentInAll = async (bytes: number): Promise<void> => {
    const sent = await until(async () => {
      const { devices } = await api<DevicesResponse>('/api/devices')
      const bytesOut = devices[0]?.live?.bytesOut ?? 0
      return bytesOut >= countedBefore + bytes ? bytesOut : undefined
    }, `${bytes} B`)
    assert.equal(sent, countedBefore + bytes)
  }
  const start = (command: string[]): ChildProcess => {
    const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    child.channel?.unref()
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (text) => (output += text))
    return child
  }
  const end = async (child: ChildProcess | undefined, how: () => void): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    how()
    await ended
  }

  before(async function () {
    leaveOut(this, whyNotLinux() ?? whyNotRoot())
    folder = mkdtempSync(join(tmpdir(), 'freshet-stock-mac-'))
    chmodSync(folder, 0o755)
    collector = start([CLI, 'collector', '--state', state(), '--listen', '127.0.0.1:0'])
    const [ready] = (await once(collector, 'message')) as [CollectorReady]
    const url = new URL(ready.pageUrl)
    origin = url.origin
    key = url.hash.slice('#key='.length)

    const now = new Date().toISOString()
    const others = Array.from({ length: FORKS }, (_, n) =>
      esLine(11, now, ZSH, forkOf(11, { ...ZSH, pid: 600 + n, version: 2_000 + n }), {
        seq_num: n,
      }),
    )
    writeFileSync(join(folder, 'events'), `${others.join('\n')}\n`)
    program(
      'eslogger',
      `[ -e ${folder}/eslogger-is-gone ] && { echo "ES_NEW_CLIENT_RESULT_ERR_NOT_PERMITTED" >&2; exit 1; }
       cat ${folder}/events; while [ ! -e ${folder}/eslogger-is-gone ]; do
         [ -e ${folder}/more ] && cat ${folder}/more && rm ${folder}/more; sleep 0.1; done`,
    )
    program('nettop', `while :; do cat ${folder}/sample; sleep 0.2; done`)
    sample()

    sense = start([SENSE, CLI, state(), folder])
    tellAll()
    ticking = setInterval(() => {
      if (!sense.connected) return
      tell(writeTick({ ...head(endpointSecurity), unixNs: BigInt(Date.now()) * 1_000_000n }))
      ticked++
    }, 200)
  })
  after(async () => {
    clearInterval(ticking)
    await end(sense, () => sense.disconnect())
    await end(collector, () => collector.kill('SIGINT'))
    if (folder) rmSync(folder, { recursive: true, force: true })
  })

  it('tells an engine that comes after another no line of eslogger again, and of none that it is lost', async () => {
    const liveWith = (met: (live: LiveInfo) => boolean) =>
      until(async () => {
        const live = (await api<DevicesResponse>('/api/devices')).devices[0]?.live
        return live && met(live) ? live : undefined
      }, `an engine: ${output}`)
    await liveWith(({ records }) => records > FORKS)
    const engine = childOf(sense, 'engine')
    process.kill(engine, 'SIGKILL')
    await until(() => /the engine ended/.test(output), 'its end')
    tellAll()
    const more = [third, first].flatMap(linesOf)
    writeFileSync(join(folder, 'more.new'), `${more.join('\n')}\n`)
    renameSync(join(folder, 'more.new'), join(folder, 'more'))
    const out = 6 * MIB
    tell(flow(networkStatistics, { id: 9, by: third, port: 50_009, out, state: 'closed' }))
    const alert = await until(() => alertOf(third), `an alert: ${output}`)
    assert.equal(alert.identity.key, `adhoc:${'03'.repeat(20)}`)
    const live = await liveWith(({ bytesOut }) => bytesOut >= out)
    assert.deepEqual([live.bytesOut, live.lost], [out, 0])
    countedBefore = out
  })

  it('raises an alert of what eslogger told and NetworkStatistics counted', async () => {
    // One report: an alert that a first of several raised is told again only minutes later.
    tell(flow(networkStatistics, { id: 10, by: first, port: 50_001, out: 6 * MIB }))
    const alert = await until(() => alertOf(first), `an alert: ${output}`)
    assert.equal(alert.bytesOut, 6 * MIB)
    assert.equal(alert.chain[0]?.path, first.path)
    assert.equal(alert.identity.key, `adhoc:${'01'.repeat(20)}`)
    assert.equal(alert.chain[1]?.path, ZSH.path)
  })

  it('goes on with nettop when NetworkStatistics ends, and counts no byte twice', async () => {
    sample(...nettopRows(first, 50_001, 0))
    tell(
      mark(networkStatistics, Mark.stop, 0),
      mark(networkStatistics, Mark.start, 0, Gap.networkStatistics),
    )
    await until(() => /flows are seen by nettop now/.test(output), `the change: ${output}`)
    sample(...nettopRows(first, 50_001, 4 * MIB))
    await sentInAll(10 * MIB)
    sample()
    const final = await until(async () => {
      const alert = await alertOf(first)
      return alert?.state === 'final' ? alert : undefined
    }, 'its end')
    assert.equal(final.bytesOut, 10 * MIB)
  })

  it('knows programs by the list of processes when eslogger ends', async () => {
    writeFileSync(join(folder, 'eslogger-is-gone'), '')
    await until(
      () =>
        /eslogger: it ended with status 1: "ES_NEW_CLIENT_RESULT_ERR_NOT_PERMITTED"/.test(output),
      `eslogger’s end: ${output}`,
    )
    tell(running(second))
    sample(...nettopRows(second, 50_002, 5 * MIB))
    const alert = await until(() => alertOf(second), `an alert: ${output}`)
    assert.equal(alert.bytesOut, 5 * MIB)
    assert.equal(alert.identity.key, `adhoc:${'02'.repeat(20)}`)
  })

  it('leaves new flows to the filter when that comes, and what nettop had to nettop', async () => {
    whole(filter, WORKS)
    await until(() => /flows are seen by the network filter now/.test(output), 'the change')
    const out = 3 * MIB
    tell(flow(filter, { id: 20, by: second, port: 50_003, out, state: 'opened' }))
    sample(...nettopRows(second, 50_002, 6 * MIB), ...nettopRows(second, 50_003, out).slice(1))
    await sentInAll(19 * MIB)
    tell(flow(filter, { id: 20, by: second, port: 50_003, out, state: 'closed' }))
    sample()
    const final = await until(async () => {
      const alert = await alertOf(second)
      return alert?.state === 'final' ? alert : undefined
    }, 'its end')
    assert.equal(final.bytesOut, 9 * MIB)
  })

  it('is told to have a filter that runs and tells nothing, on its page too, and goes on with another', async () => {
    whole(networkStatistics, WORKS)
    const flows = (out: number) =>
      tell(
        ...[0, 1, 2].map((n) =>
          flow(networkStatistics, { id: 30 + n, by: second, port: 50_010 + n, out }),
        ),
      )
    // What begins with one that the filter told may be told a little later.
    aheadNs += 3_000_000_000n
    flows(MIB)
    aheadNs += 30_000_000_000n
    const live = await until(async () => {
      const { devices } = await api<DevicesResponse>('/api/devices')
      return devices[0]?.live?.sources?.isFilterSilent ? devices[0].live : undefined
    }, `a silent filter: ${output}`)
    assert.equal(live.sources?.flows, 'network_statistics')
    assert.match(
      live.degraded,
      /The network filter runs and tells nothing: flows are seen by NetworkStatistics/,
    )
    assert.match(
      output,
      /flows are seen by NetworkStatistics now, no longer by the network filter, which says that it runs and tells nothing/,
    )
    flows(2 * MIB)
    await sentInAll(25 * MIB)
    const believes = (source: string, isFilterSilent: boolean) =>
      until(async () => {
        const { devices } = await api<DevicesResponse>('/api/devices')
        const sources = devices[0]?.live?.sources
        return sources?.flows === source && sources.isFilterSilent === isFilterSilent
          ? true
          : undefined
      }, `${source}: ${output}`)
    const again = [0, 1, 2].map((n) => ({ id: 40 + n, by: second, port: 50_020 + n, out: 10 }))
    tell(...again.map((told) => flow(filter, { ...told, state: 'opened' })))
    aheadNs += 30_000_000_000n
    await believes('filter', false)
    // It hangs, which its listener notices.
    tell(mark(filter, Mark.start, 0, Gap.filterSilent))
    await believes('network_statistics', true)
    flows(3 * MIB)
    await sentInAll(28 * MIB + 30)
    whole(filter, WORKS)
    await believes('filter', false)
  })

  for (const [what, one] of [
    ['engine', fourth],
    ['sense', fifth],
  ] as const)
    it(`counts each byte once over the end of its ${what}, where the filter is heard last after it`, async () => {
      tell(running(one))
      const told = { by: one, port: 50_000 + one.pid }
      const both = (out: number, state: 'opened' | 'report' | 'closed') => [
        flow(networkStatistics, { id: 1_000 + one.pid, ...told, out, state }),
        flow(filter, { id: one.pid, ...told, out, state }),
      ]
      tell(...both(4 * MIB, 'opened'))
      const alert = await until(() => alertOf(one), `an alert: ${output}`)
      assert.equal(alert.bytesOut, 4 * MIB)

      const before = output.length
      if (what === 'engine') process.kill(childOf(sense, 'engine'), 'SIGKILL')
      else {
        await end(sense, () => sense.kill('SIGKILL'))
        sense = start([SENSE, CLI, state(), folder])
      }
      if (what === 'engine')
        await until(() => /the engine ended/.test(output.slice(before)), `its end: ${output}`)
      const [byStatistics, byFilter] = both(5 * MIB, 'report')
      assert.ok(byStatistics && byFilter)
      whole(networkStatistics, WORKS, byStatistics)
      await passes(3)
      whole(polling, Capability.allProcesses, running({ ...ZSH, flags: 0x26000001 }), running(one))
      await passes(3)
      whole(filter, WORKS, byFilter)
      tell(...both(6 * MIB, 'closed'))
      const final = await until(async () => {
        const found = await alertOf(one)
        return found?.state === 'final' ? found : undefined
      }, `its end: ${output}`)
      assert.equal(final.bytesOut, 6 * MIB)
    })
})

/** Of a process of ours, the child that runs this role. */
function childOf({ pid }: ChildProcess, role: string): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  const found = children.find((child) =>
    readFileSync(`/proc/${child}/cmdline`, 'utf8').split('\0').includes(role),
  )
  assert.ok(found, `no ${role} among ${children}`)
  return Number(found)
}
