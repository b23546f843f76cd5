// `freshet baseline export` and `import`: what this machine knows, as lines of JSON, in and out of a file.

import { closeSync, readSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { BaselineError } from '../baseline/error.ts'
import { openBaseline, type SqliteBaseline } from '../baseline/sqlite.ts'
import {
  beganAsExport,
  exportLines,
  type Imported,
  importFile,
  whatIsMissing,
} from '../baseline/transfer.ts'
import { readRows } from '../baseline/view.ts'
import { counted, humanBytes } from '../engine/sentence.ts'
import { openGivenFile } from '../given-file.ts'
import { lockDirectory } from '../host/lock.ts'
import { printable } from '../printable.ts'
import { nowUnixNs } from '../units.ts'
import { isThere } from './found.ts'
import { asStream, makeFile, opened, STREAM, whenReady, writeAll } from './output-file.ts'
import { asOwner, type Owner } from './owner.ts'
import { defaultUser } from './service-user.ts'
import { ConfigError, statePaths } from './state.ts'
import { makeStateDirectory } from './state-directory.ts'

const BASELINE_FILE = 'baseline.db'
const WRITE_CHARACTERS = 256 * 1024

type FileCommand = { state?: string; file: string }

/** Also while an agent runs: what it had committed at one moment. To STREAM: standard output, and what is said to the other. */
export async function runBaselineExport(
  command: FileCommand & { force: boolean },
): Promise<number> {
  const directory = statePaths(command.state).agent
  const path = join(directory, BASELINE_FILE)
  if (!isThere(path))
    throw new ConfigError(`there is no baseline at ${path}: the agent makes it when it first runs`)
  const write = (fd: number) => exportTo(fd, path, statSync(directory))
  if (command.file === STREAM) {
    const { rows } = asStream('export', () => write(1))
    process.stderr.write(`export: ${counted(rows, 'row')}\n`)
    return 0
  }
  const file = resolve(command.file)
  const { rows, bytes } = makeFile({ file, what: 'export', isForced: command.force }, write)
  say(`export: ${file} holds ${counted(rows, 'row')}, ${humanBytes(bytes)}`)
  return 0
}

/** Reads as `owner`, whose the baseline is. */
function exportTo(fd: number, path: string, owner: Owner): { rows: number; bytes: number } {
  let lines = 0
  let bytes = 0
  const write = (text: string): void => {
    const encoded = Buffer.from(text)
    bytes += encoded.length
    writeAll(fd, encoded)
  }
  try {
    asOwner(owner, () =>
      readRows(path, (rows) => {
        let waiting = ''
        for (const line of exportLines(rows, nowUnixNs())) {
          waiting += `${line}\n`
          lines++
          if (waiting.length < WRITE_CHARACTERS) continue
          write(waiting)
          waiting = ''
        }
        write(waiting)
      }),
    )
  } catch (cause) {
    throw cause instanceof BaselineError ? new ConfigError(`no export: ${cause.message}`) : cause
  }
  // Its head and its end are no rows.
  return { rows: lines - 2, bytes }
}

/** Not while an agent runs: it would write over what was merged. 1 with `strict` when a line could not be read. */
export async function runBaselineImport(
  command: FileCommand & { user?: string; strict: boolean },
): Promise<number> {
  const paths = statePaths(command.state)
  const isStream = command.file === STREAM
  const file = isStream ? 'standard input' : resolve(command.file)
  // Opened by who asks, not by who owns the state directory.
  const input = isStream ? 0 : opened(file, () => openGivenFile(file, { orStream: true }))
  try {
    // Before a directory is made for it.
    const read = orRefused(file, () =>
      beganAsExport((into) => whenReady(() => readSync(input, into))),
    )
    const user = defaultUser(command.user)
    makeStateDirectory(paths, paths.agent, user)
    const { imported, programs, destinations, forgotten } = asOwner(
      user ?? statSync(paths.agent),
      () => merge(read, file, paths.agent),
    )
    tell(file, imported)
    say(
      `the baseline knows ${counted(programs, 'program')} and ${counted(destinations, 'destination')}`,
    )
    if (forgotten > 0) say(`${forgotten} of them, not seen for longest, found no room`)
    const missing = whatIsMissing(imported)
    // Of an export that is cut all that is there was taken, and to take it whole later changes nothing but what is missing.
    if (missing) process.stderr.write(`freshet: ${file}: ${missing}; what is there was taken\n`)
    return missing || (command.strict && imported.bad > 0) ? 1 : 0
  } finally {
    if (!isStream) closeSync(input)
  }
}

function merge(read: (into: Uint8Array) => number, file: string, directory: string) {
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
    const imported = importFile(baseline, read, nowUnixNs())
    return {
      imported,
      programs: baseline.programs(),
      destinations: baseline.counts().destinations,
      forgotten: baseline.forgotten() - before,
    }
  } catch (cause) {
    if (!(cause instanceof BaselineError)) throw cause
    throw new ConfigError(`nothing more was imported from ${file}: ${cause.message}`)
  } finally {
    baseline?.close()
    unlock()
  }
}

function orRefused<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (!(cause instanceof BaselineError)) throw cause
    throw new ConfigError(`nothing was imported from ${file}: ${cause.message}`)
  }
}

function tell(file: string, imported: Imported): void {
  const { identities, destinations, others, leftOut, bad, described } = imported
  const taken = [identities.added, identities.merged, destinations.added, destinations.merged]
  if (taken.every((count) => count === 0) && others === 0)
    say(`import: ${file}: nothing was imported: it holds no program and no destination`)
  else
    say(
      `import: ${file}: ${counted(identities.added, 'program')} added, ${identities.merged} merged; ` +
        `${counted(destinations.added, 'destination')} added, ${destinations.merged} merged${
          others === 0 ? '' : `; and ${counted(others, 'other row')} of what is known beside them`
        }`,
    )
  if (leftOut > 0) say(`${counted(leftOut, 'row')} left out: of one machine alone`)
  if (bad === 0) return
  say(`${bad} ${bad === 1 ? 'line' : 'lines'} could not be read:`)
  for (const { line, text } of described) say(`  line ${line}: ${printable(text)}`)
  if (bad > described.length) say(`  and ${bad - described.length} more`)
}

const say = (line: string): boolean => process.stdout.write(`${line}\n`)
