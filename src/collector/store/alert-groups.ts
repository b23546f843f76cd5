// Lists of groups: alerts that are like one another (likeness.ts) as one row, over the whole store. Each segment is
// summed up by itself, from its index alone where no text is asked for; what is left is put together.
import type { SQLInputValue } from 'node:sqlite'
import { likenessText } from '../likeness.ts'
import type { AlertGroup, SeverityName, TriageInfo } from '../page-api.ts'
import { alertSummary, nsText } from '../views.ts'
import { conditionsOf, countByStatus, triageCounts, withStatus } from './alert-list.ts'
import {
  ANSWER_BYTES_MAX,
  type Asking,
  alertOf,
  type Conditions,
  deviceName,
  type Row,
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
const PART = `likeness, count(*) AS alerts, min(device) AS device_low, max(device) AS device_high,
  min(app) AS app_low, max(app) AS app_high, max(severity) AS severity, max(score) AS score,
  total(bytes_out) AS bytes_out, total(bytes_in) AS bytes_in,
  min(opened_at) AS opened_first, max(opened_at) AS opened_last, max(newest) AS newest`
const WHOLE = `likeness, sum(alerts) AS alerts, min(device_low) AS device_low, max(device_high) AS device_high,
  min(app_low) AS app_low, max(app_high) AS app_high, max(severity) AS severity, max(score) AS score,
  min(total(bytes_out), ${SUM_MAX}) AS bytes_out, min(total(bytes_in), ${SUM_MAX}) AS bytes_in,
  min(opened_first) AS opened_first, max(opened_last) AS opened_last, max(newest) AS newest`
const HEIGHTS = { newest: undefined, score: 'score', bytes: 'bytes_out' } as const

export function createAlertGroups(asking: Asking) {
  const { rows, segments } = asking

  function groups(query: GroupsQuery): Answers['groups'] {
    const { place, limit } = query
    const asOf = place?.asOf ?? newestAt()
    const { where: any, hasText, isTallied } = conditionsOf(asking, query)
    const where = withStatus(any, query.status).and('a.newest <= ?', asOf)
    const height = HEIGHTS[query.sort ?? 'newest']
    const { behind, parameters } = behindPlace(height, place)
    // The counts are there also when no group is: one row at least.
    const found = rows(
      `WITH g AS MATERIALIZED (SELECT ${WHOLE} FROM ${union(PART, 'GROUP BY likeness', where, hasText)} GROUP BY likeness)
       SELECT * FROM (SELECT count(*) AS total, coalesce(sum(alerts), 0) AS all_alerts FROM g)
       LEFT JOIN (SELECT * FROM g ${behind} ORDER BY ${height ? `${height} DESC,` : ''} newest DESC LIMIT ?)`,
      [...everywhere(where), ...parameters, limit],
    )
    const [{ total, all_alerts } = {} as Row] = found
    const some = withBodies(found.filter(({ likeness }) => likeness !== null))
    const counts = countsOf(some.found, where, hasText)
    const last = some.found.at(-1)
    const isCut = some.isCut || some.found.length === limit
    return {
      groups: some.found.map((row) =>
        groupOf(row, counts.get(row.likeness as bigint), presentTriage(rows, row)),
      ),
      total: Number(total),
      alerts: Number(all_alerts),
      ...(!place && { statuses: triageCounts(countByStatus(asking, any, isTallied)) }),
      ...(isCut && last && { next: nextOf(asOf, last, height) }),
    }
  }

  /** Nothing that is stored later is in the pages that begin now. */
  const newestAt = (): bigint =>
    (rows('SELECT coalesce(max(last_at), 0) AS at FROM segment', [])[0]?.at as bigint) ?? 0n

  /** One select over all segments, which are in parts of so many as SQLite takes. */
  function union(columns: string, end: string, where: Conditions, hasText: boolean): string {
    const parts = segments().map(
      ({ n }) =>
        `SELECT ${columns} FROM alert_${n} AS a ${hasText ? '' : `INDEXED BY alert_${n}_newest`} ${where.sql()} ${end}`,
    )
    const compounds: string[] = []
    for (let from = 0; from < parts.length; from += TERMS_MAX)
      compounds.push(`SELECT * FROM (${parts.slice(from, from + TERMS_MAX).join(' UNION ALL ')})`)
    return `(${compounds.join(' UNION ALL ')})`
  }

  const everywhere = (where: Conditions): SQLInputValue[] =>
    segments().flatMap(() => where.parameters)

  /** The newest alert of each, as many as fit into an answer. */
  function withBodies(of: Row[]): { found: Row[]; isCut: boolean } {
    const all = segments()
    const found: Row[] = []
    let bytes = 0
    for (const row of of) {
      const newest = row.newest as bigint
      const n = all.find(({ firstAt }) => firstAt <= newest)?.n
      const [shown] = rows(
        `SELECT a.triage, a.id AS alert, a.device, r.body, d.id, d.hostname FROM alert_${n} AS a
         CROSS JOIN revision_${n} AS r ON r.stored_at = a.newest CROSS JOIN device AS d ON d.row = a.device
         WHERE a.newest = ?`,
        [newest],
      )
      if (!shown) throw new Error(`no alert was stored at ${newest}`)
      bytes += (shown.body as Uint8Array).length
      if (found.length > 0 && bytes > ANSWER_BYTES_MAX) return { found, isCut: true }
      found.push({ ...row, ...shown })
    }
    return { found, isCut: false }
  }

  /** Machines and programs of the groups that have more than one of either. */
  function countsOf(of: Row[], where: Conditions, hasText: boolean): Map<bigint, Row> {
    const mixed = of.filter(
      (row) => row.device_low !== row.device_high || row.app_low !== row.app_high,
    )
    if (mixed.length === 0) return new Map()
    const likenesses = `[${mixed.map(({ likeness }) => likeness).join()}]`
    const them = where.and('a.likeness IN (SELECT value FROM json_each(?))', likenesses)
    const found = rows(
      `SELECT likeness, count(DISTINCT device) AS machines, count(DISTINCT app) AS programs
       FROM ${union('DISTINCT likeness, device, app', '', them, hasText)} GROUP BY likeness`,
      everywhere(them),
    )
    return new Map(found.map((row) => [row.likeness as bigint, row]))
  }

  return { groups }
}

function behindPlace(height: string | undefined, place: GroupsQuery['place']) {
  if (!place) return { behind: '', parameters: [] }
  const { before, below } = place
  if (height === undefined || below === undefined)
    return { behind: 'WHERE newest < ?', parameters: [before] }
  return {
    behind: `WHERE ${height} < ? OR ${height} = ? AND newest < ?`,
    parameters: [below, below, before],
  }
}

const nextOf = (asOf: bigint, last: Row, height: string | undefined): string =>
  [asOf, ...(height ? [last[height]] : []), last.newest].join('~')

function groupOf(row: Row, counts: Row | undefined, triage: TriageInfo | undefined): AlertGroup {
  return {
    id: likenessText(row.likeness as bigint),
    alerts: Number(row.alerts),
    machines: Number(counts?.machines ?? 1),
    programs: Number(counts?.programs ?? 1),
    bytesOut: row.bytes_out as number,
    bytesIn: row.bytes_in as number,
    score: row.score as number,
    severity: SEVERITIES[Number(row.severity) - 1] ?? 'low',
    firstOpenedAt: nsText(row.opened_first as bigint),
    lastOpenedAt: nsText(row.opened_last as bigint),
    newest: alertSummary(alertOf(row), row.newest as bigint, deviceName(row), triage),
  }
}
