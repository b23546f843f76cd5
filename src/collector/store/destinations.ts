// Where an identity of a device went: what its hourly summaries told of each destination, the most bytes out first.
import type { DestinationInfo } from '../views/page-api.ts'
import { nsText } from '../views/views.ts'
import type { Asking, Row } from './asking.ts'
import type { Answers, Query } from './protocol.ts'

/** Sums are floating, as sum() fails past 2^63, and a device may claim 2^53 - 1 as often as it likes. */
const SUM_MAX = '9007199254740991.0'
const sumOf = (column: string) => `min(total(${column}), ${SUM_MAX}) AS ${column}`

/**
 * Hours lie in the order of time within their device, so all of them are walked: 1.4 million, as many as are kept of one
 * device, took 0.07 s. An index by pair would cost each hour that is stored as much again.
 */
const HOURS = `SELECT destination, ${['bytes_out', 'bytes_in', 'flows'].map(sumOf).join(', ')},
  max(largest_flow_out) AS largest, min(hour_at) AS first_hour, max(hour_at) AS last_hour, count(*) AS hours
  FROM pair_hour WHERE device = ? AND pair = ? GROUP BY destination`

export function readDestinations(
  { rows, some, deviceRow }: Asking,
  { deviceId, identityKey, limit }: Extract<Query, { op: 'destinations' }>,
): Answers['destinations'] {
  const device = deviceRow(deviceId)
  const [pair] = rows(
    `SELECT p.row, p.destinations FROM identity AS i JOIN identity_device AS p ON p.identity = i.row
     WHERE i.key = ? AND p.device = ?`,
    [identityKey, device],
  )
  if (!pair) return undefined
  const { found } = some(
    `WITH h AS MATERIALIZED (${HOURS}),
       whole AS (SELECT ${['bytes_out', 'bytes_in'].map(sumOf).join(', ')} FROM h)
     SELECT d.key, octet_length(d.key) AS bytes, q.first_at, h.*,
       whole.bytes_out AS all_out, whole.bytes_in AS all_in
     FROM pair AS q CROSS JOIN destination AS d ON d.row = q.destination CROSS JOIN whole
       LEFT JOIN h ON h.destination = q.destination
     WHERE q.pair = ? ORDER BY h.bytes_out DESC NULLS LAST, q.first_at DESC, d.row DESC LIMIT ?`,
    [device, pair.row as bigint, pair.row as bigint, limit],
    limit,
  )
  return {
    destinations: found.map(destinationOf),
    total: Number(pair.destinations),
    bytesOut: Number(found[0]?.all_out ?? 0),
    bytesIn: Number(found[0]?.all_in ?? 0),
  }
}

const destinationOf = (row: Row): DestinationInfo => ({
  key: row.key as string,
  firstAt: nsText(row.first_at as bigint),
  told:
    row.hours === null
      ? null
      : {
          bytesOut: row.bytes_out as number,
          bytesIn: row.bytes_in as number,
          flows: row.flows as number,
          largestFlowOut: Number(row.largest),
          firstHourAt: nsText(row.first_hour as bigint),
          lastHourAt: nsText(row.last_hour as bigint),
          hours: Number(row.hours),
        },
})
