// Lists of alerts: what a query finds of all segments, in its order, with the count of the whole.
import type { TriageCounts } from '../page-api.ts'
import { alertSummary, nsText } from '../views.ts'
import {
  ANSWER_BYTES_MAX,
  type Asking,
  alertOf,
  Conditions,
  deviceName,
  type Part,
  type Row,
  text,
} from './asking.ts'
import { type AlertsWanted, type Answers, type Query, STATUSES, Status } from './protocol.ts'
import { searchTerms, type Term } from './search.ts'
import { hasTermSql } from './texts.ts'
import { presentTriage } from './triage-reader.ts'

export type AlertsQuery = Extract<Query, { op: 'alerts' }>

/**
 * What rows of alert_<n>, as `a`, have to be, but for their status. `isTallied`: the tally has all that is asked; `hasText`: rows have to be
 * looked at for their texts.
 */
export function conditionsOf({ rows, deviceRow }: Asking, query: AlertsWanted) {
  const where = new Conditions()
  if (query.deviceId !== undefined) where.add('a.device = ?', deviceRow(query.deviceId))
  if (query.severity !== undefined) where.add('a.severity = ?', query.severity)
  const tallied = where.parameters.length
  if (query.since !== undefined) where.add('a.opened_at >= ?', query.since)
  if (query.until !== undefined) where.add('a.opened_at < ?', query.until)
  const terms = searchTerms(query.text ?? '')
  for (const term of terms) addTerm(rows, where, term)
  return {
    where,
    isTallied: where.parameters.length === tallied,
    hasText: terms.some(({ inText }) => inText !== undefined),
  }
}

function addTerm(rows: Asking['rows'], where: Conditions, { inText, host }: Term): void {
  const devices = host
    ? rows('SELECT row, id, hostname FROM device', [])
        .filter((row) => host(text(row.hostname), text(row.id)))
        .map((row) => Number(row.row))
    : []
  const ofDevices = 'a.device IN (SELECT value FROM json_each(?))'
  if (inText === undefined) where.add(ofDevices, JSON.stringify(devices))
  // Machines are looked at first: a text is long.
  else if (devices.length > 0)
    where.add((n) => `(${ofDevices} OR ${hasTermSql(n)})`, JSON.stringify(devices), inText, inText)
  else where.add(hasTermSql, inText, inText)
}

/** Those of the statuses that are asked for. */
export function withStatus(where: Conditions, asked: readonly Status[] | undefined): Conditions {
  if (!asked) return where
  // Our own numbers, so that they are seen when the index is chosen.
  const these = where.and(`a.status IN (${asked.join(', ')})`)
  // Few have one that is not open, and they have an index.
  return asked.includes(Status.open) ? these : these.and('a.triage > 0')
}

/** How many alerts there are of each status. */
export function countByStatus(
  { rows, segments }: Asking,
  query: Pick<AlertsWanted, 'since' | 'until'>,
  where: Conditions,
  isTallied: boolean,
): Record<Status, number> {
  const of = (what: string, table: string, n?: bigint) =>
    rows(`SELECT ${statusesSql(what)} FROM ${table} AS a ${where.sql(n)}`, where.parameters)
  // The tally without a look at the alerts, or all of the store: one pass over the rows of its alerts.
  const found = isTallied
    ? of('sum(a.alerts)', 'tally')
    : segments(query).flatMap(({ n }) => of('count(*)', `alert_${n}`, n))
  return statusCounts(...found)
}

/** A column for each status. */
export const statusesSql = (what: string, column = 'a.status'): string =>
  STATUSES.map((status) => `${what} FILTER (WHERE ${column} = ${status}) AS s${status}`).join(', ')

/** What these columns of rows add up to. */
export function statusCounts(...found: Row[]): Record<Status, number> {
  const counts: Record<Status, number> = { 0: 0, 1: 0, 2: 0, 3: 0 }
  for (const row of found)
    for (const status of STATUSES) counts[status] += Number(row[`s${status}`] ?? 0)
  return counts
}

export const triageCounts = (counts: Record<Status, number>): TriageCounts => ({
  open: counts[Status.open],
  acknowledged: counts[Status.acknowledged],
  closed: counts[Status.closed],
  grown: counts[Status.grown],
})

/** Found of a text, fewer are so far apart in the order of the list that nearly all rows are looked at before a page is full. */
const SPARSE_MAX = 1000
const NOTHING: Part = { found: [], isCut: false }

