// The engine role from top to bottom: record bytes from sense in, durable findings out, and on to the
// collector. Everything that decides is in the rooms; here they are only joined.
import { Socket } from 'node:net'
import { openBaseline } from './baseline/sqlite.ts'
import { type Recording, type RecordingCounts, startRecording } from './capture/recording.ts'
import type { EngineCounters } from './engine/counters.ts'
import { createEngine } from './engine/engine.ts'
import type { Alert, Finding, Health, ProcessView } from './engine/finding.ts'
import type { PolicyDocument } from './engine/policy.ts'
import { readOrMakeDeviceId } from './host/device.ts'
import { lockDirectory } from './host/lock.ts'
import { describeMachine } from './host/machine.ts'
import { markRunning } from './host/running-mark.ts'
import { userName } from './host/users.ts'
import { printable } from './printable.ts'
import { createFramer } from './records/framer.ts'
import { LAYOUT, Source, writeAcknowledge, writePolicy } from './records/record.gen.ts'
import { createSensorWatch } from './status/sensor-watch.ts'
import { serveStatus } from './status/socket.ts'
import type { AgentStatus } from './status/view.ts'
import type { Live } from './stream/message.ts'
import { openOutbox } from './stream/outbox.ts'
import { startUplink } from './stream/uplink.ts'
import { nowUnixNs } from './units.ts'
import { VERSION } from './version.ts'

/** Another agent holds the state directory. */
export class AgentError extends Error {
  override readonly name = 'AgentError'
}

export type AgentOptions = {
  /** The working directory, already entered: baseline, outbox, device id and status socket lie in it. */
  directory: string
  /** File descriptor of the pipe to sense: record bytes in; inspect and acknowledge records out. */
  pipeFd: number
  /** undefined: findings stay in the outbox until a collector is named. */
  collector: { url: string; token: string } | undefined
  policy: PolicyDocument
  /** Keeps all that the engine is given; the descriptor is open for appending. */
  record?: { fd: number; onCounts: (counts: RecordingCounts, isLast: boolean) => void }
  /** How long a working sensor may say nothing. */
  quietMs?: number
  signal: AbortSignal
  log: (text: string) => void
}

const OUTBOX_BYTES_MAX = 256 * 1024 * 1024
const OUTBOX_AGE_MAX_MS = 30 * 24 * 3600 * 1000
/** Record bytes after which sense is told that they are durable, at the latest; it keeps at most 4 MiB. */
const ACKNOWLEDGE_BYTES = 1024 * 1024
const COMMIT_INTERVAL_MS = 1000
const LIVE_INTERVAL_MS = 1000
const LIVE_FLOWS = 8
const LOCK_WAIT_MS = 10_000
const RECORD_COUNTS_INTERVAL_MS = 5_000

