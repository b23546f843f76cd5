// Two machines behind one certificate, as a disk that was copied with its key makes them. Told from a Mac that changed its
// network, that started anew, or whose backup was brought back. One of the two becomes a device of its own.
import { randomBytes } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { transaction } from '../../baseline/sqlite-file.ts'
import { commandThere } from '../../hint.ts'
import { type UnixNs, unixNs } from '../../units.ts'
import type { Subject } from '../terms/complaint.ts'
import type { Counters } from '../terms/counters.ts'
import { sameSecret } from '../terms/secrets.ts'
import { createBoots } from './boots.ts'
import { isLocal } from './local-ids.ts'
import type { Registry } from './registry.ts'
import type { DatabaseRow, EnrolledDevice, GivenCertificate } from './registry-rows.ts'

/** What one connection says of the machine that it is of. */
export type Machine = {
  deviceId: string
  /** 64 hex digits; empty: it does not say. */
  hardware: string
  /** Of its boot; empty: the system does not say. */
  bootId: string
  /** It can become another device. */
  isCapable: boolean
}

/** For the connection that it was made for, once. */
export type Order = Machine & { token: string; reason: string }

export type Clones = {
  /** Of each connection once it is welcomed: whether the machine has to become a device of its own. */
  orderFor(machine: Machine, now: UnixNs): Order | undefined
  /** Why a machine may not become the device `newId`; undefined: it may. */
  refusalOf(order: Order, token: string, newId: string, now: UnixNs): string | undefined
  /**
   * Makes the new device known, quarantined, with its first certificate, in place of one that it asked for and never came as; `by`: fingerprint of the one that the machine came by.
   * Throws an Error whose message is a sentence where one of the two is against it by now, and what SQLite does.
   */
  succeed(order: Order, newId: string, certificate: GivenCertificate, by: string, now: UnixNs): void
  /** Writes what of boots is new. Throws what SQLite does. */
  write(): void
}

const DAY_NS = 86_400_000_000_000n
/** A clone that was not heard of for so long has gone. */
const GONE_NS = 30n * DAY_NS
/** Machines that one certificate is ordered apart into within a day: who says ever other hardware invents no devices. */
const ORDERS_A_DAY = 10
/**
 * Of a device that nobody has admitted, within GONE_NS, and of all those by one token: whoever has it invents both. 1000 rows are
 * half a megabyte; 90,000 took 50 ms at each Hello that looked through them.
 */
const UNADMITTED_MAX = 4
const OF_TOKEN_MAX = 1000
/** Between two looks through all rows where there is no room: whoever fills them has the collector look no more often. */
const RECOUNT_NS = 60_000_000_000n
/** When a clone was last there is no more exact than this: each time is a write that is waited for. */
const SEEN_EVERY_NS = 3_600_000_000_000n
const TOKEN_BYTES = 24
const TURNS = 'two machines take turns with this certificate'

/** What was found, and of which boot; `older`: the one that took turns with it. */
type Suspicion = { bootId: string; older?: string; what: string }

