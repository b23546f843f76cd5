// A world in steps: flows that send, a filter that comes, goes and falls silent, NetworkStatistics and nettop that die and
// come back, an engine and a root part that are killed.
import assert from 'node:assert/strict'
import { createBelief } from '../../src/intake/belief.ts'
import { type BeliefMemory, merge } from '../../src/intake/memory.ts'
import { FlowFlag } from '../../src/records/record.gen.ts'
import { ALL, Ledger, Mark, Source, Teller, type Told } from './flows.ts'

const { filter, networkStatistics: statistics, nettop } = Source
const STEP_MS = 500
/** Who looks every other step is told of an end so late. */
const LATE_MS = 2 * STEP_MS
export type Step =
  | { do: 'open'; withPort: boolean; isShared?: boolean }
  | { do: 'bind'; isBoth: boolean; withPort?: boolean }
  | { do: 'connect'; withPort?: boolean }
  | { do: 'sendTo'; which: number; peer: number; bytes: number }
  | { do: 'send' | 'close'; which: number; bytes: number }
  | { do: 'filter'; is: 'there' | 'away' | 'silent' }
  | { do: 'statistics' | 'nettop'; is: boolean }
  | { do: 'pass' | 'wait' | 'collect' }
  | { do: 'kill'; back: number; order: number; isApart: boolean; isSense: boolean }

type Flow = {
  id: number
  openMs: number
  sent: number
  isOpen: boolean
  endMs: number
  hasPort: boolean
  port: number
  pid: number
  /** One process has all of these, which go to one peer. */
  isShared: boolean
  /** Of a UDP socket: what it sent to each of its peers. */
  peers: number[] | undefined
  /** Of a UDP socket: it has one peer. */
  isConnected: boolean
}
/** By the place of a peer. */
const PEERS = ['198.51.100.1', '198.51.100.2', '2001:db8::1']
const PEERLESS = { protocol: 17, to: '::', port: 0 }
const SHARED_PID = 9
const CONNECTED = { protocol: 17, to: PEERS[0] as string }

/** One that tells what it sees once a step, and first of all what it finds. */
class Watcher {
  isThere = false
  isSilent = false
  sinceMs = 0
  /** Of nettop: what each flow had sent when it began. */
  readonly before = new Map<number, number>()
  readonly told = new Map<number, number>()
  readonly closed = new Set<number>()
  private readonly last = new Map<number, Told>()
  /** Of a filter: how often it began to count UDP, and what each socket had sent to each peer when it did. */
  private times = 0
  readonly code: number
  private readonly offset: number
  private isAgain = false
  /** Of nettop: each has its own. */
  private epoch = 1
  constructor(code: number, offset: number) {
    this.code = code
    this.offset = offset
  }

