// `freshet doctor`: looks at everything that has to be right, says what is not and what to do about it.
import { existsSync, lstatSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { userName } from '../host/users.ts'
import { printable } from '../printable.ts'
import { LAYOUT } from '../records/record.gen.ts'
import { AddonError, loadAddon } from '../sense/addon.ts'
import { agentOfMachine, readStatus, StatusError } from '../status/asking.ts'
import { diskOf } from '../status/disk.ts'
import { type Check, diagnose, exitStatusOf, titleOf } from '../status/doctor.ts'
import { APP_PATH, DAEMON_JOB_PATH, FILTER_PATH } from '../status/identity.gen.ts'
import { type DoctorFacts, type Entry, type Finding, NO_AGENT } from '../status/looks.ts'
import { agentsSocket, isListening } from '../stream/local-socket.ts'
import { VERSION } from '../version.ts'
import { defaultUser } from './service-user.ts'
import { statePaths } from './state.ts'

export type DoctorCommand = { state?: string; user?: string; json?: boolean }

/** A connection that is being made is waited for, since it is neither well nor ill. */
const CONNECTING_MS = 5_000
/** As long as a collector that stores may take for a connection that wants nothing. */
const LISTENING_MS = 2_000
/** Of a directory; ours hold a dozen. */
const ENTRIES_MAX = 1000

/** What it finds now. */
export async function look(command: DoctorCommand): Promise<Check[]> {
  const paths = statePaths(command.state)
  return diagnose({
    platform: process.platform,
    version: VERSION,
    layout: LAYOUT,
    addon: addonFacts(),
    owner: ownerOf(command.user),
    state: stateFacts(paths),
    disk: diskOf(paths.root),
    ...(process.platform === 'darwin' ? { mac: macFacts() } : {}),
    agent: await agentFacts(paths.root),
    hasCollector: await isListening(agentsSocket(paths.collector), LISTENING_MS),
    machine: agentOfMachine(paths.root),
  })
}

export async function runDoctorCommand(command: DoctorCommand): Promise<number> {
  const checks = await look(command)
  const status = exitStatusOf(checks)
  process.stdout.write(
    command.json
      ? `${JSON.stringify({ status, checks: checks.map((check) => ({ ...check, title: titleOf(check.id) })) })}\n`
      : `${checkLines(checks).join('\n')}\n`,
  )
  return status
}

const MARKS = { ok: 'ok', warning: 'WARNING', failure: 'FAILURE', unknown: '?' } as const

/** What only an agent could say is one line where none answers. */
function checkLines(checks: readonly Check[]): string[] {
  const known = checks.filter(({ found }) => !found.every(isUnsaid))
  const unsaid = checks.filter((check) => !known.includes(check)).map(({ id }) => titleOf(id))
  return [
    ...known.flatMap(({ id, found }) =>
      found.flatMap(({ result, text, remedy }) => [
        `${MARKS[result].padEnd(8)} ${titleOf(id).padEnd(16)} ${printable(text)}`,
        ...(remedy === '' ? [] : [`${' '.repeat(25)} ${printable(remedy)}`]),
      ]),
    ),
    ...(unsaid.length === 0
      ? []
      : [`${MARKS.unknown.padEnd(8)} ${NO_AGENT}: ${unsaid.join(', ')}`]),
  ]
}

const isUnsaid = ({ text }: Finding): boolean => text === NO_AGENT

function addonFacts(): DoctorFacts['addon'] {
  try {
    return { layout: loadAddon().layout }
  } catch (error) {
    if (error instanceof AddonError) return { error: `${error.what}.` }
    throw error
  }
}

/** --user, else whom an agent that this user starts would run as. */
function ownerOf(option: string | undefined): DoctorFacts['owner'] {
  const uid = process.getuid?.() ?? 0
  return defaultUser(option) ?? { uid, gid: process.getgid?.() ?? 0, name: userName(uid) ?? '' }
}

function stateFacts(paths: { root: string; agent: string }): DoctorFacts['state'] {
  const { root, agent } = paths
  const above = waysTo(root)
  try {
    const entries = [entryOf(root)]
    if (entries[0]?.isDirectory)
      for (const directory of [root, agent])
        if (existsSync(directory))
          for (const name of readdirSync(directory).slice(0, ENTRIES_MAX))
            entries.push(entryOf(join(directory, name)))
    return { root, above, entries, error: '' }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return { root, above, entries: [], error: '' }
    if (code === 'EACCES' || code === 'EPERM')
      return { root, above, entries: [], error: `${root} is closed to this user` }
    return { root, above, entries: [], error: message }
  }
}

/** The directories above that are there and can be seen, from the topmost on. */
function waysTo(path: string): Entry[] {
  const up = dirname(path)
  if (up === path) return []
  try {
    // What a link leads to is what has to let somebody pass.
    return [...waysTo(up), entryOf(up, statSync(up))]
  } catch {
    return waysTo(up)
  }
}

function entryOf(path: string, found = lstatSync(path)): Entry {
  const { uid, gid, mode } = found
  return { path, uid, name: userName(uid) ?? '', gid, mode, isDirectory: found.isDirectory() }
}

function macFacts(): NonNullable<DoctorFacts['mac']> {
  return {
    hasApp: existsSync(APP_PATH),
    hasFilter: existsSync(join(APP_PATH, FILTER_PATH)),
    hasJob: existsSync(DAEMON_JOB_PATH),
  }
}

async function agentFacts(root: string): Promise<DoctorFacts['agent']> {
  const deadlineMs = performance.now() + CONNECTING_MS
  try {
    for await (const status of readStatus(root))
      if (status.collector.state !== 'connecting' || performance.now() > deadlineMs) return status
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    return { code: error.code, message: error.what }
  }
  return { code: 'no-agent', message: 'the agent ended as it was asked' }
}
