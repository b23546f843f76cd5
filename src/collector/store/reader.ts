// The reading half of the store: what the page asks, answered with the types of page-api.ts.
import type { DatabaseSync } from 'node:sqlite'
import type { UnixNs } from '../../units.ts'
import type { HealthAbout, HealthResponse, IdentitySummary } from '../views/page-api.ts'
import { identitySummary, nsText } from '../views/views.ts'
import { countHolders, readAlert } from './alert-detail.ts'
import { createAlertGroups } from './alert-groups.ts'
import { createAlertList } from './alert-list.ts'
import { Conditions, createAsking, deviceName, type Row, sightingOf, text } from './asking.ts'
import { readDestinations } from './destinations.ts'
import type { Answers, DeviceRow, Query } from './protocol.ts'
import { isShortId, queryWords } from './search.ts'

export type Reader = { answer(query: Query): Answers[Query['op']] }

export function createReader(db: DatabaseSync): Reader {
  db.function('says', { deterministic: true }, (body, word) => (says(body, word) ? 1 : 0))
  const asking = createAsking(db)
  const { rows, some, deviceRow } = asking
  const { alerts } = createAlertList(asking)
  const { groups } = createAlertGroups(asking)

  const IDENTITIES = `SELECT p.row, length(s.body) AS bytes, p.first_seen_at, p.first_network_at, p.destinations, s.body, d.id, d.hostname
     FROM identity_device AS p JOIN sighting AS s ON s.row = p.row
     JOIN identity AS i ON i.row = p.identity JOIN device AS d ON d.row = p.device`

  function identities(query: Extract<Query, { op: 'identities' }>): Answers['identities'] {
    const where = new Conditions()
    if (query.deviceId !== undefined) where.add('p.device = ?', deviceRow(query.deviceId))
    if (query.key !== undefined) where.add('i.key = ?', query.key)
    // Each word is in its key, or in what this device's sighting says, which another may call otherwise: name, path,
    // hashes, signer, user, script.
    for (const { name, value, whole } of queryWords(query.text ?? '')) {
      if (name === 'host' && value !== '') {
        where.add(
          isShortId(value)
            ? '(d.id = ? OR d.hostname = ? OR substr(d.id, 1, length(?)) = ?)'
            : '(d.id = ? OR d.hostname = ?)',
          ...[value, value, ...(isShortId(value) ? [value, value] : [])],
        )
        continue
      }
      const word = name === '' ? value : whole
      const like = `%${word.replace(/[\\%_]/g, '\\$&')}%`
      where.add(
        `(i.key LIKE ? ESCAPE '\\' OR d.hostname LIKE ? ESCAPE '\\' OR ${ASCII.test(word) ? SAYS_ASCII : 'says(s.body, ?)'})`,
        ...[like, like, word.toLowerCase()],
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
      byCertificate: row.by_certificate === null ? undefined : row.by_certificate === 1n,
    }
  }

  function health({
    limit,
    before = FOREVER_NS,
    deviceId,
    kinds,
    since = 0n,
    until = FOREVER_NS,
  }: Query & { op: 'health' }): HealthResponse {
    const device = deviceId === undefined ? undefined : deviceRow(deviceId)
    // What the collector says of itself is of no device.
    if (device === 0n) return { events: [] }
    const ofOne = device === undefined ? '' : 'AND h.device = ?'
    const ofKinds = kinds ? 'AND h.kind IN (SELECT value FROM json_each(?))' : ''
    const { found, isCut } = some(
      `SELECT h.stored_at, h.at, h.kind, h.text, h.count, h.since, h.about, h.apart, d.id,
         octet_length(h.kind) + octet_length(h.text) + octet_length(h.apart) AS bytes FROM health AS h
       LEFT JOIN device AS d ON d.row = h.device
       WHERE h.stored_at < ?1 AND (h.at >= ?2 AND iif(h.since = 0, h.at, min(h.since, h.at)) < ?3
           -- By a clock that was ahead: when it was told, at the latest.
           OR h.at > h.stored_at AND h.stored_at >= ?2 AND h.stored_at < ?3)
         ${ofOne} ${ofKinds}
       ORDER BY h.stored_at DESC LIMIT ?`,
      [
        ...[before, since, until],
        ...(device === undefined ? [] : [device]),
        ...(kinds ? [JSON.stringify(kinds)] : []),
        limit,
      ],
      limit,
    )
    const last = found.at(-1)
    const events = found.map((row) => ({
      deviceId: text(row.id ?? ''),
      at: nsText(row.at as bigint),
      storedAt: nsText(row.stored_at as bigint),
      kind: text(row.kind),
      text: text(row.text),
      count: Number(row.count),
      ...(row.since !== 0n && { since: nsText(row.since as bigint) }),
      ...(row.about !== '' && { about: row.about as HealthAbout }),
      ...(row.apart !== '' && { programs: JSON.parse(text(row.apart)) as string[] }),
    }))
    return { events, ...(isCut && last && { next: nsText(last.stored_at as bigint) }) }
  }

  function answer(query: Query): Answers[Query['op']] {
    switch (query.op) {
      case 'alerts':
        return alerts(query)
      case 'groups':
        return groups(query)
      case 'alert':
        return readAlert(asking, query)
      case 'alertHolders':
        return countHolders(asking, query.id)
      case 'identities':
        return identities(query)
      case 'identitiesByKey':
        return some(
          `${IDENTITIES} WHERE p.device = ? AND i.key IN (SELECT value FROM json_each(?))`,
          [query.device, JSON.stringify(query.keys)],
          query.keys.length,
        ).found.map(identityOf)
      case 'destinations':
        return readDestinations(asking, query)
      case 'devices':
        return devices(query.limit, query.after)
      case 'health':
        return health(query)
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

function identityOf(row: Row): IdentitySummary {
  const { identity, process } = sightingOf(row)
  const dated = {
    ...identity,
    firstSeenAt: row.first_seen_at as UnixNs,
    firstNetworkAt: row.first_network_at as UnixNs,
  }
  return identitySummary(dated, process, deviceName(row), Number(row.destinations))
}

/** lower() and instr() go by bytes: those of a message that are no text hurt nothing. */
const SAYS_ASCII = 'instr(lower(CAST(s.body AS TEXT)), ?) > 0'
const ASCII = /^[\x20-\x7e]*$/

/** Whether a sighting holds the word, which is in lower case, in letters of either. */
function says(body: unknown, word: unknown): boolean {
  if (!(body instanceof Uint8Array) || typeof word !== 'string') return false
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return bytes.toString().toLowerCase().includes(word)
}