  tell(teller: Teller, flows: readonly Flow[]): Uint8Array[] {
    if (!this.isThere || this.isSilent) return []
    const records: Uint8Array[] = []
    for (const flow of flows) {
      if (flow.peers && this.code === filter) records.push(...this.#tellPeers(teller, flow))
      if (this.closed.has(flow.id) || (flow.peers && this.code === filter)) continue
      // Nothing is told of a socket that has neither a peer nor bytes.
      if (flow.peers && flow.sent === 0) continue
      // A filter sees what begins after it; the others what is open.
      const isNew = !this.told.has(flow.id)
      if (isNew && (this.code === filter ? flow.openMs < this.sinceMs : !flow.isOpen)) continue
      // What one that was silent did not tell then, it never does.
      if (isNew && !flow.isOpen && flow.endMs + LATE_MS < teller.atMs) continue
      const isFoundOpen = flow.openMs < this.sinceMs
      if (this.code === nettop && isNew) this.before.set(flow.id, isFoundOpen ? flow.sent : 0)
      const out = flow.sent - (this.before.get(flow.id) ?? 0)
      if (!isNew && flow.isOpen && this.told.get(flow.id) === out) continue
      this.told.set(flow.id, out)
      if (!flow.isOpen) this.closed.add(flow.id)
      records.push(
        this.#flow(teller, flow.id, {
          id: this.offset + flow.id,
          epoch: this.epoch,
          out,
          // Asked before the flow has one, the filter may not know it.
          localPort: this.code === filter && !flow.hasPort ? 0 : flow.port,
          pid: flow.pid,
          state: !flow.isOpen ? 'closed' : isNew ? 'opened' : 'report',
          flags: isFoundOpen || this.isAgain ? FlowFlag.enumerated : 0,
          ...(flow.peers && (flow.isConnected ? CONNECTED : PEERLESS)),
        }),
      )
    }
    return records
  }
  #flow(teller: Teller, id: number, told: Told): Uint8Array {
    this.last.set(id, told)
    return teller.flow(this.code, told)
  }
  /** A filter meets a socket with what is sent next to each of its peers, and counts from there. */
  #tellPeers(teller: Teller, flow: Flow): Uint8Array[] {
    return (flow.peers as number[]).flatMap((sent, peer) => {
      const id = flow.id * PEERS.length + peer + this.times * 100_000
      const out = sent - (this.before.get(id) ?? 0)
      const isNew = !this.told.has(id)
      if (this.closed.has(id) || out === 0) return []
      if (isNew && !flow.isOpen && flow.endMs + LATE_MS < teller.atMs) return []
      if (!isNew && flow.isOpen && this.told.get(id) === out) return []
      this.told.set(id, out)
      if (!flow.isOpen) this.closed.add(id)
      return this.#flow(teller, id, {
        ...{ id: this.offset + id, out, localPort: flow.hasPort ? flow.port : 0, pid: flow.pid },
        ...{ protocol: 17, to: PEERS[peer] as string },
        state: !flow.isOpen ? 'closed' : isNew ? 'opened' : 'report',
        flags: this.isAgain ? FlowFlag.enumerated : 0,
      })
    })
  }
  comes(teller: Teller, flows: readonly Flow[]): Uint8Array[] {
    this.isThere = true
    this.sinceMs = teller.atMs
    // Its counts begin anew where they are its own run's.
    if (this.code === nettop) {
      this.epoch++
      this.forget()
    }
    // NetworkStatistics that begins again knows of none that ended meanwhile.
    if (this.code === statistics)
      for (const { id, isOpen } of flows) if (!isOpen) this.closed.add(id)
    this.#countAnew(flows)
    this.#tellAnew()
    // What it names no longer it knows no longer.
    if (this.isSilent) for (const id of this.told.keys()) this.closed.add(id)
    const start = teller.mark(this.code, Mark.start)
    return [start, ...this.tell(teller, flows), teller.mark(this.code, Mark.enumerated)]
  }
  #countAnew(flows: readonly Flow[]): void {
    this.times++
    for (const { id, peers = [] } of this.code === filter ? flows : [])
      for (const [peer, sent] of peers.entries())
        this.before.set(id * PEERS.length + peer + this.times * 100_000, sent)
  }
  /** The system forgets UDP that is idle: what is sent next is a flow of its own. */
  collects(teller: Teller, flows: readonly Flow[]): Uint8Array[] {
    if (!this.isThere || this.isSilent) return []
    const idle = flows.map((flow) =>
      flow.isOpen ? { ...flow, isOpen: false, endMs: teller.atMs } : flow,
    )
    const records = idle.flatMap((flow) => (flow.peers ? this.#tellPeers(teller, flow) : []))
    this.#countAnew(flows)
    return records
  }
  goes(teller: Teller): Uint8Array[] {
    this.isThere = false
    return [teller.mark(this.code, this.code === filter ? Mark.start : Mark.stop, 0)]
  }
  /** What an engine that was started anew is told. */
  again(teller: Teller, flows: readonly Flow[]): Uint8Array[] {
    if (!this.isThere) return [teller.mark(this.code, Mark.start, 0)]
    const start = teller.mark(this.code, Mark.start)
    const named = this.isSilent ? this.#nameLast(teller) : this.#nameAll(teller, flows)
    return [start, ...named, teller.mark(this.code, Mark.enumerated)]
  }
  #nameAll(teller: Teller, flows: readonly Flow[]): Uint8Array[] {
    this.#tellAnew()
    this.isAgain = true
    const records = this.tell(teller, flows)
    this.isAgain = false
    return records
  }
  /** A filter that the system tells nothing has what it had: that is open, for all it knows, and it says so (flow_ledger.h). */
  #nameLast(teller: Teller): Uint8Array[] {
    const open = [...this.last].filter(([id]) => !this.closed.has(id))
    return open.map(([, told]) =>
      teller.flow(this.code, { ...told, state: 'opened', flags: FlowFlag.enumerated }),
    )
  }
  /** An enumeration names all that is open. */
  #tellAnew(): void {
    for (const id of [...this.told.keys()]) if (!this.closed.has(id)) this.told.set(id, -1)
  }
  private forget(): void {
    this.before.clear()
    this.told.clear()
    this.closed.clear()
  }
}

/** What a killed engine had kept, and what it was given since: that is given again. */
type Point = { parts: BeliefMemory[]; ledger: Ledger; records: Uint8Array[] }
export const BACK_MAX = 3
/** Which of three is first, second and last. */
export const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const

