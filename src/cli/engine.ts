// `freshet engine`: the engine role. sense starts it with the record pipe as file descriptor 3.
import { existsSync, fstatSync } from 'node:fs'
import { join } from 'node:path'
import { type Enrolment, readEnrolment } from '../agent/enrolment-file.ts'
import type { CollectorOptions } from '../agent/link.ts'
import { StateError } from '../agent/state-file.ts'
import { AgentError, RecordsError, runEngine } from '../agent.ts'
import { BaselineError } from '../baseline/error.ts'
import { openNetusage, readNetusage } from '../baseline/netusage.ts'
import { diskTroubleAt } from '../baseline/sqlite-file.ts'
import type { RecordingCounts } from '../capture/recording.ts'
import { commandFor } from '../hint.ts'
import { dropTo } from '../host/drop.ts'
import { LOCK_FILE } from '../host/lock.ts'
import { EXIT_NOT_NOW, EXIT_RECORDS, isSaidNow } from '../sense/exit.ts'
import type { MacSource } from '../sources/choice.ts'
import { StateFileError } from '../state-file.ts'
import { collectorOrigin, collectorUrl, isLocalCollector } from '../stream/collector-url.ts'
import { OutboxError } from '../stream/outbox-error.ts'
import { nowUnixNs } from '../units.ts'
import { createLog } from './log-line.ts'
import { readPolicyFile } from './policy-file.ts'
import { readPublicKey } from './policy-signing.ts'
import { describeRecording } from './recording-text.ts'
import { defaultUser } from './service-user.ts'
import { type FromSettings, settingsOf } from './settings.ts'
import { ConfigError, statePaths } from './state.ts'
import { enterStateDirectory, makeStateDirectory } from './state-directory.ts'
import { stopSignal } from './supervise.ts'

const BASELINE_FILE = 'baseline.db'
const PIPE_FD = 3
/** The first of what sense lets it inherit beside the pipe. */
const RECORD_FD = 4

export type EngineCommand = {
  state?: string
  user?: string
  collector?: string
  tokenFile?: string
  policy?: string
  policyKey?: string
  settings?: string
  includeLoopback: boolean
  /** `up` runs the collector, and starts it again. */
  underUp: boolean
  /** Its process, as its agent was started by it. */
  upPid?: number
  /** Of a Mac's sources, those that may be believed. */
  sources?: ReadonlySet<MacSource>
  /** Name of the capture that is open as RECORD_FD. */
  record?: string
}

/** Resolves with the exit status: EXIT_NOT_NOW where the disk refuses what it may take later, which it has said. */
export async function runEngineCommand(command: EngineCommand): Promise<number> {
  try {
    return await run(command)
  } catch (error) {
    if (!mayPass(error)) throw error
    if (isSaidNow()) createLog('engine')(error.message)
    return EXIT_NOT_NOW
  }
}

/** What a full disk, one that can only be read, or another who holds a file refuses is to be had later. */
function mayPass(error: unknown): error is Error {
  const trouble =
    error instanceof BaselineError || error instanceof OutboxError
      ? error.code
      : error instanceof StateError || error instanceof ConfigError
        ? diskTroubleAt(LOCK_FILE, error.cause)
        : undefined
  return trouble === 'full-disk' || trouble === 'read-only' || trouble === 'busy'
}

async function run(command: EngineCommand): Promise<number> {
  const paths = statePaths(command.state)
  if (!isPipe(PIPE_FD))
    throw new ConfigError(
      `engine is started by ${commandFor('agent', paths.root)}, which gives it the record pipe`,
    )
  const user = defaultUser(command.user)
  const local = command.policy === undefined ? undefined : readPolicyFile(command.policy, {})
  const givenKey =
    command.policyKey === undefined ? undefined : readPublicKey(command.policyKey, '--policy-key')
  const settings = command.collector === undefined ? settingsOf(command.settings) : undefined
  makeStateDirectory(paths, paths.agent, user)
  const { record: file } = command
  if (file !== undefined && !isOpen(RECORD_FD))
    throw new ConfigError(
      `engine --record wants what ${commandFor('record FILE', paths.root)} gives it: an open capture`,
    )
  const netusage = mayLearnBefore(paths.agent) ? openNetusage() : undefined
  // All code is loaded by now; a clone under a home directory may be closed to this user.
  if (user) dropTo(user)
  enterStateDirectory(paths.agent, user?.name ?? 'this user')
  // As that user, who owns the directory it usually lies in: as root a link there could lead to any file.
  const log = createLog('engine')
  const collector = collectorOf(command, settings, log)
  let status = 0
  await runEngine({
    directory: paths.agent,
    pipeFd: PIPE_FD,
    collector,
    policy: {
      local,
      always: {
        ...(command.includeLoopback ? { includeLoopback: true } : {}),
        ownPids: [process.pid, process.ppid],
      },
      isKeyGiven: givenKey !== undefined,
      rootKey: givenKey ?? collector?.enrolment?.policyKey ?? collector?.wantedKey,
      keyBySettings: (of) =>
        of === collector?.enrolment?.collector ? collector.wantedKey : undefined,
    },
    isUnderUp: command.underUp,
    upPid: command.upPid,
    sources: command.sources,
    ...(netusage ? { readNetusage: () => readNetusage(netusage, '.', nowUnixNs()) } : {}),
    ...(file === undefined
      ? {}
      : {
          record: {
            fd: RECORD_FD,
            onCounts: (counts: RecordingCounts, isLast: boolean) =>
              process.stdout.write(`${describeRecording(file, counts, isLast)}\n`),
          },
        }),
    signal: stopSignal({ ignoreInterrupt: true, goesOnUnread: true }),
    log,
  }).catch((error: unknown) => {
    if (error instanceof AgentError || isForeign(error)) throw new ConfigError(error.message)
    if (!(error instanceof RecordsError)) throw error
    process.stderr.write(`engine: ${(error.cause as Error).stack ?? error.message}\n`)
    status = EXIT_RECORDS
  })
  return status
}

