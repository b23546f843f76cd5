import assert from 'node:assert/strict'
import { type AgentStatus, type CollectorState, statusLines } from '../../src/status/view.ts'

const status = (change: Partial<AgentStatus> = {}): AgentStatus => ({
  version: '0.1.0',
  deviceId: '3f0e7f2a-0000-4000-8000-000000000000',
  hostname: 'build-07',
  startedAtMs: 1_000_000,
  degraded: '',
  counters: {
    records: 1234,
    execs: 1500,
    flows: 42,
    processes: 61,
    openFlows: 3,
    identities: 350,
    bytesOut: 5 * 1024 * 1024,
    bytesIn: 700,
    unattributedFlows: 1,
    lost: 0,
    alerts: 2,
  },
  outbox: { items: 0, bytes: 0, evicted: 0, notKept: 0 },
  collector: { url: 'http://127.0.0.1:8442', state: 'connected' },
  lastAlerts: [],
  ...change,
})
const lines = (one: AgentStatus) => statusLines(one, one.startedAtMs + 3_725_000)

describe('the status in a terminal', () => {
  it('says what is watched, sent, lost, and where it goes', () => {
    assert.deepEqual(lines(status()), [
      'Watching (build-07, Freshet 0.1.0, up 1 h 2 min)',
      '  programs   61 running, 1,500 started, 350 identities known',
      '  network    3 flows open, 42 seen, 5.0 MiB out, 700 B in, 1 without a program',
      '  alerts     2 since the start',
      '  lost       0 events, 0 evicted from the outbox, 0 not kept',
      '  collector  connected to http://127.0.0.1:8442, 0 waiting (0 B)',
    ])
  })

  it('leads with what is missing, and with what was lost', () => {
    assert.equal(
      lines(status({ degraded: 'Short connections are not seen: run as root.' }))[0],
      'Watching, with gaps: Short connections are not seen: run as root. (build-07, Freshet 0.1.0, up 1 h 2 min)',
    )
    const lost = status()
    lost.counters.lost = 7
    assert.match(lines(lost)[0] ?? '', /^Watching; 7 events were lost since the start /)
  })

  for (const [state, text] of [
    [{ state: 'none' }, 'none is named (--collector): findings are kept here, 5 waiting (2.0 KiB)'],
    [{ state: 'connecting' }, 'connecting to http://c, 5 waiting (2.0 KiB)'],
    [
      { state: 'waiting', reason: 'connection refused', retryInMs: 61_000 },
      'away: connection refused; next try in 1 min 1 s, 5 waiting (2.0 KiB)',
    ],
    [
      { state: 'refused', reason: 'the token is wrong' },
      'refused by http://c: the token is wrong; 5 waiting (2.0 KiB)',
    ],
  ] as [CollectorState, string][])
    it(`says that the collector is ${state.state}`, () => {
      const one = status({
        collector: { url: 'http://c', ...state },
        outbox: { items: 5, bytes: 2048, evicted: 0, notKept: 0 },
      })
      assert.equal(lines(one)[5], `  collector  ${text}`)
    })

  it('shows a name that would steer the terminal as text', () => {
    const one = status({
      lastAlerts: [{ atMs: 0, severity: 'high', sentence: 'evil\x1b[2Jname\u202e sent 8 MB' }],
    })
    assert.equal(
      lines(one).at(-1),
      '  1970-01-01T00:00:00.000Z high   evil\\u{1b}[2Jname\\u{202e} sent 8 MB',
    )
  })
})
