// `freshet collector policy`: which signed documents a collector sends to its agents, and how they stand there. Like the
// commands beside it they work on files while the collector runs, which looks at them within a second.
import { join } from 'node:path'
import { responseOf } from '../collector/fleet/fleet-policies.ts'
import { Policies } from '../collector/fleet/policies.ts'
import { openPoliciesFile, POLICIES_FILE } from '../collector/fleet/policies-file.ts'
import { makePrivateKey, privateKeyOf, publicHexOf } from '../policy/keys.ts'
import { signPolicy } from '../policy/signed.ts'
import { targetText } from '../policy/target.ts'
import { printable } from '../printable.ts'
import { readStateFile, writeStateFile } from '../state-file.ts'
import { nowUnixNs, type UnixNs, unixNs } from '../units.ts'
import {
  dateOf,
  hint,
  type StateCommand,
  say,
  table,
  withDirectory,
  withRegistry,
} from './fleet.ts'
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
  const { payload, clamped } = withPolicies(command, (policies) => {
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
  return 0
}

export function runPromoteCommand(
  command: StateCommand & { version: number; share: number },
): number {
  const { version, share } = command
  if (!withPolicies(command, (policies) => policies.setShare(version, share)))
    throw new ConfigError(
      `policy ${version} was not published: ${hint('collector policy list', command)}`,
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

export function runPolicyStatusCommand(command: StateCommand): number {
  const devices = withRegistry(command, (registry) => registry.devices())
  const { devices: all } = withPolicies(command, (policies) => responseOf(policies, devices))
  const rows = all.flatMap(({ id, name, group, source, hasKey, suppressed, documents }) => {
    const who = [id, name || '-', group]
    if (source === '') return [[...who, '-', 'has said nothing yet', '']]
    if (documents.length === 0)
      return [[...who, source, hasKey ? 'nothing was sent' : 'has no root key', `${suppressed}`]]
    return documents.map(({ kind, version, receivedVersion, state, code, text, clamped }) => [
      ...who,
      source,
      `${kind} ${version || '-'}${state === 'applied' ? '' : `: ${receivedVersion || 'one'} ${state}${code && code !== state ? ` (${code})` : ''}`}${clamped > 0 ? `, ${clamped} clamped` : ''}${text ? `: ${text}` : ''}`,
      `${suppressed}`,
    ])
  })
  table(
    ['id', 'name', 'group', 'source', 'standing', 'held back'],
    rows.map((row) => row.map((cell) => printable(cell))),
    'no device is enrolled',
  )
  return 0
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
  const { payload, clamped } = withPolicies(command, (policies) => {
    const rootKey = policies.rootKey()
    const delegation = policies.delegation()
    if (rootKey === undefined || delegation?.onlineKey !== publicHexOf(key))
      throw new ConfigError(
        `nobody has delegated the key of this collector: publish a delegation for ${hint('collector policy online-key', command)}`,
      )
    const [newest] = policies.documents().filter((one) => one.payload.kind === 'exceptions')
    return orConfig(file, () =>
      policies.publish(
        signPolicy(
          {
            ...{ kind: 'exceptions', madeAt, leastAgent: '', target: {}, content },
            version: nextVersion(newest?.payload.version ?? 0, madeAt),
            notAfter: unixNs(madeAt + EXCEPTIONS_DAYS * DAY_NS, 'notAfter'),
          },
          key,
        ),
        { rootKey, sharePercent: 100, now: madeAt },
      ),
    )
  })
  sayClamped(clamped)
  say(`exceptions ${payload.version} go to all devices; they take the place of those before`)
  return 0
}

/** Seconds since 1970: higher than what a collector signed before it lost its files. */
const nextVersion = (before: number, now: UnixNs): number =>
  Math.max(before + 1, Number(now / 1_000_000_000n))

function withPolicies<T>(command: StateCommand, work: (policies: Policies) => T): T {
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
