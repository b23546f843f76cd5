// `freshet simulate upload` as a command: finds the collector of this installation and its page key.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PLACE } from '../place.ts'
import { printable } from '../printable.ts'
import { ADDRESS_FILE } from './names.ts'
import { exitStatus, simulateUpload } from './simulate.ts'
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
  const outcome = await simulateUpload({
    probePath: PLACE.probe,
    bytes: command.mb * 1024 * 1024,
    flows: command.flows,
    silent: command.silent ?? false,
    to: command.to,
    paceMs: command.seconds * 1000,
    collectorUrl: readOf(paths.collector, ADDRESS_FILE).replace(/\/$/, ''),
    pageKey: readOf(paths.collector, 'page.key'),
    timeoutMs: command.timeout * 1000,
    agentWaitMs: AGENT_WAIT_MS,
    signal: stopSignal(),
    print: (line) => process.stdout.write(`${printable(line)}\n`),
  })
  return exitStatus(outcome)
}

function readOf(directory: string, file: string): string {
  const path = join(directory, file)
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES')
      throw new ConfigError(
        `${path} is closed to this user: run simulate as the user who runs \`freshet up\``,
      )
    throw new ConfigError(
      `no collector has run with this state directory (${path} is missing): start \`npm start\` first, or name its directory with --state`,
    )
  }
}
