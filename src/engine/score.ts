// The score of a pair: a sum of terms, each with the number it came from. Pure; thresholds and points are
// tables here and nowhere else. Where they come from: MITRE AN0032 names the behaviour; the numbers are
// measured on benign traffic and attack injections and meant to be tuned there.
import type { SignerClass } from '../baseline/baseline.ts'
import type { Reason, Severity } from './finding.ts'
import { humanBytes, humanDuration, humanShare } from './sentence.ts'

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
}

const SIGNER_POINTS: Record<SignerClass, number> = {
  invalid: 25,
  unsigned: 25,
  adhoc: 20,
  developer_id: 12,
  notarized: 3,
  app_store: 0,
  platform: -15,
}
const FLOOR_BYTES: Record<SignerClass, number> = {
  invalid: MIB,
  unsigned: MIB,
  adhoc: MIB,
  developer_id: 5 * MIB,
  notarized: 25 * MIB,
  app_store: 25 * MIB,
  platform: 250 * MIB,
}
const ACTING_POINTS = 8
/** A program that acts for a trusted one is not itself trusted: it does what it was told. */
const ACTING_FLOOR_BYTES = 5 * MIB

const isUnvouched = (signerClass: SignerClass): boolean =>
  signerClass === 'unsigned' || signerClass === 'adhoc' || signerClass === 'invalid'

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
      lenient: !isUnvouched(signerClass),
      streams: !isUnvouched(signerClass) && signerClass !== 'developer_id',
    }
  const unvouched = isUnvouched(signerClass) || isUnvouched(responsibleClass)
  return {
    points: Math.max(0, SIGNER_POINTS[signerClass]) + ACTING_POINTS,
    floorBytes: Math.min(
      FLOOR_BYTES[signerClass],
      FLOOR_BYTES[responsibleClass],
      ACTING_FLOOR_BYTES,
    ),
    floorWaived: unvouched,
    lenient: !unvouched,
    streams: false,
  }
}

/** What is measured of a pair at one instant. */
export type Features = {
  standing: Standing
  /** Since the identity first used the network, ms. */
  networkAgeMs: number
  coldStart: boolean
  newToIdentity: boolean
  newToHost: boolean
  bareAddress: boolean
  privateNetwork: boolean
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
  outBeforeIn: number
}

export type Points = {
  novelty: number
  signer: number
  destination: number
  volume: number
  asymmetry: number
  noResponse: number
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
  total: 0,
  gate: false,
})

const NOVELTY_DAYS = 30
const COLD_START_POINTS = 10
const ASYMMETRY_FROM_BYTES = 256 * KIB
const SILENT_FROM_BYTES = 64 * KIB
const SILENT_FLOWS_FROM = 5
const BEFORE_IN_FROM_BYTES = MIB
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

function asymmetryPoints(out: number, ratio: number): number {
  if (out < ASYMMETRY_FROM_BYTES || ratio < 0.8) return 0
  return ratio >= 0.99 ? 25 : ratio >= 0.95 ? 20 : 15
}

/**
 * Whether the gate can be crossed at all: false only where asymmetry and no response are both below 15 whatever
 * else is true of the pair. Costs no logarithm and no look beyond the pair's numbers.
 */
export function mayCross(
  out24: number,
  in24: number,
  largestOut: number,
  largestIn: number,
  silentOut: number,
  silentFlows10: number,
): boolean {
  return (
    isOneSided(out24, in24) ||
    isOneSided(largestOut, largestIn) ||
    silentOut >= SILENT_FROM_BYTES ||
    silentFlows10 >= SILENT_FLOWS_FROM
  )
}

/** adjustedRatio >= 0.8 with the larger allowance, from the least volume on. */
export const isOneSided = (out: number, bytesIn: number): boolean =>
  out >= ASYMMETRY_FROM_BYTES && out >= 9 * (bytesIn - QUIC_HANDSHAKE_BYTES)

const handshakeOf = (f: Features): number =>
  f.protocol === UDP ? QUIC_HANDSHAKE_BYTES : TLS_HANDSHAKE_BYTES

