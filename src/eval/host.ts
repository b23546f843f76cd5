// A made-up machine and its days, by a seed: which programs are on it, who vouches for them, how much they send. Plain data:
// time is what the records will say, and nothing waits.
import type { Actor, Sending, Signer } from './actor.ts'
import { KINDS, type Kind, type Range } from './kinds.ts'
import { DAY_MS, HOUR_MS, type Point, REPORT_MS } from './mac.ts'
import { createRandom, type Random } from './random.ts'

/**
 * Days before the one that is judged on which the machine was used: 40, since novelty ends at 30; seven of them, since what a
 * program ordinarily sends is known from 24 hours of sending on.
 */
export const DAYS_BEFORE = [40, 31, 22, 14, 7, 3, 1] as const
/** The cloud store that several programs of every machine, and some attacks, send to. */
export const SHARED_HOST = 'bucket.cloudstore.example'
export const SHARED_ADDRESS = '198.18.0.9'

/**
 * Programs installed on a day though nobody asked: 0.05 to 0.14 a day were seen on the desktops that the facts tell of; they
 * belong to an ordinary day, and what is told of them is a false alert.
 */
const OWN_INSTALLS_A_DAY = 0.1
/** A machine in four is a developer's, on which each build is a program never seen. */
const DEVELOPERS = 0.25
/** Hosts differ: the spread of their volumes, and of one program's days, as deviations of a logarithm. */
const HOST_SPREAD = 0.6
const DAY_SPREAD = 0.5

type Installed = { kind: Kind; signer: Signer; code: string; scale: number }

export type Host = {
  seed: number
  /** Of the log that it is of; empty: it is made up. */
  name: string
  /** The ordinary programs' sendings on a day so many days before the one that is judged; 0 is that. */
  day(daysBefore: number): Actor[]
  /** One of each kind, installed on the day that is judged. */
  installs(): Actor[]
}

/** How often a program of a kind that is installed has which signer, per cent; most of what people install is notarized. */
export const INSTALL_SIGNERS: readonly (readonly [Signer, number])[] = [
  ['notarized', 50],
  ['developer_id', 15],
  ['app_store', 10],
  ['adhoc', 15],
  ['unsigned', 10],
]

export function createHost(seed: number): Host {
  const random = createRandom(seed)
  const hostScale = Math.exp(HOST_SPREAD * gaussian(random))
  const startHour = random.between(6, 10)
  const hours = random.between(7, 12)
  const isDeveloper = random.next() < DEVELOPERS
  const installed: Installed[] = []
  for (const kind of KINDS) {
    if (random.next() >= kind.presence) continue
    // Two of a kind on one machine in three.
    const count = !kind.isPlatform && random.next() < 0.33 ? 2 : 1
    for (let i = 0; i < count; i++)
      installed.push({
        kind,
        signer: kind.isPlatform ? 'platform' : drawn(INSTALL_SIGNERS, random),
        code: `${kind.name}-${seed}-${i}`,
        scale: hostScale * Math.exp(HOST_SPREAD * gaussian(random)),
      })
  }
  const dayOf = (one: Installed, of: Random): Sending[] =>
    sendingsOf(one, of, { fromMs: startHour * HOUR_MS, toMs: (startHour + hours) * HOUR_MS })

  return {
    seed,
    name: '',
    day(daysBefore) {
      const of = createRandom(seed * 1_009 + daysBefore)
      const actors: Actor[] = installed.map((one) => ({
        label: 'app',
        name: one.kind.name,
        signer: one.signer,
        code: one.code,
        isKnown: true,
        sendings: dayOf({ ...one, scale: one.scale * Math.exp(DAY_SPREAD * gaussian(of)) }, of),
      }))
      const builds = isDeveloper ? of.between(4, 20) : 0
      for (let i = 0; i < builds; i++)
        actors.push(buildOf(`build-${seed}-${daysBefore}-${i}`, startHour, hours, of))
      if (of.next() < OWN_INSTALLS_A_DAY)
        actors.push({ ...installOf(of.pick(KINDS.filter(isInstallable)), of, dayOf), label: 'app' })
      return actors
    },
    installs() {
      const of = createRandom(seed * 1_009 + 500)
      return KINDS.filter(isInstallable).map((kind) => installOf(kind, of, dayOf))
    },
  }

  function installOf(
    kind: Kind,
    of: Random,
    sendings: (one: Installed, of: Random) => Sending[],
  ): Actor {
    const signer = drawn(INSTALL_SIGNERS, of)
    const code = `new-${kind.name}-${seed}-${of.between(0, 1e9)}`
    return {
      ...{ label: 'install', name: kind.name, signer, code, isKnown: false },
      sendings: sendings({ kind, signer, code, scale: hostScale }, of),
    }
  }
}

