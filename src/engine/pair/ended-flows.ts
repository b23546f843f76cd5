// Flows that are their pair's no more, as pairs and alerts keep the largest of them, and as the baseline has those of an
// alert.
import type { UnixNs } from '../../units.ts'
import type { ListedFlow } from '../finding.ts'

/** A flow that is its pair's no more. `key` tells it from others: one that comes back takes its place. */
export type EndedFlow = ListedFlow & { key: string }

/** As JSON has it. */
export type StoredListing = (Omit<EndedFlow, 'firstAt' | 'lastAt'> & {
  firstAt: string
  lastAt: string
})[]

export const storedListing = (ended: readonly EndedFlow[]): StoredListing =>
  ended.map((flow) => ({ ...flow, firstAt: `${flow.firstAt}`, lastAt: `${flow.lastAt}` }))

/** States of earlier versions have none. */
export const readListing = (stored: StoredListing | undefined): EndedFlow[] =>
  (stored ?? []).map((flow) => ({
    ...flow,
    firstAt: BigInt(flow.firstAt) as UnixNs,
    lastAt: BigInt(flow.lastAt) as UnixNs,
  }))
