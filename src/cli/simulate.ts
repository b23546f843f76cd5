// `freshet simulate upload`: makes the very thing Freshet is for happen, harmlessly, and waits for the
// alert. Nothing is pretended: a real program sends real bytes, and what is printed is what the
// collector has stored.

import { setTimeout as sleep } from 'node:timers/promises'
import type { AlertDetail, DeviceInfo } from '../collector/views/page-api.ts'
import { type ProbeReport, UnknownTarget } from './simulate-probe.ts'
import { type SendOptions, seconds, startUpload, type Timing } from './simulate-send.ts'
import {
  type Before,
  type CollectorApi,
  CollectorUnreachable,
  type Commands,
  collectorApi,
  countersOf,
  type Stop,
  whereItStopped,
} from './simulate-watch.ts'

export type SimulateOptions = SendOptions & {
  /** http://host:port of the collector. */
  collectorUrl: string
  /** The collector's page key (page.key in its state directory). */
  pageKey: string
  /** How long an agent that is not connected yet is waited for before anything is sent. */
  agentWaitMs: number
  /** Why the agent of this machine reports nothing to its collector, as sentences; undefined: it does, or nobody answers. */
  whyUnsent: () => Promise<string | undefined>
  commands: Commands
}

export type SimulateOutcome =
  /** The alert's final figure equals what was sent. */
  | { kind: 'exact'; alert: AlertDetail; sent: number; openedAfterMs: number; finalAfterMs: number }
  /** It came to an end with another figure. */
  | { kind: 'inexact'; alert: AlertDetail; sent: number }
  /** It opened, but was not final in time. */
  | { kind: 'unfinished'; alert: AlertDetail; sent: number }
  /** The agent of a machine that reports elsewhere raised it, and its collector has it: what figure that has is on its page. */
  | { kind: 'reported'; sent: number; openedAfterMs: number }
  | { kind: 'no_alert'; stop: Stop }
  /** The upload itself did not come about. */
  | { kind: 'not_sent'; sentence: string }

/** 0: as it should be. 1: sent, but no alert or not the right figure. 2: nothing was tried, or not all sent. */
export const exitStatus = (outcome: SimulateOutcome): number =>
  outcome.kind === 'exact' || outcome.kind === 'reported' ? 0 : outcome.kind === 'not_sent' ? 2 : 1

const POLL_MS = 150

/** Throws only when `signal` aborts (its reason) or when the machine refuses something unforeseen. */
export async function simulateUpload(options: SimulateOptions): Promise<SimulateOutcome> {
  const { print, signal } = options
  const api = collectorApi(options.collectorUrl, options.pageKey, signal, options.commands)
  try {
    const devices = await withAgent(api, options.agentWaitMs, signal)
    if (!devices.some((one) => one.connected)) {
      const stop = whereItStopped(devices, countersOf(devices), undefined, {
        bytes: 0,
        silent: options.silent,
        loopback: true,
        unsent: await options.whyUnsent(),
        commands: options.commands,
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

async function upload(
  options: SimulateOptions,
  api: CollectorApi,
  before: Before,
): Promise<SimulateOutcome> {
  const { print, signal } = options
  await using cleanUp = new AsyncDisposableStack()
  const { program, loopback, timing, run, whyNotSent } = await startUpload(options, cleanUp)
  // The alert is looked for while the upload goes on; both are awaited, so neither rejects unseen.
  const [ran, watched] = await Promise.allSettled([
    run,
    firstAlert(options, api, program, run, timing),
  ])
  signal.throwIfAborted()
  if (ran.status === 'rejected') return { kind: 'not_sent', sentence: whyNotSent(ran.reason) }
  const { commands } = options
  const unsent = await options.whyUnsent()
  const sent = { bytes: ran.value.sent, silent: options.silent, loopback, unsent, commands }
  const stop = (stop: Stop): SimulateOutcome => {
    print(
      `No alert     within ${Math.ceil((performance.now() - timing.beganAt) / 1000)} s. It stopped at the ${stop.at}: ${stop.sentence}`,
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
