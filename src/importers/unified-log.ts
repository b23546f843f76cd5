// macOS's unified log, as `log show --style ndjson` writes it: the kernel's messages on TCP connections, which
// name process, addresses and, at the end, bytes; and from every other line which program a pid runs.

import { parseAddress } from '../engine/address.ts'
import { fileName } from '../engine/process/acting.ts'
import {
  Capability,
  Direction,
  FlowFlag,
  FlowState,
  Loss,
  Source,
  writeFlow,
  writeLoss,
} from '../records/record.gen.ts'
import { counted, type LineReader } from './importer.ts'
import { parseObject, textOf, wholeOf } from './json.ts'
import { MalformedLine } from './malformed.ts'
import { createPids } from './pids.ts'
import {
  CS_VALID,
  createPrograms,
  type ProcessId,
  type Program,
  UID_UNKNOWN,
  unknownProgram,
} from './program.ts'
import type { RecordLog } from './record-log.ts'
import { parseTcpMessage, type TcpMessage } from './tcp-message.ts'
import { timeToUs } from './time.ts'

export const UNIFIED_LOG_SOURCE = Source.endpointSecurity
export const UNIFIED_LOG_CAPABILITIES = Capability.connectEvents
export const UNIFIED_LOG_NOTE =
  'a unified log has TCP connections only, their bytes only when they end, no signatures, and addresses only where net.inet.ip.log.privacy was 0; record on the Mac itself to have them'

const PID_MAX = 0x7fffffff
/** Connections whose beginning is remembered until their end. */
const OPEN_MAX = 65_536

/** The sealed system volume (macOS 11 and later): what lies there is Apple's, or the Mac does not start. */
const isSealed = (path: string): boolean =>
  /^\/(System|bin|sbin|usr)\//.test(path) &&
  !path.startsWith('/usr/local/') &&
  !path.startsWith('/System/Volumes/') &&
  !path.includes('/../')

export function createUnifiedLogReader(out: RecordLog): LineReader {
  const programs = createPrograms(out, UNIFIED_LOG_SOURCE)
  const pids = createPids()
  const opens = new Map<string, { flowId: bigint; direction: number }>()
  let bootUuid = ''
  let flowId = 0n
  let skipped = 0
  const noted = { connections: 0, redacted: 0, unseen: 0, lost: 0, forgotten: 0, network: 0 }

  const found = (id: ProcessId, path: string, uid: number): void => {
    const program: Program = { ...unknownProgram(id, path), uid }
    // Its signing identifier is not in the log; its path names it as well.
    if (isSealed(path))
      programs.found({
        ...program,
        codesignFlags: CS_VALID,
        isPlatform: true,
        signingId: path,
      })
    else programs.found({ ...program, isPathGuessed: !path.startsWith('/') })
  }

  /** The process a message names; by the path that its own lines gave, else by the kernel's name for it. */
  const processOf = (message: TcpMessage): ProcessId => {
    if (message.pid === 0) return { pid: 0, pidversion: 0 }
    const path = pids.pathOf(message.pid)
    const isSame =
      path !== undefined &&
      message.process !== '' &&
      fileName(path).startsWith(message.process.slice(0, 15))
    const name = isSame ? path : message.process
    const id = pids.running(message.pid, name)
    if (name !== '') found(id, name, UID_UNKNOWN)
    return id
  }

  const addressOf = (text: string): Uint8Array => {
    const address = parseAddress(text)
    if (address) return address
    noted.redacted++
    return new Uint8Array(16)
  }

  const noteSkipped = (total: number): void => {
    if (total > skipped && opens.size + noted.connections > 0) {
      noted.lost += total - skipped
      out.add(
        writeLoss({
          source: UNIFIED_LOG_SOURCE,
          atNs: out.atNs(),
          count: BigInt(total - skipped),
          what: Loss.kernelEvents,
        }),
      )
    }
    skipped = total
  }

  const open = (message: TcpMessage): { flowId: bigint; direction: number } => {
    flowId++
    noted.connections++
    const direction =
      message.of === 'outgoing'
        ? Direction.outbound
        : message.of === 'incoming'
          ? Direction.inbound
          : Direction.unknown
    const entry = { flowId, direction }
    if (message.of === 'summary') {
      noted.unseen++
      return entry
    }
    if (opens.size >= OPEN_MAX)
      for (const oldest of opens.keys()) {
        opens.delete(oldest)
        noted.forgotten++
        break
      }
    opens.set(message.socket, entry)
    return entry
  }

  const tell = (message: TcpMessage): void => {
    noteSkipped(message.skipped)
    const isOver = message.of === 'summary'
    const known = isOver ? opens.get(message.socket) : undefined
    const entry = known ?? open(message)
    if (isOver) opens.delete(message.socket)
    const id = processOf(message)
    out.add(
      writeFlow({
        source: UNIFIED_LOG_SOURCE,
        atNs: out.atNs(),
        flowId: entry.flowId,
        bytesOut: BigInt(message.bytesOut),
        bytesIn: BigInt(message.bytesIn),
        epoch: 0,
        pid: id.pid,
        pidversion: id.pidversion,
        flags: isOver && known === undefined ? FlowFlag.enumerated : 0,
        remoteAddr: addressOf(message.remote),
        remotePort: message.remotePort,
        localPort: message.localPort,
        protocol: 6,
        direction: entry.direction,
        state: isOver ? FlowState.closed : FlowState.opened,
      }),
    )
  }

  return {
    line(text, number) {
      if (number === 1 && text.startsWith('Filtering the log data')) return
      const line = parseObject(text)
      // log(1) ends with what it counted.
      if ('finished' in line) return
      const unixUs = timeToUs(line['timestamp'])
      if (unixUs === undefined) throw new MalformedLine('timestamp is no time')
      out.moveTo(unixUs)
      const boot = textOf(line['bootUUID'])
      if (boot !== '' && boot !== bootUuid) {
        opens.clear()
        skipped = 0
        bootUuid = boot
      }
      const message = parseTcpMessage(textOf(line['eventMessage']))
      if (message) {
        tell(message)
        return
      }
      if (line['subsystem'] === 'com.apple.network') noted.network++
      const pid = wholeOf(line['processID'], PID_MAX)
      const path = textOf(line['processImagePath'])
      if (pid !== undefined && pid !== 0 && path.startsWith('/'))
        found(pids.running(pid, path), path, wholeOf(line['userID']) ?? UID_UNKNOWN)
    },
    drain: () => false,
    isReady: () => out.startedUs() !== undefined,
    hostname: () => '',
    startedUs: out.startedUs,
    notes() {
      const notes: string[] = [
        `${counted(noted.connections, 'TCP connection')} by the kernel's messages`,
      ]
      if (noted.redacted > 0)
        notes.push(
          `${counted(noted.redacted, 'message')} with the address redacted by macOS: counted, never scored (sysctl net.inet.ip.log.privacy=0 before the log is written)`,
        )
      if (noted.unseen > 0)
        notes.push(`${counted(noted.unseen, 'connection')} whose beginning is not in the log`)
      if (opens.size > 0)
        notes.push(`${counted(opens.size, 'connection')} whose end is not in the log: no bytes`)
      if (noted.lost > 0)
        notes.push(`${counted(noted.lost, 'message')} kept back by the kernel's rate limit`)
      if (noted.forgotten > 0)
        notes.push(
          `${counted(noted.forgotten, 'connection')} forgotten: more than ${OPEN_MAX} open at once`,
        )
      if (noted.network > 0)
        notes.push(
          `${counted(noted.network, 'line')} of com.apple.network: neither address nor bytes, only which program runs`,
        )
      return notes
    },
  }
}
