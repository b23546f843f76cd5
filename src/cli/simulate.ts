// `freshet simulate upload`: makes the very thing Freshet is for happen, harmlessly, and waits for the
// alert. Nothing is pretended: a real program sends real bytes, and what is printed is what the
// collector has stored.

import { isIP } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AlertDetail, DeviceInfo } from '../collector/page-api.ts'
import { counted } from '../engine/sentence.ts'
import {
  type ProbeReport,
  resolveTarget,
  runProbe,
  startSink,
  type Target,
  UnknownTarget,
  uniqueProgram,
} from './simulate-probe.ts'
import {
  type Before,
  type CollectorApi,
  CollectorUnreachable,
  collectorApi,
  countersOf,
  type Stop,
  whereItStopped,
} from './simulate-watch.ts'

export type SimulateOptions = {
  /** The project's native probe, native/build/probe. */
  probePath: string
  /** Sent in all, over all flows. */
  bytes: number
  /** Connections at once, 1 to 256. */
  flows: number
  /** The sink answers nothing. Has no say where `to` is given. */
  silent: boolean
  /** Where to send, by name or address; undefined: a sink of our own on loopback. */
  to: { host: string; port: number } | undefined
  /** How long the upload is made to last, so that the alert opens while it goes on; 0: full speed. */
  paceMs: number
  /** http://host:port of the collector. */
  collectorUrl: string
  /** The collector's page key (page.key in its state directory). */
  pageKey: string
  /** Bound for all of it, from the start of the upload to the final figure. */
  timeoutMs: number
  /** How long an agent that is not connected yet is waited for before anything is sent. */
  agentWaitMs: number
  signal: AbortSignal
  print: (line: string) => void
  /** A command of this program, as it has to be written for this installation. */
  commandFor: (words: string) => string
}

export type SimulateOutcome =
  /** The alert's final figure equals what was sent. */
  | { kind: 'exact'; alert: AlertDetail; sent: number; openedAfterMs: number; finalAfterMs: number }
  /** It came to an end with another figure. */
  | { kind: 'inexact'; alert: AlertDetail; sent: number }
  /** It opened, but was not final in time. */
  | { kind: 'unfinished'; alert: AlertDetail; sent: number }
  | { kind: 'no_alert'; stop: Stop }
  /** The upload itself did not come about. */
  | { kind: 'not_sent'; sentence: string }

/** 0: as it should be. 1: sent, but no alert or not the right figure. 2: nothing was tried, or not all sent. */
export const exitStatus = (outcome: SimulateOutcome): number =>
  outcome.kind === 'exact' ? 0 : outcome.kind === 'not_sent' ? 2 : 1

const POLL_MS = 150

/** Throws only when `signal` aborts (its reason) or when the machine refuses something unforeseen. */
export async function simulateUpload(options: SimulateOptions): Promise<SimulateOutcome> {
  const { print, signal } = options
  const api = collectorApi(options.collectorUrl, options.pageKey, signal, options.commandFor)
  try {
    const devices = await withAgent(api, options.agentWaitMs, signal)
    if (!devices.some((one) => one.connected)) {
      const stop = whereItStopped(devices, countersOf(devices), undefined, {
        bytes: 0,
        silent: options.silent,
        loopback: true,
        commandFor: options.commandFor,
      })
      print(`Nothing was sent: ${stop.sentence}.`)
      return { kind: 'not_sent', sentence: stop.sentence }
    }
    return await upload(options, api, countersOf(devices))
  } catch (error) {
    if (!(error instanceof CollectorUnreachable || error instanceof UnknownTarget)) throw error
    print(`Nothing was sent: ${error.message}.`)
    return { kind: 'not_sent', sentence: error.message }
  }
}

/** The collector's devices, once one of them is connected or `waitMs` have passed: an agent just started needs a moment. */
async function withAgent(
  api: CollectorApi,
  waitMs: number,
  signal: AbortSignal,
): Promise<DeviceInfo[]> {
  const deadline = performance.now() + waitMs
  for (;;) {
    const devices = await api.devices()
    if (devices.some((one) => one.connected && one.live) || performance.now() >= deadline)
      return devices
    await sleep(POLL_MS, undefined, { signal })
  }
}

type Timing = { beganAt: number; deadlineAt: number }

