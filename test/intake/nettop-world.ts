// A machine with sockets, as a plain model, and as the nettop that watches it would print it.
import fc from 'fast-check'
import { flowRow, HEADER, type NettopTold, processRow, readNettop } from './nettop-text.ts'

type Socket = {
  text: string
  pid: number
  out: number
  in: number
  /** What of it the nettop that runs does not have, as it began later. */
  fromOut: number
  fromIn: number
  /** How far it was when it was last shown, or a nettop began that does not have the past. */
  seenOut: number
  seenIn: number
}

/** What happens between two lines of a story. */
export type Step =
  | { of: 'open'; place: number; pid: number; out: number; in: number }
  | { of: 'move'; place: number; out: number; in: number }
  | { of: 'close'; place: number }
  | { of: 'owner'; place: number; pid: number }
  /** `spoil` of the lines: which is lost, or made up, where any is. */
  | { of: 'sample'; order: number; spoil: number }
  | { of: 'again' }

const PLACES = 15
const KINDS = 5
const UNCONNECTED = 3
const count = fc.oneof(fc.constant(0), fc.nat(9), fc.nat(1e9))
const place = fc.nat(PLACES - 1)
const pid = fc.integer({ min: 1, max: 5 })
const one = <T extends Step['of']>(of: T) => fc.constant(of)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ of: one('open'), place, pid, out: count, in: count }) },
  { weight: 4, arbitrary: fc.record({ of: one('move'), place, out: count, in: count }) },
  { weight: 1, arbitrary: fc.record({ of: one('close'), place }) },
  { weight: 1, arbitrary: fc.record({ of: one('owner'), place, pid }) },
  { weight: 6, arbitrary: fc.record({ of: one('sample'), order: fc.nat(), spoil: fc.nat(999) }) },
  { weight: 1, arbitrary: fc.record({ of: one('again') }) },
)
export const story: fc.Arbitrary<Step[]> = fc.array(step, { maxLength: 60, size: 'max' })

export type WorldOptions = {
  /** A nettop that begins shows what each flow moved before it did. */
  tellsPast: boolean
  /** What cannot be told exactly happens too: sockets that look alike, lines that are lost or made up, endpoints that are used again. */
  isRough: boolean
}

/** Sockets of both families: connections, connected UDP, ones that are not connected, and QUIC, which is shown as UDP too. */
const textOf = (at: number, owner: number, isAlike: boolean): string =>
  [
    `tcp4 10.0.0.2:${50_000 + at}<->203.0.113.9:443`,
    `tcp6 fe80::1%en0.${50_000 + at}<->2001:db8::2.443`,
    `udp4 10.0.0.2:${50_000 + at}<->203.0.113.9:443`,
    `udp6 *.${isAlike ? owner : 1_000 * owner + at}<->*.*`,
    `quic4 10.0.0.2:${50_000 + at}<->203.0.113.9:443`,
  ][at % KINDS] as string

const MADE_UP = [
  processRow('tcp6 ::1.1<->::.9'),
  processRow('x'),
  flowRow('tcp4 10.0.0.2:1<->nowhere:443', 5),
  '',
  'nettop: something',
]

export class World {
  readonly told: NettopTold = readNettop()
  /** What the samples show, each byte once. */
  readonly total = { out: 0, in: 0 }
  private readonly sockets = new Map<number, Socket>()
  /** Who had a socket there: another of the same, as far as it, could not be told from the first. */
  private readonly had = new Set<string>()
  private readonly options: WorldOptions

  constructor(options: WorldOptions) {
    this.options = options
  }

  live(steps: readonly Step[]): this {
    for (const step of steps) this.take(step)
    this.sample(0, 999)
    // Whether its last row goes on, the next line says.
    this.told.line(HEADER)
    return this
  }

