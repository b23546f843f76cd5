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

const TCP = 6
/** Sockets held, closed ones among them. A Mac in use has some hundred. */
const FLOWS_MAX = 65_536
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
  /** What this sample has shown of that so far. */
  sumOut: number
  sumIn: number
  /** What of them is no part of this epoch. Below 0 where some of several sockets have closed. */
  baseOut: number
  baseIn: number
  /** Sample that it was last in. */
  seenIn: number
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
  /** Rows whose bytes another row tells: how far they were, and in which sample. By key. */
  const leftOut = new Map<string, { out: number; in: number; seenIn: number }>()

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
    flow.out = flow.baseOut = out
    flow.in = flow.baseIn = bytesIn
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
      ...{ out: 0, in: 0, baseOut: 0, baseIn: 0 },
      sumOut: row.bytesOut ?? 0,
      sumIn: row.bytesIn ?? 0,
      seenIn: moment.sample,
      isOpen: true,
      isOfRun: true,
      isTold: false,
    }
    const left = leftOut.get(key)
    // It goes on from here: what passed until now was told by the other. Less than it had is another's.
    if (left && flow.sumOut >= left.out && flow.sumIn >= left.in) {
      flow.baseOut = left.out
      flow.baseIn = left.in
    }
    leftOut.delete(key)
    flows.set(key, flow)
    report(flow, row, true, moment)
    return true
  }

  /**
   * A UDP flow that carries QUIC is shown by two providers, with the same ends and bytes: whichever is met first tells
   * for both while it is shown.
   */
  const isToldByTwin = (row: NettopFlow, { sample }: Moment): boolean => {
    if (row.protocol === TCP || row.remote.isAny || flows.get(row.text)?.isOpen) return false
    const twin = flows.get(row.text.replace(/^(udp|quic)/, row.isQuic ? 'udp' : 'quic'))
    if (!twin?.isOpen) return false
    const { bytesOut: out = 0, bytesIn = 0 } = row
    leftOut.set(row.text, { out, in: bytesIn, seenIn: sample })
    return true
  }

  /** The first row of a flow in this sample. */
  const meet = (flow: Flow, row: NettopFlow, moment: Moment): void => {
    const { out, in: bytesIn } = flow
    flow.sumOut = row.bytesOut ?? out
    flow.sumIn = row.bytesIn ?? bytesIn
    flow.seenIn = moment.sample
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
    renew(flow, moment.epoch, isSame ? out : 0, isSame ? bytesIn : 0)
    report(flow, row, true, moment)
  }

  return {
    see(row, moment) {
      const isUnconnected = row.remote.isAny
      if (isUnconnected && (row.protocol === TCP || moment.pid === 0)) return true
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
    endSample({ sample, atNs }, before, isRead) {
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
      for (const [key, { seenIn }] of leftOut) if (seenIn !== sample) leftOut.delete(key)
      for (const flow of closed) {
        if (flow.seenIn >= before) break
        forget(flow)
      }
    },
    beginRun() {
      for (const flow of flows.values()) flow.isOfRun = false
      leftOut.clear()
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
