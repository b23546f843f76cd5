// `freshet baseline list` and `show`: what this machine knows, also while an agent runs.
import { join } from 'node:path'
import type { StoredDestination, StoredIdentity } from '../baseline/baseline.ts'
import { listIdentities, type ShownIdentity, showIdentity } from '../baseline/view.ts'
import { printable } from '../printable.ts'
import { fold } from '../status/fit.ts'
import type { UnixNs } from '../units.ts'
import { isThere } from './found.ts'
import { ConfigError, statePaths } from './state.ts'

const BASELINE_FILE = 'baseline.db'

/** Where it is printed: a terminal has columns, and what is piped has lines. */
type Out = { write(text: string): unknown; isTTY?: boolean; columns?: number }

export async function runBaselineList(
  options: { state?: string; json?: boolean; limit: number; matching?: string },
  out: Out = process.stdout,
): Promise<number> {
  const print = printerOf(out)
  const path = baselineOf(options.state)
  const { identities, total } = readable(() =>
    listIdentities(path, {
      limit: options.limit,
      ...(options.matching ? { matching: options.matching } : {}),
    }),
  )
  if (options.json) for (const identity of identities) out.write(`${jsonOf(identity)}\n`)
  else {
    print(
      `${'first run'.padEnd(20)} ${'first network use'.padEnd(20)} ${'signer'.padEnd(12)} dest  program`,
    )
    const shown = new Set<string>()
    const alike = new Set<string>()
    for (const one of identities) (shown.has(nameOf(one)) ? alike : shown).add(nameOf(one))
    for (const one of identities) {
      const apart = alike.has(nameOf(one)) && one.path !== '' ? `  ${shortKey(one.key)}` : ''
      print(
        `${time(one.firstExecAt)} ${time(one.firstNetworkAt)} ${one.signerClass.padEnd(12)} ${String(one.destinations).padStart(4)}  ${printable(nameOf(one) + apart)}`,
      )
    }
    print(`${identities.length} of ${total}`)
  }
  return 0
}

const nameOf = ({ path, key }: StoredIdentity): string => path || key
/** Tells those of one path apart: scripts of one interpreter, versions of one program. */
const shortKey = (key: string): string =>
  key.replaceAll(/[0-9a-f]{40,}/g, (hash) => hash.slice(0, 12))

export async function runBaselineShow(
  wanted: string,
  options: { state?: string; json?: boolean },
  out: Out = process.stdout,
): Promise<number> {
  const print = printerOf(out)
  const path = baselineOf(options.state)
  const shown = readable(() => byKeyOrProgram(path, wanted))
  if (shown.found === 'none') {
    process.stderr.write(
      `freshet: no identity here has a key, path or name like ${printable(wanted)}\n`,
    )
    return 1
  }
  if (shown.found === 'many') {
    process.stderr.write(`freshet: ${printable(wanted)} fits more than one identity; say which:\n`)
    for (const { key, name, path } of shown.some)
      process.stderr.write(`  ${printable(path || name)}  ${printable(key)}\n`)
    return 1
  }
  const { identity, destinations } = shown
  if (options.json)
    out.write(`${JSON.stringify({ ...plain(identity), destinations: destinations.map(plain) })}\n`)
  else for (const line of linesOf(identity, destinations)) print(line)
  return 0
}

/** By key or its beginning; else by what its path or name contains. */
function byKeyOrProgram(path: string, wanted: string): ShownIdentity {
  const byKey = showIdentity(path, wanted)
  if (byKey.found !== 'none') return byKey
  const { identities } = listIdentities(path, { limit: 20, matching: wanted })
  const exact = identities.filter((one) => one.path === wanted || one.name === wanted)
  const fitting = exact.length > 0 ? exact : identities
  const [only] = fitting
  if (!only) return byKey
  if (fitting.length > 1) return { found: 'many', some: fitting }
  return showIdentity(path, only.key)
}

function linesOf(identity: StoredIdentity, destinations: StoredDestination[]): string[] {
  const fields: [string, string][] = [
    ['signer', identity.signerClass],
    ['path', identity.path],
    ['sha256', identity.sha256],
    ['signing id', identity.signingId],
    ['team id', identity.teamId],
    ['cdhash', identity.cdhash],
    ['first run', time(identity.firstExecAt)],
    ['first network', time(identity.firstNetworkAt)],
    ['last seen', time(identity.lastSeenAt)],
    ['active days', String(identity.daysActive)],
  ]
  return [
    printable(identity.key),
    ...fields
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `  ${name.padEnd(14)} ${printable(value)}`),
    `  destinations   ${destinations.length}`,
    ...destinations.map(
      (one) => `    ${time(one.firstAt)} to ${time(one.lastAt)}  ${printable(one.destinationKey)}`,
    ),
  ]
}

/** Throws ConfigError where this user may not look for it; whether there is one, reading it says. */
function baselineOf(state: string | undefined): string {
  const path = join(statePaths(state).agent, BASELINE_FILE)
  isThere(path)
  return path
}

/** An expected absence becomes a sentence; anything else goes on. */
function readable<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new ConfigError((error as Error).message)
  }
}

/** Keys are as long as two hashes and two paths: a terminal that has less room gets them folded where they have a space. */
const printerOf =
  (out: Out) =>
  (line: string): void => {
    const lines = out.isTTY && out.columns ? fold(line, out.columns) : [line]
    for (const one of lines) out.write(`${one}\n`)
  }

const time = (at: UnixNs | undefined): string =>
  at === undefined
    ? '-'.padEnd(20)
    : `${new Date(Number(at / 1_000_000n)).toISOString().slice(0, 19)}Z`

const plain = (row: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'bigint' ? String(value) : value,
    ]),
  )
const jsonOf = (row: object): string => JSON.stringify(plain(row))