export function createAlertList(asking: Asking) {
  const { rows, some, segments } = asking

  function alerts(query: AlertsQuery): Answers['alerts'] {
    const { where: all, isTallied, hasText } = conditionsOf(asking, query)
    if (query.likeness !== undefined) all.add('a.likeness = ?', query.likeness)
    const counted = isTallied && query.likeness === undefined
    const statuses = countByStatus(asking, query, all, counted)
    const where = withStatus(all, query.status)
    const total = (query.status ?? STATUSES).reduce<number>(
      (sum, status) => sum + statuses[status],
      0,
    )
    const isSparse = hasText && total <= SPARSE_MAX
    const { found, isCut } =
      total === 0
        ? NOTHING
        : query.sort && query.sort !== 'newest'
          ? highest(query, where)
          : newest(query, where, isSparse)
    const last = found.at(-1)
    return {
      alerts: found.map((row) =>
        alertSummary(alertOf(row), row.newest as bigint, deviceName(row), presentTriage(rows, row)),
      ),
      total,
      statuses: triageCounts(statuses),
      ...(isCut && last && { next: cursorOf(last) }),
    }
  }

  /** `isSparse`: the rows are read as they lie and sorted, not each looked up in the order of the list. */
  function newest(query: AlertsQuery, all: Conditions, isSparse: boolean): Part {
    const { before, limit } = query
    const where = all.and('a.newest < ?', before)
    const found: Row[] = []
    let bytes = 0
    let isCut = false
    // Segments follow each other in time, so their lists do.
    for (const { n, firstAt } of segments(query)) {
      if (isCut) break
      if (before !== undefined && firstAt >= before) continue
      // CROSS JOIN: in this order, so that the index gives the order of the list.
      const of = `SELECT a.newest, a.triage, a.id AS alert, a.device, r.body, length(r.body) AS bytes,
        d.id, d.hostname FROM alert_${n} AS a
        CROSS JOIN revision_${n} AS r ON r.stored_at = a.newest CROSS JOIN device AS d ON d.row = a.device
        ${where.sql(n)} ORDER BY ${isSparse ? '+' : ''}a.newest DESC LIMIT ?`
      const left = limit - found.length
      const part = some(of, [...where.parameters, left], left, ANSWER_BYTES_MAX - bytes)
      // What a segment before this one filled: only the first row of all is in any answer.
      if (found.length > 0 && bytes + part.bytes > ANSWER_BYTES_MAX && part.found.length === 1) {
        isCut = true
        break
      }
      found.push(...part.found)
      bytes += part.bytes
      isCut = part.isCut
    }
    return { found, isCut }
  }

  /** The highest of all segments; bodies are read of those alone. */
  function highest(query: AlertsQuery, all: Conditions): Part {
    const { sort, before, below, limit } = query
    const by = sort === 'score' ? 'a.score' : 'a.bytes_out'
    const where =
      below === undefined || before === undefined
        ? all
        : all.and(`(${by} < ? OR ${by} = ? AND a.newest < ?)`, below, below, before)
    const top = segments(query).flatMap(({ n }) =>
      rows(
        `SELECT ${n} AS n, a.newest, a.triage, a.id AS alert, a.device, CAST(${by} AS REAL) AS height,
           d.id, d.hostname FROM alert_${n} AS a
         CROSS JOIN device AS d ON d.row = a.device
         ${where.sql(n)} ORDER BY ${by} DESC, a.newest DESC LIMIT ?`,
        [...where.parameters, limit],
      ),
    )
    top.sort(
      (a, b) =>
        (b.height as number) - (a.height as number) ||
        ((a.newest as bigint) < (b.newest as bigint) ? 1 : -1),
    )
    const found: Row[] = []
    let bytes = 0
    for (const row of top.slice(0, limit)) {
      const of = `SELECT body FROM revision_${row.n as bigint} WHERE stored_at = ?`
      const body = rows(of, [row.newest as bigint])[0]?.body as Uint8Array
      bytes += body.length
      if (found.length > 0 && bytes > ANSWER_BYTES_MAX) return { found, isCut: true }
      found.push({ ...row, body })
    }
    return { found, isCut: found.length === limit }
  }

  return { alerts }
}

/** Where the next page begins: behind a row. */
const cursorOf = ({ newest, height }: Row): string =>
  height === undefined ? nsText(newest as bigint) : `${height as number}~${newest as bigint}`
