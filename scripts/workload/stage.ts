// One workload, recorded: runs in network and mount namespaces of its own (recorder.ts starts it there). The Linux source
// and the inspector are the agent's, the engine as well; what is not of the workload's processes is left out before the
// engine has it, so that the capture is all that it had, and a replay finds what it found.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { type BaselineRow, putRow } from '../../src/baseline/row.ts'
import { startRecording } from '../../src/capture/recording.ts'
import { createEngine } from '../../src/engine/engine.ts'
import type { Alert } from '../../src/engine/finding.ts'
import { describeMachine } from '../../src/host/machine.ts'
import {
  LAYOUT,
  Mark,
  RECORD_BYTES_MAX,
  RecordType,
  readInspect,
  readMark,
  Source,
  writePolicy,
} from '../../src/records/record.gen.ts'
import { loadAddon } from '../../src/sense/addon.ts'
import { createInspector } from '../../src/sense/inspector.ts'
import { nowUnixNs, unixNs } from '../../src/units.ts'
import { VERSION } from '../../src/version.ts'
import { learntRows, WATCHED_DAYS } from './earlier.ts'
import type { FarOptions } from './far.ts'
import { giveBrowser, giveKeys, HOME, makeHome, sessionEnvironment } from './home.ts'
import { namelessHost, namelessRecords } from './nameless.ts'
import { joinFar, NEAR } from './network.ts'
import { createSubject } from './subject.ts'
import { type Novelty, WORKLOADS, type Workload } from './table.ts'

export type StageOptions = {
  workload: string
  novelty: Novelty
  /** The capture to be made. */
  file: string
  /** Empty, and removed by who made it: this process has mounts in it. */
  directory: string
}

export type Staged = {
  alerts: { id: string; sentence: string }[]
  /** Events that the source lost, whosever they were. */
  lost: number
  /** What the session printed, where it failed. */
  failure: string
}

/** All of a recorder's captures are of one device: an alert's id hashes it. */
const DEVICE_ID = '5ce4a210-0000-4000-8000-000000000015'
const DAY_NS = 24n * 3600n * 1_000_000_000n
/** A month's, so that 24 hours in which it sent and 30 days of age are behind it. */
const EACH_DAY = Array.from({ length: 30 }, (_, i) => i + 1)
/** As the agent's own. */
const INTERVAL_MS = 1_000
/** Ten times what a busy machine of two processors tells of itself in the second in which it is not read. */
const RING_BYTES = 16 << 20
/** A recording is of less than a minute. */
const SESSION_MS = 50_000
/** Ticks after the last exit: counters of what closed then are in, and alerts have said their last figures. */
const LAST_TICKS = 3
const OUTPUT_CHARACTERS = 4_000

/** The engine with what feeds it and answers it, as the agent joins them. */
function openAgent(fd: number, rows: readonly BaselineRow[]) {
  const baseline = openMemoryBaseline()
  for (const row of rows) putRow(baseline, row)
  const engine = createEngine({ deviceId: DEVICE_ID, baseline })
  engine.save(0)
  const header = {
    ...{ version: VERSION, layout: LAYOUT, deviceId: DEVICE_ID, synthetic: '' },
    // The machine that it was made on is nobody's business.
    host: namelessHost(describeMachine()),
    startedAt: nowUnixNs(),
    baseline: baseline.counts(),
  }
  const recording = startRecording({ fd, header, rows, log: (text) => console.error(text) })
  const subject = createSubject()
  const alerts = new Map<string, Alert>()
  const all: Uint8Array[] = []
  let ticks = 0
  let isEnumerated = false
  const addon = loadAddon()
  const feed = (records: Uint8Array): void => {
    if (records.length === 0) return
    recording.take(records)
    all.push(records)
    engine.push(records)
    ticks = engine.ticks()
    const findings = engine.takeFindings()
    recording.note(findings)
    for (const finding of findings)
      if (finding.kind === 'alert') alerts.set(finding.alert.id, finding.alert)
    for (const request of engine.takeRequests())
      inspector.ask(
        readInspect(new DataView(request.buffer, request.byteOffset, request.length), 0),
      )
  }
  const inspector = createInspector({
    look: addon.look,
    inspect: addon.inspect,
    bootNs: addon.bootNs,
    onAnswers: (records) => feed(new Uint8Array(Buffer.concat(records))),
  })
  const into = new Uint8Array(RECORD_BYTES_MAX)
  const drain = (): void => {
    for (let length = source.drain(into); length > 0; length = source.drain(into)) {
      isEnumerated ||= hasEnumerated(into.subarray(0, length))
      feed(namelessRecords(subject.of(into.subarray(0, length))))
    }
  }
  feed(writePolicy({ source: Source.none, atNs: 0n, version: 0, document: '{}' }))
  const source = addon.open({
    source: 'linux',
    ringBytes: RING_BYTES,
    intervalMs: INTERVAL_MS,
    onReadable: drain,
  })
  return {
    subject,
    alerts,
    records: () => new Uint8Array(Buffer.concat(all)),
    isEnumerated: () => isEnumerated,
    ticks: () => ticks,
    async close(): Promise<void> {
      source.close()
      drain()
      engine.finish()
      const findings = engine.takeFindings()
      recording.note(findings)
      recording.close(nowUnixNs())
    },
  }
}

