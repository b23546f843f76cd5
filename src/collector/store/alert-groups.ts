// Lists of groups: alerts that are like one another (likeness.ts) as one row, over the whole store. Sealed segments are summed
// up already (alert-sums.ts) where no less than a group's severities and statuses are asked for; of the others each is summed up
// from an index. What is left is put together. Where a text is asked for all rows are looked at, which is nearly all that such
// an answer costs: once, for the groups and for the counts of statuses.
import type { SQLInputValue } from 'node:sqlite'
import { likenessText } from '../views/likeness.ts'
import type { AlertGroup, SeverityName, TriageInfo } from '../views/page-api.ts'
import { alertSummary, nsText } from '../views/views.ts'
import { listedSql } from './alert-columns.ts'
import {
  conditionsOf,
  countByStatus,
  statusCounts,
  statusesSql,
  triageCounts,
  withStatus,
} from './alert-list.ts'
import { SUMS } from './alert-sums.ts'
import {
  ANSWER_BYTES_MAX,
  type Asking,
  alertOf,
  Conditions,
  deviceName,
  type Row,
  type Segment,
} from './asking.ts'
import type { Answers, Query } from './protocol.ts'
import { presentTriage } from './triage-reader.ts'

type GroupsQuery = Extract<Query, { op: 'groups' }>

/** SQLite takes 500 terms in one compound (sqlite.org/limits.html, 4). */
const TERMS_MAX = 400
/** Sums are floating, as sum() fails past 2^63, and one device may claim 2^53 - 1 bytes as often as it likes. */
const SUM_MAX = '9007199254740991.0'
const SEVERITIES: readonly SeverityName[] = ['low', 'medium', 'high']

/** What a part is summed up to, and how parts are put together. */
const PART = `likeness, max(severity) AS severity, ${SUMS}`
const PART_OF_SUMS = `likeness, severity, alerts, device_low, device_high, app_low, app_high, score,
  bytes_out, bytes_in, opened_first, opened_last, listed_last, newest`
const WHOLE = `likeness, sum(alerts) AS alerts, min(device_low) AS device_low, max(device_high) AS device_high,
  min(app_low) AS app_low, max(app_high) AS app_high, max(severity) AS severity, max(score) AS score,
  min(total(bytes_out), ${SUM_MAX}) AS bytes_out, min(total(bytes_in), ${SUM_MAX}) AS bytes_in,
  min(min(opened_first), max(listed_last)) AS opened_first, max(listed_last) AS listed_last, max(newest) AS newest`
const ONE_OF_EACH = { machines: 1, programs: 1 }
const HEIGHTS = { newest: 'listed_last', score: 'score', bytes: 'bytes_out' } as const

/** A select of one segment, with its parameters. */
type Select = { sql: string; parameters: SQLInputValue[] }

