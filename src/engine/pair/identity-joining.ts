// What was counted under the identity that a program was taken for goes to the one that it is found to be: its pairs
// with their numbers, its open flows, its alerts.
import type { FlowRows } from '../flow/flow-rows.ts'
import { F, FLOW_WORDS, Phase } from '../flow/flow-table.ts'
import type { Correction, IdentityBook } from '../identity/identity-book-parts.ts'
import type { IdentityState, Process } from '../process/process.ts'
import type { JudgedPairs } from './handed-pairs.ts'
import { C, PAIR_INTEGERS } from './pair-row.ts'
import type { Pair, PairTable } from './pair-table.ts'
import type { Summarizer } from './summary.ts'

export type JoiningParts = {
  /** The process counts for another identity from now on. */
  onHandedOver: (process: Process) => void
  book: IdentityBook
  rows: FlowRows
  pairs: PairTable
  summarizer: Summarizer
  judged: JudgedPairs
  /** A pair has another identity now: what is new about that is said. `isFirst`: it had not used the network before. */
  onMoved: (pair: Pair, process: Process, isFirst: boolean) => void
}

/** Applies a correction. Looks at every pair and every flow: once for a program whose inspection came too late. */
export function createIdentityJoining(parts: JoiningParts): (correction: Correction) => void {
  const { book, rows, pairs, summarizer, judged } = parts
  const { table } = rows
  const { u32 } = table

  const eachFlow = (visit: (flow: number) => void): void => {
    for (let flow = 0; flow < table.highWater(); flow++)
      if (u32[flow * FLOW_WORDS + F.phase] !== Phase.free) visit(flow)
  }

  /** The pair keeps its numbers and changes its name. Whether an alert of it has said so. */
  const rename = (slot: number, key: string, to: IdentityState): boolean => {
    const pair = pairs.meta[slot] as Pair
    const former = pair.key
    pairs.rename(slot, key, to)
    return judged.renamed(former, slot)
  }

  /** The pair of the right identity takes the numbers of the wrong one's, and its flows. */
  const fold = (slot: number, into: number): void => {
    const [former, key] = [pairs.meta[slot]?.key ?? '', pairs.meta[into]?.key ?? '']
    pairs.fold(slot, into)
    const generation = pairs.i32[into * PAIR_INTEGERS + C.generation] as number
    eachFlow((flow) => {
      if (rows.pairOf(flow) !== slot) return
      u32[flow * FLOW_WORDS + F.pair] = into
      u32[flow * FLOW_WORDS + F.pairGeneration] = generation
      judged.attached(into, flow)
    })
    pairs.remove(slot)
    judged.folded(former, key)
  }

  return ({ process, from, to, isWhole }) => {
    if (!isWhole) {
      // Others are rightly of that identity: what this process's flows moved so far stays there.
      parts.onHandedOver(process)
      return
    }
    const own: number[] = []
    pairs.each((slot, pair) => {
      if (pair.identity === from) own.push(slot)
    })
    const changed: { slot: number; isSaid: boolean }[] = []
    for (const slot of own) {
      const pair = pairs.meta[slot] as Pair
      const key = `${to.stored.key}\n${pair.destination.view.key}`
      const into = pairs.find(key)
      // Two alerts of one pair stay two.
      if (into >= 0 && pair.alertId !== undefined) continue
      summarizer.sayOne(slot, to)
      if (into < 0) changed.push({ slot, isSaid: rename(slot, key, to) })
      else {
        fold(slot, into)
        changed.push({ slot: into, isSaid: false })
      }
    }
    eachFlow((flow) => {
      if (rows.identityOf[flow] === from && rows.processOf[flow]?.image === process.image)
        rows.identityOf[flow] = to
    })
    let isFirst = to.stored.firstNetworkAt === undefined
    book.join(from, to)
    for (const { slot, isSaid } of changed) {
      parts.onMoved(pairs.meta[slot] as Pair, process, isFirst)
      isFirst = false
      if (!isSaid) judged.judge(slot, process)
    }
  }
}