/** Runs until sense closes the pipe or `signal` aborts. Throws AgentError when the directory is held by another agent. */
export async function runEngine(options: AgentOptions): Promise<void> {
  const { directory, log } = options
  const unlock = lock(directory, log)
  const running = markRunning('.')
  const sensor = createSensorWatch(performance.now(), options.quietMs)
  const ending = new AbortController()
  const pipe = new Socket({ fd: options.pipeFd, readable: true, writable: true })
  pipe.on('error', (error) => log(`the pipe to sense failed: ${error.message}`))
  options.signal.addEventListener('abort', () => pipe.destroy(), { once: true })

  const { baseline, setAside } = openBaseline('baseline.db', { now: nowUnixNs() })
  const outbox = openOutbox('outbox.db', {
    bytesMax: OUTBOX_BYTES_MAX,
    ageMaxMs: OUTBOX_AGE_MAX_MS,
    now: nowUnixNs,
  })
  const deviceId = readOrMakeDeviceId('.')
  const machine = describeMachine()
  const engine = createEngine({ deviceId, baseline })
  engine.save(0)
  const recording = options.record && record(options.record.fd)
  const feed = (records: Uint8Array) => {
    recording?.take(records)
    engine.push(records)
  }
  feed(policyRecord(options.policy))

  const collector = options.collector
  const uplink = collector
    ? startUplink({
        url: collector.url,
        token: collector.token,
        hello: { deviceId, agentVersion: VERSION, host: machine },
        outbox,
        signal: ending.signal,
        log,
      })
    : undefined

  const tell = (findings: Finding[]) => {
    if (findings.length === 0) return
    try {
      outbox.append(findings.map(withUserNames))
    } catch (error) {
      log(`findings were not kept (${(error as Error).message}); detection goes on`)
    }
    uplink?.poke()
    for (const finding of findings) {
      if (finding.kind === 'alert') noteAlert(finding.alert)
      if (finding.kind === 'health') log(printable(finding.health.text))
    }
  }
  const lastAlerts: Alert[] = []
  const noteAlert = (alert: Alert) => {
    if (alert.state === 'opened') log(printable(`alert ${alert.severity}: ${alert.sentence}`))
    const at = lastAlerts.findIndex((other) => other.id === alert.id)
    if (at >= 0) lastAlerts.splice(at, 1)
    lastAlerts.push(alert)
    if (lastAlerts.length > 5) lastAlerts.shift()
  }
  if (running.wasCutShort)
    tell([
      healthOf(
        'restart',
        'the agent was killed or crashed and runs again; what sense kept for it is not lost',
      ),
    ])
  if (setAside)
    tell([
      healthOf(
        'baseline',
        `the baseline could not be read (${setAside.reason}); it was set aside as ${setAside.path} and a new one begun`,
      ),
    ])
  if (outbox.setAside)
    tell([
      healthOf(
        'outbox',
        `the outbox could not be read (${outbox.setAside.reason}); it was set aside as ${outbox.setAside.path}`,
      ),
    ])

  // Findings first, then the baseline: a crash between the two repeats a finding, it never loses one.
  let acknowledgedBytes = 0
  let goneBytes = 0
  const ownBytes = engine.settledBytes()
  let committedAtMs = performance.now()
  const settle = (force: boolean) => {
    const requests = engine.takeRequests()
    if (requests.length > 0) pipe.write(Buffer.concat(requests))
    const findings = engine.takeFindings()
    recording?.note(findings)
    tell(findings)
    const nowMs = performance.now()
    const settledBytes = engine.settledBytes() - ownBytes
    const due =
      force ||
      findings.length > 0 ||
      settledBytes - acknowledgedBytes >= ACKNOWLEDGE_BYTES ||
      nowMs - committedAtMs >= COMMIT_INTERVAL_MS
    // At the end what the engine finishes changes the baseline without a byte more: unsaved, it would be said again.
    if (!due || (!force && settledBytes === acknowledgedBytes)) return
    committedAtMs = nowMs
    recording?.flush()
    engine.save(ownBytes + goneBytes)
    try {
      baseline.commit()
    } catch (error) {
      log(`the baseline was not written (${(error as Error).message}); it is tried again`)
    }
    acknowledgedBytes = settledBytes
    if (!pipe.destroyed && pipe.writable)
      pipe.write(acknowledgement(settledBytes), (error) => {
        if (!error) goneBytes = settledBytes
      })
  }

  const startedAtMs = Date.now()
  const liveTimer = setInterval(() => uplink?.live(liveNow()), LIVE_INTERVAL_MS)
  const countsTimer = setInterval(() => tellCounts(recording, false), RECORD_COUNTS_INTERVAL_MS)
  await serveStatus({ directory: '.', status: statusNow, signal: ending.signal })
  try {
    const framer = createFramer()
    log(
      collector
        ? `watching; findings go to ${collector.url}`
        : 'watching; findings are kept until a collector is named (--collector)',
    )
    for await (const chunk of pipe as AsyncIterable<Uint8Array>) {
      sensor.heard(performance.now())
      for (const records of framer.push(chunk)) feed(records)
      settle(false)
    }
  } catch (error) {
    if (!options.signal.aborted) throw error
  } finally {
    clearInterval(liveTimer)
    clearInterval(countsTimer)
    engine.finish()
    settle(true)
    tellCounts(recording, true)
    ending.abort()
    await uplink?.done
    outbox.close()
    baseline.close()
    pipe.destroy()
    running.remove()
    unlock()
  }

  /** The baseline as it stands is the capture's beginning: the engine has read nothing yet. */
  function record(fd: number): Recording {
    const header = {
      version: VERSION,
      layout: LAYOUT,
      deviceId,
      host: machine,
      startedAt: nowUnixNs(),
      synthetic: '',
      baseline: baseline.counts(),
    }
    return startRecording({ fd, header, rows: baseline.rows(), log })
  }

  function tellCounts(of: Recording | undefined, isLast: boolean): void {
    if (of) options.record?.onCounts(isLast ? of.close(nowUnixNs()) : of.counts(), isLast)
  }

  /** A sensor that says nothing is worse than one that sees less. */
  function countersNow(): EngineCounters {
    const counters = engine.counters()
    return { ...counters, degraded: sensor.silence(performance.now()) || counters.degraded }
  }

  function liveNow(): Live {
    const { items, evicted } = outbox.counters()
    return {
      ...countersNow(),
      at: nowUnixNs(),
      identities: baseline.counts().identities,
      outboxItems: items,
      outboxEvicted: evicted,
      top: engine.top(LIVE_FLOWS),
    }
  }

  function statusNow(): AgentStatus {
    const { degraded, ...counters } = countersNow()
    return {
      version: VERSION,
      deviceId,
      hostname: machine.hostname,
      startedAtMs,
      degraded,
      counters: { ...counters, identities: baseline.counts().identities },
      outbox: outbox.counters(),
      collector: {
        url: collector?.url ?? '',
        ...(uplink?.state() ?? { state: 'none' }),
      },
      lastAlerts: lastAlerts.map((alert) => ({
        atMs: Number(alert.openedAt / 1_000_000n),
        severity: alert.severity,
        sentence: alert.sentence,
      })),
    }
  }
}

