// Lists of alerts: what a query finds of all segments, in its order, with the count of the whole.
import type { TriageCounts } from '../views/page-api.ts'
import { alertSummary } from '../views/views.ts'
import { listedSql } from './alert-columns.ts'
import {
  ANSWER_BYTES_MAX,
  type Asking,
  alertOf,
  Conditions,
  deviceName,
  type Part,
  type Row,
  type Segment,
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
    hasText: terms.some(({ inText, addresses }) => (inText ?? addresses) !== undefined),
  }
}

/** From ::ffff:0:0 on, as engine/address.ts has them. */
const IPV4_SQL = `a.to_address BETWEEN X'${'0'.repeat(20)}ffff${'0'.repeat(8)}' AND X'${'0'.repeat(20)}ffff${'f'.repeat(8)}'`

function addTerm(rows: Asking['rows'], where: Conditions, term: Term): void {
  const { inText, orInText, host, addresses } = term
  if (addresses) {
    const { first, last, butIpv4 } = addresses
    const within = 'a.to_address BETWEEN ? AND ?'
    where.add(butIpv4 ? `${within} AND NOT ${IPV4_SQL}` : within, first, last)
    return
  }
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
  else if (orInText !== undefined)
    where.add(
      (n) => `(${hasTermSql(n)} OR ${hasTermSql(n)})`,
      ...[inText, inText, orInText, orInText],
    )
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
  const { rows, segments } = asking

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
    const { found, isCut } = total === 0 ? NOTHING : highest(query, where, isSparse)
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

  /**
   * The first of all segments in the list's order; bodies are read of those alone. `isSparse`: the rows are read as they lie
   * and sorted, not each looked up in the order of the list.
   */
  function highest(query: AlertsQuery, all: Conditions, isSparse: boolean): Part {
    const { sort = 'newest', limit } = query
    const by = HEIGHTS[sort]
    const where = behind(all, by, query)
    const height = sort === 'newest' ? by : `CAST(${by} AS REAL)`
    const inOrder = `${isSparse ? '+' : ''}${by} DESC, a.newest DESC`
    let top: Row[] = []
    for (const { n, latest } of byLatest(segments(query))) {
      // Nothing in it, nor in those that follow, was opened as late as what is found.
      if (sort === 'newest' && top.length === limit && (top.at(-1)?.height as bigint) > latest)
        break
      const of = `SELECT ${n} AS n, a.newest, a.triage, a.id AS alert, a.device, ${height} AS height,
          d.id, d.hostname FROM alert_${n} AS a
        CROSS JOIN device AS d ON d.row = a.device
        ${where.sql(n)} ORDER BY ${inOrder} LIMIT ?`
      top.push(...rows(of, [...where.parameters, limit]))
      top = top.sort(inListOrder).slice(0, limit)
    }
    const found: Row[] = []
    let bytes = 0
    for (const row of top) {
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

/** What each order looks at first; a row's `newest` decides between equals. */
const HEIGHTS = { newest: listedSql('a.'), score: 'a.score', bytes: 'a.bytes_out' } as const

function behind(all: Conditions, by: string, { before, below }: AlertsQuery): Conditions {
  if (below === undefined) return all.and(`${by} < ?`, before)
  // The first is what an index is sought by.
  return all
    .and(`${by} <= ?`, below)
    .and(`(${by} < ? OR ${by} = ? AND a.newest < ?)`, below, below, before)
}

/** Those first whose alerts may have been opened last. */
const byLatest = (segments: readonly Segment[]): { n: bigint; latest: bigint }[] =>
  segments
    .map(({ n, lastAt, opened }) => ({
      n,
      latest: opened && opened.last < lastAt ? opened.last : lastAt,
    }))
    .sort((a, b) => (a.latest < b.latest ? 1 : a.latest > b.latest ? -1 : 0))

function inListOrder(a: Row, b: Row): number {
  const [high, low] = [a.height as number | bigint, b.height as number | bigint]
  if (high !== low) return high < low ? 1 : -1
  return (a.newest as bigint) < (b.newest as bigint) ? 1 : -1
}

/** Where the next page begins: behind a row. */
const cursorOf = ({ newest, height }: Row): string =>
  `${height as number | bigint}~${newest as bigint}`
