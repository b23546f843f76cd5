import assert from 'node:assert/strict'
import { RecentEvents } from '../../src/collector/api/recent-events.ts'
import { isLoopback, isLoopbackHostHeader } from '../../src/collector/terms/address.ts'
import { BoundedMap } from '../../src/collector/terms/bounded-map.ts'
import { RateLimit, SourceRate, sourceOf } from '../../src/collector/terms/rate.ts'
import { bearerToken, sameSecret } from '../../src/collector/terms/secrets.ts'

describe('what guards the collector', () => {
  it('knows loopback addresses, and what only looks like one', () => {
    for (const host of ['127.0.0.1', '127.8.9.1', '::1', 'localhost'])
      assert(isLoopback(host), host)
    for (const host of ['127.0.0.1.example', '127.evil', '0.0.0.0', '::', '128.0.0.1', ''])
      assert(!isLoopback(host), host)
  })

  it('takes a Host header of loopback with or without a port, and no other', () => {
    for (const host of ['127.0.0.1:80', 'LOCALHOST', '[::1]', '[::1]:4610'])
      assert(isLoopbackHostHeader(host), host)
    for (const host of [
      undefined,
      '',
      '::1',
      'localhost:',
      '127.0.0.1:80:80',
      'a@127.0.0.1',
      '[::1',
    ])
      assert(!isLoopbackHostHeader(host), String(host))
  })

  it('reads the bearer token of RFC 6750, whatever the case of the scheme', () => {
    assert.equal(bearerToken('Bearer abc'), 'abc')
    assert.equal(bearerToken('bearer  abc '), 'abc')
    for (const header of [undefined, '', 'abc', 'Basic abc', 'Bearer', 'Bearer a b'])
      assert.equal(bearerToken(header), undefined, String(header))
  })

  it('compares secrets of any length', () => {
    assert(sameSecret('a', 'a'))
    assert(!sameSecret('a', 'ab'))
    assert(!sameSecret('', 'a'))
  })

  it('lets a burst through, then as many as the rate says', () => {
    const rate = new RateLimit(2, 3, 0)
    const taken = (nowMs: number, times: number) =>
      Array.from({ length: times }, () => rate.take(nowMs)).filter(Boolean).length
    assert.equal(taken(0, 5), 3)
    assert.equal(taken(499, 5), 0)
    assert.equal(taken(1500, 5), 3)
  })

  it('leaves others their half of a rate while one source floods it', () => {
    const rate = new SourceRate(10, 100, 0)
    const taken = (address: string, nowMs: number, times: number) =>
      Array.from({ length: times }, () => rate.take(address, nowMs)).filter(Boolean).length
    assert.equal(taken('203.0.113.7', 0, 1000), 50)
    assert.equal(taken('::ffff:203.0.113.8', 0, 1000), 0, 'of the same network')
    assert.equal(taken('198.51.100.1', 0, 30), 30)
    assert.equal(taken('2001:db8::1', 0, 1000), 20, 'what is left of all')
    // Ten have come back, and the flood takes no more than five of them.
    assert.equal(taken('203.0.113.7', 1000, 1000), 5)
    assert.equal(taken('198.51.100.1', 1000, 1000), 5)
  })

  it('tells networks apart as they are given away', () => {
    for (const [address, source] of [
      ['192.0.2.7', '192.0.2'],
      ['::ffff:192.0.2.7', '192.0.2'],
      ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
      ['2001:DB8:1:2::9', '2001:db8:1:2'],
      ['2001:db8::1', '2001:db8:0:0'],
      ['fe80::1%eth0', 'fe80:0:0:0'],
      ['::1', '0:0:0:0'],
      ['', ''],
    ])
      assert.equal(sourceOf(address as string), source)
  })

  it('tells what came after an event, and nothing where it cannot', () => {
    const recent = new RecentEvents(30)
    const begun = recent.id
    const ids = ['a', 'b', 'c'].map((name) => {
      recent.add(() => name.repeat(10))
      return recent.id
    })
    assert.deepEqual(
      recent.after(begun),
      ['a', 'b', 'c'].map((name) => name.repeat(10)),
    )
    assert.deepEqual(recent.after(ids[1] as string), ['c'.repeat(10)])
    assert.deepEqual(recent.after(ids[2] as string), [])
    recent.add(() => 'd')
    assert.equal(recent.after(begun), undefined, 'the oldest has gone')
    assert.deepEqual(recent.after(ids[0] as string), ['b'.repeat(10), 'c'.repeat(10), 'd'])
    const run = begun.split('-')[0]
    for (const id of ['', 'x', `${run}-5`, `${run}--1`, `${run}-1e1`, new RecentEvents(30).id])
      assert.equal(recent.after(id), undefined, id)
    const { id } = recent
    recent.forget()
    assert.equal(recent.after(id), undefined, 'something was told to nobody')
    assert.deepEqual(recent.after(recent.id), [])
  })

  it('holds no more entries than its bound, and forgets the one set longest ago', () => {
    const map = new BoundedMap<string, number>(2)
    map.set('a', 1)
    map.set('b', 2)
    map.set('a', 3)
    map.set('c', 4)
    assert.deepEqual([map.get('a'), map.get('b'), map.get('c')], [3, undefined, 4])
  })
})
