// The score of a pair: a sum of terms, each with the number it came from. Pure; thresholds and points are
// tables here and nowhere else. Where they come from: MITRE AN0032 names the behaviour; the numbers are
// measured on benign traffic and attack injections and meant to be tuned there.
import type { SignerClass } from '../../baseline/baseline.ts'
import type { NetworkName } from '../../baseline/network-names.ts'
import type { Severity } from '../finding.ts'
import { NOVELTY_DAYS } from '../identity/identity-age.ts'
import { isUnvouched, isVouched } from '../identity/vouching.ts'

const KIB = 1024
const MIB = 1024 * KIB
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** How much an identity's signature is worth to the score. */
export type Standing = {
  points: number
  /** Bytes out in 24 h below which volume and asymmetry alone raise nothing. */
  floorBytes: number
  /** No response counts whatever the volume. */
  floorWaived: boolean
  /** Novelty is taken back where it may be the baseline's and not the program's. */
  lenient: boolean
  /** Calls and streams over UDP are its ordinary business. */
  streams: boolean
  /** Floor of a slow drip. */
  dripFloorBytes: number
  /** Flows of 24 h whose bytes could not be read from which they alone raise something. */
  unreadFlowsFrom: number
}

const SIGNER_POINTS: Record<SignerClass, number> = {
  invalid: 25,
  unsigned: 25,
  adhoc: 20,
  developer_id: 12,
  unknown: 12,
  notarized: 3,
  app_store: 0,
  platform: -15,
}
const FLOOR_BYTES: Record<SignerClass, number> = {
  invalid: MIB,
  unsigned: MIB,
  adhoc: MIB,
  developer_id: 5 * MIB,
  // Not accused of what nobody has seen; its bytes go to what it is found to be once it is looked at.
  unknown: 5 * MIB,
  notarized: 25 * MIB,
  app_store: 25 * MIB,
  platform: 250 * MIB,
}
/**
 * A tenth of what the floor would be at 1 MiB a flow: what a reset hides is not known (32 MiB went out in 16 resets
 * where it was tried), and a program that is new seldom resets ten connections to one place. To each other they are
 * as the floors.
 */
const UNREAD_FLOWS_FROM: Record<SignerClass, number> = {
  invalid: 10,
  unsigned: 10,
  unknown: 50,
  adhoc: 10,
  developer_id: 50,
  notarized: 250,
  app_store: 250,
  platform: 2_500,
}
/** What a page with its pictures comes to, a few times over: below it a new server is one that somebody tries out. */
export const SERVED_FLOOR_BYTES = 10 * MIB
/** The least of them. */
const UNREAD_FLOWS_LEAST = 10
const UNREAD_POINTS = 15
/** From ten times as many on. */
const UNREAD_MANY_POINTS = 25
const UNREAD_MANY = 10
const ACTING_POINTS = 8
/** A program that acts for a trusted one is not itself trusted: it does what it was told. */
const ACTING_FLOOR_BYTES = 5 * MIB
/** 1 MiB in 24 hours, spread over 6 or more of them, is a slow drip. */
const DRIP_FROM_BYTES = MIB
export const DRIP_FROM_HOURS = 6
const DRIP_POINTS = 5
/** CUSUM's h: deviations above the ordinary, summed over hours, from which a known program drips. */
export const DRIP_FROM_DEVIATIONS = 5
/** z from which what a known program sends in an hour is no longer its own. */
const UNUSUAL_FROM = 6
export const VOLUME_FROM_DEVIATIONS = 3
/** Before this age an identity's ordinary hour may be the hour it came for. */
const KNOWN_FROM_MS = 7 * DAY_MS

/** A drip is patient so as to stay below the floor: where that is low enough for a person to be the owner, it falls. */
const dripFloorOf = (floorBytes: number): number =>
  floorBytes <= ACTING_FLOOR_BYTES ? Math.min(floorBytes, DRIP_FROM_BYTES) : floorBytes

/** The standing of a class; `responsibleClass` is that of the process it acts for, when it acts for another. */
export function standingOf(
  signerClass: SignerClass,
  responsibleClass: SignerClass | undefined,
): Standing {
  if (responsibleClass === undefined)
    return {
      points: SIGNER_POINTS[signerClass],
      floorBytes: FLOOR_BYTES[signerClass],
      floorWaived: isUnvouched(signerClass),
      lenient: isVouched(signerClass),
      streams: isVouched(signerClass) && signerClass !== 'developer_id',
      dripFloorBytes: dripFloorOf(FLOOR_BYTES[signerClass]),
      unreadFlowsFrom: UNREAD_FLOWS_FROM[signerClass],
    }
  const unvouched = isUnvouched(signerClass) || isUnvouched(responsibleClass)
  const floorBytes = Math.min(
    FLOOR_BYTES[signerClass],
    FLOOR_BYTES[responsibleClass],
    ACTING_FLOOR_BYTES,
  )
  return {
    points: Math.max(0, SIGNER_POINTS[signerClass]) + ACTING_POINTS,
    floorBytes,
    floorWaived: unvouched,
    lenient: isVouched(signerClass) && isVouched(responsibleClass),
    streams: false,
    dripFloorBytes: dripFloorOf(floorBytes),
    unreadFlowsFrom: Math.min(
      UNREAD_FLOWS_FROM[signerClass],
      UNREAD_FLOWS_FROM[responsibleClass],
      UNREAD_FLOWS_FROM.developer_id,
    ),
  }
}

