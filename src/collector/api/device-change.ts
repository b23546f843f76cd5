// What a person says of a device, as a page posts it: checked, written to the registry.
import type {
  DeviceChangeRequest,
  DeviceRemovalRequest,
  EnrolmentInfo,
  FleetPolicyInfo,
  RefusalsResponse,
} from '../views/page-api.ts'
import { ParameterError } from './parameters.ts'

/** One that is enrolled, as it is known where it is not connected. */
export type FleetMember = {
  id: string
  name: string
  standing: EnrolmentInfo['standing']
  /** As it was last noted; `at` undefined: it was never connected. */
  seen: { at: bigint | undefined; hostname: string; agentVersion: string } | undefined
}

/** The registry of devices, as the page sees and changes it. */
export type Fleet = {
  /** undefined: it is not enrolled. */
  enrolmentOf(deviceId: string): EnrolmentInfo | undefined
  /** It is known as an agent of this machine. */
  isLocal(deviceId: string): boolean
  members(): FleetMember[]
  newestPolicy(): FleetPolicyInfo | undefined
  refusals(): RefusalsResponse
  /** Returns whether there is such a device. What is revoked ends at once. `address`: whence it was asked. */
  change(deviceId: string, to: DeviceChangeRequest, address: string): boolean
  /** The same. */
  remove(deviceId: string, data: DeviceRemovalRequest['data'], address: string): boolean
}

/** Four names of 100 characters, each of six letters in JSON. */
export const CHANGE_BODY_BYTES_MAX = 4096
const NAME_CHARS_MAX = 100

/** The device that a path posts to; undefined: none. */
export const changedDevice = (path: string): string | undefined =>
  /^\/api\/devices\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(path)?.[1]

/** The same of its removal. */
export const removedDevice = (path: string): string | undefined =>
  path.endsWith('/removal') ? changedDevice(path.slice(0, -'/removal'.length)) : undefined

/** Throws ParameterError. */
export function readRemoval(body: string): DeviceRemovalRequest {
  const { data, ...more } = objectOf(body)
  if ((data !== 'kept' && data !== 'erased') || Object.keys(more).length > 0)
    throw new ParameterError('data: kept or erased, which is what becomes of what it sent')
  return { data }
}

/** Throws ParameterError. */
export function readChange(body: string): DeviceChangeRequest {
  const { name, owner, group, standing, ...more } = objectOf(body)
  const [unknown] = Object.keys(more)
  if (unknown !== undefined)
    throw new ParameterError(`${unknown}: a device has name, owner, group and standing`)
  if (standing !== undefined && standing !== 'active' && standing !== 'revoked')
    throw new ParameterError('standing: active or revoked')
  const change: DeviceChangeRequest = {
    ...(name === undefined ? {} : { name: textOf('name', name, 0) }),
    ...(owner === undefined ? {} : { owner: textOf('owner', owner, 0) }),
    ...(group === undefined ? {} : { group: textOf('group', group, 1) }),
    ...(standing === undefined ? {} : { standing }),
  }
  if (Object.keys(change).length === 0) throw new ParameterError('it says nothing of the device')
  return change
}

function objectOf(body: string): Record<string, unknown> {
  let given: unknown
  try {
    given = JSON.parse(body)
  } catch {
    throw new ParameterError('the body is no JSON')
  }
  if (typeof given !== 'object' || given === null) throw new ParameterError('the body is no object')
  return given as Record<string, unknown>
}

function textOf(field: string, value: unknown, least: number): string {
  const text = typeof value === 'string' ? value.trim() : undefined
  if (
    text === undefined ||
    text.length < least ||
    text.length > NAME_CHARS_MAX ||
    !text.isWellFormed() ||
    /\p{C}/u.test(text)
  )
    throw new ParameterError(`${field}: ${least} to ${NAME_CHARS_MAX} characters that can be seen`)
  return text
}
