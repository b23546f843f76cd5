// The registry of devices as the page sees it and changes it, and what the collector notes of each for the commands.
import type { DatabaseSync } from 'node:sqlite'
import { transaction } from '../../baseline/sqlite-file.ts'
import { type UnixNs, unixNs } from '../../units.ts'
import type { EnrolmentInfo } from '../page-api.ts'
import type { DatabaseRow, EnrolledDevice } from './registry-rows.ts'

export const enrolmentInfo = ({
  sharedAt,
  enrolledAt,
  ...device
}: EnrolledDevice): EnrolmentInfo => ({
  ...{ standing: device.standing, name: device.name, owner: device.owner, group: device.group },
  enrolledAt: `${enrolledAt}`,
  mayEnrolAgain: device.mayEnrolAgain,
  sharedSince: sharedAt === undefined ? null : `${sharedAt}`,
})

/** Of a device that was connected: when it was last heard of, and what it does not tell of. */
export type Seen = {
  deviceId: string
  seenAt: UnixNs
  hostname: string
  agentVersion: string
  /** What it is silent of; empty: of nothing. */
  silentOf: 'flows' | 'everything' | ''
  silentSince: UnixNs | undefined
}

/** How old what is noted may be where nothing else changed: a fleet of 10,000 writes 33 rows a second. */
const OLD_NS = 300_000_000_000n

export type Roster = {
  /** Writes what is new or old enough, in one transaction. */
  note(seen: Iterable<Seen>): void
}

export function createRoster(database: DatabaseSync): Roster {
  const noted = new Map<string, Seen>()
  const write = database.prepare(
    'INSERT OR REPLACE INTO seen SELECT ?, ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM device WHERE id = ?)',
  )
  return {
    note(seen) {
      const due = [...seen].filter((one) => {
        const before = noted.get(one.deviceId)
        return (
          !before ||
          one.seenAt - before.seenAt >= OLD_NS ||
          one.silentOf !== before.silentOf ||
          one.agentVersion !== before.agentVersion
        )
      })
      if (due.length === 0) return
      transaction(database, () => {
        for (const { deviceId, ...one } of due)
          write.run(
            ...[deviceId, one.seenAt, one.hostname, one.agentVersion, one.silentOf],
            one.silentSince ?? null,
            deviceId,
          )
      })
      for (const one of due) noted.set(one.deviceId, one)
    },
  }
}

/** By the id of the device. */
export function readSeen(database: DatabaseSync): Map<string, Seen> {
  const statement = database.prepare('SELECT * FROM seen')
  statement.setReadBigInts(true)
  return new Map(statement.all().map((row) => [`${row['device']}`, seenOf(row)]))
}

const seenOf = (row: DatabaseRow): Seen => ({
  deviceId: `${row['device']}`,
  seenAt: unixNs(row['seen_ns'] as bigint, 'seen_ns'),
  hostname: `${row['hostname']}`,
  agentVersion: `${row['agent_version']}`,
  silentOf: (['flows', 'everything'] as const).find((one) => one === row['silent_of']) ?? '',
  silentSince:
    typeof row['silent_ns'] === 'bigint' ? unixNs(row['silent_ns'], 'silent_ns') : undefined,
})
