import assert from 'node:assert/strict'
import { createReader } from '../../src/collector/store/reader.ts'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { createWriter } from '../../src/collector/store/writer.ts'
import type { Health } from '../../src/engine/finding.ts'
import type { UnixNs } from '../../src/units.ts'
import { itemOf, T0 } from './agent.ts'
import { append, batchOf, enroll } from './store-fixture.ts'

describe('health in the store', () => {
  it('is found by the time in which it was so, and tells it, and what it is of', () => {
    const db = openForWriting(':memory:')
    const writer = createWriter(db)
    const { device } = enroll(writer)
    const health = (sequence: number, at: bigint, more: Partial<Health>) =>
      itemOf(sequence, {
        at: (T0 + at) as UnixNs,
        kind: 'health',
        health: { of: 'loss', text: `${sequence}`, count: 1, ...more },
      })
    const since = (T0 + 10n) as UnixNs
    append(
      writer,
      batchOf(device, 0, [
        health(1, 50n, {}),
        health(2, 50n, { since, about: 'flows', programs: ['unsigned:x', ''] }),
        // By a clock that was set back meanwhile.
        health(3, 50n, { since: (T0 + 90n) as UnixNs }),
        // By one that was ahead: it was so when it was told, at the latest.
        health(4, 900n, {}),
      ]),
      T0 + 200n,
    )
    const reader = createReader(db)
    const found = (from: bigint, until: bigint) => {
      const asked = { op: 'health', limit: 9, since: T0 + from, until: T0 + until } as const
      const { events } = reader.answer(asked) as { events: { text: string }[] }
      return events.map(({ text }) => text).join('')
    }
    assert.equal(found(0n, 10n), '')
    assert.equal(found(0n, 11n), '2')
    assert.equal(found(20n, 30n), '2')
    assert.equal(found(50n, 51n), '321')
    assert.equal(found(51n, 99n), '')
    assert.equal(found(51n, 300n), '4')
    assert.equal(found(300n, 500n), '', 'not beside all that comes until that clock is right')
    assert.equal(found(850n, 950n), '4', 'what was told by the same clock')
    const [, , told, plain] = (reader.answer({ op: 'health', limit: 9 }) as { events: object[] })
      .events
    const {
      at,
      storedAt,
      since: from,
      ...rest
    } = told as Record<'at' | 'storedAt' | 'since', string>
    assert.ok(BigInt(storedAt) >= T0 + 200n)
    assert.deepEqual([BigInt(from) - T0, BigInt(at) - T0], [10n, 50n])
    assert.deepEqual(rest, {
      ...{ deviceId: (plain as { deviceId: string }).deviceId, kind: 'loss', text: '2', count: 1 },
      ...{ about: 'flows', programs: ['unsigned:x', ''] },
    })
    assert.ok(!('since' in (plain as object)) && !('programs' in (plain as object)))
    db.close()
  })
})
