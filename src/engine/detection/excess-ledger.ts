// Brings what flows send beyond an answer to the sums of their program: one at each destination whatever the port, and one over all
// of them on its first day, later over those that are new to it.
import type { Baseline } from '../../baseline/baseline.ts'
import { SUM_HOURS } from '../../baseline/sums.ts'
import { turnUsual } from '../../baseline/usual.ts'
import { type Clock, wallNowMs } from '../clock.ts'
import type { FlowRows } from '../flow/flow-rows.ts'
import { D, F, FLOW_DOUBLES, FLOW_WORDS } from '../flow/flow-table.ts'
import type { Pair, PairTable } from '../pair/pair-table.ts'
import { excessOf, RATIO } from './excess.ts'
import { createLastingHours } from './lasting-hours.ts'
import { L, LINE_DOUBLES, LINE_WORDS, type PairLines, W } from './pair-lines.ts'
import { createSumTable, type SumTable } from './sum-table.ts'

const DAY_MS = 86_400_000

export type ExcessLedger = {
  /** The flow has come to a pair: what it moves from now on for its present owner counts, and what no pair, nor an earlier engine, had. */
  began(flow: number): void
  /** A report of `flow`, which is of the pair in `slot`. */
  count(slot: number, flow: number): void
  /** The pair in `slot` is new there. */
  pairAdded(slot: number): void
  /** The pair in `slot` had the key `former`, or took the one that had it. */
  renamed(former: string, slot: number): void
  /**
   * Bytes in 24 full hours: of the program at that destination, and of the program, where it is new or its destinations are. In
   * `into` by SUM.
   */
  read(slot: number, into: Float64Array): void
  /** What is sent there counts for the program as well: it is new, or the destination is. */
  countsForProgram(slot: number): boolean
  /** The program has sent there for more than a day. */
  isKnownDestination(slot: number): boolean
  /** Takes up what an earlier engine left. */
  seed(): void
  /** Puts what changed into the baseline. */
  store(): void
}

/** Where each of a pair's sums is: soft behind hard. */
export const SUM = { placeHard: 0, placeSoft: 1, programHard: 2, programSoft: 3 } as const
export const SUM_COUNT = 4

/** No slot. */
const NONE = 0xffff_ffff

/** `<identity>\n<destination>` without the port. */
export function placeOf(pairKey: string): string {
  const port = pairKey.lastIndexOf(':')
  // A peer that was served ends in a word: it has no port.
  return /^\d+$/.test(pairKey.slice(port + 1)) ? pairKey.slice(0, port) : pairKey
}

