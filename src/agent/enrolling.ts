// How this machine enrols with a collector of another machine. Its key is kept before anything is asked: where the answer is
// lost, it asks again by that key, which the collector knows it by.
import { X509Certificate } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { HostFacts } from '../host/machine.ts'
import { readStateFile, StateFileError, writeStateFile } from '../state-file.ts'
import { EnrolError, enrol } from '../stream/enrol.ts'
import { derOf, pinOf } from '../trust/pin.ts'
import { faultOf } from '../trust/vouching.ts'
import { type Enrolment, fits, readEnrolment, writeEnrolment } from './enrolment-file.ts'

export const ASKED_FILE = 'enrolment-asked.json'

/** `collector` as `https://collector.example:8442`; `pin` and `policyKey` 64 hex digits. */
export type Wanted = {
  collector: string
  pin: string
  token: string
  policyKey?: string | undefined
}

/** What it says of itself. */
export type Machine = { deviceId: string; hardware: string; agentVersion: string; host: HostFacts }

/** What was asked for, until it is had. */
type Asked = { collector: string; deviceId: string; key: string; pin?: string }

/**
 * Enrols, or enrols again; the enrolment is kept in `directory` when it resolves, with what was there taken over where it is of
 * the same collector, by this name or another: by its authority. `signal` gives it up. Rejects with EnrolError, StateFileError, and what else the file system does.
 */
export async function enrolHere(
  directory: string,
  { collector, pin, token, policyKey }: Wanted,
  { deviceId, ...machine }: Machine,
  signal?: AbortSignal,
): Promise<Enrolment> {
  const kept = readEnrolment(directory)
  const isThatOne = kept?.collector === collector || kept?.authorities.some(isPinned(pin))
  const old = isThatOne ? kept : undefined
  // A library that is wanted once in the life of most machines.
  const { makeKey, requestOf } = await import('../trust/certificates.ts')
  const before = readAsked(directory)
  const isSame =
    (before?.collector === collector || before?.pin === pin) && before.deviceId === deviceId
  // What was asked for and is had is done: only the removal was cut off.
  let key = before && isSame && before.key !== old?.key ? before.key : makeKey()
  if (key !== before?.key) writeAsked(directory, { collector, deviceId, key, pin })
  const { hostname, port } = new URL(collector)
  const ask = async () =>
    enrol({
      collector: { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 443) },
      ...{ pin, old, signal },
      request: { token, request: await requestOf(key, deviceId), ...machine },
    })
  const { certificate, authorities, group } = await ask().catch((error: EnrolError) => {
    if (error.code !== 'device-known' || !old) throw error
    // Its certificate opened nothing, as one that a wrong clock made does not yet: the key of that proves who asks, too.
    key = old.key
    return ask()
  })
  const rootKey = policyKey ?? old?.policyKey
  const enrolment: Enrolment = {
    ...{ collector, key, certificate, authorities, group },
    ...(rootKey === undefined ? {} : { policyKey: rootKey }),
  }
  if (!fits(enrolment))
    throw new EnrolError(`the certificate that ${collector} gave is not for the key that asked`)
  // Whether its time has come the collector says: this machine's clock may be behind.
  const fromMs = new X509Certificate(certificate).validFromDate.getTime()
  const fault = faultOf(derOf(certificate), deviceId, authorities.map(derOf), fromMs)
  if (fault !== undefined)
    throw new EnrolError(`the certificate that ${collector} gave is none to come by: ${fault}`)
  writeEnrolment(directory, enrolment)
  rmSync(join(directory, ASKED_FILE), { force: true })
  return enrolment
}

const isPinned = (pin: string) => (authority: string) =>
  pinOf(new X509Certificate(authority)) === pin

const writeAsked = (directory: string, asked: Asked): void =>
  writeStateFile(join(directory, ASKED_FILE), `${JSON.stringify(asked, undefined, 1)}\n`)

/** Undefined also when it cannot be read, or others can: it is asked by another key then. */
function readAsked(directory: string): Asked | undefined {
  try {
    const found = readStateFile(join(directory, ASKED_FILE))
    if (!found || (found.mode & 0o077) !== 0) return undefined
    const { collector, deviceId, key, pin } = JSON.parse(found.text) as Partial<Asked>
    return [collector, deviceId, key].every((one) => typeof one === 'string')
      ? ({ collector, deviceId, key, ...(typeof pin === 'string' ? { pin } : {}) } as Asked)
      : undefined
  } catch (cause) {
    if (cause instanceof StateFileError) throw cause
    return undefined
  }
}
