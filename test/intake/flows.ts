// Flows as several sources of a Mac tell them, and what an engine would make of what is handed on.
import { parseAddress } from '../../src/engine/address.ts'
import { createBelief } from '../../src/intake/belief.ts'
import type { BeliefMemory } from '../../src/intake/memory.ts'
import {
  Capability,
  Direction,
  FLOW_AT,
  FlowFlag,
  FlowState,
  Gap,
  LAYOUT,
  Mark,
  RecordType,
  readFlow,
  readMark,
  Source,
  writeFlow,
  writeMark,
  writeName,
  writeTick,
} from '../../src/records/record.gen.ts'
import type { MacSource } from '../../src/sources/choice.ts'

export const ALL = Capability.processEvents + Capability.flowCloses + Capability.allProcesses
const BOOT_UNIX_NS = 1_772_445_600_000_000_000n
const UNAVAILABLE: Record<number, number> = {
  [Source.filter]: Gap.filter,
  [Source.networkStatistics]: Gap.networkStatistics,
  [Source.nettop]: Gap.nettop,
}

export type Ends = {
  to?: string
  port?: number
  localPort?: number
  pid?: number
  pidversion?: number
  protocol?: number
}
export type Told = Ends & {
  id: number
  epoch?: number
  out: number
  in?: number
  state?: 'opened' | 'report' | 'closed'
  flags?: number
}

/** Records of one moment. */
export class Teller {
  atMs = 1_000
  head(source: number): { source: number; atNs: bigint } {
    return { source, atNs: BigInt(Math.round(this.atMs * 1000)) * 1000n }
  }
  mark(source: number, kind: number, capabilities = ALL, gap = UNAVAILABLE[source]): Uint8Array {
    return writeMark({
      ...this.head(source),
      kind,
      capabilities,
      gaps: capabilities === 0 ? (gap ?? 0) : 0,
      unixNs: BOOT_UNIX_NS + this.head(source).atNs,
      bootId: Uint8Array.from({ length: 16 }, (_, i) => i + 1),
      layout: LAYOUT,
      note: '',
    })
  }
  flow(source: number, told: Told): Uint8Array {
    return writeFlow({
      ...this.head(source),
      flowId: BigInt(told.id),
      bytesOut: BigInt(told.out),
      bytesIn: BigInt(told.in ?? 0),
      epoch: told.epoch ?? 1,
      pid: told.pid ?? 500,
      pidversion: told.pidversion ?? 1,
      flags: told.flags ?? 0,
      remoteAddr: parseAddress(told.to ?? '203.0.113.9') as Uint8Array,
      remotePort: told.port ?? 443,
      localPort: told.localPort ?? 50_000,
      protocol: told.protocol ?? 6,
      direction: Direction.outbound,
      state: FlowState[told.state ?? 'report'],
    })
  }
  name(source: number, id: number, hostname: string, makerPid = 0): Uint8Array {
    return writeName({
      ...this.head(source),
      flowId: BigInt(id),
      epoch: 1,
      makerPid,
      makerPidversion: 0,
      localPort: 50_000,
      localAddr: new Uint8Array(16),
      hostname,
    })
  }
  tick(): Uint8Array {
    return writeTick({ ...this.head(Source.endpointSecurity), unixNs: BOOT_UNIX_NS })
  }
}

export { Mark, Source }

const NOT_TOLD = -1

/** What the engine's totals would be: of each flow and epoch the most that was told. */
export class Ledger {
  readonly flows = new Map<string, { out: number; in: number; state: number; source: number }>()
  readonly marks: { source: number; kind: number; gaps: number }[] = []
  readonly names = new Set<string>()
  /** Reports of flows that had been told as closed. */
  afterClose = 0
  falls = 0
  /** Closes that say that there may be more. */
  inexact = 0
  /** pid.pidversion of the last flow record. */
  owner = ''

