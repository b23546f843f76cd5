// Flows with what does not fit their rows: whose they are, what name they asked for, who made their sockets.

import { Direction, Source } from '../../records/record.gen.ts'
import type { IdentityState, ImageName, Process } from '../process/process.ts'
import { D, F, FLOW_DOUBLES, FLOW_WORDS, FlowBit, type FlowTable, NO_PAIR } from './flow-table.ts'

const TCP = 6
/** Linux gives connecting sockets ports from here on (ip_local_port_range), macOS from 49152. */
const EPHEMERAL_FROM = 32_768
/**
 * They look once a second and see seldom who connects: a program may listen where it sends from, and choose both ports.
 * Others miss only what began before they did.
 */
const SELDOM_SEE = new Set<number>([Source.networkStatistics, Source.nettop])

/** Counters of a flow at one moment. */
export type Since = { readonly out: number; readonly in: number }
const FROM_THE_FIRST: Since = { out: 0, in: 0 }

/** Who gave a flow away: the process may not be known yet. */
export type Giver = { name: ImageName; process: Process | undefined }

export type FlowRows = {
  readonly table: FlowTable
  /** By slot. */
  readonly processOf: (Process | undefined)[]
  readonly identityOf: (IdentityState | undefined)[]
  readonly hostnameOf: (string | undefined)[]
  /** Who had it last before the present owner; undefined: nobody, or that was noted. */
  readonly giverOf: (Giver | undefined)[]
  /** Whose it was first, where it has changed hands. */
  readonly firstOf: (ImageName | undefined)[]
  /** Who made the socket, where that is not the flow's own process. */
  readonly makerOf: (ImageName | undefined)[]
  /** The counters from which on it is its owner's. Few flows change hands, so most have none: all is. */
  sinceOf(slot: number): Since
  setSince(slot: number, since: Since): void
  /** What the flow moved up to these counters is counted, or never will be. */
  takeFrom(slot: number, out: number, bytesIn: number): void
  /** What it moved for the process that has it now. */
  ownOut(slot: number): number
  ownIn(slot: number): number
  /** 16 bytes, a view into the table. */
  addressOf(slot: number): Uint8Array
  isTcp(slot: number): boolean
  /** The other side made it, as was seen or as its ports look. */
  isInbound(slot: number): boolean
  /** The same, and no program can have chosen that it looks so. */
  isAccepted(slot: number): boolean
  hasBit(slot: number, bit: number): boolean
  setBit(slot: number, bit: number): void
  clearBit(slot: number, bit: number): void
  /** Slot of the pair that has its bytes, or -1: it has none, or that pair left the table. */
  pairOf(slot: number): number
  /** Takes a flow out of the table. */
  remove(slot: number): void
}

/** `pairGenerationOf`: of a slot of the table of pairs, which rises whenever the slot is freed. */
export function createFlowRows(
  table: FlowTable,
  pairGenerationOf: (pair: number) => number,
): FlowRows {
  const { u32, f64, u8 } = table
  const processOf: (Process | undefined)[] = new Array(table.capacity).fill(undefined)
  const identityOf: (IdentityState | undefined)[] = new Array(table.capacity).fill(undefined)
  const hostnameOf: (string | undefined)[] = new Array(table.capacity).fill(undefined)
  const makerOf: (ImageName | undefined)[] = new Array(table.capacity).fill(undefined)
  const giverOf: (Giver | undefined)[] = new Array(table.capacity).fill(undefined)
  const firstOf: (ImageName | undefined)[] = new Array(table.capacity).fill(undefined)
  const since = new Map<number, Since>()
  const bitsAt = (slot: number): number => slot * FLOW_WORDS + F.bits
  // Each report asks: the bit lies beside what it reads anyway.
  const sinceOf = (slot: number): Since =>
    ((u32[bitsAt(slot)] as number) & FlowBit.since) === 0
      ? FROM_THE_FIRST
      : (since.get(slot) ?? FROM_THE_FIRST)
  return {
    table,
    processOf,
    identityOf,
    hostnameOf,
    makerOf,
    giverOf,
    firstOf,
    sinceOf,
    setSince(slot, counters) {
      const at = bitsAt(slot)
      if (counters.out + counters.in === 0) {
        since.delete(slot)
        u32[at] = (u32[at] as number) & ~FlowBit.since
      } else {
        since.set(slot, counters)
        u32[at] = (u32[at] as number) | FlowBit.since
      }
    },
    takeFrom(slot, out, bytesIn) {
      const base = slot * FLOW_DOUBLES
      f64[base + D.out] = f64[base + D.countedOut] = out
      f64[base + D.in] = f64[base + D.countedIn] = bytesIn
    },
    ownOut: (slot) => (f64[slot * FLOW_DOUBLES + D.out] as number) - sinceOf(slot).out,
    ownIn: (slot) => (f64[slot * FLOW_DOUBLES + D.in] as number) - sinceOf(slot).in,
    addressOf(slot) {
      const at = (slot * FLOW_WORDS + F.address) * 4
      return u8.subarray(at, at + 16)
    },
    isTcp: (slot) => (((u32[slot * FLOW_WORDS + F.remote] as number) >>> 16) & 0xff) === TCP,
    isInbound(slot) {
      const row = slot * FLOW_WORDS
      const direction = (u32[row + F.localPort] as number) >>> 16
      if (direction !== Direction.unknown) return direction === Direction.inbound
      // Nobody saw it being made: the side with the ephemeral port made it.
      const localPort = (u32[row + F.localPort] as number) & 0xffff
      const remotePort = (u32[row + F.remote] as number) & 0xffff
      return localPort < EPHEMERAL_FROM && remotePort >= EPHEMERAL_FROM
    },
    isAccepted(slot) {
      const row = slot * FLOW_WORDS
      const direction = (u32[row + F.localPort] as number) >>> 16
      const source = (u32[row + F.remote] as number) >>> 24
      const isSure = direction !== Direction.unknown || !SELDOM_SEE.has(source)
      return isSure && this.isInbound(slot)
    },
    hasBit: (slot, bit) => ((u32[bitsAt(slot)] as number) & bit) !== 0,
    setBit(slot, bit) {
      u32[bitsAt(slot)] = (u32[bitsAt(slot)] as number) | bit
    },
    clearBit(slot, bit) {
      u32[bitsAt(slot)] = (u32[bitsAt(slot)] as number) & ~bit
    },
    pairOf(slot) {
      const row = slot * FLOW_WORDS
      const pair = u32[row + F.pair] as number
      if (pair === NO_PAIR) return -1
      return pairGenerationOf(pair) === u32[row + F.pairGeneration] ? pair : -1
    },
    remove(slot) {
      processOf[slot] = undefined
      identityOf[slot] = undefined
      hostnameOf[slot] = undefined
      makerOf[slot] = undefined
      giverOf[slot] = undefined
      firstOf[slot] = undefined
      since.delete(slot)
      table.remove(slot)
    },
  }
}
