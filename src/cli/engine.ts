// `freshet engine`: the engine role. sense starts it with the record pipe as file descriptor 3.
import { fstatSync, readFileSync } from 'node:fs'
import { AgentError, runEngine } from '../agent.ts'
import type { RecordingCounts } from '../capture/recording.ts'
import { makePolicy, type PolicyDocument, PolicyError } from '../engine/policy.ts'
import { dropTo } from '../host/drop.ts'
import { defaultUser } from './collector.ts'
import { describeRecording } from './recording-text.ts'
import { ConfigError, enterStateDirectory, makeStateDirectory, statePaths } from './state.ts'
import { stopSignal } from './supervise.ts'

const PIPE_FD = 3
/** The first of what sense lets it inherit beside the pipe. */
const RECORD_FD = 4

export type EngineCommand = {
  state?: string
  user?: string
  collector?: string
  tokenFile?: string
  policy?: string
  includeLoopback: boolean
  /** Name of the capture that is open as RECORD_FD. */
  record?: string
}

export async function runEngineCommand(command: EngineCommand): Promise<number> {
  if (!isPipe(PIPE_FD))
    throw new ConfigError('engine is started by `freshet agent`, which gives it the record pipe')
  const paths = statePaths(command.state)
  const user = defaultUser(command.user)
  makeStateDirectory(paths, paths.agent, user)
  const collector = command.collector
    ? { url: command.collector, token: readToken(command.tokenFile) }
    : undefined
  const policy = readPolicy(command)
  const { record: file } = command
  if (file !== undefined && !isOpen(RECORD_FD))
    throw new ConfigError('engine --record wants what `freshet record` gives it: an open capture')
  // All code is loaded by now; a clone under a home directory may be closed to this user.
  if (user) dropTo(user)
  enterStateDirectory(paths.agent, user?.name ?? 'this user')
  await runEngine({
    directory: paths.agent,
    pipeFd: PIPE_FD,
    collector,
    policy,
    ...(file === undefined
      ? {}
      : {
          record: {
            fd: RECORD_FD,
            onCounts: (counts: RecordingCounts, isLast: boolean) =>
              process.stdout.write(`${describeRecording(file, counts, isLast)}\n`),
          },
        }),
    signal: stopSignal({ ignoreInterrupt: true }),
    log: (text) => process.stderr.write(`engine: ${text}\n`),
  }).catch((error: unknown) => {
    if (error instanceof AgentError) throw new ConfigError(error.message)
    throw error
  })
  return 0
}

/** The document as it is told to the engine: the file's, with what the command line adds. */
function readPolicy(command: EngineCommand): PolicyDocument {
  try {
    const given: unknown = command.policy ? JSON.parse(readText(command.policy, '--policy')) : {}
    if (typeof given !== 'object' || given === null || Array.isArray(given))
      throw new SyntaxError('not a JSON object')
    const document: PolicyDocument = {
      ...given,
      ...(command.includeLoopback ? { includeLoopback: true } : {}),
      ownPids: [process.pid, process.ppid],
    }
    makePolicy(document)
    return document
  } catch (error) {
    if (error instanceof PolicyError || error instanceof SyntaxError)
      throw new ConfigError(`--policy ${command.policy ?? ''}: ${error.message}`)
    throw error
  }
}

function readToken(path: string | undefined): string {
  if (path === undefined)
    throw new ConfigError(
      "--collector wants --token-file: the file with the collector's agent token",
    )
  return readText(path, '--token-file').trim()
}

function readText(path: string, option: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigError(`${option}: ${path} cannot be read: ${(error as Error).message}`)
  }
}

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd)
    return true
  } catch {
    return false
  }
}

function isPipe(fd: number): boolean {
  try {
    const found = fstatSync(fd)
    return found.isSocket() || found.isFIFO()
  } catch {
    return false
  }
}
