// A service that was once given a connection by somebody is not that one's for ever.
import type { Clock } from '../clock.ts'
import { HOUR_MS, HOURS } from '../hours.ts'
import type { IdentityBook } from '../identity/identity-book-parts.ts'
import type { Maker, Process } from '../process/process.ts'
import type { ProcessTable } from '../process/process-table.ts'
import type { FlowRows } from './flow-rows.ts'
import { D, F, FLOW_DOUBLES, FLOW_WORDS, Phase } from './flow-table.ts'

/** Detection sums what is sent over so many hours: what was given and what follows it stand in one sum. */
const KEPT_MS = HOURS * HOUR_MS
/**
 * Of one whom an earlier engine knew it is not kept which flows it gave: those that were found open with the process, so
 * soon after it. The list of processes comes first, that of flows within seconds.
 */
const FOUND_WITHIN_MS = HOUR_MS

export type MakersAgeParts = {
  clock: Clock
  rows: FlowRows
  processes: ProcessTable
  book: IdentityBook
  /** What the process sends is another's from now on. */
  onOwnerChanged: (process: Process) => void
}

/** `pass`: time passed. Once an hour those makers go that gave nothing for a day, where nothing that was given is open. */
export function createMakersAge(parts: MakersAgeParts): { pass(): void } {
  const { clock, rows, processes, book } = parts
  const { u32, f64 } = rows.table
  let nextMs = 0

  const isOld = ({ givenAtMs }: Maker): boolean => clock.nowMs - givenAtMs >= KEPT_MS

  const wasGiven = (slot: number, { makers }: Process): boolean => {
    if (rows.firstOf[slot] !== undefined || rows.giverOf[slot] !== undefined) return true
    const firstAtMs = f64[slot * FLOW_DOUBLES + D.firstAtMs] as number
    return makers.some(
      ({ process, givenAtMs }) =>
        process.image.path === '' && firstAtMs <= givenAtMs + FOUND_WITHIN_MS,
    )
  }

  return {
    pass() {
      if (clock.nowMs < nextMs) return
      nextMs = clock.nowMs + HOUR_MS
      const aged = new Map<number, Process>()
      for (const process of processes.all())
        if (process.endedAtMs === undefined && process.makers.some(isOld))
          aged.set(process.pid, process)
      if (aged.size === 0) return
      for (let slot = 0; slot < rows.table.highWater(); slot++) {
        const row = slot * FLOW_WORDS
        const process = aged.get(u32[row + F.pid] as number)
        if (process === undefined || u32[row + F.phase] === Phase.free) continue
        if (wasGiven(slot, process)) aged.delete(process.pid)
      }
      for (const process of aged.values()) {
        process.makers = process.makers.filter((maker) => !isOld(maker))
        if (book.isStill(process)) continue
        process.madeFor = undefined
        if (process.identity === undefined) continue
        process.identity = undefined
        parts.onOwnerChanged(process)
      }
    },
  }
}
