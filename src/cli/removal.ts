// `freshet collector devices remove`: devices are forgotten, one of them with what it sent, those of a token, or those that never came.
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { setTimeout as delay } from 'node:timers/promises'
import {
  createErasures,
  type EnrolledDevice,
  type Erasures,
  noteDeparted,
  openRegistryFile,
  REGISTRY_FILE,
  type Token,
} from '../collector/fleet/fleet.ts'
import { type Erased, eraseDevice, erasedText } from '../collector/store/store.ts'
import { counted } from '../engine/sentence.ts'
import { lockDirectory } from '../host/lock.ts'
import { nowUnixNs } from '../units.ts'
import { foundOrWhole, hint, type StateCommand, say, withDirectory, withRegistry } from './fleet.ts'
import { isThere } from './found.ts'
import { ConfigError, statePaths } from './state.ts'

const STORE_FILE = 'store.db'
/** Between two looks at how far the collector has come. */
const LOOK_MS = 250
/** Between two lines that say so. */
const TELL_MS = 5000
/** It looks each second, and deletes for one device at a time. */
const BEGIN_MS = 30_000

type Device = StateCommand & { id: string }

/** Forgets a device; `withData`: what it sent goes now. */
export async function runRemoveDeviceCommand(
  command: Device & { withData: boolean },
  beginMs = BEGIN_MS,
): Promise<number> {
  if (!command.withData) return forget(command)
  const { collector } = statePaths(command.state)
  const { id, isKnown, isRunning } = withRegistry(command, (registry, seen, database) => {
    const id = foundOrWhole(registry, seen(), command)
    const erasures = createErasures(database)
    const unlock = lockDirectory(collector, 0)
    // A collector that did it while it ran left what only this removes.
    const isAgain = erasures.read(id)?.isOver === true
    try {
      // Also where it is done here: cut off, it goes on at the collector's next start.
      const isKnown = registry.remove(id, () => erasures.ask(id, nowUnixNs()))
      if (!unlock) return { id, isKnown, isRunning: true }
      const isErased = eraseHere(join(collector, STORE_FILE), id, erasures, isAgain)
      erasures.forget(id)
      return { id, isKnown: isKnown || isErased, isRunning: false }
    } finally {
      unlock?.()
    }
  })
  if (isRunning) return await awaited({ ...command, id }, isKnown, beginMs)
  if (!isKnown) throw noSuch(id)
  sayForgotten(id)
  return 0
}

/** While no collector runs. Returns whether there was anything. */
function eraseHere(store: string, id: string, erasures: Erasures, isAgain: boolean): boolean {
  if (!isThere(store)) return false
  const { found, isWrittenAnew } = eraseDevice(store, id, {
    ...{ nowNs: nowUnixNs(), isAgain, before: erasures.begun(id) },
    onBegun: (step) => erasures.tell(id, step),
  })
  if (found) sayDeleted(found)
  else if (!isAgain) return false
  if (isWrittenAnew) say('the store is written anew: nothing of it is left in the file')
  else
    process.stderr.write(
      'freshet: the disk has no room to write the store anew, which takes as much as it has: what was deleted may be left in parts of the file until they are used again\n',
    )
  return true
}

/** Tells how far the collector that runs has come. Ended meanwhile it goes on. */
async function awaited(command: Device, isKnown: boolean, beginMs: number): Promise<number> {
  const { id } = command
  const paths = statePaths(command.state)
  if (isKnown) sayForgotten(id)
  const log = (text: string) => process.stderr.write(`${text}\n`)
  const database = withDirectory(paths, () =>
    openRegistryFile(join(paths.collector, REGISTRY_FILE), log),
  )
  try {
    const erasures = createErasures(database)
    const askedMs = performance.now()
    let toldMs = askedMs
    for (;;) {
      const erasure = withDirectory(paths, () => erasures.read(id))
      if (!erasure || erasure.isOver) return ended(id, isKnown, erasure)
      const nowMs = performance.now()
      if (!erasure.isBegun && nowMs - askedMs > beginMs) {
        log(
          'freshet: the collector has not begun to delete what it sent. It does as soon as it can, and at its next start; its log and the page say when that is done',
        )
        return 1
      }
      if (nowMs - toldMs > TELL_MS) {
        toldMs = nowMs
        log(
          `freshet: ${counted(erasure.rows, 'row is', 'rows are')} deleted, the collector goes on`,
        )
      }
      await delay(LOOK_MS)
    }
  } finally {
    withDirectory(paths, () => database.close())
  }
}

function ended(id: string, isKnown: boolean, erasure: ReturnType<Erasures['read']>): number {
  const { found, isClean = true } = erasure ?? {}
  if (!isKnown && !found) throw noSuch(id)
  sayDeleted(found ?? { alerts: 0, programs: 0, hours: 0, events: 0 })
  say(
    `it is overwritten where it stood. What had gone before by its age may be left in free parts of the file, and in pages that earlier versions wrote: stop the collector and say this again with the whole id, ${id}, and the file is written anew`,
  )
  if (!isClean)
    process.stderr.write(
      'freshet: another program reads the store, so copies are left in store.db-wal until the collector is stopped\n',
    )
  return 0
}

