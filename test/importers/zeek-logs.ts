// Logs of connections, of our own making, in the shapes that Zeek writes.
import { HOST, T0 } from './samples.ts'

export const ZEEK_FIELDS = [
  'ts',
  'uid',
  'id.orig_h',
  'id.orig_p',
  'id.resp_h',
  'id.resp_p',
  'proto',
  'service',
  'duration',
  'orig_bytes',
  'resp_bytes',
  'conn_state',
  'local_orig',
  'missed_bytes',
  'history',
  'tunnel_parents',
] as const

export type Conn = {
  ts: number | string
  uid?: string
  from?: string
  fromPort?: number
  to?: string
  port?: number
  proto?: string
  duration?: number | undefined
  out?: number | undefined
  in?: number | undefined
  state?: string
  history?: string
  missed?: number
  /** Packets and IP bytes of originator and responder; a log has these fields when any of its entries has. */
  packets?: [number, number, number, number]
  /** local_orig and local_resp. */
  local?: [boolean | undefined, boolean | undefined]
}

const valuesOf = (conn: Conn): Record<string, string | number | boolean | undefined> => ({
  ts: conn.ts,
  uid: conn.uid ?? `C${conn.ts}`,
  'id.orig_h': conn.from ?? HOST,
  'id.orig_p': conn.fromPort ?? 50_000,
  'id.resp_h': conn.to ?? '198.51.100.7',
  'id.resp_p': conn.port ?? 443,
  proto: conn.proto ?? 'tcp',
  service: 'ssl',
  duration: 'duration' in conn ? conn.duration : 1,
  orig_bytes: 'out' in conn ? conn.out : 1_000,
  resp_bytes: 'in' in conn ? conn.in : 4_000,
  conn_state: conn.state ?? 'SF',
  local_orig: conn.local ? conn.local[0] : true,
  missed_bytes: conn.missed ?? 0,
  history: conn.history ?? 'ShADadFf',
  ...(conn.local ? { local_resp: conn.local[1] } : {}),
  ...(conn.packets
    ? {
        orig_pkts: conn.packets[0],
        orig_ip_bytes: conn.packets[1],
        resp_pkts: conn.packets[2],
        resp_ip_bytes: conn.packets[3],
      }
    : {}),
})
const PACKET_FIELDS = ['local_resp', 'orig_pkts', 'orig_ip_bytes', 'resp_pkts', 'resp_ip_bytes']

/** A whole TSV log; `more` are labels or the like after Zeek's own columns. */
export function zeekTsv(conns: Conn[], more: Record<string, string> = {}, path = 'conn'): string {
  const packets = conns.some((conn) => conn.packets ?? conn.local) ? PACKET_FIELDS : []
  const fields = [...ZEEK_FIELDS, ...packets, ...Object.keys(more)]
  const header = [
    '#separator \\x09',
    '#set_separator\t,',
    '#empty_field\t(empty)',
    '#unset_field\t-',
    `#path\t${path}`,
    '#open\t2026-03-02-10-00-00',
    `#fields\t${fields.join('\t')}`,
    `#types\t${fields.map(() => 'string').join('\t')}`,
  ]
  const rows = conns.map((conn) => {
    const values: Record<string, string | number | boolean | undefined> = {
      ...valuesOf(conn),
      tunnel_parents: '(empty)',
      ...more,
    }
    return fields
      .map((field) => {
        const value = values[field]
        return value === undefined
          ? '-'
          : typeof value === 'boolean'
            ? (value && 'T') || 'F'
            : `${value}`
      })
      .join('\t')
  })
  return [...header, ...rows, '#close\t2026-03-02-11-00-00', ''].join('\n')
}

/** JSON lines; `keys` are Zeek's own (id.orig_h), with underscores, or in an object. */
export function zeekJson(conns: Conn[], keys: 'dots' | 'underscores' | 'object' = 'dots'): string {
  return conns
    .map((conn) => {
      const values = valuesOf(conn)
      const line: Record<string, unknown> = {}
      const id: Record<string, unknown> = {}
      for (const [key, value] of Object.entries(values))
        if (keys === 'dots' || !key.startsWith('id.')) line[key] = value
        else if (keys === 'underscores') line[key.replace('.', '_')] = value
        else id[key.slice(3)] = value
      if (keys === 'object') line['id'] = id
      return JSON.stringify(line)
    })
    .join('\n')
}

export const sslJson = (entries: { uid: string; name?: string }[]): string =>
  entries
    .map(({ uid, name }) =>
      JSON.stringify({
        '@stream': 'ssl',
        ts: T0,
        uid,
        id_orig_h: HOST,
        id_orig_p: 1,
        id_resp_h: '198.51.100.7',
        id_resp_p: 443,
        server_name: name,
      }),
    )
    .join('\n')