/** `isUneven`: NetworkStatistics and nettop look every other step, each at another; and two processes have all UDP sockets. */
export function play(steps: readonly Step[], isUneven = false) {
  const teller = new Teller()
  let belief = createBelief({})
  let ledger = new Ledger()
  let points: Point[] = []
  const flows: Flow[] = []
  const watchers = {
    filter: new Watcher(filter, 1_000_000),
    statistics: new Watcher(statistics, 20_000_000),
    nettop: new Watcher(nettop, 30_000_000),
  }
  const all = [watchers.filter, watchers.statistics, watchers.nettop]
  /** Who has yet to name what it has to an engine that was started anew: one a step. */
  let unnamed: Watcher[] = []
  let isSenseNew = false
  const hand = (records: Uint8Array[]): void => {
    const bytes = Buffer.concat(records)
    for (const point of points) point.records.push(bytes)
    ledger.take(belief.take(bytes))
  }
  const add = (flow: Partial<Flow>): void => {
    const id = flows.length + 1
    const fresh = { sent: 0, isOpen: true, endMs: 0, hasPort: true, port: 40_000 + id }
    const ofTcp = { peers: undefined, isConnected: false, isShared: false }
    const { port = fresh.port } = flow
    const ofSeveral = isUneven && flow.peers ? 7 + (port % 2) : port
    flows.push({
      ...{ id, openMs: teller.atMs, ...ofTcp, ...fresh, ...flow },
      pid: flow.isShared ? SHARED_PID : ofSeveral,
    })
  }
  const end = (flow: Flow): void => {
    flow.isOpen = false
    flow.endMs = teller.atMs
  }
  const come = (watcher: Watcher, is: boolean): void => {
    if (is === watcher.isThere) return
    unnamed = unnamed.filter((one) => one !== watcher)
    hand(is ? watcher.comes(teller, flows) : watcher.goes(teller))
  }
  const look = (): void => {
    teller.atMs += STEP_MS
    const isOdd = Math.floor(teller.atMs / STEP_MS) % 2 === 1
    const now = all.filter(
      ({ code }) => !isUneven || code === filter || (code === nettop) === isOdd,
    )
    hand([...now.flatMap((watcher) => watcher.tell(teller, flows)), teller.tick()])
  }
  const nameNext = (): void => {
    const watcher = unnamed.shift()
    if (watcher === undefined) return
    if (!isSenseNew || watcher.code === filter) hand(watcher.again(teller, flows))
    // Who is not needed does not run, and nobody says so.
    else if (watcher.isThere) hand(watcher.comes(teller, flows))
  }
  const nameAll = (): void => {
    while (unnamed.length > 0) nameNext()
  }
  let written: BeliefMemory[] = []
  const isKilled = steps.some((step) => step.do === 'kill')
  const keep = (): void => {
    if (!isKilled) return
    // As its file is written: all of it once, and then what changed.
    const part = belief.memory(written.length === 0) as BeliefMemory
    written.push(JSON.parse(JSON.stringify(part)))
    points.push({ parts: [...written], ledger: ledger.next(), records: [] })
    points = points.slice(-BACK_MAX)
  }
  hand(watchers.statistics.comes(teller, flows))
  for (const step of steps) {
    keep()
    switch (step.do) {
      case 'open':
        add({ hasPort: step.withPort, isShared: step.isShared === true })
        break
      case 'connect':
        add({ peers: [0], isConnected: true, hasPort: step.withPort !== false })
        break
      case 'bind': {
        // Of both families: one port and process, two sockets.
        const port = 40_000 + flows.length + 1
        const hasPort = step.withPort !== false
        for (let i = 0; i <= Number(step.isBoth); i++)
          add({ port, hasPort, peers: PEERS.map(() => 0) })
        break
      }
      case 'sendTo': {
        const sockets = flows.filter(({ peers, isOpen }) => peers !== undefined && isOpen)
        const socket = sockets[step.which % Math.max(1, sockets.length)]
        if (socket?.peers === undefined) break
        const peer = step.peer % socket.peers.length
        socket.peers[peer] = (socket.peers[peer] as number) + step.bytes
        socket.sent += step.bytes
        break
      }
      case 'send':
      case 'close': {
        const flow = flows[step.which % Math.max(1, flows.length)]
        if (!flow?.isOpen) break
        if (flow.peers === undefined) flow.sent += step.bytes
        if (step.do === 'close') end(flow)
        break
      }
      case 'filter':
        watchers.filter.isSilent = step.is === 'silent'
        come(watchers.filter, step.is !== 'away')
        break
      case 'statistics':
      case 'nettop':
        come(watchers[step.do], step.is)
        break
      case 'collect':
        hand(watchers.filter.collects(teller, flows))
        break
      case 'kill': {
        const point = points.at(-1 - step.back) ?? points[0]
        assert.ok(point)
        belief = createBelief({ memory: merge(point.parts) })
        written = []
        ledger = point.ledger
        points = []
        isSenseNew = step.isSense
        // An engine that ended alone is told first what the clock was, and then what the one before had not acknowledged.
        if (!isSenseNew) {
          hand([teller.mark(statistics, Mark.clock, watchers.statistics.isThere ? ALL : 0)])
          for (const bytes of point.records) hand([bytes])
        }
        unnamed = (ORDERS[step.order] ?? ORDERS[0]).map((at) => all[at] as Watcher)
        if (!step.isApart) nameAll()
        break
      }
      case 'wait':
        // Longer than a closed flow is remembered, and all have looked.
        nameAll()
        look()
        look()
        teller.atMs += 150_000
        break
      case 'pass':
        break
    }
    look()
    nameNext()
  }
  nameAll()
  for (const flow of flows) if (flow.isOpen) end(flow)
  for (let i = 0; i < 80; i++) look()
  return { ledger, sent: flows.reduce((sum, { sent }) => sum + sent, 0), flows }
}
