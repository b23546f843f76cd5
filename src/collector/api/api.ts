import type { Devices } from '../gateway/devices.ts'
import {
  ALERT_FIELDS,
  type AlertsWanted,
  IDENTITY_FIELDS,
  noNetworkIn,
  type Store,
  severityRank,
  unknownFields,
} from '../store/store.ts'
import type {
  AlertDetail,
  AlertGroupsResponse,
  AlertsResponse,
  CountersResponse,
  DestinationsResponse,
  DevicesResponse,
  FleetResponse,
  HealthResponse,
  IdentitiesResponse,
  RefusalsResponse,
} from '../views/page-api.ts'
import type { PolicyResponse } from '../views/page-policy.ts'
import { type DeviceContext, presentDevice } from './device-view.ts'
import { createFleetList } from './fleet-list.ts'
import {
  cursorOf,
  groupOf,
  groupPlaceOf,
  limitOf,
  neededOf,
  numberOf,
  ParameterError,
  parseQuery,
  placeOf,
  rangeOf,
  severityOf,
  sortOf,
  statusesOf,
  textOf,
  timeOf,
} from './parameters.ts'

const ALERTS = { usual: 100, max: 500 }
const IDENTITIES = { usual: 200, max: 1000 }
const DESTINATIONS = { usual: 100, max: 1000 }
const HEALTH = { usual: 50, max: 500 }
/** With the counters of the moment a device has up to 20 kB. */
const DEVICES = { usual: 500, max: 500 }
const FLEET = { usual: 100, max: 500 }
/** Where no machine can enrol. */
const NOBODY: FleetResponse = { devices: [], total: 0, quarantined: 0, unseen: 0, policy: null }
const GROUPS_PARAMETERS = [
  'limit',
  'after',
  'device',
  'severity',
  'q',
  'since',
  'until',
  'sort',
  'status',
]
const ALERTS_PARAMETERS = [...GROUPS_PARAMETERS, 'before', 'group']

function wantedOf(given: Map<string, string>): AlertsWanted {
  const severity = severityOf(given)
  return {
    sort: sortOf(given),
    text: searchOf(given),
    ...rangeOf(given),
    deviceId: textOf(given, 'device'),
    severity: severity && severityRank(severity),
    status: statusesOf(given),
  }
}

function searchOf(given: Map<string, string>): string | undefined {
  const text = textOf(given, 'q')
  const wrong = text === undefined ? undefined : noNetworkIn(text)
  if (wrong === undefined) return text
  throw new ParameterError(
    `to: ${wrong} is no network: an IPv4 address with /0 to /32, or one of IPv6 with /0 to /128`,
  )
}

/** Beside an answer: what of the search is no field, as it may have been meant to be. */
function notesOf(given: Map<string, string>, fields: readonly string[]): { notes?: string[] } {
  const notes = unknownFields(textOf(given, 'q') ?? '', fields)
  return notes.length === 0 ? {} : { notes }
}

export type ApiBody =
  | AlertsResponse
  | AlertGroupsResponse
  | AlertDetail
  | IdentitiesResponse
  | DestinationsResponse
  | DevicesResponse
  | HealthResponse
  | CountersResponse
  | PolicyResponse
  | FleetResponse
  | RefusalsResponse

export type Api = {
  /**
   * The answer to GET `path` with `query` (without its '?'); undefined when there is no such path or
   * thing. Rejects with ParameterError for a parameter that cannot be, StoreError when the store fails.
   */
  get(path: string, query: string): Promise<ApiBody | undefined>
}

