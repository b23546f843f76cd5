// Numbers with a unit. A raw number becomes one where it enters, once, through its maker.

declare const unit: unique symbol
type Unit<T, Name extends string> = T & { readonly [unit]: Name }

/** Nanoseconds since 1970 UTC. bigint: doubles near today are 256 ns apart. */
export type UnixNs = Unit<bigint, 'UnixNs'>
/** A count of bytes, an integer in [0, 2^53). */
export type Bytes = Unit<number, 'Bytes'>
/** A process id, an integer in [0, 2^31); 0 when not known. */
export type Pid = Unit<number, 'Pid'>
/** A TCP or UDP port, an integer in [0, 65535]. */
export type Port = Unit<number, 'Port'>

/** Throws RangeError, naming `field`, unless 0 <= value < 2^63. */
export function unixNs(value: bigint, field: string): UnixNs {
  if (value < 0n || value >= 1n << 63n)
    throw new RangeError(`${field}: ${value} is not a time in ns`)
  return value as UnixNs
}

/** Throws RangeError, naming `field`, unless value is an integer in [0, 2^53). */
export function bytes(value: number, field: string): Bytes {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`${field}: ${value} is not a count of bytes`)
  return value as Bytes
}

/**
 * As `bytes`, of a sum: one that counters of a broken sensor or a forged log drive out of the range stands at its
 * end, since an engine that fails on it would be given the same again.
 */
export const bytesSum = (sum: number, field: string): Bytes =>
  bytes(Math.min(sum, Number.MAX_SAFE_INTEGER), field)

/** Throws RangeError, naming `field`, unless value is an integer in [0, 2^31). */
export function pid(value: number, field: string): Pid {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** 31)
    throw new RangeError(`${field}: ${value} is not a process id`)
  return value as Pid
}

/** Throws RangeError, naming `field`, unless value is an integer in [0, 65535]. */
export function port(value: number, field: string): Port {
  if (!Number.isInteger(value) || value < 0 || value > 65535)
    throw new RangeError(`${field}: ${value} is not a port`)
  return value as Port
}

/** Wall time now. Only the edges (cli, uplink, collector) may call it; the engine's time comes from records. */
export const nowUnixNs = (): UnixNs => (BigInt(Date.now()) * 1_000_000n) as UnixNs
