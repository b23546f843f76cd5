// The collector's authority: who signs its own certificate and its devices'. Files in `tls` of its state directory.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { lockDirectory } from '../../host/lock.ts'
import { shellWord } from '../../shell-word.ts'
import {
  moveFile,
  readStateFile,
  removeFile,
  StateFileError,
  writeStateFile,
} from '../../state-file.ts'
import {
  crossSign,
  type DeviceRequest,
  holdsFor,
  type IssuedDevice,
  issueDevice,
  issueServer,
  type KeyAndCertificate,
  makeAuthority,
  makeAuthorityAnew,
  SERVER_DAYS,
  spanOf,
  type When,
} from '../../trust/certificates.ts'
import { certificatesOf, pinOf } from '../../trust/pin.ts'
import { CollectorError } from '../terms/collector-error.ts'

const NAME = 'Freshet collector'
/** Each holds a key and its certificate: one file, so that the two are never of different times. */
const FILE = 'authority.pem'
/** The one that is to follow, with what the present one says for it. */
const NEXT_FILE = 'authority-next.pem'
const SERVER_FILE = 'server.pem'
/** Certificate of the authority before this one, that still counts while agents move over. */
const EARLIER_FILE = 'authority-earlier.pem'
/** Where an administrator's files show another authority: the pin of that. */
const GIVEN_PIN_FILE = 'given-pin'
/** Its own certificate is made anew when less than this is left. */
const SERVER_LEFT_MS = 30 * 86_400_000
/** Of one that was made for a span of time, since the clock was doubted, it is made anew once that is known. */
const SERVER_LASTS_MS = (SERVER_DAYS + 1) * 86_400_000
/** Commands and the collector change its files in turn. */
const LOCK_WAIT_MS = 2000

/** A key and its certificate, and that as the authority before vouches for it. */
type Pair = KeyAndCertificate & { vouched: string[] }

/** PEM certificates: who signs now, who is to follow, and whom that one followed. */
export type Authorities = {
  own: string
  next: string | undefined
  earlier: string[]
  /** Since when the earlier one is so, nanoseconds since 1970; later where its file was brought back from a copy. undefined: there is none. */
  switchedAt: bigint | undefined
}

export type Authority = {
  /** PEM: this one, the next, and those before it that still count. */
  readonly trusted: string[]
  /** PEM: of these, as the one before each has signed it, so that who believes that one believes it. */
  readonly vouched: string[]
  /** SHA-256 of its key, 64 hex digits: what agents are given to know it by. */
  readonly pin: string
  /** Reads what a command has changed. Returns whether anything is. Throws CollectorError, and is as it was then. */
  look(): boolean
  /** Whether it, or the next one, was made under a clock that was wrong, or has nearly ended. */
  isOutOfTime(now: When): boolean
  /** Signs those of them anew that are, each with its own key: their pins stay. Rejects with CollectorError. */
  putInTime(now: When): Promise<void>
  /** A client certificate for a device. */
  issue(request: DeviceRequest, now: When): Promise<IssuedDevice>
  /** PEM of a key and of a chain that ends with this authority, for a server of these names; kept, and made anew in time. */
  server(names: readonly string[], now: When): Promise<KeyAndCertificate>
}