export function createApi(options: {
  store: Pick<Store, 'read'>
  devices: Devices
  context: DeviceContext
  counters: () => CountersResponse
  policy: ((limit: number, after?: string) => PolicyResponse) | undefined
}): Api {
  const { store, devices, context } = options
  const { fleet } = context
  const listFleet = fleet && createFleetList({ fleet, devices, now: context.now })

  async function alerts(query: string): Promise<AlertsResponse> {
    const given = parseQuery(query, ALERTS_PARAMETERS)
    const found = await store.read({
      op: 'alerts',
      limit: limitOf(given, ALERTS.usual, ALERTS.max),
      ...wantedOf(given),
      ...cursorOf(given, sortOf(given)),
      likeness: groupOf(given),
    })
    return { ...found, ...notesOf(given, ALERT_FIELDS) }
  }

  async function alertGroups(query: string): Promise<AlertGroupsResponse> {
    const given = parseQuery(query, GROUPS_PARAMETERS)
    const found = await store.read({
      op: 'groups',
      limit: limitOf(given, ALERTS.usual, ALERTS.max),
      ...wantedOf(given),
      place: groupPlaceOf(given, sortOf(given)),
    })
    return { ...found, ...notesOf(given, ALERT_FIELDS) }
  }

  async function identities(query: string): Promise<IdentitiesResponse> {
    const given = parseQuery(query, ['limit', 'before', 'device', 'q', 'key'])
    const found = await store.read({
      op: 'identities',
      limit: limitOf(given, IDENTITIES.usual, IDENTITIES.max),
      deviceId: textOf(given, 'device'),
      text: textOf(given, 'q'),
      key: textOf(given, 'key'),
      before: placeOf(given, 'before'),
    })
    return { ...found, ...notesOf(given, IDENTITY_FIELDS) }
  }

  async function destinations(query: string): Promise<DestinationsResponse | undefined> {
    const given = parseQuery(query, ['limit', 'device', 'key'])
    return store.read({
      op: 'destinations',
      deviceId: neededOf(given, 'device'),
      identityKey: neededOf(given, 'key'),
      limit: limitOf(given, DESTINATIONS.usual, DESTINATIONS.max),
    })
  }

  function policy(query: string): PolicyResponse | undefined {
    const given = parseQuery(query, ['limit', 'after'])
    const limit = limitOf(given, DEVICES.usual, DEVICES.max)
    return options.policy?.(limit, textOf(given, 'after'))
  }

  function members(query: string): FleetResponse {
    const given = parseQuery(query, ['limit', 'after'])
    return listFleet?.(limitOf(given, FLEET.usual, FLEET.max), textOf(given, 'after')) ?? NOBODY
  }

  function refusals(query: string): RefusalsResponse {
    parseQuery(query, [])
    return fleet?.refusals() ?? { refusals: [], unlisted: 0 }
  }

  async function allDevices(query: string): Promise<DevicesResponse> {
    const given = parseQuery(query, ['limit', 'after'])
    const { rows, ...part } = await store.read({
      op: 'devices',
      limit: limitOf(given, DEVICES.usual, DEVICES.max),
      after: numberOf(given, 'after'),
    })
    return { devices: rows.map((row) => presentDevice(row, devices.get(row.id), context)), ...part }
  }

  /** Of the device that is named; without one, of the only one that has it. */
  async function alert(id: string, query: string): Promise<AlertDetail | undefined> {
    const deviceId = textOf(parseQuery(query, ['device']), 'device')
    const holders = deviceId === undefined ? await store.read({ op: 'alertHolders', id }) : 1
    if (holders > 1)
      throw new ParameterError(`device: whose alert? ${holders} machines have one with this id`)
    return store.read({ op: 'alert', id, deviceId })
  }

  async function health(query: string): Promise<HealthResponse> {
    const given = parseQuery(query, ['limit', 'before', 'device', 'since', 'until', 'kind'])
    return store.read({
      op: 'health',
      limit: limitOf(given, HEALTH.usual, HEALTH.max),
      before: timeOf(given, 'before'),
      deviceId: textOf(given, 'device'),
      kinds: textOf(given, 'kind')?.split(','),
      ...rangeOf(given),
    })
  }

  return {
    async get(path, query) {
      const id = /^\/api\/alerts\/([0-9a-f]{32})$/.exec(path)?.[1]
      if (id) return alert(id, query)
      switch (path) {
        case '/api/alerts':
          return alerts(query)
        case '/api/alert-groups':
          return alertGroups(query)
        case '/api/identities':
          return identities(query)
        case '/api/destinations':
          return destinations(query)
        case '/api/devices':
          return allDevices(query)
        case '/api/health':
          return health(query)
        case '/api/fleet':
          return members(query)
        case '/api/refusals':
          return refusals(query)
        case '/api/policy':
          return policy(query)
        case '/api/counters':
          parseQuery(query, [])
          return options.counters()
        default:
          return undefined
      }
    },
  }
}
