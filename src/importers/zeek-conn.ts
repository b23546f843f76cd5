// An entry of conn.log: one connection, written when it is over.
import { formatAddress, parseAddress } from '../engine/address.ts'
import { textOf, wholeOf } from './json.ts'
import { MalformedLine } from './malformed.ts'
import { relativeToUs, timeToUs } from './time.ts'
import type { ZeekClock } from './zeek-clock.ts'
import { isUnanswered, type Sent, sentBy } from './zeek-counts.ts'
import type { ZeekLine } from './zeek-line.ts'

export type ConnEntry = {
  /** Where the log names none: its start, protocol and ends, which two lines of one connection share. */
  uid: string
  startUs: number
  durationUs: number
  /** The log's duration is none: the connection is told in an instant. */
  isDurationLost: boolean
  originator: Endpoint
  responder: Endpoint
  /** IANA number; undefined for one that is neither TCP nor UDP. */
  protocol: 6 | 17 | undefined
  /** Nothing but a handshake that nobody answered, or that was refused. */
  isUnanswered: boolean
  /** Its end was not seen. */
  isOpenEnded: boolean
}

export type Endpoint = Host & {
  port: number
  sent: Sent
  /** By the monitor's own list of networks (local_orig, local_resp); undefined where the log does not say. */
  isLocal: boolean | undefined
}

/** Longest connection that is believed; longer ones are cut to it. */
export const DURATION_MAX_US = 366 * 86_400 * 1_000_000

/** Established and neither closed nor reset as far as was seen; half closed; midstream. */
const OPEN_ENDED = new Set(['S1', 'S2', 'S3', 'OTH'])

/** What no other log of Zeek's has. */
export const CONN_FIELDS = ['conn_state', 'orig_bytes', 'resp_bytes', 'orig_pkts', 'orig_ip_bytes']

/** Whether an entry is of the conn log, or of its kin (conn_long, conn_red and others): by its fields, whatever it is called. */
export const isConn = (line: ZeekLine): boolean =>
  line.path === 'conn' || CONN_FIELDS.some((field) => line.has(field))

/** Throws MalformedLine, naming the field. */
export function connOf(line: ZeekLine, clock: ZeekClock): ConnEntry {
  const startUs = clock.read(line.get('ts'))
  if (startUs === undefined) throw new MalformedLine('ts is no time')
  const originator = hostOf(line, 'id.orig_h')
  const responder = hostOf(line, 'id.resp_h')
  const state = textOf(line.get('conn_state'))
  const protocol = textOf(line.get('proto')).toLowerCase()
  const counted = {
    protocol,
    isIpv6: originator.name.includes(':'),
    state,
    history: textOf(line.get('history')),
  }
  const orig = sentBy('orig', line, counted)
  const resp = sentBy('resp', line, counted)
  const durationUs = durationOf(line.get('duration'))
  const ports = [portOf(line, 'id.orig_p'), portOf(line, 'id.resp_p')] as const
  const ends = `${originator.name} ${ports[0]} ${responder.name} ${ports[1]}`
  return {
    uid: textOf(line.get('uid')) || `${startUs} ${protocol} ${ends}`,
    startUs,
    durationUs: durationUs ?? 0,
    isDurationLost: durationUs === undefined,
    originator: {
      ...originator,
      port: ports[0],
      sent: orig,
      isLocal: flagOf(line.get('local_orig')),
    },
    responder: {
      ...responder,
      port: ports[1],
      sent: resp,
      isLocal: flagOf(line.get('local_resp')),
    },
    protocol: protocol === 'tcp' ? 6 : protocol === 'udp' ? 17 : undefined,
    isUnanswered: protocol === 'tcp' && isUnanswered(state) && orig.asOut === 0 && resp.asIn === 0,
    isOpenEnded: OPEN_ENDED.has(state),
  }
}

/** `name` in the form of formatAddress; 16 bytes. */
type Host = { name: string; address: Uint8Array }

/** A log names the same hosts over and over: read once each, and shared by the entries that wait. */
const hosts = new Map<string, Host>()
const HOSTS_MAX = 16_384

function hostOf(line: ZeekLine, field: string): Host {
  const text = textOf(line.get(field))
  const known = hosts.get(text)
  if (known) return known
  const address = parseAddress(text)
  if (address === undefined) throw new MalformedLine(`${field} is no address`)
  const host = { name: formatAddress(address), address }
  if (hosts.size >= HOSTS_MAX) hosts.clear()
  hosts.set(text, host)
  return host
}

function portOf(line: ZeekLine, name: string): number {
  const port = wholeOf(line.get(name), 65_535)
  if (port === undefined) throw new MalformedLine(`${name} is no port`)
  return port
}

/** TSV has T and F, pipelines also the words as text. */
const flagOf = (value: unknown): boolean | undefined => {
  const word = typeof value === 'boolean' ? `${value}` : textOf(value).toLowerCase()
  if (word === 't' || word === 'true') return true
  return word === 'f' || word === 'false' ? false : undefined
}

/** 0 when it is unset, undefined when it is there and is none: broken, or negative as packets out of order make it. */
function durationOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return 0
  const seconds =
    typeof value === 'string' && /^[0-9]{1,12}(\.[0-9]{1,12})?(e-?[0-9]{1,2})?$/i.test(value)
      ? Number(value)
      : value
  return typeof seconds === 'number' && seconds >= 0
    ? Math.min(Math.round(seconds * 1e6), DURATION_MAX_US)
    : undefined
}

/** An entry of ssl.log: the host name that the client asked for, by the connection's uid; undefined without one. */
export function serverNameOf(line: ZeekLine): { uid: string; name: string } | undefined {
  const uid = textOf(line.get('uid'))
  const name = textOf(line.get('server_name'))
  const ts = line.get('ts')
  if ((timeToUs(ts) ?? relativeToUs(ts)) === undefined) throw new MalformedLine('ts is no time')
  return uid !== '' && /^[A-Za-z0-9_-]([A-Za-z0-9._-]{0,253}[A-Za-z0-9_-])?\.?$/.test(name)
    ? { uid, name }
    : undefined
}
