// Records as the rivals read them: who sent how much more, to whom, since when. They are given what the engine is given,
// attribution included, and no more.
import { formatAddress } from '../engine/address.ts'
import { destinationKey, makePeer } from '../engine/destination/destination.ts'
import { DEFAULT_POLICY } from '../engine/policy.ts'
import { type Scope, scopeOf } from '../engine/scope.ts'
import {
  Direction,
  type ExecRecord,
  FLOW_AT,
  FlowState,
  HEADER_BYTES,
  RecordType,
  readExec,
  readFlow,
  readMark,
  readName,
} from '../records/record.gen.ts'
import { responsibleName } from './responsible.ts'

export type Report = {
  /** Since 1970, ms. */
  atMs: number
  pid: number
  pidversion: number
  /** The program, by its code, script and whom it acts for. */
  identity: string
  /** As the engine keys its pairs. */
  destination: string
  /** Of both. */
  pair: string
  address: string
  remotePort: number
  scope: Scope
  /** The other side opened it and fetched what this one has. */
  isServed: boolean
  /** The same for all reports of a flow: what a rule keeps of it. */
  flow: { sustained: number }
  /** Of the flow so far. */
  out: number
  in: number
  /** Since its last report. */
  moreOut: number
  moreIn: number
  isFirst: boolean
  /** Since its last report, ms. */
  sinceMs: number
}

type Flow = {
  scope: Scope
  destination: string
  address: string
  /** Who had it at its last report, as a program, and with whom that is a pair. */
  pid: number
  pidversion: number
  identity: string
  pair: string
  out: number
  in: number
  atMs: number
  /** Bytes sent above a rate without a pause. */
  sustained: number
}

export type ReportReader = {
  /** Whole records in order; calls `visit` for each report of a flow. */
  read(records: Uint8Array, visit: (report: Report) => void): void
}

/** Of every record: nanoseconds since the boot. */
const AT_NS = 8
/** Eight bytes. REQUIRES: below 2^53, as a made-up machine's times, counts and flows are: a report has no bigint. */
const numberAt = (view: DataView, at: number): number =>
  view.getUint32(at + 4, true) * 4_294_967_296 + view.getUint32(at, true)

export function createReportReader(): ReportReader {
  let offsetMs = 0
  let execs = new Map<string, ExecRecord>()
  let flows = new Map<number, Flow>()
  let hostnames = new Map<number, string>()
  let identities = new Map<string, string>()
  let boot = ''

  const identityOf = (pid: number, pidversion: number): string => {
    const key = `${pid} ${pidversion}`
    let known = identities.get(key)
    if (known === undefined) {
      known = responsibleName(execs, key)
      identities.set(key, known)
    }
    return known
  }
  const open = (id: number, record: ReturnType<typeof readFlow>): Flow => {
    const { remoteAddr, remotePort } = record
    const hostname = hostnames.get(id) ?? ''
    const scope = scopeOf(remoteAddr, DEFAULT_POLICY)
    const flow = {
      destination:
        record.direction === Direction.inbound
          ? makePeer(remoteAddr, record.protocol, DEFAULT_POLICY, true).view.key
          : destinationKey(remoteAddr, remotePort, hostname, scope),
      address: textOf(remoteAddr),
      scope,
      ...{ pid: -1, pidversion: -1, identity: '', pair: '' },
      ...{ out: 0, in: 0, atMs: 0, sustained: 0 },
    }
    flows.set(id, flow)
    return flow
  }
  const had = (flow: Flow, pid: number, pidversion: number): void => {
    if (flow.pid === pid && flow.pidversion === pidversion) return
    flow.pid = pid
    flow.pidversion = pidversion
    flow.identity = identityOf(pid, pidversion)
    flow.pair = `${flow.identity}\n${flow.destination}`
  }

  /** A thousand flows go to one address: its text is made once. */
  const texts = new Map<string, string>()
  const textOf = (address: Uint8Array): string => {
    const key = Buffer.from(address).toString('latin1')
    let text = texts.get(key)
    if (text === undefined) {
      text = formatAddress(address)
      texts.set(key, text)
    }
    return text
  }

  return {
    read(records, visit) {
      const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
      for (let at = 0; at + HEADER_BYTES <= records.length; at += view.getUint32(at, true)) {
        const type = view.getUint16(at + 4, true)
        if (type === RecordType.mark) {
          const mark = readMark(view, at)
          offsetMs = Number(mark.unixNs - mark.atNs) / 1e6
          const id = Buffer.from(mark.bootId).toString('hex')
          if (id !== boot) {
            boot = id
            execs = new Map()
            flows = new Map()
            hostnames = new Map()
            identities = new Map()
          }
        } else if (type === RecordType.exec) {
          const exec = readExec(view, at)
          execs.set(`${exec.pid} ${exec.pidversion}`, exec)
        } else if (type === RecordType.name) {
          const name = readName(view, at)
          hostnames.set(Number(name.flowId), name.hostname)
        } else if (type === RecordType.flow) {
          const id = numberAt(view, at + FLOW_AT.flowId)
          const known = flows.get(id)
          const isFirst = known === undefined
          const flow = known ?? open(id, readFlow(view, at))
          const atMs = offsetMs + numberAt(view, at + AT_NS) / 1e6
          const out = numberAt(view, at + FLOW_AT.bytesOut)
          const bytesIn = numberAt(view, at + FLOW_AT.bytesIn)
          const pid = view.getUint32(at + FLOW_AT.pid, true)
          const pidversion = view.getUint32(at + FLOW_AT.pidversion, true)
          had(flow, pid, pidversion)
          visit({
            atMs,
            pid,
            pidversion,
            identity: flow.identity,
            destination: flow.destination,
            pair: flow.pair,
            address: flow.address,
            remotePort: view.getUint16(at + FLOW_AT.remotePort, true),
            scope: flow.scope,
            isServed: view.getUint8(at + FLOW_AT.direction) === Direction.inbound,
            flow,
            out,
            in: bytesIn,
            moreOut: Math.max(0, out - flow.out),
            moreIn: Math.max(0, bytesIn - flow.in),
            isFirst,
            sinceMs: isFirst ? 0 : atMs - flow.atMs,
          })
          flow.out = Math.max(out, flow.out)
          flow.in = Math.max(bytesIn, flow.in)
          flow.atMs = atMs
          if (view.getUint8(at + FLOW_AT.state) === FlowState.closed) {
            flows.delete(id)
            hostnames.delete(id)
          }
        }
      }
    },
  }
}
