// What matters more: it goes later when space is short, and sooner when there is a backlog.
import type { Finding } from '../engine/finding.ts'

/** Of the item that tells of drops. */
export const RANK_TELLS = 4
/** Alerts, and what tells of drops: these pass before what is older. Highest first. */
export const RANKS_URGENT: readonly number[] = [5, 4, 3]

/** What is dropped first when space is short has the lowest. */
export function rankOf(finding: Finding): number {
  switch (finding.kind) {
    case 'summary':
      return 0
    case 'sighting':
      return 1
    case 'health':
      return 2
    case 'alert':
      return { low: 3, medium: 4, high: 5 }[finding.alert.severity]
    default:
      return finding satisfies never
  }
}