const noSuch = (id: string): ConfigError =>
  new ConfigError(`there is no device ${id}, and nothing that it sent`)

const sayForgotten = (id: string): void =>
  say(`device ${id} is forgotten: its certificate opens nothing any more`)

const sayDeleted = (found: Erased): void =>
  say(`deleted: ${erasedText(found)}; backups still have them`)

function forget(command: Device): number {
  const { id, isDone } = withRegistry(command, (registry, seen) => {
    const id = foundOrWhole(registry, seen(), command)
    return { id, isDone: registry.remove(id) }
  })
  if (!isDone)
    throw new ConfigError(`there is no device ${id}: ${hint('collector devices list', command)}`)
  say(
    `device ${id} is forgotten: its certificate opens nothing any more, and what it sent stays until it is too old`,
  )
  return 0
}

/** From its enrolment to its first connection an agent takes seconds, and a collector that runs notes that within one. */
const NOTED_NS = 300_000_000_000n

/** Forgets what was invented, or enrolled and never started: quarantined, and never connected in the minutes since. */
export function runRemoveNeverSeenCommand(command: StateCommand): number {
  const gone = withRegistry(command, (registry, readSeen) => {
    const seen = readSeen()
    const before = nowUnixNs() - NOTED_NS
    return registry.removeAll(
      registry
        .devices()
        .filter(
          ({ id, standing, enrolledAt }) =>
            standing === 'quarantined' && enrolledAt < before && seen.get(id)?.seenAt === undefined,
        )
        .map(({ id }) => id),
    )
  })
  say(`${counted(gone, 'quarantined device')} that never connected: forgotten`)
  return 0
}

/** Forgets who came by a token, or by any of those with its label, and of whom no person has said anything. */
export async function runRemoveOfTokenCommand(
  command: StateCommand & { token: string; yes: boolean },
): Promise<number> {
  const { tokens, count, kept } = withRegistry(command, (registry) => {
    const tokens = namedTokens(registry.tokens(), command)
    const all = ofTokens(registry.devices(), tokens)
    const going = all.filter(isNobodys)
    return { tokens, count: going.length, kept: all.length - going.length }
  })
  const called = `${counted(tokens.length, 'token')} called "${command.token}"`
  const stay =
    kept === 0
      ? ''
      : `; ${kept} that a person has admitted, named, thrown out or allowed again stay`
  const good = tokens.filter(({ revokedAt }) => revokedAt === undefined)
  if (good.length > 0)
    process.stderr.write(
      `freshet: others can still come: ${good.map(({ id }) => hint(`collector tokens revoke ${id}`, command)).join(', ')}\n`,
    )
  const question = `${counted(count, 'device')} of ${called} that nobody has admitted ${count === 1 ? 'is' : 'are'} to be forgotten${stay}`
  if (count > 0 && !command.yes && !(await isConfirmed(question))) return 1
  const gone = withRegistry(command, (registry, _seen, database) => {
    let sum = 0
    for (const token of tokens) {
      // Those of now: a person may have admitted one since.
      const ids = ofTokens(registry.devices(), [token])
        .filter(isNobodys)
        .map(({ id }) => id)
      sum += registry.removeAll(ids, () => noteDeparted(database, ids, token.id))
    }
    return sum
  })
  say(
    `${counted(gone, 'device')} of ${called} that nobody had admitted: forgotten${stay}. Their alerts stay until they are too old or too many, and what else they sent goes once they have none`,
  )
  return 0
}

/** By its label, or its number where none is called so. Throws ConfigError. */
function namedTokens(
  tokens: readonly Token[],
  { token: written, ...command }: StateCommand & { token: string },
): Token[] {
  const labelled = tokens.filter(({ label }) => label === written)
  const found = labelled.length > 0 ? labelled : tokens.filter(({ id }) => `${id}` === written)
  if (found.length === 0)
    throw new ConfigError(
      `there is no token called "${written}": ${hint('collector tokens list', command)}`,
    )
  return found
}

const ofTokens = (devices: readonly EnrolledDevice[], tokens: readonly Token[]): EnrolledDevice[] =>
  devices.filter(({ token }) => tokens.some(({ id }) => id === token))

const isNobodys = ({ standing, isNoticed }: EnrolledDevice): boolean =>
  standing === 'quarantined' && !isNoticed

/** Throws ConfigError where nobody can be asked. */
async function isConfirmed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new ConfigError(`${question}: say --yes where that is meant`)
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await lines.question(`${question}. Go on? [y/N] `)).trim())
  } finally {
    lines.close()
  }
}
