// What concerns every flow at once: another policy, the end of an enumeration, of a boot.
import type { Enumerations } from '../sources.ts'
import type { FlowClosing } from './flow-closing.ts'
import { D, F, FLOW_DOUBLES, FLOW_WORDS, Phase } from './flow-table.ts'
import type { FlowLedger, LedgerParts } from './ledger-parts.ts'

export type FlowSweeps = Pick<FlowLedger, 'judgeAnew' | 'endEnumeration' | 'closeAll'>

export function createFlowSweeps(
  { clock, rows, memory, attribution, counted }: LedgerParts,
  enumerations: Enumerations,
  { close, closeNow }: FlowClosing,
): FlowSweeps {
  const { table } = rows
  const { u32, f64 } = table

  const eachOpen = (visit: (slot: number, row: number) => void): void => {
    for (let slot = 0; slot < table.highWater(); slot++) {
      const row = slot * FLOW_WORDS
      if (u32[row + F.phase] !== Phase.free) visit(slot, row)
    }
  }

  return {
    judgeAnew() {
      for (let slot = 0; slot < table.highWater(); slot++) {
        const row = slot * FLOW_WORDS
        const base = slot * FLOW_DOUBLES
        const phase = u32[row + F.phase]
        const process = rows.processOf[slot]
        if (process === undefined || (phase !== Phase.counted && phase !== Phase.leftOut)) continue
        const reason = attribution.reasonToLeaveOut(slot, process)
        if (phase === Phase.counted && reason) {
          counted.leave(slot)
          attribution.leaveOut(slot, reason)
        } else if (phase === Phase.leftOut && reason === undefined) {
          // In force from here on: what went before stays out.
          const out = f64[base + D.out] as number
          const bytesIn = f64[base + D.in] as number
          rows.takeFrom(slot, out, bytesIn)
          rows.setSince(slot, { out, in: bytesIn })
          u32[row + F.phase] = Phase.held
          attribution.settle(slot, false)
        }
      }
    },
    endEnumeration(source) {
      const enumeration = enumerations.of(source)
      enumerations.end(source)
      // Who waits for its process may wait on: it closes as it is settled.
      eachOpen((slot, row) => {
        const isOfSource = (u32[row + F.remote] as number) >>> 24 === source
        if (isOfSource && u32[row + F.seenIn] !== enumeration) close(slot, clock.nowMs)
      })
      memory.endExpecting()
    },
    closeAll() {
      eachOpen((slot) => closeNow(slot, clock.nowMs))
      memory.clear()
    },
  }
}
