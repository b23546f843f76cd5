// A device as the page's API says it.
import type { Device } from '../gateway/devices.ts'
import type { DeviceInfo } from '../page-api.ts'
import type { DeviceRow } from '../store/protocol.ts'
import { liveInfo, nsText } from '../views.ts'

export function deviceInfo(device: Device): DeviceInfo {
  const { facts, enrolled } = device
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
  }
}

/** A stored device with what is known of the moment. */
export function presentDevice(row: DeviceRow, device: Device | undefined): DeviceInfo {
  return device
    ? deviceInfo(device)
    : { ...row, connected: false, live: undefined, clockOffsetMs: undefined }
}
