// A certificate and its key that an administrator gives as files.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { shellWord } from '../../shell-word.ts'
import { readStateFile, StateFileError } from '../../state-file.ts'
import { spanOf, type When } from '../../trust/certificates.ts'
import { CollectorError } from '../terms/collector-error.ts'

export type MaterialFiles = { certFile: string; keyFile: string }

export type ServerCertificate = {
  /** PEM, as it stands in the files. */
  cert: string
  key: string
  /** Until when the server's own certificate is valid, milliseconds since 1970. */
  notAfterMs: number
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g
/** Extended key usage of a server (RFC 5280, 4.2.1.12). */
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
/** Of the curves of RFC 8446, 4.2.3, what OpenSSL calls them. */
const CURVES = ['prime256v1', 'secp384r1', 'secp521r1']

/**
 * Reads both and holds them against each other. Throws CollectorError ('certificate') that says what is wrong, where, and what
 * to do.
 */
export function readMaterial(files: MaterialFiles, now: When): ServerCertificate {
  return judge(files, readFiles(files), now)
}

type Texts = { cert: string; key: string }

function readFiles({ certFile, keyFile }: MaterialFiles): Texts {
  const cert = read(certFile).text
  const { text: key, mode, uid } = read(keyFile)
  // Root's may be open to a group, as Debian's ssl-cert is.
  if ((mode & (uid === 0 ? 0o037 : 0o077)) !== 0)
    throw wrong(
      `${keyFile} can be used by others (mode ${mode.toString(8)}): run \`chmod 600 ${shellWord(keyFile)}\``,
    )
  return { cert, key }
}

function read(path: string): { text: string; mode: number; uid: number } {
  try {
    // A link, as Let's Encrypt's client makes them, leads where who may write there wants.
    const found = readStateFile(path, { owner: 'any', followsLinks: true })
    if (found) return found
  } catch (cause) {
    const why = cause instanceof StateFileError ? cause.message : `${path} cannot be read: ${cause}`
    throw wrong(why, cause)
  }
  throw wrong(`${path} is missing`)
}

function judge({ certFile, keyFile }: MaterialFiles, texts: Texts, now: When): ServerCertificate {
  const chain = certificatesOf(certFile, texts.cert)
  const [own] = chain as [X509Certificate, ...X509Certificate[]]
  const key = keyIn(keyFile, texts.key)
  if (!own.checkPrivateKey(key)) {
    const place = chain.findIndex((each) => each.checkPrivateKey(key)) + 1
    throw wrong(
      place > 0
        ? `the key in ${keyFile} belongs to certificate ${place} of ${certFile}: the server's own must come first`
        : `the key in ${keyFile} does not belong to the certificate in ${certFile}: give the two that were made together`,
    )
  }
  if (own.keyUsage && !own.keyUsage.includes(SERVER_AUTH))
    throw wrong(`the certificate in ${certFile} is not for a server: ask for one with serverAuth`)
  const [fromMs, notAfterMs] = [own.validFromDate.getTime(), own.validToDate.getTime()]
  // Where the clock is doubted, by any time that may be the present.
  const present = spanOf(now)
  if (present.fromMs > notAfterMs)
    throw wrong(`the certificate in ${certFile} has expired on ${dayOf(notAfterMs)}: renew it`)
  if (present.toMs < fromMs)
    throw wrong(
      `the certificate in ${certFile} is not valid before ${dayOf(fromMs)}: look at the clock of this machine`,
    )
  const curve = key.asymmetricKeyDetails?.namedCurve
  if (curve !== undefined && !CURVES.includes(curve))
    throw wrong(`TLS 1.3 knows no key of the curve ${curve}, as in ${keyFile}: use P-256`)
  try {
    createSecureContext({ ...texts, ca: [], minVersion: 'TLSv1.3' })
  } catch (cause) {
    throw wrong(`OpenSSL refuses ${certFile} and ${keyFile}: ${(cause as Error).message}`, cause)
  }
  return { ...texts, notAfterMs }
}

function certificatesOf(path: string, text: string): X509Certificate[] {
  const blocks = text.match(CERTIFICATE)
  if (!blocks)
    throw wrong(
      text.startsWith('0')
        ? `${path} looks like DER: \`openssl x509 -inform der -in ${shellWord(path)}\` prints it as PEM`
        : `${path} holds no certificate as PEM (-----BEGIN CERTIFICATE-----)`,
    )
  return blocks.map((block, i) => {
    try {
      return new X509Certificate(block)
    } catch (cause) {
      throw wrong(
        `certificate ${i + 1} in ${path} cannot be read: ${(cause as Error).message}`,
        cause,
      )
    }
  })
}

function keyIn(path: string, text: string): KeyObject {
  if (/-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(text))
    throw wrong(
      `the key in ${path} has a passphrase, which nobody is there to give: \`openssl pkey -in ${shellWord(path)}\` takes it off`,
    )
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
    throw wrong(`${path} holds no private key as PEM (-----BEGIN PRIVATE KEY-----)`)
  try {
    return createPrivateKey(text)
  } catch (cause) {
    throw wrong(`the key in ${path} cannot be read: ${(cause as Error).message}`, cause)
  }
}

const wrong = (message: string, cause?: unknown): CollectorError =>
  new CollectorError('certificate', message, { cause })

/** In UTC. */
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
