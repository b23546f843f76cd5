// Checked scalars of the codec, both ways.
import type { UnixNs } from '../units.ts'
import { SEQUENCE_MAX, StreamError } from './message.ts'
import { countFromWide, timeFromWide, type Wide, wideFromBigint, wideFromCount } from './wide.ts'

export const time = (value: UnixNs, field: string) => wideFromBigint(value, field)

/** 0 on the wire: not known, or not yet. */
export const optionalTime = (value: UnixNs | undefined, field: string) =>
  wideFromBigint(value ?? 0n, field)

export function optionalTimeFromWide(value: Wide, field: string): UnixNs | undefined {
  return timeFromWide(value, field) || undefined
}

export function u32(value: number, field: string): number {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff)
    throw new StreamError('out-of-range', `${field}: ${value} does not fit in 32 bits`)
  return value
}

/** Ten times what any score comes to: above it a device would only say that it is before all others. */
const POINTS_MAX = 1000

/** A score, or points of one. */
export const points = (value: number, field: string): number => within(value, POINTS_MAX, field)

/** The producer-consumer ratio of a flow. */
export const ratio = (value: number, field: string): number => within(value, 1, field)

/** NaN would compare as neither high nor low, and JSON has no word for it. */
export function finite(value: number, field: string): number {
  if (!Number.isFinite(value)) throw new StreamError('out-of-range', `${field}: ${value}`)
  return value
}

function within(value: number, most: number, field: string): number {
  if (Math.abs(value) <= most) return value
  throw new StreamError('out-of-range', `${field}: ${value}, at most ${most} either way`)
}

export function ranged<T>(
  make: (value: number, field: string) => T,
  value: number,
  field: string,
): T {
  try {
    return make(value, field)
  } catch (cause) {
    throw new StreamError('out-of-range', `${field}: ${value} is out of range`, { cause })
  }
}

export function bounded<T>(list: T[], max: number, field: string): T[] {
  if (list.length <= max) return list
  throw new StreamError('too-large', `${field}: ${list.length} elements, at most ${max}`)
}

export function oneOf<T extends string>(
  names: readonly T[],
  name: string | null | undefined,
  field: string,
): T {
  const found = names.find((known) => known === (name ?? ''))
  if (found === undefined) throw new StreamError('out-of-range', `${field}: "${name}" is not known`)
  return found
}

export function sequenceToWire(sequence: number, field: string) {
  if (sequence === 0) throw new StreamError('out-of-range', `${field}: sequences begin at 1`)
  return lastSequenceToWire(sequence, field)
}

/** 0: none. */
export function lastSequenceToWire(sequence: number, field: string) {
  return wideFromCount(inRange(sequence, field), field)
}

/** 0: none. */
export function lastSequenceFromWire(value: Wide, field: string): number {
  return inRange(countFromWide(value, field), field)
}

function inRange(sequence: number, field: string): number {
  if (sequence > SEQUENCE_MAX)
    throw new StreamError('out-of-range', `${field}: ${sequence} is above 2^48`)
  return sequence
}

export function sequenceFromWire(value: Wide, field: string): number {
  const sequence = lastSequenceFromWire(value, field)
  if (sequence === 0) throw new StreamError('missing', `${field}: sequences begin at 1`)
  return sequence
}