/** On a Mac without a baseline: as root, since what is read then is root's alone. */
const mayLearnBefore = (agent: string): boolean =>
  process.platform === 'darwin' && !existsSync(join(agent, BASELINE_FILE))

/** What stands at the place of a file of ours is none: it stays so until somebody removes it. */
const isForeign = (error: unknown): error is StateError =>
  error instanceof StateError && error.cause instanceof StateFileError

/**
 * Of whom findings go to. REQUIRES: the agent's directory is the working directory. Throws ConfigError. Settings of a version
 * before, with a token, are no reason not to watch: its collector cannot be used then, and findings are kept.
 */
function collectorOf(
  { collector, tokenFile, state }: EngineCommand,
  settings: FromSettings | undefined,
  log: (text: string) => void,
): (CollectorOptions & { wantedKey?: string | undefined }) | undefined {
  const { root } = statePaths(state)
  const again = (place: string) =>
    commandFor(`enroll --collector ${place} --token-file FILE --pin PIN`, root)
  if (tokenFile !== undefined)
    log(
      `--token-file is read no more: leave it out. A collector on this machine is named by its state directory (--collector DIR), and one on another is enrolled with (${again('URL')})`,
    )
  if (collector !== undefined && isLocalCollector(collector)) return { url: collector }
  const enrolment = readOwnEnrolment()
  if (tokenFile !== undefined && collector !== undefined && !isOf(enrolment, collector))
    return { url: collector }
  if (!enrolment) {
    if (collector === undefined) return settings && bySettings(settings)
    // What cannot be an address at all is said first.
    configured(() => collectorUrl(collector))
    throw new ConfigError(
      `this machine is not enrolled with the collector ${collector}: run ${again(collector)} first`,
    )
  }
  if (collector !== undefined && originOf(collector) !== enrolment.collector)
    throw new ConfigError(
      `this machine is enrolled with the collector ${enrolment.collector}, not with ${collector}: leave --collector out, or run ${again(collector)}`,
    )
  const isWanted = settings && enrolment.policyKey === undefined
  const wantedKey = isWanted ? keyBySettings(settings, enrolment, log) : undefined
  return { url: enrolment.collector, enrolment, wantedKey }
}

/** An enrolled machine watches without it, and refuses policies, which says so too. */
function keyBySettings(
  { policyKeyFor }: FromSettings,
  { collector }: Enrolment,
  log: (text: string) => void,
): string | undefined {
  try {
    return policyKeyFor(collector)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    log(`no root key of policies is taken from the settings: ${error.message}`)
    return undefined
  }
}

/** What is wrong with them is said by the agent's status, and looked at again: it watches meanwhile. */
function bySettings({ place, wanted }: FromSettings): ReturnType<typeof collectorOf> {
  try {
    const { collector, policyKey } = wanted()
    return { url: collector, wanted, wantedKey: policyKey }
  } catch {
    return { url: place, wanted }
  }
}

/** Also of an address that is none. */
function isOf(enrolment: Enrolment | undefined, collector: string): boolean {
  try {
    return enrolment?.collector === collectorOrigin(collector)
  } catch {
    return false
  }
}

function readOwnEnrolment(): Enrolment | undefined {
  try {
    return readEnrolment('.')
  } catch (error) {
    if (error instanceof StateFileError) throw new ConfigError(error.message)
    throw error
  }
}

const originOf = (collector: string): string => configured(() => collectorOrigin(collector))

function configured<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new ConfigError((error as Error).message)
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
