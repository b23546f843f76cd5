// The collector's JSON API. Every string of an answer goes through `visible` here, once: names of
// programs and paths come from whoever wrote the program.
import type {
  AlertDetail,
  AlertGroupsResponse,
  AlertSortName,
  AlertStatusName,
  AlertsResponse,
  DestinationsResponse,
  DeviceChangeRequest,
  DeviceRemovalRequest,
  DevicesResponse,
  FleetResponse,
  HealthResponse,
  IdentitiesResponse,
  NsText,
  RefusalsResponse,
  SeverityName,
  TriageRequest,
} from '../views/page-api.ts'
import { visible } from './format.ts'
import { heldKey } from './page-key.ts'

/** A call that came to nothing. `signed_out`: 401, and 429 where too many wrong keys came; `missing`: 404; `conflict`: 409; `refused`: any other status. */
export class ApiError extends Error {
  readonly code: 'signed_out' | 'missing' | 'conflict' | 'refused' | 'unreachable'
  constructor(code: ApiError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Reads JSON of the collector. Its shape is the contract of page-api.ts. */
export const readJson = <T>(text: string): T =>
  JSON.parse(text, (_, value: unknown) => (typeof value === 'string' ? visible(value) : value)) as T

/** Asks with the key that is held. Throws ApiError. */
async function ask(
  path: string,
  more: Record<string, string> = {},
  init: { signal?: AbortSignal; method?: 'POST'; body?: string } = {},
): Promise<Response> {
  const key = heldKey() ?? ''
  // A header bears nothing else, and no key has anything else in it.
  if (!/^[\x21-\x7e]+$/.test(key)) throw wrongKey()
  const headers = { ...more, Authorization: `Bearer ${key}` }
  let response: Response
  try {
    response = await fetch(path, { ...init, headers, credentials: 'omit', cache: 'no-store' })
  } catch (cause) {
    throw new ApiError('unreachable', 'The collector does not answer.', { cause })
  }
  if (response.ok) return response
  if (response.status === 401 || response.status === 429) {
    // Of a key that was held before: another has been given meanwhile, which is not to be forgotten for that one.
    const held = heldKey()
    if (held !== undefined && held !== key) return ask(path, more, init)
    throw wrongKey()
  }
  const code =
    response.status === 404 ? 'missing' : response.status === 409 ? 'conflict' : 'refused'
  const reason = reasonIn(await response.text().catch(() => ''))
  throw new ApiError(code, reason ?? `${path}: the collector answered ${response.status}`)
}

const wrongKey = (): ApiError =>
  new ApiError('signed_out', 'That is not the key of this collector.')

function reasonIn(text: string): string | undefined {
  try {
    const body = readJson<{ error?: unknown }>(text)
    return typeof body.error === 'string' ? body.error : undefined
  } catch {
    return undefined
  }
}

const get = async <T>(path: string): Promise<T> => read<T>(await ask(path))

async function read<T>(response: Response): Promise<T> {
  const text = await response.text().catch((cause) => {
    throw new ApiError('unreachable', 'The collector stopped in its answer.', { cause })
  })
  return readJson<T>(text)
}

/** Begins the stream of events, after the one that was had last, if there was one. Throws ApiError. */
export async function openEvents(
  lastEventId: string | undefined,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const { body } = await ask(
    '/api/events',
    lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId },
    { signal },
  )
  if (!body) throw new ApiError('refused', 'The collector sends no events.')
  return body
}

/** Which of all alerts the collector keeps; undefined or empty: any. */
export type AlertsAsked = {
  severity?: SeverityName | undefined
  status?: AlertStatusName | undefined
  query?: string | undefined
  deviceId?: string | undefined
  sort?: AlertSortName | undefined
  /** Opened in [since, until), nanoseconds since 1970. */
  since?: NsText | undefined
  until?: NsText | undefined
  /** `next` of the page before. */
  after?: string | undefined
}

export const getAlerts = (
  limit: number,
  asked: AlertsAsked & { group?: string } = {},
): Promise<AlertsResponse> => get(`/api/alerts?${alertFields(limit, asked)}`)

/** Alerts that are like one another, as one row. */
export const getAlertGroups = (limit: number, asked: AlertsAsked): Promise<AlertGroupsResponse> =>
  get(`/api/alert-groups?${alertFields(limit, asked)}`)

function alertFields(limit: number, asked: AlertsAsked & { group?: string }): URLSearchParams {
  const { query: q, deviceId: device, ...others } = asked
  const fields = new URLSearchParams({ limit: String(limit) })
  for (const [name, value] of Object.entries({ ...others, q, device }))
    if (value) fields.set(name, value)
  return fields
}

export const getAlert = (id: string, deviceId: string | undefined): Promise<AlertDetail> =>
  get(
    `/api/alerts/${encodeURIComponent(id)}${deviceId === undefined ? '' : `?${new URLSearchParams({ device: deviceId })}`}`,
  )

/** Says something of an alert; answers the alert as it is then. Throws ApiError conflict when somebody else came first. */
export async function postTriage(id: string, said: TriageRequest): Promise<AlertDetail> {
  const path = `/api/alerts/${encodeURIComponent(id)}/triage`
  const json = { 'Content-Type': 'application/json' }
  return read(await ask(path, json, { method: 'POST', body: JSON.stringify(said) }))
}

/** Changes what people said of a machine. Throws ApiError missing when it is not enrolled. */
export async function postDevice(id: string, change: DeviceChangeRequest): Promise<void> {
  const json = { 'Content-Type': 'application/json' }
  await ask(`/api/devices/${encodeURIComponent(id)}`, json, {
    method: 'POST',
    body: JSON.stringify(change),
  })
}

/** Forgets a machine; what it sent stays or goes. Throws ApiError missing when it is not enrolled. */
export async function postRemoval(id: string, removal: DeviceRemovalRequest): Promise<void> {
  const json = { 'Content-Type': 'application/json' }
  await ask(`/api/devices/${encodeURIComponent(id)}/removal`, json, {
    method: 'POST',
    body: JSON.stringify(removal),
  })
}

/** The newest that `q` finds, or the one with this key; `before` is what the part before said in `next`. */
export function getIdentities(
  limit: number,
  asked: { q?: string; before?: string | undefined; key?: string; device?: string } = {},
): Promise<IdentitiesResponse> {
  const fields = new URLSearchParams({ limit: String(limit) })
  for (const [name, value] of Object.entries(asked)) if (value) fields.set(name, value)
  return get(`/api/identities?${fields}`)
}

export function getDestinations(
  device: string,
  key: string,
  limit: number,
): Promise<DestinationsResponse> {
  const fields = new URLSearchParams({ device, key, limit: String(limit) })
  return get(`/api/destinations?${fields}`)
}

/** All, the parts of the list put together; at most `max`. */
export async function getDevices(max: number): Promise<DevicesResponse> {
  const devices: DevicesResponse['devices'] = []
  let after = ''
  do {
    const part = await get<DevicesResponse>(`/api/devices?after=${after}`)
    devices.push(...part.devices)
    after = part.next ?? ''
  } while (after !== '' && devices.length < max)
  return { devices }
}

/** Those that enrolled, by name, from behind `after` on. Throws ApiError missing where none can. */
export const getFleet = (limit: number, after: string): Promise<FleetResponse> =>
  get(
    `/api/fleet?${new URLSearchParams({ limit: `${limit}`, ...(after === '' ? {} : { after }) })}`,
  )

export const getRefusals = (): Promise<RefusalsResponse> => get('/api/refusals')

export const getHealth = (limit: number): Promise<HealthResponse> =>
  get(`/api/health?limit=${limit}`)

/** What weakens figures. That a file was begun anew does not. */
const WEAKENING = 'loss,degraded,restart'
/** With what is over, which says since when it was so. */
export const WEAKENING_OR_OVER = `${WEAKENING},recovered`

/** What a device told that it did not see, some of it from `since` on and before `until`, nanoseconds since 1970. */
export const getUnseen = (
  device: string,
  since: bigint,
  until: bigint,
  kinds = WEAKENING,
): Promise<HealthResponse> =>
  get(
    `/api/health?limit=50&kind=${kinds}&device=${encodeURIComponent(device)}&since=${since}&until=${until}`,
  )

/** What a device told before a time of what it lacked, from when on or until when: what of it stood then, standingOf says. */
export const getLacking = (device: string, until: bigint): Promise<HealthResponse> =>
  get(
    `/api/health?limit=500&kind=degraded,recovered,restart&device=${encodeURIComponent(device)}&until=${until}`,
  )
