// TCP flows of which the filter tells no local port, several of one program to one peer: which of them are those that
// NetworkStatistics tells, with their ports.
import assert from 'node:assert/strict'
import { Source, scene } from './flows.ts'

const { filter, networkStatistics: statistics } = Source

/** CPU time that `work` takes, ms. */
function cpuMs(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

describe('of several flows without a port, of one process to one peer,', () => {
  const none = { localPort: 0 }
  /** One rests and one sends, as the filter and NetworkStatistics have them; both began at one moment. */
  function two(order: readonly (readonly [number, number])[]) {
    const story = scene()
    story.begins(filter)
    story.begins(statistics)
    story.wait(3_000)
    const both = (resting: number, sending: number) => {
      for (const [id] of order) {
        const is = id === 1 ? resting : sending
        story.tells(filter, { id, out: is, ...none, ...(is > 0 ? {} : { state: 'opened' }) })
      }
      for (const [id, port] of [...order].reverse())
        story.tells(statistics, {
          id: 70 + id,
          out: id === 1 ? resting : sending,
          localPort: port,
        })
    }
    return { ...story, both }
  }
  const ORDERS = [
    [[1, 50_001] as const, [2, 50_002] as const],
    [[2, 50_002] as const, [1, 50_001] as const],
  ]

  it('one that rests is not gone on with as one that sends, which would be told by both', () => {
    for (const order of ORDERS) {
      const { tells, both, wait, ledger } = two(order)
      both(0, 0)
      both(10, 1_000)
      for (let second = 1; second <= 30; second++) {
        wait(1_000)
        const out = 1_000 * (second + 1)
        tells(filter, { id: 2, out, ...none })
        tells(statistics, { id: 72, out, localPort: 50_002 })
      }
      assert.equal(ledger.out, 31_010)
      assert.equal(ledger.flows.size, 2)
    }
  })

  it('all are gone on with once the filter says nothing more of any of them, each once', () => {
    for (const count of [2, 3]) {
      const { begins, tells, wait, ledger } = scene()
      begins(filter)
      begins(statistics)
      wait(3_000)
      const ids = Array.from({ length: count }, (_, index) => index + 1)
      const sends = (source: number, from: number, out: number, more = {}) => {
        for (const id of ids) tells(source, { id: from + id, out, ...more })
      }
      for (const id of ids) {
        tells(filter, { id, out: 1, ...none, state: 'opened' })
        tells(statistics, { id: 70 + id, out: 1, localPort: 50_000 + id })
        wait(3_000)
      }
      for (let second = 1; second <= 60; second++) {
        sends(statistics, 70, 1_000_000 * second)
        wait(1_000)
      }
      assert.equal(ledger.out, count * 60_000_000)
      assert.equal(ledger.flows.size, count)
    }
  })

  it('each is known by what it has counted when another source goes on with them', () => {
    for (const order of ORDERS) {
      const { tells, both, wait, cannot, ledger } = two(order)
      both(0, 0)
      both(10, 1_000)
      wait(1_000)
      cannot(filter)
      tells(statistics, { id: 71, out: 20, localPort: 50_001 })
      tells(statistics, { id: 72, out: 5_000, localPort: 50_002 })
      assert.equal(ledger.out, 5_020)
    }
  })

  it('one that began before the filter stays with who has it when another begins', () => {
    const { begins, tells, wait, ledger } = scene()
    begins(statistics)
    tells(statistics, { id: 71, out: 5_000, localPort: 50_001 })
    wait(60_000)
    begins(filter)
    wait(60_000)
    tells(filter, { id: 2, out: 0, ...none, state: 'opened' })
    wait(500)
    tells(filter, { id: 2, out: 700, ...none })
    wait(500)
    tells(statistics, { id: 71, out: 6_000, localPort: 50_001 })
    tells(statistics, { id: 72, out: 700, localPort: 50_002 })
    for (let second = 0; second < 3; second++) wait(1_000)
    assert.equal(ledger.out, 6_700)
    tells(filter, { id: 2, out: 800, ...none, state: 'closed' })
    tells(statistics, { id: 71, out: 7_000, localPort: 50_001, state: 'closed' })
    assert.deepEqual([ledger.out, ledger.open], [7_800, 0])
  })

  it('none is the flow of a port that its source tells of another', () => {
    const { tells, wait, cannot, ledger, both } = two([])
    both(0, 0)
    tells(filter, { id: 2, out: 1_000, ...none })
    // NetworkStatistics tells it when the other began, and it has as much.
    tells(statistics, { id: 71, out: 1_000, localPort: 50_001 })
    wait(100)
    tells(filter, { id: 1, out: 10, localPort: 50_001 })
    wait(1_000)
    tells(statistics, { id: 71, out: 990, localPort: 50_001 })
    cannot(filter)
    // The other is not told by NetworkStatistics, and ends as it was.
    tells(statistics, { id: 71, out: 1_990, localPort: 50_001 })
    assert.equal(ledger.out, 2_990)
  })

  describe('be they a thousand,', () => {
    /** What a second of so many costs, some of which rest, and then their end: the least of several. */
    function costOf(count: number) {
      const story = scene()
      const { begins, wait, teller, belief } = story
      begins(filter)
      begins(statistics)
      wait(3_000)
      const all = Array.from({ length: count }, (_, index) => index + 1)
      const told = (out: (id: number) => number, state: 'report' | 'closed' = 'report') =>
        Buffer.concat([
          ...all.map((id) => teller.flow(filter, { id, out: out(id), state, ...none })),
          ...all.map((id) =>
            teller.flow(statistics, {
              id: 10_000 + id,
              out: out(id),
              localPort: 1_024 + id,
              state,
            }),
          ),
        ])
      const take = (records: Uint8Array) => story.ledger.take(belief.take(records))
      const seconds: number[] = []
      for (let second = 0; second < 60; second++) {
        const records = told((id) => id + (id % 10 === 0 ? 0 : second * 1_000))
        teller.atMs += 1_000
        const tick = teller.tick()
        seconds.push(cpuMs(() => void belief.take(Buffer.concat([records, tick]))))
      }
      const end = told((id) => id + (id % 10 === 0 ? 0 : 60_000), 'closed')
      const endMs = cpuMs(() => void take(end))
      // They are looked at each fifth second.
      const ofFive = Array.from({ length: 9 }, (_, five) =>
        seconds.slice(15 + 5 * five, 20 + 5 * five).reduce((sum, ms) => sum + ms, 0),
      )
      return { fiveMs: Math.min(...ofFive), endMs, out: story.ledger.out }
    }

    it('each costs about what it does among a hundred, and its end too', function () {
      this.timeout(60_000)
      costOf(50)
      const [few, many] = [costOf(100), costOf(1_000)]
      assert.equal(many.out, (1_000 * 1_001) / 2 + 900 * 60_000)
      // Measured: 10 to 13 times and 20 times. Where each was compared with all 78 times, and 600 times.
      assert.ok(many.fiveMs < 25 * few.fiveMs, `${many.fiveMs} ms, ${few.fiveMs} ms`)
      assert.ok(many.endMs < 60 * few.endMs, `${many.endMs} ms, ${few.endMs} ms`)
    })
  })
})
