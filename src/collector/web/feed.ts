// Keeps state.ts true: the lists are loaded, then live events change them; after a lost connection, again.
import { batch } from '@preact/signals'
import type { DeviceInfo, PageEvent } from '../page-api.ts'
import {
  ApiError,
  getAlerts,
  getDevices,
  getHealth,
  getIdentities,
  openSession,
  readJson,
} from './api.ts'
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
import { SAMPLED_MAX, withSample } from './rates.ts'
import {
  alerts,
  alertsTold,
  announcement,
  arrived,
  connection,
  devices,
  health,
  identities,
  loaded,
  samples,
} from './state.ts'

const RETRY_FIRST_MS = 500
const RETRY_MAX_MS = 10_000
/** Events held while the lists load; a connection that brings more is begun again. */
const WAITING_MAX = 10_000
/** Rows of alerts shown as new at once, and for how long: as long as the style's `arrive`. */
const EMPHASIZED_MAX = 20
const EMPHASIS_MS = 6000
const EVENT_TYPES: readonly PageEvent['type'][] = ['alert', 'identity', 'device', 'health']

let retryMs = RETRY_FIRST_MS
/** The stream in use: there is one at a time. */
let current: EventSource | undefined

/** Signs in with a key and connects. Throws ApiError when the key is refused. */
export async function signIn(key: string): Promise<void> {
  await openSession(key)
  connect()
}

/** Asks for the key again, when a call found that the session has ended. */
export function signOut(): void {
  current?.close()
  current = undefined
  connection.value = { is: 'signed_out', why: 'The session has ended.' }
}

/** Opens the event stream, then loads the lists: what happens between the two is in one of them. */
export function connect(): void {
  connection.value = { is: 'connecting' }
  current?.close()
  const source = new EventSource('/api/events')
  current = source
  /** undefined once the lists are loaded. */
  let waiting: PageEvent[] | undefined = []
  // The stream and the lists may both fail, for one reason: it is one loss.
  const lose = (error: unknown): void => {
    if (current !== source) return
    current = undefined
    source.close()
    void retry(error)
  }
  const take = (event: PageEvent): void => {
    if (!waiting) apply(event, true)
    else if (waiting.push(event) > WAITING_MAX) lose(new Error('too many events while loading'))
  }
  for (const type of EVENT_TYPES)
    source.addEventListener(type, (message: MessageEvent<string>) => {
      try {
        take({ type, ...readJson<object>(message.data) } as PageEvent)
      } catch (error) {
        lose(error)
      }
    })
  source.addEventListener('error', () => lose(undefined))
  source.addEventListener('open', () => {
    load()
      .then(() => {
        if (current !== source) return
        for (const event of waiting ?? []) apply(event, false)
        waiting = undefined
        retryMs = RETRY_FIRST_MS
        connection.value = { is: 'live' }
      })
      .catch(lose)
  })
}

async function load(): Promise<void> {
  const [newAlerts, newIdentities, newDevices, newHealth] = await Promise.all([
    getAlerts(100),
    getIdentities(200),
    getDevices(DEVICES_MAX),
    getHealth(HEALTH_MAX),
  ])
  batch(() => {
    alerts.value = withRows({ rows: [], total: newAlerts.total }, newAlerts.alerts, withAlert)
    identities.value = withRows(
      { ...nothingHeld, total: newIdentities.total },
      newIdentities.identities,
      withIdentity,
    )
    devices.value = []
    for (const device of newDevices.devices) putDevice(device)
    health.value = newHealth.events.reduce(withHealth, [])
    alertsTold.value++
    loaded.value = true
  })
}

/** `told`: it happened while someone looks, so it is announced. */
function apply(event: PageEvent, told: boolean): void {
  if (event.type === 'alert') {
    const { alert } = event
    if (told && !alerts.value.rows.some((row) => row.id === alert.id)) {
      announcement.value = `New ${alert.severity} alert: ${alert.sentence}`
      emphasize(alert.id)
    }
    alerts.value = withAlert(alerts.value, alert)
    alertsTold.value++
  } else if (event.type === 'identity')
    identities.value = withIdentity(identities.value, event.identity)
  else if (event.type === 'device') putDevice(event.device)
  else if (event.type === 'health') health.value = withHealth(health.value, event.health)
  else event satisfies never
}

function emphasize(id: string): void {
  arrived.value = new Set([...arrived.value, id].slice(-EMPHASIZED_MAX))
  setTimeout(() => {
    arrived.value = new Set([...arrived.value].filter((other) => other !== id))
  }, EMPHASIS_MS)
}

function putDevice(device: DeviceInfo): void {
  devices.value = withDevice(devices.value, device)
  if (!device.live) return
  const held = samples.value.get(device.id) ?? (samples.value.size < SAMPLED_MAX ? [] : undefined)
  if (held) samples.value = new Map(samples.value).set(device.id, withSample(held, device.live))
}

/** An EventSource does not tell why it failed, so the API is asked. */
async function retry(error: unknown): Promise<void> {
  let cause = error
  if (cause === undefined)
    try {
      await getDevices(1)
    } catch (asked) {
      cause = asked
    }
  if (cause instanceof ApiError && cause.code === 'signed_out') {
    connection.value = { is: 'signed_out', why: '' }
    return
  }
  // A random share of the delay: the pages of a whole team come back at different moments.
  const delayMs = retryMs * (0.5 + Math.random() / 2)
  retryMs = Math.min(RETRY_MAX_MS, retryMs * 2)
  const why = cause instanceof Error ? cause.message : 'The stream of events ended.'
  connection.value = { is: 'lost', retryAtMs: Date.now() + delayMs, why }
  setTimeout(connect, delayMs)
}

/** Loads alerts older than those held. Throws ApiError. */
export async function loadOlderAlerts(): Promise<void> {
  const held = alerts.value.rows
  const oldest = held.reduce(
    (least, row) => (BigInt(row.storedAt) < least ? BigInt(row.storedAt) : least),
    held[0] ? BigInt(held[0].storedAt) : 0n,
  )
  const older = await getAlerts(100, { after: oldest.toString() })
  alerts.value = withRows(alerts.value, older.alerts, withAlert)
}