  take(records: Uint8Array): this {
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
    for (let at = 0; at < records.length; at += view.getUint32(at, true)) {
      const type = view.getUint16(at + 4, true)
      if (type === RecordType.mark) this.#mark(view, at)
      if (type === RecordType.name) this.names.add(`${view.getBigUint64(at + 16, true)}`)
      if (type === RecordType.flow) this.#flow(view, at)
    }
    return this
  }
  /** Of the engine that comes after: it knows what was counted, and has nothing open until it is told. */
  next(): Ledger {
    const copy = new Ledger()
    for (const [key, flow] of this.flows)
      copy.flows.set(key, {
        ...flow,
        state: flow.state === FlowState.closed ? flow.state : NOT_TOLD,
      })
    return Object.assign(copy, { afterClose: this.afterClose, falls: this.falls })
  }
  /** Flows that were told since their source began its enumeration. */
  readonly #named = new Set<string>()
  /** As the engine: the end of an enumeration closes what it did not name. */
  #mark(view: DataView, at: number): void {
    const { source, kind, gaps } = readMark(view, at)
    this.marks.push({ source, kind, gaps })
    for (const [key, flow] of this.flows) {
      if (flow.source !== source) continue
      if (kind === Mark.start) this.#named.delete(key)
      if (kind === Mark.enumerated && !this.#named.has(key)) flow.state = FlowState.closed
    }
  }
  #flow(view: DataView, at: number): void {
    const { flowId, epoch, bytesOut, bytesIn, state, source, ...rest } = readFlow(view, at)
    const { pid, pidversion, flags } = rest
    if (state === FlowState.closed && flags & FlowFlag.inexact) this.inexact++
    this.owner = `${pid}.${pidversion}`
    const key = `${flowId}.${epoch}`
    const before = this.flows.get(key)
    if (before?.state === FlowState.closed) this.afterClose++
    const out = Number(bytesOut)
    const bytes = Number(bytesIn)
    if (before && (out < before.out || bytes < before.in)) this.falls++
    this.#named.add(key)
    this.flows.set(key, { out, in: bytes, state, source })
  }
  get out(): number {
    return [...this.flows.values()].reduce((sum, flow) => sum + flow.out, 0)
  }
  get open(): number {
    return [...this.flows.values()].filter(
      ({ state }) => state !== FlowState.closed && state !== NOT_TOLD,
    ).length
  }
}
export { FLOW_AT }

/** A belief, its sources, and the ledger that takes what it hands on. */
export function scene(memory?: BeliefMemory, allowed?: ReadonlySet<MacSource>, atMs?: number) {
  const teller = new Teller()
  teller.atMs = atMs ?? teller.atMs
  const belief = createBelief({ memory, allowed })
  const ledger = new Ledger()
  const hand = (...records: Uint8Array[]) => ledger.take(belief.take(Buffer.concat(records)))
  return {
    teller,
    belief,
    ledger,
    begins: (source: number) =>
      hand(teller.mark(source, Mark.start), teller.mark(source, Mark.enumerated)),
    starts: (source: number) => hand(teller.mark(source, Mark.start)),
    says: (source: number) => hand(teller.mark(source, Mark.clock)),
    enumerated: (source: number) => hand(teller.mark(source, Mark.enumerated)),
    cannot: (source: number, gap?: number) => hand(teller.mark(source, Mark.start, 0, gap)),
    stops: (source: number) => hand(teller.mark(source, Mark.stop, 0)),
    tells: (source: number, told: Told) => hand(teller.flow(source, told)),
    names: (source: number, id: number, name: string, makerPid?: number) =>
      hand(teller.name(source, id, name, makerPid)),
    wait(ms: number) {
      teller.atMs += ms
      return hand(teller.tick())
    },
  }
}

/** A new engine, after one that was killed now. */
export const again = (
  { belief, teller }: ReturnType<typeof scene>,
  allowed?: ReadonlySet<MacSource>,
): ReturnType<typeof scene> =>
  scene(JSON.parse(JSON.stringify(belief.memory(true))) as BeliefMemory, allowed, teller.atMs)
