// How the store is asked: statements, the conditions of a query, rows within bounds, and what a row says.
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { Alert, Sighting } from '../../engine/finding.ts'
import { decodeItem } from '../../stream/codec.ts'
import { BoundedMap } from '../terms/bounded-map.ts'
import type { DeviceName } from '../views/views.ts'
import { prepare } from './statement.ts'

const STATEMENTS_MAX = 512
/**
 * Bytes of items, or of texts, that one answer is made of; at least one row is in it. An item has up to 128 KiB: 500 of
 * them were an answer of 80 MB, and 2 GB of memory after six. An alert is 2 kB, so that usual lists come whole.
 */
export const ANSWER_BYTES_MAX = 2 * 1024 * 1024

export type Row = Record<string, unknown>
/** `isCut`: there may be more. */
export type Part = { found: Row[]; isCut: boolean }

export type Segment = {
  n: bigint
  firstAt: bigint
  lastAt: bigint
  /** When its alerts were opened, at the outside; undefined: it is not sealed yet, and has no sums (alert-sums.ts). */
  opened: { first: bigint; last: bigint } | undefined
}

const segmentOf = (row: Row): Segment => ({
  n: row.n as bigint,
  firstAt: row.first_at as bigint,
  lastAt: row.last_at as bigint,
  opened:
    row.opened_first === null
      ? undefined
      : { first: row.opened_first as bigint, last: row.opened_last as bigint },
})

export type Asking = ReturnType<typeof createAsking>

export function createAsking(db: DatabaseSync) {
  /** Each segment has its own statements; those used longest ago are made anew. */
  const statements = new BoundedMap<string, StatementSync>(STATEMENTS_MAX)
  function rows(sql: string, parameters: SQLInputValue[]): Row[] {
    const statement = statements.get(sql) ?? prepare(db, sql)
    statements.set(sql, statement)
    return statement.all(...parameters)
  }

  /** Rows as long as they fit: `bytes` is a column of them. `isCut`: there may be more. */
  function some(sql: string, parameters: SQLInputValue[], limit: number, room = ANSWER_BYTES_MAX) {
    const statement = statements.get(sql) ?? prepare(db, sql)
    statements.set(sql, statement)
    const found: Row[] = []
    let bytes = 0
    let isCut = false
    for (const row of statement.iterate(...parameters)) {
      bytes += Number(row.bytes)
      isCut = found.length > 0 && bytes > room
      if (isCut) break
      found.push(row)
    }
    return { found, bytes, isCut: isCut || found.length === limit }
  }

  /** The newest first; those left out that have no alert opened in [since, until). */
  function segments({
    since,
    until,
  }: {
    since?: bigint | undefined
    until?: bigint | undefined
  } = {}): Segment[] {
    const of = 'SELECT n, first_at, last_at, opened_first, opened_last FROM segment ORDER BY n DESC'
    return rows(of, [])
      .map(segmentOf)
      .filter(
        ({ opened }) =>
          !opened ||
          ((since === undefined || opened.last >= since) &&
            (until === undefined || opened.first < until)),
      )
  }

  function deviceRow(id: string): bigint {
    // 0 is no device's row: an unknown id finds nothing.
    return (rows('SELECT row FROM device WHERE id = ?', [id])[0]?.row as bigint) ?? 0n
  }

  return { rows, some, segments, deviceRow }
}

/** What a row has to be, in SQL; where it looks at tables of a segment, by that segment's number. */
type Condition = string | ((n: bigint) => string)

/** The conditions of a query, with the values they are about. */
export class Conditions {
  readonly parameters: SQLInputValue[] = []
  readonly #terms: Condition[] = []

  add(term: Condition, ...values: SQLInputValue[]): void {
    this.#terms.push(term)
    this.parameters.push(...values)
  }

  /** These and one more; the same when its first value is there and undefined. */
  and(term: Condition, ...values: (SQLInputValue | undefined)[]): Conditions {
    if (values.length > 0 && values[0] === undefined) return this
    const all = new Conditions()
    all.#terms.push(...this.#terms, term)
    all.parameters.push(...this.parameters, ...(values as SQLInputValue[]))
    return all
  }

  /** Of segment `n`; 0: of tables that are no segment's, and then no condition is about one. */
  sql(n = 0n): string {
    const terms = this.#terms.map((term) => (typeof term === 'string' ? term : term(n)))
    return terms.length === 0 ? '' : `WHERE ${terms.join(' AND ')}`
  }
}

export const text = (value: unknown): string => value as string

export const deviceName = (row: Row): DeviceName => ({
  id: text(row.id),
  hostname: text(row.hostname),
})

export function alertOf(row: Row): Alert {
  const { finding } = decodeItem(row.body as Uint8Array)
  if (finding.kind !== 'alert') throw new Error(`a stored revision holds a ${finding.kind}`)
  return finding.alert
}

export function sightingOf(row: Row): Sighting {
  const { finding } = decodeItem(row.body as Uint8Array)
  if (finding.kind !== 'sighting') throw new Error(`a stored sighting holds a ${finding.kind}`)
  return finding.sighting
}
