// The reading half of the store: what the page asks, answered with the types of page-api.ts.
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { Alert } from '../../engine/finding.ts'
import { decodeItem } from '../../stream/codec.ts'
import type { UnixNs } from '../../units.ts'
import type { AlertDetail, HealthResponse, IdentitySummary } from '../page-api.ts'
import { alertDetail, alertSummary, type DeviceName, identitySummary, nsText } from '../views.ts'
import { BoundedMap } from './bounded-map.ts'
import type { Answers, DeviceRow, Query } from './protocol.ts'
import { searchTerms, type Term } from './search.ts'
import { prepare } from './statement.ts'

/** Revisions of one alert that are shown; an alert is updated at most once a minute. */
const REVISIONS_MAX = 1000
const STATEMENTS_MAX = 512
/**
 * Bytes of items, or of texts, that one answer is made of; at least one row is in it. An item has up to 128 KiB: 500 of
 * them were an answer of 80 MB, and 2 GB of memory after six. An alert is 2 kB, so that usual lists come whole.
 */
const ANSWER_BYTES_MAX = 2 * 1024 * 1024
/** The same of the history of one alert. */
const HISTORY_BYTES_MAX = 8 * 1024 * 1024

export type Reader = { answer(query: Query): Answers[Query['op']] }

type Row = Record<string, unknown>
/** `isCut`: there may be more. */
type Part = { found: Row[]; isCut: boolean }
type AlertsQuery = Extract<Query, { op: 'alerts' }>