/** What is measured of a pair at one instant. */
export type Features = {
  standing: Standing
  /** Since the identity first used the network, ms. */
  networkAgeMs: number
  /** It was there before the first look: named, and no reason to believe code that nobody vouches for. */
  wasHere: boolean
  /** A version of a script: what it was edited from has used the network for so long. */
  isEdited: boolean
  /** Since this version was first seen, ms; of use where it is an edit. */
  versionAgeMs: number
  coldStart: boolean
  /** What the system knew of a program of its name: said, and no reason to believe code that nobody vouches for. */
  named: NetworkName | undefined
  newToIdentity: boolean
  newToHost: boolean
  bareAddress: boolean
  privateNetwork: boolean
  /** The peer came for it: this program listens. */
  served: boolean
  protocol: number
  remotePort: number
  out24: number
  in24: number
  largestOut: number
  largestIn: number
  /** Bytes of the largest flow that got nothing in 30 s. */
  silentOut: number
  /** Flows of at least 1 KiB that got nothing, in 10 minutes. */
  silentFlows10: number
  /** Flows of 24 h whose last counters could not be read. */
  unread24: number
  outBeforeIn: number
  /** Hours of the last 24 in which bytes went out to this destination. */
  activeHours: number
  /** The ordinary hour of the identity is known: how far the present one is from it, in deviations. */
  hasOrdinary: boolean
  deviations: number
  /** Deviations above the ordinary, summed over hours (CUSUM). */
  dripDeviations: number
  /** Bytes out of the identity in the present hour, and in an ordinary one. */
  hourOut: number
  ordinaryOut: number
  /** A program of the system, new as many others are: the system was updated. */
  inEpoch: boolean
}

export type Points = {
  novelty: number
  signer: number
  destination: number
  volume: number
  asymmetry: number
  noResponse: number
  unread: number
  total: number
  /** Whether the behaviour is the analytic's, whatever the total. */
  gate: boolean
}

export const noPoints = (): Points => ({
  novelty: 0,
  signer: 0,
  destination: 0,
  volume: 0,
  asymmetry: 0,
  noResponse: 0,
  unread: 0,
  total: 0,
  gate: false,
})

const COLD_START_POINTS = 10
const ASYMMETRY_FROM_BYTES = 256 * KIB
export const SILENT_FROM_BYTES = 64 * KIB
export const SILENT_FLOWS_FROM = 5
export const BEFORE_IN_FROM_BYTES = MIB
/** Medians of what benign flows get back in a handshake: TLS and QUIC. */
const TLS_HANDSHAKE_BYTES = 6 * KIB
const QUIC_HANDSHAKE_BYTES = 7 * KIB
const UDP = 17

function noveltyPoints(ageMs: number): number {
  if (!(ageMs >= DAY_MS)) return 30
  if (ageMs < 7 * DAY_MS) return 20
  return Math.max(0, (20 * (NOVELTY_DAYS * DAY_MS - ageMs)) / ((NOVELTY_DAYS - 7) * DAY_MS))
}

/**
 * (out - in) / (out + in) in [-1, 1], the handshake's answer left out of `in` from 64 KiB out on; 0 when
 * nothing went either way.
 */
export function adjustedRatio(out: number, bytesIn: number, handshakeBytes: number): number {
  const answer = out >= 64 * KIB ? Math.max(0, bytesIn - handshakeBytes) : bytesIn
  return out + answer === 0 ? 0 : (out - answer) / (out + answer)
}

export function asymmetryPoints(out: number, ratio: number): number {
  if (out < ASYMMETRY_FROM_BYTES || ratio < 0.8) return 0
  return ratio >= 0.99 ? 25 : ratio >= 0.95 ? 20 : 15
}

/**
 * Whether the gate can be crossed at all: false only where asymmetry, no response and unread are all below 15 whatever
 * else is true of the pair. Costs no logarithm and no look beyond the pair's numbers.
 */
export function mayCross(
  out24: number,
  in24: number,
  largestOut: number,
  largestIn: number,
  silentOut: number,
  silentFlows10: number,
  unread24: number,
): boolean {
  return (
    unread24 >= UNREAD_FLOWS_LEAST ||
    isOneSided(out24, in24) ||
    isOneSided(largestOut, largestIn) ||
    silentOut >= SILENT_FROM_BYTES ||
    silentFlows10 >= SILENT_FLOWS_FROM
  )
}

