// One revision of an alert, made from what is known at this moment.
import type { Baseline } from '../../baseline/baseline.ts'
import { quoted } from '../../printable.ts'
import { ArgumentsFlag } from '../../records/record.gen.ts'
import { bytes, bytesSum } from '../../units.ts'
import { type Clock, wallNow, wallOfMs } from '../clock.ts'
import { type Destination, isPeer, isServed } from '../destination/destination.ts'
import type {
  Alert,
  AlertState,
  ArgumentsView,
  ListedFlow,
  ProcessView,
  Reason,
} from '../finding.ts'
import { identityView } from '../identity/identity-view.ts'
import { processView } from '../identity/process-view.ts'
import { C, P, PAIR_DOUBLES, PAIR_INTEGERS } from '../pair/pair-row.ts'
import type { Pair, PairTable } from '../pair/pair-table.ts'
import { fileName } from '../process/acting.ts'
import type { ExecArguments, ImageName, Process } from '../process/process.ts'
import type { ProcessTable } from '../process/process-table.ts'
import { alertSentence, type Lead } from '../sentence.ts'
import type { LiveAlert } from './alert.ts'
import { adjustedRatio, isOneSided } from './score.ts'
import {
  actsForOf,
  alsoText,
  runByOf,
  runsText,
  signerText,
  sinceOf,
  type Told,
  vouchingText,
} from './who.ts'

/** MITRE ATT&CK: the analytic, its detection strategy, its technique. */
const TECHNIQUES = ['AN0032', 'DET0011', 'T1001.001']
const CHAIN_MAX = 8
const ABOVE_MAX = 1000
const ALSO_MAX = 4
const ALSO_CHARS_MAX = 1024

/** What findings say of arguments. */
function argumentsView(told: ExecArguments | undefined): ArgumentsView | undefined {
  if (told === undefined) return undefined
  return {
    texts: told.count === 0 ? [] : told.text.split('\0'),
    count: told.count,
    leftOutBytes: told.leftOutBytes,
    atLeast: (told.flags & ArgumentsFlag.atLeast) !== 0,
    missed: (told.flags & ArgumentsFlag.missed) !== 0,
  }
}

/** The process, its parent, and so on; `maker` made the socket for it. */
export function chainOf(
  process: Process,
  table: ProcessTable,
  clock: Clock,
  maker?: ImageName,
): ProcessView[] {
  const chain: ProcessView[] = []
  let next: Process | undefined = process
  while (next && chain.length < CHAIN_MAX) {
    const { image } = next
    const view = { ...processView(next, clock), arguments: argumentsView(image.arguments) }
    // Files are named of the program that the alert is about; eight processes' would not fit an item.
    chain.push(chain.length === 0 ? view : { ...view, foreignCode: [], foreignCodeMore: false })
    next = table.parentOf(next)
  }
  const last = chain.at(-1)
  const moreAbove = countAbove(next, table)
  if (last && moreAbove > 0) last.moreAbove = moreAbove
  if (maker && chain[0])
    chain[0].socketsBy = table.find(maker.pid, maker.pidversion)?.image.path || `pid ${maker.pid}`
  return chain
}

/**
 * One content under several paths is one identity, and one alert: where else it ran than its chain says is told with that. What was
 * told already stays as it is: it may be read later.
 */
export function noteElsewhere(alert: LiveAlert, process: Process | undefined): void {
  const { chain, by } = alert
  const [first, ...above] = chain
  if (!first || !process) return
  const { image, ran } = process
  const path = (ran?.path || image.script || image.path).slice(0, ALSO_CHARS_MAX)
  const { alsoAt = [] } = first
  const own = by.ran?.path || first.script || first.path
  if (path === '' || path === own.slice(0, ALSO_CHARS_MAX)) return
  if (alsoAt.length < ALSO_MAX && !alsoAt.includes(path))
    alert.chain = [{ ...first, alsoAt: [...alsoAt, path] }, ...above]
}

/** `first` and those above it; as many as are looked at, since a table that something spoilt could have a loop. */
function countAbove(first: Process | undefined, table: ProcessTable): number {
  let count = 0
  for (let next = first; next && count < ABOVE_MAX; next = table.parentOf(next)) count++
  return count
}

/** RFC 1123, and the underscores that are in use. What was asked for may be any text. */
const HOSTNAME = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/

/** For a sentence: the name of it, where one is known, with its port and address. */
export const hostPort = ({ view }: Destination): string => {
  const { hostname, address, port } = view
  const host = address.includes(':') ? `[${address}]` : address
  if (isPeer(view.key)) return host
  if (hostname === '') return `${host}:${port}`
  return `${HOSTNAME.test(hostname) ? hostname : quoted(hostname)}:${port} (${address})`
}

/** Since when the pair in `slot` has sent, and what tells of others. */
const toldOf = (pairs: PairTable, slot: number, { clock, baseline }: Moment): Told => ({
  baseline,
  beganAt: wallOfMs(clock, pairs.f64[slot * PAIR_DOUBLES + P.firstAtMs] as number),
})

/** How the program of an alert is vouched for, and whom it acts for. */
export const standingText = (
  { chain }: LiveAlert,
  pairs: PairTable,
  slot: number,
  { identity }: Pair,
  moment: Moment,
): string => vouchingText(identity, actsForOf(identity, chain, toldOf(pairs, slot, moment)))

