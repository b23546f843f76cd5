// One alert of the store with its whole history, as the page's API says it.
import type { Alert, IdentityView } from '../../engine/finding.ts'
import type { AlertDetail } from '../views/page-api.ts'
import { alertDetail } from '../views/views.ts'
import { type Asking, alertOf, deviceName, type Row, sightingOf } from './asking.ts'
import type { Query } from './protocol.ts'
import { presentTriage, triageHistory } from './triage-reader.ts'

/** Revisions of one alert that are shown; an alert is updated at most once a minute. */
const REVISIONS_MAX = 1000
/** Bytes of items that a history is made of. */
const HISTORY_BYTES_MAX = 8 * 1024 * 1024

export function readAlert(
  { rows, segments: readSegments }: Asking,
  { id, deviceId }: Extract<Query, { op: 'alert' }>,
): AlertDetail | undefined {
  const segments = readSegments()
  const found = find(rows, segments, id, deviceId)
  if (!found) return undefined
  const revision = (storedAt: bigint) => {
    const segment = segments.find(({ firstAt }) => firstAt <= storedAt)
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
  return alertDetail(
    revisions,
    deviceName(found),
    presentTriage(rows, found),
    triageHistory(rows, found),
    programsOf(rows, revisions, found.device as bigint),
  )
}

/** Devices that have an alert of this id: an id is its device's, and nobody keeps another from using the same. */
export function countHolders({ rows, segments }: Asking, id: string): number {
  const holders = new Set<unknown>()
  for (const { n } of segments())
    for (const { device } of rows(`SELECT device FROM alert_${n} WHERE id = ?`, [
      Buffer.from(id, 'hex'),
    ]))
      holders.add(device)
  return holders.size
}

/** What the device has told of the programs of the chains, by their keys; of the alert's own, what it says itself. */
function programsOf(
  rows: Asking['rows'],
  revisions: readonly { alert: Alert }[],
  device: bigint,
): Map<string, IdentityView> {
  const newest = revisions.reduce((a, b) => (b.alert.revision > a.alert.revision ? b : a)).alert
  const keys = newest.chain.flatMap(({ identityKey }) => identityKey ?? [])
  const told = rows(
    `SELECT s.body FROM identity AS i JOIN identity_device AS p ON p.identity = i.row
     JOIN sighting AS s ON s.row = p.row
     WHERE p.device = ? AND i.key IN (SELECT value FROM json_each(?))`,
    [device, JSON.stringify(keys)],
  ).map((row) => sightingOf(row).identity)
  return new Map([...told, newest.identity].map((identity) => [identity.key, identity]))
}

/** Its row, where its newest revision lies. */
function find(
  rows: Asking['rows'],
  segments: readonly { n: bigint }[],
  id: string,
  deviceId: string | undefined,
): Row | undefined {
  const ofDevice = deviceId === undefined ? '' : 'AND d.id = ?'
  const parameters = [Buffer.from(id, 'hex'), ...(deviceId === undefined ? [] : [deviceId])]
  for (const { n } of segments) {
    const of = `SELECT a.newest, a.last, a.triage, a.id AS alert, a.device, d.id, d.hostname
      FROM alert_${n} AS a CROSS JOIN device AS d ON d.row = a.device
      WHERE a.id = ? ${ofDevice} LIMIT 1`
    const [found] = rows(of, parameters)
    if (found) return found
  }
  return undefined
}
