// Writing alerts: every revision is kept, the list shows the highest.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { BoundedMap } from '../terms/bounded-map.ts'
import { type AlertColumns, listedSql } from './alert-columns.ts'
import type { AlertShares } from './alert-shares.ts'
import type { AlertSums } from './alert-sums.ts'
import type {
  SeverityRank,
  Status,
  StoreItem,
  TriageEntry,
  TriageOutcome,
  TriageSaid,
} from './protocol.ts'
import type { Segments } from './segments.ts'
import { prepare } from './statement.ts'
import type { PlacedTexts, Texts } from './texts.ts'
import { statusAfter, type TriageWriter } from './triage.ts'

type AlertItem = Extract<StoreItem, { kind: 'alert' }>
type KnownAlert = Record<
  | 'row'
  | 'revision'
  | 'severity'
  | 'last'
  | 'status'
  | 'triage'
  | 'bytes_out'
  | 'likeness'
  | 'text_bytes',
  bigint
>
/** What storing a revision changed, for the counts. Severities are 0 for none. */
type Stored = {
  /** The alert that left the list. */
  left: number
  /** The one that came into it. */
  came: number
  wasStatus: Status
  status: Status
  /** What had been said of it. */
  entry: TriageEntry | undefined
  /** Bytes of texts that were written, and those that went with a row. */
  textBytes: number
  gone: { segment: number; bytes: number } | undefined
}

/** Runs inside the caller's transaction; `flushTally` before its commit, `forgetTally` on its rollback. */
export type AlertWriter = {
  /** Returns what had been said of it last; undefined: nothing. */
  put(device: number, storedAt: bigint, item: AlertItem): TriageEntry | undefined
  /** What a person says of an alert of this device. */
  triage(nowNs: bigint, device: number, said: TriageSaid): TriageOutcome
  /** Of a segment that is about to be dropped. */
  untally(segment: number): void
  /**
   * Removes the oldest revisions of devices from a segment, of each as many as `most` has by device and at most `max` of all, in one
   * look through the segment. Returns how many went, and how many of all devices are left.
   */
  take(
    segment: number,
    most: ReadonlyMap<number, number>,
    max: number,
  ): { taken: number; left: number }
  flushTally(): void
  forgetTally(): void
  /** On a rollback to a savepoint. */
  forgetTexts(): void
}

/** Statements about a segment's tables; they stay prepared for the segments used last. */
const SEGMENTS_PREPARED_MAX = 64

