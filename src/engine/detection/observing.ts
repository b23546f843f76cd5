// Judges nothing, and says how far each pair and program goes: what reference distributions are made of.
import type { Process } from '../process/process.ts'
import { createExcessLedger, SUM, SUM_COUNT } from './excess-ledger.ts'
import { createPairLines } from './pair-lines.ts'
import type { MakeScoring } from './scoring.ts'

/** Of the last 24 full hours, bytes: what hardly was answered, of the pair and of its whole program. */
export type SeenExcess = { ofPair: number; ofProgram: number }

export const observeExcess =
  (
    onReport: (pairKey: string, process: Process | undefined, seen: SeenExcess) => void,
  ): MakeScoring =>
  (parts) => {
    const ledger = createExcessLedger({ ...parts, lines: createPairLines(parts.pairs.capacity) })
    const sums = new Float64Array(SUM_COUNT)
    return {
      reference: 'none',
      riseSaid: Number.POSITIVE_INFINITY,
      alertsADay: 0,
      began: ledger.began,
      count(slot, flow) {
        ledger.count(slot, flow)
        ledger.read(slot, sums)
        onReport(parts.pairs.meta[slot]?.key ?? '', parts.rows.processOf[flow], {
          ofPair: sums[SUM.placeHard] as number,
          ofProgram: sums[SUM.programHard] as number,
        })
      },
      stand(slot, _pair, former) {
        if (former === undefined) ledger.pairAdded(slot)
        else ledger.renamed(former, slot)
      },
      isSuspect: () => false,
      score() {},
      isTold: () => false,
      total: () => 0,
      isOfProgram: () => false,
      folded: ledger.renamed,
      seed: ledger.seed,
      store: ledger.store,
      explain: () => [],
    }
  }
