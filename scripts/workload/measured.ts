// What flows a recording holds, in groups: the truth that its manifest says. Pure.
import { formatAddress } from '../../src/engine/address.ts'
import type { FlowGroup, Label } from '../../src/eval/manifest.ts'
import {
  Direction,
  type FlowRecord,
  RecordType,
  readExec,
  readFlow,
  readFork,
  readUnseen,
} from '../../src/records/record.gen.ts'

type Image = { program: string; script: string }
const NOBODY: Image = { program: '', script: '' }
const UDP = 17

const DIRECTIONS: ReadonlyMap<number, FlowGroup['direction']> = new Map([
  [Direction.outbound, 'outbound'],
  [Direction.inbound, 'inbound'],
])

/**
 * Groups in the order in which their first flows opened, then what was sent unseen. `labelOf` is asked by the remote address,
 * which a sum of datagrams has not: those are all `unseen`.
 */
export function flowGroups(
  records: Uint8Array,
  { labelOf, unseen }: { labelOf: (remote: string) => Label; unseen: Label },
): FlowGroup[] {
  const images = new Map<string, Image>()
  const flows = new Map<string, { flow: FlowRecord; image: Image }>()
  const sums = new Map<Image, number>()
  const view = new DataView(records.buffer, records.byteOffset, records.length)
  for (let at = 0; at < records.length; at += view.getUint32(at, true)) {
    const type = view.getUint16(at + 4, true)
    if (type === RecordType.exec) {
      const { pid, pidversion, path, script } = readExec(view, at)
      images.set(`${pid}.${pidversion}`, { program: path, script })
    } else if (type === RecordType.fork) {
      const { pid, pidversion, parentPid, parentPidversion } = readFork(view, at)
      images.set(`${pid}.${pidversion}`, images.get(`${parentPid}.${parentPidversion}`) ?? NOBODY)
    } else if (type === RecordType.flow) {
      const flow = readFlow(view, at)
      const name = `${flow.flowId}.${flow.epoch}`
      const own = images.get(`${flow.pid}.${flow.pidversion}`)
      flows.set(name, { flow, image: own ?? flows.get(name)?.image ?? NOBODY })
    } else if (type === RecordType.unseen) {
      const { pid, pidversion, bytes } = readUnseen(view, at)
      const image = images.get(`${pid}.${pidversion}`) ?? NOBODY
      sums.set(image, (sums.get(image) ?? 0) + Number(bytes))
    }
  }
  const groups = new Map<string, FlowGroup>()
  for (const { flow, image } of flows.values()) {
    const direction = DIRECTIONS.get(flow.direction) ?? 'unknown'
    const port = direction === 'outbound' ? flow.remotePort : flow.localPort
    const remote = formatAddress(flow.remoteAddr)
    const protocol = flow.protocol === UDP ? 'udp' : 'tcp'
    const label = labelOf(remote)
    const name = JSON.stringify([label, image, direction, protocol, remote])
    const group = groups.get(name) ?? {
      ...{ label, ...image, direction, protocol, remote, ports: [port, port] },
      ...{ flowCount: 0, bytesOut: 0, bytesIn: 0 },
    }
    group.ports = [Math.min(group.ports[0], port), Math.max(group.ports[1], port)]
    group.flowCount++
    group.bytesOut += Number(flow.bytesOut)
    group.bytesIn += Number(flow.bytesIn)
    groups.set(name, group)
  }
  return [
    ...groups.values(),
    ...[...sums].map(
      ([image, bytesOut]): FlowGroup => ({
        ...{ label: unseen, ...image, direction: 'outbound', protocol: 'udp', remote: '' },
        ...{ ports: [0, 0], flowCount: 0, bytesOut, bytesIn: 0 },
      }),
    ),
  ]
}
