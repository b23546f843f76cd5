// An entry of conn.log: one connection, written when it is over.
import { formatAddress, parseAddress } from '../engine/address.ts'
import { textOf, wholeOf } from './json.ts'
import { MalformedLine } from './malformed.ts'
import { timeToUs } from './time.ts'
import type { ZeekLine } from './zeek-line.ts'

export type ConnEntry = {
  uid: string
  startUs: number
  durationUs: number
  /** In the form of formatAddress. */
  originator: string
  /** 16 bytes each. */
  originatorAddress: Uint8Array
  responderAddress: Uint8Array
  originatorPort: number
  responderPort: number
  /** IANA number; undefined for one that is neither TCP nor UDP. */
  protocol: 6 | 17 | undefined
  bytesOut: number
  bytesIn: number
  /** There was no connection, so no bytes: nothing but a handshake that nobody answered, or was refused. */
  isUnanswered: boolean
  /** The log has no byte counts for a connection that there was. */
  isUncounted: boolean
  /** Its end was not seen. */
  isOpenEnded: boolean
}

/** Longest connection that is believed; longer ones are cut to it. */
export const DURATION_MAX_US = 366 * 86_400 * 1_000_000
const BYTES_MAX = Number.MAX_SAFE_INTEGER

/**
 * States of TCP in which no handshake came about (Zeek's manual, conn.log): SYN without an answer, SYN refused,
 * SYN then RST or FIN without a SYN-ACK. UDP has no handshake: there S0 is sending and getting nothing back.
 */
const UNANSWERED = new Set(['S0', 'REJ', 'RSTOS0', 'SH'])
/** Established and neither closed nor reset as far as was seen; half closed; midstream. */
const OPEN_ENDED = new Set(['S1', 'S2', 'S3', 'OTH'])

/** What no other log of Zeek's has. */
const CONN_FIELDS = ['conn_state', 'orig_bytes', 'resp_bytes', 'orig_pkts', 'orig_ip_bytes']

/** Whether an entry is of the conn log, by what the log says of itself or else by its fields. */
export const isConn = (line: ZeekLine): boolean =>
  line.path === undefined
    ? CONN_FIELDS.some((field) => line.get(field) !== undefined)
    : line.path === 'conn'

/** Throws MalformedLine, naming the field. */
export function connOf(line: ZeekLine): ConnEntry {
  const startUs = timeToUs(line.get('ts'))
  if (startUs === undefined) throw new MalformedLine('ts is no time')
  const originator = hostOf(line, 'id.orig_h')
  const state = textOf(line.get('conn_state'))
  const proto = textOf(line.get('proto')).toLowerCase()
  const protocol = proto === 'tcp' ? 6 : proto === 'udp' ? 17 : undefined
  const durationUs = durationOf(line.get('duration'))
  const bytesOut = countOf(line, 'orig_bytes')
  const bytesIn = countOf(line, 'resp_bytes')
  const isUnanswered = protocol === 6 && UNANSWERED.has(state)
  return {
    uid: textOf(line.get('uid')),
    startUs,
    durationUs,
    originator: originator.name,
    originatorAddress: originator.address,
    responderAddress: hostOf(line, 'id.resp_h').address,
    originatorPort: portOf(line, 'id.orig_p'),
    responderPort: portOf(line, 'id.resp_p'),
    protocol,
    bytesOut: isUnanswered ? 0 : (bytesOut ?? 0),
    bytesIn: isUnanswered ? 0 : (bytesIn ?? 0),
    isUnanswered,
    isUncounted: !isUnanswered && bytesOut === undefined && bytesIn === undefined,
    isOpenEnded: OPEN_ENDED.has(state),
  }
}

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

/** undefined when it is unset. */
function countOf(line: ZeekLine, name: string): number | undefined {
  const value = line.get(name)
  if (value === undefined || value === null) return undefined
  const count = wholeOf(value, BYTES_MAX)
  if (count === undefined) throw new MalformedLine(`${name} is no count of bytes`)
  return count
}

function durationOf(value: unknown): number {
  if (value === undefined || value === null) return 0
  const seconds =
    typeof value === 'string' && /^[0-9]{1,12}(\.[0-9]{1,12})?$/.test(value) ? Number(value) : value
  if (typeof seconds !== 'number' || !(seconds >= 0)) throw new MalformedLine('duration is no time')
  return Math.min(Math.round(seconds * 1e6), DURATION_MAX_US)
}

/** An entry of ssl.log: the host name that the client asked for, by the connection's uid; undefined without one. */
export function serverNameOf(line: ZeekLine): { uid: string; name: string } | undefined {
  const uid = textOf(line.get('uid'))
  const name = textOf(line.get('server_name'))
  if (timeToUs(line.get('ts')) === undefined) throw new MalformedLine('ts is no time')
  return uid !== '' && /^[A-Za-z0-9_-]([A-Za-z0-9._-]{0,253}[A-Za-z0-9_-])?\.?$/.test(name)
    ? { uid, name }
    : undefined
}