export function createClones(
  database: DatabaseSync,
  registry: Registry,
  { counters, complain }: { counters: Counters; complain: (of: Subject, text: string) => void },
): Clones {
  const boots = createBoots(database)
  const sql = {
    of: database.prepare(
      'SELECT hardware, boot_id, successor, ordered_ns, seen_ns FROM clone WHERE device = ? AND moved_ns IS NULL AND seen_ns > ?',
    ),
    today: database.prepare('SELECT count(*) AS n FROM clone WHERE device = ? AND ordered_ns > ?'),
    all: database.prepare('SELECT count(*) AS n FROM clone WHERE device = ?'),
    byToken: database.prepare(
      "SELECT token, count(*) AS n FROM clone JOIN device ON id = device WHERE standing = 'quarantined' AND token IS NOT NULL GROUP BY token",
    ),
    isSuccessor: database.prepare('SELECT 1 FROM clone WHERE successor = ? LIMIT 1'),
    add: database.prepare('INSERT INTO clone VALUES (?, ?, ?, NULL, ?, ?, NULL)'),
    // Those that have gone: whatever they became is known, or was looked at by somebody.
    drop: database.prepare(
      `DELETE FROM clone WHERE max(seen_ns, ordered_ns, ifnull(moved_ns, 0)) <= ? AND NOT EXISTS (
        SELECT 1 FROM device WHERE id = successor AND (moved_ns IS NULL OR standing = 'quarantined'))`,
    ),
    seen: database.prepare(
      'UPDATE clone SET seen_ns = ? WHERE device = ? AND hardware = ? AND boot_id = ?',
    ),
    name: database.prepare(
      'UPDATE clone SET successor = ?, ordered_ns = ? WHERE device = ? AND hardware = ? AND boot_id = ? AND moved_ns IS NULL',
    ),
    moved: database.prepare(
      'UPDATE clone SET moved_ns = ? WHERE successor = ? AND moved_ns IS NULL RETURNING device',
    ),
  }
  sql.of.setReadBigInts(true)
  const say = (deviceId: string, text: string) =>
    complain(
      { id: deviceId, isKnown: registry.device(deviceId)?.isNoticed === true },
      `device ${deviceId}: ${text}`,
    )
  const openOf = (deviceId: string, now: UnixNs) => sql.of.all(deviceId, now - GONE_NS)
  let droppedAt: UnixNs | undefined
  /** Rows of devices that nobody has admitted, by their token, as of droppedAt and with those that came since. */
  const ofToken = new Map<number, number>()

  /** A look through all rows, unless the last was within so long. */
  const dropGone = (now: UnixNs, everyNs: bigint) => {
    if (droppedAt !== undefined && now >= droppedAt && now - droppedAt < everyNs) return
    droppedAt = now
    sql.drop.run(now - GONE_NS)
    ofToken.clear()
    for (const { token, n } of sql.byToken.all()) ofToken.set(Number(token), Number(n))
  }

  const hasAll = ({ id, token = 0 }: EnrolledDevice) =>
    Number(sql.all.get(id)?.['n']) >= UNADMITTED_MAX || (ofToken.get(token) ?? 0) >= OF_TOKEN_MAX

  /**
   * Whether as many are remembered of a device that nobody has admitted, or of its token, as may be. Clones of devices that were
   * forgotten or admitted since are not among them, so it is counted anew before one is turned down.
   */
  const isFull = (device: EnrolledDevice, now: UnixNs): boolean => {
    if (device.standing !== 'quarantined' || !hasAll(device)) return false
    dropGone(now, RECOUNT_NS)
    return hasAll(device)
  }

  /** What was shared is not, once the last of the others has gone. */
  const review = (deviceId: string, now: UnixNs) => {
    if (registry.device(deviceId)?.sharedAt === undefined) return
    if (openOf(deviceId, now).length === 0) registry.share(deviceId, undefined)
  }

  /** It comes as the device that it has become. */
  const noteArrival = (deviceId: string, now: UnixNs) => {
    for (const { device } of sql.moved.all(now, deviceId)) review(`${device}`, now)
  }

  /** That it, or another machine by its certificate, is not the one that enrolled; undefined: nothing says so. */
  const suspicion = (machine: Machine, enrolled: string, now: UnixNs): Suspicion | undefined => {
    const { deviceId, hardware, bootId } = machine
    if (enrolled !== '' && hardware === '')
      return { bootId: '', what: 'a machine does not say what hardware it is, as the device did' }
    if (enrolled !== '' && hardware !== enrolled)
      return { bootId, what: 'this is other hardware than what was enrolled' }
    const turns = boots.noteArrival(deviceId, bootId, now)
    return turns && { bootId: turns.younger, older: turns.older, what: TURNS }
  }

  /** Remembers what is found, so that the machine is told when it comes. */
  const note = (machine: Machine, found: Suspicion, now: UnixNs): void => {
    const { deviceId, hardware } = machine
    const { bootId, older, what } = found
    const open = openOf(deviceId, now).filter((row) => row['hardware'] === hardware)
    // Of the two one was told already, and the other stays what it is.
    if (open.some((row) => row['boot_id'] === bootId || row['boot_id'] === older)) return
    if (Number(sql.today.get(deviceId, now - DAY_NS)?.['n']) >= ORDERS_A_DAY) return
    // What came from a copy and was looked at by nobody makes no further devices.
    const device = registry.device(deviceId)
    if (device?.standing === 'quarantined' && sql.isSuccessor.get(deviceId) !== undefined) {
      say(deviceId, `${what}, and it came from a copy itself: admit it first`)
      return
    }
    dropGone(now, DAY_NS)
    if (device && isFull(device, now)) {
      counters.add('clonesUntold')
      say(
        deviceId,
        `${what}, as it is with more than are told apart of a device that nobody has admitted: ${commandThere(`collector devices admit ${deviceId}`)} has them become devices of their own`,
      )
      return
    }
    counters.add('clonesFound')
    transaction(database, () => {
      sql.add.run(deviceId, hardware, bootId, now, now)
      registry.share(deviceId, now)
    })
    if (device?.standing === 'quarantined' && device.token !== undefined)
      ofToken.set(device.token, (ofToken.get(device.token) ?? 0) + 1)
    if (older !== undefined && bootId !== machine.bootId)
      say(deviceId, `${what}: the one that was first seen later is told when it comes`)
  }

  const noteSeen = ({ deviceId, hardware }: Machine, row: DatabaseRow, now: UnixNs): void => {
    if (now - BigInt(`${row['seen_ns']}`) < SEEN_EVERY_NS) return
    sql.seen.run(now, deviceId, hardware, `${row['boot_id']}`)
  }

  /** Its boot counts on the hardware that was enrolled alone: other hardware is another machine, whatever it says. */
  const isOf = (row: DatabaseRow, { hardware, bootId }: Machine, enrolled: string): boolean =>
    row['hardware'] === hardware && (hardware !== enrolled || row['boot_id'] === bootId)

  /** Whom it is of, by what was noted: it is told so, or why not is said. */
  const orderOf = (machine: Machine, enrolled: string, own: DatabaseRow, what: string) => {
    const { deviceId, hardware } = machine
    if (enrolled !== '' && hardware === '') {
      // It may be the device itself, whose hardware its system has ceased to name.
      say(
        deviceId,
        `${what}: it is marked as shared, since that may be another machine. Where it is none, remove its enrolment and enrol it anew`,
      )
      return undefined
    }
    const stands = hardware !== enrolled ? registry.standsAgainst(hardware, deviceId) : undefined
    if (stands !== undefined && `${own['successor'] ?? ''}` !== stands) {
      say(
        deviceId,
        `${what}, and it is enrolled as device ${stands}: ${commandThere(`collector devices allow ${stands.slice(0, 8)}`)} lets it become a device of its own`,
      )
      return undefined
    }
    if (!machine.isCapable) {
      say(
        deviceId,
        `${what}, and its agent is too old to become a device of its own: remove its enrolment and enrol it anew`,
      )
      return undefined
    }
    say(deviceId, `${what}: it is told to become a device of its own`)
    const token = randomBytes(TOKEN_BYTES).toString('base64url')
    return { ...machine, bootId: `${own['boot_id']}`, token, reason: what }
  }

  /** What the machine asked for before, and never came as: since then it was not told apart anew. */
  const askedBefore = (order: Order): DatabaseRow | undefined =>
    openOf(order.deviceId, unixNs(GONE_NS, 'now')).find(
      ({ hardware, boot_id, successor }) =>
        hardware === order.hardware && boot_id === order.bootId && typeof successor === 'string',
    )

  const refusalOfId = (order: Order, newId: string, now: UnixNs): string | undefined => {
    if (newId === order.deviceId) return 'it asks for the device id that it has'
    const before = askedBefore(order)
    const its = before && registry.device(`${before['successor']}`)
    // A certificate would open nothing.
    if (its?.standing === 'revoked') return 'the device that it became was thrown out'
    if (before?.['successor'] === newId) return undefined
    // Where that was removed, or never came within a day, the machine has lost what it was given: set back, or brought back.
    if (its?.isNoticed || (its && now - BigInt(`${before?.['ordered_ns']}`) < DAY_NS))
      return `it asked for another device id before, ${its.id}, and has not come as that: ${its.isNoticed ? '' : 'a day later it may, and '}${commandThere(`collector devices remove ${its.id}`)} lets it at once`
    return registry.device(newId) || isLocal(database, newId)
      ? 'it asks for the id of a device that is known'
      : undefined
  }

  return {
    orderFor(machine, now) {
      const { deviceId } = machine
      const device = registry.device(deviceId)
      if (!device) return undefined
      noteArrival(deviceId, now)
      const find = () => openOf(deviceId, now).find((row) => isOf(row, machine, device.hardware))
      const before = find()
      const found = suspicion(machine, device.hardware, now)
      if (before) noteSeen(machine, before, now)
      else if (!found) review(deviceId, now)
      else note(machine, found, now)
      const own = before ?? (found && find())
      const what = found?.what ?? 'another machine has this certificate, too'
      return own && orderOf(machine, device.hardware, own, what)
    },
    refusalOf(order, token, newId, now) {
      if (!sameSecret(token, order.token)) return 'the token is not the one of this connection'
      return refusalOfId(order, newId, now)
    },
    succeed(order, newId, certificate, by, now) {
      const { deviceId, hardware, bootId } = order
      const before = `${askedBefore(order)?.['successor'] ?? newId}`
      const no = registry.addBeside(by, { id: newId, hardware }, certificate, now, () => {
        // Another may have come by that id since.
        const why = refusalOfId(order, newId, now)
        if (why !== undefined) throw new Error(why)
        sql.name.run(newId, now, deviceId, hardware, bootId)
      })
      if (no) throw new Error(no.error)
      // Of one machine there is one device that waits for it.
      if (before !== newId) registry.remove(before)
    },
    write: boots.write,
  }
}
