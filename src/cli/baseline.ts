// `freshet baseline list` and `show`: what this machine knows, also while an agent runs.
import { join } from 'node:path'
import type { StoredIdentity } from '../baseline/baseline.ts'
import { listIdentities, type ShownIdentity, showIdentity } from '../baseline/view.ts'
import { printable } from '../printable.ts'
import { fold } from '../status/fit.ts'
import { lifeJson, lifeLines, plain, time } from './baseline-life.ts'
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
  if (options.json) out.write(`${JSON.stringify(lifeJson(shown))}\n`)
  else for (const line of lifeLines(shown)) print(line)
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

const jsonOf = (row: object): string => JSON.stringify(plain(row))
