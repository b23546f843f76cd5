// The time of certificates, where the clock of this machine is not all that is known of the time.
import { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { commandThere } from '../../hint.ts'
import type { Span } from '../../trust/certificates.ts'
import type { UnixNs } from '../../units.ts'
import type { Refusal } from '../door/door.ts'

/** Between the two; both where a clock is doubted. */
export const spanBetween = (one: UnixNs, other: UnixNs): Span => {
  const [oneMs, otherMs] = [one, other].map((ns) => Number(ns / 1_000_000n)) as [number, number]
  return { fromMs: Math.min(oneMs, otherMs), toMs: Math.max(oneMs, otherMs) }
}

/**
 * The certificate that the other end showed, in DER. Of ten thousand connections nothing else of theirs is kept: an
 * X509Certificate holds its issuer's too, 13 KB that the collection of garbage knows nothing of.
 */
export function shownBy(socket: TLSSocket): Uint8Array | undefined {
  // {} where it showed none, null where the connection has gone.
  const shown = socket.getPeerCertificate() as { raw?: Uint8Array } | null
  return shown?.raw
}

/** `authorities`: in PEM. */
export function isSignedByOneOf(der: Uint8Array, authorities: readonly string[]): boolean {
  const shown = new X509Certificate(der)
  return authorities.some((one) => shown.verify(new X509Certificate(one).publicKey))
}

/**
 * What is against a certificate of the registry's: its authority is gone, or its time. OpenSSL knows the machine's clock alone,
 * and says of several things the last: where it says that of time, the rest is looked at here, by the time that is believed.
 */
export function reasonAgainst(
  { authorized, authorizationError }: TLSSocket,
  der: Uint8Array,
  authorities: readonly string[],
  believed: UnixNs,
): Refusal | undefined {
  if (authorized) return undefined
  const shown = new X509Certificate(der)
  const code = `${authorizationError}`
  const isOfTime = code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED'
  const believedMs = Number(believed / 1_000_000n)
  if (isOfTime && shown.validFromDate.getTime() > believedMs)
    return {
      code: 'certificate-early',
      error: 'this certificate is not valid yet: the clock of this collector is behind',
    }
  if (isOfTime && shown.validToDate.getTime() <= believedMs)
    return { code: 'certificate-expired', error: 'this certificate has expired' }
  if (isOfTime && isSignedByOneOf(der, authorities)) return undefined
  return notVouchedFor(code)
}

/** `why`: a word for it. */
export const notVouchedFor = (why: string): Refusal => ({
  code: 'certificate-unknown',
  error: `this certificate was signed by an authority that counts no more (${why}): ${commandThere('enroll')} gets another for a token`,
})