export function createAlertGroups(asking: Asking) {
  const { rows, segments } = asking

  function groups(query: GroupsQuery): Answers['groups'] {
    const { place, limit } = query
    const asOf = place?.asOf ?? newestAt()
    const { where: any, hasText, isTallied } = conditionsOf(asking, query)
    const where = withStatus(any, query.status).and('a.newest <= ?', asOf)
    const height = HEIGHTS[query.sort ?? 'newest']
    const { behind, parameters } = behindPlace(height, place)
    const parts = hasText
      ? union(segments(query).map((segment) => ofRows(segment, place ? where : any)))
      : union(sumsOf(query, asOf, where))
    const ofStatus = hasText && query.status ? `WHERE status IN (${query.status.join(', ')})` : ''
    // The counts are there also when no group is: one row at least.
    const found = rows(
      `WITH part AS MATERIALIZED (SELECT * FROM ${parts.sql}),
         g AS MATERIALIZED (SELECT ${WHOLE} FROM part ${ofStatus} GROUP BY likeness)
       SELECT * FROM (SELECT count(*) AS total, coalesce(sum(alerts), 0) AS all_alerts FROM g)
       ${hasText ? `JOIN (SELECT ${statusesSql('sum(alerts)', 'status')} FROM part)` : ''}
       LEFT JOIN (SELECT * FROM g ${behind} ORDER BY ${height} DESC, newest DESC LIMIT ?)`,
      [...parts.parameters, ...parameters, limit],
    )
    const [first = {}] = found
    const { total, all_alerts } = first
    const some = withBodies(
      found.filter(({ likeness }) => likeness !== null),
      where,
    )
    const counts = countsOf(some.found, query, where)
    // Those of all that was stored when the first page was made: `asOf` is now.
    const statuses = () =>
      hasText ? statusCounts(first) : countByStatus(asking, query, any, isTallied)
    const last = some.found.at(-1)
    const isCut = some.isCut || some.found.length === limit
    return {
      groups: some.found.map((row) => {
        const likeness = row.likeness as bigint
        return groupOf(
          row,
          counts.get(likeness) ?? ONE_OF_EACH,
          presentTriage(rows, row.latest as Row),
        )
      }),
      total: Number(total),
      alerts: Number(all_alerts),
      ...(!place && { statuses: triageCounts(statuses()) }),
      ...(isCut && last && { next: nextOf(asOf, last, height) }),
    }
  }

  /** Nothing that is stored later is in the pages that begin now. */
  const newestAt = (): bigint =>
    (rows('SELECT coalesce(max(last_at), 0) AS at FROM segment', [])[0]?.at as bigint) ?? 0n

  /** The sums of each segment: those there are, or of its alerts. */
  function sumsOf(query: GroupsQuery, asOf: bigint, where: Conditions): Select[] {
    const { deviceId, severity, status, since, until } = query
    const isStale = new Set(
      rows('SELECT DISTINCT segment FROM stale_group', []).map(({ segment }) => segment as bigint),
    )
    const ofSums = new Conditions()
    if (severity !== undefined) ofSums.add('a.severity = ?', severity)
    if (status) ofSums.add(`a.status IN (${status.join(', ')})`)
    return segments(query).flatMap((segment): Select[] => {
      const { n, lastAt, opened } = segment
      const isWhole =
        opened !== undefined &&
        lastAt <= asOf &&
        (since === undefined || opened.first >= since) &&
        (until === undefined || opened.last < until)
      if (deviceId !== undefined || !isWhole) return [ofAlerts(PART, segment, where)]
      const stale = `SELECT likeness FROM stale_group WHERE segment = ${n}`
      const fresh = isStale.has(n) ? ofSums.and(`a.likeness NOT IN (${stale})`) : ofSums
      const sums = `SELECT ${PART_OF_SUMS} FROM group_${n} AS a ${fresh.sql()}`
      return [
        { sql: sums, parameters: fresh.parameters },
        ...(isStale.has(n) ? [ofAlerts(PART, segment, where.and(`a.likeness IN (${stale})`))] : []),
      ]
    })
  }

  /** Of a segment's alerts, from an index; its groups lie together where it is sealed. */
  function ofAlerts(
    columns: string,
    { n, opened }: Segment,
    where: Conditions,
    end = 'GROUP BY likeness',
  ): Select {
    const index = `INDEXED BY alert_${n}_${opened ? 'likeness' : 'listed'}`
    const sql = `SELECT ${columns} FROM alert_${n} AS a ${index} ${where.sql(n)} ${end}`
    return { sql, parameters: where.parameters }
  }

  /**
   * The same of its rows, by status as well. They are read one after the other as they lie and sorted then (+likeness): in
   * the order of an index by group each would be looked up, which takes twice as long where few are found.
   */
  const ofRows = ({ n }: Segment, where: Conditions): Select => ({
    sql: `SELECT ${PART}, status FROM alert_${n} AS a ${where.sql(n)} GROUP BY +likeness, status`,
    parameters: where.parameters,
  })

  /** One select, which are in parts of so many as SQLite takes. */
  function union(parts: Select[]): Select {
    const compounds: string[] = []
    for (let from = 0; from < parts.length; from += TERMS_MAX) {
      const some = parts.slice(from, from + TERMS_MAX).map(({ sql }) => sql)
      compounds.push(`SELECT * FROM (${some.join(' UNION ALL ')})`)
    }
    return {
      sql: `(${compounds.join(' UNION ALL ')})`,
      parameters: parts.flatMap(({ parameters }) => parameters),
    }
  }

  /** The latest alert of each, as many as fit into an answer. */
  function withBodies(of: Row[], where: Conditions): { found: Row[]; isCut: boolean } {
    const all = segments()
    const found: Row[] = []
    let bytes = 0
    for (const row of of) {
      const shown = latestOf(all, row, where)
      if (!shown) throw new Error(`no alert was opened at ${row.listed_last as bigint}`)
      bytes += (shown.body as Uint8Array).length
      if (found.length > 0 && bytes > ANSWER_BYTES_MAX) return { found, isCut: true }
      found.push({ ...row, latest: shown })
    }
    return { found, isCut: false }
  }

  /** A group's alert that was opened last. */
  function latestOf(all: readonly Segment[], group: Row, where: Conditions): Row | undefined {
    const at = group.listed_last as bigint
    const listed = where
      .and(`${listedSql('a.')} = ?`, at)
      // The order finds it at once, among a group's alerts it would be looked for.
      .and('+a.likeness = ?', group.likeness as bigint)
    // The newest segment first, in which the newest of them is.
    for (const { n, lastAt, opened } of all) {
      if (lastAt < at || (opened && opened.last < at)) continue
      const shown = shownOf(n, listed)
      if (shown) return shown
    }
    return undefined
  }

  function shownOf(n: bigint, where: Conditions): Row | undefined {
    const of = `SELECT a.newest, a.triage, a.id AS alert, a.device, r.body, d.id, d.hostname
      FROM alert_${n} AS a
      CROSS JOIN revision_${n} AS r ON r.stored_at = a.newest CROSS JOIN device AS d ON d.row = a.device
      ${where.sql(n)} ORDER BY a.newest DESC LIMIT 1`
    return rows(of, where.parameters)[0]
  }

  /** How many machines and programs those groups have that have more than one. */
  function countsOf(
    of: Row[],
    query: GroupsQuery,
    where: Conditions,
  ): Map<bigint, Pick<AlertGroup, 'machines' | 'programs'>> {
    const mixed = of.filter(
      ({ device_low, device_high, app_low, app_high }) =>
        device_low !== device_high || app_low !== app_high,
    )
    if (mixed.length === 0) return new Map()
    const likenesses = `[${mixed.map(({ likeness }) => likeness).join()}]`
    const them = where.and('a.likeness IN (SELECT value FROM json_each(?))', likenesses)
    const { sql, parameters } = union(
      segments(query).map((segment) =>
        ofAlerts('DISTINCT likeness, device, app', segment, them, ''),
      ),
    )
    const found = rows(
      `SELECT likeness, count(DISTINCT device) AS machines, count(DISTINCT app) AS programs
       FROM ${sql} GROUP BY likeness`,
      parameters,
    )
    return new Map(
      found.map(({ likeness, machines, programs }) => [
        likeness as bigint,
        { machines: Number(machines), programs: Number(programs) },
      ]),
    )
  }

  return { groups }
}

function behindPlace(height: string, place: GroupsQuery['place']) {
  if (!place) return { behind: '', parameters: [] }
  const { before, below } = place
  return {
    behind: `WHERE ${height} < ? OR ${height} = ? AND newest < ?`,
    parameters: [below, below, before],
  }
}

const nextOf = (asOf: bigint, last: Row, height: string): string =>
  [asOf, last[height], last.newest].join('~')

function groupOf(
  row: Row,
  counts: Pick<AlertGroup, 'machines' | 'programs'>,
  triage: TriageInfo | undefined,
): AlertGroup {
  const latest = row.latest as Row
  return {
    id: likenessText(row.likeness as bigint),
    alerts: Number(row.alerts),
    ...counts,
    bytesOut: row.bytes_out as number,
    bytesIn: row.bytes_in as number,
    score: row.score as number,
    severity: SEVERITIES[Number(row.severity) - 1] ?? 'low',
    firstOpenedAt: nsText(row.opened_first as bigint),
    lastOpenedAt: nsText(row.listed_last as bigint),
    newest: alertSummary(alertOf(latest), latest.newest as bigint, deviceName(latest), triage),
  }
}
