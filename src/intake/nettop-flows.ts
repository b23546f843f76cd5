// The sockets that nettop has shown, each with how far it is, and as records: what one nettop has counted of a flow the
// next must not count again.
import { createHash } from 'node:crypto'
import {
  Direction,
  FlowFlag,
  FlowState,
  Source,
  writeFlow,
  writeGone,
} from '../records/record.gen.ts'
import type { NettopFlow } from './nettop-line.ts'
import { createNettopTwins } from './nettop-twins.ts'

const TCP = 6
/** Sockets held, closed ones among them. A Mac in use has some hundred. */
const FLOWS_MAX = 65_536
/** Sockets without a peer, whose process cannot be read in so many samples in a row, are told as nobody's. */
const ORPHAN_SAMPLES = 3
/** Of these alone a flow has the bytes once more: what goes into ipsec and ppp the kernel itself sends on. */
const TUNNEL = /^utun[0-9]/

export type Flow = {
  key: string
  id: bigint
  epoch: number
  protocol: number
  isQuic: boolean
  localPort: number
  remotePort: number
  remoteAddress: Uint8Array
  direction: number
  /** 0: not known. */
  pid: number
  isTunnelled: boolean
  /** As nettop has them; of sockets that nobody can tell apart, their sum. */
  out: number
  in: number
  /** As the sample before had them. */
  lastOut: number
  lastIn: number
  /** What this sample has shown of that so far. */
  sumOut: number
  sumIn: number
  /** What of them is no part of this epoch. Below 0 where some of several sockets have closed. */
  baseOut: number
  baseIn: number
  /** Sample that it was last in. */
  seenIn: number
  /** The sample that its epoch began in. */
  begunIn: number
  isOpen: boolean
  /** The nettop that runs has shown it. */
  isOfRun: boolean
  /** It has been told since all that there is was to be told. */
  isTold: boolean
}

/** The present sample, and whose the rows are. */
export type Moment = {
  sample: number
  atNs: bigint
  /** 0: not known. */
  pid: number
  /** Its name. */
  name: string
  /** Of a flow that this nettop shows for the first time. */
  epoch: number
  isFirstOfRun: boolean
  /** Lines of this sample may be missing. */
  isDamaged: boolean
  /** Of the one before. */
  isAfterDamage: boolean
}

export type NettopFlows = {
  /** Tells what is new in a row. False: there is no room for it. */
  see(row: NettopFlow, moment: Moment): boolean
  /**
   * A sample is over of which no row is missing: closes what it did not show, and forgets what closed before the sample
   * `before`. `isRead`: each of its rows was understood.
   */
  endSample(moment: Moment, before: number, isRead: boolean): void
  /** Another nettop counts from now on, from its own beginning. */
  beginRun(): void
  /** Of the same nettop all that there is is to be told. */
  tellAgain(): void
}

