// The engine role from top to bottom: record bytes from sense in, durable findings out, and on to the
// collector. Everything that decides is in the rooms; here they are only joined.
import { Socket } from 'node:net'
import { dirname } from 'node:path'
import { openBeliefFile } from './agent/belief-file.ts'
import { beginEnd, closeAll, tellUnwritten } from './agent/ending.ts'
import { createHeldBack } from './agent/held-back.ts'
import { hidingNames } from './agent/hidden-names.ts'
import { type CollectorOptions, startLink } from './agent/link.ts'
import { createLossBook } from './agent/losses.ts'
import { noteNetusage } from './agent/netusage.ts'
import { forgetNext, takeUpNext } from './agent/next-enrolment.ts'
import { POLICY_FILE } from './agent/policy-file.ts'
import { policyRecord } from './agent/policy-record.ts'
import { startRecordingFor } from './agent/recorded.ts'
import { createReport } from './agent/report.ts'
import { createPoliciesByKey } from './agent/root-key.ts'
import { createSettling } from './agent/settling.ts'
import { usingState } from './agent/state-file.ts'
import { createTelling, type Telling } from './agent/telling.ts'
import { noteRebuilt } from './baseline/baseline.ts'
import type { Netusage } from './baseline/netusage.ts'
import { BaselineError, openBaseline, type SetAside } from './baseline/sqlite.ts'
import type { RecordingCounts } from './capture/recording.ts'
import { createEngine } from './engine/engine.ts'
import type { PolicyDocument } from './engine/policy.ts'
import { humanDuration } from './engine/sentence.ts'
import { deviceIdAnyhow } from './host/device.ts'
import { hardwareId } from './host/hardware.ts'
import { lockDirectory } from './host/lock.ts'
import { describeMachine } from './host/machine.ts'
import { hasDied, parentHasDied } from './host/parent.ts'
import { markRunning, type RunningMark, STOP_TOLD_MS } from './host/running-mark.ts'
import { sinceBootMs } from './host/since-boot.ts'
import { userNumber } from './host/users.ts'
import { createIntake } from './intake/intake.ts'
import { createFramer } from './records/framer.ts'
import type { MacSource } from './sources/choice.ts'
import { isWatched, StatusError } from './status/asking.ts'
import { createSensorWatch } from './status/sensor-watch.ts'
import { serveStatus } from './status/socket.ts'
import { openOutbox } from './stream/outbox.ts'
import { deviceOf } from './trust/vouching.ts'
import { nowUnixNs, type UnixNs } from './units.ts'
import { VERSION } from './version.ts'

/** Another agent holds the state directory. */
export class AgentError extends Error {
  override readonly name = 'AgentError'
}

/** The engine failed on what it was given, for no reason of the disk's: given again, it may fail again. */
export class RecordsError extends Error {
  override readonly name = 'RecordsError'
}

export type AgentOptions = {
  /** The working directory, already entered: baseline, outbox, device id and status socket lie in it. */
  directory: string
  /** File descriptor of the pipe to sense: record bytes in; inspect and acknowledge records out. */
  pipeFd: number
  /** undefined: findings stay in the outbox until a collector is named. */
  collector: CollectorOptions | undefined
  policy: {
    /** A file of the command line: it wins over what a collector sends. */
    local: PolicyDocument | undefined
    /** In every policy, whosever it is. */
    always: PolicyDocument
    /** What a collector's policies have to be signed with, 64 hex digits; undefined: none is taken. */
    rootKey: string | undefined
    /** By the command line: what this machine enrols with does not count. */
    isKeyGiven?: boolean
    /** Of an enrolment with this collector that has none. */
    keyBySettings?: (collector: string) => string | undefined
  }
  /** `freshet up` runs it and its collector, and starts either again; `upPid`: its process. */
  isUnderUp?: boolean
  upPid?: number | undefined
  /** Who used the network before Freshet came, as a Mac has written it; asked at a machine's first start alone. */
  readNetusage?: () => Netusage
  /** Keeps all that the engine is given; the descriptor is open for appending. */
  record?: { fd: number; onCounts: (counts: RecordingCounts, isLast: boolean) => void }
  /** Of a Mac's sources, those that may be believed; undefined: all. */
  sources?: ReadonlySet<MacSource> | undefined
  /** How long a working sensor may say nothing. */
  quietMs?: number
  signal: AbortSignal
  log: (text: string) => void
}

