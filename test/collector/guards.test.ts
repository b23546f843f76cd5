import assert from 'node:assert/strict'
import { isLoopback, isLoopbackHostHeader } from '../../src/collector/address.ts'
import { cookieValue, Sessions } from '../../src/collector/api/sessions.ts'
import { Counters } from '../../src/collector/counters.ts'
import { RateLimit } from '../../src/collector/gateway/rate.ts'
import { LIMITS } from '../../src/collector/limits.ts'
import { bearerToken, sameSecret } from '../../src/collector/secrets.ts'
import { BoundedMap } from '../../src/collector/store/bounded-map.ts'

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

  it('finds a cookie by its whole name', () => {
    assert.equal(cookieValue('a=1; freshet_1=x=y; b=2', 'freshet_1'), 'x=y')
    assert.equal(cookieValue('xfreshet_1=1', 'freshet_1'), undefined)
    assert.equal(cookieValue(undefined, 'freshet_1'), undefined)
  })

  it('lets a burst through, then as many as the rate says', () => {
    const rate = new RateLimit(2, 3, 0)
    const taken = (nowMs: number, times: number) =>
      Array.from({ length: times }, () => rate.take(nowMs)).filter(Boolean).length
    assert.equal(taken(0, 5), 3)
    assert.equal(taken(499, 5), 0)
    assert.equal(taken(1500, 5), 3)
  })

  it('ends a session that is not used, keeps one that is, and drops the oldest of too many', () => {
    const counters = new Counters()
    const sessions = new Sessions({ ...LIMITS, sessionMs: 100, sessionsMax: 2 }, counters)
    const first = sessions.open(0)
    assert(sessions.has(first, 99))
    assert(sessions.has(first, 198))
    assert(!sessions.has(first, 298))
    assert(!sessions.has(first, 298))
    const [a, b] = [sessions.open(300), sessions.open(301)]
    assert(sessions.has(a, 302))
    const c = sessions.open(303)
    assert.deepEqual(
      [a, b, c].map((token) => sessions.has(token, 304)),
      [true, false, true],
    )
    assert.equal(counters.read().sessionsEvicted, 1)
    assert(!sessions.has(undefined, 304))
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
