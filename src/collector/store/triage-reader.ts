// What people made of an alert, read beside it.
import type { TriageEntryInfo, TriageInfo } from '../page-api.ts'
import { nsText } from '../views.ts'
import type { Asking, Row } from './asking.ts'

type Rows = Asking['rows']

import { severityName, statusName, type TriageEntry } from './protocol.ts'

const COLUMNS = 'revision, status, at, by_whom, note, alert_revision, severity, bytes_out'

/** An entry as its row has it; integers may be bigints. */
export const entryOf = (row: Row): TriageEntry => ({
  revision: Number(row.revision),
  status: Number(row.status) as TriageEntry['status'],
  at: BigInt(row.at as bigint),
  by: row.by_whom as string,
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
  alertRevision: entry.alertRevision,
  severity: severityName(entry.severity),
  bytesOut: entry.bytesOut,
})

/** Of a row with an alert's `alert`, `device` and `triage`; undefined: nobody has said anything yet. */
export function presentTriage(rows: Rows, row: Row): TriageInfo | undefined {
  if (Number(row.triage) === 0) return undefined
  const of = `SELECT ${COLUMNS} FROM triage WHERE id = ? AND device = ? AND revision = ?`
  const [entry] = rows(of, [row.alert as Uint8Array, row.device as bigint, row.triage as bigint])
  return entry && triageInfo(entryOf(entry))
}

/** All that was said, oldest first. */
export function triageHistory(rows: Rows, row: Row): TriageEntryInfo[] {
  if (Number(row.triage) === 0) return []
  const of = `SELECT ${COLUMNS} FROM triage WHERE id = ? AND device = ? ORDER BY revision`
  return rows(of, [row.alert as Uint8Array, row.device as bigint]).map((each) => {
    const entry = entryOf(each)
    return { ...triageInfo(entry), note: entry.note === '' ? [] : entry.note.split('\n') }
  })
}
