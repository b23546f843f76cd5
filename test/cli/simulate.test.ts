// simulateUpload with the real probe and a collector whose answers the test writes: what a person is
// told in each way it can go.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { Server } from 'node:http'
import { type AddressInfo, createServer, type Server as NetServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { exitStatus, type SimulateOptions, simulateUpload } from '../../src/cli/simulate.ts'
import { resolveTarget, startSink } from '../../src/cli/simulate-probe.ts'
import { taking } from '../../src/cli/simulate-send.ts'
import type { DeviceInfo } from '../../src/collector/views/page-api.ts'
import { until } from '../e2e/installation.ts'
import { WAIT_MS } from '../waits.ts'
import {
  alert,
  identity,
  KEY,
  live,
  pretendCollector,
  type Script,
  type Seen,
} from './pretend-collector.ts'

const probePath = fileURLToPath(new URL('../../native/build/probe', import.meta.url))

describe('simulate upload', () => {
  let server: Server
  let url: string
  let script: Script
  let seen: Seen

  before(() => assert.ok(existsSync(probePath), `${probePath}: run node scripts/setup.mjs`))

  beforeEach(async () => {
    seen = { path: '', sha256: '', sent: undefined, lines: [] }
    script = { devices: () => [live(10, 1)], alert: () => undefined, identity: () => undefined }
    const pretended = await pretendCollector(
      () => script,
      () => seen,
    )
    server = pretended.server
    url = pretended.url
  })

  afterEach(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    if (seen.path)
      assert.equal(existsSync(seen.path), false, 'the copy of the probe is left behind')
  })

  const simulate = (change: Partial<SimulateOptions> = {}) =>
    simulateUpload({
      probePath,
      bytes: 300_001,
      flows: 3,
      silent: false,
      to: undefined,
      paceMs: 0,
      collectorUrl: url,
      pageKey: KEY,
      timeoutMs: 1000,
      agentWaitMs: 0,
      whyUnsent: async () => undefined,
      signal: new AbortController().signal,
      commands: {
        ...{ status: '`freshet status`', collector: '`freshet collector`', up: '`freshet up`' },
        agent: '`freshet agent --collector /c --include-loopback`',
      },
      print: (line) => {
        seen.lines.push(line)
        seen.path = /^Program +(\S+)/.exec(line)?.[1] ?? seen.path
        seen.sha256 = /^SHA-256 +([0-9a-f]{64})/.exec(line)?.[1] ?? seen.sha256
        const sent = /^Sent +(\d+) B/.exec(line)?.[1]
        if (sent) seen.sent = Number(sent)
      },
      ...change,
    })

  it('ends well when the final figure equals what was sent, and prints the sentence', async () => {
    script.alert = ({ path, sha256, sent }) =>
      sent === undefined
        ? alert(path, sha256, { bytesOut: 100_000 })
        : alert(path, sha256, { revision: 2, state: 'final', bytesOut: sent })
    const outcome = await simulate({ timeoutMs: WAIT_MS })
    assert.equal(outcome.kind, 'exact')
    assert.equal(exitStatus(outcome), 0)
    assert.equal(seen.sent, 300_001)
    const text = seen.lines.join('\n')
    assert.match(text, /upload sent much and got nothing back/)
    assert.match(text, / \+30 {2}first network use now/)
    assert.match(text, /300001 B out, exactly what was sent/)
    assert.match(text, /3000 B came back/, 'the sink answers one hundredth')
  })

  it('makes another program each time', async () => {
    script.alert = ({ path, sha256, sent }) =>
      alert(path, sha256, { state: 'final', bytesOut: sent ?? 0 })
    await simulate({ timeoutMs: WAIT_MS })
    const first = { ...seen }
    await simulate({ timeoutMs: WAIT_MS })
    assert.notEqual(seen.path, first.path)
    assert.notEqual(seen.sha256, first.sha256)
  })

  it('fails when the final figure is another one, and says by how much', async () => {
    script.alert = ({ path, sha256, sent }) =>
      alert(path, sha256, { state: 'final', bytesOut: (sent ?? 1) - 1 })
    const outcome = await simulate()
    assert.equal(outcome.kind, 'inexact')
    assert.equal(exitStatus(outcome), 1)
    assert.match(seen.lines.at(-1) ?? '', /300000 B out, but 300001 B were sent: 1 B too few/)
  })

  it('takes a later final revision that has the right figure', async () => {
    let asked = 0
    script.alert = ({ path, sha256, sent }) =>
      alert(path, sha256, { state: 'final', bytesOut: asked++ > 4 ? (sent ?? 0) : 7 })
    const outcome = await simulate({ timeoutMs: WAIT_MS })
    assert.equal(outcome.kind, 'exact')
  })

  it('fails when the alert never becomes final', async () => {
    script.alert = ({ path, sha256 }) => alert(path, sha256, { bytesOut: 5 })
    const outcome = await simulate()
    assert.equal(outcome.kind, 'unfinished')
    assert.match(seen.lines.at(-1) ?? '', /stands at revision 1 with 5 of 300001 B/)
  })

  it('sends nothing when no collector answers', async () => {
    const outcome = await simulate({ collectorUrl: 'http://127.0.0.1:1' })
    assert.equal(exitStatus(outcome), 2)
    assert.equal(seen.path, '')
    assert.match(
      seen.lines.join(),
      /no collector answers at .* start one with `freshet collector`, or with `freshet up` where no agent runs either/,
    )
    // Beside an agent that runs both in one are refused.
    const commands = { status: '', collector: '`freshet collector`', up: undefined, agent: '' }
    await simulate({ collectorUrl: 'http://127.0.0.1:1', commands })
    assert.match(seen.lines.at(-1) ?? '', /start one with `freshet collector`\.$/)
  })

  it('sends nothing when the key is refused', async () => {
    const outcome = await simulate({ pageKey: 'another' })
    assert.equal(exitStatus(outcome), 2)
    assert.match(seen.lines.join(), /refused .* with 401: no key .*--state/)
  })

  it('waits for an agent that is still connecting', async () => {
    let asked = 0
    const connected = script.devices
    script.devices = () => (asked++ < 2 ? [{ ...live(10, 1), connected: false }] : connected())
    const outcome = await simulate({ agentWaitMs: 5000 })
    assert.notEqual(outcome.kind, 'not_sent')
    assert.ok(asked > 2)
  })

  it('sends nothing when no agent is connected', async () => {
    script.devices = () => [{ ...live(10, 1), connected: false }]
    assert.equal(exitStatus(await simulate()), 2)
    assert.match(
      seen.lines.join(),
      /no agent is connected.* where none runs, start `freshet agent --collector \/c --include-loopback`/,
    )
  })

  it('says what this machine’s agent says where that cannot report, and not that there is none', async () => {
    const whyUnsent = async () => 'The collector takes nothing now: its disk. Free some space.'
    const said = /the agent of this machine says: The collector takes nothing now: its disk/
    script.devices = () => [{ ...live(10, 1), connected: false }]
    assert.equal((await simulate({ whyUnsent })).kind, 'not_sent')
    assert.match(seen.lines.join(), said)
    assert.doesNotMatch(seen.lines.join(), /no agent is connected/)
    // It comes and goes with such a collector.
    script.devices = () => [live(10, 1)]
    const outcome = await simulate({ whyUnsent })
    assert.equal(outcome.kind === 'no_alert' && outcome.stop.at, 'collector')
    assert.match(seen.lines.at(-1) ?? '', said)
  })

  it('says that the program could not be reached when the destination refuses', async () => {
    const outcome = await simulate({ to: { host: '127.0.0.1', port: 1 } })
    assert.equal(exitStatus(outcome), 2)
    assert.match(seen.lines.at(-1) ?? '', /0 of 300001 B could be sent \(3 connections refused/)
  })

  it('knows which destinations are of this machine, by name or by address', async () => {
    const resolve = (host: string) => resolveTarget({ host, port: 80 })
    assert.deepEqual(await resolve('::1'), { address: '::1', port: 80, loopback: true })
    assert.equal((await resolve('localhost')).loopback, true)
    assert.equal((await resolve('192.0.2.1')).loopback, false)
    await assert.rejects(resolve('no such host'), /there is no host no such host/)
  })

  it('reaches the destination that was asked for, and says so', async () => {
    const sink = await startSink(true)
    try {
      script.alert = ({ path, sha256, sent }) =>
        alert(path, sha256, { state: 'final', bytesOut: sent ?? 0 })
      const outcome = await simulate({ to: { host: sink.address, port: sink.port } })
      assert.equal(outcome.kind, 'exact')
      assert.equal(sink.received(), 300_001)
      assert.match(seen.lines.join('\n'), /; 0 B came back/, 'a silent sink answers nothing')
    } finally {
      await sink.close()
    }
  })

  describe('tells the bytes that passed, to the last one:', () => {
    const ANSWERED = 777
    let taken: number
    let listener: NetServer
    let to: { host: string; port: number }
    beforeEach(async () => {
      taken = 0
      listener = createServer({ allowHalfOpen: true }, (socket) => {
        socket.on('data', (chunk) => {
          taken += chunk.length
        })
        socket.on('end', () => socket.end(Buffer.alloc(ANSWERED)))
      })
      await once(listener.listen(0, '127.0.0.1'), 'listening')
      to = { host: '127.0.0.1', port: (listener.address() as AddressInfo).port }
    })
    afterEach(() => listener.close())

    for (const [more, sentence] of [
      [0, /2331 B in, exactly what came back$/],
      [
        3,
        /2334 B in, 3 B more than the 2331 B that came back: the system counts the end of a stre/,
      ],
      [4, /2335 B in, 4 B more than the 2331 B that came back$/],
      [
        -1,
        /2330 B in, 1 B fewer than the 2331 B that came back: not all of what came was counted$/,
      ],
    ] as [number, RegExp][])
      it(`${more} of those that came are counted beyond them`, async () => {
        script.alert = ({ path, sha256, sent }) =>
          alert(path, sha256, {
            state: 'final',
            bytesOut: sent ?? 0,
            bytesIn: 3 * ANSWERED + more,
          })
        await simulate({ to })
        const said = seen.lines.join('\n')
        assert.equal(taken, 300_001)
        assert.match(said, new RegExp(`^Sent +${taken} B over 3 flows .*; 2331 B came back$`, 'm'))
        assert.match(seen.lines.find((line) => line.startsWith('Final')) ?? '', sentence)
      })

    it('what a sink of our own did not get is no longer "sent" alone', () => {
      assert.equal(taking(300_001, 299_999), '; 299999 B of them reached the sink')
      for (const same of [undefined, 300_001]) assert.equal(taking(300_001, same), '')
    })
  })

  it('throws the reason when it is aborted, and leaves nothing behind', async () => {
    const aborter = new AbortController()
    const ended = assert.rejects(
      simulate({ signal: aborter.signal, paceMs: 2 * WAIT_MS, timeoutMs: WAIT_MS }),
      /enough/,
    )
    await until(() => seen.path !== '', 'the program')
    aborter.abort(new Error('enough'))
    await ended
  })

  it('says that its own limit ended the upload, and not that it failed', async () => {
    const outcome = await simulate({ paceMs: 60_000, timeoutMs: 300 })
    assert.equal(outcome.kind, 'not_sent')
    assert.match(
      seen.lines.at(-1) ?? '',
      /^Not all sent within the 0\.3 s of --timeout, of the 60 s that --seconds gives it/,
    )
    assert.doesNotMatch(seen.lines.join('\n'), /failed|aborted/)
  })

  describe('when no alert comes, names the first link that is missing:', () => {
    let asked: number
    beforeEach(() => {
      asked = 0
    })
    const stoppedAt = async () => {
      const outcome = await simulate({ timeoutMs: 1000 })
      assert.equal(exitStatus(outcome), 1)
      assert.ok(outcome.kind === 'no_alert', outcome.kind)
      assert.ok(seen.lines.at(-1)?.includes(outcome.stop.sentence))
      return outcome.stop
    }
    const later = (then: DeviceInfo) => () => [asked++ === 0 ? live(10, 1) : then]

    it('the collector', async () => {
      script.devices = () => {
        if (asked++ === 0) return [live(10, 1)]
        throw new Error('unreachable')
      }
      script.identity = () => {
        server.close()
        server.closeAllConnections()
        return undefined
      }
      assert.equal((await stoppedAt()).at, 'collector')
    })
    it('the agent', async () => {
      script.devices = later({ ...live(10, 1), connected: false })
      assert.equal((await stoppedAt()).at, 'agent')
    })
    it('records', async () => {
      script.devices = later(live(10, 1))
      assert.equal((await stoppedAt()).at, 'records')
    })
    it('flows, with what the agent says of itself', async () => {
      const device = live(99, 1)
      if (device.live) device.live.degraded = 'Run as root.'
      script.devices = later(device)
      const stop = await stoppedAt()
      assert.equal(stop.at, 'flows')
      assert.match(stop.sentence, /The agent says: Run as root\./)
    })
    it('the sighting', async () => {
      script.devices = later(live(99, 4))
      const stop = await stoppedAt()
      assert.equal(stop.at, 'sighting')
      assert.match(stop.sentence, /counted 3 flows/)
    })
    it('network use', async () => {
      script.devices = later(live(99, 4))
      script.identity = ({ path, sha256 }) => identity(path, sha256, '0')
      const stop = await stoppedAt()
      assert.equal(stop.at, 'network')
      assert.match(
        stop.sentence,
        /loopback counts only where the policy includes it: stop the agent and start `freshet agent/,
      )
    })
    it('network use, where the agent could not tell whose flow it was: no word of loopback', async () => {
      const device = live(99, 4)
      if (device.live) device.live.unattributedFlows = 2
      script.devices = later(device)
      script.identity = ({ path, sha256 }) => identity(path, sha256, '0')
      const stop = await stoppedAt()
      assert.equal(stop.at, 'network')
      assert.match(stop.sentence, /2 flows whose program this agent could not tell/)
      assert.doesNotMatch(stop.sentence, /loopback/)
    })
    it('the gate, with the floor that was not reached', async () => {
      script.devices = later(live(99, 4))
      script.identity = ({ path, sha256 }) => identity(path, sha256, '5')
      const stop = await stoppedAt()
      assert.equal(stop.at, 'gate')
      assert.match(stop.sentence, /300001 B are under the floor of 1048576 B/)
    })
  })
})
