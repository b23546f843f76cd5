// Numbers of devices: the row of one in table `device`, by which everything else names it.
import type { DatabaseSync } from 'node:sqlite'
import { DEPARTED } from './budget.ts'

/**
 * A migration: no number is given again, as that of the last row was, to another device, which a connection, an alert or an id may have
 * named the one of before by. What is left of devices that are no more is counted together, in one row. Whether a device came by a
 * certificate is known from now on, and of those whose token is. Alerts of one device are found without a look at those of all.
 */
export function numberDevicesForGood(db: DatabaseSync): void {
  const columns =
    'row, id, hostname, os, os_version, hardware, arch, agent_version, first_seen_at, last_seen_at, last_sequence, leaving'
  db.exec(`
    ALTER TABLE device RENAME TO device_before;
    CREATE TABLE device (
      row INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      hostname TEXT NOT NULL,
      os TEXT NOT NULL,
      os_version TEXT NOT NULL,
      hardware TEXT NOT NULL,
      arch TEXT NOT NULL,
      agent_version TEXT NOT NULL,
      first_seen_at INTEGER NOT NULL,
      last_seen_at INTEGER NOT NULL,
      last_sequence INTEGER NOT NULL DEFAULT 0,
      -- 1: the collector has forgotten it, and all that is here of it goes.
      leaving INTEGER NOT NULL DEFAULT 0,
      -- How it came last: 1: by a certificate, 0: over the socket of this machine; NULL: that was not kept.
      by_certificate INTEGER
    );
    INSERT INTO device (${columns}) SELECT ${columns} FROM device_before ORDER BY row;
    DROP TABLE device_before;
    CREATE INDEX device_leaving ON device (row) WHERE leaving = 1;
    UPDATE device SET by_certificate = 1
      WHERE row IN (SELECT device FROM held WHERE token = -1 OR token > 0);

    INSERT INTO sqlite_sequence (name, seq)
      SELECT 'device', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'device');
    UPDATE sqlite_sequence SET seq = max(seq, coalesce((SELECT max(device) FROM held), 0))
      WHERE name = 'device';

    INSERT INTO held (device, inventory, summaries, health, ids, facts, token)
      SELECT ${DEPARTED}, 0, 0, 0, sum(ids), 0, 0 FROM held
      WHERE device > 0 AND device NOT IN (SELECT row FROM device) HAVING sum(ids) > 0;
    DELETE FROM held WHERE device > 0 AND device NOT IN (SELECT row FROM device);
    DELETE FROM forgotten WHERE device NOT IN (SELECT row FROM device);

    CREATE INDEX alert_held_device ON alert_held (device);`)
}
