// Moving the write-ahead log into the file beside the writer, so that no commit waits for it. What is moved
// while commits go on leaves what they add meanwhile, so it is done again until little is left; the writer
// moves the rest between two commits, and the log begins anew (sqlite.org/wal.html, "Avoiding Excessively
// Large WAL Files").
import type { DatabaseSync } from 'node:sqlite'

/** Pages of 4 KiB. A large log is better: pages that change often are moved once. */
const LOG_PAGES_MAX = 65_536
/** So few are moved in a few milliseconds. */
const REST_PAGES = 1000
const ROUNDS_MAX = 5

/**
 * Moves the log when it is long, as far as readers allow. True when the writer should move the rest. Throws
 * what node:sqlite throws.
 */
export function moveLog(db: DatabaseSync, logPagesMax = LOG_PAGES_MAX): boolean {
  let left = leftAfter(db, 'NOOP')
  if (left < logPagesMax) return false
  for (let round = 0; round < ROUNDS_MAX && left > REST_PAGES; round++) {
    const before = left
    left = leftAfter(db, 'PASSIVE')
    // A reader stands in the way, a backup perhaps.
    if (left >= before) return false
  }
  return true
}

/** Moves what `moveLog` left. For the writer, between commits. Throws what node:sqlite throws. */
export function moveRest(db: DatabaseSync): void {
  leftAfter(db, 'PASSIVE')
}

const BUSY_MS = 50
const BUSY_USUAL_MS = 2000

/**
 * Moves all, and leaves the log without a byte. For the writer, between commits. False: a reader stands in the way. Throws what
 * node:sqlite throws.
 */
export function emptyLog(db: DatabaseSync): boolean {
  // Readers of ours take a moment, others seconds, for which no commit is to wait.
  db.exec(`PRAGMA busy_timeout = ${BUSY_MS}`)
  try {
    return Number(db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.['busy']) === 0
  } finally {
    db.exec(`PRAGMA busy_timeout = ${BUSY_USUAL_MS}`)
  }
}

/** Pages of the log that are not in the file (sqlite.org/pragma.html#pragma_wal_checkpoint). */
function leftAfter(db: DatabaseSync, mode: 'NOOP' | 'PASSIVE'): number {
  const row = db.prepare(`PRAGMA wal_checkpoint(${mode})`).get()
  return Number(row?.log) - Number(row?.checkpointed)
}
