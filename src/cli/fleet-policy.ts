// `freshet collector policy`: which signed documents a collector sends to its agents, and how they stand there. Like the
// commands beside it they work on files while the collector runs, which looks at them within a second.
import { join } from 'node:path'
import { isHeardIn, type Policies, responseOf } from '../collector/fleet/fleet.ts'
import type { DevicePolicyInfo } from '../collector/views/page-policy.ts'
import { makePrivateKey, privateKeyOf, publicHexOf } from '../policy/keys.ts'
import { signPolicy } from '../policy/signed.ts'
import { targetText } from '../policy/target.ts'
import { brief, printable } from '../printable.ts'
import { readStateFile, writeStateFile } from '../state-file.ts'
import { nowUnixNs, type UnixNs, unixNs } from '../units.ts'
import {
  dateOf,
  hint,
  type ListCommand,
  type StateCommand,
  say,
  sayJson,
  table,
  withDirectory,
  withPolicies,
  withRegistry,
} from './fleet.ts'
import { NO_KEY, newestText } from './fleet-words.ts'
import { orConfig, readInput, readPublicKey, readSigned, sayClamped } from './policy-signing.ts'
import { ConfigError, statePaths } from './state.ts'

const ONLINE_KEY_FILE = 'policy-online.key'
const DAY_NS = 86_400_000_000_000n
/** Exceptions of an online key last no longer themselves. */
const EXCEPTIONS_DAYS = 30n

export type PublishCommand = StateCommand & { policyKey?: string; share: number }

export function runPublishCommand(file: string, command: PublishCommand): number {
  const signed = readSigned(file, 'collector policy publish')
  const given =
    command.policyKey === undefined ? undefined : readPublicKey(command.policyKey, '--policy-key')
  const { payload, clamped, replaced } = withPolicies(command, (policies) => {
    const rootKey = given ?? policies.rootKey()
    if (rootKey === undefined)
      throw new ConfigError(
        'the first time --policy-key is wanted: the public root key, as agents were given it',
      )
    return orConfig(file, () =>
      policies.publish(signed, { rootKey, sharePercent: command.share, now: nowUnixNs() }),
    )
  })
  sayClamped(clamped)
  const { kind, version, target } = payload
  const whom = command.share === 100 ? '' : `, ${command.share} % of them at first`
  say(
    `${kind} ${version} goes to ${targetText(target)}${whom}: ${hint('collector policy status', command)}`,
  )
  if (replaced > 0)
    say(
      `${replaced === 1 ? '1 document is' : `${replaced} documents are`} not kept any more: ${replaced === 1 ? 'it goes' : 'they go'} to nobody, as later ones are for everybody, or their key is not in use`,
    )
  return 0
}

export function runPromoteCommand(
  command: StateCommand & { version: number; share: number },
): number {
  const { version, share } = command
  if (!withPolicies(command, (policies) => policies.setShare(version, share)))
    throw new ConfigError(
      `policy ${version} was not published, or is not kept any more, as later ones have taken its place: ${hint('collector policy list', command)}`,
    )
  say(
    share === 0
      ? `policy ${version} goes to nobody more; who has it keeps it until a higher version comes`
      : `policy ${version} goes to ${share} % of those that it is for`,
  )
  return 0
}

export function runListPoliciesCommand(command: StateCommand): number {
  const documents = withPolicies(command, (policies) => policies.documents())
  table(
    ['document', 'for', 'share', 'published', 'not after'],
    documents.map(({ payload: { kind, version, target, notAfter }, publishedAt, sharePercent }) => [
      `${kind} ${version}`,
      targetText(target),
      `${sharePercent} %`,
      dateOf(publishedAt),
      dateOf(notAfter),
    ]),
    `nothing was published: ${hint('collector policy publish FILE', command)} sends a signed document`,
  )
  return 0
}

export function runPolicyStatusCommand(command: ListCommand): number {
  const { devices, seen } = withRegistry(command, (registry, seen) => ({
    devices: registry.devices(),
    seen: seen(),
  }))
  const isHeard = isHeardIn(seen)
  const response = withPolicies(command, (policies) => responseOf(policies, devices, isHeard))
  if (command.json) {
    sayJson(response)
    return 0
  }
  const { devices: all, newest } = response
  const rows = all.flatMap((device) => {
    const { id, name, group, source, hasKey, suppressed, documents } = device
    const who = [id, name || brief(seen.get(id)?.hostname ?? '', 40) || '-', group]
    if (source === '') return [[...who, '-', 'has said nothing yet', '', '']]
    const came = documents.filter(({ code }) => code === NO_KEY)
    if (!hasKey && came.length === documents.length)
      return [[...who, source, keylessText(came), sinceOf(came), `${suppressed}`]]
    if (documents.length === 0) return [[...who, source, 'nothing was sent', '', `${suppressed}`]]
    return documents.map((one) => [
      ...who,
      source,
      documentText(one),
      sinceOf([one]),
      `${suppressed}`,
    ])
  })
  table(
    ['id', 'name', 'group', 'source', 'standing', 'since', 'held back'],
    rows.map((row) => row.map((cell) => printable(cell))),
    'no device is enrolled',
  )
  if (newest) say(newestText(newest))
  return 0
}

