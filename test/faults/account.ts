// The account of a run: what was committed to an outbox, and what of it a store holds.
import { DatabaseSync } from 'node:sqlite'
import type { Finding } from '../../src/engine/finding.ts'
import { decodeItem } from '../../src/stream/codec.ts'
import { type Outbox, type OutboxCounters, openOutbox } from '../../src/stream/outbox.ts'
import { nowUnixNs } from '../../src/units.ts'
import { alert } from '../stream/findings.ts'
import { WAIT_MS } from '../waits.ts'

/** Name of an alert: the life of the program that found it, and its number there. */
export type Numbered = `${number}/${number}`
export const numbered = (life: number, number: number): Numbered => `${life}/${number}`
const ofId = (hex: string): Numbered =>
  numbered(Number.parseInt(hex.slice(0, 16), 16), Number.parseInt(hex.slice(16), 16))

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

/** What an outbox says of itself. `committed` counts every number it ever gave, its own health items too. */
export type Kept = OutboxCounters & { committed: number }
export const keptBy = (outbox: Outbox): Kept => ({
  ...outbox.counters(),
  committed: outbox.lastSequence(),
})

/** Of the outbox in a file that nobody uses any more: the alerts that wait there, and its counters. */
export function readOutbox(path: string): { waiting: Set<Numbered>; counters: OutboxCounters } {
  const outbox = openOutbox(path, {
    bytesMax: 1 << 26,
    ageMaxMs: Number.MAX_SAFE_INTEGER,
    now: nowUnixNs,
  })
  const waiting = new Set<Numbered>()
  for (const { encoded } of outbox.read(0, 1 << 24, Number.MAX_SAFE_INTEGER)) {
    const { finding } = decodeItem(encoded)
    if (finding.kind === 'alert') waiting.add(ofId(finding.alert.id))
  }
  const counters = outbox.counters()
  outbox.close()
  return { waiting, counters }
}

export type Stored = {
  /** Items, by their delivery ids. */
  items: number
  alerts: number
  /** Revisions of alerts: more than alerts when one was stored twice, since each is sent as one. */
  revisions: number
  health: number
  has(life: number, number: number): boolean
  /** Names of the alerts. */
  numbered: Set<Numbered>
  /** Counts of the health items that told of drops. */
  told: number
}

/** Reads a store that no collector has open, or that one does. */
export function readStore(path: string): Stored {
  const db = new DatabaseSync(path, { readOnly: true, timeout: WAIT_MS })
  const count = (sql: string): number => Number(db.prepare(sql).get()?.['n'] ?? 0)
  const segments = db.prepare('SELECT n FROM segment').all()
  const ids = new Set<Numbered>()
  let rows = 0
  let revisions = 0
  for (const { n } of segments) {
    for (const { id } of db.prepare(`SELECT id FROM alert_${n}`).all()) {
      ids.add(ofId(Buffer.from(id as Uint8Array).toString('hex')))
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
    has: (life: number, number: number) => ids.has(numbered(life, number)),
    numbered: ids,
  }
  db.close()
  if (ids.size !== rows) throw new Error(`${rows - ids.size} alerts are listed twice`)
  return stored
}
