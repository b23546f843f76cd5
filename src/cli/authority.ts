// `freshet collector authority`: another authority takes the place of the collector's own, step by step. The commands work on
// files that a collector which runs looks at each second.
import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import {
  type Authorities,
  authoritiesIn,
  type Held,
  lockAuthority,
  makeNextAuthority,
  openRegistryFile,
  REGISTRY_FILE,
  readHeld,
  retireAuthority,
  switchAuthority,
} from '../collector/fleet/fleet.ts'
import { counted } from '../engine/sentence.ts'
import { derOf, fingerprintOf, pinOf } from '../trust/pin.ts'
import { type UnixNs, unixNs } from '../units.ts'
import { believedNow } from './believed.ts'
import { dateOf, hint, type StateCommand, say, table, withDirectory } from './fleet.ts'
import { ConfigError, statePaths } from './state.ts'

const NAMED_MAX = 5
/** Of `next`, `switch` and `retire` an agent follows as many (src/agent/enrolment-file.ts). */
const STEPS_AN_HOUR = 8
/** As long as agents keep what they find: one that was away for longer since the switch is not waited for. */
const AWAY_DAYS = 30
const AWAY_NS = BigInt(AWAY_DAYS) * 86_400_000_000_000n
/** A collector notes each five minutes who is connected: before, it is not known who came since the switch. */
const NOTED_NS = 600_000_000_000n

export function runListAuthoritiesCommand(command: StateCommand): number {
  const { authorities, held, now } = stateOf(command)
  const { own, next, earlier } = authorities
  const { counting, invented } = toldApart(held)
  const all = counting.map(([, { authorities }]) => authorities)
  const row = (pem: string, is: string): string[] => {
    const fingerprint = fingerprintOf(derOf(pem))
    return [
      pinOf(new X509Certificate(pem)),
      is,
      new Date(new X509Certificate(pem).validTo).toISOString().slice(0, 10),
      `${all.filter((one) => one.includes(fingerprint)).length} of ${all.length}`,
      `${all.filter(([first]) => first === fingerprint).length}`,
    ]
  }
  table(
    ['pin', 'is', 'until', 'devices that know it', 'that have its certificate'],
    [
      row(own, 'present'),
      ...(next === undefined ? [] : [row(next, 'next')]),
      ...earlier.map((one) => row(one, 'earlier')),
    ],
    '',
  )
  const silent = all.filter((one) => one.length === 0).length
  if (silent > 0)
    say(`${counted(silent, 'device')} did not say whom it believes, and does when it comes`)
  const gone = awayIn(counting, authorities, now)
  if (gone.length > 0) say(`${awayText(gone, authorities, now)}: ${someOf(gone)}`)
  if (invented > 0) say(`${countedInvented(invented)}: not counted here`)
  return 0
}

/** Whoever has a token can invent devices: who never came, and whom nobody has admitted, holds nothing up. */
function toldApart(held: ReadonlyMap<string, Held>): {
  counting: [string, Held][]
  invented: number
} {
  const counting = [...held].filter(([, { isAdmitted, isHeard }]) => isAdmitted || isHeard)
  return { counting, invented: held.size - counting.length }
}

/** Have no certificate of the present authority, as they have not connected since it signs. */
function awayIn(
  counting: readonly [string, Held][],
  { own, switchedAt }: Authorities,
  now: bigint,
): [string, Held][] {
  if (switchedAt === undefined || now - switchedAt < NOTED_NS) return []
  const present = fingerprintOf(derOf(own))
  return counting.filter(
    ([, { authorities, seenAt }]) => seenAt < switchedAt && authorities[0] !== present,
  )
}

const isLong = ({ switchedAt }: Authorities, now: bigint): boolean =>
  switchedAt !== undefined && now - switchedAt >= AWAY_NS

function awayText(gone: readonly [string, Held][], authorities: Authorities, now: bigint): string {
  const until = dateOf(unixNs((authorities.switchedAt ?? 0n) + AWAY_NS, 'until'))
  const waits = isLong(authorities, now)
    ? `so long that ${gone.length === 1 ? 'it is' : 'they are'} not waited for`
    : `waited for until ${until}`
  return `${counted(gone.length, 'device')} never connected since the switch, ${waits}`
}

const someOf = (devices: readonly [string, Held][]): string => {
  const more = devices.length > NAMED_MAX ? ` and ${devices.length - NAMED_MAX} more` : ''
  return `${devices
    .slice(0, NAMED_MAX)
    .map(([id]) => id)
    .join(', ')}${more}`
}

const countedInvented = (count: number): string =>
  `${counted(count, 'device')} that never connected, and that nobody has admitted`

export const runNextAuthorityCommand = (command: StateCommand): Promise<number> =>
  inTurn(command, () => makeNext(command))

export const runSwitchAuthorityCommand = (command: StateCommand): Promise<number> =>
  inTurn(command, () => switchOver(command))

