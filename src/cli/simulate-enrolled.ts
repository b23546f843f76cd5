// `freshet simulate` on a machine whose collector is another: what became of the upload is asked of the agent here, which
// says what it found and whether its collector has it.

import { counted } from '../engine/sentence.ts'
import { StatusError, type StatusLine } from '../status/asking.ts'
import { causesOf } from '../status/causes.ts'
import type { SimulateOutcome } from './simulate.ts'
import { UnknownTarget } from './simulate-probe.ts'
import { type Sending, type SendOptions, seconds, startUpload } from './simulate-send.ts'
import type { Stop } from './simulate-watch.ts'

export type EnrolledOptions = SendOptions & {
  /** How long an agent that is not connected yet is waited for before anything is sent. */
  agentWaitMs: number
  /** What the agent says of itself, at once and then each second. Throws StatusError where it is gone. */
  statuses: () => AsyncIterable<StatusLine>
  /** A command of this program, as it has to be written for this installation. */
  commandFor: (words: string) => string
}

/** Readings, a second apart, in which the alert stayed as it is: its flow is closed and told. */
const SETTLED = 3

/** Throws as simulateUpload does. */
export async function simulateEnrolled(options: EnrolledOptions): Promise<SimulateOutcome> {
  const nothing = (sentence: string): SimulateOutcome => {
    options.print(`Nothing was sent: ${sentence}.`)
    return { kind: 'not_sent', sentence }
  }
  try {
    const before = await whenConnected(options)
    const unsent = unsentOf(before)
    if (unsent !== undefined) return nothing(`the agent of this machine says: ${unsent}`)
    if (!options.to && !before.countsLoopback) return nothing(loopbackLeftOut(options))
    return await upload(options, before)
  } catch (error) {
    if (!(error instanceof StatusError || error instanceof UnknownTarget)) throw error
    return nothing(error.message)
  }
}

const loopbackLeftOut = ({ commandFor }: EnrolledOptions): string =>
  `the policy of this machine leaves out what is sent within it, so that an upload to itself raises nothing: name another machine that takes what is sent, as ${commandFor('simulate upload --to HOST:PORT')}`

/** The first reading with a connection, or the last within the time for it. */
async function whenConnected({
  statuses,
  agentWaitMs,
  signal,
}: EnrolledOptions): Promise<StatusLine> {
  const deadline = performance.now() + agentWaitMs
  for await (const status of statuses()) {
    signal.throwIfAborted()
    if (status.collector.state === 'connected' || performance.now() >= deadline) return status
  }
  throw gone()
}

const gone = (): StatusError =>
  new StatusError('no-agent', 'the agent of this machine ended meanwhile')

function unsentOf(status: StatusLine): string | undefined {
  const cause = causesOf(status).find(({ code }) => code.startsWith('collector-'))
  if (cause) return `${cause.text} ${cause.remedy}`.replace(/\.$/, '')
  return status.collector.state === 'connected'
    ? undefined
    : `it is connecting to ${status.collector.url}`
}

const givenUpOf = ({ outbox: { rejected, evicted, notKept } }: StatusLine): number =>
  rejected + evicted + notKept

type Told = StatusLine['lastAlerts'][number]

