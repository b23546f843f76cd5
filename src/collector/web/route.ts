// Where the page is: the address is the state, so that a link shows what its sender saw.
import type {
  AlertSortName,
  AlertStatusName,
  SeverityName,
  TriageStatusName,
} from '../views/page-api.ts'
import { isMoment, isTime } from './time-range.ts'

/** Alerts by what people said of them; without one, those that somebody still has to look at. */
export type StatusChoice = TriageStatusName | 'all'
export const STATUS_CHOICES: readonly StatusChoice[] = ['open', 'acknowledged', 'closed', 'all']

export type SortChoice = Exclude<AlertSortName, 'newest'>
export const SORT_CHOICES: readonly SortChoice[] = ['score', 'bytes']

export type AlertsRoute = {
  page: 'alerts'
  severity: SeverityName | undefined
  query: string
  status?: StatusChoice
  /** Without one, the latest opened first. */
  sort?: SortChoice
  /** Alerts opened from then on, and before then (time-range.ts). */
  from?: string
  to?: string
  /** Groups that are opened, those opened last. */
  open?: readonly string[]
}

/** Groups of which the address says that they are opened: as many as one has in view, in 140 letters. */
export const OPEN_MAX = 8

export type Route =
  | AlertsRoute
  /** Without a device: of whichever has it, if it is one. */
  | { page: 'alert'; id: string; deviceId: string | undefined }
  | { page: 'identities'; query: string }
  | { page: 'identity'; deviceId: string; key: string }
  | { page: 'machine' }
  /** `address` is what follows the `#`. */
  | { page: 'nowhere'; address: string }

export const SEVERITIES: readonly SeverityName[] = ['high', 'medium', 'low']

/** Whether a list of alerts is of some of them. */
export const isFiltered = ({ severity, query, status, from, to }: AlertsRoute): boolean =>
  severity !== undefined ||
  query.trim() !== '' ||
  status !== undefined ||
  from !== undefined ||
  to !== undefined

/** The same list but for what `change` says; undefined takes a choice away. */
export function changed(
  at: AlertsRoute,
  change: { [Name in 'status' | 'sort' | 'from' | 'to' | 'open']?: AlertsRoute[Name] | undefined },
): AlertsRoute {
  const { page, severity, query } = at
  const { status, sort, from, to, open } = { ...at, ...change }
  return {
    ...{ page, severity, query },
    ...(status && { status }),
    ...(sort && { sort }),
    ...(from && { from }),
    ...(to && { to }),
    ...(open && open.length > 0 && { open }),
  }
}

/** The address of a list, whatever is opened in it. */
export const listHash = (at: AlertsRoute): string => routeHash(changed(at, { open: undefined }))

/** What the collector is asked for; undefined: any. */
export const statusAsked = (status: StatusChoice | undefined): AlertStatusName | undefined =>
  status === 'all' ? undefined : (status ?? 'active')

/** An alert among those of all devices: another may have one of the same id. */
export type OfDevice = { id: string; device: { id: string } }
export const alertRoute = ({ id, device }: OfDevice): Route => ({
  page: 'alert',
  id,
  deviceId: device.id,
})
export const alertKey = ({ id, device }: OfDevice): string => `${id} ${device.id}`

/** A query of all alerts whose application, user, host, destination ... is exactly this. */
export const exactly = (
  name: 'app' | 'path' | 'hash' | 'signing' | 'user' | 'host' | 'to',
  value: string,
): string => `${name}:"${value.replaceAll('"', '""')}"`

/** Reads the part of an address from its `#`; without one, the alerts. */
export function parseRoute(hash: string): Route {
  const text = hash.startsWith('#') ? hash.slice(1) : hash
  const cut = text.indexOf('?')
  const path = (cut < 0 ? text : text.slice(0, cut)).split('/').filter((part) => part !== '')
  const fields = new URLSearchParams(cut < 0 ? '' : text.slice(cut + 1))
  const query = fields.get('q') ?? ''
  const [name, first, second] = path
  if (name === 'alerts' && first !== undefined && path.length === 2)
    return { page: 'alert', id: decoded(first), deviceId: fields.get('device') ?? undefined }
  if (name === 'identities' && first !== undefined && second !== undefined && path.length === 3)
    return { page: 'identity', deviceId: decoded(first), key: decoded(second) }
  if (name === 'identities' && path.length === 1) return { page: 'identities', query }
  if (name === 'machine' && path.length === 1) return { page: 'machine' }
  if (path.length > 1 || (name !== undefined && name !== 'alerts'))
    return { page: 'nowhere', address: text }
  const severity = SEVERITIES.find((name) => name === fields.get('severity'))
  const status = STATUS_CHOICES.find((name) => name === fields.get('status'))
  const sort = SORT_CHOICES.find((name) => name === fields.get('sort'))
  const [from, to] = [fields.get('from'), fields.get('to')]
  return changed(
    { page: 'alerts', severity, query },
    {
      ...{ status, sort },
      from: from !== null && isTime(from) ? from : undefined,
      to: to !== null && isMoment(to) ? to : undefined,
      open: openIn(fields.get('open') ?? ''),
    },
  )
}

/** Ids of groups (16 hex digits each), each once. */
const openIn = (text: string): string[] =>
  /^[0-9a-f]{16}(?:-[0-9a-f]{16})*$/.test(text)
    ? [...new Set(text.split('-'))].slice(-OPEN_MAX)
    : []

/** The `#...` that parseRoute reads back as the same route. */
export function routeHash(route: Route): string {
  if (route.page === 'alert') {
    const whose =
      route.deviceId === undefined ? '' : `?${new URLSearchParams({ device: route.deviceId })}`
    return `#/alerts/${encodeURIComponent(route.id)}${whose}`
  }
  if (route.page === 'identity')
    return `#/identities/${encodeURIComponent(route.deviceId)}/${encodeURIComponent(route.key)}`
  if (route.page === 'machine') return '#/machine'
  if (route.page === 'nowhere') return `#${route.address}`
  const fields = new URLSearchParams()
  if (route.page === 'alerts')
    for (const name of ['severity', 'status', 'sort', 'from', 'to'] as const) {
      const value = route[name]
      if (value) fields.set(name, value)
    }
  if (route.page === 'alerts' && route.open) fields.set('open', route.open.join('-'))
  if (route.query !== '') fields.set('q', route.query)
  return `#/${route.page}${fields.size > 0 ? `?${fields}` : ''}`
}

/** What stands in an address and means nothing to its page: names it does not know, and values that cannot be. */
export function ignoredIn(hash: string): [name: string, value: string][] {
  const route = parseRoute(hash)
  if (route.page === 'nowhere') return []
  const fieldsOf = (text: string) =>
    new URLSearchParams(text.includes('?') ? text.slice(text.indexOf('?') + 1) : '')
  const read = fieldsOf(routeHash(route))
  return [...fieldsOf(hash)].filter(([name, value]) => value !== '' && read.get(name) !== value)
}

/** The key of an address such as `#key=...`, or undefined. */
export function keyOf(hash: string): string | undefined {
  const match = /^#key=(.+)$/.exec(hash)
  return match ? decoded(match[1] as string) : undefined
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
