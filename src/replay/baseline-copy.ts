// A baseline on disk for a replay to begin with, or an export of one: copied first, so that the replay changes nothing of it.
import { closeSync, mkdtempSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BaselineRow } from '../baseline/row.ts'
import { openBaseline, type SqliteBaseline } from '../baseline/sqlite.ts'
import { importFile, whatIsMissing } from '../baseline/transfer.ts'
import { copyBaseline } from '../baseline/view.ts'
import { GivenFileError, openGivenFile } from '../given-file.ts'
import { nowUnixNs } from '../units.ts'

export type BaselineCopy = {
  rows(): Iterable<BaselineRow>
  /** Of an export: lines that could not be read. */
  bad: number
  close(): void
}

/**
 * Also while an agent writes the file at `path`. Throws BaselineError, or an Error with a sentence when there is none, or
 * when it is an export that is not whole: what a replay finds would depend on where that was cut.
 */
export function openBaselineCopy(path: string): BaselineCopy {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-replay-'))
  const copy = join(directory, 'baseline.db')
  const remove = (): void => rmSync(directory, { recursive: true, force: true })
  let baseline: SqliteBaseline | undefined
  const close = (): void => {
    baseline?.close()
    remove()
  }
  try {
    const isLines = isExport(path)
    if (!isLines) copyBaseline(path, copy)
    const opened = openBaseline(copy, { now: nowUnixNs() }).baseline
    baseline = opened
    const bad = isLines ? importInto(opened, path) : 0
    return { rows: () => opened.rows(), bad, close }
  } catch (error) {
    close()
    throw error
  }
}

/** By its first byte: a file of SQLite begins with its name. Throws GivenFileError. */
function isExport(path: string): boolean {
  let file: number
  try {
    file = openGivenFile(path, { orStream: false })
  } catch (error) {
    if (error instanceof GivenFileError)
      throw new GivenFileError(`${path} cannot be read: ${error.message}`)
    // To say why is for who reads all of it.
    return false
  }
  try {
    const head = Buffer.alloc(1)
    return readSync(file, head, 0, 1, 0) === 1 && head.toString() === '{'
  } finally {
    closeSync(file)
  }
}

/** Returns how many lines could not be read. */
function importInto(baseline: SqliteBaseline, path: string): number {
  const file = openGivenFile(path, { orStream: false })
  try {
    const imported = importFile(baseline, (into) => readSync(file, into), nowUnixNs())
    const missing = whatIsMissing(imported)
    if (missing) throw new Error(`${path}: ${missing}`)
    return imported.bad
  } finally {
    closeSync(file)
  }
}
