// `freshet baseline export` and `import`: what this machine knows, as lines of JSON, in and out of a file.
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { BaselineError } from '../baseline/error.ts'
import { openBaseline, type SqliteBaseline } from '../baseline/sqlite.ts'
import { exportLines, type Imported, importFile } from '../baseline/transfer.ts'
import { readRows } from '../baseline/view.ts'
import { lockDirectory } from '../host/lock.ts'
import { printable } from '../printable.ts'
import { nowUnixNs } from '../units.ts'
import { defaultUser } from './collector.ts'
import { isThere } from './found.ts'
import { diskSays, refuseTaken } from './output-file.ts'
import { asOwner } from './owner.ts'
import { ConfigError, statePaths } from './state.ts'
import { makeStateDirectory } from './state-directory.ts'

const BASELINE_FILE = 'baseline.db'
const WRITE_CHARACTERS = 256 * 1024

type FileCommand = { state?: string; file: string }

/** Also while an agent runs: what it had committed at one moment. */
export async function runBaselineExport(
  command: FileCommand & { force: boolean },
): Promise<number> {
  const directory = statePaths(command.state).agent
  const path = join(directory, BASELINE_FILE)
  const file = resolve(command.file)
  refuseTaken(file, command.force)
  if (!isThere(path))
    throw new ConfigError(`there is no baseline at ${path}: the agent makes it when it first runs`)
  const partial = `${file}.partial`
  const output = openFor(partial, 'w')
  let lines = 0
  try {
    asOwner(statSync(directory), () =>
      readRows(path, (rows) => {
        let waiting = ''
        for (const line of exportLines(rows, nowUnixNs())) {
          waiting += `${line}\n`
          lines++
          if (waiting.length < WRITE_CHARACTERS) continue
          writeSync(output, waiting)
          waiting = ''
        }
        writeSync(output, waiting)
      }),
    )
    fsyncSync(output)
  } catch (cause) {
    rmSync(partial, { force: true })
    throw cause instanceof BaselineError
      ? new ConfigError(`no export: ${cause.message}`)
      : diskSays(cause, 'export', file)
  } finally {
    closeSync(output)
  }
  renameSync(partial, file)
  say(`export: ${file} holds ${lines - 1} rows, ${(statSync(file).size / 1e6).toFixed(1)} MB`)
  return 0
}

/** Not while an agent runs: it would write over what was merged. 1 with `strict` when a line could not be read. */
export async function runBaselineImport(
  command: FileCommand & { user?: string; strict: boolean },
): Promise<number> {
  const paths = statePaths(command.state)
  const file = resolve(command.file)
  // Opened by who asks, not by who owns the state directory.
  const input = openFor(file, 'r')
  try {
    const user = defaultUser(command.user)
    makeStateDirectory(paths, paths.agent, user)
    const { imported, counts, forgotten } = asOwner(user ?? statSync(paths.agent), () =>
      merge(input, file, paths.agent),
    )
    tell(file, imported)
    say(`the baseline knows ${counts.identities} programs and ${counts.destinations} destinations`)
    if (forgotten > 0) say(`${forgotten} of them, not seen for longest, found no room`)
    return command.strict && imported.bad > 0 ? 1 : 0
  } finally {
    closeSync(input)
  }
}

function merge(input: number, file: string, directory: string) {
  const unlock = lockDirectory(directory, 0)
  if (!unlock)
    throw new ConfigError(`an agent runs with the state directory ${directory}: stop it first`)
  let baseline: SqliteBaseline | undefined
  try {
    const opened = openBaseline(join(directory, BASELINE_FILE), { now: nowUnixNs() })
    baseline = opened.baseline
    if (opened.setAside)
      say(
        `the baseline could not be read (${opened.setAside.reason}); it is now ${opened.setAside.path}`,
      )
    const before = baseline.forgotten()
    const imported = importFile(baseline, input, nowUnixNs())
    return { imported, counts: baseline.counts(), forgotten: baseline.forgotten() - before }
  } catch (cause) {
    if (!(cause instanceof BaselineError)) throw cause
    throw new ConfigError(`nothing more was imported from ${file}: ${cause.message}`)
  } finally {
    baseline?.close()
    unlock()
  }
}

function tell(file: string, imported: Imported): void {
  const { identities, destinations, leftOut, bad, described } = imported
  say(
    `import: ${file}: ${identities.added} programs added, ${identities.merged} merged; ` +
      `${destinations.added} destinations added, ${destinations.merged} merged`,
  )
  if (leftOut > 0) say(`${leftOut} rows that are of one machine alone were left out`)
  if (bad === 0) return
  say(`${bad} ${bad === 1 ? 'line' : 'lines'} could not be read:`)
  for (const { line, text } of described) say(`  line ${line}: ${printable(text)}`)
  if (bad > described.length) say(`  and ${bad - described.length} more`)
}

function openFor(path: string, flags: 'r' | 'w'): number {
  try {
    return openSync(path, flags, 0o600)
  } catch (cause) {
    throw new ConfigError(`${path} cannot be opened: ${(cause as Error).message}`)
  }
}

const say = (line: string): boolean => process.stdout.write(`${line}\n`)
