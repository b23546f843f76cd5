// A flow as one source tells it: a row, with what is known of it beside the other sources' rows and the engine.
import { FLOW_AT, FlowFlag, NAME_AT, RecordType, Source } from '../records/record.gen.ts'
import type { Tally } from './tally.ts'

const TWO_32 = 4_294_967_296

/** What the engine knows a flow as, and was last told of it. */
export type GivenFlow = {
  id: bigint
  epoch: number
  out: number
  in: number
  /** What the flow had before this epoch of it began. */
  baseOut: number
  baseIn: number
  /** Whose it is, by the last source that named the image: nettop has a pid alone. 0: none did. */
  pid: number
  pidversion: number
}

export type FlowRow = {
  readonly source: number
  readonly id: bigint
  readonly epoch: number
  /** Protocol, remote address and port. */
  readonly peer: string
  /** Of a UDP socket from its beginning, whatever it is to the filter. */
  readonly isSocket: boolean
  /** Of a UDP socket, for whichever peers it has. */
  readonly isPeerless: boolean
  readonly isLoopback: boolean
  /** It had begun when its source looked. */
  readonly isFoundOpen: boolean
  /** nettop counts from its own start what it finds open. */
  readonly hasOwnBeginning: boolean
  /** When its source first told it, since boot. */
  readonly firstNs: bigint
  /** What its source last told of it: a flow record. */
  last: Uint8Array
  /** Its name and gone records, until it is given. */
  strings: Uint8Array[]
  localPort: number
  pid: number
  /** Who made the socket for it, where its source says so; nettop knows that one alone. */
  makerPid: number
  out: number
  in: number
  lastNs: bigint
  /** When it was first told with bytes; 0: not yet. */
  bytesSinceNs: bigint
  /** Its bytes as they were kept last. */
  touchedBytes: number
  isOpen: boolean
  /** That it closed was not told: its source names it no longer. */
  isLost: boolean
  /** Told since its source began its last enumeration. */
  isNamed: boolean
  /** Known from an engine before this one, and not told since: this one has nothing of it to end. */
  isRemembered: boolean
  /** undefined: the engine is not told of it by this source. */
  given: GivenFlow | undefined
  /** With its own beginning, and another has told of the flow: `ahead` is the least that all of it can be. */
  isCompared: boolean
  /** What the engine's counters are ahead of this source's, or behind (negative). */
  aheadOut: number
  aheadIn: number
  /** It ended for the engine, while a source may go on: as what, with how much of this row's counts, and of all (base). */
  ended: GivenFlow | undefined
  /** When, since boot. */
  endedNs: bigint
  /** Of a UDP socket: the row of another source that tells this one's bytes too. */
  coveredBy: FlowRow | undefined
  /** Of a UDP socket, while it is not given: what of its counts rows of other sources have told. */
  elsewhereOut: number
  elsewhereIn: number
  /** Of a part of a UDP socket: its bytes as the socket's row told more, which may be of it. */
  besideTold: number
  /** What the engine was told by it. */
  toldOut: number
  toldIn: number
  /** Of UDP: what is known of its socket. */
  tally: Tally<FlowRow> | undefined
}

/** One row a source and id: an epoch takes the place of the one before. */
export const keyOf = ({ source, id }: Pick<FlowRow, 'source' | 'id'>): string => `${source}.${id}`

export type Ends = Pick<FlowRow, 'peer' | 'localPort' | 'pid'> & { makerPid?: number }
/** As a peer begins. */
export const UDP_BEGINS = '17 '
export const NO_PEER = `${UDP_BEGINS}${'00'.repeat(16)} 0`
export const isUdp = ({ peer }: Pick<Ends, 'peer'>): boolean => peer.startsWith(UDP_BEGINS)

const isLoopback = (address: Uint8Array): boolean => {
  const isIpv4 = address[10] === 0xff && address[11] === 0xff
  if (isIpv4) return address[12] === 127
  return address[15] === 1 && address.subarray(0, 15).every((byte) => byte === 0)
}

/** Of the first record of it. */
export function rowOf(record: Uint8Array): FlowRow {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength)
  const address = record.subarray(FLOW_AT.remoteAddr, FLOW_AT.remoteAddr + 16)
  const port = view.getUint16(FLOW_AT.remotePort, true)
  const epoch = view.getUint32(FLOW_AT.epoch, true)
  const peer = `${view.getUint8(FLOW_AT.protocol)} ${Buffer.from(address).toString('hex')} ${port}`
  const source = view.getUint8(6)
  const isFoundOpen = (view.getUint32(FLOW_AT.flags, true) & FlowFlag.enumerated) !== 0
  const isOfUdp = peer.startsWith(UDP_BEGINS)
  return {
    source,
    id: view.getBigUint64(FLOW_AT.flowId, true),
    epoch,
    peer,
    isSocket: isOfUdp && source !== Source.filter,
    isPeerless: peer === NO_PEER,
    isLoopback: isLoopback(address),
    isFoundOpen,
    hasOwnBeginning: isFoundOpen && source === Source.nettop,
    firstNs: view.getBigUint64(8, true),
    last: record,
    strings: [],
    localPort: view.getUint16(FLOW_AT.localPort, true),
    pid: view.getUint32(FLOW_AT.pid, true),
    makerPid: 0,
    out: 0,
    in: 0,
    lastNs: 0n,
    bytesSinceNs: 0n,
    touchedBytes: 0,
    isOpen: true,
    isNamed: true,
    isRemembered: false,
    isLost: false,
    given: undefined,
    aheadOut: 0,
    aheadIn: 0,
    isCompared: false,
    ended: undefined,
    endedNs: 0n,
    coveredBy: undefined,
    besideTold: 0,
    tally: undefined,
    ...{ elsewhereOut: 0, elsewhereIn: 0, toldOut: 0, toldIn: 0 },
  }
}

/** `string`: its name or gone record. Whether it says another maker. */
export function noteMaker(row: FlowRow, string: Uint8Array): boolean {
  const view = new DataView(string.buffer, string.byteOffset, string.byteLength)
  if (view.getUint16(4, true) !== RecordType.name) return false
  const { makerPid } = row
  row.makerPid = view.getUint32(NAME_AT.makerPid, true)
  return row.makerPid !== makerPid
}

/** `at`: of a u64 in a record. */
export const countAt = (view: DataView, at: number): number =>
  view.getUint32(at + 4, true) * TWO_32 + view.getUint32(at, true)
