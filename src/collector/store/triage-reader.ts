// What people made of an alert, read beside it.
import type { TriageEntryInfo, TriageInfo } from '../views/page-api.ts'
import { nsText } from '../views/views.ts'
import type { Asking, Row } from './asking.ts'

type Rows = Asking['rows']

import { severityName, statusName, type TriageEntry } from './protocol.ts'

/** The first of the entries with the same status, back to the last with another. */
const giver = (column: 'by_whom' | 'at'): string =>
  `(SELECT s.${column} FROM triage AS s WHERE s.id = t.id AND s.device = t.device AND s.revision >
      coalesce((SELECT max(o.revision) FROM triage AS o WHERE o.id = t.id AND o.device = t.device
                AND o.revision < t.revision AND o.status <> t.status), 0)
    ORDER BY s.revision LIMIT 1)`

/** Entries of an alert, as entryOf reads them. */
export const ENTRIES = `SELECT t.revision, t.status, t.at, t.by_whom, t.note, t.alert_revision, t.severity, t.bytes_out,
  ${giver('by_whom')} AS status_by, ${giver('at')} AS status_at FROM triage AS t WHERE t.id = ? AND t.device = ?`

/** An entry as its row has it; integers may be bigints. */
export const entryOf = (row: Row): TriageEntry => ({
  revision: Number(row.revision),
  status: Number(row.status) as TriageEntry['status'],
  at: BigInt(row.at as bigint),
  by: row.by_whom as string,
  statusBy: row.status_by as string,
  statusAt: BigInt(row.status_at as bigint),
  note: row.note as string,
  alertRevision: Number(row.alert_revision),
  severity: Number(row.severity) as TriageEntry['severity'],
  bytesOut: Number(row.bytes_out),
})

export const triageInfo = (entry: TriageEntry): TriageInfo => ({
  revision: entry.revision,
  status: statusName(entry.status),
  by: entry.by,
  at: nsText(entry.at),
  statusBy: entry.statusBy,
  statusAt: nsText(entry.statusAt),
  alertRevision: entry.alertRevision,
  severity: severityName(entry.severity),
  bytesOut: entry.bytesOut,
})

/** Of a row with an alert's `alert`, `device` and `triage`; undefined: nobody has said anything yet. */
export function presentTriage(rows: Rows, row: Row): TriageInfo | undefined {
  if (Number(row.triage) === 0) return undefined
  const of = `${ENTRIES} AND t.revision = ?`
  const [entry] = rows(of, [row.alert as Uint8Array, row.device as bigint, row.triage as bigint])
  return entry && triageInfo(entryOf(entry))
}

/** All that was said, oldest first. */
export function triageHistory(rows: Rows, row: Row): TriageEntryInfo[] {
  if (Number(row.triage) === 0) return []
  const of = `${ENTRIES} ORDER BY t.revision`
  return rows(of, [row.alert as Uint8Array, row.device as bigint]).map((each) => {
    const entry = entryOf(each)
    return { ...triageInfo(entry), note: entry.note === '' ? [] : entry.note.split('\n') }
  })
}
