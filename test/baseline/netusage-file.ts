// A netusage.sqlite as a Mac's networkd writes it: the two tables of it that are read, with all their columns, in WAL mode.
import { DatabaseSync } from 'node:sqlite'

export type UsageRow = {
  name: string | null
  /** Seconds since 2001. */
  first: number | string | null
  last: number | string | null
  /** Of each period of billing: by Wi-Fi, by wire, by mobile network, by others. */
  sent?: [wifi: number, wired: number, wwan: number, x?: number][]
}

const TABLES = `
  CREATE TABLE ZPROCESS (Z_PK INTEGER PRIMARY KEY, Z_ENT INTEGER, Z_OPT INTEGER, ZFIRSTTIMESTAMP TIMESTAMP,
    ZTIMESTAMP TIMESTAMP, ZBUNDLENAME VARCHAR, ZPROCNAME VARCHAR);
  CREATE TABLE ZLIVEUSAGE (Z_PK INTEGER PRIMARY KEY, Z_ENT INTEGER, Z_OPT INTEGER, ZKIND INTEGER, ZMETADATA INTEGER,
    ZTAG INTEGER, ZHASPROCESS INTEGER, Z15_HASPROCESS INTEGER, ZALLFLOWS FLOAT, ZBILLCYCLEEND TIMESTAMP,
    ZJUMBOFLOWS FLOAT, ZTIMESTAMP TIMESTAMP, ZWIFIIN FLOAT, ZWIFIOUT FLOAT, ZWIREDIN FLOAT, ZWIREDOUT FLOAT,
    ZWWANIN FLOAT, ZWWANOUT FLOAT, ZXIN FLOAT, ZXOUT FLOAT);
  CREATE INDEX ZLIVEUSAGE_ZHASPROCESS_INDEX ON ZLIVEUSAGE (ZHASPROCESS)`

/** The database stays open, as networkd's does: what was written is in its log. */
export function writeNetusage(path: string, rows: readonly UsageRow[]): DatabaseSync {
  const database = new DatabaseSync(path)
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; ${TABLES}`)
  addRows(database, rows)
  return database
}

export function addRows(database: DatabaseSync, rows: readonly UsageRow[]): void {
  const process = database.prepare(
    'INSERT INTO ZPROCESS (Z_ENT, ZFIRSTTIMESTAMP, ZTIMESTAMP, ZPROCNAME) VALUES (15, ?, ?, ?)',
  )
  const usage = database.prepare(
    'INSERT INTO ZLIVEUSAGE (ZHASPROCESS, ZWIFIOUT, ZWIREDOUT, ZWWANOUT, ZXOUT, ZWIFIIN) VALUES (?, ?, ?, ?, ?, 5)',
  )
  database.exec('BEGIN')
  for (const { name, first, last, sent = [] } of rows) {
    const { lastInsertRowid } = process.run(first, last, name)
    for (const [wifi, wired, wwan, x = 0] of sent) usage.run(lastInsertRowid, wifi, wired, wwan, x)
  }
  database.exec('COMMIT')
}
