// `freshet collector pin` and `devices`: who may come to a collector. They work on its registry while it runs,
// which looks at what they wrote within a second, and while it does not.
import { accessSync, constants, statSync } from 'node:fs'
import { join } from 'node:path'
import {
  addresseeOf,
  comers,
  type DeviceChange,
  type EnrolledDevice,
  isHeardIn,
  type Noted,
  openPoliciesFile,
  openRegistryFile,
  POLICIES_FILE,
  Policies,
  pinIn,
  REGISTRY_FILE,
  Registry,
  readSeen,
} from '../collector/fleet/fleet.ts'
import { StoreError } from '../collector/store/store.ts'
import { CollectorError } from '../collector/terms/collector-error.ts'
import { commandFor } from '../hint.ts'
import { brief } from '../printable.ts'
import type { UnixNs } from '../units.ts'
import { devicesDocument } from './fleet-json.ts'
import { newestText, policyCell } from './fleet-words.ts'
import { closedSentence, isThere } from './found.ts'
import { asOwner } from './owner.ts'
import { ConfigError, type StatePaths, statePaths } from './state.ts'
import { tableLines } from './table.ts'

export type StateCommand = { state?: string }
/** Of a command that also prints for programs. */
export type ListCommand = StateCommand & { json?: boolean }

export function runPinCommand(command: StateCommand): number {
  const paths = statePaths(command.state)
  const pin = withDirectory(paths, () => pinIn(paths.collector))
  if (pin === undefined)
    throw new ConfigError(
      `the collector with the state directory ${paths.root} has no authority yet: start it once with \`--listen\` and an address that other machines reach`,
    )
  say(pin)
  return 0
}

export function runListDevicesCommand(command: ListCommand): number {
  const { devices, seen } = withRegistry(command, (registry, seen) => ({
    devices: registry.devices(),
    seen: seen(),
  }))
  const { policies, newest } = withPolicies(command, (policies) => ({
    policies: new Map(devices.map((one) => [one.id, policies.standingOf(addresseeOf(one))])),
    newest: policies.newest(...comers(devices, isHeardIn(seen))),
  }))
  if (command.json) {
    const [seenOf, standingOf] = [(id: string) => seen.get(id), (id: string) => policies.get(id)]
    sayJson(devicesDocument(devices, seenOf, standingOf, newest))
    return 0
  }
  table(
    [
      'id',
      'name',
      'group',
      'owner',
      'standing',
      'agent',
      'policy',
      'enrolled',
      'last seen',
      'silent',
    ],
    devices.map((device) => [
      device.id,
      device.name || brief(seen.get(device.id)?.hostname ?? '', 40) || '-',
      device.group,
      device.owner || '-',
      standingOf(device),
      brief(seen.get(device.id)?.agentVersion ?? '', 20) || '-',
      policyCell(policies.get(device.id)),
      dateOf(device.enrolledAt),
      lastSeenOf(seen.get(device.id)),
      silentOf(seen.get(device.id)),
    ]),
    'no device is enrolled',
  )
  if (newest) say(newestText(newest))
  return 0
}

/** `done` is told of the device by its id: names are alike. */
export function runChangeDeviceCommand(
  command: StateCommand & { id: string },
  change: DeviceChange,
  done: string,
): number {
  const { id, isDone, called } = withRegistry(command, (registry, readSeen) => {
    const seen = readSeen()
    const id = (isForPeople(change) ? found : chosen)(registry.devices(), seen, command)
    const called = change.name ?? (registry.device(id)?.name || (seen.get(id)?.hostname ?? ''))
    return { id, called, isDone: registry.change(id, change) }
  })
  if (!isDone)
    throw new ConfigError(
      `there is no device ${command.id}: ${hint('collector devices list', command)}`,
    )
  say(`device ${id}${called === '' ? '' : ` (${brief(called, 40)})`} ${done}`)
  return 0
}

/** What changes nothing of what the device may, nor what it is sent. */
const isForPeople = ({ name, owner, ...rest }: DeviceChange): boolean =>
  (name !== undefined || owner !== undefined) && Object.keys(rest).length === 0

export const lastSeenOf = (seen: Noted | undefined): string =>
  seen?.seenAt === undefined ? '-' : dateOf(seen.seenAt)
export const silentOf = (seen: Noted | undefined): string =>
  seen?.silentSince === undefined ? '-' : `of ${seen.silentOf} since ${dateOf(seen.silentSince)}`

export const standingOf = ({ standing, mayEnrolAgain, sharedAt }: EnrolledDevice): string =>
  `${standing}${mayEnrolAgain ? ', may enrol again' : ''}${sharedAt === undefined ? '' : ', shared'}`

/** One that was forgotten before is named by its whole id. */
export function foundOrWhole(
  registry: Registry,
  seen: ReadonlyMap<string, Noted>,
  command: StateCommand & { id: string },
): string {
  const isWhole = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(command.id)
  return isWhole ? command.id : chosen(registry.devices(), seen, command)
}

