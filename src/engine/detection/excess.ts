// Excess bytes of a flow: what it sent beyond what its handshake and what came back explain. Pure.
//
// The analytic (MITRE ATT&CK AN0032) is of data that goes out with little or nothing coming back. A ratio of sums says how
// one-sided a flow is and not how much went out so, and a download hides it. An excess is an amount: it adds up over flows,
// ports, hosts and hours, so spreading hides none of it.

const KIB = 1_024

/** What benign flows get back in a handshake at the median, bytes: TLS over TCP, and QUIC. */
export const TCP_HANDSHAKE_BYTES = 6 * KIB
export const UDP_HANDSHAKE_BYTES = 7 * KIB
/** What a handshake itself sends, where it is answered. */
const OPENING_BYTES = 2 * KIB

const UDP = 17

/**
 * How many bytes out each byte in explains. `hard`: of what hardly answers three go for one, so that an answer's
 * acknowledgements are no dialogue. `soft`: half a byte, so that an upload with padded answers is left over all the same.
 */
export const RATIO = { hard: 3, soft: 0.5 } as const

/**
 * What went out beyond the opening, and beyond `ratio` times what came in beyond the answer of a handshake; bytes, 0 or
 * more. Never falls where more goes out, nor rises where more comes in.
 */
export function excessOf(out: number, bytesIn: number, protocol: number, ratio: number): number {
  const handshake = protocol === UDP ? UDP_HANDSHAKE_BYTES : TCP_HANDSHAKE_BYTES
  const answer = bytesIn > handshake ? bytesIn - handshake : 0
  const excess = out - Math.min(OPENING_BYTES, bytesIn) - ratio * answer
  return excess > 0 ? excess : 0
}
