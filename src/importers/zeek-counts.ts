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
  /** Where the side is the host itself: as much as its packets can have borne, or were missed of it, and must have. */
  asOut: number
  /** Where the side answers the host: no more than was seen and as much again, which a monitor may have lost. */
  asIn: number
  /** The log's count is none; the packets tell. */
  isCountLost: boolean
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
const PAYLOAD_MAX = { tcp: 65_535 - HEADER_MIN.tcp, udp: 65_535 - HEADER_MIN.udp }

/**
 * An answer that was not seen hides an upload, so it is believed for as much again as was seen and no further. Zeek's
 * own alarm (CaptureLoss) is at a tenth lost; in the days of two desktops whose monitor lost packets one count in 20
 * says more than this, and no alert came or went by it.
 */
const UNSEEN_TIMES = 2

/**
 * Packets bear what was sent again as well, so a count is not believed only where it is under half of what they bore at
 * least: two counts of two desktops' days are, of 151 and 1,589 bytes.
 */
const SENT_AGAIN_TIMES = 2

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

/** Throws MalformedLine, naming the field, where neither the count of bytes nor those of packets are any. */
export function sentBy(side: Side, line: ZeekLine, conn: Counted): Sent {
  const packets = packetsOf(side, line)
  const count = bytesOf(line, `${side}_bytes`)
  if (count === 'none' && packets === undefined)
    throw new MalformedLine(`${side}_bytes is no count of bytes`)
  const isCountLost = count === 'none'
  const said = isCountLost ? undefined : count
  const of = conn.protocol === 'tcp' ? 'tcp' : 'udp'
  const more = conn.isIpv6 ? IPV6_MORE : 0
  const payload = (header: number): number =>
    packets === undefined ? 0 : Math.max(packets.ipBytes - packets.count * (header + more), 0)
  const atLeast = payload(HEADER_MAX[of])

  if (said === undefined || atLeast > said * SENT_AGAIN_TIMES)
    return { said, asOut: atLeast, asIn: atLeast, isCountLost }
  const seen = payload(HEADER_MIN[of])
  const byPackets =
    packets === undefined ? BYTES_MAX : Math.max(packets.count * PAYLOAD_MAX[of], seen)
  if (of === 'udp') {
    const bytes = Math.min(said, byPackets)
    return { said, asOut: bytes, asIn: bytes, isCountLost }
  }
  const hasData = DATA[side].test(conn.history) || atLeast > 0
  if (isUnanswered(conn.state) && !hasData) return { said: 0, asOut: 0, asIn: 0, isCountLost }

  const gap = gapOf(side, wholeOf(line.get('missed_bytes'), BYTES_MAX) ?? 0, conn.history)
  // Where a handshake was seen Zeek puts the stream together: what it did not miss it had.
  const isWhole = packets === undefined || (/h/i.test(conn.history) && /s/i.test(conn.history))
  const had = Math.min(Math.max(said - gap, seen), isWhole ? byPackets : seen)
  return {
    said,
    asOut: Math.min(said, byPackets + gap),
    asIn: Math.min(said, had * UNSEEN_TIMES),
    isCountLost,
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

/** undefined when it is unset, 'none' when it is there and is no count: negative, broken, or past what a number holds. */
function bytesOf(line: ZeekLine, name: string): number | 'none' | undefined {
  const value = line.get(name)
  return value === undefined || value === null ? undefined : (wholeOf(value, BYTES_MAX) ?? 'none')
}
