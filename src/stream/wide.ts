// 64-bit integers between this code and protobufjs. A bigint given to protobufjs encodes silently as 0
// and a JavaScript number loses its low bits, so every 64-bit field passes through here, both ways.
// The codec is the only user.
import Long from 'long'
import { type Bytes, bytes, type UnixNs, unixNs } from '../units.ts'
import { StreamError } from './message.ts'

/** What protobufjs hands out for a 64-bit field; it is absent when zero. */
export type Wide = { readonly low: number; readonly high: number } | null | undefined

/** Throws StreamError out-of-range unless 0 <= value < 2^64. */
export function wideFromBigint(value: bigint, field: string): Long {
  if (value < 0n || value >= 1n << 64n)
    throw new StreamError('out-of-range', `${field}: ${value} does not fit in 64 bits`)
  return Long.fromBits(Number(value & 0xffff_ffffn), Number(value >> 32n), true)
}

/** Throws StreamError out-of-range unless value is an integer in [0, 2^53). */
export function wideFromCount(value: number, field: string): Long {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new StreamError('out-of-range', `${field}: ${value} is not a count below 2^53`)
  return Long.fromBits(value % 2 ** 32, Math.floor(value / 2 ** 32), true)
}

/** The full range, [0, 2^64). */
export function bigintFromWide(value: Wide): bigint {
  if (!value) return 0n
  return (BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0)
}

/** Throws StreamError out-of-range when value >= 2^53. */
export function countFromWide(value: Wide, field: string): Bytes {
  if (!value) return 0 as Bytes
  const high = value.high >>> 0
  if (high >= 2 ** 21)
    throw new StreamError('out-of-range', `${field}: ${bigintFromWide(value)} is not below 2^53`)
  return bytes(high * 2 ** 32 + (value.low >>> 0), field)
}

/** Throws StreamError out-of-range when value >= 2^63. */
export function timeFromWide(value: Wide, field: string): UnixNs {
  const ns = bigintFromWide(value)
  if (ns >= 1n << 63n) throw new StreamError('out-of-range', `${field}: ${ns} is not a time in ns`)
  return unixNs(ns, field)
}
