import type { DatabaseSync, StatementSync } from 'node:sqlite'

/**
 * A statement whose integers are bigint, in and out: times do not fit in a double. It holds for what
 * `run` returns as well, since the last row id may be a time.
 */
export function prepare(db: DatabaseSync, sql: string): StatementSync {
  const statement = db.prepare(sql)
  statement.setReadBigInts(true)
  return statement
}
