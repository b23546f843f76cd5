// What a machine believes that is sent a certificate, and authorities: whoever has a server's key for a while can send it others.
import { X509Certificate } from 'node:crypto'

/** DER. An authority's certificate that is signed by a key which is believed makes its own key believed. */
type Der = Uint8Array

/**
 * Of `offered` those whose keys are `held`'s (PEM), or that an authority which is believed has signed, by the certificate itself or
 * by one of `vouched`, in their order. A certificate of a device or a server says nothing for a key: whose it is may be anybody.
 */
export function believedOf(
  held: readonly string[],
  offered: readonly Der[],
  vouched: readonly Der[],
): Der[] {
  const authorities = offered.map((der) => new X509Certificate(der))
  const statements = [...authorities, ...vouched.map((der) => new X509Certificate(der))]
  const believed = held.map((pem) => new X509Certificate(pem).publicKey)
  const isBelieved = (one: X509Certificate): boolean =>
    believed.some((key) => key.equals(one.publicKey))
  for (let more = true; more; ) {
    const next = statements.find(
      (one) => one.ca && !isBelieved(one) && believed.some((key) => one.verify(key)),
    )
    if (next) believed.push(next.publicKey)
    more = next !== undefined
  }
  return offered.filter((_, index) => {
    const one = authorities[index] as X509Certificate
    return one.ca && isBelieved(one)
  })
}

/** The device that a certificate is of; empty: of none. Throws what node:crypto does where it cannot be read. */
export const deviceOf = ({ certificate }: { certificate: string }): string =>
  /(?:^|\n)CN=([^\n]+)/.exec(new X509Certificate(certificate).subject)?.[1] ?? ''

/**
 * Why a certificate is none that this device, which believes `authorities`, can come by at `atMs` (since 1970); undefined: it is
 * one.
 */
export function faultOf(
  certificate: Der,
  deviceId: string,
  authorities: readonly Der[],
  atMs: number,
): string | undefined {
  const given = new X509Certificate(certificate)
  if (deviceOf({ certificate: given.toString() }) !== deviceId) return 'it is of another device'
  if (given.validToDate.getTime() <= atMs) return `its time is over since ${given.validTo}`
  if (given.validFromDate.getTime() > atMs) return `its time comes at ${given.validFrom}`
  return authorities.some((der) => given.verify(new X509Certificate(der).publicKey))
    ? undefined
    : 'no authority that is believed here has signed it'
}
