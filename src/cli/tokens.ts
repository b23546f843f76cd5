// `freshet collector tokens`: what lets new devices in. As the commands of fleet.ts, they work on a collector's registry while it
// runs and while it does not.
import type { Token } from '../collector/fleet/fleet.ts'
import { counted } from '../engine/sentence.ts'
import { nowUnixNs, type UnixNs, unixNs } from '../units.ts'
import { believedNow } from './believed.ts'
import {
  dateOf,
  hint,
  type ListCommand,
  type StateCommand,
  say,
  sayJson,
  table,
  withDirectory,
  withRegistry,
} from './fleet.ts'
import { tokensDocument } from './fleet-json.ts'
import { ConfigError, statePaths } from './state.ts'

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
  const paths = statePaths(command.state)
  const from = withDirectory(paths, () => believedNow(paths, now))
  const expiresAt =
    days === undefined ? undefined : unixNs(from + BigInt(days) * 86_400_000_000_000n, 'expiresAt')
  const { token, secret } = withRegistry(command, (registry) =>
    registry.makeToken({ label, group, usesMax: uses, expiresAt }, now),
  )
  if (days !== undefined && from !== now)
    process.stderr.write(
      `the collector does not believe this machine's clock, and takes the time for ${dateOf(from)}: the token's days are counted from then\n`,
    )
  process.stderr.write(`token ${token.id}, "${label}": ${limitsOf(token)}; it is shown this once\n`)
  say(secret)
  return 0
}

export function runListTokensCommand(command: ListCommand): number {
  const tokens = withRegistry(command, (registry) => registry.tokens())
  const paths = statePaths(command.state)
  const now = withDirectory(paths, () => believedNow(paths))
  if (command.json) {
    sayJson(tokensDocument(tokens, (token) => stateOf(token, now)))
    return 0
  }
  table(
    ['id', 'label', 'group', 'used', 'made', 'state'],
    tokens.map((token) => [
      `${token.id}`,
      token.label,
      token.group,
      `${token.uses}${token.usesMax === undefined ? '' : ` of ${token.usesMax}`}`,
      dateOf(token.madeAt),
      stateText(token, now),
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
  say(
    `token ${command.id} lets nobody in any more; devices that came by it stay: ${hint(`collector devices remove --token ${command.id}`, command)} forgets those that nobody has admitted`,
  )
  return 0
}

function limitsOf({ usesMax, expiresAt, group }: Token): string {
  const uses = usesMax === undefined ? 'any number of devices' : counted(usesMax, 'device')
  const until = expiresAt === undefined ? 'until it is revoked' : `until ${dateOf(expiresAt)}`
  return `for ${uses}, ${until}, into the group "${group}"`
}

const stateText = (token: Token, now: UnixNs): string => {
  const state = stateOf(token, now)
  return state === 'good' && token.expiresAt !== undefined
    ? `good until ${dateOf(token.expiresAt)}`
    : state
}

function stateOf({ revokedAt, expiresAt, usesMax, uses }: Token, now: UnixNs): string {
  if (revokedAt !== undefined) return 'revoked'
  if (expiresAt !== undefined && expiresAt <= now) return 'expired'
  if (usesMax !== undefined && uses >= usesMax) return 'used up'
  return 'good'
}
