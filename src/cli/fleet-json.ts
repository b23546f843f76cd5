// What the commands of a collector list, as JSON: one document each. Names and forms are those of the API (docs/operate.md): times
// are nanoseconds since 1970 UTC, in decimal, and of what is not there it is null, or empty.
import {
  type EnrolledDevice,
  enrolmentInfo,
  type Noted,
  type Token,
} from '../collector/fleet/fleet.ts'
import type {
  FleetDeviceInfo,
  FleetPolicyInfo,
  PolicyStandingInfo,
} from '../collector/views/page-api.ts'
import type { UnixNs } from '../units.ts'

/** As `GET /api/fleet`, without what the collector alone knows, who is connected; with the hardware that a device said it has. */
export const devicesDocument = (
  devices: readonly EnrolledDevice[],
  seenOf: (id: string) => Noted | undefined,
  standingOf: (id: string) => PolicyStandingInfo | undefined,
  policy: FleetPolicyInfo | undefined,
) => ({
  devices: devices.map((device) => deviceOf(device, seenOf(device.id), standingOf(device.id))),
  policy: policy ?? null,
})

function deviceOf(
  device: EnrolledDevice,
  seen: Noted | undefined,
  standing: PolicyStandingInfo | undefined,
): Omit<FleetDeviceInfo, 'connected'> & { hardware: string } {
  return {
    id: device.id,
    hardware: device.hardware,
    hostname: seen?.hostname ?? '',
    agentVersion: seen?.agentVersion ?? '',
    lastSeenAt: timeOf(seen?.seenAt) ?? '',
    ...(seen?.silentOf && seen.silentSince !== undefined
      ? { silence: { of: seen.silentOf, since: `${seen.silentSince}` } }
      : {}),
    enrolment: enrolmentInfo(device, standing),
  }
}

/** `state` is as the table has it; the secrets are kept nowhere. */
export const tokensDocument = (tokens: readonly Token[], stateOf: (token: Token) => string) => ({
  tokens: tokens.map((token) => ({
    ...{ id: token.id, label: token.label, group: token.group },
    ...{ uses: token.uses, usesMax: token.usesMax ?? null },
    madeAt: `${token.madeAt}`,
    expiresAt: timeOf(token.expiresAt),
    revokedAt: timeOf(token.revokedAt),
    state: stateOf(token),
  })),
})

const timeOf = (at: UnixNs | undefined): string | null => (at === undefined ? null : `${at}`)
