// What the page knows, as signals. feed.ts writes it, the views read it.
import { computed, effect, signal } from '@preact/signals'
import type { AlertSummary, DeviceInfo, HealthInfo, IdentitySummary } from '../views/page-api.ts'
import { type Held, namesOfSeveral, nothingHeld } from './lists.ts'
import type { Samples } from './rates.ts'
import { type AlertsRoute, parseRoute, type Route, routeHash } from './route.ts'
import { NO_COUNTS } from './triage-words.ts'

export type Connection =
  | { is: 'connecting' }
  | { is: 'live' }
  | { is: 'lost'; retryAtMs: number; why: string }
  | { is: 'signed_out'; why: string }

export const connection = signal<Connection>({ is: 'connecting' })
/** false until the lists have been loaded once: an empty list is then known to be empty. */
export const loaded = signal(false)
export const alerts = signal<Held<AlertSummary>>(nothingHeld)
/** Grows with each alert that was told: what was found before may not be all any more. */
export const alertsTold = signal(0)
/** The alert that was told last, by its key, and its group; empty: any may have been, unheard. Each is another object. */
export const alertTold = signal({ key: '', group: '' })
/** Of all alerts that the collector keeps. */
export const triageCounts = signal(NO_COUNTS)
export const identities = signal<Held<IdentitySummary>>(nothingHeld)
export const devices = signal<readonly DeviceInfo[]>([])
export const health = signal<readonly HealthInfo[]>([])
/** Reports of each device, by its id. */
export const samples = signal<ReadonlyMap<string, Samples>>(new Map())
/** Wall time of this browser, each second. */
export const nowMs = signal(Date.now())
/** The same by the minute, for what shows a date only when it is not today's. */
export const minuteMs = computed(() => Math.floor(nowMs.value / 60_000) * 60_000)
/** What a screen reader is told. */
export const announcement = signal('')
/** Keys of alerts that arrived while the page was open, for a moment of emphasis. */
export const arrived = signal<ReadonlySet<string>>(new Set())

/** What more than one machine calls itself, of those that the page holds. */
export const sharedNames = computed(() => namesOfSeveral(devices.value))

export const degraded = computed(() =>
  devices.value.filter((device) => device.connected && device.live && device.live.degraded !== ''),
)

export const route = signal<Route>(parseRoute(''))

/** Goes to a route: a new entry of the browser's history, unless `replace`. */
export function go(to: Route, replace = false): void {
  route.value = to
  const hash = routeHash(to)
  try {
    if (replace) history.replaceState(null, '', hash)
    else if (location.hash !== hash) history.pushState(null, '', hash)
  } catch {
    // Safari refuses more than 100 changes in 30 s: fast typing. The next one takes the address along.
  }
}

/** The list of alerts as it was last filtered: where Escape and j and k lead from an alert. */
export const lastList = signal<AlertsRoute>({
  page: 'alerts',
  severity: undefined,
  query: '',
})
effect(() => {
  if (route.value.page === 'alerts') lastList.value = route.value
})

/** The list of identities as it was last searched. */
export const lastIdentities = signal<Route & { page: 'identities' }>({
  page: 'identities',
  query: '',
})
effect(() => {
  if (route.value.page === 'identities') lastIdentities.value = route.value
})

/** Counts what this page has changed of machines: their list is asked for again. */
export const fleetTold = signal(0)

/** Machines that this page has removed, and whether what they sent is being deleted. */
export const removed = signal<ReadonlyMap<string, 'kept' | 'erased'>>(new Map())

/** The row last opened, by its data-row: its list puts the focus back on it. */
export const lastRow = signal('')
