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
import { createSumTable, type SumPlace, type SumTable } from './sum-table.ts'

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
  /** Bytes in 24 full hours of the program at that destination. */
  placeHard(slot: number): number
  placeSoft(slot: number): number
  /** And of the program, where it is new or its destinations are. */
  programHard(slot: number): number
  programSoft(slot: number): number
  /** The largest of the four. */
  most(slot: number): number
  /** What is sent there counts for the program as well: it is new, or the destination is. */
  countsForProgram(slot: number): boolean
  /** The program has sent there for more than a day. */
  isKnownDestination(slot: number): boolean
  /** Takes up what an earlier engine left. */
  seed(): void
  /** Puts what changed into the baseline. */
  store(): void
}

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
}): ExcessLedger {
  const { baseline, clock, rows, pairs } = parts
  const flows = rows.table.capacity
  /** Most excess that each flow had so far: a later download takes nothing back. */
  const hardOf = new Float64Array(flows)
  const softOf = new Float64Array(flows)
  const places = createSumTable(pairs.capacity)
  const programs = createSumTable(pairs.capacity)
  /** By slot of the pair. */
  const placeAt: (SumPlace | undefined)[] = []
  const programAt: (SumPlace | undefined)[] = []
  const knownFromMs = new Float64Array(pairs.capacity)
  const lasting = createLastingHours(baseline, clock)
  const { hour } = lasting

  const pairAt = (slot: number): Pair => pairs.meta[slot] as Pair
  const place = (slot: number): SumPlace => {
    const known = placeAt[slot]
    if (known && places.isStill(known)) return known
    const made = places.take(placeOf(pairAt(slot).key), hour())
    placeAt[slot] = made
    return made
  }
  const program = (slot: number): SumPlace => {
    const known = programAt[slot]
    if (known && programs.isStill(known)) return known
    const made = programs.take(pairAt(slot).identity.stored.key, hour())
    programAt[slot] = made
    return made
  }
  const look = (slot: number): void => {
    const { identity, destination } = pairAt(slot)
    const first = baseline.destination(identity.stored.key, destination.view.key)?.firstAt
    knownFromMs[slot] =
      first === undefined ? Number.POSITIVE_INFINITY : Number(first) / 1e6 + DAY_MS
    placeAt[slot] = undefined
    programAt[slot] = undefined
  }
  const isKnownDestination = (slot: number): boolean =>
    wallNowMs(clock) >= (knownFromMs[slot] as number)
  const countsForProgram = (slot: number): boolean =>
    !isKnownDestination(slot) ||
    !(wallNowMs(clock) - pairAt(slot).identity.firstNetworkMs >= DAY_MS)

  const protocolOf = (flow: number): number =>
    ((rows.table.u32[flow * FLOW_WORDS + F.remote] as number) >>> 16) & 0xff
  const excess = (flow: number, out: number, bytesIn: number, ratio: number): number =>
    Math.floor(excessOf(out, bytesIn, protocolOf(flow), ratio))
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
      hardOf[flow] = excess(flow, out, bytesIn, RATIO.hard)
      softOf[flow] = excess(flow, out, bytesIn, RATIO.soft)
    },
    count(slot, flow) {
      const since = rows.sinceOf(flow)
      const out = reached(flow, D.out, D.toldOut) - since.out
      const bytesIn = reached(flow, D.in, D.toldIn) - since.in
      const hard = excess(flow, out, bytesIn, RATIO.hard)
      const soft = excess(flow, out, bytesIn, RATIO.soft)
      const moreHard = Math.max(0, hard - (hardOf[flow] as number))
      const moreSoft = Math.max(0, soft - (softOf[flow] as number))
      if (moreHard === 0 && moreSoft === 0) return
      hardOf[flow] = (hardOf[flow] as number) + moreHard
      softOf[flow] = (softOf[flow] as number) + moreSoft
      places.add(place(slot), hour(), moreHard, moreSoft)
      const { usual } = pairAt(slot).identity.history
      turnUsual(usual, Math.floor(wallNowMs(clock) / DAY_MS))
      usual.hard += moreHard
      usual.soft += moreSoft
      if (countsForProgram(slot)) programs.add(program(slot), hour(), moreHard, moreSoft)
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
    placeHard: (slot) => places.hard(place(slot), hour()),
    placeSoft: (slot) => places.soft(place(slot), hour()),
    programHard: (slot) => programs.hard(program(slot), hour()),
    programSoft: (slot) => programs.soft(program(slot), hour()),
    most: (slot) =>
      Math.max(places.most(place(slot), hour()), programs.most(program(slot), hour())),
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
