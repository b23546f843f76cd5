// UDP sockets without a peer: NetworkStatistics and nettop tell one row for all their peers, the filter a flow for each.
import assert from 'node:assert/strict'
import { FlowFlag } from '../../src/records/record.gen.ts'
import { again, type Ends, Source, scene, type Told } from './flows.ts'

const { filter, networkStatistics: statistics, nettop } = Source
const { enumerated } = FlowFlag
/** As a socket's row, and as a flow to one of its peers. */
const socket: Ends = { protocol: 17, to: '::', port: 0, localPort: 5_353, pid: 7 }
const to = (peer: string): Ends => ({ ...socket, to: peer, port: 5_353 })
const [one, other] = [to('198.51.100.1'), to('198.51.100.2')]

/** The filter and NetworkStatistics are at work; a socket begins that both see. */
function watched() {
  const story = scene()
  story.begins(filter)
  story.begins(statistics)
  story.wait(5_000)
  return story
}
/** NetworkStatistics had the socket before the filter came. */
function older() {
  const story = scene()
  story.begins(statistics)
  story.tells(statistics, { id: 70, out: 1_000, ...socket })
  story.wait(60_000)
  story.begins(filter)
  story.wait(5_000)
  return story
}

describe('a UDP socket without a peer', () => {
  it('counts what the filter told of its peers once, when NetworkStatistics takes over', () => {
    const { tells, cannot, wait, ledger } = watched()
    tells(filter, { id: 1, out: 100, ...one })
    tells(statistics, { id: 70, out: 100, ...socket })
    tells(filter, { id: 1, out: 100, ...one, state: 'closed' })
    // Long ago by the time that it matters.
    for (let i = 0; i < 5; i++) wait(60_000)
    tells(filter, { id: 2, out: 50, ...other })
    tells(statistics, { id: 70, out: 150, ...socket })
    assert.equal(ledger.out, 150)
    cannot(filter)
    assert.equal(ledger.out, 150)
    tells(statistics, { id: 70, out: 180, ...socket })
    tells(statistics, { id: 70, out: 200, ...socket, state: 'closed' })
    assert.deepEqual([ledger.out, ledger.open], [200, 0])
  })

  it('is NetworkStatistics’ where it is older than the filter, whatever that tells of it', () => {
    const { tells, wait, ledger } = older()
    tells(filter, { id: 1, out: 0, ...one, state: 'opened' })
    tells(filter, { id: 1, out: 300, ...one })
    tells(statistics, { id: 70, out: 1_300, ...socket })
    tells(filter, { id: 2, out: 20, ...other, state: 'closed' })
    wait(1_000)
    tells(statistics, { id: 70, out: 1_320, ...socket, state: 'closed' })
    // Told late: the socket has closed.
    wait(1_000)
    tells(filter, { id: 1, out: 310, ...one, state: 'closed' })
    assert.deepEqual([...ledger.flows.keys()], ['70.1'])
    assert.deepEqual([ledger.out, ledger.open], [1_320, 0])
  })

  it('is the filter’s from where it was when NetworkStatistics ends, and once when that comes back', () => {
    const { tells, stops, begins, wait, ledger } = older()
    tells(filter, { id: 1, out: 300, ...one })
    tells(statistics, { id: 70, out: 1_320, ...socket })
    wait(1_000)
    tells(filter, { id: 1, out: 320, ...one })
    stops(statistics)
    wait(1_000)
    tells(filter, { id: 1, out: 350, ...one })
    // One that is told late is not told again.
    tells(filter, { id: 2, out: 30, ...other })
    assert.equal(ledger.out, 1_350)
    begins(statistics)
    tells(statistics, { id: 70, out: 1_350, ...socket })
    wait(1_000)
    tells(filter, { id: 1, out: 380, ...one })
    tells(statistics, { id: 70, out: 1_380, ...socket })
    wait(1_000)
    assert.equal(ledger.out, 1_380)
    assert.equal(ledger.falls + ledger.afterClose, 0)
  })

  it('does not make a filter that works look silent', () => {
    const { tells, wait, belief } = watched()
    for (let i = 0; i < 3; i++)
      tells(filter, { id: 1 + i, out: 90_000, ...one, localPort: 6_000 + i })
    wait(1_000)
    for (let i = 0; i < 3; i++)
      tells(statistics, { id: 70 + i, out: 90_000, ...socket, localPort: 6_000 + i })
    for (let i = 0; i < 4; i++) wait(5_000)
    assert.equal(belief.choice().isFilterSilent, false)
  })

  it('is NetworkStatistics’ from where it was when the filter falls silent, whatever that tells at last', () => {
    const { tells, wait, belief, ledger } = watched()
    tells(filter, { id: 1, out: 100, ...one })
    tells(statistics, { id: 70, out: 100, ...socket })
    wait(3_000)
    for (let i = 0; i < 3; i++)
      tells(statistics, { id: 80 + i, out: 90_000, localPort: 100 + i, state: 'closed' })
    tells(statistics, { id: 70, out: 150, ...socket })
    for (let i = 0; i < 4; i++) wait(5_000)
    assert.equal(belief.choice().isFilterSilent, true)
    assert.equal(ledger.out, 270_150)
    tells(statistics, { id: 70, out: 170, ...socket, state: 'closed' })
    tells(filter, { id: 1, out: 165, ...one })
    tells(filter, { id: 1, out: 170, ...one, state: 'closed' })
    assert.equal(belief.choice().isFilterSilent, true, 'of an old one')
    assert.equal(ledger.out, 270_170)
    for (let i = 0; i < 3; i++) tells(filter, { id: 2 + i, out: 5, localPort: 300 + i })
    for (let i = 0; i < 3; i++) wait(5_000)
    assert.equal(belief.choice().isFilterSilent, false)
    assert.equal(ledger.out, 270_185)
  })

  it('is the filter’s where that tells of it first as it comes', () => {
    const { begins, tells, ledger } = scene()
    begins(statistics)
    begins(filter)
    tells(filter, { id: 1, out: 10, ...one })
    tells(statistics, { id: 70, out: 15, ...socket })
    tells(filter, { id: 1, out: 20, ...one, state: 'closed' })
    assert.deepEqual([[...ledger.flows.keys()], ledger.out], [['1.1'], 20])
  })

  it('counts once between NetworkStatistics and nettop, which has its own beginning', () => {
    const { begins, tells, stops, cannot, wait, ledger } = scene()
    begins(statistics)
    tells(statistics, { id: 70, out: 1_000, ...socket })
    stops(statistics)
    cannot(statistics)
    wait(2_000)
    begins(nettop)
    tells(nettop, { id: 9, out: 40, ...socket, flags: enumerated })
    wait(1_000)
    tells(nettop, { id: 9, out: 60, ...socket, flags: enumerated })
    // What nettop found may be what NetworkStatistics had told.
    assert.equal(ledger.out, 1_020)
    begins(statistics)
    tells(statistics, { id: 70, out: 1_100, ...socket })
    assert.deepEqual([ledger.out, ledger.falls], [1_100, 0])
  })

  it('that one process made for another is one with what nettop has of its maker', () => {
    for (const isNamedFirst of [true, false]) {
      const { begins, tells, names, stops, cannot, wait, ledger } = scene()
      begins(statistics)
      if (isNamedFirst) names(statistics, 70, '', 3)
      tells(statistics, { id: 70, out: 1_000, ...socket })
      if (!isNamedFirst) names(statistics, 70, '', 3)
      stops(statistics)
      cannot(statistics)
      wait(2_000)
      begins(nettop)
      tells(nettop, { id: 9, out: 40, ...socket, pid: 3, flags: enumerated })
      wait(1_000)
      tells(nettop, { id: 9, out: 60, ...socket, pid: 3 })
      assert.equal(ledger.out, 1_020)
      begins(statistics)
      tells(statistics, { id: 70, out: 1_100, ...socket })
      assert.equal(ledger.out, 1_100)
    }
  })

  it('of another process, protocol or port is another', () => {
    for (const unlike of [{ pid: 8 }, { localPort: 5_354 }, { protocol: 6 }]) {
      const { tells, cannot, ledger } = watched()
      tells(filter, { id: 1, out: 100, ...one, ...unlike })
      tells(statistics, { id: 71, out: 100, ...one, ...unlike })
      tells(statistics, { id: 70, out: 70, ...socket })
      cannot(filter)
      tells(statistics, { id: 70, out: 80, ...socket })
      assert.equal(ledger.out, 180)
    }
  })

  it('is known by its process where the filter has no local port yet: the nearest of them', () => {
    const { tells, cannot, wait, ledger } = watched()
    tells(statistics, { id: 70, out: 5, ...socket, localPort: 1_111 })
    wait(9_000)
    tells(statistics, { id: 71, out: 1, ...socket })
    tells(filter, { id: 1, out: 100, ...one, localPort: 0 })
    tells(statistics, { id: 71, out: 100, ...socket })
    cannot(filter)
    tells(statistics, { id: 71, out: 110, ...socket })
    assert.equal(ledger.out, 115)
  })

  it('is not one whose port the filter told before, where it has none of this', () => {
    const { tells, cannot, wait, ledger } = watched()
    tells(statistics, { id: 70, out: 0, ...socket, localPort: 1_111 })
    wait(9_000)
    tells(filter, { id: 1, out: 10, ...one })
    tells(statistics, { id: 71, out: 10, ...socket })
    wait(1_000)
    tells(filter, { id: 2, out: 100, ...one, localPort: 0 })
    tells(statistics, { id: 70, out: 100, ...socket, localPort: 1_111 })
    cannot(filter)
    tells(statistics, { id: 70, out: 110, ...socket, localPort: 1_111 })
    tells(statistics, { id: 71, out: 15, ...socket })
    assert.equal(ledger.out, 125)
  })

  it('is not an older one of its process where the filter has no local port yet, once more is known', () => {
    for (const how of ['told', 'ported', 'brief', 'older'] as const) {
      const { tells, wait, ledger } = older()
      const told = { id: 1, ...one, localPort: 0 }
      const isBrief = how === 'brief'
      tells(filter, { ...told, out: 40, state: isBrief ? 'closed' : 'opened' })
      assert.equal(ledger.out, 1_000, 'nobody knows yet')
      wait(900)
      if (how === 'told' || isBrief)
        tells(statistics, { id: 71, out: 40, ...socket, localPort: 6_000 })
      if (how === 'older') tells(statistics, { id: 70, out: 1_040, ...socket })
      wait(1_500)
      if (how === 'ported') tells(filter, { ...told, localPort: 6_000, out: 60 })
      if (how === 'told') tells(filter, { ...told, out: 60 })
      // Of which socket of the process it is nobody knows: it counts when it is known to have passed.
      if (how === 'told' || how === 'ported')
        tells(statistics, { id: 71, out: 60, ...socket, localPort: 6_000 })
      wait(1_000)
      const sent = { told: 1_060, ported: 1_060, brief: 1_040, older: 1_040 }[how]
      assert.equal(ledger.out, sent, how)
    }
  })

  it('of both families is two, of which nobody knows which the filter told: together they count once', () => {
    const { tells, cannot, ledger } = watched()
    tells(filter, { id: 1, out: 100, ...one })
    tells(filter, { id: 2, out: 30, ...to('2001:db8::1') })
    tells(statistics, { id: 70, out: 30, ...socket })
    tells(statistics, { id: 71, out: 100, ...socket })
    cannot(filter)
    for (const [id, out] of [
      [70, 35],
      [71, 120],
    ] as const)
      tells(statistics, { id, out, ...socket })
    assert.equal(ledger.out, 155)

    const closed = watched()
    closed.tells(filter, { id: 1, out: 100, ...one, state: 'closed' })
    closed.tells(statistics, { id: 70, out: 100, ...socket, state: 'closed' })
    closed.cannot(filter)
    closed.tells(statistics, { id: 71, out: 40, ...socket })
    assert.equal(closed.ledger.out, 140, 'what the filter told was all the other’s')
  })

  it('of both families goes on with the filter where the one that NetworkStatistics had has closed', () => {
    const { tells, wait, ledger } = older()
    tells(statistics, { id: 70, out: 1_000, ...socket, state: 'closed' })
    wait(500)
    tells(filter, { id: 1, out: 10, ...one, state: 'opened' })
    assert.equal(ledger.out, 1_000, 'nobody knows whether the closed one had it')
    tells(statistics, { id: 71, out: 10, ...socket, state: 'opened' })
    wait(1_000)
    assert.equal(ledger.out, 1_010)
    // One that is over as well was the closed one's.
    tells(filter, { id: 2, out: 5, ...other, state: 'closed' })
    assert.equal(ledger.out, 1_010)
  })

  it('counts at most once where the filter was ahead of both families when it went', () => {
    const { tells, cannot, wait, ledger } = watched()
    tells(filter, { id: 1, out: 1, ...one })
    wait(500)
    tells(filter, { id: 2, out: 1, ...to('2001:db8::1') })
    tells(statistics, { id: 70, out: 1, ...socket })
    tells(statistics, { id: 71, out: 1, ...socket })
    wait(500)
    tells(filter, { id: 2, out: 2, ...to('2001:db8::1') })
    cannot(filter)
    tells(statistics, { id: 71, out: 2, ...socket })
    assert.equal(ledger.out, 3)
  })

  it('is none that had its port before, and of which the filter told', () => {
    const { tells, cannot, wait, ledger } = watched()
    tells(filter, { id: 1, out: 1, ...one })
    tells(statistics, { id: 70, out: 1, ...socket })
    cannot(filter)
    tells(statistics, { id: 70, out: 1, ...socket, state: 'closed' })
    wait(5_000)
    tells(statistics, { id: 71, out: 5, ...socket, state: 'opened' })
    assert.equal(ledger.out, 6)
  })

  it('counts once where the filter tells it at last, long after NetworkStatistics has gone', () => {
    const { begins, tells, cannot, wait, ledger } = scene()
    begins(filter)
    begins(statistics)
    tells(statistics, { id: 70, out: 100, ...socket })
    wait(60_000)
    cannot(statistics)
    // It names none, and what NetworkStatistics had is closed.
    begins(filter)
    wait(60_000)
    tells(filter, { id: 1, out: 100, ...one })
    assert.equal(ledger.out, 100)
  })

  it('of both families stays with NetworkStatistics where that told of both, and one of them has closed', () => {
    const { begins, tells, wait, ledger } = scene()
    begins(statistics)
    tells(statistics, { id: 70, out: 10, ...socket })
    tells(statistics, { id: 71, out: 20, ...socket })
    wait(60_000)
    begins(filter)
    tells(filter, { id: 1, out: 1, ...one })
    tells(statistics, { id: 71, out: 21, ...socket })
    tells(statistics, { id: 70, out: 10, ...socket, state: 'closed' })
    wait(60_000)
    tells(filter, { id: 1, out: 4, ...one })
    tells(statistics, { id: 71, out: 24, ...socket })
    assert.deepEqual([...ledger.flows.keys(), ledger.out], ['70.1', '71.1', 34])
  })

  it('of both families stays whole with NetworkStatistics where one of them does', () => {
    const { tells, ledger } = older()
    tells(filter, { id: 1, out: 10, ...to('2001:db8::1') })
    tells(statistics, { id: 71, out: 10, ...socket, state: 'opened' })
    assert.equal(ledger.out, 1_010)
  })

  it('counts its past once where another told of it that nobody remembers', () => {
    const { begins, tells, cannot, ledger } = scene()
    begins(filter)
    tells(filter, { id: 1, out: 100, ...one, state: 'closed' })
    cannot(filter)
    begins(statistics)
    tells(statistics, { id: 70, out: 100, ...socket, flags: enumerated })
    assert.equal(ledger.out, 100)
    tells(statistics, { id: 70, out: 130, ...socket })
    assert.equal(ledger.out, 130)
    // Where nobody did, it is told with it.
    const alone = scene()
    alone.begins(statistics)
    alone.tells(statistics, { id: 70, out: 100, ...socket, flags: enumerated })
    assert.equal(alone.ledger.out, 100)
  })

  it('goes on as it was with an engine that was started anew', () => {
    const stays = older()
    stays.tells(filter, { id: 1, out: 300, ...one })
    stays.tells(statistics, { id: 70, out: 1_300, ...socket })
    const after = again(stays)
    after.begins(filter)
    after.tells(filter, { id: 2, out: 0, ...other, flags: enumerated })
    after.tells(filter, { id: 1, out: 310, ...one, flags: enumerated })
    after.starts(statistics)
    after.tells(statistics, { id: 70, out: 1_320, ...socket, flags: enumerated })
    after.enumerated(statistics)
    after.tells(filter, { id: 1, out: 330, ...one })
    assert.deepEqual([...after.ledger.flows.keys()], ['70.1'])
    assert.equal(after.ledger.out, 1_320)

    const isWatched = watched()
    isWatched.tells(filter, { id: 1, out: 100, ...one, state: 'closed' })
    isWatched.tells(filter, { id: 2, out: 20, ...other })
    isWatched.tells(statistics, { id: 70, out: 120, ...socket })
    // Whichever of them is heard first.
    const sources: [number, Told][] = [
      [filter, { id: 2, out: 20, ...other, flags: enumerated }],
      [statistics, { id: 70, out: 120, ...socket, flags: enumerated }],
    ]
    for (const order of [sources, [...sources].reverse()]) {
      const next = again(isWatched)
      for (const [source] of order) next.starts(source)
      for (const [source, told] of order) next.tells(source, told)
      for (const [source] of order) next.enumerated(source)
      next.cannot(filter)
      next.tells(statistics, { id: 70, out: 150, ...socket })
      // The engine had 120 of it.
      assert.equal(next.ledger.out, 50)
    }
  })
})

