// Every change of who tells of a Mac's programs and of its flows: from each state of the table of sources into each other,
// what is chosen, what is said of it, and the bytes of a flow that goes on meanwhile. UPDATE_GOLDEN=1 writes the words anew.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { createBelief } from '../../src/intake/belief.ts'
import type { Change } from '../../src/intake/changes.ts'
import { FlowFlag } from '../../src/records/record.gen.ts'
import {
  FLOW_SOURCES,
  type FlowSource,
  MAC_SOURCES,
  type MacSource,
  PROCESS_SOURCES,
  type ProcessSource,
  SOURCE_CODE,
} from '../../src/sources/choice.ts'
import { Ledger, Mark, Teller } from '../intake/flows.ts'

const GOLDEN = new URL('source-changes.json', import.meta.url)
const MB = 1_000_000

type State = { processes: ProcessSource | 'none'; flows: FlowSource | 'none' }
const STATES: State[] = [...PROCESS_SOURCES, 'none' as const].flatMap((processes) =>
  [...FLOW_SOURCES, 'none' as const].map((flows) => ({ processes, flows })),
)
const nameOf = ({ processes, flows }: State): string => `${processes}, ${flows}`

/** Those that work in a state. The others say that they cannot, or are ended when they are not needed. */
const WORKING: Record<MacSource | 'none', MacSource[]> = {
  endpoint_security: ['endpoint_security'],
  eslogger: ['eslogger', 'polling'],
  polling: ['polling'],
  filter: ['filter', 'network_statistics'],
  network_statistics: ['network_statistics'],
  nettop: ['nettop'],
  none: [],
}
const worksIn = (state: State): MacSource[] => [
  ...WORKING[state.processes],
  ...WORKING[state.flows],
]
const isNeeded = (name: MacSource, { processes, flows }: State): boolean =>
  name === 'nettop'
    ? !WORKING[flows].includes('network_statistics')
    : processes !== 'endpoint_security' || (name !== 'eslogger' && name !== 'polling')

class Mac {
  readonly belief = createBelief({})
  readonly ledger = new Ledger()
  readonly #teller = new Teller()
  #state: State | undefined
  #sent = 0
  /** What nettop had not seen when it began. */
  #before = 0
  /** Sources that can tell of the flow: a filter can not of one that was there before it. */
  #tell = new Set<MacSource>()

  #hand(...records: Uint8Array[]): void {
    this.ledger.take(this.belief.take(Buffer.concat(records)))
  }
  wait(ms: number): void {
    this.#teller.atMs += ms
    this.#hand(this.#teller.tick())
  }
  #report(name: MacSource, flags = 0): Uint8Array {
    const out = name === 'nettop' ? this.#sent - this.#before : this.#sent
    const id = 10 + MAC_SOURCES.indexOf(name)
    return this.#teller.flow(SOURCE_CODE[name], { id, out, flags })
  }
  enter(state: State): void {
    const before = this.#state === undefined ? [] : worksIn(this.#state)
    const now = worksIn(state)
    const mark = (name: MacSource, kind: number, capabilities?: number) =>
      this.#teller.mark(SOURCE_CODE[name], kind, capabilities)
    const over = MAC_SOURCES.filter((name) =>
      this.#state === undefined
        ? !now.includes(name)
        : before.includes(name) && !now.includes(name),
    )
    // The worst first, so that none of them is believed in between.
    for (const name of over.filter((name) => isNeeded(name, state)).toReversed()) {
      this.#tell.delete(name)
      this.#hand(mark(name, Mark.start, 0))
    }
    for (const name of now.filter((name) => !before.includes(name))) {
      if (name === 'nettop') this.#before = this.#sent
      const isOfFlows = (FLOW_SOURCES as readonly string[]).includes(name)
      if (isOfFlows && name !== 'filter' && this.#sent > 0) this.#tell.add(name)
      const open = this.#tell.has(name) ? [this.#report(name, FlowFlag.enumerated)] : []
      this.#hand(mark(name, Mark.start), ...open, mark(name, Mark.enumerated))
    }
    for (const name of over.filter((name) => !isNeeded(name, state))) {
      this.#tell.delete(name)
      this.#hand(mark(name, Mark.stop, 0))
    }
    this.#state = state
  }
  /** A flow begins, and whoever works tells of it; or goes on. */
  move(): void {
    if (this.#sent === 0)
      for (const name of this.#state === undefined ? [] : WORKING[this.#state.flows])
        this.#tell.add(name)
    this.#sent += MB
    this.wait(1_000)
    this.#hand(...[...this.#tell].map((name) => this.#report(name)))
  }
}

/** Bytes that anybody could see of the flow, who sends as much in the one state as in the other. */
const seenOf = (from: State, to: State): number => {
  if (to.flows === 'none') return from.flows === 'none' ? 0 : MB
  // It counts from its own beginning.
  return from.flows === 'none' && to.flows === 'nettop' ? MB : 2 * MB
}

describe('a change of a Mac’s sources', () => {
  const said: Record<string, Change[]> = {}
  const golden = () => JSON.parse(readFileSync(GOLDEN, 'utf8')) as Record<string, Change[]>

  for (const from of STATES)
    it(`from ${nameOf(from)} into each other state is chosen, said, and counts each byte once`, () => {
      for (const to of STATES) {
        if (from === to) continue
        const mac = new Mac()
        mac.enter(from)
        // None is said to tell no sooner than a better one may have begun.
        mac.wait(60_000)
        assert.deepEqual(choiceOf(mac), from)
        mac.belief.takeChanges()
        mac.move()
        mac.enter(to)
        assert.deepEqual(choiceOf(mac), to)
        if (to.flows !== 'none') mac.move()
        mac.wait(20_000)
        const changes = mac.belief.takeChanges()
        assert.equal(mac.ledger.out, seenOf(from, to), `${nameOf(from)} to ${nameOf(to)}`)
        assert.equal(mac.ledger.falls, 0)
        const kinds = (['processes', 'flows'] as const).filter((kind) => from[kind] !== to[kind])
        assert.equal(changes.length, kinds.length, JSON.stringify(changes))
        for (const kind of kinds) {
          const what = kind === 'flows' ? 'flows' : 'programs'
          const key = `${what}: ${from[kind]} to ${to[kind]}`
          const own = changes.filter(({ text }) => text.startsWith(what))
          said[key] ??= own
          assert.deepEqual(own, said[key], key)
        }
      }
    })

  after(() => {
    if (process.env['UPDATE_GOLDEN'] === '1')
      writeFileSync(GOLDEN, `${JSON.stringify(said, null, 2)}\n`)
  })
  it('has its words', () => {
    assert.equal(Object.keys(said).length, 2 * 4 * 3)
    if (process.env['UPDATE_GOLDEN'] !== '1') assert.deepEqual(said, golden())
  })
})

const choiceOf = ({ belief }: Mac): State => {
  const { processes, flows } = belief.choice()
  return { processes, flows }
}