/** Waits for a predecessor that is ending, and says so. */
function lock(directory: string, log: (text: string) => void): () => void {
  const atOnce = lockDirectory('.', 0)
  if (atOnce) return atOnce
  log(`waiting for another agent with the state directory ${directory} to end`)
  const later = lockDirectory('.', LOCK_WAIT_MS)
  if (later) return later
  throw new AgentError(
    `another agent runs with the state directory ${directory}: stop it, or choose another with --state`,
  )
}

function policyRecord(policy: PolicyDocument): Uint8Array {
  return writePolicy({
    source: Source.none,
    atNs: 0n,
    version: policy.version ?? 0,
    document: JSON.stringify(policy),
  })
}

function acknowledgement(throughBytes: number): Uint8Array {
  return writeAcknowledge({ source: Source.none, atNs: 0n, throughBytes: BigInt(throughBytes) })
}

/** User names are this machine's own affair: looked up here, at the edge, never by the engine. */
function withUserNames(finding: Finding): Finding {
  const named = (process: ProcessView): ProcessView => ({
    ...process,
    user: process.uid === undefined ? '' : (userName(process.uid) ?? ''),
  })
  if (finding.kind === 'alert')
    return { ...finding, alert: { ...finding.alert, chain: finding.alert.chain.map(named) } }
  if (finding.kind === 'sighting')
    return {
      ...finding,
      sighting: { ...finding.sighting, process: named(finding.sighting.process) },
    }
  return finding
}

function healthOf(of: Health['of'], text: string): Finding {
  return { at: nowUnixNs(), kind: 'health', health: { of, text, count: 1 } }
}