describe('a UDP socket with a peer', () => {
  const connected: Ends = { protocol: 17, to: '198.51.100.1', port: 443, localPort: 6_000, pid: 7 }

  it('is NetworkStatistics’ where it is older than the filter, which counts from its own beginning', () => {
    const { begins, tells, wait, stops, ledger } = scene()
    begins(statistics)
    tells(statistics, { id: 70, out: 1_000, ...connected })
    wait(60_000)
    begins(filter)
    wait(5_000)
    tells(filter, { id: 1, out: 10, ...connected, state: 'opened' })
    tells(statistics, { id: 70, out: 1_030, ...connected })
    tells(filter, { id: 1, out: 30, ...connected })
    assert.equal(ledger.out, 1_030)
    stops(statistics)
    wait(1_000)
    tells(filter, { id: 1, out: 40, ...connected })
    wait(1_000)
    tells(filter, { id: 1, out: 90, ...connected, state: 'closed' })
    for (let i = 0; i < 3; i++) wait(1_000)
    // The ten of the second after it ended it may have told.
    assert.deepEqual([ledger.out, ledger.open], [1_080, 0])
  })

  it('counts once where the filter tells it in parts, one after another, and goes', () => {
    const { tells, cannot, wait, ledger } = watched()
    tells(filter, { id: 1, out: 100, ...connected })
    tells(statistics, { id: 70, out: 100, ...connected })
    tells(filter, { id: 1, out: 100, ...connected, state: 'closed' })
    wait(60_000)
    tells(filter, { id: 2, out: 40, ...connected, state: 'opened' })
    tells(statistics, { id: 70, out: 140, ...connected })
    assert.equal(ledger.out, 140)
    cannot(filter)
    tells(statistics, { id: 70, out: 200, ...connected, state: 'closed' })
    assert.deepEqual([ledger.out, ledger.open], [200, 0])
  })

  it('is not counted again by the filter as far as it said nothing since NetworkStatistics did', () => {
    const { begins, tells, wait, stops, ledger } = scene()
    begins(statistics)
    tells(statistics, { id: 70, out: 1_000, ...connected })
    wait(60_000)
    begins(filter)
    wait(5_000)
    tells(filter, { id: 1, out: 10, ...connected })
    tells(statistics, { id: 70, out: 1_030, ...connected })
    stops(statistics)
    wait(1_000)
    tells(filter, { id: 1, out: 40, ...connected })
    wait(1_000)
    tells(filter, { id: 1, out: 50, ...connected })
    assert.equal(ledger.out, 1_040)
  })

  it('is one of its own where the filter knows no port for it and an older one to that peer moves nothing', () => {
    for (const moves of [0, 1_000]) {
      const { begins, tells, wait, ledger } = scene()
      begins(statistics)
      tells(statistics, { id: 70, out: 500, ...connected })
      wait(60_000)
      begins(filter)
      wait(5_000)
      const mine = { ...connected, localPort: 0 }
      tells(filter, { id: 1, out: 0, ...mine, state: 'opened' })
      wait(1_000)
      tells(filter, { id: 1, out: 1_000, ...mine })
      if (moves > 0) tells(statistics, { id: 70, out: 500 + moves, ...connected })
      for (let i = 0; i < 11; i++) wait(1_000)
      // What the older one moves meanwhile may be the same.
      assert.equal(ledger.out, 1_500, `${moves}`)
      tells(filter, { id: 1, out: 1_200, ...mine, state: 'closed' })
      if (moves > 0) tells(statistics, { id: 70, out: 700 + moves, ...connected })
      assert.equal(ledger.out, 1_700, `${moves}`)
    }
  })

  it('is not what has no peer at the same port, nor one to another peer', () => {
    const { tells, cannot, ledger } = watched()
    const wide = { ...socket, localPort: 6_000 }
    tells(statistics, { id: 71, out: 0, ...wide })
    tells(statistics, { id: 72, out: 0, ...connected, to: '198.51.100.2' })
    tells(statistics, { id: 70, out: 0, ...connected })
    tells(filter, { id: 1, out: 100, ...connected })
    tells(statistics, { id: 70, out: 100, ...connected })
    cannot(filter)
    tells(statistics, { id: 71, out: 7, ...wide })
    tells(statistics, { id: 72, out: 5, ...connected, to: '198.51.100.2' })
    assert.equal(ledger.out, 112)
  })

  it('shows a silent filter, and none where that tells of it', () => {
    for (const isTold of [false, true]) {
      const { tells, wait, belief } = watched()
      for (let i = 0; i < 3; i++) {
        const ends = { ...connected, localPort: 6_000 + i }
        tells(statistics, { id: 70 + i, out: 90_000, ...ends })
        if (isTold) tells(filter, { id: 1 + i, out: 90_000, ...ends })
      }
      for (let i = 0; i < 4; i++) wait(5_000)
      assert.equal(belief.choice().isFilterSilent, !isTold)
    }
  })
})
