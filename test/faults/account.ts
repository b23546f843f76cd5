// The account of a run: what was committed to an outbox, and what of it a store holds.
import { DatabaseSync } from 'node:sqlite'
import type { Finding } from '../../src/engine/finding.ts'
import type { Outbox, OutboxCounters } from '../../src/stream/outbox.ts'
import { NUMBERS_RESERVED } from '../../src/stream/outbox-numbers.ts'
import { alert } from '../stream/findings.ts'

/** An alert of its own: `life` of the program that found it, and its number there, are its id. */
export function numberedAlert(
  life: number,
  number: number,
  severity: 'low' | 'medium' | 'high',
): Finding {
  const id = life.toString(16).padStart(16, '0') + number.toString(16).padStart(16, '0')
  return {
    at: alert.openedAt,
    kind: 'alert',
    alert: {
      ...alert,
      id,
      severity,
      revision: 1,
      sentence: `${life}/${number} ${'.'.repeat(200)}`,
    },
  }
}

/**
 * What an outbox says of itself. `committed` counts every number it ever gave, its own health items too; each start after
 * a kill leaves out NUMBERS_RESERVED of them, and a run commits less than that.
 */
export type Kept = OutboxCounters & { committed: number }
export const keptBy = (outbox: Outbox): Kept => ({
  ...outbox.counters(),
  committed: outbox.lastSequence() % NUMBERS_RESERVED,
})

export type Stored = {
  /** Items, by their delivery ids. */
  items: number
  alerts: number
  /** Revisions of alerts: more than alerts when one was stored twice, since each is sent as one. */
  revisions: number
  health: number
  has(life: number, number: number): boolean
  /** Counts of the health items that told of drops. */
  told: number
}

/** Reads a store that no collector has open, or that one does. */
export function readStore(path: string): Stored {
  const db = new DatabaseSync(path, { readOnly: true })
  const count = (sql: string): number => Number(db.prepare(sql).get()?.['n'] ?? 0)
  const segments = db.prepare('SELECT n FROM segment').all()
  const ids = new Set<string>()
  let rows = 0
  let revisions = 0
  for (const { n } of segments) {
    for (const { id } of db.prepare(`SELECT id FROM alert_${n}`).all()) {
      ids.add(Buffer.from(id as Uint8Array).toString('hex'))
      rows++
    }
    revisions += count(`SELECT count(*) AS n FROM revision_${n}`)
  }
  const stored = {
    items: count('SELECT count(*) AS n FROM item'),
    alerts: rows,
    revisions,
    health: count('SELECT count(*) AS n FROM health'),
    told: count("SELECT sum(count) AS n FROM health WHERE kind = 'outbox'"),
    has: (life: number, number: number) =>
      ids.has(life.toString(16).padStart(16, '0') + number.toString(16).padStart(16, '0')),
  }
  db.close()
  if (ids.size !== rows) throw new Error(`${rows - ids.size} alerts are listed twice`)
  return stored
}
