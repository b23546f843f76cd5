// One line of `nettop -L 0 -n -x -J time,interface,state,bytes_in,bytes_out`: the header that each sample begins with, a
// process (`name.pid`), or a flow of the process above it (`tcp4 10.0.0.2:51234<->203.0.113.9:443`). Columns are found
// by the header's names alone. A process may have called itself anything, commas and dots and a flow's form included.
import { formatAddress, parseAddress } from '../engine/address.ts'
import { MalformedLine } from '../importers/malformed.ts'

/** Where the columns are: one before the name, such as `time`, and any others where they like. */
export type NettopColumns = {
  count: number
  /** The one without a name of its own, which has the process or the flow. */
  name: number
  interface: number
  state: number
  bytesIn: number
  bytesOut: number
  /** Each line ends in a comma, as the header does. */
  isEnded: boolean
}

export type NettopEndpoint = {
  /** 16 bytes; zeros where there is none, of IPv4 too, as NetworkStatistics has it. */
  address: Uint8Array
  /** 0 where it is `*`, and of a peer without an address. */
  port: number
  /** It is `*`, 0.0.0.0 or ::. */
  isAny: boolean
}

export type NettopFlow = {
  kind: 'flow'
  /** As it was printed: the same socket has the same text each time. */
  text: string
  /** IANA: 6 or 17. */
  protocol: number
  isQuic: boolean
  local: NettopEndpoint
  remote: NettopEndpoint
  interface: string
  state: string
  /** undefined: not told. */
  bytesIn: number | undefined
  bytesOut: number | undefined
}

/** `name`: of the process, as far as the kernel keeps it. */
export type NettopRow = { kind: 'process'; pid: number; name: string } | NettopFlow

const TCP = 6
const UDP = 17
const PID_MAX = 0x7fffffff
const NEEDED = ['interface', 'state', 'bytes_in', 'bytes_out'] as const
/** No row is like it: its counts, and the pid of a process, are digits. */
const HEADER = /^[a-zA-Z_-]*(,[a-zA-Z_-]*){3,}$/
const FLOW = /^(tcp|udp|quic)([46]) ([^ ]+)<->([^ ]+)$/

const PID = /\.([0-9]{1,10})$/

/** Whether a line is a header, known or not. */
export const isHeader = (text: string): boolean => HEADER.test(text)

/**
 * undefined: a name that is needed is not there, or is there twice; or nothing stands before the name, so that nothing shows
 * where a row begins, and what a program has called itself could be any row. REQUIRES: isHeader.
 */
export function columnsOf(header: string): NettopColumns | undefined {
  const names = header.split(',')
  const placeOf = (name: string): number => {
    const at = names.indexOf(name)
    return names.lastIndexOf(name) === at ? at : -1
  }
  const [atInterface, state, bytesIn, bytesOut] = NEEDED.map(placeOf) as [
    number,
    number,
    number,
    number,
  ]
  const name = names.indexOf('')
  // Each line ends in a comma, so behind the last name there is an empty one too.
  const isSecond = names.slice(name + 1, -1).includes('')
  if (name < 1 || name === names.length - 1 || isSecond) return undefined
  // A comma in a process's name moves what stands behind it, so nothing that is needed may stand before.
  if (Math.min(atInterface, state, bytesIn, bytesOut) < name) return undefined
  const isEnded = names.at(-1) === ''
  return { count: names.length, name, interface: atInterface, state, bytesIn, bytesOut, isEnded }
}

/** Whether it ends before its row does: in the name of a process, which may hold a newline. */
export function isCut(text: string, columns: NettopColumns): boolean {
  const isOpen = columns.isEnded && !text.endsWith(',')
  return isOpen || text.split(',').length < columns.count
}

/** Throws MalformedLine. */
export function parseRow(text: string, columns: NettopColumns): NettopRow {
  const parts = text.split(',')
  const extra = parts.length - columns.count
  if (isCut(text, columns)) throw new MalformedLine('fewer columns than the header has')
  const name = parts
    .slice(columns.name, columns.name + extra + 1)
    .join(',')
    .trimStart()
  const at = (column: number): string => parts[column + extra] as string
  const own = { interface: at(columns.interface), state: at(columns.state) }
  const match = FLOW.exec(name)
  if (match === null) return processOf(name)
  const [, protocol, family, localText = '', remoteText = ''] = match
  const local = endpointOf(localText, family === '4')
  const remote = endpointOf(remoteText, family === '4')
  const bytesIn = countOf(at(columns.bytesIn))
  const bytesOut = countOf(at(columns.bytesOut))
  // A process may have called itself so. A flow that moves bytes has an interface, and ends that are some; of what has
  // neither bytes nor interface nobody can say.
  if (own.interface === '' && own.state === '' && PID.test(name)) {
    if (!local || !remote || bytesIn || bytesOut) return processOf(name)
    throw new MalformedLine('either a flow or a process that has called itself so')
  }
  if (!local || !remote) throw new MalformedLine('an endpoint that is none')
  return {
    kind: 'flow',
    text: name,
    protocol: protocol === 'tcp' ? TCP : UDP,
    isQuic: protocol === 'quic',
    local,
    remote: peerOf(remote),
    ...own,
    bytesIn,
    bytesOut,
  }
}

function processOf(name: string): NettopRow {
  const digits = PID.exec(name)?.[1]
  const pid = Number(digits)
  if (digits === undefined || pid > PID_MAX) throw new MalformedLine('neither process nor flow')
  return { kind: 'process', pid, name: name.slice(0, -digits.length - 1) }
}

const NO_ADDRESS = new Uint8Array(16)
const isNone = (address: Uint8Array): boolean => ['::', '0.0.0.0'].includes(formatAddress(address))
/** Whoever has no address has no port. */
const peerOf = (peer: NettopEndpoint): NettopEndpoint => (peer.isAny ? { ...peer, port: 0 } : peer)

/** `10.0.0.2:443`, `fe80::1%en0.443`, `*:*`, `*.*`. undefined: it is none. */
function endpointOf(text: string, isIpv4: boolean): NettopEndpoint | undefined {
  const at = text.lastIndexOf(isIpv4 ? ':' : '.')
  const host = text.slice(0, Math.max(at, 0))
  const portText = text.slice(at + 1)
  const port = portText === '*' ? 0 : Number(portText)
  const isPort = portText === '*' || (/^[0-9]{1,5}$/.test(portText) && port <= 65_535)
  if (at < 0 || !isPort) return undefined
  const none = { address: NO_ADDRESS, port, isAny: true }
  if (host === '*') return none
  const [bare = ''] = host.split('%')
  const address = parseAddress(bare)
  if (address === undefined || isIpv4 === bare.includes(':')) return undefined
  if (isNone(address)) return none
  return { address, port, isAny: false }
}

function countOf(text: string): number | undefined {
  if (text === '') return undefined
  const count = Number(text)
  if (!/^[0-9]{1,16}$/.test(text) || !Number.isSafeInteger(count))
    throw new MalformedLine('a count that is none')
  return count
}
