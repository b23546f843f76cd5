import { equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { placeOf } from '../../../src/engine/detection/excess-ledger.ts'
import { createSumTable } from '../../../src/engine/detection/sum-table.ts'

describe('a table of sums', () => {
  it('never gives up one that is larger than what it keeps, however many others come', () => {
    const event = fc.record({ name: fc.nat(200), bytes: fc.nat(1_000) })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 300 }), (events) => {
        const table = createSumTable(16)
        table.add(table.take('real', 5), 5, 1e6, 1e6)
        for (const { name, bytes } of events)
          table.add(table.take(`decoy ${name}`, 5), 5, bytes, bytes)
        ok(table.size() <= 16)
        equal(table.hard(table.take('real', 5), 5), 1e6)
      }),
    )
  })

  it('says that a place is another’s now, and counts what gave way with something to lose', () => {
    const table = createSumTable(2)
    const first = table.take('a', 1)
    table.add(first, 1, 1, 1)
    table.add(table.take('b', 1), 1, 5, 5)
    table.take('c', 1)
    equal(table.isStill(first), false)
    equal(table.evicted(), 1)
    equal(table.hard(table.take('b', 1), 1), 5)
  })

  it('joins what was counted under another name', () => {
    const table = createSumTable(4)
    table.add(table.take('was', 1), 1, 3, 4)
    table.rename('was', 'is', 1)
    equal(table.hard(table.take('is', 1), 1), 3)
    table.add(table.take('was', 1), 1, 10, 10)
    table.rename('was', 'is', 1)
    equal(table.hard(table.take('is', 1), 1), 13)
    equal(table.soft(table.take('is', 1), 1), 14)
    equal(table.size(), 1)
    table.rename('nobody', 'is', 1)
    equal(table.size(), 1)
  })
})

describe('the place of a pair', () => {
  it('is its program and destination without the port', () => {
    equal(placeOf('team:id\nexample.org:443'), 'team:id\nexample.org')
    equal(placeOf('unsigned:sha256:00\n[2001:db8::/48]:22'), 'unsigned:sha256:00\n[2001:db8::/48]')
    equal(placeOf('a\n203.0.113.0/24 served'), 'a\n203.0.113.0/24 served')
    equal(placeOf('a\n[2001:db8:1::/48] served'), 'a\n[2001:db8:1::/48] served')
  })
})