export function createReader(db: DatabaseSync): Reader {
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

  /** The newest first. */
  function segments(): { n: bigint; firstAt: bigint }[] {
    return rows('SELECT n, first_at FROM segment ORDER BY n DESC', []).map((row) => ({
      n: row.n as bigint,
      firstAt: row.first_at as bigint,
    }))
  }

  function deviceRow(id: string): bigint {
    // 0 is no device's row: an unknown id finds nothing.
    return (rows('SELECT row FROM device WHERE id = ?', [id])[0]?.row as bigint) ?? 0n
  }

  function alerts(query: AlertsQuery): Answers['alerts'] {
    const where = new Conditions()
    if (query.deviceId !== undefined) where.add('a.device = ?', deviceRow(query.deviceId))
    if (query.severity !== undefined) where.add('a.severity = ?', query.severity)
    const tallied = where.parameters.length
    if (query.since !== undefined) where.add('a.opened_at >= ?', query.since)
    if (query.until !== undefined) where.add('a.opened_at < ?', query.until)
    for (const term of searchTerms(query.text ?? '')) addTerm(where, term)
    const total = where.parameters.length === tallied ? tally(where) : count(where)
    const { found, isCut } =
      query.sort && query.sort !== 'newest' ? highest(query, where) : newest(query, where)
    const last = found.at(-1)
    return {
      alerts: found.map((row) => alertSummary(alertOf(row), row.newest as bigint, deviceName(row))),
      total,
      ...(isCut && last && { next: cursorOf(last) }),
    }
  }

  function addTerm(where: Conditions, { inText, host }: Term): void {
    const devices = host
      ? rows('SELECT row, id, hostname FROM device', [])
          .filter((row) => host(text(row.hostname), text(row.id)))
          .map((row) => Number(row.row))
      : []
    const ofDevices = 'a.device IN (SELECT value FROM json_each(?))'
    if (inText === undefined) where.add(ofDevices, JSON.stringify(devices))
    // Machines are looked at first: a text is long.
    else if (devices.length > 0)
      where.add(`(${ofDevices} OR instr(a.words, ?) > 0)`, JSON.stringify(devices), inText)
    else where.add('instr(a.words, ?) > 0', inText)
  }

  /** Without a look at the alerts. */
  function tally(where: Conditions): number {
    const of = `SELECT coalesce(sum(a.alerts), 0) AS total FROM tally AS a ${where.sql()}`
    return Number(rows(of, where.parameters)[0]?.total)
  }

  /** Of the whole store: one pass over the rows of its alerts. */
  function count(where: Conditions): number {
    return segments().reduce((sum, { n }) => {
      const of = `SELECT count(*) AS total FROM alert_${n} AS a ${where.sql()}`
      return sum + Number(rows(of, where.parameters)[0]?.total)
    }, 0)
  }

  function newest({ before, limit }: AlertsQuery, all: Conditions): Part {
    const where = all.and('a.newest < ?', before)
    const found: Row[] = []
    let bytes = 0
    let isCut = false
    // Segments follow each other in time, so their lists do.
    for (const { n, firstAt } of segments()) {
      if (isCut) break
      if (before !== undefined && firstAt >= before) continue
      // CROSS JOIN: in this order, so that the index gives the order of the list.
      const of = `SELECT a.newest, r.body, length(r.body) AS bytes, d.id, d.hostname FROM alert_${n} AS a
        CROSS JOIN revision_${n} AS r ON r.stored_at = a.newest CROSS JOIN device AS d ON d.row = a.device
        ${where.sql()} ORDER BY a.newest DESC LIMIT ?`
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
  function highest({ sort, before, below, limit }: AlertsQuery, all: Conditions): Part {
    const by = sort === 'score' ? 'a.score' : 'a.bytes_out'
    const where =
      below === undefined || before === undefined
        ? all
        : all.and(`(${by} < ? OR ${by} = ? AND a.newest < ?)`, below, below, before)
    const top = segments().flatMap(({ n }) =>
      rows(
        `SELECT ${n} AS n, a.newest, CAST(${by} AS REAL) AS height, d.id, d.hostname FROM alert_${n} AS a
         CROSS JOIN device AS d ON d.row = a.device
         ${where.sql()} ORDER BY ${by} DESC, a.newest DESC LIMIT ?`,
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

  function alert(id: string): AlertDetail | undefined {
    const all = segments()
    let found: Row | undefined
    for (const { n } of all) {
      const of = `SELECT a.newest, a.last, d.id, d.hostname FROM alert_${n} AS a
        CROSS JOIN device AS d ON d.row = a.device WHERE a.id = ? LIMIT 1`
      found = rows(of, [Buffer.from(id, 'hex')])[0]
      if (found) break
    }
    if (!found) return undefined
    const revision = (storedAt: bigint) => {
      const segment = all.find(({ firstAt }) => firstAt <= storedAt)
      // Dropped with its segment: history begins later.
      if (!segment) return undefined
      const of = `SELECT previous, body FROM revision_${segment.n} WHERE stored_at = ?`
      const [row] = rows(of, [storedAt])
      if (!row) return undefined
      const bytes = (row.body as Uint8Array).length
      return { alert: alertOf(row), storedAt, previous: row.previous as bigint, bytes }
    }
    const revisions: { alert: Alert; storedAt: bigint }[] = []
    let room = HISTORY_BYTES_MAX
    let at = found.last as bigint
    while (at !== 0n && room > 0 && revisions.length < REVISIONS_MAX) {
      const one = revision(at)
      if (!one) break
      revisions.push(one)
      room -= one.bytes
      at = one.previous
    }
    const newest = found.newest as bigint
    if (!revisions.some(({ storedAt }) => storedAt === newest)) {
      const one = revision(newest)
      if (one) revisions.push(one)
    }
    return alertDetail(revisions, deviceName(found))
  }

  const IDENTITIES = `SELECT p.row, length(s.body) AS bytes, p.first_seen_at, p.first_network_at, p.destinations, s.body, d.id, d.hostname
     FROM identity_device AS p JOIN sighting AS s ON s.row = p.row
     JOIN identity AS i ON i.row = p.identity JOIN device AS d ON d.row = p.device`

  function identities(query: Extract<Query, { op: 'identities' }>): Answers['identities'] {
    const where = new Conditions()
    if (query.deviceId !== undefined) where.add('p.device = ?', deviceRow(query.deviceId))
    // Each word is in a name, or in what its sighting says: hashes, signer, user, script.
    for (const word of (query.text ?? '').split(/\s+/).filter((one) => one !== '')) {
      const like = `%${word.replace(/[\\%_]/g, '\\$&')}%`
      const names = ['i.name', 'i.path', 'i.key', 'd.hostname'].map(
        (of) => `${of} LIKE ? ESCAPE '\\'`,
      )
      where.add(
        `(${names.join(' OR ')} OR instr(s.body, ?) > 0 OR instr(s.body, ?) > 0)`,
        ...names.map(() => like),
        Buffer.from(word),
        Buffer.from(word.toLowerCase()),
      )
    }
    const total = rows(
      `SELECT count(*) AS total FROM identity_device AS p JOIN sighting AS s ON s.row = p.row
       JOIN identity AS i ON i.row = p.identity JOIN device AS d ON d.row = p.device ${where.sql()}`,
      where.parameters,
    )
    const { before } = query
    if (before) where.add('(p.first_seen_at, p.row) < (?, ?)', before.at, before.row)
    const { found, isCut } = some(
      `${IDENTITIES} ${where.sql()} ORDER BY p.first_seen_at DESC, p.row DESC LIMIT ?`,
      [...where.parameters, query.limit],
      query.limit,
    )
    const last = found.at(-1)
    return {
      identities: found.map(identityOf),
      total: Number(total[0]?.total),
      ...(isCut && last && { next: `${last.first_seen_at}-${last.row}` }),
    }
  }

  /** Those known for longest first: who is invented today is behind them. */
  function devices(limit: number, after = 0n): Answers['devices'] {
    const { found, isCut } = some(
      `SELECT *, octet_length(id) + octet_length(hostname) + octet_length(os) + octet_length(os_version)
         + octet_length(hardware) + octet_length(arch) + octet_length(agent_version) AS bytes
       FROM device WHERE row > ? ORDER BY row LIMIT ?`,
      [after, limit],
      limit,
    )
    const last = found.at(-1)
    return { rows: found.map(deviceOf), ...(isCut && last && { next: `${last.row}` }) }
  }

  function deviceOf(row: Row): DeviceRow {
    return {
      id: text(row.id),
      hostname: text(row.hostname),
      os: text(row.os),
      osVersion: text(row.os_version),
      hardware: text(row.hardware),
      arch: text(row.arch),
      agentVersion: text(row.agent_version),
      firstSeenAt: nsText(row.first_seen_at as bigint),
      lastSeenAt: nsText(row.last_seen_at as bigint),
      lastSequence: Number(row.last_sequence),
    }
  }

  function health(limit: number, before = FOREVER_NS): HealthResponse {
    const { found, isCut } = some(
      `SELECT h.stored_at, h.at, h.kind, h.text, h.count, d.id,
         octet_length(h.kind) + octet_length(h.text) AS bytes FROM health AS h
       LEFT JOIN device AS d ON d.row = h.device
       WHERE h.stored_at < ? ORDER BY h.stored_at DESC LIMIT ?`,
      [before, limit],
      limit,
    )
    const last = found.at(-1)
    const events = found.map((row) => ({
      deviceId: text(row.id ?? ''),
      at: nsText(row.at as bigint),
      kind: text(row.kind),
      text: text(row.text),
      count: Number(row.count),
    }))
    return { events, ...(isCut && last && { next: nsText(last.stored_at as bigint) }) }
  }

  function answer(query: Query): Answers[Query['op']] {
    switch (query.op) {
      case 'alerts':
        return alerts(query)
      case 'alert':
        return alert(query.id)
      case 'identities':
        return identities(query)
      case 'identitiesByKey':
        return some(
          `${IDENTITIES} WHERE p.device = ? AND i.key IN (SELECT value FROM json_each(?))`,
          [query.device, JSON.stringify(query.keys)],
          query.keys.length,
        ).found.map(identityOf)
      case 'devices':
        return devices(query.limit, query.after)
      case 'health':
        return health(query.limit, query.before)
      case 'newest':
        return (
          (rows('SELECT coalesce(max(last_at), 0) AS at FROM segment', [])[0]?.at as bigint) ?? 0n
        )
      default:
        return query satisfies never
    }
  }

  return {
    answer(query) {
      // One state of the store for all statements of an answer: segments come and go.
      db.exec('BEGIN')
      try {
        return answer(query)
      } finally {
        db.exec('COMMIT')
      }
    },
  }
}

const FOREVER_NS = 2n ** 63n - 1n

/** The conditions of a query, with the values they are about. */
class Conditions {
  readonly parameters: SQLInputValue[] = []
  readonly #terms: string[] = []

  add(term: string, ...values: SQLInputValue[]): void {
    this.#terms.push(term)
    this.parameters.push(...values)
  }

  /** These and one more; the same when its first value is undefined. */
  and(term: string, ...values: (SQLInputValue | undefined)[]): Conditions {
    if (values[0] === undefined) return this
    const all = new Conditions()
    all.#terms.push(...this.#terms, term)
    all.parameters.push(...this.parameters, ...(values as SQLInputValue[]))
    return all
  }

  sql(): string {
    return this.#terms.length === 0 ? '' : `WHERE ${this.#terms.join(' AND ')}`
  }
}

/** Where the next page begins: behind a row. */
const cursorOf = ({ newest, height }: Row): string =>
  height === undefined ? nsText(newest as bigint) : `${height as number}~${newest as bigint}`

const text = (value: unknown): string => value as string

const deviceName = (row: Row): DeviceName => ({
  id: text(row.id),
  hostname: text(row.hostname),
})

function alertOf(row: Row): Alert {
  const { finding } = decodeItem(row.body as Uint8Array)
  if (finding.kind !== 'alert') throw new Error(`a stored revision holds a ${finding.kind}`)
  return finding.alert
}

function identityOf(row: Row): IdentitySummary {
  const { finding } = decodeItem(row.body as Uint8Array)
  if (finding.kind !== 'sighting') throw new Error(`a stored sighting holds a ${finding.kind}`)
  const { identity, process } = finding.sighting
  const dated = {
    ...identity,
    firstSeenAt: row.first_seen_at as UnixNs,
    firstNetworkAt: row.first_network_at as UnixNs,
  }
  return identitySummary(dated, process, deviceName(row), Number(row.destinations))
}
