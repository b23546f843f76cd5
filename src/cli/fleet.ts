// `freshet collector pin`, `tokens` and `devices`: who may come to a collector. They work on its registry while it runs,
// which looks at what they wrote within a second, and while it does not.
import { accessSync, constants, statSync } from 'node:fs'
import { join } from 'node:path'
import { CollectorError } from '../collector/collector-error.ts'
import { pinIn } from '../collector/fleet/authority.ts'
import { type EnrolledDevice, Registry, type Token } from '../collector/fleet/registry.ts'
import { openRegistryFile, REGISTRY_FILE } from '../collector/fleet/registry-file.ts'
import { readSeen, type Seen } from '../collector/fleet/roster.ts'
import { eraseDevice } from '../collector/store/erase.ts'
import { StoreError } from '../collector/store/store-error.ts'
import { counted } from '../engine/sentence.ts'
import { commandFor } from '../hint.ts'
import { lockDirectory } from '../host/lock.ts'
import { brief } from '../printable.ts'
import { nowUnixNs, type UnixNs, unixNs } from '../units.ts'
import { closedSentence, isThere } from './found.ts'
import { asOwner } from './owner.ts'
import { ConfigError, type StatePaths, statePaths } from './state.ts'

const STORE_FILE = 'store.db'

export type StateCommand = { state?: string }

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

export type MakeTokenCommand = StateCommand & {
  label: string
  group: string
  uses?: number
  days?: number
}

export function runMakeTokenCommand({
  label,
  group,
  uses,
  days,
  ...command
}: MakeTokenCommand): number {
  const now = nowUnixNs()
  const expiresAt =
    days === undefined ? undefined : unixNs(now + BigInt(days) * 86_400_000_000_000n, 'expiresAt')
  const { token, secret } = withRegistry(command, (registry) =>
    registry.makeToken({ label, group, usesMax: uses, expiresAt }, now),
  )
  process.stderr.write(`token ${token.id}, "${label}": ${limitsOf(token)}; it is shown this once\n`)
  say(secret)
  return 0
}

export function runListTokensCommand(command: StateCommand): number {
  const tokens = withRegistry(command, (registry) => registry.tokens())
  table(
    ['id', 'label', 'group', 'used', 'made', 'state'],
    tokens.map((token) => [
      `${token.id}`,
      token.label,
      token.group,
      `${token.uses}${token.usesMax === undefined ? '' : ` of ${token.usesMax}`}`,
      dateOf(token.madeAt),
      stateOf(token, nowUnixNs()),
    ]),
    `no token was made: ${hint('collector tokens make', command)} makes one`,
  )
  return 0
}

export function runRevokeTokenCommand(command: StateCommand & { id: number }): number {
  if (!withRegistry(command, (registry) => registry.revokeToken(command.id, nowUnixNs())))
    throw new ConfigError(
      `there is no token ${command.id}: ${hint('collector tokens list', command)}`,
    )
  say(`token ${command.id} lets nobody in any more; devices that came by it stay`)
  return 0
}

export function runListDevicesCommand(command: StateCommand): number {
  const { devices, seen } = withRegistry(command, (registry, seen) => ({
    devices: registry.devices(),
    seen: seen(),
  }))
  table(
    ['id', 'name', 'group', 'owner', 'standing', 'agent', 'enrolled', 'last seen', 'silent'],
    devices.map((device) => [
      device.id,
      device.name || brief(seen.get(device.id)?.hostname ?? '', 40) || '-',
      device.group,
      device.owner || '-',
      standingOf(device),
      brief(seen.get(device.id)?.agentVersion ?? '', 20) || '-',
      dateOf(device.enrolledAt),
      lastSeenOf(seen.get(device.id)),
      silentOf(seen.get(device.id)),
    ]),
    'no device is enrolled',
  )
  return 0
}

export type DeviceChange = Parameters<Registry['change']>[1]

export function runChangeDeviceCommand(
  command: StateCommand & { id: string },
  change: DeviceChange | 'remove',
  done: string,
): number {
  const isDone = withRegistry(command, (registry) =>
    change === 'remove'
      ? registry.remove(foundOrWhole(registry, command))
      : registry.change(found(registry.devices(), command), change),
  )
  if (!isDone)
    throw new ConfigError(
      `there is no device ${command.id}: ${hint('collector devices list', command)}`,
    )
  say(`device ${command.id} ${done}`)
  return 0
}

const lastSeenOf = (seen: Seen | undefined): string => (seen ? dateOf(seen.seenAt) : '-')
const silentOf = (seen: Seen | undefined): string =>
  seen?.silentSince === undefined ? '-' : `of ${seen.silentOf} since ${dateOf(seen.silentSince)}`

