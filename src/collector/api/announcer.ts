// Tells open pages what has just been stored and how the devices are.
import type { Finding } from '../../engine/finding.ts'
import type { Device, Devices } from '../gateway/devices.ts'
import { DUPLICATE, REFUSED, type Store, type StoredBatch, triageInfo } from '../store/store.ts'
import { alertSummary, healthInfo } from '../views/views.ts'
import { type DeviceContext, deviceInfo } from './device-view.ts'
import type { Pages } from './pages.ts'

const DEVICES_MS = 500
const DEVICES_AT_ONCE_MAX = 100
/** Told one by one between two beats, of one device and of all; of more than that pages hear that there are some. */
const IDENTITIES_OF_DEVICE_MAX = 100
const IDENTITIES_WAITING_MAX = 500
/** The same of alerts: some 0.2 MB of one device a second, which a slow line takes. */
const ALERTS_OF_DEVICE_MAX = 100
const ALERTS_MAX = 500
/** Between two times that pages load a list anew. */
const RELOAD_MS = 5000

export type Announcer = {
  stored(device: Device, findings: readonly Finding[], stored: StoredBatch): void
  close(): void
}

export function createAnnouncer(options: {
  pages: Pages
  devices: Devices
  context: DeviceContext
  store: Pick<Store, 'read'>
  log: (text: string) => void
}): Announcer {
  const { pages, devices, context, store, log } = options
  /** Device row to the keys of identities that were sighted and not announced yet. */
  const sighted = new Map<number, Set<string>>()
  let sightedCount = 0
  /** Device row to how many of its alerts were told since the last beat. */
  const alerted = new Map<number, number>()
  let alertedCount = 0
  /** Lists that pages have to load anew. */
  const due = new Set<'alerts' | 'identities'>()
  let reloadedMs = Number.NEGATIVE_INFINITY

  const beat = setInterval(() => {
    alerted.clear()
    alertedCount = 0
    const changed = devices.takeChanged(DEVICES_AT_ONCE_MAX)
    if (!pages.listening()) return
    for (const device of changed)
      pages.publish({ type: 'device', device: deviceInfo(device, context) })
    if (due.size > 0 && performance.now() - reloadedMs >= RELOAD_MS) {
      reloadedMs = performance.now()
      for (const type of due) pages.publish({ type })
      due.clear()
    }
    announceIdentities().catch((error) => log(`identities cannot be announced: ${error.message}`))
  }, DEVICES_MS)
  beat.unref()

  async function announceIdentities(): Promise<void> {
    const taken = [...sighted]
    sighted.clear()
    sightedCount = 0
    for (const [device, keys] of taken) {
      const found = await store.read({ op: 'identitiesByKey', device, keys: [...keys] })
      for (const identity of found) pages.publish({ type: 'identity', identity })
    }
  }

  function sight(device: number, key: string): void {
    const keys = sighted.get(device) ?? new Set()
    if (keys.has(key)) return
    if (keys.size >= IDENTITIES_OF_DEVICE_MAX || sightedCount >= IDENTITIES_WAITING_MAX) {
      due.add('identities')
      return
    }
    sightedCount += 1
    sighted.set(device, keys.add(key))
  }

  /** Whether this alert is told by itself. */
  function mayAlert(device: number): boolean {
    const told = alerted.get(device) ?? 0
    if (told >= ALERTS_OF_DEVICE_MAX || alertedCount >= ALERTS_MAX) {
      due.add('alerts')
      return false
    }
    alertedCount += 1
    alerted.set(device, told + 1)
    return true
  }

  return {
    stored(device, findings, { storedAt, triaged }) {
      if (!pages.listening()) return
      const said = new Map(triaged.map(({ index, triage }) => [index, triageInfo(triage)]))
      const name = { id: device.facts.id, hostname: device.facts.host.hostname }
      findings.forEach((finding, index) => {
        const at = storedAt[index] as bigint
        if (at === DUPLICATE || at === REFUSED) return
        if (finding.kind === 'alert') {
          if (!mayAlert(device.enrolled.device)) return
          const alert = alertSummary(finding.alert, at, name, said.get(index))
          pages.publish({ type: 'alert', alert })
        } else if (finding.kind === 'sighting')
          sight(device.enrolled.device, finding.sighting.identity.key)
        else if (finding.kind === 'health')
          pages.publish({
            type: 'health',
            health: healthInfo(name.id, finding.at, finding.health),
          })
      })
    },
    close() {
      clearInterval(beat)
    },
  }
}