/**
 * The id that begins so, or the name: a person's, before what machines that have none call themselves. Throws ConfigError
 * when there is none, or there are several.
 */
export function found(
  devices: readonly EnrolledDevice[],
  seen: ReadonlyMap<string, Noted>,
  command: StateCommand & { id: string },
): string {
  const { id: written } = command
  // Every id begins so: a variable of a script that is not set.
  if (written.trim() === '')
    throw new ConfigError(
      `no device is named: give its id or its name; ${hint('collector devices list', command)}`,
    )
  const named = devices.filter(
    ({ id, name }) => id === written || (name !== '' && name === written) || id.startsWith(written),
  )
  const fitting =
    named.length > 0
      ? named
      : // By what it calls itself, whatever it was named since: a name that was given goes before that.
        devices.filter(({ id }) => seen.get(id)?.hostname === written)
  const exact = fitting.filter(({ id }) => id === written)
  const [one, ...more] = exact.length === 1 ? exact : fitting
  if (!one)
    throw new ConfigError(
      `there is no device ${written}: ${hint('collector devices list', command)}`,
    )
  if (more.length > 0)
    throw new ConfigError(
      `${fitting.length} devices are called ${written}, or their ids begin so: give the id of one, ${someIds(fitting)}`,
    )
  return one.id
}

const IDS_SAID = 5

const someIds = (devices: readonly EnrolledDevice[]): string => {
  const said = devices
    .slice(0, IDS_SAID)
    .map(({ id, enrolledAt }) => `${id} (enrolled ${dateOf(enrolledAt)})`)
  const more = devices.length - said.length
  return `${said.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/**
 * As `found`, for what decides what a device may: never by what it calls itself, as whoever has a token can. Throws ConfigError,
 * which names the id.
 */
export function chosen(
  devices: readonly EnrolledDevice[],
  seen: ReadonlyMap<string, Noted>,
  command: StateCommand & { id: string },
): string {
  const id = found(devices, seen, command)
  const device = devices.find((one) => one.id === id)
  if (!device || id.startsWith(command.id) || device.name === command.id) return id
  const hardware =
    device.hardware === '' ? 'of no known hardware' : `of hardware ${device.hardware.slice(0, 8)}…`
  throw new ConfigError(
    `${command.id} is what a device calls itself, as any other may: give its id, or a name that you gave. It is ${id}, ${hardware}, enrolled ${dateOf(device.enrolledAt)}`,
  )
}

export const hint = (words: string, command: StateCommand): string =>
  commandFor(words, statePaths(command.state).root)

export function withRegistry<T>(
  command: StateCommand,
  work: (
    registry: Registry,
    seen: () => Map<string, Noted>,
    database: ReturnType<typeof openRegistryFile>,
  ) => T,
): T {
  const paths = statePaths(command.state)
  return withDirectory(paths, () => {
    const log = (text: string) => process.stderr.write(`${text}\n`)
    const database = openRegistryFile(join(paths.collector, REGISTRY_FILE), log)
    const registry = new Registry(database)
    try {
      return work(registry, () => readSeen(database), database)
    } finally {
      registry.close()
    }
  })
}

export function withPolicies<T>(command: StateCommand, work: (policies: Policies) => T): T {
  const paths = statePaths(command.state)
  return withDirectory(paths, () => {
    const log = (text: string) => process.stderr.write(`${text}\n`)
    const policies = new Policies(openPoliciesFile(join(paths.collector, POLICIES_FILE), log))
    try {
      return work(policies)
    } finally {
      policies.close()
    }
  })
}

export function withDirectory<T>({ root, collector }: StatePaths, work: () => T): T {
  if (!isThere(collector))
    throw new ConfigError(
      `no collector has run with the state directory ${root}: start it first, or name its directory with --state`,
    )
  // Root reads what is the collector's user's; another user is told whose it is.
  if (!mayEnter(collector))
    throw new ConfigError(`${collector} cannot be read: ${closedSentence(join(collector, 'tls'))}`)
  try {
    return asOwner(statSync(collector), work)
  } catch (error) {
    const isSaid = error instanceof CollectorError || error instanceof StoreError
    throw isSaid ? new ConfigError(error.message) : error
  }
}

function mayEnter(directory: string): boolean {
  try {
    accessSync(directory, constants.R_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

export const dateOf = (at: UnixNs): string =>
  `${new Date(Number(at / 1_000_000n)).toISOString().slice(0, 16).replace('T', ' ')} UTC`

export function table(heads: string[], rows: string[][], none: string): void {
  if (rows.length === 0) {
    say(none)
    return
  }
  const columns = process.stdout.isTTY ? process.stdout.columns || undefined : undefined
  for (const line of tableLines(heads, rows, columns)) say(line)
}

export const sayJson = (document: object): void => say(JSON.stringify(document))

export function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