const standingOf = ({ standing, mayEnrolAgain, sharedAt }: EnrolledDevice): string =>
  `${standing}${mayEnrolAgain ? ', may enrol again' : ''}${sharedAt === undefined ? '' : ', shared'}`

/** Forgets a device; `withData`: what it sent goes now, while no collector runs. */
export function runRemoveDeviceCommand(
  command: StateCommand & { id: string; withData: boolean },
): number {
  if (!command.withData)
    return runChangeDeviceCommand(
      command,
      'remove',
      'is forgotten: its certificate opens nothing any more, and what it sent stays until it is too old',
    )
  const { root, collector } = statePaths(command.state)
  const erased = withRegistry(command, (registry) => {
    const unlock = lockDirectory(collector, 0)
    if (!unlock)
      throw new ConfigError(
        `a collector runs with the state directory ${root}: stop it first, or leave --with-data out`,
      )
    try {
      const id = foundOrWhole(registry, command)
      const store = join(collector, STORE_FILE)
      const gone = isThere(store) ? eraseDevice(store, id) : undefined
      if (!registry.remove(id) && !gone)
        throw new ConfigError(`there is no device ${id}, and nothing that it sent`)
      return gone
    } finally {
      unlock()
    }
  })
  say(`device ${command.id} is forgotten: its certificate opens nothing any more`)
  const { alerts = 0, programs = 0, hours = 0, events = 0 } = erased ?? {}
  say(
    `deleted: ${counted(alerts, 'alert')}, ${counted(programs, 'program')}, ${counted(hours, 'hour')} of pairs and ${counted(events, 'health event')}; backups still have them`,
  )
  if (erased && !erased.isWrittenAnew)
    process.stderr.write(
      'freshet: the disk has no room to write the store anew, which takes as much as it has: what was deleted may be left in parts of the file until they are used again\n',
    )
  return 0
}

/** One that was forgotten before is named by its whole id. */
function foundOrWhole(registry: Registry, command: StateCommand & { id: string }): string {
  const isWhole = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(command.id)
  return isWhole ? command.id : found(registry.devices(), command)
}

/** The id that begins so, or the name. Throws ConfigError when there is none, or there are several. */
function found(devices: readonly EnrolledDevice[], command: StateCommand & { id: string }): string {
  const { id: written } = command
  const fitting = devices.filter(
    ({ id, name }) => id === written || (name !== '' && name === written) || id.startsWith(written),
  )
  const exact = fitting.filter(({ id }) => id === written)
  const [one, ...more] = exact.length === 1 ? exact : fitting
  if (!one)
    throw new ConfigError(
      `there is no device ${written}: ${hint('collector devices list', command)}`,
    )
  if (more.length > 0)
    throw new ConfigError(`${fitting.length} devices are called ${written}: give more of the id`)
  return one.id
}

export const hint = (words: string, command: StateCommand): string =>
  commandFor(words, statePaths(command.state).root)

export function withRegistry<T>(
  command: StateCommand,
  work: (registry: Registry, seen: () => Map<string, Seen>) => T,
): T {
  const paths = statePaths(command.state)
  return withDirectory(paths, () => {
    const log = (text: string) => process.stderr.write(`${text}\n`)
    const database = openRegistryFile(join(paths.collector, REGISTRY_FILE), log)
    const registry = new Registry(database)
    try {
      return work(registry, () => readSeen(database))
    } finally {
      registry.close()
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

function limitsOf({ usesMax, expiresAt, group }: Token): string {
  const uses = usesMax === undefined ? 'any number of devices' : counted(usesMax, 'device')
  const until = expiresAt === undefined ? 'until it is revoked' : `until ${dateOf(expiresAt)}`
  return `for ${uses}, ${until}, into the group "${group}"`
}

function stateOf({ revokedAt, expiresAt, usesMax, uses }: Token, now: UnixNs): string {
  if (revokedAt !== undefined) return 'revoked'
  if (expiresAt !== undefined && expiresAt <= now) return 'expired'
  if (usesMax !== undefined && uses >= usesMax) return 'used up'
  return expiresAt === undefined ? 'good' : `good until ${dateOf(expiresAt)}`
}

export const dateOf = (at: UnixNs): string =>
  `${new Date(Number(at / 1_000_000n)).toISOString().slice(0, 16).replace('T', ' ')} UTC`

export function table(heads: string[], rows: string[][], none: string): void {
  if (rows.length === 0) {
    say(none)
    return
  }
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => (row[column] as string).length)),
  )
  for (const row of [heads, ...rows])
    say(
      row
        .map((cell, column) => cell.padEnd(widths[column] as number))
        .join('  ')
        .trimEnd(),
    )
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
