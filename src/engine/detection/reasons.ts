// Why a pair has its score, for a person: each term with what was measured and what it is held against.
import type { Reason } from '../finding.ts'
import { NOVELTY_DAYS } from '../identity/identity-age.ts'
import { counted, humanBytes, humanShare } from '../sentence.ts'
import { newsOf, noveltyText } from './news-text.ts'
import {
  adjustedRatio,
  asymmetryPoints,
  BEFORE_IN_FROM_BYTES,
  DRIP_FROM_DEVIATIONS,
  type Features,
  handshakeOf,
  isKnown,
  isSlowDrip,
  noveltyAgeMs,
  type Points,
  SILENT_FLOWS_FROM,
  SILENT_FROM_BYTES,
  VOLUME_FROM_DEVIATIONS,
} from './score.ts'

const DAY_MS = 86_400_000
/** The terms that are present, as reasons; their points sum to the total. */
export function explain(f: Features, p: Points, signerText: string): Reason[] {
  const reasons: Reason[] = []
  const half = f.privateNetwork ? ' (counts half: a private network)' : ''
  const add = (reason: Reason): void => {
    const points = Math.round(reason.points * 100) / 100
    if (points !== 0) reasons.push({ ...reason, points })
  }
  add({
    term: 'novelty',
    points: p.novelty,
    value: Math.round(noveltyAgeMs(f) / 1000),
    threshold: (NOVELTY_DAYS * DAY_MS) / 1000,
    unit: 's',
    text: noveltyText(f),
  })
  add({
    term: 'signer',
    points: p.signer,
    value: p.signer,
    threshold: 0,
    unit: '',
    text: signerText,
  })
  const news = newsOf(f)
  add({
    term: 'destination',
    points: p.destination,
    value: news.length,
    threshold: 1,
    unit: '',
    text: `the destination is ${news.join(', ')}${half}`,
  })
  add(volumeReason(f, p, half))
  add(asymmetryReason(f, p, half))
  add(noResponseReason(f, p, half))
  add({
    term: 'unread',
    points: p.unread,
    value: f.unread24,
    threshold: f.standing.unreadFlowsFrom,
    unit: 'flows',
    text: `${counted(f.unread24, 'flow')} in 24 hours whose bytes could not be read, cut off by a reset or a disconnect${half}`,
  })
  return reasons
}

function volumeReason(f: Features, p: Points, half: string): Reason {
  const base = { term: 'volume' as const, points: p.volume }
  const drip = isSlowDrip(f) ? `, over ${counted(f.activeHours, 'hour')} as a slow drip` : ''
  if (!isKnown(f))
    return {
      ...base,
      value: f.out24,
      threshold: isSlowDrip(f) ? f.standing.dripFloorBytes : f.standing.floorBytes,
      unit: 'B',
      text: `${humanBytes(f.out24)} went out in 24 hours${drip}${half}`,
    }
  const long =
    f.dripDeviations >= DRIP_FROM_DEVIATIONS ? ', and has been above it for hours on end' : ''
  return {
    ...base,
    value: Math.round(f.deviations * 100) / 100,
    threshold: VOLUME_FROM_DEVIATIONS,
    unit: '',
    text: `the program sent ${humanBytes(f.hourOut)} this hour, where ${humanBytes(f.ordinaryOut)} is ordinary for it${long}${drip}${half}`,
  }
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
      text: `${counted(f.silentFlows10, 'flow')} got nothing back within 10 minutes${half}`,
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
