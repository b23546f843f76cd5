// Where the collector of an installation on this machine is, whether it may be believed, and what it wants to be shown.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { readEnrolment } from '../agent/enrolment-file.ts'
import { pageUrlOf } from '../collector/terms/address.ts'
import { commandFor } from '../hint.ts'
import { lockDirectory } from '../host/lock.ts'
import { readStateFile, StateFileError } from '../state-file.ts'
import { agentOfMachine } from '../status/asking.ts'
import { fullDiskText } from '../status/disk.ts'
import { agentsSocket, connectLocal, PlaceError } from '../stream/local-socket.ts'
import { closedSentence, isThere, nameOf } from './found.ts'
import { isClosed } from './making.ts'
import { ADDRESS_FILE } from './names.ts'
import { asOwner } from './owner.ts'
import { ConfigError, type StatePaths } from './state.ts'

/** `machine`: as `agentOfMachine` has it; `start`: what starts one, where none has run. */
type Asked = { machine?: string | undefined; start?: 'up' | 'collector' }

/** Its http address, without a slash at its end. Throws ConfigError. */
export const collectorAddress = (paths: StatePaths, asked: Asked = {}): string =>
  readOf(paths, ADDRESS_FILE, asked).replace(/\/$/, '')

/** What opens its page. Throws ConfigError. */
export const pageKey = (paths: StatePaths): string => readOf(paths, 'page.key')

/** What opens the page of the collector that runs with this state. Throws ConfigError when none does, or it has no port. */
export function pageAddress(paths: StatePaths): string {
  const address = collectorAddress(paths)
  if (!isRunning(paths)) throw noneRuns(paths)
  return pageUrlOf(address, pageKey(paths))
}

const REACH_MS = 10_000

/**
 * Resolves when the collector of this machine takes a connection and is whom this user, or `user` where root says so,
 * believes; nothing is said to it. Rejects with ConfigError: what will not do now will not do in a minute.
 */
export async function reachCollector(
  paths: StatePaths,
  user: { name: string; uid: number } | undefined,
): Promise<void> {
  const socket = agentsSocket(paths.collector)
  if (!isThere(paths.collector)) throw noneRuns(paths)
  try {
    const connection = await connectLocal(socket, REACH_MS, user?.uid)
    connection.destroy()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (error instanceof PlaceError) throw new ConfigError(`${message}${asWhom(paths, user)}`)
    if (isClosed(code))
      throw new ConfigError(`${socket} cannot be reached: ${closedSentence(socket)}`)
    if (code === 'ENOENT' || code === 'ECONNREFUSED') throw noneRuns(paths)
    throw new ConfigError(
      `the collector with the state directory ${paths.root} cannot be reached: ${message}`,
    )
  }
}

/** What to do where the directory is another's, who may well run a collector in it. */
function asWhom(paths: StatePaths, user: { name: string; uid: number } | undefined): string {
  const { uid } = statSync(paths.collector)
  if (uid === 0 || uid === process.geteuid?.() || uid === user?.uid) return ''
  const named = user === undefined ? '' : `, or with --user if it is root’s and runs as that user`
  return `: run this as ${nameOf(uid)}${named}`
}

/** The collector of another machine that this one is enrolled with; undefined: with none, or this user cannot know. */
export function enrolledWith(paths: StatePaths): string | undefined {
  try {
    return asOwner(statSync(paths.agent), () => readEnrolment(paths.agent))?.collector
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (error instanceof StateFileError || code !== undefined) return undefined
    throw error
  }
}

const noneRuns = ({ root }: StatePaths): ConfigError =>
  new ConfigError(
    `no collector runs with the state directory ${root}: start ${commandFor('collector', root)}, or ${commandFor('up', root)} where no agent runs either`,
  )

/** Whether a collector holds it. One that begins in this very moment waits longer for the lock than this looks at it. */
function isRunning(paths: StatePaths): boolean {
  return asOwner(statSync(paths.collector), () => {
    const unlock = lockDirectory(paths.collector, 0)
    unlock?.()
    return unlock === undefined
  })
}

function readOf(paths: StatePaths, file: string, asked: Asked = {}): string {
  const { machine = agentOfMachine(paths.root), start = 'up' } = asked
  const path = join(paths.collector, file)
  try {
    // Root reads what is the collector's user's.
    const found = readStateFile(path, { owner: 'any' })
    if (found) return found.text.trim()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (isClosed(code)) throw new ConfigError(`${path} cannot be read: ${closedSentence(path)}`)
    throw new ConfigError(`${path} cannot be read: ${message}`)
  }
  if (isThere(paths.collector) && isRunning(paths))
    throw new ConfigError(
      `the collector with the state directory ${paths.root} runs, but its page is not served: another program has its port; end that one, or start the collector again with another port`,
    )
  const elsewhere = enrolledWith(paths)
  if (elsewhere !== undefined)
    throw new ConfigError(
      `no collector has run with this state directory (${path} is missing): this machine reports to the one at ${elsewhere}, which has the page and the key to it`,
    )
  if (machine !== undefined)
    throw new ConfigError(
      `no collector has run with this state directory (${path} is missing): what watches this machine has its state in ${machine}, and is root’s: run this with \`sudo\`, or start one of your own with ${commandFor('up', paths.root)}`,
    )
  throw new ConfigError(
    `no collector has run with this state directory (${path} is missing): ${fullDiskText(paths.collector, 'one')}start ${commandFor(start, paths.root)} first, or name its directory with --state`,
  )
}
