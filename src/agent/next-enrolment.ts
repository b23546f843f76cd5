// A machine that came by another's certificate, as the copy of a disk does, becomes a device of its own: it gets a certificate
// under another device id, which is kept here and taken up at the engine's next start.
import { randomUUID, X509Certificate } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { readOrMakeDeviceId, replaceDeviceId } from '../host/device.ts'
import type { HostFacts } from '../host/machine.ts'
import { isDiskFull, readStateFile, StateFileError, writeStateFile } from '../state-file.ts'
import type { EnrollResponse } from '../stream/message.ts'
import type { Renewal } from '../stream/session-options.ts'
import { derOf, pemOf } from '../trust/pin.ts'
import { deviceOf, faultOf } from '../trust/vouching.ts'
import { type Enrolment, fits, readEnrolment, writeEnrolment } from './enrolment-file.ts'

const NEXT_FILE = 'enrolment-next.json'
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** What it says of itself when it asks. */
export type Machine = { hardware: string; agentVersion: string; host: HostFacts }

/**
 * Before there is a certificate: what it asked for, so that it asks for the same again. `earlierId`: what it was, once that is taken
 * up and until it is told.
 */
type Asked = { deviceId: string; key: string; enrolment?: Enrolment; earlierId?: string }

/** Why it is none that a machine which believes whom `kept` does can come by; undefined: it is one. */
const faultAt = (
  { certificate }: Enrolment,
  deviceId: string,
  { authorities }: Enrolment,
  atMs: number,
) => faultOf(derOf(certificate), deviceId, authorities.map(derOf), atMs)

/** What of the uplink's enrolment has to do with it; `kept` is of the device that it is now. */
export function createSuccession(
  directory: string,
  kept: Enrolment,
  machine: Machine,
): Pick<Renewal, 'reenrol' | 'takeOwn'> {
  return {
    async reenrol(token) {
      const before = read(directory)
      if (before?.enrolment) return undefined
      // A library that is wanted once in the life of a machine, if ever.
      const { makeKey, requestOf } = await import('../trust/certificates.ts')
      const asked = before ?? { deviceId: ownId(directory, kept), key: makeKey() }
      write(directory, asked)
      return {
        ...{ token, request: await requestOf(asked.key, asked.deviceId) },
        ...machine,
      }
    },
    takeOwn({ certificate, authorities, group }: EnrollResponse, behindMs = 0) {
      const asked = read(directory)
      if (!asked) throw new Error('none was asked for')
      const next: Enrolment = {
        ...{ collector: kept.collector, key: asked.key, group },
        ...(kept.policyKey === undefined ? {} : { policyKey: kept.policyKey }),
        certificate: pemOf('CERTIFICATE', certificate),
        authorities: authorities.map((der) => pemOf('CERTIFICATE', der)),
      }
      if (!fits(next)) throw new Error('its certificate is not for the key that was asked for')
      // Where the collector's authority is another by now it is renewed first, and asks again on its next connection.
      const believes = readEnrolment(directory) ?? kept
      const fault = faultAt(next, asked.deviceId, believes, Date.now() + behindMs)
      if (fault !== undefined) throw new Error(`its certificate is not taken: ${fault}`)
      write(directory, { ...asked, enrolment: next })
    },
  }
}

/** A disk that was found on other hardware has an id of its own already. */
function ownId(directory: string, kept: Enrolment): string {
  const id = readOrMakeDeviceId(directory)
  return id === deviceOf(kept) ? randomUUID() : id
}

/**
 * REQUIRES: no other engine uses `directory`. Makes what waits there this machine's device id and enrolment; returns what it was
 * and is, at each start until `forgetNext`; undefined when nothing waits. Where `kept` is undefined this start has to do with no enrolment, as one for a collector of this machine: it waits on. Begun again where it was cut off; on a full disk `log` is told, and a later start does
 * it. Throws StateFileError, and what else the file system does.
 */
export function takeUpNext(
  directory: string,
  kept: Enrolment | undefined,
  log: (text: string) => void,
): { earlierId: string; enrolment: Enrolment } | undefined {
  const next = read(directory)
  if (!kept || !next?.enrolment) return undefined
  if (deviceOf(kept) === next.deviceId) {
    const { earlierId } = next
    if (earlierId === undefined) forgetNext(directory)
    return earlierId === undefined ? undefined : { earlierId, enrolment: kept }
  }
  // Enrolled with another collector meanwhile, or anew: what waits is of no use to that.
  // Whether its time has come is its collector's to say: this machine's clock may be behind.
  const fromMs = new X509Certificate(next.enrolment.certificate).validFromDate.getTime()
  const isOfCollector = kept.collector === next.enrolment.collector
  const isOfKept =
    isOfCollector &&
    faultAt(next.enrolment, next.deviceId, kept, Math.max(Date.now(), fromMs)) === undefined
  // Whom it believes, and whose policies, it may have heard since.
  const { authorities, policyKey } = kept
  const { policyKey: _, ...own } = next.enrolment
  const enrolment = { ...own, authorities, ...(policyKey === undefined ? {} : { policyKey }) }
  try {
    if (isOfKept) {
      write(directory, { ...next, earlierId: deviceOf(kept) })
      replaceDeviceId(directory, next.deviceId)
      writeEnrolment(directory, enrolment)
    } else if (isOfCollector) {
      // Of this id it was told once, and is given no other.
      write(directory, { deviceId: next.deviceId, key: next.key })
    }
  } catch (cause) {
    if (!isDiskFull(cause)) throw cause
    log(
      `this machine cannot become a device of its own yet (${(cause as Error).message}): it does when it starts with room on the disk`,
    )
    return undefined
  }
  if (!isOfCollector) forgetNext(directory)
  return isOfKept ? { earlierId: deviceOf(kept), enrolment } : undefined
}

/** To be called when it is on the disk that this machine is another device, or was told otherwise. */
export const forgetNext = (directory: string): void =>
  rmSync(join(directory, NEXT_FILE), { force: true })

/** Undefined also when it cannot be read: it is asked for anew then. */
function read(directory: string): Asked | undefined {
  try {
    const found = readStateFile(join(directory, NEXT_FILE))
    if (!found || (found.mode & 0o077) !== 0) return undefined
    const { deviceId, key, enrolment, earlierId } = JSON.parse(found.text) as Partial<Asked>
    if (typeof deviceId !== 'string' || !ID.test(deviceId) || typeof key !== 'string')
      return undefined
    if (!enrolment) return { deviceId, key }
    if (!fits(enrolment) || deviceOf(enrolment) !== deviceId) return undefined
    const isId = typeof earlierId === 'string' && ID.test(earlierId)
    return { deviceId, key, enrolment, ...(isId ? { earlierId } : {}) }
  } catch (cause) {
    if (cause instanceof StateFileError) throw cause
    return undefined
  }
}

const write = (directory: string, asked: Asked): void =>
  writeStateFile(join(directory, NEXT_FILE), `${JSON.stringify(asked, undefined, 1)}\n`)
