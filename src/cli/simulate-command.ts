// `freshet simulate upload` as a command: finds the collector of this installation and its page key, or the agent that
// reports to a collector of another machine.
import { commandFor } from '../hint.ts'
import { PLACE } from '../place.ts'
import { printable } from '../printable.ts'
import { shellWord } from '../shell-word.ts'
import { readStatus, StatusError, type StatusLine } from '../status/asking.ts'
import { causesOf } from '../status/causes.ts'
import { isLocalCollector } from '../stream/collector-url.ts'
import { collectorAddress, enrolledWith, pageKey } from './collector-access.ts'
import { exitStatus, simulateUpload } from './simulate.ts'
import { simulateEnrolled } from './simulate-enrolled.ts'
import { ConfigError, statePaths } from './state.ts'
import { stopSignal } from './supervise.ts'

const AGENT_WAIT_MS = 10_000

export type SimulateCommand = {
  state?: string
  mb: number
  flows: number
  silent?: boolean
  to?: { host: string; port: number }
  seconds: number
  timeout: number
}

export async function runSimulateCommand(command: SimulateCommand): Promise<number> {
  const paths = statePaths(command.state)
  const shared = {
    probePath: PLACE.probe,
    bytes: command.mb * 1024 * 1024,
    flows: command.flows,
    silent: command.silent ?? false,
    to: command.to,
    paceMs: command.seconds * 1000,
    timeoutMs: command.timeout * 1000,
    agentWaitMs: AGENT_WAIT_MS,
    print: (line: string) => void process.stdout.write(`${printable(line)}\n`),
  }
  const present = await statusNow(paths.root)
  // Whose collector is on another machine: there is none here that could be asked, nor is one to be started beside it.
  if (isElsewhere(present?.collector.url ?? ''))
    return exitStatus(
      await simulateEnrolled({
        ...shared,
        commandFor: (words) => commandFor(words, paths.root),
        signal: stopSignal(),
        statuses: () => readStatus(paths.root),
      }),
    )
  const elsewhere = present ? undefined : enrolledWith(paths)
  if (elsewhere !== undefined)
    throw new ConfigError(
      `this machine reports to the collector at ${elsewhere}, and its agent does not run or does not answer: start ${commandFor('agent', paths.root)}, or see what ${commandFor('status', paths.root)} says`,
    )
  // An agent may report to a collector with a state of its own, and to start both in one beside it would be refused.
  const there = statePaths(placeOf(present) ?? paths.root)
  const start = present ? 'collector' : 'up'
  const outcome = await simulateUpload({
    ...shared,
    collectorUrl: collectorAddress(there, { start }),
    pageKey: pageKey(there),
    commands: {
      status: commandFor('status', paths.root),
      collector: commandFor('collector', there.root),
      up: present ? undefined : commandFor('up', paths.root),
      agent: commandFor(
        `agent --collector ${shellWord(there.root)} --include-loopback`,
        paths.root,
      ),
    },
    whyUnsent: () => whyUnsent(paths.root),
    signal: stopSignal(),
  })
  return exitStatus(outcome)
}

const isElsewhere = (url: string): boolean => url.startsWith('https://')

/** The state directory of the collector that the agent reports to; undefined: none is named, or it is no place. */
function placeOf(status: StatusLine | undefined): string | undefined {
  const url = status?.collector.url ?? ''
  return isLocalCollector(url) ? url : undefined
}

/** undefined: nobody answers, or not to this user. */
async function statusNow(root: string): Promise<StatusLine | undefined> {
  try {
    for await (const status of readStatus(root)) return status
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
  }
  return undefined
}

async function whyUnsent(root: string): Promise<string | undefined> {
  const status = await statusNow(root)
  const cause = status && causesOf(status).find(({ code }) => code.startsWith('collector-'))
  return cause && `${cause.text} ${cause.remedy}`
}
