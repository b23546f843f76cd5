// An alert while it lives: what is kept of it between revisions, and across a restart.
import type { SignerClass, StoredAlert } from '../../baseline/baseline.ts'
import type { UnixNs } from '../../units.ts'
import { pid, port } from '../../units.ts'
import type { Destination } from '../destination/destination.ts'
import type { ProcessView, Reason, Severity } from '../finding.ts'
import type { StoredFlow } from '../flow/flow-memory.ts'
import type { EndedFlow, StoredListing } from '../pair/ended-flows.ts'
import { PAIR_DOUBLES } from '../pair/pair-row.ts'
import type { PairSnapshot } from '../pair/pair-snapshot.ts'
import type { Pair } from '../pair/pair-table.ts'
import type { Process, Ran } from '../process/process.ts'
import type { Scope } from '../scope.ts'
import type { Spread, SpreadFigures, StoredSpread } from './spread.ts'

/** What is compared where there is no room for all: the score, and of equal ones the bytes out. */
export type Rank = { score: number; bytesOut: number }

export type LiveAlert = {
  id: string
  revision: number
  /** The highest it had, and that of the last revision. */
  severity: Severity
  saidSeverity: Severity
  saidScore: number
  /** The highest score it had, and why. */
  score: number
  reasons: Reason[]
  openedAt: UnixNs
  updatedAt: UnixNs
  /** Bytes out, and flows whose bytes could not be read, in the last revision. */
  saidOut: number
  saidUnread: number
  saidSpread: SpreadFigures
  /** Destinations of its program that are counted within it. */
  spread: Spread
  /** host:port of another of these, where the score and its reasons are of that; empty: they are of its own, or of its program. */
  reasonsOf: string
  /** Record time of the last revision, ms since boot; -Infinity after a restart. */
  saidAtMs: number
  finals: number
  /** The highest score that a report had, said or not, and the bytes out by then: who ranks least gives way. */
  rank: Rank
  /** It is forgotten next: rarer ones took all places. */
  gaveWay: boolean
  isOpen: boolean
  /** When its last flow closed, ms since boot; Infinity while one is open. */
  quietSinceMs: number
  /** Wall time, ms since 1970, until which its pair opens no other. */
  coolsUntilMs: number
  identityKey: string
  destinationKey: string
  /** Of both: what its pair is looked up by at each tick. Handled by LiveAlerts. */
  pairKey: string
  chain: ProcessView[]
  /** The first of its chain: what of it is in no view, and is learnt later than that at times. */
  by: Pick<Process, 'ran'>
  /** Slots of its flows that are open. */
  flows: Set<number>
  /** Its flows that closed last, with what of them is in the pair's numbers: their reports may be sent again. */
  closed: StoredFlow[]
  /** Of its flows that have ended, the largest, for those who read the alert. */
  ended: EndedFlow[]
  /** Its pair and the numbers of that while it is out of the table. */
  aside: Pair | undefined
  saved: PairSnapshot | undefined
  /** Differs from what the baseline has. */
  isDirty: boolean
}

const STATE_VERSION = 4

/** What StoredAlert.state holds, as JSON; bigints in decimal. `v` changes with it, and with the places in a pair's row. */
export type AlertState = {
  v: typeof STATE_VERSION
  bootId: string
  /** Wall clock minus time since boot, ns. */
  offsetNs: string
  revision: number
  severity: Severity
  score: number
  reasons: Reason[]
  saidOut: number
  saidUnread: number
  finals: number
  isOpen: boolean
  coolsUntilMs: number
  chain: (Omit<ProcessView, 'startedAt'> & { startedAt: string | null })[]
  /** Absent: no script, or not known; in states of earlier versions too. */
  ran?: Omit<Ran, 'editedSince'> & { editedSince: string | undefined }
  /** For whom its program acts; null: for itself. */
  responsible: { key: string | null; signerClass: SignerClass } | null
  destination: {
    address: number[]
    port: number
    hostname: string
    protocol: number
    text: string
    scope: Scope
    bareAddress: boolean
    newToIdentity: boolean
    newToHost: boolean
  }
  pair: PairSnapshot
  flows: StoredFlow[]
  closed: StoredFlow[]
  /** Absent in states of earlier versions. */
  listed?: StoredListing
  /** Absent in states of earlier versions, as the next. */
  spread?: StoredSpread
  reasonsOf?: string
  /** Open flows that found no room above. */
  flowsOmitted: number
}

