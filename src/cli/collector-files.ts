// `freshet collector backup` and `restore`: one file that holds all the collector has stored.
//
// As root, whatever lies in the state directory is touched as its owner only: that user could have put a
// link to anything there.
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { diskTrouble } from '../baseline/sqlite-file.ts'
import {
  packSecrets,
  prepareSecrets,
  REGISTRY_FILE,
  readSecrets,
  secretsThere,
} from '../collector/fleet/fleet.ts'
import {
  checkHeader,
  checkStore,
  copyStore,
  removeStore,
  StoreError,
  type StoreFacts,
} from '../collector/store/store.ts'
import { CollectorError } from '../collector/terms/collector-error.ts'
import {
  COMING_STORE,
  movesAside,
  PLACING_FILE,
  placeAll,
  undoCutOff,
} from '../collector/terms/placing.ts'
import { counted, humanBytes } from '../engine/sentence.ts'
import { openGivenFile } from '../given-file.ts'
import { lockDirectory } from '../host/lock.ts'
import { StateFileError } from '../state-file.ts'
import { nowUnixNs } from '../units.ts'
import { isThere } from './found.ts'
import { made } from './making.ts'
import {
  asStream,
  makeFile,
  opened,
  refuseTaken,
  STREAM,
  whenReady,
  writeAll,
} from './output-file.ts'
import { asOwner } from './owner.ts'
import { defaultUser } from './service-user.ts'
import { ConfigError, statePaths } from './state.ts'
import { makeStateDirectory } from './state-directory.ts'

const STORE_FILE = 'store.db'
const COPY_BYTES = 1024 * 1024

/** `secrets`: a second file, for what the collector is known by and knows its devices by. */
type FileCommand = {
  state?: string
  user?: string
  file: string
  secrets?: string
  force: boolean
}

export async function runBackupCommand(command: FileCommand): Promise<number> {
  const directory = statePaths(command.state).collector
  const isStream = command.file === STREAM
  if (isStream && process.stdout.isTTY)
    throw new ConfigError('a backup is nothing for a terminal: name a file, or give - a reader')
  if (!isThere(join(directory, STORE_FILE)))
    throw new ConfigError(
      `there is no store in ${directory}: no collector has run with this state directory`,
    )
  if (command.secrets !== undefined && resolve(command.secrets) === resolve(command.file))
    throw new ConfigError(
      `--secrets names the file of the backup itself: name another, to keep apart from ${resolve(command.file)}`,
    )
  const temporary = join(directory, `${STORE_FILE}.backup-${process.pid}`)
  const backUp = (output: number): StoreFacts =>
    asOwner(statSync(directory), () => {
      try {
        copyStore(join(directory, STORE_FILE), temporary)
        const found = checkStore(temporary, `the copy of ${join(directory, STORE_FILE)}`)
        copyFile(openFor(temporary, 'r'), output)
        return found
      } catch (cause) {
        throw cause instanceof StoreError ? new ConfigError(`no backup: ${cause.message}`) : cause
      } finally {
        removeStore(temporary)
      }
    })
  const { file: written, secrets: writtenSecrets } = command
  // Before anything is written: neither of the two is made without the other.
  for (const each of [isStream ? undefined : written, writtenSecrets])
    if (each !== undefined) refuseTaken(resolve(each), command.force)
  const packed = writtenSecrets === undefined ? undefined : packedSecrets(directory)
  const backUpSecrets = (): void => {
    if (writtenSecrets === undefined || packed === undefined) return
    const file = resolve(writtenSecrets)
    makeFile({ file, what: 'backup of the secrets', isForced: command.force }, (output) =>
      writeAll(output, packed),
    )
  }
  const secrets =
    command.secrets === undefined
      ? `the secrets are not in it (page.key${
          isThere(join(directory, REGISTRY_FILE))
            ? ', and fleet.db and tls, without which every machine has to enrol again'
            : ''
        }): --secrets FILE makes a file of them to keep apart`
      : `${resolve(command.secrets)} holds the secrets, for you alone: whoever has it can speak for this collector, so keep it apart`
  if (isStream) {
    const facts = asStream('backup', () => backUp(1))
    backUpSecrets()
    process.stderr.write(`backup: ${sentence(facts)}\n${secrets}\n`)
    return 0
  }
  const file = resolve(command.file)
  const facts = makeFile({ file, what: 'backup', isForced: command.force }, backUp)
  backUpSecrets()
  say(`backup: ${file} holds ${sentence(facts)}, ${humanBytes(statSync(file).size)}`)
  say(secrets)
  return 0
}

export async function runRestoreCommand(command: FileCommand): Promise<number> {
  const paths = statePaths(command.state)
  const directory = paths.collector
  const isStream = command.file === STREAM
  const file = isStream ? 'standard input' : resolve(command.file)
  const input = isStream ? 0 : opened(file, () => openGivenFile(file, { orStream: true }))
  const secrets = command.secrets === undefined ? undefined : secretsIn(command.secrets)
  const user = defaultUser(command.user)
  // Before a directory is made for it.
  const began = orNothing(input, () => headerOf(input, file))
  makeStateDirectory(paths, directory, user)
  const { facts, aside, placed } = asOwner(user ?? statSync(directory), () =>
    restore({ input, began }, file, directory, { force: command.force, secrets }),
  )
  say(`restored: ${directory} holds ${sentence(facts)}`)
  if (placed) {
    const { pin, devices } = placed
    const by = pin === undefined ? 'has no authority' : `is known by the pin ${pin}`
    say(`its secrets are restored: it ${by}, and knows ${counted(devices, 'enrolled device')}`)
  }
  const [first, ...more] = aside
  if (first !== undefined && more.length === 0)
    say(`what was there before is ${first}: delete it when it is not wanted any more`)
  else if (first !== undefined) {
    say('what was there before is set aside: delete it when it is not wanted any more')
    for (const path of aside) say(`  ${path}`)
  }
  return 0
}

