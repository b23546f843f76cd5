import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import type { HourSum } from '../../../src/baseline/sums.ts'
import { placeOf } from '../../../src/engine/detection/excess-ledger.ts'
import { createSumTable, type SumTable } from '../../../src/engine/detection/sum-table.ts'

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
    const generation = table.generations[first]
    table.add(first, 1, 1, 1)
    table.add(table.take('b', 1), 1, 5, 5)
    table.take('c', 1)
    equal(table.generations[first], (generation ?? 0) + 1)
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

describe('what is stored of a table of sums', () => {
  const stored = (table: SumTable) => {
    const puts: [string, HourSum[]][] = []
    const drops: string[] = []
    table.store({
      put: (name, hours) => puts.push([name, hours]),
      drop: (name) => drops.push(name),
    })
    return { puts, drops }
  }

  it('is what changed since it was stored, from the first hour that did', () => {
    const table = createSumTable(4)
    table.add(table.take('a', 100), 100, 1, 2)
    table.take('empty', 100)
    deepEqual(stored(table).puts, [['a', [{ hour: 100, hard: 1, soft: 2 }]]])
    deepEqual(stored(table), { puts: [], drops: [] })
    const place = table.take('a', 101)
    table.add(place, 100, 3, 3)
    table.add(place, 102, 5, 5)
    table.add(place, 104, 0, 7)
    deepEqual(stored(table).puts, [
      [
        'a',
        [
          { hour: 100, hard: 4, soft: 5 },
          { hour: 102, hard: 5, soft: 5 },
          { hour: 104, hard: 0, soft: 7 },
        ],
      ],
    ])
    table.add(place, 104, 1, 1)
    deepEqual(stored(table).puts, [['a', [{ hour: 104, hard: 1, soft: 8 }]]])
  })

  it('is no name that gave way or was renamed, and none twice', () => {
    const table = createSumTable(2)
    table.add(table.take('a', 1), 1, 1, 1)
    table.add(table.take('b', 1), 1, 5, 5)
    stored(table)
    table.add(table.take('a', 1), 1, 1, 1)
    table.add(table.take('c', 1), 1, 3, 3)
    deepEqual(stored(table), { puts: [['c', [{ hour: 1, hard: 3, soft: 3 }]]], drops: ['a'] })
    table.rename('c', 'd', 2)
    table.rename('b', 'd', 2)
    deepEqual(stored(table), {
      puts: [['d', [{ hour: 1, hard: 8, soft: 8 }]]],
      drops: ['c', 'b'],
    })
    // One that came and went in between was never there.
    table.add(table.take('x', 2), 2, 1, 1)
    table.add(table.take('y', 2), 2, 9, 9)
    deepEqual(stored(table), { puts: [['y', [{ hour: 2, hard: 9, soft: 9 }]]], drops: [] })
  })

  it('goes on as it was, and is nothing new', () => {
    const table = createSumTable(2)
    table.seed('a', [
      { hour: 100, hard: 1, soft: 2 },
      { hour: 110, hard: 10, soft: 20 },
    ])
    deepEqual(stored(table), { puts: [], drops: [] })
    const place = table.take('a', 111)
    equal(table.hard(place, 124), 11)
    equal(table.hard(place, 125), 10)
    equal(table.soft(place, 135), 0)
  })

  it('keeps each hour when what was counted under another name joins it, and ages as that', () => {
    const table = createSumTable(4)
    table.add(table.take('was', 100), 100, 3, 4)
    table.add(table.take('is', 110), 110, 10, 10)
    table.rename('was', 'is', 120)
    const place = table.take('is', 120)
    equal(table.hard(place, 124), 13)
    equal(table.hard(place, 125), 10)
    equal(table.hard(place, 135), 0)
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
