// A machine that is replayed is not the machine: to a collector it is another device. Under one id the two would
// number their items against each other, and findings of the real one would be taken for delivered.
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import type { CaptureHeader } from '../capture/document.ts'
import type { Finding } from '../engine/finding.ts'
import { brief } from '../printable.ts'

export type ReplayedDevice = {
  header: CaptureHeader
  /** The finding under an id of this device, where it has one. */
  adopt(finding: Finding): Finding
}

/** Of a file's name, as a part of a device's. */
const NAME_MAX = 80

/**
 * The same for the same machine in a file of this name, always: each recording is judged on what was known as it began, so
 * two of one machine are not one history. The version of its id is 8, which no agent's is.
 */
export function replayedDevice(header: CaptureHeader, file: string): ReplayedDevice {
  const { deviceId, host } = header
  const name = basename(file)
  const hostname = `${host.hostname || 'unknown host'} (replayed from ${brief(name, NAME_MAX)})`
  const id = uuidOf(`device ${deviceId} in ${name}`)
  return {
    header: { ...header, deviceId: id, host: { ...host, hostname } },
    adopt: (finding) =>
      finding.kind === 'alert'
        ? {
            ...finding,
            alert: { ...finding.alert, id: hexOf(`alert ${finding.alert.id} of ${id}`) },
          }
        : finding,
  }
}

/** 32 hex digits. */
const hexOf = (name: string): string =>
  createHash('sha256').update(`freshet replay\n${name}`).digest('hex').slice(0, 32)

/** RFC 9562, version 8: of a hash. */
function uuidOf(name: string): string {
  const hex = hexOf(name)
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join('-')
}
