// Two machines behind one certificate, as a disk that was copied with its key makes them. Told from a Mac that changed its
// network, that started anew, or whose backup was brought back. One of the two becomes a device of its own.
import { randomBytes } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { commandThere } from '../../hint.ts'
import { type UnixNs, unixNs } from '../../units.ts'
import type { Counters } from '../counters.ts'
import { sameSecret } from '../secrets.ts'
import { createBoots } from './boots.ts'
import { isLocal } from './local-ids.ts'
import type { Registry } from './registry.ts'
import type { DatabaseRow, GivenCertificate } from './registry-rows.ts'

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
  refusalOf(order: Order, token: string, newId: string): string | undefined
  /**
   * Makes the new device known, quarantined, with its first certificate; `by`: fingerprint of the one that the machine came by.
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
const TOKEN_BYTES = 24
const TURNS = 'two machines take turns with this certificate'

/** What was found, and of which boot; `older`: the one that took turns with it. */
type Suspicion = { bootId: string; older?: string; what: string }

export function createClones(
  database: DatabaseSync,
  registry: Registry,
  { counters, complain }: { counters: Counters; complain: (text: string) => void },
): Clones {
  const boots = createBoots(database)
  const sql = {
    of: database.prepare(
      'SELECT hardware, boot_id, successor FROM clone WHERE device = ? AND moved_ns IS NULL AND seen_ns > ?',
    ),
    today: database.prepare('SELECT count(*) AS n FROM clone WHERE device = ? AND ordered_ns > ?'),
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
      'UPDATE clone SET successor = ? WHERE device = ? AND hardware = ? AND boot_id = ? AND moved_ns IS NULL',
    ),
    moved: database.prepare(
      'UPDATE clone SET moved_ns = ? WHERE successor = ? AND moved_ns IS NULL RETURNING device',
    ),
  }
  const openOf = (deviceId: string, now: UnixNs) => sql.of.all(deviceId, now - GONE_NS)

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
    if (
      registry.device(deviceId)?.standing === 'quarantined' &&
      sql.isSuccessor.get(deviceId) !== undefined
    ) {
      complain(`device ${deviceId}: ${what}, and it came from a copy itself: admit it first`)
      return
    }
    counters.add('clonesFound')
    sql.drop.run(now - GONE_NS)
    sql.add.run(deviceId, hardware, bootId, now, now)
    registry.share(deviceId, now)
    if (older !== undefined && bootId !== machine.bootId)
      complain(
        `device ${deviceId}: ${what}: the one that was first seen later is told when it comes`,
      )
  }

  /** Its boot counts on the hardware that was enrolled alone: other hardware is another machine, whatever it says. */
  const isOf = (row: DatabaseRow, { hardware, bootId }: Machine, enrolled: string): boolean =>
    row['hardware'] === hardware && (hardware !== enrolled || row['boot_id'] === bootId)

  /** Whom it is of, by what was noted: it is told so, or why not is said. */
  const orderOf = (machine: Machine, enrolled: string, own: DatabaseRow, what: string) => {
    const { deviceId, hardware } = machine
    if (enrolled !== '' && hardware === '') {
      // It may be the device itself, whose hardware its system has ceased to name.
      complain(
        `device ${deviceId}: ${what}: it is marked as shared, since that may be another machine. Where it is none, remove its enrolment and enrol it anew`,
      )
      return undefined
    }
    const stands = hardware !== enrolled ? registry.standsAgainst(hardware, deviceId) : undefined
    if (stands !== undefined && `${own['successor'] ?? ''}` !== stands) {
      complain(
        `device ${deviceId}: ${what}, and it is enrolled as device ${stands}: ${commandThere(`collector devices allow ${stands.slice(0, 8)}`)} lets it become a device of its own`,
      )
      return undefined
    }
    if (!machine.isCapable) {
      complain(
        `device ${deviceId}: ${what}, and its agent is too old to become a device of its own: remove its enrolment and enrol it anew`,
      )
      return undefined
    }
    complain(`device ${deviceId}: ${what}: it is told to become a device of its own`)
    const token = randomBytes(TOKEN_BYTES).toString('base64url')
    return { ...machine, bootId: `${own['boot_id']}`, token, reason: what }
  }

  const refusalOfId = (order: Order, newId: string): string | undefined => {
    if (newId === order.deviceId) return 'it asks for the device id that it has'
    const its = openOf(order.deviceId, unixNs(0n, 'now')).find(
      ({ hardware, boot_id }) => hardware === order.hardware && boot_id === order.bootId,
    )?.['successor']
    if (typeof its === 'string') {
      if (its !== newId) return 'it asked for another device id before'
      // A certificate would open nothing.
      const isOut = registry.device(newId)?.standing === 'revoked'
      return isOut ? 'the device that it became was thrown out' : undefined
    }
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
      if (before) sql.seen.run(now, deviceId, machine.hardware, `${before['boot_id']}`)
      else if (!found) review(deviceId, now)
      else note(machine, found, now)
      const own = before ?? (found && find())
      const what = found?.what ?? 'another machine has this certificate, too'
      return own && orderOf(machine, device.hardware, own, what)
    },
    refusalOf(order, token, newId) {
      if (!sameSecret(token, order.token)) return 'the token is not the one of this connection'
      return refusalOfId(order, newId)
    },
    succeed(order, newId, certificate, by, now) {
      const { deviceId, hardware, bootId } = order
      const no = registry.addBeside(by, { id: newId, hardware }, certificate, now, () => {
        // Another may have come by that id since.
        const why = refusalOfId(order, newId)
        if (why !== undefined) throw new Error(why)
        sql.name.run(newId, deviceId, hardware, bootId)
      })
      if (no) throw new Error(no.error)
    },
    write: boots.write,
  }
}
