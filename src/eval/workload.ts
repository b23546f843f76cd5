// A labelled recording, or log, as sendings: what its programs moved, when and to whom, with the truth of each.
import { cidrHas, formatAddress, parseCidr } from '../engine/address.ts'
import type { ImportOptions } from '../importers/importer.ts'
import {
  Direction,
  FlowState,
  HEADER_BYTES,
  RecordType,
  readExec,
  readFlow,
  readMark,
  readName,
} from '../records/record.gen.ts'
import { openSource } from '../replay/open.ts'
import type { Sending } from './actor.ts'
import { type Point, REPORT_MS } from './mac.ts'
import type { Label, ManifestRow } from './manifest.ts'

/** A flow as a sending whose time counts from the recording's first flow. */
export type RecordedFlow = Sending & { label: Label; script: string }

export type Workload = { row: ManifestRow; flows: RecordedFlow[] }

type Open = {
  atMs: number
  flowId: bigint
  remote: Uint8Array
  port: number
  protocol: 6 | 17
  direction: number
  script: string
  points: Point[]
}

const UDP = 17

/** `pathOf` says where a row's files lie. Rejects with SourceError. */
export async function readWorkload(
  row: ManifestRow,
  pathOf: (file: string) => string,
): Promise<Workload> {
  const options: ImportOptions = {
    ...(row.host === undefined ? {} : { host: row.host }),
    ...(row.ssl === undefined ? {} : { sslPath: pathOf(row.ssl) }),
  }
  const source = await openSource(pathOf(row.file), options)
  const reader = createFlowsReader()
  for await (const event of source.events) if (event.kind === 'records') reader.read(event.records)
  const { flows, hostnames } = reader
  const firstMs = Math.min(...flows.map(({ atMs }) => atMs))
  return {
    row,
    flows: flows
      .filter(({ points }) => points.length > 0)
      .map(({ atMs, remote, port, protocol, direction, script, points, flowId }) => {
        const to = formatAddress(remote)
        return {
          ...{ atMs: Math.round(atMs - firstMs), to, port, protocol, direction, script },
          hostname: hostnames.get(flowId) ?? row.names[to] ?? '',
          points: inReports(points),
          label: labelOf(row, remote),
        }
      })
      .sort((a, b) => a.atMs - b.atMs),
  }
}

const labelOf = ({ flows }: ManifestRow, remote: Uint8Array): Label =>
  flows.find((group) => {
    // Sums of what was sent without flows have no address.
    const range = parseCidr(group.remote)
    return range !== undefined && cidrHas(range, remote)
  })?.label ?? 'benign'

function createFlowsReader() {
  const flows: Open[] = []
  const hostnames = new Map<bigint, string>()
  const open = new Map<bigint, Open>()
  const scripts = new Map<string, string>()
  let offsetMs = 0
  return {
    flows,
    hostnames,
    read(records: Uint8Array): void {
      const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
      for (let at = 0; at + HEADER_BYTES <= records.length; at += view.getUint32(at, true)) {
        const type = view.getUint16(at + 4, true)
        if (type === RecordType.mark) {
          const mark = readMark(view, at)
          offsetMs = Number(mark.unixNs - mark.atNs) / 1e6
        } else if (type === RecordType.exec) {
          const { pid, pidversion, script } = readExec(view, at)
          scripts.set(`${pid} ${pidversion}`, script)
        } else if (type === RecordType.name) {
          const { flowId, hostname } = readName(view, at)
          if (hostname !== '') hostnames.set(flowId, hostname)
        } else if (type === RecordType.flow) {
          const record = readFlow(view, at)
          const atMs = offsetMs + Number(record.atNs) / 1e6
          let flow = open.get(record.flowId)
          if (flow === undefined) {
            flow = {
              ...{ atMs, flowId: record.flowId, remote: record.remoteAddr },
              port: record.direction === Direction.inbound ? record.localPort : record.remotePort,
              protocol: record.protocol === UDP ? 17 : 6,
              direction: record.direction,
              script: scripts.get(`${record.pid} ${record.pidversion}`) ?? '',
              points: [],
            }
            open.set(record.flowId, flow)
            flows.push(flow)
          }
          reach(flow, atMs, Number(record.bytesOut), Number(record.bytesIn))
          if (record.state === FlowState.closed) open.delete(record.flowId)
        }
      }
    },
  }
}

/** A point a report whose counts rose; its first, of nothing, is the flow's beginning. */
function reach({ points, ...flow }: Open, atMs: number, out: number, bytesIn: number): void {
  const last = points.at(-1) ?? { afterMs: 0, out: 0, in: 0 }
  if (out <= last.out && bytesIn <= last.in) return
  points.push({
    afterMs: Math.max(last.afterMs, Math.round(atMs - flow.atMs)),
    out: Math.max(last.out, out),
    in: Math.max(last.in, bytesIn),
  })
}

/** A log tells a flow's bytes at its end alone: they are spread evenly over its time, in the reports of a filter. */
export function inReports(points: readonly Point[]): Point[] {
  const spread: Point[] = []
  let from: Point = { afterMs: 0, out: 0, in: 0 }
  for (const to of points) {
    const overMs = to.afterMs - from.afterMs
    const steps = Math.max(1, Math.ceil(overMs / REPORT_MS))
    for (let step = 1; step <= steps; step++)
      spread.push({
        afterMs: Math.round(from.afterMs + (overMs * step) / steps),
        out: Math.round(from.out + ((to.out - from.out) * step) / steps),
        in: Math.round(from.in + ((to.in - from.in) * step) / steps),
      })
    from = to
  }
  return spread
}
