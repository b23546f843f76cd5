// Whose certificate opens, and why another's does not.
import { commandThere } from '../../hint.ts'
import type { UnixNs } from '../../units.ts'
import { type Refused, refused } from './refusal.ts'
import type { RegistryMemory } from './registry-memory.ts'
import type { EnrolledDevice } from './registry-rows.ts'

export function judgeCertificate(
  known: Pick<RegistryMemory, 'certificates' | 'devices'>,
  fingerprint: string | undefined,
  now: UnixNs,
): EnrolledDevice | Refused {
  if (fingerprint === undefined)
    return refused(
      'certificate-missing',
      `agents show a certificate: ${commandThere('enroll')} gets one for a token`,
    )
  const certificate = known.certificates.get(fingerprint)
  const device = certificate && known.devices.get(certificate.deviceId)
  if (!certificate || !device)
    return refused(
      'certificate-unknown',
      `this collector has given no such certificate, or has forgotten the device: ${commandThere('enroll')} gets one for a token`,
    )
  if (device.standing === 'revoked')
    return refused('device-revoked', 'this device was revoked by an administrator')
  if (certificate.revokedAt !== undefined)
    return refused(
      'certificate-revoked',
      'this certificate was revoked: the device has enrolled again since',
    )
  if (certificate.notAfter <= now)
    return refused(
      'certificate-expired',
      `this certificate has expired: ${commandThere('enroll')} gets another for a token`,
    )
  return device
}