export function createExcessLedger(parts: {
  baseline: Baseline
  clock: Clock
  rows: FlowRows
  pairs: PairTable
  lines: PairLines
}): ExcessLedger {
  const { baseline, clock, rows, pairs } = parts
  const { f64: lines, u32: words } = parts.lines
  /** Most excess that each flow had so far, hard and soft: a later download takes nothing back. */
  const most = new Float64Array(2 * rows.table.capacity)
  const places = createSumTable(pairs.capacity)
  const programs = createSumTable(pairs.capacity)
  const lasting = createLastingHours(baseline, clock)
  const { hour } = lasting

  const pairAt = (slot: number): Pair => pairs.meta[slot] as Pair
  const place = (slot: number): number => {
    const base = slot * LINE_WORDS
    const known = words[base + W.place] as number
    if (known !== NONE && places.generations[known] === words[base + W.placeGeneration])
      return known
    const made = places.take(placeOf(pairAt(slot).key), hour())
    words[base + W.place] = made
    words[base + W.placeGeneration] = places.generations[made] as number
    return made
  }
  const program = (slot: number): number => {
    const base = slot * LINE_WORDS
    const known = words[base + W.program] as number
    if (known !== NONE && programs.generations[known] === words[base + W.programGeneration])
      return known
    const made = programs.take(pairAt(slot).identity.stored.key, hour())
    words[base + W.program] = made
    words[base + W.programGeneration] = programs.generations[made] as number
    return made
  }
  const look = (slot: number): void => {
    const { identity, destination } = pairAt(slot)
    const first = baseline.destination(identity.stored.key, destination.view.key)?.firstAt
    lines[slot * LINE_DOUBLES + L.knownFromMs] =
      first === undefined ? Number.POSITIVE_INFINITY : Number(first) / 1e6 + DAY_MS
    words[slot * LINE_WORDS + W.place] = NONE
    words[slot * LINE_WORDS + W.program] = NONE
  }
  const isKnownDestination = (slot: number): boolean =>
    wallNowMs(clock) >= (lines[slot * LINE_DOUBLES + L.knownFromMs] as number)
  const countsForProgram = (slot: number): boolean =>
    !isKnownDestination(slot) ||
    !(wallNowMs(clock) - pairAt(slot).identity.firstNetworkMs >= DAY_MS)

  const protocolOf = (flow: number): number =>
    ((rows.table.u32[flow * FLOW_WORDS + F.remote] as number) >>> 16) & 0xff
  /** Reports of before an engine's end come again: a flow is as far as was told of it then. */
  const reached = (flow: number, counter: number, told: number): number => {
    const base = flow * FLOW_DOUBLES
    return Math.max(rows.table.f64[base + counter] as number, rows.table.f64[base + told] as number)
  }
  /** A table's part of what is stored. */
  const storeAll = (table: SumTable, split: (name: string) => [string, string]): void =>
    table.store({
      put(name, hours) {
        const [program, destination] = split(name)
        baseline.sums.put({ program, destination, hours })
      },
      drop(name) {
        baseline.sums.drop(...split(name))
      },
    })

  return {
    // What is in the numbers of its pair, or was in an earlier engine's, is in the sums. The most excess that it had is not
    // carried, so a flow that fell below it by a download counts up to it once more: too much by no more than it sent anew.
    began(flow) {
      const since = rows.sinceOf(flow)
      const out = reached(flow, D.countedOut, D.toldOut) - since.out
      const bytesIn = reached(flow, D.countedIn, D.toldIn) - since.in
      const protocol = protocolOf(flow)
      most[2 * flow] = Math.floor(excessOf(out, bytesIn, protocol, RATIO.hard))
      most[2 * flow + 1] = Math.floor(excessOf(out, bytesIn, protocol, RATIO.soft))
    },
    count(slot, flow) {
      const since = rows.sinceOf(flow)
      const out = reached(flow, D.out, D.toldOut) - since.out
      const bytesIn = reached(flow, D.in, D.toldIn) - since.in
      const protocol = protocolOf(flow)
      const at = 2 * flow
      const hard = Math.floor(excessOf(out, bytesIn, protocol, RATIO.hard))
      const soft = Math.floor(excessOf(out, bytesIn, protocol, RATIO.soft))
      const moreHard = Math.max(0, hard - (most[at] as number))
      const moreSoft = Math.max(0, soft - (most[at + 1] as number))
      if (moreHard === 0 && moreSoft === 0) return
      most[at] = (most[at] as number) + moreHard
      most[at + 1] = (most[at + 1] as number) + moreSoft
      const now = hour()
      places.add(place(slot), now, moreHard, moreSoft)
      const { usual } = pairAt(slot).identity.history
      turnUsual(usual, Math.floor(wallNowMs(clock) / DAY_MS))
      usual.hard += moreHard
      usual.soft += moreSoft
      if (countsForProgram(slot)) programs.add(program(slot), now, moreHard, moreSoft)
    },
    pairAdded: look,
    renamed(former, slot) {
      const { key, identity } = pairAt(slot)
      const from = placeOf(former)
      const before = places.take(from, hour())
      const [hard, soft] = [places.hard(before, hour()), places.soft(before, hour())]
      places.rename(from, placeOf(key), hour())
      look(slot)
      // Counted for the program that it was taken for: it is this one's.
      if (countsForProgram(slot))
        programs.add(programs.take(identity.stored.key, hour()), hour(), hard, soft)
    },
    read(slot, into) {
      const now = hour()
      places.read(place(slot), now, into, SUM.placeHard)
      programs.read(program(slot), now, into, SUM.programHard)
    },
    countsForProgram,
    isKnownDestination,
    seed() {
      lasting.seed()
      for (const { program, destination, hours } of baseline.sums.all()) {
        const own = hours.filter((one) => one.hour > hour() - SUM_HOURS)
        if (own.length === 0) baseline.sums.drop(program, destination)
        else if (destination === '') programs.seed(program, own)
        else places.seed(`${program}\n${destination}`, own)
      }
    },
    store() {
      storeAll(places, (name) => {
        const end = name.lastIndexOf('\n')
        return [name.slice(0, end), name.slice(end + 1)]
      })
      storeAll(programs, (name) => [name, ''])
      lasting.store()
    },
  }
}