/** How a document stands; beside one that is in force, what came since. */
function documentText(one: DevicePolicyInfo): string {
  const { kind, version, receivedVersion, state, code, text, clamped } = one
  const isBeside = version !== 0 && version !== receivedVersion
  const came = isBeside
    ? `${version}: ${receivedVersion || 'what came'}`
    : `${receivedVersion || 'that came'}`
  const stands =
    state === 'applied'
      ? `${kind} ${version}`
      : `${kind} ${came} ${state}${code && code !== state ? ` (${code})` : ''}`
  return `${stands}${clamped > 0 ? `, ${clamped} clamped` : ''}${text ? `: ${text}` : ''}`
}

const keylessText = (came: readonly DevicePolicyInfo[]): string =>
  came.length === 0
    ? 'has no root key'
    : `has no root key, so takes none of what came: ${came.map(({ kind, receivedVersion }) => `${kind} ${receivedVersion || 'that could not be read'}`).join(', ')}`

/** When the last of them came to stand so. */
const sinceOf = (documents: readonly DevicePolicyInfo[]): string => {
  const last = documents.reduce((most, { at }) => (BigInt(at) > most ? BigInt(at) : most), 0n)
  return last === 0n ? '' : dateOf(unixNs(last, 'at'))
}

export function runOnlineKeyCommand(command: StateCommand): number {
  say(publicHexOf(privateKeyOf(onlineKey(command))))
  return 0
}

/** PEM; made when there is none. Throws ConfigError. */
function onlineKey(command: StateCommand): string {
  const paths = statePaths(command.state)
  return withDirectory(paths, () => {
    const path = join(paths.collector, ONLINE_KEY_FILE)
    const found = orConfig(ONLINE_KEY_FILE, () => readStateFile(path))
    if (found && (found.mode & 0o077) !== 0)
      throw new ConfigError(
        `${path} can be used by others (mode ${found.mode.toString(8)}): whoever read it can hide alerts. Remove it, and delegate another key`,
      )
    if (found) return found.text
    const pem = makePrivateKey()
    writeStateFile(path, pem)
    return pem
  })
}

export function runExceptCommand(file: string, command: StateCommand): number {
  const content = readInput(file, 'collector policy except')
  const key = orConfig(ONLINE_KEY_FILE, () => privateKeyOf(onlineKey(command)))
  const madeAt = nowUnixNs()
  const { payload, clamped, whom } = withPolicies(command, (policies) => {
    const rootKey = policies.rootKey()
    const own = policies
      .delegations(madeAt)
      .filter(({ delegation }) => delegation.onlineKey === publicHexOf(key))
    const [first, ...more] = own.map(({ payload: { target } }) => target)
    if (rootKey === undefined || first === undefined)
      throw new ConfigError(
        `${whyNotDelegated(policies, publicHexOf(key))}: publish a delegation for ${hint('collector policy online-key', command)}`,
      )
    // Who has no delegation to this key is not sent them.
    const target = more.length === 0 ? first : {}
    const [newest] = policies.documents().filter((one) => one.payload.kind === 'exceptions')
    const done = orConfig(file, () =>
      policies.publish(
        signPolicy(
          {
            ...{ kind: 'exceptions', madeAt, leastAgent: '', target, content },
            version: nextVersion(newest?.payload.version ?? 0, madeAt),
            notAfter: unixNs(madeAt + EXCEPTIONS_DAYS * DAY_NS, 'notAfter'),
          },
          key,
        ),
        { rootKey, sharePercent: 100, now: madeAt },
      ),
    )
    return { ...done, whom: [first, ...more].map(targetText).join(' and to ') }
  })
  sayClamped(clamped)
  say(
    liftsAll(content)
      ? `exceptions ${payload.version} go to ${whom}, and there are none in them: all that were there before are lifted`
      : `exceptions ${payload.version} go to ${whom}; they take the place of those before`,
  )
  return 0
}

/** REQUIRES: it was taken, so that it is JSON of a policy’s fields. */
const liftsAll = (content: string): boolean =>
  Object.values(JSON.parse(content) as object).every(
    (list) => Array.isArray(list) && list.length === 0,
  )

function whyNotDelegated(policies: Policies, key: string): string {
  const ended = policies.documents().find(({ delegation }) => delegation?.onlineKey === key)
  return ended && ended.payload.notAfter <= nowUnixNs()
    ? `the time of delegation ${ended.payload.version} to the key of this collector was over at ${dateOf(ended.payload.notAfter)}`
    : 'nobody has delegated the key of this collector, or another delegation came since'
}

/** Seconds since 1970: higher than what a collector signed before it lost its files. */
const nextVersion = (before: number, now: UnixNs): number =>
  Math.max(before + 1, Number(now / 1_000_000_000n))