async function upload(options: EnrolledOptions, before: StatusLine): Promise<SimulateOutcome> {
  const { print, signal } = options
  await using cleanUp = new AsyncDisposableStack()
  const sending = await startUpload(options, cleanUp)
  // Both are awaited, so neither rejects unseen.
  const [ran, watched] = await Promise.allSettled([sending.run, watch(options, sending)])
  signal.throwIfAborted()
  if (ran.status === 'rejected')
    return { kind: 'not_sent', sentence: sending.whyNotSent(ran.reason) }
  if (watched.status === 'rejected' && !(watched.reason instanceof StatusError))
    throw watched.reason
  const seen = watched.status === 'fulfilled' ? watched.value : undefined
  const givenUp = seen ? givenUpOf(seen.last) - givenUpOf(before) : 0
  if (seen?.alert && seen.isTaken && givenUp === 0) {
    const { url } = seen.last.collector
    const found = `/#/alerts?q=${encodeURIComponent(`path:"${sending.program.path}"`)}`
    print(`Stored       by the collector at ${url}: nothing waits for it here any more`)
    print(`             ${seen.alert.sentence}`)
    print(`Page         ${new URL(found, url).href}`)
    return { kind: 'reported', sent: ran.value.sent, openedAfterMs: seen.openedAfterMs }
  }
  const stop: Stop = !seen
    ? { at: 'agent', sentence: (watched as PromiseRejectedResult).reason.message }
    : seen.alert
      ? {
          at: 'collector',
          sentence:
            givenUp > 0
              ? `it refused, or the agent gave up, ${counted(givenUp, 'finding')} meanwhile, and the alert may be among them`
              : `the alert waits for the collector, with ${counted(seen.last.outbox.items, 'finding')} in all: ${unsentOf(seen.last) ?? 'it has not acknowledged them yet'}`,
        }
      : whyNone(before, seen.last, sending.loopback)
  print(
    `${seen?.alert ? 'Not stored  ' : 'No alert    '} within ${Math.ceil((performance.now() - sending.timing.beganAt) / 1000)} s. It stopped at the ${stop.at}: ${stop.sentence}`,
  )
  return { kind: 'no_alert', stop }
}

type Seen = {
  alert: Told | undefined
  openedAfterMs: number
  /** The collector has it as it is told last. */
  isTaken: boolean
  last: StatusLine
}

/** Until the alert stands as it was for some readings and nothing waits for the collector, the upload fails, or time is over. */
async function watch(
  { statuses, print, signal }: EnrolledOptions,
  { program, run, timing }: Sending,
): Promise<Seen> {
  let how = 'sending' as 'sending' | 'sent' | 'failed'
  run.then(
    () => (how = 'sent'),
    () => (how = 'failed'),
  )
  // Each run has a name of its own, so this finds it among whatever else is told meanwhile.
  const name = program.path.slice(program.path.lastIndexOf('/') + 1)
  let alert: Told | undefined
  let openedAfterMs = 0
  let settled = 0
  for await (const last of statuses()) {
    const now = last.lastAlerts.find(({ sentence }) => sentence.includes(name))
    if (now && !alert) {
      openedAfterMs = performance.now() - timing.beganAt
      print(`Alert        ${seconds(openedAfterMs)} after the upload began: ${now.severity}`)
      print(`             ${now.sentence}`)
    }
    const isAsBefore = now !== undefined && now.sentence === alert?.sentence
    settled = isAsBefore && how === 'sent' ? settled + 1 : 0
    alert = now ?? alert
    const isTaken = last.collector.state === 'connected' && last.outbox.items === 0
    const isOver = signal.aborted || performance.now() >= timing.deadlineAt || how === 'failed'
    if ((settled >= SETTLED && isTaken) || isOver)
      return { alert, openedAfterMs, isTaken: settled >= SETTLED && isTaken, last }
  }
  throw gone()
}

/** Why no alert came, from what the agent counts. */
function whyNone({ counters: before }: StatusLine, last: StatusLine, loopback: boolean): Stop {
  const { counters: now } = last
  if (now.records <= before.records)
    return {
      at: 'records',
      sentence: `the agent has read no record since the upload began (${now.records} in all): its sense process does not run, or is still starting`,
    }
  if (now.flows <= before.flows)
    return {
      at: 'flows',
      sentence: `the agent sees this machine's processes but no new flow (${now.flows} in all): its flow source does not work`,
    }
  if (loopback && !last.countsLoopback)
    return {
      at: 'network',
      sentence: 'it went to this machine itself, which the policy in force leaves out',
    }
  const unattributed = now.unattributedFlows - before.unattributedFlows
  const held =
    now.suppressed -
    before.suppressed +
    (now.rolledUp - before.rolledUp) +
    ((now.unopened ?? 0) - (before.unopened ?? 0))
  return {
    at: 'gate',
    sentence: `the agent counted ${counted(now.flows - before.flows, 'flow')} meanwhile, ${unattributed > 0 ? `${unattributed} of them without a program, ` : ''}and raised no alert on this program: ${
      held > 0
        ? 'what would have been one was held back, as `status` says: by exceptions, by shares of alerts, or by rarer ones that took all places'
        : 'that wants novelty, one-sidedness (out against in) or no response, and volume, or its start was not seen'
    }`,
  }
}