/** Reads the authority of `stateDir`, or makes one, which `log` is told; puts it in time. Rejects with CollectorError. */
export async function openAuthority(
  stateDir: string,
  now: When,
  log: (text: string) => void = () => {},
): Promise<Authority> {
  const directory = join(stateDir, 'tls')
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, FILE)
  if (read(path) === undefined) {
    writePair(path, await makeAuthority(NAME, now))
    log(
      `the collector's authority is made, as of ${new Date(spanOf(now).toMs).toISOString()}: if that is not the time, set this machine's clock, and its certificates are made anew while its pin stays`,
    )
  }
  await putInTime(stateDir, now)
  let text = textOf(directory)
  let held = parse(directory)
  return {
    get trusted() {
      return trustedOf(held)
    },
    get vouched() {
      return [...held.own.vouched, ...(held.next?.vouched ?? [])]
    },
    get pin() {
      return pinOf(new X509Certificate(held.own.certificate))
    },
    look() {
      const now = textOf(directory)
      if (now === text) return false
      const before = trustedOf(held).join()
      held = parse(directory)
      text = now
      return trustedOf(held).join() !== before
    },
    isOutOfTime: (now) => isOutOfTime(held.own, now) || isOutOfTime(held.next, now),
    putInTime: (now) => putInTime(stateDir, now),
    issue: (request, now) => issueDevice(held.own, request, now),
    async server(names, now) {
      const { own, earlier } = held
      const place = join(directory, SERVER_FILE)
      const kept = readPair(place)
      const server =
        kept && isGood(kept.certificate, own, names, now)
          ? kept
          : writePair(place, await issueServer(own, names, now))
      // Who believes the earlier one alone finds the way from it to this one, and its pin.
      const by = earlier.filter((one) => vouchedBy(own, one) !== undefined)
      const way = by.flatMap((one) => [vouchedBy(own, one) as string, one])
      const chain = by.length > 0 ? way : [own.certificate]
      return { key: server.key, certificate: [server.certificate, ...chain].join('') }
    },
  }
}

const isOutOfTime = (pair: Pair | undefined, now: When): boolean =>
  pair !== undefined && !holdsFor(new X509Certificate(pair.certificate), now)

/** What the one before has said for it stays as it is: that one's key may be gone. */
async function putInTime(stateDir: string, now: When): Promise<void> {
  const directory = join(stateDir, 'tls')
  const { own, next } = parse(directory)
  if (!isOutOfTime(own, now) && !isOutOfTime(next, now)) return
  const unlock = lockAuthority(stateDir)
  try {
    // As it is by now.
    const { own, next } = parse(directory)
    const signed = isOutOfTime(own, now) ? await makeAuthorityAnew(own, now) : own
    if (signed !== own) writePair(join(directory, FILE), { ...signed, vouched: own.vouched })
    if (!next) return
    const following = isOutOfTime(next, now) ? await makeAuthorityAnew(next, now) : next
    if (following === next && signed === own) return
    const vouched = [await crossSign(signed, following)]
    writePair(join(directory, NEXT_FILE), { ...following, vouched })
  } finally {
    unlock()
  }
}

/** Nobody else changes the files of the authority until the returned function is called. Throws CollectorError. */
export function lockAuthority(stateDir: string): () => void {
  const unlock = lockDirectory(join(stateDir, 'tls'), LOCK_WAIT_MS)
  if (unlock) return unlock
  throw new CollectorError(
    'in-use',
    'another command changes the authority at this moment, or the collector does: try again',
  )
}

type Held = { own: Pair; next: Pair | undefined; earlier: string[] }

/** As the files are at this moment; those that are there beside `own` are others than it, whatever a command was cut off at. */
function parse(directory: string): Held {
  const own = readPair(join(directory, FILE))
  if (!own) throw unusable(join(directory, FILE), 'it is gone')
  const next = readPair(join(directory, NEXT_FILE))
  const earlierPath = join(directory, EARLIER_FILE)
  const earlier = read(earlierPath)
  try {
    return {
      own,
      next: next?.certificate === own.certificate ? undefined : next,
      earlier: (earlier === undefined ? [] : certificatesOf(earlier).map(String)).filter(
        (one) => one !== own.certificate,
      ),
    }
  } catch (cause) {
    throw new CollectorError('state', `${earlierPath} cannot be used: ${(cause as Error).message}`)
  }
}

const textOf = (directory: string): string =>
  [FILE, NEXT_FILE, EARLIER_FILE].map((name) => read(join(directory, name)) ?? '').join('\0')

const trustedOf = ({ own, next, earlier }: Held): string[] => [
  own.certificate,
  ...(next ? [next.certificate] : []),
  ...earlier,
]

const vouchedBy = ({ vouched }: Pair, by: string): string | undefined =>
  vouched.find((one) => new X509Certificate(one).verify(new X509Certificate(by).publicKey))

/** Those in `stateDir`; undefined when there are none. Throws CollectorError. */
export function authoritiesIn(stateDir: string): Authorities | undefined {
  const directory = join(stateDir, 'tls')
  if (read(join(directory, FILE)) === undefined) return undefined
  const { own, next, earlier } = parse(directory)
  const found = statSync(join(directory, EARLIER_FILE), { bigint: true, throwIfNoEntry: false })
  return {
    ...{ own: own.certificate, next: next?.certificate, earlier },
    switchedAt: earlier.length > 0 ? found?.mtimeNs : undefined,
  }
}

