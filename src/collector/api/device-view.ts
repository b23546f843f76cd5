// A device as the page's API says it.
import type { UnixNs } from '../../units.ts'
import { type Device, deviceSilence } from '../gateway/devices.ts'
import type { DeviceRow } from '../store/store.ts'
import { isRecording } from '../views/likeness.ts'
import type { DeviceInfo, EnrolmentInfo, ForgottenInfo } from '../views/page-api.ts'
import { liveInfo, nsText } from '../views/views.ts'
import type { Fleet } from './device-change.ts'

/** What of a device is known elsewhere than where it is connected; `fleet`: undefined where no machine enrols. */
export type DeviceContext = { fleet: Fleet | undefined; now: () => UnixNs }

export function deviceInfo(device: Device, context: DeviceContext): DeviceInfo {
  const { facts, enrolled } = device
  const silence = deviceSilence(device, context.now())
  return {
    id: facts.id,
    hostname: facts.host.hostname,
    os: facts.host.os,
    osVersion: facts.host.osVersion,
    hardware: facts.host.hardware,
    arch: facts.host.arch,
    agentVersion: facts.agentVersion,
    connected: device.connected,
    firstSeenAt: nsText(enrolled.firstSeenAt),
    lastSeenAt: nsText(device.lastSeenAt),
    lastSequence: device.lastSequence,
    clockOffsetMs: device.clockOffsetMs,
    live: device.live && liveInfo(device.live),
    ...(silence && { silence: { of: silence.of, since: nsText(silence.since) } }),
    enrolment: enrolmentOf(facts.id, facts.isEnrolled, context),
  }
}

/** A stored device with what is known of the moment. */
export function presentDevice(
  { byCertificate, ...row }: DeviceRow,
  device: Device | undefined,
  context: DeviceContext,
): DeviceInfo {
  if (device) return deviceInfo(device, context)
  const enrolment = enrolmentOf(row.id, byCertificate, context)
  return { ...row, connected: false, live: undefined, clockOffsetMs: undefined, enrolment }
}

/** Who came by a certificate and is not known any more is never taken for an agent of this machine, which nobody has to admit. */
function enrolmentOf(
  id: string,
  byCertificate: boolean | undefined,
  { fleet }: DeviceContext,
): EnrolmentInfo | ForgottenInfo | null {
  const enrolment = fleet?.enrolmentOf(id)
  if (enrolment) return enrolment
  // Of those that were last here before that was kept the registry knows its own; recordings come from this machine alone.
  const isStranger =
    byCertificate ?? (fleet !== undefined && !isRecording(id) && !fleet.isLocal(id))
  return isStranger ? { standing: 'forgotten' } : null
}
