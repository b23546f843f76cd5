// The certificate that a collector shows: of its own authority, made anew before it ends, or of an administrator's files.
import { X509Certificate } from 'node:crypto'
import { hostname, networkInterfaces } from 'node:os'
import { quoted } from '../../printable.ts'
import { AUTHORITIES_MAX } from '../../stream/codec-enrol.ts'
import type { Span } from '../../trust/certificates.ts'
import { certificatesOf, pinOf } from '../../trust/pin.ts'
import { type Address, readMaterial, type ServerCertificate, watchMaterial } from '../door/door.ts'
import { type Authority, isServerInTime } from '../fleet/fleet.ts'
import { CollectorError } from '../terms/collector-error.ts'

/** PEM files of an administrator's; undefined: the collector's own authority signs its certificate. */
export type CertificateFiles = { certFile: string; keyFile: string } | undefined

/** A wildcard stands for every address there is. */
export function namesOf({
  names,
  addresses,
}: {
  names: readonly string[]
  addresses: readonly Address[]
}): string[] {
  if (names.length > 0) return [...new Set(names)]
  const listened = addresses.flatMap(({ host }) =>
    host === '0.0.0.0' || host === '::' ? ownAddresses() : [host],
  )
  return [...new Set([hostname(), ...listened])]
}

const ownAddresses = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap((of) => of ?? [])
    // A link-local address names an interface, too, which no certificate can.
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .map(({ address }) => address)

export type OwnCertificate = {
  cert: string
  key: string
  /** PEM: of a chain that an administrator gave, those of authorities that nobody else has signed. */
  readonly authorities: string[]
  /** Of the last of these: agents have it from the handshake. */
  readonly givenPin?: string
  /** As it is by now: where its own authority is another, of that. */
  again(): Promise<{ cert: string; key: string }>
  /** Whether it is to be made anew: the clock was wrong when it was made, or it has nearly ended. */
  isOutOfTime(): boolean
  /** `isOther`: with other authorities than before. */
  watch(
    renew: (to: { cert: string; key: string }, isOther: boolean) => void,
    log: (text: string) => void,
  ): () => void
}

/** A message to agents has room for four (AUTHORITIES_MAX): two are the collector's own, while one takes the other's place. */
const ROOTS_MAX = AUTHORITIES_MAX - 2

const isItsOwn = (one: X509Certificate): boolean =>
  one.checkIssued(one) && one.verify(one.publicKey)

/**
 * Whom agents believe by these files: authorities that nobody else has signed, that of the server's certificate the last.
 * Those between are sent in each handshake. Throws CollectorError where agents, which want the way to its end, would believe
 * nobody by them.
 */
function authoritiesOf(
  { cert }: ServerCertificate,
  { certFile }: NonNullable<CertificateFiles>,
  now: Span,
): X509Certificate[] {
  const wrong = (why: string) => new CollectorError('certificate', `${certFile} ${why}`)
  const chain = certificatesOf(cert)
  const authorities = chain.filter(({ ca }) => ca)
  if (authorities.length === 0)
    throw wrong(
      "holds the server's certificate alone: add those that lead to its authority, the authority's own as the last, since agents know it by the pin of its key",
    )
  const roots = authorities.filter(isItsOwn)
  let end = chain[0] as X509Certificate
  for (const _ of chain) {
    if (end.validToDate.getTime() <= now.fromMs)
      throw wrong(`leads over ${nameOf(end.subject)}, which ended on ${end.validTo}: renew that`)
    if (isItsOwn(end)) break
    const { issuer } = end
    const by = [...roots, ...authorities].find(
      (one) => end.checkIssued(one) && end.verify(one.publicKey),
    )
    if (!by)
      throw wrong(
        `does not hold the certificate of ${nameOf(issuer)}, which signed that of ${nameOf(end.subject)}: add it, and so on to the authority that nobody else has signed, as the last. What an ACME client writes ends before that one: write its root behind it with each renewal`,
      )
    end = by
  }
  if (!isItsOwn(end)) throw wrong('leads in a circle, and to no authority')
  if (authorities.at(-1)?.fingerprint256 !== end.fingerprint256)
    throw wrong(
      `does not end with the authority that its certificate leads to, ${nameOf(end.subject)}: put that one last, since agents know it by the pin of its key`,
    )
  const others = roots.filter(({ fingerprint256 }) => fingerprint256 !== end.fingerprint256)
  if (others.length >= ROOTS_MAX)
    throw wrong(
      `holds ${others.length + 1} authorities that nobody else has signed: agents are told of ${ROOTS_MAX} at the most, so leave out those that are not used`,
    )
  return [...others, end]
}

/** Of a subject or an issuer in lines, as a sentence has it. */
const nameOf = (lines: string): string => quoted(lines.split('\n').join(', '))

/** `lookMs`: between two looks at the files. Rejects with CollectorError. */
export async function ownCertificate(
  authority: Authority,
  names: readonly string[],
  files: CertificateFiles,
  now: () => Span,
  lookMs?: number,
): Promise<OwnCertificate> {
  if (files) {
    const taken = readMaterial(files, now())
    let latest = taken
    let authorities = authoritiesOf(taken, files, now())
    const pin = () => pinOf(authorities.at(-1) as X509Certificate)
    return {
      ...{ cert: taken.cert, key: taken.key },
      get authorities() {
        return authorities.map(String)
      },
      get givenPin() {
        return pin()
      },
      again: () => Promise.resolve(latest),
      isOutOfTime: () => false,
      watch: (renew, log) =>
        watchMaterial({
          ...{ files, taken, log, now, ...(lookMs === undefined ? {} : { lookMs }) },
          check: (found) => void authoritiesOf(found, files, now()),
          onChange(found) {
            const [before, pinBefore] = [{ latest, authorities }, pin()]
            latest = found
            authorities = authoritiesOf(found, files, now())
            try {
              renew(found, `${authorities}` !== `${before.authorities}`)
            } catch (cause) {
              latest = before.latest
              authorities = before.authorities
              throw cause
            }
            if (pin() !== pinBefore)
              log(
                `the authority in ${files.certFile} is another: its pin is ${pin()}. Agents that do not know it, and whose authorities have not signed it, come in no more until they enrol again`,
              )
          },
        }),
    }
  }
  let present: X509Certificate
  const again = async () => {
    const { certificate, key } = await authority.server(names, now())
    present = new X509Certificate(certificate)
    return { cert: certificate, key }
  }
  return {
    ...{ ...(await again()), authorities: [], again },
    isOutOfTime: () => !isServerInTime(present, now()),
    // Whoever looks at the authority looks at this one, too.
    watch: () => () => {},
  }
}