/** The JSON to store. */
export function writeAlertState(
  state: Omit<AlertState, 'v' | 'chain' | 'ran'>,
  { chain, by: { ran } }: LiveAlert,
): string {
  const whole: AlertState = {
    v: STATE_VERSION,
    ...state,
    ...(ran ? { ran: { ...ran, editedSince: ran.editedSince?.toString() } } : {}),
    chain: chain.map((process) => {
      const { startedAt, identityKey, uid, ...rest } = process
      return { ...rest, uid, identityKey, startedAt: startedAt?.toString() ?? null }
    }),
  }
  return JSON.stringify(whole)
}

/** Of these flows earlier states knew nothing, and nor did what wrote them. */
const NOT_COUNTED: Partial<PairSnapshot> = {
  earlierFlows: 0,
  atMostFlows: 0,
  tunnelledFlows: 0,
  guessedFlows: 0,
  inAboutFlows: 0,
}

/** Version 3 knew no flows whose counters could not be read, and its rows ended before they are counted. */
function upgrade(state: AlertState): void {
  Object.assign(state.pair, { ...NOT_COUNTED, ...state.pair })
  if ((state.v as number) !== 3) return
  const { doubles } = state.pair
  while (doubles.length < PAIR_DOUBLES) doubles.push(0)
  Object.assign(state.pair, { unreadFlows: 0, inexactFlows: 0 })
  Object.assign(state, { v: STATE_VERSION, saidUnread: 0 })
}

const isSnapshot = (pair: PairSnapshot): boolean =>
  Array.isArray(pair.doubles) &&
  pair.doubles.length === PAIR_DOUBLES &&
  pair.doubles.every(Number.isFinite)

/** Reads a state of our own making; undefined when it is not one. */
export function readAlertState(
  stored: StoredAlert,
):
  | { state: AlertState; chain: ProcessView[]; ran: Ran | undefined; destination: Destination }
  | undefined {
  try {
    const state: AlertState = JSON.parse(stored.state)
    upgrade(state)
    if (
      state.v !== STATE_VERSION ||
      !Array.isArray(state.flows) ||
      !Array.isArray(state.closed) ||
      !isSnapshot(state.pair)
    )
      return undefined
    const { address, text, scope, bareAddress, hostname, protocol } = state.destination
    const { ran } = state
    return {
      state,
      ran: ran && {
        ...ran,
        // JSON has no undefined.
        ownerUid: ran.ownerUid,
        editedSince:
          ran.editedSince === undefined ? undefined : (BigInt(ran.editedSince) as UnixNs),
      },
      chain: state.chain.map((process) => ({
        ...process,
        pid: pid(process.pid, 'pid'),
        // JSON has no undefined: what was not known is absent.
        uid: process.uid,
        identityKey: process.identityKey,
        // States of earlier versions lack it.
        socketsBy: process.socketsBy ?? '',
        scriptSha256: process.scriptSha256 ?? '',
        scriptFrom: process.scriptFrom ?? '',
        foreignCode: process.foreignCode ?? [],
        foreignCodeMore: process.foreignCodeMore ?? false,
        arguments: process.arguments,
        startedAt: process.startedAt === null ? undefined : (BigInt(process.startedAt) as UnixNs),
      })),
      destination: {
        address: Uint8Array.from(address),
        scope,
        bareAddress,
        view: {
          key: stored.destinationKey,
          address: text,
          port: port(state.destination.port, 'port'),
          hostname,
          protocol,
        },
      },
    }
  } catch {
    return undefined
  }
}
