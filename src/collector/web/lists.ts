// What the page holds of the collector's lists, and what a live event does to it. Bounded: the page of a
// busy fleet stays open for weeks.
import type { AlertSummary, DeviceInfo, HealthInfo, IdentitySummary } from '../views/page-api.ts'
import { alertKey } from './route.ts'
import { isPutAway } from './triage-words.ts'
import { isReplayed } from './words.ts'

/** Rows of a list that the page keeps. */
export const ROWS_MAX = 500
/** Health events that the page keeps. */
export const HEALTH_MAX = 100

/** Machines that the page keeps. */
export const DEVICES_MAX = 1000

/**
 * When an alert was opened, as lists have it: no later than it was stored, so that a clock that is ahead leads none. The
 * collector's lists are in this order, and the column says this age.
 */
export const listedAt = ({ openedAt, storedAt }: Pick<AlertSummary, 'openedAt' | 'storedAt'>) =>
  BigInt(openedAt) < BigInt(storedAt) ? openedAt : storedAt

/** Latest first. `total` counts what the collector has; `rows` is what is held here. */
export type Held<Row> = { rows: readonly Row[]; total: number }

export const nothingHeld: Held<never> = { rows: [], total: 0 }

/** Puts in an alert, or a later revision of one; an older revision changes nothing. What was put away goes. */
export function withAlert(held: Held<AlertSummary>, alert: AlertSummary): Held<AlertSummary> {
  const present = held.rows.find((row) => alertKey(row) === alertKey(alert))
  if (present && present.revision > alert.revision) return held
  if (isPutAway(alert)) {
    const rows = held.rows.filter((row) => row !== present)
    return present ? { rows, total: Math.max(0, held.total - 1) } : held
  }
  return put(held, present, alert, (row) => BigInt(listedAt(row)))
}

const identityId = (row: IdentitySummary): string => `${row.device.id} ${row.key}`

/** Puts in an identity, or what is now known of one. */
export function withIdentity(
  held: Held<IdentitySummary>,
  identity: IdentitySummary,
): Held<IdentitySummary> {
  const id = identityId(identity)
  const present = held.rows.find((row) => identityId(row) === id)
  return put(held, present, identity, (row) => BigInt(row.firstSeenAt))
}

/**
 * Puts more of the collector's rows to those held (an older page, or what a filter found). They are part
 * of `total` already; when there are too many, the oldest go.
 */
export function withRows<Row>(
  held: Held<Row>,
  rows: readonly Row[],
  add: (held: Held<Row>, row: Row) => Held<Row>,
): Held<Row> {
  const all = rows.reduce(add, held)
  return { rows: all.rows, total: Math.max(held.total, all.rows.length) }
}

function put<Row>(
  held: Held<Row>,
  present: Row | undefined,
  row: Row,
  time: (row: Row) => bigint,
): Held<Row> {
  const others = present ? held.rows.filter((other) => other !== present) : held.rows
  const at = time(row)
  let index = 0
  while (index < others.length && time(others[index] as Row) > at) index++
  const rows = [...others.slice(0, index), row, ...others.slice(index)].slice(0, ROWS_MAX)
  return { rows, total: present ? held.total : held.total + 1 }
}

/**
 * Puts in a machine, or what it says now. Those that nobody has admitted stand behind those that were, however many there are
 * and whatever they call themselves, and what recordings were replayed into behind all that can report; by name then. Bounded, the
 * last go.
 */
export function withDevice(devices: readonly DeviceInfo[], device: DeviceInfo): DeviceInfo[] {
  const at = devices.findIndex((other) => other.id === device.id)
  const held = devices[at]
  if (held && held.hostname === device.hostname && rankOf(held) === rankOf(device))
    return devices.with(at, device)
  const others = devices.filter((other) => other.id !== device.id)
  const after = others.findIndex((other) => comesBefore(device, other))
  return others.toSpliced(after < 0 ? others.length : after, 0, device).slice(0, DEVICES_MAX)
}

/** Names that several machines have. */
export function namesOfSeveral(machines: Iterable<{ hostname: string }>): ReadonlySet<string> {
  const once = new Set<string>()
  const several = new Set<string>()
  for (const { hostname } of machines) {
    if (once.has(hostname)) several.add(hostname)
    once.add(hostname)
  }
  return several
}

function comesBefore(one: DeviceInfo, other: DeviceInfo): boolean {
  const before = rankOf(one) - rankOf(other)
  return before === 0 ? one.hostname < other.hostname : before < 0
}

/** Of a machine that came by itself, as that of the collector, nobody has to say anything. */
function rankOf(device: DeviceInfo): number {
  if (isReplayed(device)) return 2
  const { standing } = device.enrolment ?? {}
  return standing === undefined || standing === 'active' ? 0 : 1
}

/** What was stored last first, whatever its machine's clock says: one that is ahead would lead for ever. Bounded. */
export const withHealth = (events: readonly HealthInfo[], event: HealthInfo): HealthInfo[] =>
  [event, ...events].slice(0, HEALTH_MAX)