export function createNettopFlows(
  add: (record: Uint8Array) => void,
  flowsMax = FLOWS_MAX,
): NettopFlows {
  /** Sockets of one process that are not connected, and look alike, are one flow. */
  const flows = new Map<string, Flow>()
  /** Oldest first. */
  const closed = new Set<Flow>()
  const twins = createNettopTwins()
  /** Sockets without a peer that were nobody's: since which sample, and in which last. By text. */
  const orphans = new Map<string, { since: number; seenIn: number }>()

  const tell = (flow: Flow, state: number, flags: number, atNs: bigint): void =>
    add(
      writeFlow({
        source: Source.nettop,
        atNs,
        flowId: flow.id,
        bytesOut: BigInt(flow.out - flow.baseOut),
        bytesIn: BigInt(flow.in - flow.baseIn),
        epoch: flow.epoch,
        pid: flow.pid,
        pidversion: 0,
        flags:
          flags |
          FlowFlag.ownerGuessed |
          (flow.isTunnelled ? FlowFlag.tunnelled : 0) |
          // As the kernel counts: what TCP sends again, too (xnu tcp_output), and QUIC.
          (flow.protocol === TCP || flow.isQuic ? FlowFlag.atMost : 0),
        remoteAddr: flow.remoteAddress,
        remotePort: flow.remotePort,
        localPort: flow.localPort,
        protocol: flow.protocol,
        direction: flow.direction,
        state,
      }),
    )

  const forget = (flow: Flow): void => {
    closed.delete(flow)
    flows.delete(flow.key)
  }
  const makeRoom = (): boolean => {
    for (const oldest of closed) {
      forget(oldest)
      return true
    }
    return false
  }

  const report = (flow: Flow, row: NettopFlow, isNew: boolean, moment: Moment): void => {
    const { out, in: bytesIn, pid, isTunnelled } = flow
    flow.out = Math.max(out, flow.sumOut)
    flow.in = Math.max(bytesIn, flow.sumIn)
    flow.pid = moment.pid || pid
    flow.isTunnelled = TUNNEL.test(row.interface)
    const isChanged =
      out !== flow.out ||
      bytesIn !== flow.in ||
      pid !== flow.pid ||
      isTunnelled !== flow.isTunnelled ||
      !flow.isTold
    flow.isTold = true
    const enumerated = moment.isFirstOfRun ? FlowFlag.enumerated : 0
    // Should nobody know the pid: who runs for less than a look at the list of processes takes is known by this alone.
    if (moment.pid !== 0 && (isNew || pid !== flow.pid)) add(nameOf(flow, moment))
    if (isNew) tell(flow, FlowState.opened, enumerated, moment.atNs)
    else if (isChanged) tell(flow, FlowState.report, enumerated, moment.atNs)
  }

  /** The counters begin again, from these on, and are of an epoch of their own. */
  const renew = (flow: Flow, runEpoch: number, out: number, bytesIn: number): void => {
    flow.epoch = Math.max(flow.epoch + 1, runEpoch)
    flow.out = flow.baseOut = flow.lastOut = out
    flow.in = flow.baseIn = flow.lastIn = bytesIn
    flow.begunIn = flow.seenIn
    flow.isOfRun = true
    flow.isOpen = true
    closed.delete(flow)
  }

  const open = (key: string, row: NettopFlow, moment: Moment): boolean => {
    if (flows.size >= flowsMax && !makeRoom()) return false
    const flow: Flow = {
      key,
      id: idOf(key),
      epoch: moment.epoch,
      protocol: row.protocol,
      isQuic: row.isQuic,
      localPort: row.local.port,
      remotePort: row.remote.port,
      remoteAddress: row.remote.address,
      direction: directionOf(row.state),
      pid: moment.pid,
      isTunnelled: false,
      ...{ out: 0, in: 0, lastOut: 0, lastIn: 0, baseOut: 0, baseIn: 0 },
      sumOut: row.bytesOut ?? 0,
      sumIn: row.bytesIn ?? 0,
      seenIn: moment.sample,
      begunIn: moment.sample,
      isOpen: true,
      isOfRun: true,
      isTold: false,
    }
    const base = row.remote.isAny ? toldOf(row, key) : twins.takeBase(row)
    // It goes on from here: what passed until now was told by the other. Less than it had is another's.
    if (base && flow.sumOut >= base.out && flow.sumIn >= base.in) {
      flow.baseOut = base.out
      flow.baseIn = base.in
    }
    flows.set(key, flow)
    report(flow, row, true, moment)
    return true
  }

  const isToldByTwin = (row: NettopFlow, moment: Moment): boolean => {
    if (row.protocol === TCP || flows.get(row.text)?.isOpen) return false
    const twin = flows.get(row.text.replace(/^(udp|quic)/, row.isQuic ? 'udp' : 'quic'))
    return twins.waits(row, twin, moment)
  }

  /** Whether a socket without a peer is nobody's, and may be somebody's in the next sample. */
  const isYetAnothers = ({ text }: NettopFlow, { pid, sample }: Moment): boolean => {
    if (pid !== 0) return false
    const one = orphans.get(text) ?? { since: sample, seenIn: sample }
    one.seenIn = sample
    if (orphans.size < flowsMax) orphans.set(text, one)
    return sample - one.since < ORPHAN_SAMPLES - 1
  }

  /** How far others have told a socket without a peer, which is another's from now on. */
  const toldOf = ({ text }: NettopFlow, key: string): { out: number; in: number } | undefined => {
    const isNobodys = key === `${text} 0`
    const other = isNobodys
      ? [...flows.values()].find(
          (flow) => !flow.isOpen && flow.key !== key && flow.key.startsWith(`${text} `),
        )
      : flows.get(`${text} 0`)
    return other && { out: other.out, in: other.in }
  }

  /** The first row of a flow in this sample. */
  const meet = (flow: Flow, row: NettopFlow, moment: Moment): void => {
    const { out, in: bytesIn } = flow
    flow.sumOut = row.bytesOut ?? out
    flow.sumIn = row.bytesIn ?? bytesIn
    flow.seenIn = moment.sample
    flow.lastOut = out
    flow.lastIn = bytesIn
    const isFurther = flow.sumOut >= out && flow.sumIn >= bytesIn
    // Of several sockets the first row says nothing of their sum.
    if (flow.isOpen && flow.isOfRun && (isFurther || row.remote.isAny)) {
      report(flow, row, false, moment)
      return
    }
    // Where it is not as far as it was, another connection has taken its place. What is further than another nettop, or an
    // earlier sample, had it counts that too, for all that can be known.
    const isAsFar = isFurther && (flow.isOpen || moment.pid === 0 || flow.pid === moment.pid)
    // Of several sockets that look alike the first row is not as far as all of them were.
    const isSame = isAsFar || (row.remote.isAny && flow.isOfRun)
    const told = row.remote.isAny && !flow.isOpen ? toldOf(row, flow.key) : undefined
    const isMore = told && flow.sumOut >= told.out && flow.sumIn >= told.in
    const from = {
      out: Math.max(out, isMore ? told.out : 0),
      in: Math.max(bytesIn, isMore ? told.in : 0),
    }
    renew(flow, moment.epoch, isSame ? from.out : 0, isSame ? from.in : 0)
    report(flow, row, true, moment)
  }

  return {
    see(row, moment) {
      const isUnconnected = row.remote.isAny
      if (isUnconnected && (row.protocol === TCP || isYetAnothers(row, moment))) return true
      if (isToldByTwin(row, moment)) return true
      const key = isUnconnected ? `${row.text} ${moment.pid}` : row.text
      const flow = flows.get(key)
      if (flow === undefined) {
        // Its process may stand in the line that is missing: the next sample has both.
        if (moment.pid === 0 && moment.isDamaged) return true
        return open(key, row, moment)
      }
      if (flow.seenIn !== moment.sample) meet(flow, row, moment)
      // A connection that is shown twice is one all the same.
      else if (row.protocol !== TCP) {
        flow.sumOut += row.bytesOut ?? 0
        flow.sumIn += row.bytesIn ?? 0
        report(flow, row, false, moment)
      }
      return true
    },
    endSample(moment, before, isRead) {
      const { sample, atNs } = moment
      // Over before it was known to be no twin: opened here, and closed as what is shown no more.
      for (const { row, pid, name, baseOut, baseIn } of twins.endSample(sample)) {
        const bytesOut = (row.bytesOut ?? 0) - baseOut
        const own = { ...row, bytesOut, bytesIn: (row.bytesIn ?? 0) - baseIn }
        if (!flows.has(row.text)) open(row.text, own, { ...moment, pid, name, sample: sample - 1 })
      }
      for (const flow of flows.values()) {
        if (!flow.isOpen) continue
        if (flow.seenIn !== sample) {
          flow.isOpen = false
          closed.add(flow)
          tell(flow, FlowState.closed, FlowFlag.inexact, atNs)
        } else if (isRead) {
          // Some of several sockets closed: what the others send from here on counts, and what it was stays.
          flow.baseOut -= flow.out - flow.sumOut
          flow.baseIn -= flow.in - flow.sumIn
          flow.out = flow.sumOut
          flow.in = flow.sumIn
        }
      }
      for (const [text, { seenIn }] of orphans) if (seenIn !== sample) orphans.delete(text)
      for (const flow of closed) {
        if (flow.seenIn >= before) break
        forget(flow)
      }
    },
    beginRun() {
      for (const flow of flows.values()) flow.isOfRun = false
      twins.clear()
      orphans.clear()
    },
    tellAgain() {
      for (const flow of flows.values()) flow.isTold = false
    },
  }
}

const nameOf = ({ id, epoch }: Flow, { atNs, pid, name }: Moment): Uint8Array =>
  writeGone({
    source: Source.nettop,
    atNs,
    flowId: id,
    epoch,
    pid,
    programUuid: new Uint8Array(16),
    name,
  })

/** A socket's id is the same for every engine of this boot: what is carried to the next is found by it. */
function idOf(key: string): bigint {
  return createHash('sha256').update(key).digest().readBigUInt64LE(0)
}

const directionOf = (state: string): number =>
  state === 'SynSent'
    ? Direction.outbound
    : state === 'SynReceived'
      ? Direction.inbound
      : Direction.unknown