export const runRetireAuthorityCommand = (
  command: StateCommand & { force: boolean },
): Promise<number> => inTurn(command, () => retire(command))

/** Between what it looks at and what it does no other command changes the authority, nor does a collector that runs. */
async function inTurn(
  command: StateCommand,
  work: () => number | Promise<number>,
): Promise<number> {
  stateOf(command)
  const paths = statePaths(command.state)
  const unlock = withDirectory(paths, () => lockAuthority(paths.collector))
  try {
    return await work()
  } finally {
    unlock()
  }
}

async function makeNext(command: StateCommand): Promise<number> {
  const { authorities } = stateOf(command)
  if (authorities.next !== undefined)
    throw new ConfigError(
      `there is a next authority already: ${hint('collector authority list', command)} says who knows it, ${hint('collector authority switch', command)} puts it in place`,
    )
  if (authorities.earlier.length > 0)
    throw new ConfigError(
      `the authority before the present one still counts: ${hint('collector authority retire', command)} first`,
    )
  const paths = statePaths(command.state)
  await makeNextAuthority(paths.collector, Date.now(), (work) => withDirectory(paths, work))
  const { next } = stateOf(command).authorities
  say(
    `the next authority has the pin ${pinOf(new X509Certificate(next as string))}: agents that are connected take it to the present one within minutes, others when they come`,
  )
  return 0
}

function switchOver(command: StateCommand): number {
  const { authorities, held } = stateOf(command)
  const { next } = authorities
  if (next === undefined)
    throw new ConfigError(
      `there is no next authority: ${hint('collector authority next', command)} makes one`,
    )
  const paths = statePaths(command.state)
  withDirectory(paths, () => switchAuthority(paths.collector))
  say(
    `the authority with the pin ${pinOf(new X509Certificate(next))} signs now, the collector's certificate and those of devices; the earlier one still counts`,
  )
  const isLate = ([, { authorities }]: [string, Held]) =>
    !authorities.includes(fingerprintOf(derOf(next)))
  const late = toldApart(held).counting.filter(isLate).length
  if (late > 0)
    say(
      `${counted(late, 'device')} did not know it yet, and come in by the earlier one until that is retired`,
    )
  return 0
}

function retire(command: StateCommand & { force: boolean }): number {
  const { authorities, held, now } = stateOf(command)
  if (authorities.earlier.length === 0)
    throw new ConfigError('there is no earlier authority: the present one alone counts')
  const own = fingerprintOf(derOf(authorities.own))
  const { counting, invented } = toldApart(held)
  const gone = awayIn(counting, authorities, now)
  const late = counting.filter(([, { authorities }]) => authorities[0] !== own)
  const waited = isLong(authorities, now) ? late.filter((one) => !gone.includes(one)) : late
  const admitted = late.filter(([, { isAdmitted }]) => isAdmitted)
  const others = late.filter(([, { isAdmitted }]) => !isAdmitted)
  const affected =
    admitted.length === 0
      ? 'nobody has admitted any of them, so no admitted device is affected'
      : others.length === 0
        ? 'admitted'
        : `${admitted.length} admitted, ${others.length} that nobody has admitted`
  const away = gone.length === 0 ? '' : `; ${awayText(gone, authorities, now)}`
  if (waited.length > 0 && !command.force)
    throw new ConfigError(
      `${counted(late.length, 'device')} would have to enrol again, as they have no certificate of the present authority yet (${affected}): ${someOf([...admitted, ...others])}${away}. Wait until they have come, or say --force. One that is connected renews within minutes, but for no more than ${STEPS_AN_HOUR} such steps in an hour: after more, when that is over`,
    )
  const paths = statePaths(command.state)
  withDirectory(paths, () => retireAuthority(paths.collector))
  say(
    late.length === 0
      ? 'the earlier authority counts no more'
      : `the earlier authority counts no more: ${counted(late.length, 'device')} enrol again by a token and the key that each has, after ${hint('collector devices allow DEVICE', command)} only where its certificate has ended by then (${affected})${away}`,
  )
  if (invented > 0) say(`${countedInvented(invented)}: not waited for`)
  return 0
}

function stateOf(command: StateCommand): {
  authorities: Authorities
  held: Map<string, Held>
  now: UnixNs
} {
  const paths = statePaths(command.state)
  return withDirectory(paths, () => {
    const authorities = authoritiesIn(paths.collector)
    if (!authorities)
      throw new ConfigError(
        `the collector with the state directory ${paths.root} has no authority yet: start it once with \`--listen\` and an address that other machines reach`,
      )
    const log = (text: string) => process.stderr.write(`${text}\n`)
    const database = openRegistryFile(join(paths.collector, REGISTRY_FILE), log)
    try {
      const now = believedNow(paths)
      return { authorities, held: readHeld(database, now), now }
    } finally {
      database.close()
    }
  })
}
