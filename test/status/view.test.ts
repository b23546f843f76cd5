import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { boundedLive } from '../../src/collector/gateway/bounded.ts'
import type { Unwatched } from '../../src/host/running-mark.ts'
import { Gap, Source } from '../../src/records/record.gen.ts'
import type { AgentStatus } from '../../src/status/agent-status.ts'
import { size, span } from '../../src/status/amounts.ts'
import { LINE_BYTES_MAX } from '../../src/status/asking.ts'
import { CAUSE_CODES, causesOf } from '../../src/status/causes.ts'
import { SENSOR_CAUSES, sensorTrouble } from '../../src/status/sensor-causes.ts'
import { type Menu, menuOf, statusLines, TEXT_CHARS_MAX } from '../../src/status/view.ts'
import { liveOf } from '../collector/agent.ts'
import { CAUSED, MACS, OTHER_STATES, wellStatus } from './states.ts'

// UPDATE_GOLDEN=1 writes it anew.
const GOLDEN = new URL('golden.json', import.meta.url)

const GIB = 2 ** 30

type Shown = { menu: Menu; terminal: string[] }

const states = { ...OTHER_STATES, ...CAUSED }
const show = (name: string): Shown => {
  const status = wellStatus(states[name as keyof typeof states])
  const menu = menuOf(status, status.startedAtMs + 3_725_000)
  return { menu, terminal: statusLines(menu) }
}

