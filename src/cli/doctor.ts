// `freshet doctor`: looks at everything that has to be right, says what is not and what to do about it.
import { existsSync, lstatSync, readdirSync, statfsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { userName } from '../host/users.ts'
import { printable } from '../printable.ts'
import { LAYOUT } from '../records/record.gen.ts'
import { loadAddon } from '../sense/addon.ts'
import type { AgentStatus } from '../status/agent-status.ts'
import {
  type Check,
  type DoctorFacts,
  diagnose,
  type Entry,
  exitStatusOf,
  titleOf,
} from '../status/doctor.ts'
import { readStatus, StatusError } from '../status/socket.ts'
import { VERSION } from '../version.ts'
import { defaultUser } from './collector.ts'
import { statePaths } from './state.ts'

export type DoctorCommand = { state?: string; user?: string; json?: boolean }

/** A connection that is being made is waited for, since it is neither well nor ill. */
const CONNECTING_MS = 5_000
/** As pkg/identity.json has them. */
const APP = '/Applications/Freshet.app'
const FILTER = 'Contents/Library/SystemExtensions/org.freshet.app.filter.systemextension'
/** Of a directory; ours hold a dozen. */
const ENTRIES_MAX = 1000

export async function runDoctorCommand(command: DoctorCommand): Promise<number> {
  const paths = statePaths(command.state)
  const checks = diagnose({
    platform: process.platform,
    version: VERSION,
    layout: LAYOUT,
    addon: addonFacts(),
    owner: ownerOf(command.user),
    state: stateFacts(paths),
    disk: diskOf(paths.root),
    ...(process.platform === 'darwin' ? { app: appFacts() } : {}),
    agent: await agentFacts(paths.root),
  })
  const status = exitStatusOf(checks)
  process.stdout.write(
    command.json
      ? `${JSON.stringify({ status, checks: checks.map((check) => ({ ...check, title: titleOf(check.id) })) })}\n`
      : `${checkLines(checks).join('\n')}\n`,
  )
  return status
}

const MARKS = { ok: 'ok', warning: 'WARNING', failure: 'FAILURE', unknown: '?' } as const

function checkLines(checks: readonly Check[]): string[] {
  return checks.flatMap(({ id, found }) =>
    found.flatMap(({ result, text, remedy }) => [
      `${MARKS[result].padEnd(8)} ${titleOf(id).padEnd(16)} ${printable(text)}`,
      ...(remedy === '' ? [] : [`${' '.repeat(25)} ${printable(remedy)}`]),
    ]),
  )
}

function addonFacts(): DoctorFacts['addon'] {
  try {
    return { layout: loadAddon().layout }
  } catch (error) {
    const { message, cause } = error as Error
    return { error: `${message}${cause instanceof Error ? ` (${cause.message})` : ''}` }
  }
}

/** --user, else whom an agent that this user starts would run as. */
function ownerOf(option: string | undefined): DoctorFacts['owner'] {
  const uid = process.getuid?.() ?? 0
  return defaultUser(option) ?? { uid, name: userName(uid) ?? '' }
}

function stateFacts(paths: { root: string; agent: string }): DoctorFacts['state'] {
  const { root, agent } = paths
  try {
    const entries = [entryOf(root)]
    if (entries[0]?.isDirectory)
      for (const directory of [root, agent])
        if (existsSync(directory))
          for (const name of readdirSync(directory).slice(0, ENTRIES_MAX))
            entries.push(entryOf(join(directory, name)))
    return { root, entries, error: '' }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return { root, entries: [], error: '' }
    if (code === 'EACCES' || code === 'EPERM')
      return { root, entries: [], error: `${root} is closed to this user` }
    return { root, entries: [], error: message }
  }
}

function entryOf(path: string): Entry {
  const found = lstatSync(path)
  return { path, uid: found.uid, mode: found.mode, isDirectory: found.isDirectory() }
}

/** Of the file system that the state lies in, or will. */
function diskOf(path: string): AgentStatus['disk'] {
  try {
    const { bavail, blocks, bsize } = statfsSync(path)
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
  } catch {
    return dirname(path) === path ? undefined : diskOf(dirname(path))
  }
}

function appFacts(): NonNullable<DoctorFacts['app']> {
  return { path: APP, isThere: existsSync(APP), hasFilter: existsSync(join(APP, FILTER)) }
}

async function agentFacts(root: string): Promise<DoctorFacts['agent']> {
  const deadlineMs = performance.now() + CONNECTING_MS
  try {
    for await (const status of readStatus(root))
      if (status.collector.state !== 'connecting' || performance.now() > deadlineMs) return status
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    return { code: error.code, message: error.message }
  }
  return { code: 'no-agent', message: 'the agent ended as it was asked' }
}