const packedSecrets = (directory: string): Buffer =>
  orConfig('no backup of the secrets', () =>
    asOwner(statSync(directory), () => Buffer.from(packSecrets(directory))),
  )

function secretsIn(written: string): Map<string, Buffer> {
  const path = resolve(written)
  const file = opened(path, () => openGivenFile(path, { orStream: false }))
  try {
    return orConfig(path, () => readSecrets(readFileSync(file, 'utf8')))
  } finally {
    closeSync(file)
  }
}

function orConfig<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw cause instanceof CollectorError ? new ConfigError(`${what}: ${cause.message}`) : cause
  }
}

/** What a store begins with, which is read no second time: of a stream there is none. */
function headerOf(input: number, file: string): Buffer {
  const header = Buffer.alloc(100)
  let length = 0
  for (let count = 1; count > 0 && length < header.length; length += count)
    count = whenReady(() => readSync(input, header, length, header.length - length, null))
  const found = fstatSync(input)
  checkHeader(header.subarray(0, length), file, found.isFile() ? found.size : undefined)
  return header
}

/** `input` is closed where `work` throws. */
function orNothing<T>(input: number, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    closeSync(input)
    throw cause instanceof StoreError
      ? new ConfigError(`nothing was restored: ${cause.message}`)
      : cause
  }
}

function restore(
  { input, began }: { input: number; began: Buffer },
  file: string,
  directory: string,
  { force, secrets }: { force: boolean; secrets: Map<string, Buffer> | undefined },
) {
  const store = join(directory, STORE_FILE)
  const coming = join(directory, COMING_STORE)
  const unlock = lockDirectory(directory, 0)
  if (!unlock)
    throw new ConfigError(`a collector runs with the state directory ${directory}: stop it first`)
  let prepared: ReturnType<typeof prepareSecrets> | undefined
  try {
    undoCutOff(directory, say)
    if (existsSync(store) && !force)
      throw new ConfigError(
        `${store} is there already: with --force it is set aside and ${file} takes its place`,
      )
    const [there] = secrets && !force ? secretsThere(directory, secrets) : []
    if (there !== undefined)
      throw new ConfigError(
        `${join(directory, there)} is there already: with --force what is there is set aside`,
      )
    removeStore(coming)
    const output = openFor(coming, 'wx')
    writeAll(output, began)
    copyFile(input, output)
    fsyncSync(output)
    closeSync(output)
    const facts = checkStore(coming, file)
    const now = nowUnixNs()
    prepared =
      secrets && orConfig('nothing was restored', () => prepareSecrets(directory, secrets, now))
    // What is left of a log without its file must not be read into another one.
    const moves = [...movesAside(directory, STORE_FILE, now), ...(prepared?.moves ?? [])]
    placeAll(directory, [...moves, { from: COMING_STORE, to: STORE_FILE }])
    // What SQLite has beside a file goes with it.
    const aside = moves
      .filter((one) => one.isAside && !/-(wal|shm|journal)$/.test(one.from))
      .map(({ to }) => join(directory, to))
    return { facts, placed: prepared?.facts, aside }
  } catch (cause) {
    if (cause instanceof CollectorError) throw new ConfigError(cause.message)
    throw cause instanceof StoreError ||
      cause instanceof StateFileError ||
      diskTrouble(cause) !== undefined
      ? new ConfigError(`nothing was restored: ${(cause as Error).message}`)
      : cause
  } finally {
    // Of what could not be put back it is said where it is.
    if (!existsSync(join(directory, PLACING_FILE))) {
      removeStore(coming)
      prepared?.end()
    }
    unlock()
  }
}

/** Closes `from`. */
function copyFile(from: number, to: number): void {
  try {
    const buffer = Buffer.alloc(COPY_BYTES)
    for (;;) {
      const length = whenReady(() => readSync(from, buffer))
      if (length === 0) return
      writeAll(to, buffer.subarray(0, length))
    }
  } finally {
    closeSync(from)
  }
}

const openFor = (path: string, flags: 'r' | 'wx'): number =>
  (flags === 'r' ? opened : made)(path, () => openSync(path, flags, 0o600))

function sentence({ alerts, devices, lastSeenAt }: StoreFacts): string {
  const last = new Date(Number(lastSeenAt / 1_000_000n)).toISOString()
  const heard = lastSeenAt === 0n ? 'none was ever heard of' : `last heard of at ${last}`
  const of = devices === 1 ? 'one device' : `${devices} devices`
  return `${alerts === 1 ? 'one alert' : `${alerts} alerts`} of ${of}, ${heard}`
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
