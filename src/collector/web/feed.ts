// Keeps state.ts true: the lists are loaded, then live events change them; after a lost connection, again.
import { batch } from '@preact/signals'
import type {
  AlertSummary,
  AlertsResponse,
  BeginEvent,
  DeviceInfo,
  HealthInfo,
  IdentitiesResponse,
  IdentitySummary,
  PageEvent,
} from '../views/page-api.ts'
import {
  ApiError,
  getAlerts,
  getDevices,
  getHealth,
  getIdentities,
  openEvents,
  readJson,
} from './api.ts'
import { eventsOf, type StreamedEvent } from './event-stream.ts'
import {
  DEVICES_MAX,
  HEALTH_MAX,
  nothingHeld,
  withAlert,
  withDevice,
  withHealth,
  withIdentity,
  withRows,
} from './lists.ts'
import { forgetKey, heldKey, keepKey } from './page-key.ts'
import { SAMPLED_MAX, withSample } from './rates.ts'
import { createReload } from './reload.ts'
import { alertKey } from './route.ts'
import {
  alerts,
  alertsTold,
  alertTold,
  announcement,
  arrived,
  connection,
  devices,
  fleetTold,
  health,
  identities,
  loaded,
  samples,
  triageCounts,
} from './state.ts'

const RETRY_FIRST_MS = 500
const RETRY_MAX_MS = 10_000
/** Events held while the lists load; a connection that brings more is begun again. */
const WAITING_MAX = 10_000
/** Programs that are held, the newest. */
const IDENTITIES_MAX = 200
/** Rows of alerts shown as new at once, and for how long: as long as the style's `arrive`. */
const EMPHASIZED_MAX = 20
const EMPHASIS_MS = 6000

/** While alerts arrive, they are counted anew so often. */
const COUNT_MS = 500

let counting: ReturnType<typeof setTimeout> | undefined
let retryMs = RETRY_FIRST_MS
/** The stream in use: there is one at a time. */
let current: AbortController | undefined
let retrying: ReturnType<typeof setTimeout> | undefined
/** The newest event that the lists hold; undefined: they are to be loaded. */
let lastEventId: string | undefined

/** Tries a key and connects with it. Throws ApiError when it is refused or cannot be tried. */
export async function signIn(key: string): Promise<void> {
  keepKey(key)
  try {
    await getDevices(1)
  } catch (error) {
    forgetKey()
    throw error
  }
  connect()
}

/** Asks for the key again: the collector does not take the one there is. */
export function signOut(): void {
  const had = heldKey() !== undefined
  forgetKey()
  clearTimeout(retrying)
  loadAlerts.forget()
  loadIdentities.forget()
  current?.abort()
  current = undefined
  connection.value = { is: 'signed_out', why: had ? 'The key is not that of this collector.' : '' }
}

/** Opens the event stream, then loads the lists: what happens between the two is in one of them. */
export function connect(): void {
  clearTimeout(retrying)
  current?.abort()
  if (heldKey() === undefined) {
    signOut()
    return
  }
  connection.value = { is: 'connecting' }
  const stream = new AbortController()
  current = stream
  // The stream and the lists may both fail, for one reason: it is one loss.
  const lose = (error: unknown): void => {
    if (current !== stream) return
    current = undefined
    stream.abort()
    retry(error)
  }
  listen(stream, lose).catch(lose)
}

async function listen(stream: AbortController, lose: (error: unknown) => void): Promise<void> {
  /** undefined once the lists are true. */
  let waiting: StreamedEvent[] | undefined = []
  const live = (): void => {
    for (const event of waiting ?? []) take(event, false)
    waiting = undefined
    retryMs = RETRY_FIRST_MS
    connection.value = { is: 'live' }
  }
  const loadAfter = async (begin: StreamedEvent): Promise<void> => {
    lastEventId = undefined
    await load()
    if (current !== stream) return
    lastEventId = begin.id
    live()
  }
  for await (const event of eventsOf(await openEvents(lastEventId, stream.signal))) {
    if (current !== stream) return
    if (event.type === 'begin') {
      if (readJson<BeginEvent>(event.data).resumed) live()
      else loadAfter(event).catch(lose)
    } else if (!waiting) take(event, true)
    else if (waiting.push(event) > WAITING_MAX) throw new Error('too many events while loading')
  }
}

/** `told`: it happened while someone looks, so it is announced. */
function take({ type, id, data }: StreamedEvent, told: boolean): void {
  // Where it fails, the lists are loaded again.
  lastEventId = undefined
  apply({ type, ...readJson<object>(data) } as PageEvent, told)
  lastEventId = id
}

