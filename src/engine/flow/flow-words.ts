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
