// `freshet simulate upload` as a command: finds the collector of this installation and its page key.
import { commandFor } from '../hint.ts'
import { PLACE } from '../place.ts'
import { printable } from '../printable.ts'
import { collectorAddress, pageKey } from './collector-access.ts'
import { exitStatus, simulateUpload } from './simulate.ts'
import { statePaths } from './state.ts'
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
  const outcome = await simulateUpload({
    probePath: PLACE.probe,
    bytes: command.mb * 1024 * 1024,
    flows: command.flows,
    silent: command.silent ?? false,
    to: command.to,
    paceMs: command.seconds * 1000,
    collectorUrl: collectorAddress(paths),
    pageKey: pageKey(paths),
    timeoutMs: command.timeout * 1000,
    agentWaitMs: AGENT_WAIT_MS,
    signal: stopSignal(),
    commandFor: (words) => commandFor(words, paths.root),
    print: (line) => process.stdout.write(`${printable(line)}\n`),
  })
  return exitStatus(outcome)
}
