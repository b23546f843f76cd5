// The registry of devices as the page sees it and changes it, and what the collector notes of each for the commands.
import type { DatabaseSync } from 'node:sqlite'
import { transaction } from '../../baseline/sqlite-file.ts'
import { type UnixNs, unixNs } from '../../units.ts'
import type { EnrolmentInfo, PolicyStandingInfo } from '../views/page-api.ts'
import type { DatabaseRow, EnrolledDevice } from './registry-rows.ts'

export const enrolmentInfo = (
  { sharedAt, enrolledAt, ...device }: EnrolledDevice,
  policy: PolicyStandingInfo | undefined,
): EnrolmentInfo => ({
  ...{ standing: device.standing, name: device.name, owner: device.owner, group: device.group },
  enrolledAt: `${enrolledAt}`,
  mayEnrolAgain: device.mayEnrolAgain,
  sharedSince: sharedAt === undefined ? null : `${sharedAt}`,
  policy: policy ?? null,
})

/** What a machine says of itself. */
export type Described = { deviceId: string; hostname: string; agentVersion: string }

/** Of a device that was connected: when it was last heard of, and what it does not tell of. */
export type Seen = Described & {
  seenAt: UnixNs
  /** What it is silent of; empty: of nothing. */
  silentOf: 'flows' | 'everything' | ''
  silentSince: UnixNs | undefined
}

/** A name of DNS has as many at the most. */
const DESCRIBED_CHARS_MAX = 255
/** How old what is noted may be where nothing else changed: a fleet of 10,000 writes 33 rows a second. */
const OLD_NS = 300_000_000_000n

/** As it is noted: a device that has enrolled and was not connected yet has only said what it is. */
export type Noted = Omit<Seen, 'seenAt'> & { seenAt: UnixNs | undefined }

export type Roster = {
  /** Of one that has enrolled, and may not come for long. */
  describe(device: Described): void
  /** It is connected. The first time is written with the next `write`, by which nobody forgets it as one that never was. */
  arrive(device: Described, now: UnixNs): void
  /** It has gone: written with the next `write`. */
  leave(seen: Iterable<Seen>): void
  /** Writes who came for the first time and who has gone, in one transaction. Throws what SQLite does, and keeps them for the next time. */
  write(): void
  /** As it was last noted; undefined: it is not known. */
  seenOf(deviceId: string): Noted | undefined
  /** Only these are known any more. */
  forgetAllBut(isKnown: (deviceId: string) => boolean): void
  /** Writes what is new or old enough, in one transaction. */
  note(seen: Iterable<Seen>): void
}

export function createRoster(database: DatabaseSync): Roster {
  const noted = readSeen(database)
  const write = database.prepare(
    'INSERT OR REPLACE INTO seen SELECT ?, ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM device WHERE id = ?)',
  )
  // The time 0: it was not heard of yet.
  const described = database.prepare(
    `INSERT INTO seen SELECT ?, 0, ?, ?, '', NULL WHERE EXISTS (SELECT 1 FROM device WHERE id = ?)
      ON CONFLICT (device) DO UPDATE SET hostname = excluded.hostname, agent_version = excluded.agent_version
      RETURNING *`,
  )
  described.setReadBigInts(true)
  /** Who came for the first time, or has gone, by their ids: no more than there are devices. */
  const arrived = new Map<string, Seen>()

  function put(due: Iterable<Seen>): void {
    transaction(database, () => {
      for (const { deviceId, ...one } of due)
        write.run(
          ...[deviceId, one.seenAt, one.hostname, one.agentVersion, one.silentOf],
          one.silentSince ?? null,
          deviceId,
        )
    })
    for (const one of due) {
      arrived.delete(one.deviceId)
      noted.set(one.deviceId, one)
    }
  }

  return {
    describe({ deviceId, ...its }) {
      const hostname = its.hostname.slice(0, DESCRIBED_CHARS_MAX)
      const agentVersion = its.agentVersion.slice(0, DESCRIBED_CHARS_MAX)
      // What is noted may be of the device of before, which a command has removed.
      const row = described.get(deviceId, hostname, agentVersion, deviceId)
      if (row) noted.set(deviceId, seenOf(row))
    },
    arrive({ deviceId, ...its }, now) {
      if (noted.get(deviceId)?.seenAt !== undefined) return
      const silent = { silentOf: '' as const, silentSince: undefined }
      arrived.set(deviceId, { deviceId, ...its, ...silent, seenAt: now })
    },
    leave(seen) {
      for (const one of seen) arrived.set(one.deviceId, one)
    },
    write() {
      if (arrived.size > 0) put([...arrived.values()])
    },
    seenOf: (deviceId) => arrived.get(deviceId) ?? noted.get(deviceId),
    forgetAllBut(isKnown) {
      for (const known of [noted, arrived])
        for (const id of known.keys()) if (!isKnown(id)) known.delete(id)
    },
    note(seen) {
      const due = [...seen].filter((one) => {
        const before = noted.get(one.deviceId)
        return (
          before?.seenAt === undefined ||
          one.seenAt - before.seenAt >= OLD_NS ||
          one.silentOf !== before.silentOf ||
          one.agentVersion !== before.agentVersion
        )
      })
      if (due.length > 0) put(due)
    },
  }
}

/** Of the ids of devices, whether they ever connected. */
export const isHeardIn =
  (seen: ReadonlyMap<string, Noted>) =>
  (id: string): boolean =>
    seen.get(id)?.seenAt !== undefined

/** By the id of the device. */
export function readSeen(database: DatabaseSync): Map<string, Noted> {
  const statement = database.prepare('SELECT * FROM seen')
  statement.setReadBigInts(true)
  return new Map(statement.all().map((row) => [`${row['device']}`, seenOf(row)]))
}

const seenOf = (row: DatabaseRow): Noted => ({
  deviceId: `${row['device']}`,
  seenAt: row['seen_ns'] === 0n ? undefined : unixNs(row['seen_ns'] as bigint, 'seen_ns'),
  hostname: `${row['hostname']}`,
  agentVersion: `${row['agent_version']}`,
  silentOf: (['flows', 'everything'] as const).find((one) => one === row['silent_of']) ?? '',
  silentSince:
    typeof row['silent_ns'] === 'bigint' ? unixNs(row['silent_ns'], 'silent_ns') : undefined,
})
