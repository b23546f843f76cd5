// Where the hot path finds what a flow record says, without making an object of it.

/** u32 words of the flow record (FLOW_AT, in words of 4 bytes). */
export const W = {
  idLow: 4,
  idHigh: 5,
  outLow: 6,
  outHigh: 7,
  inLow: 8,
  inHigh: 9,
  epoch: 10,
  pid: 11,
  pidversion: 12,
  flags: 13,
  address: 14,
  /** remote port | local port << 16 */
  ports: 18,
  /** protocol | direction << 8 | state << 16 */
  kind: 19,
} as const

const TWO_32 = 4_294_967_296

/** Bytes out of the flow record at word `w`. */
export const outOf = (words: Uint32Array, w: number): number =>
  (words[w + W.outHigh] as number) * TWO_32 + (words[w + W.outLow] as number)

export const inOf = (words: Uint32Array, w: number): number =>
  (words[w + W.inHigh] as number) * TWO_32 + (words[w + W.inLow] as number)

/** CODE flow_state. */
export const stateOf = (words: Uint32Array, w: number): number =>
  ((words[w + W.kind] as number) >>> 16) & 0xff
