// The oldest entry of a collection, over and over, and what it costs in memory to know it.
import assert from 'node:assert/strict'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Cache } from '../src/baseline/cache.ts'
import { BoundedMap } from '../src/collector/terms/bounded-map.ts'
import { EachRate } from '../src/collector/terms/rate.ts'
import { createOldest } from '../src/oldest.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
setFlagsFromString('--no-expose-gc')

const TIMES = 300_000
/** What stays in memory after `use`, as many times. */
function heldBy(use: (at: number) => void): number {
  for (let at = 0; at < 1_000; at++) use(at)
  collect()
  const before = process.memoryUsage().heapUsed
  for (let at = 0; at < TIMES; at++) use(at)
  collect()
  return process.memoryUsage().heapUsed - before
}

describe('the oldest of a collection', () => {
  it('is the one that was put in longest ago, whatever was taken out and put in again since', () => {
    const all = new Set<number>()
    const oldest = createOldest(() => all.values())
    const model: number[] = []
    const put = (value: number): void => {
      all.add(value)
      oldest.added()
      model.push(value)
    }
    const take = (value: number): void => {
      all.delete(value)
      model.splice(model.indexOf(value), 1)
    }
    let seed = 7
    const below = (end: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      return Math.floor((seed / 2 ** 32) * end)
    }
    for (let step = 0; step < 50_000; step++) {
      // Ever longer without being asked, so that the iterator is let go as well.
      if (below(4_000) === 0) for (let more = 0; more < 1_500; more++) put(-step * 2_000 - more - 1)
      const which = below(4)
      if (which < 2) put(step)
      else if (which === 2 && model.length > 0) {
        const one = model[below(model.length)] as number
        take(one)
        if (below(2) === 0) put(one)
      } else {
        const found = oldest.next()
        assert.equal(found, model[0])
        if (found !== undefined) take(found)
      }
    }
    assert.ok(model.length > 0)
  })

  it('is none in one that is empty, and the next that is put in after', () => {
    const all = new Map<string, number>()
    const oldest = createOldest(() => all.keys())
    assert.equal(oldest.next(), undefined)
    all.set('a', 1)
    oldest.added()
    assert.equal(oldest.next(), 'a')
    all.delete('a')
    assert.equal(oldest.next(), undefined)
    all.set('b', 1)
    oldest.added()
    assert.equal(oldest.next(), 'b')
  })
})

describe('a bounded collection keeps nothing of what came and went', () => {
  const bounded: [string, () => (at: number) => void][] = [
    [
      'set by the same few keys',
      () => {
        const map = new BoundedMap<string, object>(100)
        return (at) => map.set(`${at % 10}`, { at })
      },
    ],
    [
      'filled once, and emptied again and again',
      () => {
        const map = new BoundedMap<number, object>(50)
        return (at) => {
          map.set(at, { at })
          if (at > 100) map.delete(at)
        }
      },
    ],
    [
      'of the rates of those who come',
      () => {
        const rates = new EachRate(1, 1, 100)
        return (at) => void rates.take(`${at % 10}`, at)
      },
    ],
    [
      'that is read',
      () => {
        const cache = new Cache<number, object>(10)
        for (let key = 0; key < 12; key++) cache.set(key, {})
        return (at) => void cache.get(2 + (at % 10))
      },
    ],
  ]
  for (const [what, begin] of bounded)
    it(what, () => {
      const held = heldBy(begin())
      assert.ok(held < 2_000_000, `${held} bytes`)
    })
})