/** For `pinIn`: the collector shows a certificate of an administrator's, whose authority has this pin; undefined: its own. */
export function notePin(stateDir: string, given: string | undefined): void {
  const path = join(stateDir, 'tls', GIVEN_PIN_FILE)
  if (given === undefined) rmSync(path, { force: true })
  else if (read(path)?.trim() !== given) keep(path, `${given}\n`)
}

/** The pin that agents know the collector of `stateDir` by; undefined when it has none. Throws CollectorError. */
export function pinIn(stateDir: string): string | undefined {
  const given = read(join(stateDir, 'tls', GIVEN_PIN_FILE))
  if (given !== undefined) return given.trim()
  const pair = readPair(join(stateDir, 'tls', FILE))
  return pair && pinOf(new X509Certificate(pair.certificate))
}

/**
 * REQUIRES: there is an authority, and neither a next nor an earlier one. What it does with files it does in `asOwner`. Rejects
 * with CollectorError.
 */
export async function makeNextAuthority(
  stateDir: string,
  nowMs: number,
  asOwner: <T>(work: () => T) => T,
): Promise<void> {
  const directory = join(stateDir, 'tls')
  const { own } = asOwner(() => parse(directory))
  const next = await makeAuthority(NAME, nowMs)
  const vouched = [await crossSign(own, next)]
  asOwner(() => writePair(join(directory, NEXT_FILE), { ...next, vouched }))
}

/** REQUIRES: there is a next one. Cut off between its two steps, it is as if it had not begun. Throws CollectorError. */
export function switchAuthority(stateDir: string): void {
  const directory = join(stateDir, 'tls')
  const { own } = parse(directory)
  keep(join(directory, EARLIER_FILE), own.certificate)
  moveFile(join(directory, NEXT_FILE), join(directory, FILE))
}

/** Believes the earlier one no more. */
export const retireAuthority = (stateDir: string): void =>
  removeFile(join(stateDir, 'tls', EARLIER_FILE))

/** Whether a collector's certificate is good whenever in `now` it is, for a while yet, and for not too long. */
export function isServerInTime(
  { validFromDate, validToDate }: X509Certificate,
  now: When,
): boolean {
  const { fromMs, toMs } = spanOf(now)
  const [validFromMs, validToMs] = [validFromDate.getTime(), validToDate.getTime()]
  return (
    validFromMs <= fromMs &&
    validToMs - toMs > SERVER_LEFT_MS &&
    validToMs - validFromMs <= SERVER_LASTS_MS + toMs - fromMs
  )
}

/** Whether it is this authority's, for all these names, and for a while yet. */
function isGood(pem: string, own: KeyAndCertificate, names: readonly string[], now: When): boolean {
  const certificate = new X509Certificate(pem)
  return (
    certificate.verify(new X509Certificate(own.certificate).publicKey) &&
    isServerInTime(certificate, now) &&
    names.every((name) => certificate.checkHost(name) ?? certificate.checkIP(name))
  )
}

function readPair(path: string): Pair | undefined {
  const text = read(path)
  if (text === undefined) return undefined
  try {
    const key = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\n?/.exec(text)?.[0]
    const [certificate, ...vouched] = certificatesOf(text)
    if (key !== undefined && certificate?.checkPrivateKey(createPrivateKey(key)))
      return { key, certificate: certificate.toString(), vouched: vouched.map(String) }
  } catch (cause) {
    throw unusable(path, (cause as Error).message, cause)
  }
  throw unusable(path, 'it does not hold a key and the certificate of that key')
}

function writePair<T extends KeyAndCertificate & Partial<Pair>>(path: string, pair: T): T {
  keep(path, [pair.key, pair.certificate, ...(pair.vouched ?? [])].join(''))
  return pair
}

function keep(path: string, text: string): void {
  try {
    writeStateFile(path, text)
  } catch (cause) {
    throw new CollectorError('state', `${path} cannot be written: ${(cause as Error).message}`, {
      cause,
    })
  }
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
