// The upload that `freshet simulate` makes, and what is printed of it, whoever is asked what became of it.
import { isIP } from 'node:net'
import { counted } from '../engine/sentence.ts'
import {
  type ProbeReport,
  resolveTarget,
  runProbe,
  startSink,
  type Target,
  type UniqueProgram,
  uniqueProgram,
} from './simulate-probe.ts'

export type SendOptions = {
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
  /** Bound for all of it, from the start of the upload to the final figure. */
  timeoutMs: number
  signal: AbortSignal
  print: (line: string) => void
}

/** On the scale of performance.now(). */
export type Timing = { beganAt: number; deadlineAt: number }

export type Sending = {
  program: UniqueProgram
  /** It goes to this machine itself. */
  loopback: boolean
  timing: Timing
  /** Rejects when it did not all go out. REQUIRES: is awaited. */
  run: Promise<ProbeReport>
  /** Prints what `run` was rejected with, and returns it as a sentence. */
  whyNotSent(reason: unknown): string
}

/** Begins it. `cleanUp` ends what it needs, when the upload has come to its end. Throws UnknownTarget, ConfigError. */
export async function startUpload(
  options: SendOptions,
  cleanUp: AsyncDisposableStack,
): Promise<Sending> {
  const { print, signal } = options
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
  return {
    ...{ program, loopback, timing, run },
    whyNotSent(reason) {
      if (reason instanceof Error && reason.name === 'AbortError' && limit.aborted) {
        const sentence = tooLong(options)
        print(`Not all sent ${sentence}`)
        return sentence
      }
      const why = reason instanceof Error ? reason.message : String(reason)
      print(`The upload failed: ${why}`)
      return why
    },
  }
}

/** Where it goes, and what has arrived there where that is a sink of our own. */
async function targetOf(
  options: SendOptions,
  cleanUp: AsyncDisposableStack,
): Promise<Target & { taken: () => number | undefined }> {
  if (options.to) return { ...(await resolveTarget(options.to)), taken: () => undefined }
  const sink = cleanUp.adopt(await startSink(options.silent), (one) => one.close())
  return { address: sink.address, port: sink.port, loopback: true, taken: sink.received }
}

/** What a program is told it has written is not what arrives when its connection breaks: the difference is said. */
export const taking = (sent: number, taken: number | undefined): string =>
  taken === undefined || taken === sent ? '' : `; ${taken} B of them reached the sink`

/** Its own limit ended it: nothing failed. */
function tooLong({ timeoutMs, paceMs }: SendOptions): string {
  const asked = paceMs > 0 ? `, of the ${paceMs / 1000} s that --seconds gives it` : ''
  return `within the ${timeoutMs / 1000} s of --timeout${asked}: it was ended then; give --timeout more than the upload takes`
}

export const seconds = (ms: number): string =>
  ms < 50 ? 'less than 0.1 s' : `${(ms / 1000).toFixed(1)} s`

const summary = (report: ProbeReport, elapsedMs: number): string =>
  `${report.sent} B over ${report.flows} ${report.flows === 1 ? 'flow' : 'flows'} in ${seconds(elapsedMs)} by process ${report.pid}; ${report.received} B came back`

const shortfall = (report: ProbeReport, bytes: number): string =>
  `${report.sent} of ${bytes} B could be sent (${counted(report.connectErrors, 'connection')} refused, ` +
  `${report.ioErrors} broken${report.timedOut ? ', and the rest stood still' : ''})`
