// How many bytes a side of a connection sent, as far as a Zeek log can be believed. Its byte counts come from TCP's
// sequence numbers, which a retransmitted SYN-ACK or a broken peer sets to anything (zeek/zeek#3313: 1.6 GB for 56
// packets, and any sender can cause it); its packet counts come from the packets, and its history from their kinds.
import { wholeOf } from './json.ts'
import { MalformedLine } from './malformed.ts'
import type { ZeekLine } from './zeek-line.ts'

export type Side = 'orig' | 'resp'

export type Sent = {
  /** As the log counts; undefined where it does not. */
  said: number | undefined
  /** Where the side is the host itself: as much as its packets can have borne, or were missed of it. */
  asOut: number
  /** Where the side answers the host: no more than was seen and as much again, which a monitor may have lost. */
  asIn: number
}

/**
 * States of TCP in which Zeek saw no SYN-ACK (its manual, conn.log). That says nothing of what passed where a monitor
 * sees one direction alone, or loses packets: of 111 such connections in two desktops' days 99 were answered.
 */
const UNANSWERED = new Set(['S0', 'REJ', 'RSTOS0', 'SH'])

const BYTES_MAX = Number.MAX_SAFE_INTEGER

export const isUnanswered = (state: string): boolean => UNANSWERED.has(state)

/** Headers of a packet over IPv4, at least; and at most, with all of TCP's options. */
const HEADER_MIN = { tcp: 40, udp: 28 }
const HEADER_MAX = { tcp: 80, udp: 28 }
const IPV6_MORE = 20
/** Payload of the largest packet: with segmentation offload a monitor sees such, and IP lengths of 0 with some. */
const PAYLOAD_MAX = 65_535 - HEADER_MIN.tcp

/**
 * An answer that was not seen hides an upload, so it is believed for as much again as was seen and no further. Zeek's
 * own alarm (CaptureLoss) is at a tenth lost; in the days of two desktops whose monitor lost packets one count in 20
 * says more than this, and no alert came or went by it.
 */
const UNSEEN_TIMES = 2

/** Letters of history that a side's data leave: payload, retransmitted payload, a gap in it. */
const DATA = { orig: /[DTG]/, resp: /[dtg]/ }
const GAP = { orig: 'G', resp: 'g' }

export type Counted = {
  /** As the log has it: tcp, udp or another. */
  protocol: string
  isIpv6: boolean
  /** conn_state and history; empty when unset. */
  state: string
  history: string
}

/** Throws MalformedLine, naming the field. */
export function sentBy(side: Side, line: ZeekLine, conn: Counted): Sent {
  const said = bytesOf(line, `${side}_bytes`)
  const packets = packetsOf(side, line)
  const of = conn.protocol === 'tcp' ? 'tcp' : 'udp'
  const more = conn.isIpv6 ? IPV6_MORE : 0
  const payload = (header: number): number =>
    packets === undefined ? 0 : Math.max(packets.ipBytes - packets.count * (header + more), 0)
  const atLeast = payload(HEADER_MAX[of])

  if (said === undefined) return { said, asOut: atLeast, asIn: atLeast }
  if (of === 'udp') return { said, asOut: said, asIn: said }
  const hasData = DATA[side].test(conn.history) || atLeast > 0
  if (isUnanswered(conn.state) && !hasData) return { said: 0, asOut: 0, asIn: 0 }

  const gap = gapOf(side, wholeOf(line.get('missed_bytes'), BYTES_MAX) ?? 0, conn.history)
  const seen = payload(HEADER_MIN.tcp)
  const byPackets = packets === undefined ? BYTES_MAX : Math.max(packets.count * PAYLOAD_MAX, seen)
  // Where a handshake was seen Zeek puts the stream together: what it did not miss it had.
  const isWhole = packets === undefined || (/h/i.test(conn.history) && /s/i.test(conn.history))
  const had = Math.min(Math.max(said - gap, seen), isWhole ? byPackets : seen)
  return {
    said,
    asOut: Math.min(said, byPackets + gap),
    asIn: Math.min(said, had * UNSEEN_TIMES),
  }
}

/** undefined where the log does not count packets, as Zeek does unless it is told not to. */
function packetsOf(side: Side, line: ZeekLine): { count: number; ipBytes: number } | undefined {
  const count = wholeOf(line.get(`${side}_pkts`), BYTES_MAX)
  const ipBytes = wholeOf(line.get(`${side}_ip_bytes`), BYTES_MAX)
  return count === undefined || ipBytes === undefined ? undefined : { count, ipBytes }
}

/** Of the connection's missed bytes those that may be this side's: all, unless history has the other's gaps alone. */
function gapOf(side: Side, missed: number, history: string): number {
  const isTold = history.includes(GAP.orig) || history.includes(GAP.resp)
  return isTold && !history.includes(GAP[side]) ? 0 : missed
}

/** undefined when it is unset. */
function bytesOf(line: ZeekLine, name: string): number | undefined {
  const value = line.get(name)
  if (value === undefined || value === null) return undefined
  const bytes = wholeOf(value, BYTES_MAX)
  if (bytes === undefined) throw new MalformedLine(`${name} is no count of bytes`)
  return bytes
}
