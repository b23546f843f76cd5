// `freshet collector authority`: another authority takes the place of the collector's own, step by step. The commands work on
// files that a collector which runs looks at each second.
import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import {
  type Authorities,
  authoritiesIn,
  makeNextAuthority,
  retireAuthority,
  switchAuthority,
} from '../collector/fleet/authority.ts'
import { type Held, readHeld } from '../collector/fleet/held.ts'
import { openRegistryFile, REGISTRY_FILE } from '../collector/fleet/registry-file.ts'
import { counted } from '../engine/sentence.ts'
import { derOf, fingerprintOf, pinOf } from '../trust/pin.ts'
import { nowUnixNs } from '../units.ts'
import { hint, type StateCommand, say, table, withDirectory } from './fleet.ts'
import { ConfigError, statePaths } from './state.ts'

const NAMED_MAX = 5

export function runListAuthoritiesCommand(command: StateCommand): number {
  const { authorities, held } = stateOf(command)
  const { own, next, earlier } = authorities
  const all = [...held.values()]
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
  return 0
}

export async function runNextAuthorityCommand(command: StateCommand): Promise<number> {
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

export function runSwitchAuthorityCommand(command: StateCommand): number {
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
  const late = [...held.values()].filter((one) => !one.includes(fingerprintOf(derOf(next)))).length
  if (late > 0)
    say(
      `${counted(late, 'device')} did not know it yet, and come in by the earlier one until that is retired`,
    )
  return 0
}

export function runRetireAuthorityCommand(command: StateCommand & { force: boolean }): number {
  const { authorities, held } = stateOf(command)
  if (authorities.earlier.length === 0)
    throw new ConfigError('there is no earlier authority: the present one alone counts')
  const own = fingerprintOf(derOf(authorities.own))
  const late = [...held].filter(([, [first]]) => first !== own).map(([id]) => id)
  if (late.length > 0 && !command.force) {
    const named = late.slice(0, NAMED_MAX).join(', ')
    const more = late.length > NAMED_MAX ? ` and ${late.length - NAMED_MAX} more` : ''
    throw new ConfigError(
      `${counted(late.length, 'device')} would have to enrol again, as they have no certificate of the present authority yet: ${named}${more}. Wait until they have come, or say --force`,
    )
  }
  const paths = statePaths(command.state)
  withDirectory(paths, () => retireAuthority(paths.collector))
  say(
    late.length === 0
      ? 'the earlier authority counts no more'
      : `the earlier authority counts no more: ${counted(late.length, 'device')} enrol again, after ${hint('collector devices allow', command)}`,
  )
  return 0
}

function stateOf(command: StateCommand): { authorities: Authorities; held: Map<string, Held> } {
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
      return { authorities, held: readHeld(database, nowUnixNs()) }
    } finally {
      database.close()
    }
  })
}
