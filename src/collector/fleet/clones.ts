// Two machines behind one certificate, as a disk that was copied with its key makes them. Told from a Mac that changed its
// network, that started anew, or whose backup was brought back. One of the two becomes a device of its own.
import { randomBytes } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { commandThere } from '../../hint.ts'
import { type UnixNs, unixNs } from '../../units.ts'
import { BoundedMap } from '../bounded-map.ts'
import type { Counters } from '../counters.ts'
import { sameSecret } from '../secrets.ts'
import { isLocal } from './local-ids.ts'
import type { Registry } from './registry.ts'

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
  /** Makes the new device known, quarantined, with its first certificate. REQUIRES: refusalOf has nothing against it. */
  succeed(
    order: Order,
    newId: string,
    certificate: { fingerprint: string; notAfter: UnixNs },
    now: UnixNs,
  ): void
}

const HOUR_NS = 3_600_000_000_000n
/**
 * Returns to a boot of before within an hour that one machine has: none, as a boot does not come back. A virtual machine that is
 * set back to a snapshot again and again has a few.
 */
const RETURNS_MAX = 3
/** Boots of a device that are remembered: what comes after is no alternation of two. */
const BOOTS_MAX = 8
const DEVICES_MAX = 20_000
/** A clone that was not heard of for so long has gone. */
const GONE_NS = 30n * 24n * HOUR_NS
/** Machines that one certificate is ordered apart into within a day: who says ever other hardware invents no devices. */
const ORDERS_A_DAY = 10
const TOKEN_BYTES = 24

type Boots = { last: string; seenAt: Map<string, UnixNs>; returns: UnixNs[] }

export function createClones(
  database: DatabaseSync,
  registry: Registry,
  { counters, complain }: { counters: Counters; complain: (text: string) => void },
): Clones {
  const boots = new BoundedMap<string, Boots>(DEVICES_MAX)
  const sql = {
    of: database.prepare(
      'SELECT hardware, boot_id, successor FROM clone WHERE device = ? AND moved_ns IS NULL AND seen_ns > ?',
    ),
    today: database.prepare('SELECT count(*) AS n FROM clone WHERE device = ? AND ordered_ns > ?'),
    isSuccessor: database.prepare('SELECT 1 FROM clone WHERE successor = ? LIMIT 1'),
    add: database.prepare('INSERT INTO clone VALUES (?, ?, ?, NULL, ?, ?, NULL)'),
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

  /** Why it is not the machine that enrolled, or one of two that look alike; undefined: nothing says so. */
  const suspicion = (machine: Machine, enrolled: string, now: UnixNs): string | undefined => {
    const { deviceId, hardware, bootId } = machine
    if (hardware !== '' && enrolled !== '' && hardware !== enrolled)
      return 'this is other hardware than what was enrolled'
    return bootId !== '' && returnsTooOften(boots, deviceId, bootId, now)
      ? 'two machines take turns with this certificate'
      : undefined
  }

  return {
    orderFor(machine, now) {
      const { deviceId, hardware, bootId } = machine
      const device = registry.device(deviceId)
      if (!device) return undefined
      noteArrival(deviceId, now)
      const open = openOf(deviceId, now)
      const ofHardware = open.filter((row) => row['hardware'] === hardware)
      const isElsewhere = hardware !== device.hardware
      const own = ofHardware.find((row) => isElsewhere || row['boot_id'] === bootId)
      const reason = suspicion(machine, device.hardware, now)
      if (own) sql.seen.run(now, deviceId, hardware, `${own['boot_id']}`)
      else if (reason === undefined) {
        review(deviceId, now)
        return undefined
      } else if (!isElsewhere && ofHardware.length > 0) {
        // Its twin was told already, and this one stays what it is.
        return undefined
      } else {
        if (Number(sql.today.get(deviceId, now - 24n * HOUR_NS)?.['n']) >= ORDERS_A_DAY)
          return undefined
        // What came from a copy and was looked at by nobody makes no further devices.
        if (device.standing === 'quarantined' && sql.isSuccessor.get(deviceId)) {
          complain(`device ${deviceId}: ${reason}, and it came from a copy itself: admit it first`)
          return undefined
        }
        counters.add('clonesFound')
        sql.add.run(deviceId, hardware, bootId, now, now)
        registry.share(deviceId, now)
      }
      const what = reason ?? 'another machine has this certificate, too'
      const stands = isElsewhere ? registry.standsAgainst(hardware, deviceId) : undefined
      if (stands !== undefined && `${own?.['successor'] ?? ''}` !== stands) {
        complain(
          `device ${deviceId}: ${what}, and it is enrolled as device ${stands}: ${commandThere('collector devices allow')} lets it become a device of its own`,
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
      return { ...machine, bootId: `${own?.['boot_id'] ?? bootId}`, token, reason: what }
    },
    refusalOf(order, token, newId) {
      if (!sameSecret(token, order.token)) return 'the token is not the one of this connection'
      if (newId === order.deviceId) return 'it asks for the device id that it has'
      const its = openOf(order.deviceId, unixNs(0n, 'now')).find(
        ({ hardware, boot_id }) => hardware === order.hardware && boot_id === order.bootId,
      )?.['successor']
      if (typeof its === 'string')
        return its === newId ? undefined : 'it asked for another device id before'
      return registry.device(newId) || isLocal(database, newId)
        ? 'it asks for the id of a device that is known'
        : undefined
    },
    succeed(order, newId, certificate, now) {
      const { deviceId, hardware, bootId } = order
      registry.addBeside(deviceId, { id: newId, hardware }, certificate, now, () =>
        sql.name.run(newId, deviceId, hardware, bootId),
      )
    },
  }
}

function returnsTooOften(
  all: BoundedMap<string, Boots>,
  deviceId: string,
  bootId: string,
  now: UnixNs,
): boolean {
  const of: Boots = all.get(deviceId) ?? { last: bootId, seenAt: new Map(), returns: [] }
  all.set(deviceId, of)
  const isWithinHour = (at: UnixNs) => now - at < HOUR_NS
  const seenAt = of.seenAt.get(bootId)
  if (of.last !== bootId && seenAt !== undefined && isWithinHour(seenAt)) of.returns.push(now)
  of.last = bootId
  of.seenAt.delete(bootId)
  of.seenAt.set(bootId, now)
  const [oldest] = of.seenAt.keys()
  if (of.seenAt.size > BOOTS_MAX && oldest !== undefined) of.seenAt.delete(oldest)
  of.returns = of.returns.filter(isWithinHour)
  if (of.returns.length <= RETURNS_MAX) return false
  of.returns = []
  return true
}