/** adjustedRatio >= 0.8 with the larger allowance, from the least volume on. */
export const isOneSided = (out: number, bytesIn: number): boolean =>
  out >= ASYMMETRY_FROM_BYTES && out >= 9 * (bytesIn - QUIC_HANDSHAKE_BYTES)

export const handshakeOf = (f: Features): number =>
  f.protocol === UDP ? QUIC_HANDSHAKE_BYTES : TLS_HANDSHAKE_BYTES

/** Whether what the identity ordinarily sends in an hour is known. */
export const isKnown = (f: Features): boolean => f.hasOrdinary && f.networkAgeMs >= KNOWN_FROM_MS

export const isSlowDrip = (f: Features): boolean =>
  f.activeHours >= DRIP_FROM_HOURS && f.out24 >= DRIP_FROM_BYTES

/**
 * How long it has used the network, ms. An edit takes that over from what it is an edit of, but not the trust to send any
 * amount: where what they ordinarily send is not known, from the floor on its own first exec counts.
 */
export const noveltyAgeMs = (f: Features): number =>
  f.isEdited && f.networkAgeMs >= DAY_MS && !isKnown(f) && f.out24 >= floorOf(f)
    ? Math.min(f.networkAgeMs, f.versionAgeMs)
    : f.networkAgeMs

const floorOf = (f: Features): number =>
  isSlowDrip(f) ? f.standing.dripFloorBytes : f.standing.floorBytes

/** How a pair is judged. An evaluation gives others to see what each term is worth; an agent has this one alone. */
export type Scorer = {
  /** False only where scoreInto cannot cross the gate. */
  mayCross: typeof mayCross
  scoreInto: (f: Features, p: Points) => void
}
export const SCORER: Scorer = { mayCross, scoreInto }

/** Scores `f` into `p`. No allocation: it runs for each report. */
export function scoreInto(f: Features, p: Points): void {
  const { standing } = f
  const novelty = noveltyPoints(noveltyAgeMs(f))
  p.novelty = f.coldStart && standing.lenient ? Math.min(COLD_START_POINTS, novelty) : novelty
  if (f.inEpoch) p.novelty /= 2
  p.signer = standing.points
  p.destination = (f.newToIdentity ? 5 : 0) + (f.newToHost ? 5 : 0) + (f.bareAddress ? 5 : 0)
  const known = isKnown(f)
  const isSlow = isSlowDrip(f)
  const drips = isSlow || (known && f.dripDeviations >= DRIP_FROM_DEVIATIONS)
  let volume = f.out24 > 0 ? 10 + 5 * Math.log2(f.out24 / MIB) : 0
  if (known) volume = 5 * (f.deviations - VOLUME_FROM_DEVIATIONS)
  volume = (volume < 0 ? 0 : volume) + (drips ? DRIP_POINTS : 0)
  p.volume = volume > 25 ? 25 : volume
  const handshake = handshakeOf(f)
  let asymmetry = Math.max(
    asymmetryPoints(f.out24, adjustedRatio(f.out24, f.in24, handshake)),
    asymmetryPoints(f.largestOut, adjustedRatio(f.largestOut, f.largestIn, handshake)),
  )
  let noResponse =
    f.silentOut >= SILENT_FROM_BYTES
      ? 25
      : f.silentFlows10 >= SILENT_FLOWS_FROM
        ? 15
        : f.outBeforeIn >= BEFORE_IN_FROM_BYTES
          ? 10
          : 0
  if (f.protocol === UDP && f.remotePort !== 443 && standing.streams) {
    if (asymmetry > 10) asymmetry = 10
    if (noResponse > 5) noResponse = 5
  }
  const floorBytes = floorOf(f)
  const unread = unreadPoints(f.unread24, standing.unreadFlowsFrom)
  p.gate =
    (p.novelty > 0 || (known && (drips || f.deviations >= UNUSUAL_FROM))) &&
    (unread > 0 ||
      ((asymmetry >= 15 || noResponse >= 15) &&
        (f.out24 >= floorBytes || (noResponse >= 15 && standing.floorWaived))))
  // Answers are larger than questions, whoever serves: only who does so newly, and how much, tells.
  if (f.served && (p.novelty === 0 || f.out24 < Math.max(floorBytes, SERVED_FLOOR_BYTES)))
    p.gate = false
  // On a private network what was done counts half; who did it does not change with the place.
  const weight = f.privateNetwork ? 0.5 : 1
  p.destination *= weight
  p.volume *= weight
  p.asymmetry = asymmetry * weight
  p.noResponse = noResponse * weight
  p.unread = unread * weight
  p.total = p.novelty + p.signer + p.destination + p.volume + p.asymmetry + p.noResponse + p.unread
}

function unreadPoints(flows: number, from: number): number {
  if (flows < from) return 0
  return flows >= from * UNREAD_MANY ? UNREAD_MANY_POINTS : UNREAD_POINTS
}

/** undefined below the lowest. */
export function severityOf(total: number): Severity | undefined {
  return total >= 90 ? 'high' : total >= 75 ? 'medium' : total >= 60 ? 'low' : undefined
}
