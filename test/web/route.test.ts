import assert from 'node:assert/strict'
import fc from 'fast-check'
import { attackAddress, attackName } from '../../src/collector/web/attack.ts'
import {
  ignoredIn,
  keyOf,
  listHash,
  OPEN_MAX,
  parseRoute,
  type Route,
  routeHash,
  SEVERITIES,
  SORT_CHOICES,
  STATUS_CHOICES,
} from '../../src/collector/web/route.ts'

const plain = { noNullPrototype: true }
const routes: fc.Arbitrary<Route> = fc.oneof(
  fc.record(
    {
      page: fc.constant('alerts' as const),
      severity: fc.constantFrom(undefined, ...SEVERITIES),
      query: fc.string({ unit: 'grapheme' }),
      status: fc.constantFrom(...STATUS_CHOICES),
      sort: fc.constantFrom(...SORT_CHOICES),
      from: fc.constantFrom('-1h', '-24h', '-7d', '2026-11-29T07:00Z', '2026-11-29T07:00:59Z'),
      to: fc.constantFrom('2026-11-30T00:00Z', '1970-01-01T00:00Z'),
      open: fc.uniqueArray(fc.stringMatching(/^[0-9a-f]{16}$/), {
        minLength: 1,
        maxLength: OPEN_MAX,
      }),
    },
    { ...plain, requiredKeys: ['page', 'severity', 'query'] },
  ),
  fc.record(
    {
      page: fc.constant('alert' as const),
      id: fc.string({ minLength: 1 }),
      deviceId: fc.option(fc.string(), { nil: undefined }),
    },
    plain,
  ),
  fc.record(
    { page: fc.constant('identities' as const), query: fc.string({ unit: 'grapheme' }) },
    plain,
  ),
  fc.record(
    {
      page: fc.constant('identity' as const),
      deviceId: fc.string({ minLength: 1 }),
      key: fc.string({ unit: 'grapheme', minLength: 1 }),
    },
    plain,
  ),
  fc.constant<Route>({ page: 'machine' }),
)

describe('page: routes', () => {
  it('are read back from the address they write', () => {
    fc.assert(fc.property(routes, (route) => assert.deepEqual(parseRoute(routeHash(route)), route)))
  })
  it('are short when nothing is filtered', () => {
    assert.equal(routeHash({ page: 'alerts', severity: undefined, query: '' }), '#/alerts')
    assert.equal(
      routeHash({ page: 'alerts', severity: 'high', query: 'rclone' }),
      '#/alerts?severity=high&q=rclone',
    )
    assert.equal(
      routeHash({ page: 'alerts', severity: undefined, query: '', sort: 'bytes', from: '-24h' }),
      '#/alerts?sort=bytes&from=-24h',
    )
  })
  it('show the alerts where nothing else stands in the address', () => {
    const alerts: Route = { page: 'alerts', severity: undefined, query: '' }
    for (const hash of [
      ...['', '#', '#/', '#/alerts?severity=dire', '#/alerts?sort=name', '#/alerts?from=yesterday'],
      ...[
        '#/alerts?to=-1h',
        '#/alerts?from=2026-99-99T00%3A00Z',
        '#/alerts?to=1969-12-31T23%3A59Z',
      ],
    ])
      assert.deepEqual(parseRoute(hash), alerts)
    assert.deepEqual(parseRoute('#/alerts/%E0%A4%A'), {
      ...{ page: 'alert', id: '%E0%A4%A', deviceId: undefined },
    })
    fc.assert(fc.property(fc.string(), (text) => assert.ok(parseRoute(`#${text}`).page)))
  })
  it('say so of an address that names no page', () => {
    const none = [
      '/nothing',
      'x',
      '/alerts/a/b',
      '/machine/a',
      '/identities/a',
      '/identities/a/b/c',
    ]
    for (const address of none) {
      assert.deepEqual(parseRoute(`#${address}`), { page: 'nowhere', address })
      assert.equal(routeHash(parseRoute(`#${address}`)), `#${address}`)
    }
  })
  it('tell what of an address means nothing to its page', () => {
    const of: [hash: string, ignored: string[]][] = [
      ['#/machine?device=zz', ['device=zz']],
      ['#/alerts?from=bogus&severity=high', ['from=bogus']],
      [
        '#/alerts?severity=dire&status=x&sort=name&to=-1h&q=a',
        ['severity=dire', 'status=x', 'sort=name', 'to=-1h'],
      ],
      ['#/alerts?sort=score&sort=bytes', ['sort=bytes']],
      [`#/alerts/${'a'.repeat(32)}?devise=b`, ['devise=b']],
      ['#/identities?q=a&status=open', ['status=open']],
      ['#/identities/a/b?q=c', ['q=c']],
      ['#/?x=1', ['x=1']],
      ['#/nothing?x=1', []],
    ]
    for (const [hash, ignored] of of)
      assert.deepEqual(
        ignoredIn(hash).map((field) => field.join('=')),
        ignored,
        hash,
      )
    fc.assert(fc.property(routes, (route) => assert.deepEqual(ignoredIn(routeHash(route)), [])))
  })
  it('keep so many opened groups, those opened last, and are of one list whatever is opened', () => {
    const ids = Array.from({ length: OPEN_MAX + 2 }, (_, index) => `${index}`.padStart(16, '0'))
    const at = parseRoute(`#/alerts?status=all&open=${ids.join('-')}-${ids[9]}`)
    assert(at.page === 'alerts')
    assert.deepEqual(at.open, ids.slice(2))
    assert.equal(listHash(at), '#/alerts?status=all')
    for (const open of ['x', '0123', `${ids[0]}-`, ids[0]?.toUpperCase().replace('0', 'G')])
      assert.deepEqual(parseRoute(`#/alerts?open=${open}`), parseRoute('#/alerts'))
  })
  it('tell a key from a route', () => {
    assert.equal(keyOf('#key=abc%2Bdef'), 'abc+def')
    assert.equal(keyOf('#key='), undefined)
    assert.equal(keyOf('#/alerts?q=key=1'), undefined)
  })
})

describe('page: ATT&CK', () => {
  const all = ['AN0032', 'DET0011', 'T1001.001', 'T1041']
  it('leads each id to its page', () => {
    assert.deepEqual(
      all.map((id) => attackAddress(id, all)),
      [
        'https://attack.mitre.org/detectionstrategies/DET0011/#AN0032',
        'https://attack.mitre.org/detectionstrategies/DET0011/',
        'https://attack.mitre.org/techniques/T1001/001/',
        'https://attack.mitre.org/techniques/T1041/',
      ],
    )
  })
  it('names each id, and of one it does not know the kind', () => {
    assert.match(attackName('AN0032'), /^Previously unseen applications generating outbound/)
    assert.match(attackName('DET0011'), /AN0032/)
    assert.equal(attackName('T1001.001'), 'Data Obfuscation: Junk Data')
    assert.deepEqual(['AN9999', 'DET9999', 'T9999'].map(attackName), [
      'analytic',
      'detection strategy',
      'technique',
    ])
  })
  it('makes no address of anything else', () => {
    assert.equal(attackAddress('AN0032', ['AN0032']), undefined)
    assert.equal(attackAddress('T1001.001/../../x', all), undefined)
    assert.equal(attackAddress('javascript:alert(1)', all), undefined)
    assert.equal(attackName('x'), '')
  })
})