/** Scores `f` into `p`. No allocation: it runs for each report. */
export function scoreInto(f: Features, p: Points): void {
  const { standing } = f
  const novelty = noveltyPoints(f.networkAgeMs)
  p.novelty = f.coldStart && standing.lenient ? Math.min(COLD_START_POINTS, novelty) : novelty
  p.signer = standing.points
  p.destination = (f.newToIdentity ? 5 : 0) + (f.newToHost ? 5 : 0) + (f.bareAddress ? 5 : 0)
  const volume = f.out24 > 0 ? 10 + 5 * Math.log2(f.out24 / MIB) : 0
  p.volume = volume < 0 ? 0 : volume > 25 ? 25 : volume
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
  p.gate =
    p.novelty > 0 &&
    (asymmetry >= 15 || noResponse >= 15) &&
    (f.out24 >= standing.floorBytes || (noResponse >= 15 && standing.floorWaived))
  // On a private network what was done counts half; who did it does not change with the place.
  const weight = f.privateNetwork ? 0.5 : 1
  p.destination *= weight
  p.volume *= weight
  p.asymmetry = asymmetry * weight
  p.noResponse = noResponse * weight
  p.total = p.novelty + p.signer + p.destination + p.volume + p.asymmetry + p.noResponse
}

/** undefined below the lowest. */
export function severityOf(total: number): Severity | undefined {
  return total >= 90 ? 'high' : total >= 75 ? 'medium' : total >= 60 ? 'low' : undefined
}

/** The terms that are present, as reasons; their points sum to the total. */
export function explain(f: Features, p: Points, signerText: string): Reason[] {
  const reasons: Reason[] = []
  const half = f.privateNetwork ? ' (counts half: a private network)' : ''
  const add = (reason: Reason): void => {
    if (reason.points !== 0)
      reasons.push({ ...reason, points: Math.round(reason.points * 100) / 100 })
  }
  add({
    term: 'novelty',
    points: p.novelty,
    value: Math.round(f.networkAgeMs / 1000),
    threshold: (NOVELTY_DAYS * DAY_MS) / 1000,
    unit: 's',
    text: `it first used the network ${humanDuration(f.networkAgeMs)} ago${
      f.coldStart && f.standing.lenient ? ', as this machine began to be watched' : ''
    }`,
  })
  add({
    term: 'signer',
    points: p.signer,
    value: p.signer,
    threshold: 0,
    unit: '',
    text: signerText,
  })
  const news = [
    f.newToIdentity ? 'new to this program' : '',
    f.newToHost ? 'new to this host' : '',
    f.bareAddress ? 'an address and not a name' : '',
  ].filter((text) => text !== '')
  add({
    term: 'destination',
    points: p.destination,
    value: news.length,
    threshold: 1,
    unit: '',
    text: `the destination is ${news.join(', ')}${half}`,
  })
  add({
    term: 'volume',
    points: p.volume,
    value: f.out24,
    threshold: f.standing.floorBytes,
    unit: 'B',
    text: `${humanBytes(f.out24)} went out in 24 hours${half}`,
  })
  add(asymmetryReason(f, p, half))
  add(noResponseReason(f, p, half))
  return reasons
}

function asymmetryReason(f: Features, p: Points, half: string): Reason {
  const handshake = handshakeOf(f)
  const pairRatio = adjustedRatio(f.out24, f.in24, handshake)
  const flowRatio = adjustedRatio(f.largestOut, f.largestIn, handshake)
  const byFlow = asymmetryPoints(f.largestOut, flowRatio) > asymmetryPoints(f.out24, pairRatio)
  const ratio = byFlow ? flowRatio : pairRatio
  return {
    term: 'asymmetry',
    points: p.asymmetry,
    value: Math.round(ratio * 10_000) / 10_000,
    threshold: ratio >= 0.99 ? 0.99 : ratio >= 0.95 ? 0.95 : 0.8,
    unit: 'ratio',
    text: byFlow
      ? `its largest flow sent ${humanBytes(f.largestOut)} and got ${humanBytes(f.largestIn)}${half}`
      : `${humanShare(f.out24, f.in24)} of what passed went out${half}`,
  }
}

function noResponseReason(f: Features, p: Points, half: string): Reason {
  const base = { term: 'no_response' as const, points: p.noResponse }
  if (f.silentOut >= SILENT_FROM_BYTES)
    return {
      ...base,
      value: f.silentOut,
      threshold: SILENT_FROM_BYTES,
      unit: 'B',
      text: `a flow of ${humanBytes(f.silentOut)} got nothing back in 30 seconds${half}`,
    }
  if (f.silentFlows10 >= SILENT_FLOWS_FROM)
    return {
      ...base,
      value: f.silentFlows10,
      threshold: SILENT_FLOWS_FROM,
      unit: 'flows',
      text: `${f.silentFlows10} flows got nothing back within 10 minutes${half}`,
    }
  return {
    ...base,
    value: f.outBeforeIn,
    threshold: BEFORE_IN_FROM_BYTES,
    unit: 'B',
    text:
      f.in24 === 0
        ? `${humanBytes(f.outBeforeIn)} went out in one flow and nothing came back${half}`
        : `one flow sent ${humanBytes(f.outBeforeIn)} while nothing had come back${half}`,
  }
}