const isInstallable = (kind: Kind): boolean => !kind.isPlatform

/** A program that was just compiled asks a question or two. */
function buildOf(code: string, startHour: number, hours: number, random: Random): Actor {
  const atMs = startHour * HOUR_MS + random.next() * hours * HOUR_MS
  const out = logEven([5_000, 200_000], random)
  return {
    ...{ label: 'app', name: 'build', signer: 'adhoc', code, isKnown: false },
    sendings: [
      {
        ...{ atMs: Math.round(atMs), to: '198.18.1.7', hostname: 'api.staging.example' },
        ...{ port: 443, protocol: 6 },
        points: evenly(out, logEven([8_000, 400_000], random), 2_000),
      },
    ],
  }
}

function sendingsOf(
  { kind, code, scale }: Installed,
  random: Random,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Sending[] {
  const sendings: Sending[] = []
  const sessions = Math.round(logEven(kind.sessions, random))
  for (let i = 0; i < sessions; i++) {
    const atMs = Math.round(fromMs + random.next() * (toMs - fromMs))
    const flows = Math.round(logEven(kind.flows, random))
    for (let flow = 0; flow < flows; flow++) {
      const isUpload = kind.uploads !== undefined && random.next() < kind.uploads.share
      const { out, in: bytesIn } = isUpload && kind.uploads ? kind.uploads : kind
      const overMs = Math.round(logEven(kind.overMs, random))
      sendings.push({
        atMs: Math.min(DAY_MS - overMs - 1, atMs + flow * 1_500),
        ...placeOf(kind, code, random),
        // What is beside a call is no call: it goes to a server by TCP.
        ...{ port: 443, protocol: isUpload ? 6 : kind.protocol },
        points: evenly(logEven(out, random) * scale, logEven(bytesIn, random), overMs),
      })
    }
  }
  return sendings.sort((a, b) => a.atMs - b.atMs)
}

/** Programs of a kind talk to their maker's hosts; one session in a hundred goes where it never went. */
function placeOf(kind: Kind, code: string, random: Random): { to: string; hostname: string } {
  if (kind.isShared && random.next() < 0.5) return { to: SHARED_ADDRESS, hostname: SHARED_HOST }
  const isNew = random.next() < 0.01
  const number = isNew ? random.between(1_000, 1e6) : random.between(1, kind.domains)
  return {
    to: `198.18.${2 + (number % 200)}.${1 + (number % 250)}`,
    hostname: `api.${code}-${number}.example`,
  }
}

/** Counters that rise evenly, reported as the filter does. */
export function evenly(out: number, bytesIn: number, overMs: number): Point[] {
  const points: Point[] = []
  for (let afterMs = REPORT_MS; afterMs < overMs; afterMs += REPORT_MS)
    points.push({
      afterMs,
      out: Math.round((out * afterMs) / overMs),
      in: Math.round((bytesIn * afterMs) / overMs),
    })
  points.push({ afterMs: overMs, out: Math.round(out), in: Math.round(bytesIn) })
  return points
}

export const logEven = ([least, most]: Range, random: Random): number =>
  least * (most / least) ** random.next()

/** Box and Muller; the logarithm of 0 is never asked for. */
const gaussian = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())

export function drawn<T>(shares: readonly (readonly [T, number])[], random: Random): T {
  const sum = shares.reduce((all, [, share]) => all + share, 0)
  let left = random.next() * sum
  for (const [value, share] of shares) {
    left -= share
    if (left < 0) return value
  }
  throw new RangeError('no shares')
}