async function upload(
  options: SimulateOptions,
  api: CollectorApi,
  before: Before,
): Promise<SimulateOutcome> {
  const { print, signal } = options
  await using cleanUp = new AsyncDisposableStack()
  const program = await uniqueProgram(options.probePath)
  cleanUp.defer(() => program.remove())
  const target = await targetOf(options, cleanUp)
  const { loopback } = target

  print(`Program      ${program.path}`)
  print(`SHA-256      ${program.sha256}, never seen before`)
  print(
    `Destination  ${isIP(target.address) === 6 ? `[${target.address}]` : target.address}:${target.port}` +
      (options.to
        ? loopback
          ? ''
          : ' (as you asked: these bytes leave this machine)'
        : `, a sink of our own that answers ${options.silent ? 'nothing' : 'next to nothing'}`),
  )
  const timing = { beganAt: performance.now(), deadlineAt: performance.now() + options.timeoutMs }
  const limit = AbortSignal.timeout(options.timeoutMs)
  const run = runProbe({
    path: program.path,
    target,
    bytes: options.bytes,
    flows: options.flows,
    rateBytesPerS: options.paceMs > 0 ? (options.bytes * 1000) / options.paceMs : 0,
    signal: AbortSignal.any([signal, limit]),
  }).then((report) => {
    const taken = taking(report.sent, target.taken())
    if (report.sent !== options.bytes) throw new Error(shortfall(report, options.bytes) + taken)
    print(`Sent         ${summary(report, performance.now() - timing.beganAt)}${taken}`)
    return report
  })
  // The alert is looked for while the upload goes on; both are awaited, so neither rejects unseen.
  const [ran, watched] = await Promise.allSettled([
    run,
    firstAlert(options, api, program, run, timing),
  ])
  signal.throwIfAborted()
  if (ran.status === 'rejected') {
    if (ran.reason instanceof Error && ran.reason.name === 'AbortError' && limit.aborted) {
      const sentence = tooLong(options)
      print(`Not all sent ${sentence}`)
      return { kind: 'not_sent', sentence }
    }
    const why = ran.reason instanceof Error ? ran.reason.message : String(ran.reason)
    print(`The upload failed: ${why}`)
    return { kind: 'not_sent', sentence: why }
  }
  const { commandFor } = options
  const sent = { bytes: ran.value.sent, silent: options.silent, loopback, commandFor }
  const stop = (stop: Stop): SimulateOutcome => {
    print(
      `No alert     within ${options.timeoutMs / 1000} s. It stopped at the ${stop.at}: ${stop.sentence}`,
    )
    return { kind: 'no_alert', stop }
  }
  try {
    if (watched.status === 'rejected') throw watched.reason
    if (watched.value) return await finalFigure(options, api, watched.value, ran.value, timing)
    const identity = await api.identity(program.path, program.sha256)
    return stop(whereItStopped(await api.devices(), before, identity, sent))
  } catch (error) {
    if (!(error instanceof CollectorUnreachable)) throw error
    return stop({ at: 'collector', sentence: error.message })
  }
}

/** Where it goes, and what has arrived there where that is a sink of our own. */
async function targetOf(
  options: SimulateOptions,
  cleanUp: AsyncDisposableStack,
): Promise<Target & { taken: () => number | undefined }> {
  if (options.to) return { ...(await resolveTarget(options.to)), taken: () => undefined }
  const sink = cleanUp.adopt(await startSink(options.silent), (one) => one.close())
  return { address: sink.address, port: sink.port, loopback: true, taken: sink.received }
}

/** What a program is told it has written is not what arrives when its connection breaks: the difference is said. */
export const taking = (sent: number, taken: number | undefined): string =>
  taken === undefined || taken === sent ? '' : `; ${taken} B of them reached the sink`

type Opened = { alert: AlertDetail; afterMs: number }