  private take(one: Step): void {
    if (one.of === 'sample') this.sample(one.order, one.spoil)
    else if (one.of === 'again') this.startAgain()
    else if (one.of === 'open') this.open(one)
    else {
      const socket = this.sockets.get(one.place)
      if (socket === undefined) return
      if (one.of === 'move') {
        socket.out += one.out
        socket.in += one.in
      } else if (one.of === 'close') this.sockets.delete(one.place)
      else if (one.place % KINDS !== UNCONNECTED) {
        socket.pid = one.pid
        this.had.add(`${one.place} ${one.pid}`)
      }
    }
  }

  private open({ place: at, pid: owner, out, in: bytesIn }: Step & { of: 'open' }): void {
    const isKnown = [...this.had].some((other) => other.startsWith(`${at} `))
    if (this.sockets.has(at) || (isKnown && !this.options.isRough)) return
    this.had.add(`${at} ${owner}`)
    this.sockets.set(at, {
      text: textOf(at, owner, this.options.isRough),
      pid: owner,
      out,
      in: bytesIn,
      ...{ fromOut: 0, fromIn: 0, seenOut: 0, seenIn: 0 },
    })
  }

  private startAgain(): void {
    // It has printed its last row whole, and one more.
    this.told.line(HEADER)
    this.told.begin()
    for (const socket of this.sockets.values()) {
      if (this.options.tellsPast) continue
      socket.fromOut = socket.seenOut = socket.out
      socket.fromIn = socket.seenIn = socket.in
    }
    // Before anything moves.
    this.sample(0, 999)
  }

  /** Prints what there is, in some order, and counts it. */
  private sample(order: number, spoil: number): void {
    const rows: string[] = []
    const byPid = Map.groupBy(this.sockets.values(), (socket) => socket.pid)
    const pids = [...byPid.keys()].sort(
      (a, b) => ((a * 7 + order) % 11) - ((b * 7 + order) % 11) || a - b,
    )
    for (const owner of pids) {
      rows.push(processRow(`tool ${owner}, of.${owner}`))
      const own = byPid.get(owner) ?? []
      if (this.options.isRough && order % 2 === 1) own.reverse()
      for (const socket of own) {
        const [out, bytesIn] = [socket.out - socket.fromOut, socket.in - socket.fromIn]
        const shown = [flowRow(socket.text, out, bytesIn)]
        if (socket.text.startsWith('quic'))
          shown.push(flowRow(socket.text.replace('quic', 'udp'), out, bytesIn))
        rows.push(...(order % 3 === 0 ? shown.reverse() : shown))
        this.total.out += socket.out - socket.seenOut
        this.total.in += socket.in - socket.seenIn
        socket.seenOut = socket.out
        socket.seenIn = socket.in
      }
    }
    this.print(rows, spoil)
  }

  private print(rows: string[], spoil: number): void {
    if (!this.options.isRough || spoil >= rows.length) {
      this.told.samples(rows)
      return
    }
    const isLost = spoil % 3 !== 0
    this.told.samples(rows.slice(0, spoil))
    if (isLost) this.told.lost()
    else this.told.line(MADE_UP[spoil % MADE_UP.length] as string)
    for (const text of rows.slice(isLost ? spoil + 1 : spoil)) this.told.line(text)
  }
}

/** Lines as they come, each changed at random. */
export const mutated: fc.Arbitrary<string[]> = fc.array(
  fc
    .tuple(
      fc.constantFrom(
        HEADER,
        processRow('a b.7'),
        ...MADE_UP,
        flowRow(textOf(0, 1, false), 5, 6),
        flowRow(textOf(1, 1, false), 7),
        flowRow(textOf(3, 1, false), 8),
      ),
      fc.nat(99),
      fc.constantFrom(
        '',
        ',',
        '.',
        ':',
        '*',
        '%',
        '<->',
        ' ',
        '0',
        '9'.repeat(17),
        '\0',
        'é',
        '-1',
        '::',
      ),
      fc.nat(4),
    )
    .map(([text, at, put, cut]) => {
      const from = at < 50 ? at : text.length
      return at % 3 === 0 ? text : text.slice(0, from) + put + text.slice(from + cut)
    }),
  { minLength: 10, maxLength: 10 },
)
