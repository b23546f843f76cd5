// Random worlds: what is handed on of their flows is compared with what was sent.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { RUNS } from './runs.ts'
import { BACK_MAX, ORDERS, play, type Step } from './world.ts'

const bytes = fc.integer({ min: 1, max: 50_000 })
const which = fc.nat(20)
const traffic: fc.Arbitrary<Step>[] = [
  fc.record({ do: fc.constant('open' as const), withPort: fc.boolean() }),
  fc.record({
    do: fc.constantFrom('send' as const, 'send' as const, 'close' as const),
    which,
    bytes,
  }),
  fc.record({ do: fc.constantFrom('pass' as const, 'pass' as const, 'wait' as const) }),
]
const datagrams: fc.Arbitrary<Step>[] = [
  fc.record({ do: fc.constant('bind' as const), isBoth: fc.boolean() }),
  fc.record({ do: fc.constant('sendTo' as const), which, peer: fc.nat(2), bytes }),
  fc.record({ do: fc.constant('sendTo' as const), which, peer: fc.nat(2), bytes }),
  fc.record({ do: fc.constantFrom('connect' as const, 'collect' as const) }),
]
/** Of whose sockets the filter may not know the port, nor which of one process they are. */
const portless: fc.Arbitrary<Step>[] = [
  fc.record({ do: fc.constant('bind' as const), isBoth: fc.boolean(), withPort: fc.boolean() }),
  fc.record({ do: fc.constant('connect' as const), withPort: fc.boolean() }),
]
const filterMoves = fc.record({
  do: fc.constant('filter' as const),
  is: fc.constantFrom('there' as const, 'away' as const, 'silent' as const),
})
const comesAndGoes = fc.record({
  do: fc.constant('filter' as const),
  is: fc.constantFrom('there' as const, 'away' as const),
})
const killOf = (isSense: fc.Arbitrary<boolean>) =>
  fc.record({
    ...{ do: fc.constant('kill' as const), isSense },
    back: fc.nat(BACK_MAX - 1),
    order: fc.nat(ORDERS.length - 1),
    isApart: fc.boolean(),
  })
const kill = killOf(fc.constant(false))
/** What was not acknowledged is lost with sense. */
const kills = killOf(fc.boolean())
const death = fc.record({
  do: fc.constantFrom('statistics' as const, 'nettop' as const),
  is: fc.boolean(),
})
const story = (...arbitraries: fc.Arbitrary<Step>[]) =>
  fc.array(fc.oneof(...arbitraries), { maxLength: 80, size: 'max' })

const isExact = (steps: readonly Step[]): void => {
  const { ledger, sent } = play(steps)
  assert.equal(ledger.out, sent)
  assert.equal(ledger.open, 0)
  assert.equal(ledger.falls + ledger.afterClose, 0)
}
const isNoMore = (steps: readonly Step[]): void => {
  const { ledger, sent } = play(steps, true)
  assert.ok(ledger.out <= sent, `${ledger.out} of ${sent}`)
  assert.equal(ledger.falls, 0)
}

describe('what several sources tell, in random worlds:', function () {
  // Tens of thousands of runs take minutes.
  this.timeout(3_600_000)
  it('is handed on to the byte where one of them goes on all the time, over restarts of the engine too', () => {
    fc.assert(fc.property(story(...traffic, ...traffic, comesAndGoes, kill), isExact), RUNS)
  })
  it('is handed on to the byte of UDP sockets too, which the filter tells peer by peer and in parts', () => {
    fc.assert(
      fc.property(story(...datagrams, ...datagrams, ...traffic, comesAndGoes, kill), isExact),
      RUNS,
    )
  })
  it('is never more than was sent, whichever falls silent, dies or comes back', () => {
    fc.assert(fc.property(story(...traffic, ...traffic, filterMoves, death, kills), isNoMore), RUNS)
  })
  it('is never more than was sent of UDP sockets either', () => {
    fc.assert(
      fc.property(
        story(...datagrams, ...datagrams, ...portless, ...traffic, filterMoves, death, kills),
        isNoMore,
      ),
      RUNS,
    )
  })
})

/** Sense is killed, in every way, in worlds that counted a byte twice once. */
const found = (ends: Omit<Extract<Step, { do: 'kill' }>, 'do'>): Step[][] => {
  const filter = (is: 'there' | 'away' | 'silent'): Step => ({ do: 'filter', is })
  const of = (source: 'statistics' | 'nettop', is: boolean): Step => ({ do: source, is })
  const sent: Step = { do: 'sendTo', which: 0, peer: 0, bytes: 4 }
  const close: Step = { do: 'close', which: 0, bytes: 5 }
  const wait: Step = { do: 'wait' }
  const killed: Step = { do: 'kill', ...ends }
  const bound: Step = { do: 'bind', isBoth: false }
  const connect: Step = { do: 'connect' }
  const worlds: Step[][] = [
    [bound, sent, filter('there'), of('statistics', false), killed, wait, sent],
    [of('nettop', true), sent, bound, filter('silent'), killed, sent, of('nettop', false), killed],
    [filter('silent'), of('nettop', true), killed, connect, connect, sent, sent, killed],
  ]
  worlds[0]?.push(of('statistics', true))
  worlds[1]?.push(of('nettop', true), filter('there'))
  worlds[2]?.push(of('nettop', false), bound, filter('there'))
  for (const withPort of [true, false]) {
    const open: Step[] = [filter('there'), { do: 'open', withPort }]
    worlds.push([...open, filter('away'), killed, close, filter('there')])
    worlds.push([...open, killed, filter('away'), close, wait, filter('there')])
  }
  return worlds
}