async function load(): Promise<void> {
  const [newAlerts, newIdentities, newDevices, newHealth] = await Promise.all([
    getAlerts(100, { status: 'active' }),
    getIdentities(IDENTITIES_MAX),
    getDevices(DEVICES_MAX),
    getHealth(HEALTH_MAX),
  ])
  loadAlerts.forget()
  loadIdentities.forget()
  batch(() => {
    putAlerts(newAlerts)
    putIdentities(newIdentities)
    devices.value = []
    for (const device of newDevices.devices) putDevice(device)
    health.value = newHealth.events.reduceRight(withHealth, [] as HealthInfo[])
    loaded.value = true
  })
}

function putAlerts({ alerts: rows, total, statuses }: AlertsResponse): void {
  alerts.value = withRows({ rows: [], total }, rows, withAlert)
  triageCounts.value = statuses
  alertsTold.value++
  alertTold.value = { key: '', group: '' }
}

function putIdentities({ identities: rows, total }: IdentitiesResponse): void {
  identities.value = withRows({ ...nothingHeld, total }, rows, withIdentity)
}

const loadIdentities = createReload<IdentitiesResponse, IdentitySummary>({
  get: () => getIdentities(IDENTITIES_MAX),
  put(found, meanwhile) {
    putIdentities(found)
    for (const one of meanwhile) identities.value = withIdentity(identities.value, one)
  },
})

const loadAlerts = createReload<AlertsResponse, AlertSummary>({
  get: () => getAlerts(100, { status: 'active' }),
  put: (found, meanwhile) =>
    batch(() => {
      putAlerts(found)
      for (const one of meanwhile) alerts.value = withAlert(alerts.value, one)
    }),
})

function apply(event: PageEvent, told: boolean): void {
  if (event.type === 'alert') {
    const { alert } = event
    if (
      told &&
      alert.triage === null &&
      !alerts.value.rows.some((row) => alertKey(row) === alertKey(alert))
    ) {
      announcement.value = `New ${alert.severity} alert: ${alert.sentence}`
      emphasize(alertKey(alert))
    }
    alerts.value = withAlert(alerts.value, alert)
    loadAlerts.told(alert)
    alertsTold.value++
    alertTold.value = { key: alertKey(alert), group: alert.group }
    countSoon()
  } else if (event.type === 'alerts') loadAlerts.ask()
  else if (event.type === 'identity') {
    identities.value = withIdentity(identities.value, event.identity)
    loadIdentities.told(event.identity)
  } else if (event.type === 'identities') loadIdentities.ask()
  else if (event.type === 'device') putDevice(event.device)
  else if (event.type === 'removed') forgetDevice(event.deviceId)
  else if (event.type === 'health') health.value = withHealth(health.value, event.health)
  else event satisfies never
}

/** How many there are is the collector's to say: what an event tells may be of an alert that was counted before. */
function countSoon(): void {
  if (counting) return
  counting = setTimeout(() => {
    counting = undefined
    getAlerts(1, { status: 'active' }).then(
      ({ total, statuses }) => {
        alerts.value = { ...alerts.value, total: Math.max(total, alerts.value.rows.length) }
        triageCounts.value = statuses
      },
      // The stream says it too, when the collector is not there.
      () => undefined,
    )
  }, COUNT_MS)
}

function emphasize(key: string): void {
  arrived.value = new Set([...arrived.value, key].slice(-EMPHASIZED_MAX))
  setTimeout(() => {
    arrived.value = new Set([...arrived.value].filter((other) => other !== key))
  }, EMPHASIS_MS)
}

function putDevice(device: DeviceInfo): void {
  devices.value = withDevice(devices.value, device)
  if (!device.live) return
  const held = samples.value.get(device.id) ?? (samples.value.size < SAMPLED_MAX ? [] : undefined)
  if (held) samples.value = new Map(samples.value).set(device.id, withSample(held, device.live))
}

/** Nothing of it is left: neither it nor what the lists hold of it. */
function forgetDevice(id: string): void {
  batch(() => {
    devices.value = devices.value.filter((one) => one.id !== id)
    health.value = health.value.filter((one) => one.deviceId !== id)
    samples.value = new Map([...samples.value].filter(([of]) => of !== id))
    fleetTold.value++
  })
  loadAlerts.ask()
  loadIdentities.ask()
}

function retry(cause: unknown): void {
  if (cause instanceof ApiError && cause.code === 'signed_out') {
    signOut()
    return
  }
  // A random share of the delay: the pages of a whole team come back at different moments.
  const delayMs = retryMs * (0.5 + Math.random() / 2)
  retryMs = Math.min(RETRY_MAX_MS, retryMs * 2)
  const why = cause instanceof Error ? cause.message : String(cause)
  connection.value = { is: 'lost', retryAtMs: Date.now() + delayMs, why }
  retrying = setTimeout(connect, delayMs)
}
