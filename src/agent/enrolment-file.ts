// What this machine holds of the collector that it is enrolled with: its key, its certificate, and whom it believes. One
// file, so that key and certificate are never of different times.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { readStateFile, StateFileError, writeStateFile } from '../state-file.ts'
import type { Renewed } from '../stream/message.ts'
import type { UplinkEnrolment } from '../stream/uplink.ts'
import { derOf, fingerprintOf, pemOf } from '../trust/pin.ts'
import { believedOf, faultOf } from '../trust/vouching.ts'

export const ENROLMENT_FILE = 'enrolment.json'

export type Enrolment = {
  /** As `https://collector.example:8442`. */
  collector: string
  /** PEM. */
  key: string
  certificate: string
  /** PEM: who may sign the collector's own. */
  authorities: string[]
  group: string
  /** What the collector's policies have to be signed with, 64 hex digits; absent: none is taken. Never from the collector. */
  policyKey?: string
  /** The key and certificate before these, while that holds: a collector brought back from a copy knows no later one. */
  earlier?: { key: string; certificate: string }
}

/** Of the agent's directory; undefined when it is not enrolled. Throws StateFileError when the file cannot be used. */
export function readEnrolment(directory: string): Enrolment | undefined {
  const path = join(directory, ENROLMENT_FILE)
  const found = readStateFile(path)
  if (!found) return undefined
  if ((found.mode & 0o077) !== 0)
    throw new StateFileError(
      `${path} can be used by others (mode ${found.mode.toString(8)}): whoever read its key can speak for this machine. Revoke the device at its collector, remove the file and enrol again`,
    )
  try {
    const enrolment: unknown = JSON.parse(found.text)
    if (isEnrolment(enrolment) && fits(enrolment)) return withoutUnfit(enrolment)
  } catch {
    // Said below.
  }
  throw new StateFileError(
    `${path} holds no key and certificate that belong together: bring it back, or remove it and enrol again`,
  )
}

/** Throws what the file system does. */
export function writeEnrolment(directory: string, enrolment: Enrolment): void {
  writeStateFile(join(directory, ENROLMENT_FILE), `${JSON.stringify(enrolment, undefined, 1)}\n`)
}

/** When its certificate ends, milliseconds since 1970. */
export const endOfEnrolment = ({ certificate }: Enrolment): number =>
  new X509Certificate(certificate).validToDate.getTime()

function isEnrolment(value: unknown): value is Enrolment {
  const { collector, key, certificate, authorities, group, policyKey } = value as Record<
    string,
    unknown
  >
  return (
    (policyKey === undefined ||
      (typeof policyKey === 'string' && /^[0-9a-f]{64}$/.test(policyKey))) &&
    [collector, key, certificate, group].every((one) => typeof one === 'string') &&
    Array.isArray(authorities) &&
    authorities.length > 0 &&
    authorities.every((one) => typeof one === 'string')
  )
}

/** Whether the certificate is of the key. */
export const fits = ({ key, certificate }: Pick<Enrolment, 'key' | 'certificate'>): boolean =>
  new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))

/** What is earlier is of use where it can be read, and no reason to do without the rest. */
function withoutUnfit({ earlier, ...enrolment }: Enrolment): Enrolment {
  try {
    return earlier && fits(earlier) ? { ...enrolment, earlier } : enrolment
  } catch {
    return enrolment
  }
}

/** undefined also when the file cannot be used: what was read before holds. */
function readAgain(directory: string): Enrolment | undefined {
  try {
    return readEnrolment(directory)
  } catch {
    return undefined
  }
}

/** As it is now; `kept` where the file cannot be used, undefined where there is none. */
function readKept(directory: string, kept: Enrolment): Enrolment | undefined {
  try {
    return readEnrolment(directory)
  } catch {
    return kept
  }
}

/** Of a certificate's time, what has gone when it is renewed: of 90 days 60. */
const RENEWED_AFTER = 2 / 3
/**
 * As the collector believes in other authorities: so often within so long, and of the same once on each connection. Whether it was
 * refused or its answer was lost with the connection, nobody can say. Of three steps is each replacement of an authority: with four, a second
 * one within the hour found its devices without a certificate for it, connected as they were, until that was over.
 */
const OTHERS_MAX = 8
/** More than the hour after which a collector gives another. */
const OTHERS_MS = 3_660_000
/** What was taken a moment ago is not due again, whatever time it has. */
const TAKEN_MS = OTHERS_MS

/** Fingerprints, the one first that has signed the certificate. */
function holdsOf({ certificate, authorities }: Enrolment): string[] {
  const own = new X509Certificate(certificate)
  const signed = authorities.find((one) => own.verify(new X509Certificate(one).publicKey))
  const rest = authorities.filter((one) => one !== signed)
  return [...(signed === undefined ? [] : [signed]), ...rest].map((one) =>
    fingerprintOf(derOf(one)),
  )
}

