// What devices said of policies, the last of each, as it is kept: a device that nobody has admitted says something, too, so
// of each it is a few kilobytes, and nothing reads all of them at once.
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite'
import { transaction } from '../../baseline/sqlite-file.ts'
import type { DocumentReport, PolicyReport } from '../../stream/policy-message.ts'
import type { UnixNs } from '../../units.ts'

export type SaidOfPolicies = { deviceId: string; at: UnixNs; report: PolicyReport }

/**
 * Of one report as JSON in UTF-8. One of three documents and 32 rules has 2,500; with all that the stream lets it say it had
 * 213,545, of which 2,000 devices made 426 MB that each look at one of them read.
 */
export const REPORT_BYTES_MAX = 6 * 1024
const TEXT_BYTES_MAX = 900
const RULE_BYTES_MAX = 200
const NAME_BYTES_MAX = 100

/** As much of it as is kept, the texts its own: what was cut off holds no memory. */
export function keptOf(report: PolicyReport): { report: PolicyReport; isCut: boolean } {
  let isCut = false
  const cut = (text: string, bytesMax: number) => {
    const { text: kept, isWhole } = within(text, bytesMax)
    isCut ||= !isWhole
    return kept
  }
  const kept: PolicyReport = {
    ...report,
    group: cut(report.group, NAME_BYTES_MAX),
    documents: report.documents.map((one) => ({
      ...one,
      code: cut(one.code, NAME_BYTES_MAX),
      text: cut(one.text, TEXT_BYTES_MAX),
    })),
    suppressions: [],
  }
  let bytes = Buffer.byteLength(textOf(kept))
  for (const { rule, count } of report.suppressions) {
    const one = { rule: cut(rule, RULE_BYTES_MAX), count }
    bytes += Buffer.byteLength(JSON.stringify(one)) + 1
    if (bytes > REPORT_BYTES_MAX) return { report: kept, isCut: true }
    kept.suppressions.push(one)
  }
  return { report: kept, isCut }
}

/** In at most so many bytes, as JSON has them; cut, it ends in an ellipsis. */
function within(given: string, bytesMax: number): { text: string; isWhole: boolean } {
  const bytesOf = (text: string) => Buffer.byteLength(JSON.stringify(text)) - 2
  const part = given.slice(0, bytesMax + 1)
  // A string of its own, where a slice would hold all that it is of.
  if (bytesOf(part) <= bytesMax) return { text: Buffer.from(part).toString(), isWhole: true }
  let bytes = bytesOf('…')
  const letters: string[] = []
  for (const letter of part.toWellFormed()) {
    bytes += bytesOf(letter)
    if (bytes > bytesMax) break
    letters.push(letter)
  }
  return { text: `${letters.join('')}…`, isWhole: false }
}

/** In the table `report`. */
export class PolicyReports {
  readonly #db: DatabaseSync
  /** Said since it was last written. */
  readonly #said = new Map<string, SaidOfPolicies>()
  readonly #select: StatementSync

  constructor(database: DatabaseSync) {
    this.#db = database
    this.#select = database.prepare(
      'SELECT * FROM report WHERE device = ? AND octet_length(report) <= ?',
    )
    this.#select.setReadBigInts(true)
  }

  /** REQUIRES: its report is as `keptOf` has it. */
  note(said: SaidOfPolicies): void {
    this.#said.set(said.deviceId, said)
  }

  /**
   * Returns how many. Throws what SQLite does; they are tried again then. Without an fsync: what devices say they say again, and
   * it would keep the collector waiting each second.
   */
  write(): number {
    const count = this.#said.size
    if (count === 0) return 0
    this.#db.exec('PRAGMA synchronous = NORMAL')
    try {
      transaction(this.#db, () => {
        const insert = this.#db.prepare('INSERT OR REPLACE INTO report VALUES (?, ?, ?)')
        for (const { deviceId, at, report } of this.#said.values())
          insert.run(deviceId, at, textOf(report))
      })
    } finally {
      this.#db.exec('PRAGMA synchronous = FULL')
    }
    this.#said.clear()
    return count
  }

  /** The last of a device. */
  of(deviceId: string): SaidOfPolicies | undefined {
    const said = this.#said.get(deviceId)
    if (said) return said
    const row = this.#select.get(deviceId, REPORT_BYTES_MAX)
    return row && saidOf(row)
  }

  /** Those that an earlier version kept whole: they are said again with the next connection. Returns how many. */
  dropLong(): number {
    const { changes } = this.#db
      .prepare('DELETE FROM report WHERE octet_length(report) > ?')
      .run(REPORT_BYTES_MAX)
    return Number(changes)
  }

  /** What was said by devices that are not known any more goes. */
  forgetAllBut(isKnown: (deviceId: string) => boolean): void {
    const rows = this.#db.prepare('SELECT device FROM report').all()
    const all = [...rows.map(({ device }) => `${device}`), ...this.#said.keys()]
    const gone = all.filter((id) => !isKnown(id))
    if (gone.length > 0)
      transaction(this.#db, () => {
        for (const id of gone) this.forget(id)
      })
  }

  forget(deviceId: string): void {
    this.#said.delete(deviceId)
    this.#db.prepare('DELETE FROM report WHERE device = ?').run(deviceId)
  }
}

const textOf = (report: PolicyReport): string =>
  JSON.stringify(report, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value))

type Written = Omit<PolicyReport, 'documents'> & {
  documents: (Omit<DocumentReport, 'at'> & { at: string })[]
}

function saidOf(row: Record<string, SQLOutputValue>): SaidOfPolicies {
  const report = JSON.parse(`${row['report']}`) as Written
  return {
    deviceId: `${row['device']}`,
    at: row['said_ns'] as UnixNs,
    report: {
      ...report,
      documents: report.documents.map((one) => ({ ...one, at: BigInt(one.at) as UnixNs })),
    },
  }
}
