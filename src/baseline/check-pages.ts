// Whether a file is a baseline, whole.
import type { DatabaseSync } from 'node:sqlite'
import { CarriedTables } from './carried-tables.ts'
import { HeldTable } from './held-table.ts'
import { UnusableFile } from './sqlite-file.ts'
import { preparing } from './statements.ts'
import { SumLog } from './sum-log.ts'
import { Tables } from './tables.ts'

/**
 * Every page, since a bad one found later would stop the engine each time it comes across it. Throws UnusableFile, and what
 * node:sqlite does.
 */
export function checkPages(database: DatabaseSync): void {
  const found = database.prepare('PRAGMA quick_check(1)').get()?.quick_check
  if (found !== 'ok') throw new UnusableFile(`${found}`)
  // The tables too: a file that has others is no baseline.
  const prepare = preparing(() => database)
  const tables = new Tables(prepare)
  tables.identity('')
  tables.destination('', '')
  tables.alerts()
  new CarriedTables(prepare).flows()
  new HeldTable(prepare)
  new SumLog(prepare)
}