const isSame = (one: readonly string[], other: readonly string[]): boolean =>
  one[0] === other[0] && `${[...one].sort()}` === `${[...other].sort()}`

/** For the uplink: `directory` holds `kept`, of `deviceId`, and is written when it is renewed, with a key of its own. */
export function createEnrolment(
  directory: string,
  deviceId: string,
  kept: Enrolment,
  now: () => number,
): Omit<UplinkEnrolment, 'identity' | 'reenrol' | 'takeOwn'> & { identity(): Enrolment } {
  let enrolment = kept
  /** The collector does not know the later certificate. */
  let isEarlier = false
  const used = (): Enrolment =>
    isEarlier && enrolment.earlier ? { ...enrolment, ...enrolment.earlier } : enrolment
  /** Of the request that is under way. */
  let nextKey: string | undefined
  let takenAtMs = Number.NEGATIVE_INFINITY
  /** Of what it was told, and when it asked for that, on this connection or one before. */
  let others: { told: string; atMs: number; isOfBefore: boolean }[] = []
  const mayAskFor = (told: string): boolean => {
    const nowMs = performance.now()
    others = others.filter(({ atMs }) => nowMs - atMs < OTHERS_MS)
    const isAsked = others.some((one) => one.told === told && !one.isOfBefore)
    if (others.length >= OTHERS_MAX || isAsked) return false
    others.push({ told, atMs: nowMs, isOfBefore: false })
    return true
  }
  /** As it was said last. */
  let behind = 0
  /** Its collector's time, who decides what is over: this machine's clock may be a year ahead. */
  const collectorNow = (): number => now() + behind
  const isLasting = (one: { certificate: string }): boolean =>
    new X509Certificate(one.certificate).validToDate.getTime() > collectorNow()
  /** Another command has enrolled this machine anew, with another collector too, or has undone it. */
  const isAnotherBy = (found: Enrolment | undefined): boolean =>
    found?.collector !== enrolment.collector || found.certificate !== enrolment.certificate
  return {
    identity() {
      // It comes anew: what is unanswered stays so.
      for (const one of others) one.isOfBefore ||= nextKey !== undefined
      // Enrolled again meanwhile: its earlier certificate is good no more.
      const found = readAgain(directory)
      if (found?.collector !== enrolment.collector) return used()
      if (found.certificate !== enrolment.certificate) isEarlier = false
      enrolment = found
      return used()
    },
    isAnew() {
      const found = readAgain(directory)
      return found?.collector === enrolment.collector && isAnotherBy(found)
    },
    refused(code) {
      // By turns: an administrator may bring back either.
      if (code === 'certificate-unknown' && enrolment.earlier && isLasting(enrolment.earlier))
        isEarlier = !isEarlier
      else isEarlier = false
    },
    holds: () => holdsOf(used()),
    async request(told, behindMs = 0) {
      behind = behindMs
      const { validFromDate, validToDate } = new X509Certificate(used().certificate)
      const [fromMs, toMs] = [validFromDate.getTime(), validToDate.getTime()]
      const isDue =
        performance.now() - takenAtMs > TAKEN_MS &&
        collectorNow() >= fromMs + (toMs - fromMs) * RENEWED_AFTER
      const isOther = told !== undefined && !isSame(told, holdsOf(used()))
      if (!isDue && !(isOther && mayAskFor(`${told}`))) return undefined
      // What is given for it would not be kept.
      if (isAnotherBy(readKept(directory, enrolment))) return undefined
      // A library that is wanted once in two months.
      const { makeKey, requestOf } = await import('../trust/certificates.ts')
      nextKey = makeKey()
      return requestOf(nextKey, deviceId)
    },
    take({ certificate, authorities, vouched }: Renewed, behindMs = 0) {
      behind = behindMs
      const found = readKept(directory, enrolment)
      if (!found || isAnotherBy(found))
        throw new Error('this machine was enrolled anew since, or is enrolled no more')
      // Whoever has the server's key alone can send neither a certificate nor an authority that is taken here.
      const believed = believedOf(enrolment.authorities, authorities, vouched)
      // A root key of policies may have come meanwhile.
      const { earlier: _, ...rest } = found
      const { key, certificate: before } = used()
      const earlier = { key, certificate: before }
      const next = {
        ...rest,
        ...(isLasting(earlier) ? { earlier } : {}),
        key: nextKey ?? '',
        certificate: pemOf('CERTIFICATE', certificate),
        authorities: believed.map((der) => pemOf('CERTIFICATE', der)),
      }
      if (nextKey === undefined) throw new Error('none was asked for')
      if (!fits(next)) throw new Error('it is not for the key that was asked for')
      const fault = faultOf(certificate, deviceId, believed, collectorNow())
      if (fault !== undefined) throw new Error(fault)
      writeEnrolment(directory, next)
      enrolment = next
      isEarlier = false
      nextKey = undefined
      takenAtMs = performance.now()
      return authorities.length - believed.length
    },
  }
}
