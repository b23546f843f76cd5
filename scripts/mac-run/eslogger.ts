// eslogger, after a grant of Full Disk Access is written into the system's own list: possible where System Integrity
// Protection is off, as on GitHub's machines, and nowhere else.
import { realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEsEvent } from '../../src/importers/eslogger-event.ts'
import { MalformedLine } from '../../src/importers/malformed.ts'
import { ESLOGGER } from '../../src/sense/program-source.ts'
import { endOf, firstLine, type Mac } from './mac.ts'

const TCC = '/Library/Application Support/com.apple.TCC/TCC.db'
const SERVICE = 'kTCCServiceSystemPolicyAllFiles'
/** Whoever macOS takes for the responsible process: these, and all that this run descends from. */
const CLIENTS = ['/usr/bin/eslogger', '/usr/bin/sudo', '/bin/bash', '/bin/sh', '/bin/zsh']
const LISTEN_S = 8
/** tccd writes there too: without a wait "database is locked" comes now and then (guidepup/setup#63, runner-images#14566). */
const BUSY_MS = 10_000

/** Columns are named: macOS 14 has four more than 13. client_type 1: a path; auth_value 2: allowed. */
export function grantSql(clients: readonly string[]): string {
  const row = (client: string) =>
    `('${SERVICE}','${client.replaceAll("'", "''")}',1,2,3,1,'UNUSED',0)`
  return `INSERT OR REPLACE INTO access (service,client,client_type,auth_value,auth_reason,auth_version,indirect_object_identifier,flags) VALUES ${clients.map(row).join(',')};`
}

/** Paths of `pid` and of what it descends from, by `ps -axwwo pid=,ppid=,comm=`. */
export function ancestorsOf(pid: number, ps: string): string[] {
  const rows = new Map(
    [...ps.matchAll(/^ *(\d+) +(\d+) (.+)$/gm)].map(([, own, parent, path = '']) => [
      Number(own),
      { parent: Number(parent), path: path.trim() },
    ]),
  )
  const paths: string[] = []
  const seen = new Set<number>()
  for (let at = pid; !seen.has(at); ) {
    seen.add(at)
    const row = rows.get(at)
    if (row === undefined || at <= 1) break
    paths.push(row.path)
    at = row.parent
  }
  return paths
}

/** As they are called, and as macOS finds them where that is a link (/usr/local/opt/runner on GitHub's Macs is one). */
export const clientsOf = (
  paths: readonly string[],
  real: (path: string) => string = realpathSync,
): string[] => {
  const found = (path: string): string[] => {
    try {
      return [path, real(path)]
    } catch {
      return [path]
    }
  }
  return [...new Set(paths.filter((path) => path.startsWith('/')).flatMap(found))]
}

export async function grant(mac: Mac): Promise<void> {
  const ps = await mac.run('ps', ['-axwwo', 'pid=,ppid=,comm='])
  const paths = [...ancestorsOf(process.pid, ps.output), ...CLIENTS]
  const clients = clientsOf(paths)
  const sqlite = (sql: string) =>
    mac.run('sudo', ['-n', 'sqlite3', '-cmd', `.timeout ${BUSY_MS}`, TCC, sql])
  const written = await sqlite(grantSql(clients))
  const held = await sqlite(
    `SELECT client, client_type, auth_value FROM access WHERE service = '${SERVICE}';`,
  )
  mac.say(held.output)
  const isHeld = written.status === 0 && clients.every((client) => held.output.includes(client))
  mac.found({
    point: 'L1',
    outcome: isHeld ? 'as hoped' : 'otherwise',
    text: isHeld
      ? `the list of Full Disk Access took ${clients.join(', ')}`
      : `the list of Full Disk Access: ${endOf(written)}, ${firstLine(written.output)}`,
  })
}

/**
 * An event for whoever reads a run's artifacts, which is anybody: of arguments, environment and descriptors how many there
 * are. Numbers beyond 2^53 are rounded.
 */
export const withoutArguments = (event: string): string =>
  JSON.stringify(
    JSON.parse(event, (key, value: unknown) =>
      HIDDEN.has(key) ? (Array.isArray(value) ? value.length : typeof value) : value,
    ),
  )
const HIDDEN: ReadonlySet<string> = new Set(['args', 'env', 'fds'])

/** What eslogger printed, read as the agent reads it. */
export function esloggerLines(output: string): {
  events: number
  /** What is to be kept of the events. */
  kept: string[]
  /** Of lines that are none, what is wrong with them. What they say, eslogger's own words, only where no event was told. */
  others: string[]
  versions: string[]
  /** In bytes. */
  longest: number
} {
  const kept: string[] = []
  const strange: { line: string; why: string }[] = []
  const versions = new Set<string>()
  let longest = 0
  const lines = output.split('\n')
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue
    longest = Math.max(longest, Buffer.byteLength(line))
    try {
      parseEsEvent(line)
      const { schema_version: schema, version } = JSON.parse(line) as Record<string, unknown>
      kept.push(withoutArguments(line))
      versions.add(`schema ${schema}, message ${version}`)
    } catch (error) {
      // An event that was broken off where eslogger was ended is no line.
      if (index === lines.length - 1 && line.startsWith('{')) continue
      const why = error instanceof MalformedLine ? error.message : (error as Error).name
      strange.push({ line, why })
    }
  }
  // An event that was printed over several lines would have its arguments in lines of any form.
  const others = strange.map(({ line, why }) =>
    kept.length === 0 && !/[{}"]/.test(line)
      ? `${why}: ${line}`
      : `${why}, ${Buffer.byteLength(line)} B`,
  )
  return { events: kept.length, kept, others, versions: [...versions].sort(), longest }
}

/** `isGranted`: what is hoped for. */
export async function eslogger(mac: Mac, isGranted: boolean): Promise<void> {
  const listening = mac.run('sudo', ['-n', '/usr/bin/eslogger', ...ESLOGGER.args], {
    seconds: LISTEN_S + 20,
    until: LISTEN_S,
  })
  await mac.wait(LISTEN_S / 4)
  for (let each = 0; each < 5; each++) await mac.run('/usr/bin/true', [])
  const ran = await listening
  const { events, kept, others, versions, longest } = esloggerLines(ran.output)
  const name = `eslogger-${isGranted ? 'granted' : 'before'}.jsonl`
  writeFileSync(join(mac.folder, name), kept.map((event) => `${event}\n`).join(''))
  const what = isGranted ? 'after the grant' : 'without a grant'
  const isHoped = isGranted ? events > 0 && others.length === 0 : true
  mac.found({
    point: isGranted ? 'L2' : 'L1',
    outcome: isGranted ? (isHoped ? 'as hoped' : 'otherwise') : 'seen',
    text: `eslogger ${what}: ${events} events (${versions.join('; ')}; the longest ${longest} B), ${others.length} other lines (${firstLine(others.join('\n'))}); ${endOf(ran)}`,
  })
}