describe('a root part that is killed in the second in which sources change', () => {
  it('counts nothing twice', () => {
    const ways = ORDERS.flatMap((_, order) =>
      [0, 1, 2].flatMap((back) =>
        [true, false].flatMap((isApart) =>
          [true, false].map((isSense) => ({ back, order, isApart, isSense })),
        ),
      ),
    )
    for (const steps of ways.flatMap(found)) isNoMore(steps)
  })
})

describe('a flow that another source told to its end while the filter was away', () => {
  it('counts once where the filter, of which nobody remembers it, tells its end a few seconds later', () => {
    for (const withPort of [true, false])
      isNoMore([
        ...([
          { do: 'filter', is: 'there' },
          { do: 'open', withPort },
        ] as const),
        { do: 'kill', isSense: true, back: 1, order: 2, isApart: true },
        ...([
          { do: 'filter', is: 'away' },
          { do: 'close', which: 0, bytes: 1 },
        ] as const),
        ...([
          { do: 'open', withPort },
          { do: 'statistics', is: false },
        ] as const),
        ...[1, 2, 3, 4].map((): Step => ({ do: 'pass' })),
        { do: 'filter', is: 'there' },
      ])
  })
})

describe('a flow whose beginning was lost with the root part, of which the filter hears nothing meanwhile', () => {
  it('counts once where another tells its end, and the filter, which named it as it was, does long after', () => {
    for (const withPort of [true, false])
      for (const later of ['pass', 'wait'] as const)
        for (const isSense of [true, false])
          isNoMore([
            { do: 'filter', is: 'there' },
            { do: 'open', withPort },
            { do: 'kill', isSense: true, back: 1, order: 2, isApart: true },
            { do: 'filter', is: 'silent' },
            { do: 'send', which: 0, bytes: 1 },
            { do: 'close', which: 0, bytes: 1 },
            { do: 'open', withPort: false },
            ...[1, 2, 3, 4].map((): Step => ({ do: later })),
            { do: 'kill', isSense, back: 0, order: 0, isApart: false },
            { do: 'filter', is: 'there' },
          ])
  })
})

describe('a socket that another told of while the filter was there', () => {
  it('goes on to the byte where that goes, though none of its peers was quiet', () => {
    const bound = (isBoth: boolean): Step => ({ do: 'bind', isBoth })
    const sent = (which: number): Step => ({ do: 'sendTo', which, peer: 0, bytes: 1 })
    isExact([
      ...[bound(true), bound(true), { do: 'filter', is: 'there' } as const, sent(2)],
      ...[bound(false), sent(13), { do: 'close', which: 3, bytes: 1 } as const],
      ...[{ do: 'wait' } as const, { do: 'filter', is: 'away' } as const, bound(false), sent(17)],
    ])
  })
})

describe('a socket whose port the filter never tells', () => {
  it('counts once where it was told by a source that has come back, and before by rows that are forgotten', () => {
    const sent: Step = { do: 'sendTo', which: 0, peer: 0, bytes: 1 }
    const filter = (is: 'there' | 'silent'): Step => ({ do: 'filter', is })
    const statistics = (is: boolean): Step => ({ do: 'statistics', is })
    isNoMore([
      ...([{ do: 'bind', isBoth: false, withPort: false }, filter('there')] as const),
      ...([statistics(false), sent, { do: 'collect' }, filter('silent'), { do: 'wait' }] as const),
      ...([statistics(true), sent, { do: 'pass' }, sent, filter('there')] as const),
    ])
  })
  it('counts once beside one of its process whose port it told before', () => {
    const sent = (which: number): Step => ({ do: 'sendTo', which, peer: 0, bytes: 1 })
    const bound: Step = { do: 'bind', isBoth: false }
    const statistics = (is: boolean): Step => ({ do: 'statistics', is })
    isNoMore([
      ...([{ do: 'filter', is: 'there' }, statistics(false)] as const),
      ...([{ ...bound, withPort: false }, sent(0), bound] as const),
      ...([{ do: 'collect' }, { do: 'wait' }, statistics(true)] as const),
      ...([bound, sent(2), sent(0)] as const),
    ])
  })
})
