// Statements of a database, each prepared once.
import type { DatabaseSync, StatementSync } from 'node:sqlite'

/** The statement of an SQL text. Integers are read as bigint. Throws what node:sqlite does. */
export type Prepare = (sql: string) => StatementSync

/** Of the database that `current` returns: prepared anew where that has become another. */
export function preparing(current: () => DatabaseSync): Prepare {
  const prepared = new Map<string, StatementSync>()
  let of: DatabaseSync | undefined
  return (sql) => {
    const database = current()
    if (database !== of) prepared.clear()
    of = database
    let statement = prepared.get(sql)
    if (!statement) {
      statement = database.prepare(sql)
      statement.setReadBigInts(true)
      prepared.set(sql, statement)
    }
    return statement
  }
}