function hasEnumerated(records: Uint8Array): boolean {
  const view = new DataView(records.buffer, records.byteOffset, records.length)
  for (let at = 0; at < records.length; at += view.getUint32(at, true))
    if (
      view.getUint16(at + 4, true) === RecordType.mark &&
      readMark(view, at).kind === Mark.enumerated
    )
      return true
  return false
}

async function until(what: string, isSo: () => boolean, timeoutMs: number): Promise<void> {
  const endMs = performance.now() + timeoutMs
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`not in ${timeoutMs} ms: ${what}`)
    await sleep(20)
  }
}

/** Runs a text as the user does who has logged in, to its end; what it printed where it failed. */
async function runSession(text: string, begin: (pid: number) => void): Promise<string> {
  const session = spawn(
    '/bin/su',
    ['--preserve-environment', '--shell', '/bin/bash', 'ada', '--command', `cd ~\n${text}`],
    { env: sessionEnvironment(), cwd: HOME, detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  begin(session.pid ?? 0)
  let output = ''
  for (const stream of [session.stdout, session.stderr])
    stream.on(
      'data',
      (data: Buffer) => (output = (output + data.toString()).slice(-OUTPUT_CHARACTERS)),
    )
  const timer = setTimeout(() => process.kill(-(session.pid ?? 0), 'SIGKILL'), SESSION_MS)
  const [status, signal] = (await once(session, 'close')) as [number | null, string | null]
  clearTimeout(timer)
  return status === 0 ? '' : `ended with ${signal ?? status}: ${output}`
}

/** One recording of `text`. Resolves with its records too. */
async function record(text: string, file: string, rows: readonly BaselineRow[]) {
  const agent = openAgent(openSync(file, 'ax', 0o644), rows)
  await until('the enumeration', agent.isEnumerated, 10_000)
  const failure = await runSession(text, agent.subject.begin)
  await until('the end of its processes', () => agent.subject.alive() === 0, 5_000).catch(() => {})
  const end = agent.ticks() + LAST_TICKS
  await until('the last ticks', () => agent.ticks() >= end, 10_000)
  await agent.close()
  return { agent, failure }
}

const born = (): BaselineRow => ({
  kind: 'born',
  at: unixNs(nowUnixNs() - BigInt(WATCHED_DAYS) * DAY_NS, 'born'),
})

async function stage({ workload: name, novelty, file, directory }: StageOptions): Promise<Staged> {
  const workload = WORKLOADS.find((one) => one.name === name) as Workload
  const far = await joinFar(workload.servers.map(({ address }) => address))
  let servers: ChildProcess | undefined
  const begin = async (): Promise<void> => {
    const place = join(directory, String(Date.now()))
    mkdirSync(place)
    const options: FarOptions = { servers: workload.servers, near: NEAR, directory: place }
    const [program, ...words] = far.command(
      process.execPath,
      fileURLToPath(new URL('far.ts', import.meta.url)),
      JSON.stringify(options),
    )
    servers = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'], detached: true })
    const [line] = (await Promise.race([
      once(servers.stdout as NodeJS.ReadableStream, 'data'),
      once(servers, 'exit').then(() => ['']),
    ])) as [Buffer | string]
    if (!String(line).startsWith('listening')) throw new Error('the servers did not start')
    giveKeys(place)
  }
  const end = (): void => {
    if (servers?.pid !== undefined) process.kill(-servers.pid, 'SIGKILL')
    servers = undefined
  }
  try {
    makeHome(workload, directory)
    if (workload.browser) await giveBrowser()
    let rows: BaselineRow[] = [born()]
    if (novelty === 'known') {
      const { daysBefore, before } = workload.sleeper ?? {
        daysBefore: EACH_DAY,
        before: workload.near,
      }
      await begin()
      const first = await record(before, join(directory, 'first.fcap'), rows)
      if (first.failure !== '') return { alerts: [], lost: 0, failure: first.failure }
      end()
      makeHome(workload, directory)
      if (workload.browser) await giveBrowser()
      rows = learntRows(first.agent.records(), daysBefore, nowUnixNs(), DEVICE_ID)
    }
    await begin()
    const { agent, failure } = await record(workload.near, file, rows)
    return {
      alerts: [...agent.alerts.values()].map(({ id, sentence }) => ({ id, sentence })),
      lost: agent.subject.lost(),
      failure,
    }
  } finally {
    end()
    far.close()
  }
}

if (import.meta.main) {
  const options = JSON.parse(process.argv[2] ?? '') as StageOptions
  const staged = await stage(options)
  // The inspector may still wait for what nobody needs.
  writeFileSync(1, `${JSON.stringify(staged)}\n`)
  process.exit(0)
}
