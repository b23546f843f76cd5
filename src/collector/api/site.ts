// What answers people on the collector's port: the page, its API and its live updates. The room's face.
import type { RequestListener } from 'node:http'
import type { UnixNs } from '../../units.ts'
import type { Devices } from '../gateway/devices.ts'
import type { Store } from '../store/store.ts'
import type { Counters } from '../terms/counters.ts'
import type { Limits } from '../terms/limits.ts'
import type { PolicyResponse } from '../views/page-policy.ts'
import { type Announcer, createAnnouncer } from './announcer.ts'
import { createApi } from './api.ts'
import { type ClientErrors, createClientErrors } from './client-error.ts'
import type { Fleet } from './device-change.ts'
import { deviceInfo } from './device-view.ts'
import { createRequestListener } from './http.ts'
import type { PageFiles } from './page-files.ts'
import { Pages } from './pages.ts'

export type { Fleet, FleetMember } from './device-change.ts'
export { readPageFiles } from './page-files.ts'

export type Site = {
  /** For http.Server's 'request'. */
  listener: RequestListener
  /** For http.Server's 'clientError'. */
  onClientError: ClientErrors['onClientError']
  /** Tells open pages what has just been stored. */
  stored: Announcer['stored']
  /** Tells open pages of something else. */
  publish: Pages['publish']
  /** Ends what pages listen to. */
  close(): void
}

/**
 * @param pageFiles of readPageFiles, read before privileges are dropped
 * @param readCounters the collector's own, of the moment
 */
export function createSite(options: {
  store: Pick<Store, 'read' | 'triage'>
  devices: Devices
  pageFiles: PageFiles
  pageKey: string
  /** The state directory of the installation. */
  stateRoot: string
  counters: Counters
  readCounters: () => Record<string, number>
  /** What is sent to agents, and how it stands there; undefined: nothing is. */
  policy: ((limit: number, after?: string) => PolicyResponse) | undefined
  /** What this collector is called over TLS, in lower case. */
  names: readonly string[]
  limits: Limits
  /** Of machines that enrol; undefined: none can. */
  fleet: Fleet | undefined
  now: () => UnixNs
  log: (text: string) => void
}): Site {
  const { store, devices, pageFiles, pageKey, stateRoot, counters } = options
  const { readCounters, policy, names } = options
  const { limits, log } = options
  const pages = new Pages(limits, counters)
  const context = { fleet: options.fleet, now: options.now }
  const announcer = createAnnouncer({ pages, devices, context, store, log })
  const { onRequest, onClientError } = createClientErrors(counters)
  const answer = createRequestListener({
    api: createApi({
      store,
      devices,
      context,
      policy,
      counters: () => ({ counters: readCounters() }),
    }),
    fleet: options.fleet,
    deviceOf: (id) => {
      const device = devices.get(id)
      return device && deviceInfo(device, context)
    },
    store,
    pages,
    pageFiles,
    pageKey,
    stateRoot,
    counters,
    names,
    limits,
    log,
  })
  return {
    listener(request, response) {
      onRequest(request, response)
      answer(request, response)
    },
    onClientError,
    stored: announcer.stored,
    publish: (event) => pages.publish(event),
    close() {
      announcer.close()
      pages.close()
    },
  }
}
