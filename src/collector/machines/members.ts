// What is shown and noted of the registry's devices.
import type { UnixNs } from '../../units.ts'
import type { FleetMember } from '../api/site.ts'
import type { EnrolledDevice, Noted, Seen } from '../fleet/fleet.ts'
import { type Devices, deviceSilence } from '../gateway/devices.ts'

export const memberOf = (
  { id, name, standing }: EnrolledDevice,
  seen: Noted | undefined,
): FleetMember => ({
  ...{ id, name, standing },
  seen: seen && { at: seen.seenAt, hostname: seen.hostname, agentVersion: seen.agentVersion },
})

/** Of those that the gateway knows. */
export function* seenOf(
  all: Iterable<{ id: string }>,
  devices: Devices,
  now: UnixNs,
): Generator<Seen> {
  for (const { id } of all) {
    const device = devices.get(id)
    if (!device) continue
    const silence = deviceSilence(device, now)
    yield {
      ...{ deviceId: id, seenAt: device.lastSeenAt, agentVersion: device.facts.agentVersion },
      hostname: device.facts.host.hostname,
      ...{ silentOf: silence?.of ?? '', silentSince: silence?.since },
    }
  }
}
