// What the store is told of the registry, and whom a collector that has just started waits for.
import assert from 'node:assert/strict'
import type { EnrolledDevice } from '../../src/collector/fleet/fleet.ts'
import { presenceOf } from '../../src/collector/machines/presence.ts'
import { createStandings } from '../../src/collector/machines/standings.ts'
import type { UnixNs } from '../../src/units.ts'

type Some = Pick<EnrolledDevice, 'id' | 'standing' | 'token'>

describe('what the store is told of devices', () => {
  let devices: Some[]
  let heard: Set<string>
  let news: ReturnType<typeof createStandings>
  let departed: { id: string; token: number }[]
  beforeEach(() => {
    devices = []
    heard = new Set()
    departed = []
    news = createStandings(
      () => devices as EnrolledDevice[],
      (id) => heard.has(id),
      {
        due: () => departed,
        told(those) {
          departed = departed.filter((one) => !those.includes(one))
        },
      },
    )
  })
  const told = () => {
    const due = news.due()
    if (due) news.done(due)
    return due
  }

  it('is who waits by which token, once it has connected, and who was admitted, each once', () => {
    devices = [
      { id: 'a', standing: 'quarantined', token: 7 },
      { id: 'b', standing: 'active', token: 7 },
      { id: 'c', standing: 'revoked', token: 7 },
      { id: 'd', standing: 'quarantined', token: undefined },
    ]
    assert.equal(told(), undefined)
    for (const { id } of devices) heard.add(id)
    const waiting = [
      { id: 'a', token: 7 },
      { id: 'd', token: 0 },
    ]
    assert.deepEqual(told(), { admitted: ['b'], waiting, forgotten: [] })
    assert.equal(told(), undefined)
    devices[0] = { id: 'a', standing: 'active', token: 7 }
    devices[1] = { id: 'b', standing: 'quarantined', token: 7 }
    assert.deepEqual(told(), { admitted: ['a'], waiting: [], forgotten: [] })
    // By another token than before; whoever was admitted once pays for itself.
    devices = [
      { id: 'a', standing: 'quarantined', token: 9 },
      { id: 'd', standing: 'quarantined', token: 9 },
    ]
    assert.deepEqual(told(), { admitted: [], waiting: [{ id: 'd', token: 9 }], forgotten: [] })
    assert.equal(told(), undefined)
    // Another by the same id.
    devices = []
    assert.equal(told(), undefined)
    devices = [{ id: 'a', standing: 'quarantined', token: 8 }]
    const again = [{ id: 'a', token: 8 }]
    assert.deepEqual(told(), { admitted: [], waiting: again, forgotten: [] })
  })

  it('is who was forgotten, and is told again where the store took nothing', () => {
    departed = [{ id: 'a', token: 7 }]
    const forgotten = { admitted: [], waiting: [], forgotten: departed }
    assert.deepEqual(news.due(), forgotten)
    assert.deepEqual(told(), forgotten)
    assert.equal(told(), undefined)
  })
})

describe('who is there', () => {
  const MINUTE_NS = 60_000_000_000n
  const noted = (minutesAgo: bigint | undefined) => ({
    seenAt: minutesAgo === undefined ? undefined : (((100n - minutesAgo) * MINUTE_NS) as UnixNs),
  })

  it('is whoever is connected, and for ten minutes who was when the collector ended', () => {
    let nowMs = 5000
    const connected = new Set(['new'])
    const seen = new Map([
      ['last', noted(0n)],
      ['noted', noted(5n)],
      ['gone', noted(7n)],
      ['never', noted(undefined)],
    ])
    const isHere = presenceOf(
      (id) => connected.has(id),
      seen,
      () => nowMs,
    )
    const here = () => ['last', 'noted', 'gone', 'never', 'new'].filter(isHere)
    assert.deepEqual(here(), ['last', 'noted', 'new'])
    connected.add('last')
    assert.deepEqual(here(), ['last', 'noted', 'new'])
    // It came, and has left by itself.
    connected.delete('last')
    assert.deepEqual(here(), ['noted', 'new'])
    nowMs += 600_000
    assert.deepEqual(here(), ['new'])
  })
})