/** The alert as it opens. undefined: not in time, or the upload failed. */
async function firstAlert(
  options: SimulateOptions,
  api: CollectorApi,
  program: { path: string; sha256: string },
  run: Promise<ProbeReport>,
  timing: Timing,
): Promise<Opened | undefined> {
  let failed = false
  run.catch(() => {
    failed = true
  })
  while (!failed && performance.now() < timing.deadlineAt) {
    const alert = await api.alert(program.path, program.sha256)
    if (alert) {
      const afterMs = performance.now() - timing.beganAt
      options.print(
        `Alert        ${seconds(afterMs)} after the upload began, at ${alert.bytesOut} B: ${alert.severity}, score ${Math.round(alert.score)}`,
      )
      options.print(`             ${alert.sentence}`)
      for (const reason of alert.reasons)
        options.print(`             ${points(reason.points)}  ${reason.text}`)
      return { alert, afterMs }
    }
    await sleep(POLL_MS, undefined, { signal: options.signal })
  }
  return undefined
}

/**
 * Waits for a final revision with the figure that was sent. One with another figure is not the end of
 * it: a flow of the pair may still be to come, and updates keep a distance of a minute.
 */
async function finalFigure(
  options: SimulateOptions,
  api: CollectorApi,
  opened: Opened,
  report: ProbeReport,
  timing: Timing,
): Promise<SimulateOutcome> {
  const { print } = options
  const sent = report.sent
  let alert = opened.alert
  while (performance.now() < timing.deadlineAt) {
    alert = await api.newestOf(alert)
    if (alert.state === 'final' && alert.bytesOut === sent) {
      const finalAfterMs = performance.now() - timing.beganAt
      print(
        `Final        ${seconds(finalAfterMs)} after the upload began: ${alert.bytesOut} B out, exactly what was sent; ${backOf(alert.bytesIn, report)}`,
      )
      print(
        `Page         ${new URL(`/#/alerts/${alert.id}?device=${alert.device.id}`, options.collectorUrl).href}`,
      )
      return { kind: 'exact', alert, sent, openedAfterMs: opened.afterMs, finalAfterMs }
    }
    await sleep(POLL_MS, undefined, { signal: options.signal })
  }
  if (alert.state === 'final') {
    print(
      `Final        ${alert.bytesOut} B out, but ${sent} B were sent: ${Math.abs(alert.bytesOut - sent)} B ${alert.bytesOut < sent ? 'too few' : 'too many'}`,
    )
    return { kind: 'inexact', alert, sent }
  }
  print(
    `Not final    within ${options.timeoutMs / 1000} s: the alert stands at revision ${alert.revision} with ${alert.bytesOut} of ${sent} B out, because the close of its flow was not reported`,
  )
  return { kind: 'unfinished', alert, sent }
}

/** Its own limit ended it: nothing failed. */
function tooLong({ timeoutMs, paceMs }: SimulateOptions): string {
  const asked = paceMs > 0 ? `, of the ${paceMs / 1000} s that --seconds gives it` : ''
  return `within the ${timeoutMs / 1000} s of --timeout${asked}: it was ended then; give --timeout more than the upload takes`
}

/** What came back by the alert's figure and by the program's own, and why the two differ where they do. */
function backOf(counted: number, { received, flows }: ProbeReport): string {
  if (counted === received) return `${counted} B in, exactly what came back`
  const more = counted - received
  // tcp(7) tcpi_bytes_received follows the sequence numbers, of which the end of a stream takes one.
  const why =
    more < 0
      ? ': not all of what came was counted'
      : more <= flows
        ? ': the system counts the end of a stream as a byte'
        : ''
  return `${counted} B in, ${Math.abs(more)} B ${more > 0 ? 'more' : 'fewer'} than the ${received} B that came back${why}`
}

/** "+30", "+12.1", "-15", to the right. */
const points = (value: number): string =>
  `${value < 0 ? '' : '+'}${Math.round(value * 10) / 10}`.padStart(5)

const seconds = (ms: number): string =>
  ms < 50 ? 'less than 0.1 s' : `${(ms / 1000).toFixed(1)} s`

const summary = (report: ProbeReport, elapsedMs: number): string =>
  `${report.sent} B over ${report.flows} ${report.flows === 1 ? 'flow' : 'flows'} in ${seconds(elapsedMs)} by process ${report.pid}; ${report.received} B came back`

const shortfall = (report: ProbeReport, bytes: number): string =>
  `${report.sent} of ${bytes} B could be sent (${counted(report.connectErrors, 'connection')} refused, ` +
  `${report.ioErrors} broken${report.timedOut ? ', and the rest stood still' : ''})`