/** When a revision is said, and what is in force, known and held against then. */
export type Moment = {
  clock: Clock
  baseline: Baseline
  policyVersion: number
  reference: string
}

/** The revision to send. The pair's rings are turned to now. */
export function alertView(
  alert: LiveAlert,
  state: AlertState,
  pairs: PairTable,
  slot: number,
  pair: Pair,
  moment: Moment,
  listedFlows: ListedFlow[],
): Alert {
  const { clock, policyVersion, reference } = moment
  const base = slot * PAIR_DOUBLES
  const row = slot * PAIR_INTEGERS
  const d = pairs.f64
  const at = wallNow(clock)
  const out = d[base + P.out] as number
  const bytesIn = d[base + P.in] as number
  const largestOut = d[base + P.largestOut] as number
  const largestIn = d[base + P.largestIn] as number
  const flows = pairs.i32[row + C.flows] as number
  const silentFlows = pairs.i32[row + C.silentFlows] as number
  const unreadFlows = pairs.i32[row + C.unreadFlows] as number
  const inexactFlows = pairs.i32[row + C.inexactFlows] as number
  const earlierFlows = pairs.i32[row + C.earlierFlows] as number
  const qualified = {
    atMostFlows: pairs.i32[row + C.atMostFlows] as number,
    tunnelledFlows: pairs.i32[row + C.tunnelledFlows] as number,
    guessedFlows: pairs.i32[row + C.guessedFlows] as number,
    inAboutFlows: pairs.i32[row + C.inAboutFlows] as number,
  }
  const timeline = pairs.timeline(slot)
  const { identity } = pair
  const [self] = alert.chain
  const told = toldOf(pairs, slot, moment)
  // The same file may lie in several places: an alert names the one that ran.
  const path = self?.path || identity.stored.path
  const name = fileName(path)
  return {
    id: alert.id,
    revision: alert.revision,
    state,
    severity: alert.severity,
    score: Math.round(alert.score * 100) / 100,
    sentence: alertSentence({
      name,
      signer: signerText(identity.stored),
      since: sinceOf(identity.stored, told),
      actsFor: actsForOf(identity, alert.chain, told),
      runBy: runByOf(alert.chain),
      script: runsText(alert.by.ran, self, told),
      also: self ? alsoText(self, ALSO_MAX) : '',
      doubt: identity.doubt,
      destination: hostPort(pair.destination),
      bytesOut: out,
      bytesIn,
      lead: leadOf(alert, out, bytesIn, largestOut, largestIn),
      unreadFlows,
      inexactFlows,
      earlierFlows,
      ...qualified,
      durationMs: (d[base + P.lastAtMs] as number) - (d[base + P.firstAtMs] as number),
      flows,
      silentFlows,
      recentOut: pairs.recentOut(slot),
      served: isServed(pair.destination.view.key),
      privateNetwork: pair.destination.scope === 'private',
      others: alert.spread,
      gaveWay: alert.gaveWay,
    }),
    reasons: alert.reasonsOf === '' ? alert.reasons : [...alert.reasons, ofOther(alert.reasonsOf)],
    openedAt: alert.openedAt,
    updatedAt: at,
    identity: { ...identityView(identity), name, path },
    doubt: identity.doubt,
    responsibleKey: identity.responsible?.key,
    chain: alert.chain,
    destination: pair.destination.view,
    bytesOut: bytesSum(out, 'bytes_out'),
    bytesIn: bytesSum(bytesIn, 'bytes_in'),
    flows,
    silentFlows,
    unreadFlows: unreadFlows + inexactFlows,
    ...qualified,
    largestFlow: {
      bytesOut: bytes(largestOut, 'largest_flow.bytes_out'),
      bytesIn: bytes(largestIn, 'largest_flow.bytes_in'),
      pcr: Math.round(adjustedRatio(largestOut, largestIn, 0) * 10_000) / 10_000,
    },
    listedFlows,
    timeline: {
      startAt: wallOfMs(clock, timeline.startMs),
      bucketMs: timeline.widthMs,
      bytesOut: timeline.out.map((count) => bytesSum(count, 'timeline.bytes_out')),
      bytesIn: timeline.in.map((count) => bytesSum(count, 'timeline.bytes_in')),
    },
    policyVersion,
    reference,
    techniques: TECHNIQUES,
  }
}

/** Says whose figures the other reasons are. */
const ofOther = (destination: string): Reason => ({
  ...{ term: 'destination', points: 0, value: 0, threshold: 0, unit: '' },
  text: `these figures are of another of its destinations that is counted here, ${destination}`,
})

/** What the alert is about at this moment: all that passed, one flow, or what was. */
function leadOf(
  alert: LiveAlert,
  out: number,
  bytesIn: number,
  largestOut: number,
  largestIn: number,
): Lead {
  if (adjustedRatio(out, bytesIn, 0) >= 0.8 || isOneSided(out, bytesIn)) return { of: 'pair' }
  if (isOneSided(largestOut, largestIn))
    return { of: 'flow', bytesOut: largestOut, bytesIn: largestIn }
  if (alert.reasons.some(({ term }) => term === 'unread')) return { of: 'unread' }
  const was = (alert.reasonsOf === '' ? alert.reasons : []).findLast(
    ({ term }) => term === 'asymmetry' || term === 'no_response',
  )
  return was ? { of: 'past', text: was.text } : { of: 'pair' }
}
