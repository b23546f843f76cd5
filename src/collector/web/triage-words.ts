// What is said of an alert's triage. Pure.
import type {
  AlertSummary,
  SeverityName,
  TriageCounts,
  TriageStatusName,
} from '../views/page-api.ts'
import { bytesText } from './format.ts'

const RANKS: Record<SeverityName, number> = { low: 1, medium: 2, high: 3 }

export const STATUS_WORDS: Record<TriageStatusName, string> = {
  open: 'Open',
  acknowledged: 'Acknowledged',
  closed: 'Closed',
}

type Triaged = Pick<AlertSummary, 'triage' | 'bytesOut' | 'severity'>

/** What an alert has become since somebody last said something of it; empty: nothing more. */
export function grownText({ triage, bytesOut, severity }: Triaged): string {
  if (!triage) return ''
  const more = bytesOut - triage.bytesOut
  const parts = [
    ...(more > 0 ? [`${bytesText(more)} more out`] : []),
    ...(RANKS[severity] > RANKS[triage.severity]
      ? [`${severity} now, ${triage.severity} then`]
      : []),
  ]
  return parts.join(', ')
}

/** Closed, and nothing more than it was then: lists leave it out until they are asked for it. */
export const isPutAway = (alert: Triaged): boolean =>
  alert.triage?.status === 'closed' && grownText(alert) === ''

export const NO_COUNTS: TriageCounts = { open: 0, acknowledged: 0, closed: 0, grown: 0 }

/** How many alerts each choice of the list has. */
export const choiceCounts = ({ open, acknowledged, closed, grown }: TriageCounts) => ({
  active: open + acknowledged + grown,
  open,
  acknowledged,
  closed: closed + grown,
  all: open + acknowledged + closed + grown,
})