const OUTBOX_BYTES_MAX = 256 * 1024 * 1024
/** As much as SQLite has in its log before it puts it into the file. */
const OUTBOX_RESERVE_BYTES = 4 * 1024 * 1024
const OUTBOX_AGE_MAX_MS = 30 * 24 * 3600 * 1000
const LIVE_INTERVAL_MS = 1000
/** An engine that lost its sense still commits all it has: with a load of 20 on two processors that took over 10 s. */
const LOCK_WAIT_MS = 60_000
/** How exactly the next agent knows for how long this one was gone. */
const ALIVE_INTERVAL_MS = 5_000
const RECORD_COUNTS_INTERVAL_MS = 5_000

/** Runs until sense closes the pipe or `signal` aborts. Throws AgentError when the directory is held by another agent, the errors of its files, and RecordsError. */
export async function runEngine(options: AgentOptions): Promise<void> {
  const { directory, collector, log } = options
  // Who gives the records. When it has died this process has another parent.
  const sensePid = process.ppid
  const unlock =
    usingState(directory, () => lockDirectory('.', 0)) ??
    (await lockAfter(directory, options.record !== undefined, log))
  const machine = describeMachine()
  const sensor = createSensorWatch(performance.now(), options.quietMs)
  const ending = new AbortController()
  const pipe = new Socket({ fd: options.pipeFd, readable: true, writable: true })
  pipe.on('error', (error) =>
    log(
      isGone(error)
        ? `sense, the root part, has gone (${error.message}): this engine keeps what it has and ends`
        : `the pipe to sense failed: ${error.message}`,
    ),
  )
  options.signal.addEventListener('abort', () => pipe.destroy(), { once: true })
  // While it waited for another agent to end.
  if (options.signal.aborted) pipe.destroy()

  const { baseline, setAside } = usingState(directory, () =>
    openBaseline('baseline.db', { now: nowUnixNs(), log, mayStandIn: true }),
  )
  if (setAside) noteRebuilt(baseline, nowUnixNs())
  noteNetusage(baseline, options.readNetusage, log)
  const outbox = usingState(directory, () =>
    openOutbox('outbox.db', {
      bytesMax: OUTBOX_BYTES_MAX,
      reserveBytes: OUTBOX_RESERVE_BYTES,
      ageMaxMs: OUTBOX_AGE_MAX_MS,
      mayStandIn: true,
      now: nowUnixNs,
      log,
    }),
  )
  const hardware = hardwareId()
  const own = usingState(directory, () => takeUpNext('.', collector?.enrolment, log))
  const enrolment = own?.enrolment ?? collector?.enrolment
  const device = usingState(directory, () => deviceIdAnyhow('.', log))
  const deviceId = device.id
  // When all files are accepted: one that is refused is no death, which the next start would count.
  const running = usingState(directory, () =>
    markRunning(
      '.',
      { nowMs: Date.now(), uptimeMs: sinceBootMs(), bootId: machine.bootId, sensePid },
      log,
    ),
  )
  const engine = createEngine({ deviceId, baseline })
  engine.save(0)
  const losses = createLossBook(baseline, () => engine.counters().lost, nowUnixNs)
  const recording = startRecordingFor(options, deviceId, machine, baseline)
  let hasFailed = false
  const feed = (records: Uint8Array) => {
    recording?.take(records)
    engine.push(records)
  }
  const framer = createFramer()
  const beliefFile = openBeliefFile(machine.bootId, log)
  const intake = createIntake(feed, { allowed: options.sources, memory: beliefFile.memory })
  const feedAll = (chunk: Uint8Array) => {
    try {
      for (const records of framer.push(chunk)) intake.push(records)
    } catch (cause) {
      if (cause instanceof BaselineError) throw cause
      hasFailed = true
      throw new RecordsError(`the engine failed: ${(cause as Error).message}`, { cause })
    }
  }
  let add = feed
  let tellPolicy = (text: string): void => void early.push(text)
  const early: string[] = []
  const addressee = {
    deviceId: enrolment ? deviceOf(enrolment) : deviceId,
    group: enrolment?.group ?? '',
  }
  const policies = usingState(directory, () =>
    createPoliciesByKey({
      ...{ path: POLICY_FILE, agentVersion: VERSION, now: nowUnixNs, ...options.policy },
      own: addressee,
      uidOf: userNumber,
      apply: (document) => add(policyRecord(document)),
      tell: (text) => tellPolicy(text),
    }),
  )

  const uplink =
    collector &&
    startLink({
      ...{ collector, enrolment, deviceId, hardware, machine, outbox, log },
      signal: ending.signal,
      policies: {
        ...{ take: policies.take, refuseLarge: policies.refuseLarge },
        report: () => ({
          ...policies.report(),
          suppressed: engine.counters().suppressed,
          suppressions: engine.suppressions(),
        }),
      },
      onEnrolled({ group, policyKey, collector }) {
        addressee.group = group
        const { isKeyGiven, keyBySettings } = options.policy
        if (!isKeyGiven) policies.trust(policyKey ?? keyBySettings?.(collector))
      },
    })
  const telling = createTelling(outbox, uplink, log, hidingNames(policies.hidesUserNames, log))
  if (own) {
    telling.tellHealth(
      'restart',
      `this machine had the certificate of another, device ${own.earlierId}, and is a device of its own from now on: what it sent before is under that one`,
    )
    // Else it is told once more at the next start.
    if (outbox.unwritten() === 0) usingState(directory, () => forgetNext('.'))
  }
  tellPolicy = (text) => telling.tellHealth('policy', text)
  for (const text of early) tellPolicy(text)
  const tellHeldBack = createHeldBack(engine.suppressions, tellPolicy, () => performance.now())
  tellOfTheLast(telling, running, setAside, outbox.setAside)
  usingState(directory, () => tellUnwritten(telling, outbox))
  const settle = createSettling({
    engine,
    account: intake,
    baseline: losses,
    keepSources: () => beliefFile.save(intake.memory),
    pipe,
    recording,
    tell: telling.tell,
    unwritten: () => outbox.unwritten(),
    log,
  })

  add = intake.add

  // Where the status is asked for: the directory of this file's others is closed to who may read it.
  const above = dirname(directory)
  const report = createReport({
    ...{ deviceId, machine, engine, baseline, outbox, uplink, sensor },
    baselineSetAside: setAside,
    outboxBytesMax: OUTBOX_BYTES_MAX,
    collectorUrl: collector?.url ?? '',
    isUnderUp: options.isUnderUp ?? false,
    state: above,
    choice: intake.choice,
    allowed: options.sources,
    lastAlerts: telling.lastAlerts,
    ...{ policy: policies.status, countsLoopback: policies.countsLoopback },
    running,
    losses,
  })
  const liveTimer = setInterval(() => {
    const live = report.live()
    uplink?.live(live)
    policies.pass()
    uplink?.tellPolicies()
    tellHeldBack(false)
  }, LIVE_INTERVAL_MS)
  const tellCounts = (isLast: boolean): void => {
    if (recording)
      options.record?.onCounts(isLast ? recording.close(nowUnixNs()) : recording.counts(), isLast)
  }
  const aliveTimer = setInterval(() => {
    running.alive(Date.now())
    device.keep()
  }, ALIVE_INTERVAL_MS)
  const countsTimer = setInterval(() => tellCounts(false), RECORD_COUNTS_INTERVAL_MS)
  await serveStatus({ directory: above, status: report.status, signal: ending.signal }).catch(
    // Nobody can ask then; detection goes on, and the collector is told as ever.
    (error: unknown) => {
      if (!(error instanceof StatusError)) throw error
      log(`neither the menu bar nor a terminal can ask how this agent is: ${error.message}`)
    },
  )
  try {
    log(
      collector
        ? `watching; findings go to ${collector.url}`
        : 'watching; findings are kept until a collector is named (--collector)',
    )
    for await (const chunk of pipe as AsyncIterable<Uint8Array>) {
      const ticks = engine.ticks()
      feedAll(chunk)
      // Not any bytes: answers, and the flows of a second source, come also when the first hangs.
      if (engine.ticks() !== ticks) sensor.heard(performance.now())
      for (const { isBetter, text } of intake.takeChanges())
        telling.tellHealth(isBetter ? 'recovered' : 'degraded', text)
      settle(false)
    }
  } catch (error) {
    // Met by a write before the end of what it said is read: an end like that.
    if (!options.signal.aborted && !(error === pipe.errored && isGone(error))) throw error
  } finally {
    clearInterval(liveTimer)
    clearInterval(aliveTimer)
    clearInterval(countsTimer)
    const end = beginEnd({ outbox, baseline, log })
    const hasOrder = options.signal.aborted
    const [senseHasDied, upHasDied] = await Promise.all([
      !hasOrder && parentHasDied(sensePid),
      !hasOrder && options.upPid !== undefined && hasDied(options.upPid),
    ])
    // Of an engine that failed nothing more is to be had: what it had not settled comes again.
    let isSettled = hasFailed
    if (!hasFailed) {
      engine.finish()
      tellHeldBack(true)
      isSettled = settle(true)
    }
    tellCounts(true)
    const how = senseHasDied ? running.leave : upHasDied ? running.orphaned : running.remove
    const mark = () => how(Date.now())
    end.foretell(isSettled, mark)
    ending.abort()
    await uplink?.done
    if (!isSettled) end.settleLast(() => settle(true))
    closeAll(outbox, baseline)
    pipe.destroy()
    mark()
    unlock()
  }
}

