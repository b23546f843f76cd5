// Time as the records tell it: monotonic since boot, and the wall clock by the last mark.
import type { UnixNs } from '../units.ts'

export type Clock = {
  /** The latest time of any record, ms since boot. Never goes back within a boot. */
  nowMs: number
  /** at_ns of the record in hand. */
  recordLow: number
  recordHigh: number
  /** Wall clock minus time since boot, ns; 0 until a record tells. */
  readonly offsetNs: bigint
  /** The same, ms: each report asks for it. */
  readonly offsetMs: number
  /** UUID of this boot, 32 hex digits; empty until a mark tells. */
  bootId: string
}

export const createClock = (): Clock => ({
  nowMs: 0,
  recordLow: 0,
  recordHigh: 0,
  offsetNs: 0n,
  offsetMs: 0,
  bootId: '',
})

/** A record told the wall clock. */
export function setOffset(clock: Clock, offsetNs: bigint): void {
  Object.assign(clock, { offsetNs, offsetMs: Number(offsetNs) / 1e6 })
}

/** 60 bits of the boot's id: a fact is a whole number of 64, with a sign. REQUIRES: a mark told it. */
export const bootNumber = (clock: Clock): bigint => BigInt(`0x${clock.bootId.slice(0, 15)}`)

const clamped = (ns: bigint): UnixNs => (ns < 0n ? 0n : ns) as UnixNs

/** at_ns of the record in hand. */
export const recordNs = (clock: Clock): bigint =>
  (BigInt(clock.recordHigh) << 32n) | BigInt(clock.recordLow)

/** Wall time of ns since boot. Times of before 1970 become 1970: a clock that was never set. */
export const wallOfNs = (clock: Clock, sinceBootNs: bigint): UnixNs =>
  clamped(sinceBootNs + clock.offsetNs)

/** Wall time of ms since boot, to the microsecond. */
export const wallOfMs = (clock: Clock, sinceBootMs: number): UnixNs =>
  wallOfNs(clock, BigInt(Math.round(sinceBootMs * 1000)) * 1000n)

/** Wall time now. */
export const wallNow = (clock: Clock): UnixNs => wallOfMs(clock, clock.nowMs)

/** Wall time now, ms since 1970. */
export const wallNowMs = (clock: Clock): number => clock.nowMs + clock.offsetMs

/** Days since 1970 (UTC). */
export const today = (clock: Clock): number => Math.floor(wallNowMs(clock) / 86_400_000)