export function alertWriter(
  db: DatabaseSync,
  segments: Segments,
  shares: AlertShares,
  sums: AlertSums,
  triage: TriageWriter,
  texts: Texts,
): AlertWriter {
  const prepared = new BoundedMap<number, ReturnType<typeof statementsOf>>(SEGMENTS_PREPARED_MAX)
  const count = prepare(
    db,
    `INSERT INTO tally (device, severity, status, alerts) VALUES (?, ?, ?, ?)
     ON CONFLICT (device, severity, status) DO UPDATE SET alerts = alerts + excluded.alerts`,
  )
  /** What the open transaction changes in the tally: (device * 4 + severity) * 4 + status -> difference. */
  const tally = new Map<number, number>()
  const tallied = (device: number, severity: number, status: number, by: number) => {
    const key = (device * 4 + severity) * 4 + status
    tally.set(key, (tally.get(key) ?? 0) + by)
  }

  function on(segment: number) {
    const known = prepared.get(segment)
    if (known) return known
    const made = statementsOf(db, segment)
    prepared.set(segment, made)
    return made
  }

  /** The sealed segment where the alert lies, and its row there. */
  function findSealed(id: Uint8Array, device: number, candidates: number[]) {
    for (const segment of candidates) {
      const known = on(segment).find.get(id, device) as KnownAlert | undefined
      if (known) return { segment, known }
    }
    return undefined
  }

  function store(device: number, storedAt: bigint, id: Uint8Array, item: AlertItem): Stored {
    const { revision, severity, body, programText, eventText } = item
    const { insert, keep, find, supersede, chain, mark } = on(segments.current)
    const placed = (): PlacedTexts => texts.place(segments.current, device, programText, eventText)
    const add = (of: PlacedTexts) =>
      insert.run(id, device, revision, severity, storedAt, storedAt, ...columnsOf(item, of))
        .changes === 1n
    const candidates = segments.candidates(id, device)
    // Most are new: trying that first spares them a look-up.
    const first = candidates.length === 0 ? placed() : undefined
    if (first && add(first)) {
      keep.run(storedAt, 0n, device, body)
      const nothing = {
        left: 0,
        wasStatus: 0,
        status: 0,
        entry: undefined,
        gone: undefined,
      } as const
      return { ...nothing, came: severity, textBytes: first.bytes }
    }
    const here = find.get(id, device) as KnownAlert | undefined
    const sealed = here ? undefined : findSealed(id, device, candidates)
    const known = here ?? sealed?.known
    keep.run(storedAt, known?.last ?? 0n, device, body)
    const wasStatus = Number(known?.status ?? 0) as Status
    const said = Number(known?.triage ?? 0)
    const entry = said === 0 ? undefined : triage.present({ id, device, triage: said })
    // A lower revision that comes late is history; the list keeps the higher one.
    if (known && BigInt(revision) < known.revision) {
      const where = sealed ? on(sealed.segment).chain : chain
      where.run(storedAt, known.row)
      const textBytes = first?.shared ?? 0
      return { left: 0, came: 0, wasStatus, status: wasStatus, entry, textBytes, gone: undefined }
    }
    const now = first ?? placed()
    if (here) {
      supersede.run(revision, severity, storedAt, storedAt, ...columnsOf(item, now), here.row)
    } else {
      // It moves to where its newest revision is, so that lists find it there.
      if (sealed) {
        on(sealed.segment).remove.run(sealed.known.row)
        sums.stale(sealed.segment, sealed.known.likeness)
      }
      add(now)
    }
    const status = statusAfter(wasStatus, entry, item)
    if (entry) mark.run(status, said, id, device)
    const left = Number(known?.severity ?? 0)
    const gone = known && {
      segment: sealed?.segment ?? segments.current,
      bytes: Number(known.text_bytes),
    }
    return { left, came: severity, wasStatus, status, entry, textBytes: now.bytes, gone }
  }

  return {
    put(device, storedAt, item) {
      const id = Buffer.from(item.alertId, 'hex')
      const stored = store(device, storedAt, id, item)
      const { left, came, wasStatus, status, entry, textBytes, gone } = stored
      // Only now, when nothing can be refused any more.
      const bytes = item.body.length + textBytes
      segments.counted(storedAt, bytes)
      shares.add(segments.current, device, 1, bytes)
      if (gone) shares.add(gone.segment, device, 0, -gone.bytes)
      if (came !== 0) segments.wrote(id, device)
      if (left !== 0) tallied(device, left, wasStatus, -1)
      if (came !== 0) tallied(device, came, status, 1)
      return entry
    },
    triage(nowNs, device, said) {
      const id = Buffer.from(said.alertId, 'hex')
      const here = on(segments.current).find.get(id, device) as KnownAlert | undefined
      const found = here
        ? { segment: segments.current, known: here }
        : findSealed(id, device, segments.candidates(id, device))
      if (!found) return 'missing'
      const { segment, known } = found
      const severity = Number(known.severity) as SeverityRank
      const alert = {
        id,
        device,
        revision: Number(known.revision),
        severity,
        bytesOut: Number(known.bytes_out),
        triage: Number(known.triage),
      }
      const outcome = triage.say(nowNs, alert, said)
      if (outcome !== 'done') return outcome
      on(segment).mark.run(said.status, said.revision + 1, id, device)
      if (segment !== segments.current) sums.stale(segment, known.likeness)
      tallied(device, severity, Number(known.status), -1)
      tallied(device, severity, said.status, 1)
      return 'done'
    },
    untally(segment) {
      const groups = prepare(
        db,
        `SELECT device, severity, status, count(*) AS alerts FROM alert_${segment}
         GROUP BY device, severity, status`,
      )
      for (const { device, severity, status, alerts } of groups.all())
        tallied(Number(device), Number(severity), Number(status), -Number(alerts))
      triage.removeSegment(segment)
      shares.drop(segment)
    },
    take(segment, most, max) {
      const left = new Map(most)
      const of = new Map<number, { revisions: number; bytes: number; through: bigint }>()
      const gone: bigint[] = []
      const oldest = prepare(
        db,
        `SELECT stored_at, device, length(body) AS bytes FROM revision_${segment}
         WHERE device IN (SELECT value FROM json_each(?)) ORDER BY stored_at`,
      )
      for (const row of oldest.iterate(JSON.stringify([...most.keys()]))) {
        const device = Number(row.device)
        const more = left.get(device)
        if (more === undefined) continue
        const taken = of.get(device) ?? { revisions: 0, bytes: 0, through: 0n }
        of.set(device, taken)
        taken.revisions++
        taken.bytes += Number(row.bytes)
        taken.through = row.stored_at as bigint
        gone.push(taken.through)
        if (more > 1) left.set(device, more - 1)
        else left.delete(device)
        if (gone.length >= max || left.size === 0) break
      }
      prepare(
        db,
        `DELETE FROM revision_${segment} WHERE stored_at IN (SELECT value FROM json_each(?))`,
      ).run(`[${gone.join()}]`)
      const unlisted = prepare(
        db,
        // What was stored by then is not listed later: the index by device finds it by that.
        `DELETE FROM alert_${segment} WHERE device = ? AND ${listedSql()} <= ? AND newest <= ?
         RETURNING severity, status, triage, id, likeness, octet_length(words) AS text_bytes`,
      )
      const has = prepare(db, `SELECT 1 FROM alert_${segment} WHERE device = ? LIMIT 1`)
      const bare: number[] = []
      for (const [device, taken] of of) {
        const { through } = taken
        for (const row of unlisted.all(device, through, through)) {
          const { severity, status, triage: said, id, likeness, text_bytes } = row
          taken.bytes += Number(text_bytes)
          tallied(device, Number(severity), Number(status), -1)
          // The segment that is written has no sums yet.
          if (segment !== segments.current) sums.stale(segment, likeness as bigint)
          if (said !== 0n) triage.remove(id as Uint8Array, device)
        }
        if (!has.get(device)) bare.push(device)
      }
      const texted = texts.release(segment, bare)
      let bytes = 0
      for (const [device, taken] of of) {
        const all = taken.bytes + (texted.get(device) ?? 0)
        shares.add(segment, device, -taken.revisions, -all)
        bytes += all
      }
      return { taken: gone.length, left: segments.took(segment, gone.length, bytes) }
    },
    flushTally() {
      shares.flush()
      triage.flush()
      for (const [key, by] of tally)
        if (by !== 0) count.run(Math.floor(key / 16), Math.floor(key / 4) % 4, key % 4, by)
      tally.clear()
    },
    forgetTally() {
      shares.forget()
      triage.forget()
      texts.forget()
      tally.clear()
    },
    forgetTexts: texts.forget,
  }
}

