// Flows that have closed, of which records may be sent again: what is carried of them is kept until none can come.
import type { Carried } from '../../baseline/carried.ts'

type Closed = { idLow: number; idHigh: number; epoch: number }

export type ClosedFlows = {
  add(flow: Closed): void
  /** The first `goneBytes` of the stream do not come again; `streamBytes` of it have come. */
  drop(goneBytes: number, streamBytes: number): void
}

export function createClosedFlows(carried: Carried): ClosedFlows {
  let now: Closed[] = []
  /** Each list with the place in the stream that is after their last record. */
  let closed: { throughBytes: number; flows: Closed[] }[] = []
  return {
    add(flow) {
      now.push(flow)
    },
    drop(goneBytes, streamBytes) {
      if (now.length > 0) closed.push({ throughBytes: streamBytes, flows: now })
      now = []
      closed = closed.filter(({ throughBytes, flows }) => {
        if (throughBytes > goneBytes) return true
        for (const { idLow, idHigh, epoch } of flows) carried.dropFlow(idLow, idHigh, epoch)
        return false
      })
    },
  }
}
