import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import type {
  AlertDetail,
  AlertGroupsResponse,
  AlertsResponse,
  CountersResponse,
  DevicesResponse,
  ErrorResponse,
  HealthResponse,
  IdentitiesResponse,
} from '../../src/collector/views/page-api.ts'
import { bytes, unixNs } from '../../src/units.ts'
import {
  type Agent,
  alertItem,
  connectAgent,
  DEVICE_A,
  DEVICE_B,
  destinationOf,
  identityOf,
  itemOf,
  liveOf,
  processOf,
  type Running,
  runCollector,
  T0,
} from './agent.ts'

type Raw = { status: number; headers: Record<string, unknown>; body: string }

/** A request whose path is sent as it is: fetch would tidy it. */
async function raw(
  running: Running,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Raw> {
  const { method = 'GET', headers = {}, body } = options
  const { port } = running.collector
  const sent = request({ host: '127.0.0.1', port, path, method, headers })
  sent.end(body)
  const [response] = await once(sent, 'response')
  let text = ''
  for await (const chunk of response) text += chunk
  return { status: response.statusCode, headers: response.headers, body: text }
}

const at = unixNs(T0, 'at')

describe("the collector's API", () => {
  let running: Running
  let agent: Agent
  let other: Agent
  before(async () => {
    running = await runCollector()
    agent = await connectAgent(running, DEVICE_A)
    other = await connectAgent(running, DEVICE_B)
    const network = unixNs(T0 + 5n, 'at')
    const sighting = (of: 'identity' | 'network' | 'destination', name: string, key?: string) => ({
      at,
      kind: 'sighting' as const,
      sighting: {
        of,
        identity: identityOf(name, {
          firstSeenAt: unixNs(T0 + BigInt(name.length), 'at'),
          firstNetworkAt: of === 'identity' ? undefined : network,
        }),
        process: processOf(`/opt/${name}`),
        destination: key === undefined ? undefined : destinationOf(key),
      },
    })
    await agent.deliver([
      alertItem(1, { severity: 'low' }),
      alertItem(2, { severity: 'high' }),
      alertItem(3, { severity: 'low' }),
      itemOf(4, sighting('identity', 'tool')),
      itemOf(5, sighting('network', 'tool')),
      itemOf(6, sighting('destination', 'tool', '203.0.113.0/24:443')),
      itemOf(7, sighting('destination', 'tool', '203.0.113.0/24:443')),
      itemOf(8, sighting('destination', 'tool', '198.51.100.0/24:22')),
      itemOf(9, sighting('identity', 'other_tool')),
      itemOf(10, { at, kind: 'health', health: { of: 'loss', text: '3 lost', count: 3 } }),
      itemOf(11, {
        at,
        kind: 'summary',
        summary: {
          identityKey: identityOf('tool').key,
          destination: destinationOf('192.0.2.0/24:443'),
          hourAt: at,
          bytesOut: bytes(10, 'out'),
          bytesIn: bytes(5, 'in'),
          flows: 1,
          largestFlowOut: bytes(10, 'largest'),
        },
      }),
    ])
    await other.deliver([alertItem(1, { id: 'f'.repeat(32), severity: 'high' })])
  })
  after(async () => {
    await agent.close()
    await other.close()
    await running.stop()
  })

  it('lists alerts latest opened first, by severity, by device, and page by page', async () => {
    const list = (query: string) => running.json<AlertsResponse>(`/api/alerts?${query}`)
    assert.equal((await list('')).total, 4)
    assert.equal((await list('severity=low')).total, 2)
    assert.equal((await list(`device=${DEVICE_A}&severity=high`)).alerts.length, 1)
    assert.deepEqual(await list('device=nobody'), {
      alerts: [],
      total: 0,
      statuses: { open: 0, acknowledged: 0, closed: 0, grown: 0 },
    })
    const seen: string[] = []
    for (let next: string | undefined = ''; next !== undefined; ) {
      const page = await list(`limit=1&after=${next}`)
      seen.push(...page.alerts.map(({ id }) => id))
      next = page.next
    }
    assert.equal(new Set(seen).size, 4)
    assert.deepEqual(
      seen.map((id) => Number(`0x${id.slice(-1)}`)),
      [3, 2, 15, 1],
      'by when they were opened; at one instant what was stored last is first',
    )
  })

  it('groups alerts that are like one another, page by page, and lists the alerts of a group', async () => {
    const groups = (query: string) =>
      running.json<AlertGroupsResponse>(`/api/alert-groups?${query}`)
    const all = await groups('')
    assert.equal(all.alerts, 4)
    const seen: string[] = []
    for (let after: string | undefined = ''; after !== undefined; ) {
      const page: AlertGroupsResponse = await groups(`limit=1&sort=score&after=${after}`)
      assert.deepEqual([page.total, page.alerts], [all.total, 4])
      for (const { id, alerts } of page.groups) {
        const { total } = await running.json<AlertsResponse>(`/api/alerts?group=${id}`)
        assert.equal(total, alerts)
        seen.push(id)
      }
      after = page.next
    }
    assert.equal(new Set(seen).size, all.total)
    assert.equal(seen.length, all.total)
    assert.equal((await groups('severity=low')).alerts, 2)
    assert.deepEqual(await groups('q=nowhere'), {
      statuses: { open: 0, acknowledged: 0, closed: 0, grown: 0 },
      groups: [],
      total: 0,
      alerts: 0,
    })
  })

  it('answers one alert whole, and 404 for one that is not there', async () => {
    const found = await running.get(`/api/alerts/${'2'.padStart(32, '0')}`)
    const alert = (await found.json()) as AlertDetail
    assert.equal(alert.severity, 'high')
    assert.equal(alert.user, 'ana')
    assert.equal(alert.device.hostname, 'mac-1')
    assert.deepEqual(alert.timeline.bytesOut, [8_400_000])
    assert.equal(alert.openedAt, (T0 + 2n).toString())
    assert.equal((await running.get(`/api/alerts/${'e'.repeat(32)}`)).status, 404)
    assert.equal((await running.get('/api/alerts/nonsense')).status, 404)
  })

  it('answers the alert of the machine that is named where two have the same id', async () => {
    const id = '9'.repeat(32)
    await agent.deliver([alertItem(20, { id, severity: 'low' })])
    await other.deliver([alertItem(20, { id, severity: 'low' })])
    for (const device of [DEVICE_A, DEVICE_B]) {
      const alert = await running.json<AlertDetail>(`/api/alerts/${id}?device=${device}`)
      assert.equal(alert.device.id, device)
    }
    assert.equal((await running.get(`/api/alerts/${id}?device=nobody`)).status, 404)
    const either = await running.get(`/api/alerts/${id}`)
    assert.equal(either.status, 400)
    const { error } = (await either.json()) as ErrorResponse
    assert.equal(error, 'device: whose alert? 2 machines have one with this id')
  })

  it('lists identities with their first network use and their destinations', async () => {
    const { identities, total } = await running.json<IdentitiesResponse>('/api/identities')
    assert.equal(total, 2)
    assert.deepEqual(
      identities.map(({ name, destinations, firstNetworkAt }) => [
        name,
        destinations,
        firstNetworkAt,
      ]),
      [
        ['other_tool', 0, '0'],
        ['tool', 3, (T0 + 5n).toString()],
      ],
    )
    assert.equal(identities[1]?.firstProcess.path, '/opt/tool')
  })

  it('finds identities by text, in which % and _ are no wildcards', async () => {
    const find = async (q: string) =>
      (await running.json<IdentitiesResponse>(`/api/identities?q=${encodeURIComponent(q)}`)).total
    assert.equal(await find('TOOL'), 2)
    assert.equal(await find('r_t'), 1)
    assert.equal(await find('r%t'), 0)
    assert.equal(await find("'; DROP TABLE identity; --"), 0)
    const all = await running.json<IdentitiesResponse>('/api/identities')
    for (const { key, device } of all.identities) {
      const query = `device=${device.id}&key=${encodeURIComponent(key)}`
      const { identities, total } = await running.json<IdentitiesResponse>(
        `/api/identities?${query}`,
      )
      assert.deepEqual([total, identities[0]?.key, identities[0]?.device.id], [1, key, device.id])
    }
    const part = await running.json<IdentitiesResponse>('/api/identities?key=tool')
    assert.equal(part.total, 0)
  })

  it('lists devices with the counters of the moment', async () => {
    const sources = {
      ...{ processes: 'polling', flows: 'network_statistics', isFilterSilent: false, forced: [] },
      text: ['Programs are seen by the list of processes.', 'x'.repeat(3000)],
    }
    agent.send({ kind: 'live', live: liveOf({ degraded: 'no filter', records: 77, sources }) })
    // The answer to a batch comes after the counters that were sent before it.
    await agent.deliver([alertItem(1)])
    const { devices } = await running.json<DevicesResponse>('/api/devices')
    const mac = devices.find(({ id }) => id === DEVICE_A)
    assert.equal(mac?.live?.records, 77)
    assert.equal(mac?.live?.degraded, 'no filter')
    const [sentence = '', long = ''] = sources.text
    assert.deepEqual(mac?.live?.sources, { ...sources, text: [sentence, long.slice(0, 2048)] })
    assert.equal(mac?.osVersion, '14.5')
    assert.equal(devices.find(({ id }) => id === DEVICE_B)?.live, undefined)
  })

  it('lists health events and its own counters', async () => {
    const { events } = await running.json<HealthResponse>('/api/health')
    const [{ storedAt } = {}] = events
    assert(storedAt !== undefined && BigInt(storedAt) > T0)
    assert.deepEqual(events, [
      { deviceId: DEVICE_A, at: T0.toString(), kind: 'loss', text: '3 lost', count: 3, storedAt },
    ])
    const of = async (query: string) =>
      (await running.json<HealthResponse>(`/api/health?${query}`)).events.length
    const span = (since: bigint, until: bigint) => `since=${since}&until=${until}`
    assert.equal(await of(`device=${DEVICE_A}&${span(T0, T0 + 1n)}`), 1)
    assert.equal(await of(`device=${DEVICE_B}`), 0)
    assert.equal(await of(span(T0 + 1n, T0 + 9n)), 0)
    // As RFC 3339 writes it, too.
    const written = (ns: bigint) => new Date(Number(ns / 1_000_000n)).toISOString()
    const at = (since: bigint, until: bigint) => `since=${written(since)}&until=${written(until)}`
    assert.equal(await of(at(T0, T0 + 2_000_000n)), 1)
    assert.equal(await of(at(T0 + 2_000_000n, T0 + 4_000_000n)), 0)
    const zoned = written(T0).replace(/\..*/, '.000000000%2B00:00')
    assert.equal(await of(`since=${zoned}`), 1)
    assert.equal(await of('kind=degraded,loss'), 1)
    assert.equal(await of(`kind=degraded&device=${DEVICE_A}`), 0)
    assert.equal(await of('device=nobody'), 0)
    assert.equal(await of(span(T0 - 9n, T0)), 0)
    const { counters } = await running.json<CountersResponse>('/api/counters')
    assert.equal(counters.agentsConnected, 2)
    assert.equal(counters.itemsRejected, 0)
  })

  it('refuses parameters that cannot be, with a sentence', async () => {
    for (const [path, why] of [
      ['/api/alerts?limit=0', /limit: a whole number from 1 to 500/],
      ['/api/alerts?limit=1e2', /limit/],
      ['/api/alerts?limit=501', /limit/],
      ['/api/alerts?before=yesterday', /before/],
      [`/api/alerts?before=${1n << 63n}`, /before/],
      ['/api/alerts?severity=urgent', /low, medium or high/],
      ['/api/alerts?severity=low&severity=high', /twice/],
      ['/api/alerts?sort=size', /newest, score or bytes/],
      ['/api/alerts?after=5', /after: what the page before said/],
      ['/api/alerts?before=5~x', /before: what the page before said/],
      [`/api/alerts?sort=score&before=${T0}`, /before: a time is for sort=newest/],
      ['/api/alerts?sort=score&after=6', /after/],
      [`/api/alerts?since=${T0}&until=${T0}`, /until: a time after since/],
      // A year, seconds, a day that is none, a time without a zone.
      ['/api/alerts?since=2026', /since: a time like 2026-11-29T08:00:00Z, or nanoseconds/],
      ['/api/alerts?since=1796000000', /since: a time like/],
      ['/api/alerts?until=2026-13-01T00:00:00Z', /until: a time like/],
      ['/api/alerts?until=2026-11-29T08:00:00', /until: a time like/],
      ['/api/alerts?group=none', /group: 16 hex digits/],
      ['/api/alert-groups?after=5', /after: what the page before said/],
      ['/api/alert-groups?after=5~6', /after/],
      ['/api/alert-groups?after=5~6~7~8', /after/],
      ['/api/alert-groups?sort=bytes&after=5~6', /after/],
      ['/api/alert-groups?group=0123456789abcdef', /no parameter "group"/],
      ['/api/alerts?sverity=low', /no parameter "sverity"/],
      [`/api/identities?q=${'x'.repeat(2001)}`, /at most 2000/],
    ] as const) {
      const response = await running.get(path)
      assert.equal(response.status, 400, path)
      assert.match(((await response.json()) as ErrorResponse).error, why)
    }
  })

  it('says beside what is found which words of a search are no field, and those that there are', async () => {
    const notes = async (path: string) =>
      ((await (await running.get(path)).json()) as AlertsResponse).notes
    for (const list of ['alerts', 'alert-groups']) {
      assert.deepEqual(await notes(`/api/${list}?q=pid:12+path:tool`), [
        '“pid” is no field: “pid:12” is looked for as it stands. There are app: path: hash: signing: user: to: script: host:.',
      ])
      assert.equal(await notes(`/api/${list}?q=script:x+localhost:443`), undefined)
    }
    assert.deepEqual(await notes('/api/identities?q=path:tool+host:a'), [
      '“path” is no field: “path:tool” is looked for as it stands. There are host:.',
    ])
  })

  it('refuses without the key, and with a wrong one, and says where it is', async () => {
    const given = [{}, { Authorization: 'Bearer nonsense' }, { Authorization: running.key }]
    for (const headers of given)
      for (const path of ['/api/alerts', '/api/events', '/api/counters', '/api/nothing']) {
        const { status, body } = await raw(running, path, { headers })
        assert.equal(status, 401, path)
        // As it is copied on this machine, from where it is asked.
        const command = `\`npx freshet page --state ${running.root}\``
        const { error } = JSON.parse(body) as ErrorResponse
        assert.ok(error.includes(`${command} prints`), error)
        assert.match(error, /page\.key/)
      }
  })

  it('neither gives a cookie nor takes one: a browser sends it to every port of this machine', async () => {
    const bearer = { Authorization: `Bearer ${running.key}` }
    for (const path of ['/', '/livez', '/api/session', '/api/alerts'])
      for (const method of ['GET', 'POST'])
        for (const headers of [{}, bearer]) {
          const answer = await raw(running, path, {
            method,
            headers: { ...headers, 'Content-Type': 'application/json' },
            body: JSON.stringify({ key: running.key }),
          })
          assert.equal(answer.headers['set-cookie'], undefined, `${method} ${path}`)
        }
    const { port } = running.collector
    for (const name of ['freshet', `freshet_${port}`, 'key']) {
      const headers = { Cookie: `${name}=${running.key}` }
      assert.equal((await raw(running, '/api/alerts', { headers })).status, 401, name)
    }
  })

  it('answers the page of another site nothing, even with the key', async () => {
    const bearer = { Authorization: `Bearer ${running.key}` }
    const { url, port } = running.collector
    const from = (Origin: string, method = 'GET') =>
      raw(running, '/api/alerts', { method, headers: { ...bearer, Origin } })
    for (const origin of ['http://evil.example', `http://127.0.0.1:${port + 1}`, 'null', '']) {
      const { status, headers } = await from(origin)
      assert.equal(status, 403, origin)
      assert.equal(headers['access-control-allow-origin'], undefined)
    }
    assert.equal((await from('http://evil.example', 'OPTIONS')).status, 403)
    assert.equal((await from(url)).status, 200)
  })

  it('serves the page to anybody, under a policy that runs only its own code', async () => {
    const { status, headers, body } = await raw(running, '/')
    assert.equal(status, 200)
    assert.match(body, /<html/i)
    assert.match(headers['content-security-policy'] as string, /^default-src 'self';/)
    assert.doesNotMatch(headers['content-security-policy'] as string, /unsafe/)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['referrer-policy'], 'no-referrer')
    const asset = /\/assets\/[\w.-]+\.js/.exec(body)?.[0] as string
    const script = await raw(running, asset)
    assert.equal(script.status, 200)
    assert.match(script.headers['content-type'] as string, /javascript/)
    assert.match(script.headers['cache-control'] as string, /immutable/)
  })

  it('keeps answers of the API out of caches', async () => {
    assert.equal((await running.get('/api/alerts')).headers.get('cache-control'), 'no-store')
  })

  it('serves nothing outside the page', async () => {
    for (const path of [
      '/../collector.ts',
      '/assets/../../collector.ts',
      '/..%2f..%2fcollector.ts',
      '/%2e%2e/collector.ts',
      '//etc/passwd',
      '/assets/\\..\\..\\collector.ts',
      '/index.html%00.js',
    ])
      assert.equal((await raw(running, path)).status, 404, path)
  })

  it('says to a person that an address names no page, with the way back, and shows none of it as markup', async () => {
    const path = '/alerts/<script>alert(1)</script>"'
    const { status, headers, body } = await raw(running, path, { headers: { Accept: 'text/html' } })
    assert.equal(status, 404)
    assert.match(headers['content-type'] as string, /^text\/html/)
    assert.match(headers['content-security-policy'] as string, /^default-src 'self';/)
    assert.match(body, /There is no such page[\s\S]*\/alerts\/[\s\S]*<a href="\/">Go to the alerts/)
    assert.doesNotMatch(body, /<script|"[^>]*"\?/)
  })

  it('answers HEAD as GET without a body, and 405 to other methods', async () => {
    const headers = { Authorization: `Bearer ${running.key}` }
    for (const path of ['/', '/livez', '/api/alerts']) {
      const head = await raw(running, path, { method: 'HEAD', headers })
      assert.equal(head.status, 200, path)
      assert.equal(head.body, '')
      const post = await raw(running, path, { method: 'POST', headers })
      assert.equal(post.status, 405, path)
      assert.equal(post.headers.allow, 'GET, HEAD')
    }
  })

  describe('has one answer for a request, whatever comes behind it:', () => {
    /** What is answered to these bytes until the connection ends. */
    const talk = async (...parts: string[]): Promise<string> => {
      const socket = connect(running.collector.port, '127.0.0.1')
      const closed = once(socket, 'close')
      let said = ''
      socket.setEncoding('utf8').on('data', (text) => (said += text))
      socket.on('error', () => {})
      for (const part of parts) {
        socket.write(part)
        // One piece of TCP each.
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      await closed
      return said
    }
    const head = (line: string, ...more: string[]) =>
      [
        `${line} HTTP/1.1`,
        'Host: 127.0.0.1',
        `Authorization: Bearer ${running.key}`,
        ...more,
        '\r\n',
      ].join('\r\n')
    const statuses = (said: string) => [...said.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, of]) => of)

    it('a body that no length tells of, after a last request', async () => {
      const last = head('GET /api/alerts', 'Connection: close')
      for (const parts of [[`${last}{"key":1}`], [last, '{"key":1}']])
        assert.deepEqual(statuses(await talk(...parts)), ['200'])
    })

    it('and another for what is no request, after it', async () => {
      const said = await talk(`${head('GET /api/alerts')}nonsense`)
      assert.deepEqual(statuses(said), ['200', '400'])
      assert.match(said, /"alerts":\[.*\}HTTP\/1\.1 400/)
    })

    it('nothing in the middle of live updates, which end', async () => {
      assert.deepEqual(statuses(await talk(head('GET /api/events'), 'nonsense\r\n\r\n')), ['200'])
    })

    it('a body that is cut, or never comes whole, of a request that was refused at once', async () => {
      const chunked = head('POST /api/alerts', 'Transfer-Encoding: chunked')
      assert.deepEqual(statuses(await talk(chunked, 'no length\r\n')), ['405'])
    })

    it('a body that is too large, also where much of it is still under way', async () => {
      for (const bytes of [40_000, 4_000_000]) {
        const post = head(
          `POST /api/alerts/${'0'.repeat(32)}/triage`,
          'Content-Type: application/json',
          `Content-Length: ${bytes}`,
        )
        assert.deepEqual(statuses(await talk(post, ' '.repeat(bytes))), ['413'])
      }
    })
  })

  it('says that it lives to anybody, but not under a name that is not loopback', async () => {
    assert.equal((await raw(running, '/livez')).status, 200)
    for (const host of ['rebound.example', '127.0.0.1.rebound.example', '10.0.0.1'])
      assert.equal((await raw(running, '/livez', { headers: { Host: host } })).status, 421, host)
    for (const host of ['localhost:1', '[::1]:80', '127.0.0.1'])
      assert.equal((await raw(running, '/livez', { headers: { Host: host } })).status, 200, host)
  })
})