describe('the status in plain words', () => {
  it('says what could not be read and what was open before, where there is any', () => {
    const well = wellStatus()
    const network = (counters: Partial<AgentStatus['counters']>): string =>
      menuOf({ ...well, counters: { ...well.counters, ...counters } }, 0).rows.find((row) =>
        row.startsWith('Network: '),
      ) ?? ''
    assert.doesNotMatch(network({}), /could not be read|not watched/)
    assert.match(network({ unreadFlows: 112 }), /, 112 whose last bytes could not be read$/)
    assert.match(network({ atMostFlows: 3 }), /, 3 with what was sent again counted too$/)
    assert.match(network({ guessedFlows: 4 }), /, 4 whose program is a guess$/)
    assert.match(
      network({ tunnelledFlows: 2, tunnelledBytes: 5_000_000 }),
      /; 2 through a tunnel, with 5\.0 MB that is not in these sums$/,
    )
    assert.match(
      network({ earlierFlows: 3, earlierBytes: 5_242_880 }),
      /; 3 open before the first look, with 5\.2 MB that no alert counts$/,
    )
  })

  it('says who sent in ways that are not watched, and how much others did', () => {
    const { counters, ...well } = wellStatus()
    const unseen = [
      { name: 'dig', way: 'UDP', bytes: 3 * 2 ** 20 },
      { name: 'ping', way: 'ICMP', bytes: 2048 },
    ]
    const status = { ...well, unseen, counters: { ...counters, unseenBytes: 5 * 2 ** 20 } }
    assert.deepEqual(
      menuOf(status, 0).rows.filter((row) => row.startsWith('Not watched')),
      [
        'Not watched: 5.2 MB were sent in ways that are in no flow and no alert: 3.1 MB by “dig” over UDP, 2.0 kB by “ping” over ICMP, 2.1 MB by others',
      ],
    )
    assert.ok(!menuOf(wellStatus(), 0).rows.some((row) => row.startsWith('Not watched')))
  })

  it('says which policy is in force, and what was refused, unless it is the one that is built in', () => {
    const row = (policy?: AgentStatus['policy']) =>
      menuOf({ ...wellStatus(), ...(policy ? { policy } : {}) }, 0).rows.find((one) =>
        one.startsWith('Policy: '),
      )
    assert.equal(row(), undefined)
    const of = { source: 'pushed' as const, version: 7, refused: [] }
    assert.equal(row(of), 'Policy: version 7, sent by the collector')
    assert.equal(
      row({ ...of, source: 'local', refused: ['policy 8 does not hold: its time was over'] }),
      'Policy: version 7, a file of the command line; policy 8 does not hold: its time was over',
    )
    // It takes nothing that is sent: nothing of it is in force.
    const none = { ...of, version: 0, refused: ['policy 8 does not hold: no root key'] }
    assert.equal(
      row({ ...none, source: 'built-in' }),
      'Policy: the built-in one; policy 8 does not hold: no root key',
    )
    assert.equal(
      row({ ...none, refused: [] }),
      'Policy: the built-in one, with exceptions sent by the collector',
    )
  })
  it('says what crossed the gate and has no alert of its own', () => {
    const { counters, ...well } = wellStatus()
    const alerts = (more: Partial<AgentStatus['counters']>): string | undefined =>
      menuOf({ ...well, counters: { ...counters, ...more } }, 0).rows.find((row) =>
        row.startsWith('Alerts: '),
      )
    assert.equal(alerts({}), 'Alerts: 2 since the start')
    assert.equal(
      alerts({ suppressed: 3, rolledUp: 1 }),
      'Alerts: 2 since the start, 3 held back by the policy, 1 more counted within alerts of the same programs',
    )
    assert.equal(
      alerts({ unopened: 1, gaveWay: 2 }),
      'Alerts: 2 since the start, 2 gave way to rarer ones, 1 destination without one, as all that are open are rarer',
    )
  })

  it('says why the kernel runs no program of ours, and what helps against that very cause', () => {
    const toldOf = (why: string): string => {
      const note = `Other users' programs are not seen: run freshet as root. What a connection that is reset or disconnected sent is known only up to the last look, and neither who takes a socket over nor UDP is seen: no program of ours in the kernel (${why}).`
      const gaps = [{ source: Source.linux, gaps: Gap.finalCounters, note }]
      const status = wellStatus({ sensor: { silentMs: 0, isForeign: false, gaps, note } })
      const [cause] = causesOf(status)
      assert.match(cause?.text ?? '', /no program of Freshet’s \(.+\)\.$/)
      assert.ok(cause?.text.includes(`(${why})`))
      return cause?.remedy ?? ''
    }
    for (const [why, remedy] of [
      ['they are switched off', /without what switched them off/],
      ['the agent runs in a pid namespace of its own', /--pid host/],
      ['/sys/kernel/btf/vmlinux: No such file or directory', /CONFIG_DEBUG_INFO_BTF/],
      ['bpf(2) gives no maps: Operation not permitted', /CAP_BPF and CAP_PERFMON/],
      ['the kernel has no tracepoint sock_send_length', /Linux 6\.3/],
      ["inet_sock_set_state: the kernel's types have no bytes_sent", /tracepoints that it names/],
      ['inet_sock_set_state: cannot be put together', /as root .* with BTF/],
    ] as const)
      assert.match(toldOf(why), remedy)
  })

  it('says what to do where last bytes could not be read, by whether the kernel runs our programs', () => {
    const counters = { ...wellStatus().counters, flows: 200, unreadFlows: 20 }
    const unreadOf = (status: AgentStatus) =>
      causesOf(status).find(({ code }) => code === 'unread')?.remedy ?? ''
    assert.match(unreadOf(wellStatus({ counters })), /programs run in the kernel and missed them/)
    const without = wellStatus({ counters, ...CAUSED['final-counters'] })
    assert.match(unreadOf(without), /named under `sensor`/)
    assert.equal(unreadOf(wellStatus({ counters: { ...counters, unreadFlows: 10 } })), '')
  })

  it('counts one as one, in causes and in figures', () => {
    const { counters, outbox, ...well } = wellStatus()
    const shown = (n: number): string => {
      const status = {
        ...well,
        counters: { ...counters, lost: n },
        outbox: { ...outbox, unwritten: n, evicted: n },
        lately: { lost: n, evicted: n, notKept: n },
      }
      const causes = causesOf(status).map(({ text }) => text)
      return [...causes, ...menuOf(status, 0).rows].join('\n')
    }
    const one = shown(1)
    for (const text of ['1 event was lost', '1 finding was given up', '1 finding waits in memory'])
      assert.ok(one.includes(text), one)
    assert.match(one, /1 finding of the last hour is lost/)
    assert.match(one, /^Lost: 1 event, 1 finding evicted/m)
    assert.doesNotMatch(one, /\b1 (events|findings)\b/)
    assert.match(shown(2), /2 events were lost in the last hour/)
  })

  it('says first that nothing is reported, where a full disk comes before that', () => {
    const line = (name: keyof typeof OTHER_STATES): string =>
      menuOf(wellStatus(OTHER_STATES[name]), 0).line
    assert.match(
      line('the disk is full, findings wait, the collector is away'),
      /^Watching, but not reporting\. The agent’s disk takes nothing: 2 findings wait in memory, and would be lost/,
    )
    assert.match(
      line('the disk is full, nothing waits yet, the collector is away'),
      /^Watching, but not reporting\. The disk with the state directory is full/,
    )
    // They go to it from memory.
    assert.match(line('the disk takes nothing, and the collector has all'), /^Watching\. The agent/)
  })

  let golden: Record<string, Shown>
  before(() => {
    if (process.env['UPDATE_GOLDEN'] === '1') {
      const all = Object.fromEntries(Object.keys(states).map((name) => [name, show(name)]))
      writeFileSync(GOLDEN, `${JSON.stringify(all, null, 2)}\n`)
    }
    golden = JSON.parse(readFileSync(GOLDEN, 'utf8')) as Record<string, Shown>
  })

  for (const name of Object.keys(states))
    it(`shows: ${name}`, () => {
      assert.deepEqual(show(name), golden[name])
    })

  it('has no golden of a state that is gone', () => {
    assert.deepEqual(Object.keys(golden), Object.keys(states))
  })

  it('says the same in menu bar and terminal, every text of it', () => {
    for (const name of Object.keys(states)) {
      const { menu, terminal } = show(name)
      const printed = terminal.join('\n')
      assert.equal(terminal[0], menu.line)
      for (const { text, url } of menu.needs)
        assert.ok(printed.includes(`${text}`) && printed.includes(url))
      for (const text of [...menu.rows, ...menu.alerts.map((alert) => alert.text)])
        assert.ok(terminal.includes(`  ${text}`), text)
      assert.equal(terminal.length, 1 + menu.needs.length + menu.rows.length + menu.alerts.length)
    }
  })

  for (const code of CAUSE_CODES)
    it(`finds ${code}, and nothing else, where it is so`, () => {
      const [cause, ...others] = causesOf(wellStatus(CAUSED[code]))
      assert.equal(cause?.code, code)
      assert.deepEqual(others, [])
      for (const sentence of [cause.text, cause.remedy])
        assert.match(sentence, /^([A-Z0-9]|macOS).*[.)]$/s)
      const { state } = menuOf(wellStatus(CAUSED[code]), 0)
      assert.equal(state, cause.level === 'failure' ? 'error' : 'attention')
    })

  for (const [code, at, past] of [
    ['clock', { clockOffsetMs: -60_000 }, { clockOffsetMs: -60_001 }],
    ['clock', { clockOffsetMs: 60_000 }, { clockOffsetMs: 60_001 }],
    [
      'restarts',
      { restarts: { engine: 1, sense: 1, unwatched: [] as Unwatched[] } },
      { restarts: { engine: 1, sense: 2, unwatched: [] as Unwatched[] } },
    ],
    [
      'disk-low',
      { disk: { freeBytes: GIB, totalBytes: GIB } },
      { disk: { freeBytes: GIB - 1, totalBytes: GIB } },
    ],
    [
      'disk-full',
      { disk: { freeBytes: GIB / 16, totalBytes: GIB } },
      { disk: { freeBytes: GIB / 16 - 1, totalBytes: GIB } },
    ],
  ] as const)
    it(`finds ${code} past its bound and not at it`, () => {
      const codes = (change: Partial<AgentStatus>) =>
        causesOf(wellStatus(change)).map((cause) => cause.code)
      assert.ok(!codes(at).includes(code))
      assert.deepEqual(codes(past), [code])
    })

  it('tells a collector of the sensor alone, in the words of the table, and in its own where it has no code', () => {
    for (const code of CAUSE_CODES) {
      const status = wellStatus(CAUSED[code])
      const [cause] = causesOf(status)
      const isSensors = code in SENSOR_CAUSES
      assert.equal(sensorTrouble(status), isSensors ? `${cause?.text} ${cause?.remedy}` : '', code)
    }
    const both = wellStatus(OTHER_STATES['a Mac just installed'])
    assert.match(sensorTrouble(both), /Full Disk Access.* Network flows are not seen/)
    const strange = { silentMs: 0, isForeign: false, gaps: [], note: 'the source says so' }
    assert.equal(sensorTrouble(wellStatus({ sensor: strange })), 'the source says so')
  })

  it('says what of a Mac is seen by whom, and is blind only where nobody sees it', () => {
    for (const [name, mac] of Object.entries(MACS)) {
      const status = wellStatus(mac)
      const { processes, flows } = status.sources ?? assert.fail()
      const { state, line, rows } = menuOf(status, 0)
      const isBlind = processes === 'none' || flows === 'none'
      const isWhole = processes === 'endpoint_security' && flows === 'filter'
      assert.equal(state, isBlind ? 'error' : isWhole ? 'ok' : 'attention', name)
      const head = isBlind ? 'Not watching.' : isWhole ? 'Watching.' : 'Watching, with gaps.'
      assert.ok(line.startsWith(head), `${name}: ${line}`)
      assert.equal(rows.filter((row) => /^(Programs|Flows) are seen by /.test(row)).length, 2)
      // Each cause that a stand-in makes a gap of names it.
      for (const { level, text } of causesOf(status))
        if (level === 'failure') assert.doesNotMatch(text, / instead\./)
      // What a collector keeps of it is all of it.
      const degraded = sensorTrouble(status)
      assert.equal(boundedLive(liveOf({ degraded })).degraded, degraded, name)
    }
  })

  it('counts as a person does', () => {
    assert.deepEqual([0, 999, 1000, 1536, 8_388_608, 10 ** 12].map(size), [
      '0 B',
      '999 B',
      '1.0 kB',
      '1.5 kB',
      '8.4 MB',
      '1.0 TB',
    ])
    assert.deepEqual([-5, 59_499, 60_000, 3_599_499, 3_600_000].map(span), [
      '0 s',
      '59 s',
      '1 min 0 s',
      '59 min 59 s',
      '1 h 0 min',
    ])
  })

  it('has one unit for bytes: an alert’s figure and those above it can be compared', () => {
    const all = { bytesOut: 8_388_608, bytesIn: 700, unseenBytes: 5_000_000 }
    for (const code of CAUSE_CODES) {
      const status = wellStatus(CAUSED[code])
      const text = JSON.stringify(
        menuOf({ ...status, counters: { ...status.counters, ...all } }, 0),
      )
      assert.match(text, / 8\.4 MB out, 700 B in/)
      assert.doesNotMatch(text, /[KMGTP]iB/, code)
    }
  })

  it('has the newest alert first in a terminal', () => {
    const alert = (atMs: number) => ({ atMs, severity: 'high', sentence: `alert of ${atMs}` })
    const menu = menuOf(wellStatus({ lastAlerts: [1, 2, 3].map(alert) }), 0)
    const told = statusLines(menu).filter((line) => line.includes('alert of'))
    assert.deepEqual(
      told.map((line) => line.slice(-1)),
      ['3', '2', '1'],
    )
  })

  it('puts the worst first, whatever comes together', () => {
    fc.assert(
      fc.property(fc.subarray([...CAUSE_CODES], { minLength: 1 }), (codes) => {
        const status = wellStatus(Object.assign({}, ...codes.map((code) => CAUSED[code])))
        const found = causesOf(status)
        for (const level of ['failure', 'warning']) {
          const order = found
            .filter((cause) => cause.level === level)
            .map(({ code }) => CAUSE_CODES.indexOf(code))
          assert.deepEqual(
            order,
            order.toSorted((a, b) => a - b),
          )
        }
        const levels = found.map(({ level }) => level)
        assert.deepEqual(levels, levels.toSorted())
        const { line, needs, rows } = menuOf(status, 0)
        assert.ok(line.includes((found[0]?.text ?? '').slice(0, 100)))
        assert.ok(needs.length <= 8 && rows.length <= 24, 'more than a menu holds')
      }),
    )
  })

  it('asks of a person nothing whose text changes by itself: a notification would be told anew', () => {
    const noted = (nowMs: number, silentMs: number) =>
      menuOf(
        wellStatus({
          ...CAUSED.filter,
          lately: { lost: silentMs, evicted: 0, notKept: 0 },
          ...{ counters: { ...wellStatus().counters, flows: silentMs, lost: silentMs } },
        }),
        nowMs,
      ).needs
    assert.deepEqual(noted(1, 11_000), noted(9_999_999, 99_000))
  })

  it('says how to start the collector of this machine, where the agent is given its directory', () => {
    const status = wellStatus({
      collector: {
        url: '/srv/my state',
        state: 'waiting',
        reason: 'it does not run: its socket is not there (ENOENT)',
        retryInMs: 4000,
      },
    })
    const { needs, rows } = menuOf(status, 0)
    assert.match(
      JSON.stringify([needs, rows, causesOf(status)]),
      /npx freshet collector --state '\/srv\/my state'/,
    )
  })

  it('says under `up` that the collector is started again, and not to start a second one', () => {
    const away = { url: '/srv/s', state: 'waiting', reason: 'gone', retryInMs: 1 } as const
    const [cause] = causesOf(wellStatus({ collector: away, isUnderUp: true }))
    assert.match(cause?.remedy ?? '', /^What started the agent starts it again by itself/)
    assert.doesNotMatch(cause?.remedy ?? '', /freshet (collector|up)/)
  })

  it('says that a collector takes nothing where it was reached and can store nothing', () => {
    const status = wellStatus({
      collector: {
        ...{ url: '/srv/freshet', state: 'waiting', reason: 'the collector said goodbye: full' },
        ...{ retryInMs: 5000, takesNothing: true },
      },
    })
    const ofCollector = (isUnderUp: boolean) => causesOf({ ...status, isUnderUp })
    const [cause, ...others] = ofCollector(false)
    assert.deepEqual([cause?.code, others], ['collector-troubled', []])
    assert.match(
      ofCollector(true)[0]?.remedy ?? '',
      /terminal or the log of what started both says why.*disk .* is full/,
    )
  })

  it('fits a line of the socket, whatever others are called', () => {
    const long = '\u202e'.repeat(70_000)
    const status = wellStatus({
      lastAlerts: Array.from({ length: 5 }, () => ({ atMs: 0, severity: 'high', sentence: long })),
      collector: { url: 'https://c', state: 'refused', reason: long },
    })
    const menu = menuOf(status, 0)
    for (const text of [menu.line, ...menu.rows, ...menu.alerts.map((alert) => alert.text)])
      assert.ok(text.length <= TEXT_CHARS_MAX)
    assert.ok(JSON.stringify(menu).length < LINE_BYTES_MAX / 2)
  })
})