/** In the order of the statements below. */
const columnsOf = (item: AlertColumns, { program, words }: PlacedTexts) =>
  [
    item.openedAt,
    item.score,
    item.bytesOut,
    item.bytesIn,
    item.likeness,
    item.app,
    item.to,
    program,
    words,
  ] as const

function statementsOf(
  db: DatabaseSync,
  n: number,
): Record<'find' | 'insert' | 'supersede' | 'chain' | 'remove' | 'keep' | 'mark', StatementSync> {
  return {
    find: prepare(
      db,
      `SELECT row, revision, severity, last, status, triage, bytes_out, likeness,
         octet_length(words) AS text_bytes
       FROM alert_${n} WHERE id = ? AND device = ?`,
    ),
    insert: prepare(
      db,
      `INSERT INTO alert_${n} (id, device, revision, severity, newest, last,
         opened_at, score, bytes_out, bytes_in, likeness, app, to_address, program, words)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id, device) DO NOTHING`,
    ),
    supersede: prepare(
      db,
      `UPDATE alert_${n} SET revision = ?, severity = ?, newest = ?, last = ?,
         opened_at = ?, score = ?, bytes_out = ?, bytes_in = ?, likeness = ?, app = ?,
         to_address = ?, program = ?, words = ?
       WHERE row = ?`,
    ),
    chain: prepare(db, `UPDATE alert_${n} SET last = ? WHERE row = ?`),
    remove: prepare(db, `DELETE FROM alert_${n} WHERE row = ?`),
    mark: prepare(db, `UPDATE alert_${n} SET status = ?, triage = ? WHERE id = ? AND device = ?`),
    keep: prepare(
      db,
      `INSERT INTO revision_${n} (stored_at, previous, device, body) VALUES (?, ?, ?, ?)`,
    ),
  }
}