/** EPIPE, ECONNRESET of unix(7): the other end is closed, in order or by a kill. */
const isGone = (error: unknown): boolean =>
  ['EPIPE', 'ECONNRESET'].includes((error as NodeJS.ErrnoException).code ?? '')

const sinceMs = (agoMs: number): UnixNs | undefined =>
  agoMs > 0 ? ((nowUnixNs() - BigInt(Math.round(agoMs)) * 1_000_000n) as UnixNs) : undefined

/** What the agent before left: an end that was none, files that could not be read. */
function tellOfTheLast(
  { tellHealth }: Telling,
  { lost, unwatchedMs }: RunningMark,
  baseline: SetAside | undefined,
  outbox: SetAside | undefined,
): void {
  const unwatched = `for ${humanDuration(unwatchedMs)} nothing was watched: what began and ended in that time was not seen`
  const tellUnwatched = (text: string): void =>
    tellHealth('restart', `${text} ${unwatched}`, sinceMs(unwatchedMs))
  if (lost === 'engine')
    tellHealth(
      'restart',
      'the agent was killed or crashed and runs again; what sense kept for it is not lost',
    )
  else if (lost === 'sense')
    tellUnwatched('sense, the root part of the agent, was killed or crashed and runs again;')
  else if (lost === 'both')
    tellUnwatched(
      'the agent and sense, its root part, were killed or crashed together and run again;',
    )
  else if (lost === 'up')
    tellUnwatched('what ran the agent and its collector was killed or crashed, and runs again;')
  else if (lost === 'machine')
    tellUnwatched('the machine went down while the agent ran; until the agent ran again,')
  else if (unwatchedMs >= STOP_TOLD_MS) tellUnwatched('the agent was stopped and runs again;')
  if (baseline)
    tellHealth(
      'baseline',
      `the baseline could not be read (${baseline.reason}); it was set aside as ${baseline.path} and a new one begun`,
    )
  if (outbox)
    tellHealth(
      'outbox',
      `the outbox could not be read (${outbox.reason}); it was set aside as ${outbox.path}`,
    )
}

/**
 * Waits for a predecessor that is ending, and says so. For a recording, which a person wants now, one that answers is not: an
 * agent that is started again by itself waits all the same, as the one before it may answer to its last moment.
 */
async function lockAfter(
  directory: string,
  isRecording: boolean,
  log: (text: string) => void,
): Promise<() => void> {
  const runs = `another agent runs with the state directory ${dirname(directory)}: stop it, or choose another with --state`
  if (isRecording && (await isWatched(dirname(directory)))) throw new AgentError(runs)
  log(`waiting for another agent with the state directory ${directory} to end`)
  const later = usingState(directory, () => lockDirectory('.', LOCK_WAIT_MS))
  if (later) return later
  throw new AgentError(runs)
}
