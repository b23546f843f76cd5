// What a page may post of an alert, and what becomes of it for others.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { copyStore } from '../../src/collector/store/copy.ts'
import { createReader } from '../../src/collector/store/reader.ts'
import { openForReading } from '../../src/collector/store/schema.ts'
import type {
  AlertDetail,
  AlertGroupsResponse,
  AlertsResponse,
  TriageRequest,
} from '../../src/collector/views/page-api.ts'
import {
  type Agent,
  alertItem,
  connectAgent,
  DEVICE_A,
  type Running,
  runCollector,
} from './agent.ts'

const idOf = (number: number) => number.toString(16).padStart(32, '0')

describe('triage over the API', () => {
  let running: Running
  let agent: Agent
  before(async () => {
    running = await runCollector()
    agent = await connectAgent(running)
    await agent.deliver([alertItem(1), alertItem(2), alertItem(3), alertItem(4)])
  })
  after(async () => {
    await agent?.close()
    await running?.stop()
  })

  const good: TriageRequest = {
    device: DEVICE_A,
    revision: 0,
    status: 'acknowledged',
    by: 'Ada L.',
    note: 'looked at it',
  }
  type Init = { key?: string; headers?: Record<string, string>; text?: string; method?: string }
  const post = (number: number, body: unknown, init: Init = {}) =>
    fetch(`${running.collector.url}/api/alerts/${idOf(number)}/triage`, {
      method: init.method ?? 'POST',
      headers: {
        Authorization: `Bearer ${init.key ?? running.key}`,
        'Content-Type': 'application/json',
        ...init.headers,
      },
      ...(init.method !== 'GET' && { body: init.text ?? JSON.stringify(body) }),
    })
  const detail = (number: number) => running.json<AlertDetail>(`/api/alerts/${idOf(number)}`)
  const refusal = async (response: Response) => [
    response.status,
    ((await response.json()) as { error: string }).error,
  ]

  it('is kept, answered with the alert, and tells who was there first', async () => {
    const answered = await post(1, { ...good, note: ' one\r\ntwo ' })
    assert.equal(answered.status, 200)
    const alert = (await answered.json()) as AlertDetail
    assert.equal(alert.triage?.by, 'Ada L.')
    assert.deepEqual(alert.triageHistory[0]?.note, ['one', 'two'])
    assert.deepEqual(await detail(1), alert)
    // Bo's page has not seen it.
    const second = await post(1, { ...good, status: 'closed', by: 'Bo' })
    assert.deepEqual(await refusal(second), [
      409,
      'somebody else has said something of this alert meanwhile: look at that first',
    ])
    assert.equal((await detail(1)).triage?.by, 'Ada L.')
    assert.equal((await post(1, { ...good, status: 'closed', by: 'Bo', revision: 1 })).status, 200)
  })

  it('of two people at once keeps one, and tells the other', async () => {
    const both = await Promise.all(
      ['Ada', 'Bo'].map((by) => post(2, { ...good, status: 'closed', by })),
    )
    assert.deepEqual(
      both.map(({ status }) => status).sort((a, b) => a - b),
      [200, 409],
    )
    assert.equal((await detail(2)).triageHistory.length, 1)
  })

  it('is in the lists, which leave out what is closed when they are asked to', async () => {
    await post(3, { ...good, status: 'closed' })
    const of = async (query: string) => {
      const { alerts, total, statuses } = await running.json<AlertsResponse>(`/api/alerts?${query}`)
      assert.equal(alerts.length, total)
      assert.deepEqual(statuses, { open: 1, acknowledged: 0, closed: 3, grown: 0 })
      return alerts.map(({ id }) => Number.parseInt(id, 16)).sort((a, b) => a - b)
    }
    assert.deepEqual(await of(''), [1, 2, 3, 4])
    assert.deepEqual(await of('status=active'), [4])
    assert.deepEqual(await of('status=closed&q=backup-tool'), [1, 2, 3])
    assert.deepEqual(await of('status=acknowledged&sort=bytes'), [])
    assert.equal((await running.get('/api/alerts?status=done')).status, 400)
    const groups = await running.json<AlertGroupsResponse>('/api/alert-groups?status=active')
    assert.deepEqual([groups.total, groups.alerts], [1, 1])
    assert.deepEqual(groups.statuses, { open: 1, acknowledged: 0, closed: 3, grown: 0 })
    const closed = await running.json<AlertGroupsResponse>('/api/alert-groups?status=closed')
    assert.equal(closed.groups[0]?.newest.triage?.status, 'closed')
    assert.equal(closed.alerts, 3)
  })

  it('is in a backup', () => {
    const file = join(running.stateDir, 'copy.db')
    copyStore(join(running.stateDir, 'store.db'), file)
    const db = openForReading(file)
    const alert = createReader(db).answer({ op: 'alert', id: idOf(1) }) as AlertDetail
    db.close()
    rmSync(file)
    assert.deepEqual(
      alert.triageHistory.map(({ by, status }) => [by, status]),
      [
        ['Ada L.', 'acknowledged'],
        ['Bo', 'closed'],
      ],
    )
  })

  it('is refused from other sites, without the key, as a form, or by another method', async () => {
    const evil = { Origin: 'https://evil.example' }
    assert.deepEqual(await refusal(await post(4, good, { headers: evil })), [
      403,
      'another site may not ask here',
    ])
    assert.equal((await post(4, good, { headers: { Origin: 'null' } })).status, 403)
    assert.equal((await post(4, good, { key: 'wrong' })).status, 401)
    const form = { 'Content-Type': 'text/plain' }
    assert.equal((await post(4, good, { headers: form })).status, 415)
    const asked = await post(4, good, { method: 'GET' })
    assert.equal(asked.status, 405)
    assert.equal(asked.headers.get('allow'), 'POST')
    assert.equal((await post(4, good, { method: 'DELETE' })).status, 405)
    assert.equal((await detail(4)).triage, null)
    const own = { Origin: running.collector.url }
    assert.equal((await post(4, good, { headers: own })).status, 200)
  })

  it('is refused where it cannot be, with what would be right', async () => {
    const now = { ...good, revision: 1, status: 'closed' as const }
    const cases: [unknown, RegExp][] = [
      [{ ...now, status: 'grown' }, /^status: open, acknowledged or closed$/],
      [{ ...now, status: 2 }, /^status:/],
      [{ ...now, by: '' }, /^by: your name/],
      [{ ...now, by: 'x'.repeat(65) }, /^by:/],
      [{ ...now, by: 'ada\u202Eeve' }, /^by:/],
      [{ ...now, by: 'a\nb' }, /^by:/],
      [{ ...now, by: undefined }, /^by:/],
      [{ ...now, note: 'é'.repeat(2049) }, /^note: at most 4096 bytes/],
      [{ ...now, note: undefined }, /^note:/],
      [{ ...now, note: ['a'] }, /^note:/],
      [{ ...now, revision: -1 }, /^revision:/],
      [{ ...now, revision: 0.5 }, /^revision:/],
      [{ ...now, revision: '1' }, /^revision:/],
      [{ ...now, device: 7 }, /^device:/],
      [{ ...now, status: 'acknowledged', note: '  ' }, /that status already/],
      [null, /^device:/],
      [[], /^device:/],
    ]
    for (const [body, expected] of cases) {
      const [status, error] = await refusal(await post(4, body))
      assert.equal(status, 400, JSON.stringify(body))
      assert.match(String(error), expected)
    }
    const lone = `{"device":"${DEVICE_A}","revision":1,"status":"closed","by":"a","note":"\\ud800"}`
    assert.equal((await post(4, 0, { text: lone })).status, 400)
    assert.equal((await post(4, 0, { text: '{' })).status, 400)
    assert.equal((await post(4, 0, { text: `"${'x'.repeat(33_000)}"` })).status, 413)
    assert.equal((await post(9, now)).status, 404)
    assert.equal((await post(4, { ...now, device: 'nobody' })).status, 404)
    assert.equal((await running.get(`/api/alerts/${idOf(4)}/other`)).status, 404)
    assert.equal((await detail(4)).triageHistory.length, 1)
    // The longest note there may be, of bytes that JSON makes longest.
    assert.equal((await post(4, { ...now, note: '\u0001'.repeat(4096) })).status, 200)
  })
})
