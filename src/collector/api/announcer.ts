// Tells open pages what has just been stored and how the devices are.
import type { Finding } from '../../engine/finding.ts'
import type { Device, Devices } from '../gateway/devices.ts'
import { DUPLICATE, REFUSED, type StoredBatch } from '../store/protocol.ts'
import type { Store } from '../store/store.ts'
import { triageInfo } from '../store/triage-reader.ts'
import { alertSummary, nsText } from '../views.ts'
import { type DeviceContext, deviceInfo } from './device-view.ts'
import type { Pages } from './pages.ts'

const DEVICES_MS = 500
const DEVICES_AT_ONCE_MAX = 100
const IDENTITIES_WAITING_MAX = 500

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

  const beat = setInterval(() => {
    const changed = devices.takeChanged(DEVICES_AT_ONCE_MAX)
    if (!pages.listening()) return
    for (const device of changed)
      pages.publish({ type: 'device', device: deviceInfo(device, context) })
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
    if (sightedCount >= IDENTITIES_WAITING_MAX) {
      sighted.clear()
      sightedCount = 0
      pages.restartAll()
      return
    }
    const keys = sighted.get(device) ?? new Set()
    if (!keys.has(key)) sightedCount += 1
    sighted.set(device, keys.add(key))
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
          const alert = alertSummary(finding.alert, at, name, said.get(index))
          pages.publish({ type: 'alert', alert })
        } else if (finding.kind === 'sighting')
          sight(device.enrolled.device, finding.sighting.identity.key)
        else if (finding.kind === 'health') {
          const { of: kind, text, count } = finding.health
          const health = { deviceId: name.id, at: nsText(finding.at), kind, text, count }
          pages.publish({ type: 'health', health })
        }
      })
    },
    close() {
      clearInterval(beat)
    },
  }
}
