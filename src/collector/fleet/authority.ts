// The collector's authority: who signs its own certificate and its devices'. Files in `tls` of its state directory.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { shellWord } from '../../shell-word.ts'
import { readStateFile, StateFileError, writeStateFile } from '../../state-file.ts'
import {
  type DeviceRequest,
  type IssuedDevice,
  issueDevice,
  issueServer,
  type KeyAndCertificate,
  makeAuthority,
} from '../../trust/certificates.ts'
import { certificatesOf, pinOf } from '../../trust/pin.ts'
import { CollectorError } from '../collector-error.ts'

/** Each holds a key and its certificate: one file, so that the two are never of different times. */
const FILE = 'authority.pem'
const SERVER_FILE = 'server.pem'
/** Certificates of authorities before this one, that still count while agents move over. */
const EARLIER_FILE = 'authority-earlier.pem'
/** Its own certificate is made anew when less than this is left. */
const SERVER_LEFT_MS = 30 * 86_400_000

export type Authority = {
  /** PEM: this one, and those before it that still count. */
  trusted: string[]
  /** SHA-256 of its key, 64 hex digits: what agents are given to know it by. */
  pin: string
  /** A client certificate for a device. */
  issue(request: DeviceRequest, nowMs: number): Promise<IssuedDevice>
  /** PEM of a key and of a chain that ends with this authority, for a server of these names; kept, and made anew in time. */
  server(names: readonly string[], nowMs: number): Promise<KeyAndCertificate>
}

/** Reads the authority of `stateDir`, or makes one. Rejects with CollectorError. */
export async function openAuthority(stateDir: string, nowMs: number): Promise<Authority> {
  const directory = join(stateDir, 'tls')
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, FILE)
  const own = readPair(path) ?? writePair(path, await makeAuthority('Freshet collector', nowMs))
  const earlier = read(join(directory, EARLIER_FILE))
  return {
    trusted: [
      own.certificate,
      ...(earlier === undefined ? [] : certificatesOf(earlier).map(String)),
    ],
    pin: pinOf(new X509Certificate(own.certificate)),
    issue: (request, now) => issueDevice(own, request, now),
    async server(names, now) {
      const place = join(directory, SERVER_FILE)
      const kept = readPair(place)
      const server =
        kept && isGood(kept.certificate, own, names, now)
          ? kept
          : writePair(place, await issueServer(own, names, now))
      return { key: server.key, certificate: `${server.certificate}${own.certificate}` }
    },
  }
}

/** The pin of the authority in `stateDir`; undefined when there is none. Throws CollectorError. */
export function pinIn(stateDir: string): string | undefined {
  const pair = readPair(join(stateDir, 'tls', FILE))
  return pair && pinOf(new X509Certificate(pair.certificate))
}

/** Whether it is this authority's, for all these names, and for a while yet. */
function isGood(
  pem: string,
  own: KeyAndCertificate,
  names: readonly string[],
  nowMs: number,
): boolean {
  const certificate = new X509Certificate(pem)
  return (
    certificate.verify(new X509Certificate(own.certificate).publicKey) &&
    certificate.validToDate.getTime() - nowMs > SERVER_LEFT_MS &&
    certificate.validFromDate.getTime() <= nowMs &&
    names.every((name) => certificate.checkHost(name) ?? certificate.checkIP(name))
  )
}

function readPair(path: string): KeyAndCertificate | undefined {
  const text = read(path)
  if (text === undefined) return undefined
  try {
    const key = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\n?/.exec(text)?.[0]
    const [certificate] = certificatesOf(text)
    if (key !== undefined && certificate?.checkPrivateKey(createPrivateKey(key)))
      return { key, certificate: certificate.toString() }
  } catch (cause) {
    throw unusable(path, (cause as Error).message, cause)
  }
  throw unusable(path, 'it does not hold a key and the certificate of that key')
}

function writePair(path: string, pair: KeyAndCertificate): KeyAndCertificate {
  try {
    writeStateFile(path, `${pair.key}${pair.certificate}`)
  } catch (cause) {
    throw new CollectorError('state', `${path} cannot be written: ${(cause as Error).message}`, {
      cause,
    })
  }
  return pair
}

function read(path: string): string | undefined {
  try {
    const found = readStateFile(path)
    if (found && (found.mode & 0o077) !== 0 && !path.endsWith(EARLIER_FILE))
      throw new StateFileError(
        `${path} can be used by others (mode ${found.mode.toString(8)}): whoever read it can speak for this collector. Run \`chmod 600 ${shellWord(path)}\` if nobody did, else remove it, and every agent has to enrol again`,
      )
    return found?.text
  } catch (cause) {
    const { message } = cause as Error
    const text = cause instanceof StateFileError ? message : `${path} cannot be read: ${message}`
    throw new CollectorError('state', text, { cause })
  }
}

const unusable = (path: string, why: string, cause?: unknown): CollectorError =>
  new CollectorError(
    'state',
    `${path} cannot be used: ${why}. Bring back a copy of it, or remove it: then another is made, and where it is the authority every agent has to enrol again`,
    { cause },
  )
