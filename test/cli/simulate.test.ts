// simulateUpload with the real probe and a collector whose answers the test writes: what a person is
// told in each way it can go.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import { exitStatus, type SimulateOptions, simulateUpload } from '../../src/cli/simulate.ts'
import { resolveTarget, startSink } from '../../src/cli/simulate-probe.ts'
import type { AlertDetail, DeviceInfo, IdentitySummary } from '../../src/collector/page-api.ts'

const probePath = fileURLToPath(new URL('../../native/build/probe', import.meta.url))
const KEY = 'the-page-key'

const live = (records: number, flows: number): DeviceInfo => ({
  id: 'd1',
  hostname: 'host',
  os: 'linux',
  osVersion: '',
  hardware: '',
  arch: 'x64',
  agentVersion: '0',
  connected: true,
  firstSeenAt: '1',
  lastSeenAt: '1',
  lastSequence: 1,
  live: {
    at: '1',
    records,
    execs: 0,
    flows,
    processes: 1,
    openFlows: 0,
    identities: 1,
    bytesOut: 0,
    bytesIn: 0,
    unattributedFlows: 0,
    lost: 0,
    outboxItems: 0,
    outboxEvicted: 0,
    alerts: 0,
    degraded: '',
    top: [],
  },
})

const identity = (path: string, sha256: string, firstNetworkAt: string): IdentitySummary => ({
  key: `unsigned:sha256:${sha256}`,
  signerClass: 'unsigned',
  name: 'upload',
  path,
  sha256,
  signingId: '',
  teamId: '',
  cdhash: '',
  firstSeenAt: '1',
  firstNetworkAt,
  device: { id: 'd1', hostname: 'host' },
  firstProcess: {
    pid: 1,
    path,
    script: '',
    scriptSha256: '',
    scriptFrom: '',
    foreignCode: [],
    foreignCodeMore: false,
    uid: 0,
    user: '',
    startedAt: '0',
    identityKey: '',
    socketsBy: '',
    arguments: null,
  },
  destinations: 0,
})

const alert = (path: string, sha256: string, change: Partial<AlertDetail>): AlertDetail => ({
  id: 'a'.repeat(32),
  revision: 1,
  state: 'opened',
  severity: 'medium',
  score: 80,
  sentence: 'upload sent much and got nothing back',
  openedAt: '1',
  updatedAt: '1',
  storedAt: '1',
  device: { id: 'd1', hostname: 'host' },
  user: 'root',
  application: { key: `unsigned:sha256:${sha256}`, name: 'upload', path, signerClass: 'unsigned' },
  destination: { key: 'k', address: '127.0.0.1', port: 1, hostname: '' },
  bytesOut: 0,
  bytesIn: 0,
  flows: 1,
  actor: { as: 'itself', path, script: '' },
  group: '0'.repeat(16),
  reasons: [
    {
      term: 'novelty',
      points: 30,
      value: 0,
      threshold: 0,
      unit: 's',
      text: 'first network use now',
    },
  ],
  identity: identity(path, sha256, '1'),
  chain: [],
  silentFlows: 1,
  unreadFlows: 0,
  largestFlow: { bytesOut: 0, bytesIn: 0, pcr: 1 },
  timeline: { startAt: '1', bucketMs: 1000, bytesOut: [], bytesIn: [] },
  policyVersion: 0,
  techniques: [],
  responsibleKey: '',
  doubt: '',
  revisions: [],
  ...change,
})

/** What the collector says once the program named here has been printed. */
type Script = {
  devices: () => DeviceInfo[]
  alert: (seen: Seen) => AlertDetail | undefined
  identity: (seen: Seen) => IdentitySummary | undefined
}
type Seen = { path: string; sha256: string; sent: number | undefined; lines: string[] }

describe('simulate upload', () => {
  let server: Server
  let url: string
  let script: Script
  let seen: Seen

  before(() => assert.ok(existsSync(probePath), `${probePath}: run node scripts/setup.mjs`))

  beforeEach(async () => {
    seen = { path: '', sha256: '', sent: undefined, lines: [] }
    script = { devices: () => [live(10, 1)], alert: () => undefined, identity: () => undefined }
    server = createServer((request, response) => {
      const answer = (status: number, body: unknown) => {
        response.writeHead(status, { 'content-type': 'application/json' })
        response.end(JSON.stringify(body))
      }
      const { pathname } = new URL(request.url ?? '', 'http://collector')
      if (request.headers.authorization !== `Bearer ${KEY}`) return answer(401, { error: 'no key' })
      if (pathname === '/api/devices') return answer(200, { devices: script.devices() })
      if (pathname === '/api/identities') {
        const one = script.identity(seen)
        return answer(200, { identities: one ? [one] : [], total: one ? 1 : 0 })
      }
      const one = script.alert(seen)
      if (pathname === '/api/alerts')
        return answer(200, { alerts: one ? [one] : [], total: one ? 1 : 0 })
      if (one && pathname === `/api/alerts/${one.id}`) return answer(200, one)
      return answer(404, { error: `no ${pathname}` })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const bound = server.address()
    assert.ok(bound !== null && typeof bound !== 'string')
    url = `http://127.0.0.1:${bound.port}`
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
      signal: new AbortController().signal,
      commandFor: (words) => `\`freshet ${words}\``,
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
    const outcome = await simulate()
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
    await simulate()
    const first = { ...seen }
    await simulate()
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
    const outcome = await simulate({ timeoutMs: 5000 })
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
    assert.match(seen.lines.join(), /no collector answers at .* start one with/)
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
    assert.match(seen.lines.join(), /no agent is connected/)
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

  it('throws the reason when it is aborted, and leaves nothing behind', async () => {
    const aborter = new AbortController()
    setTimeout(() => aborter.abort(new Error('enough')), 200)
    await assert.rejects(
      simulate({ signal: aborter.signal, paceMs: 60_000, timeoutMs: 30_000 }),
      /enough/,
    )
    assert.notEqual(seen.path, '')
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
      const outcome = await simulate({ timeoutMs: 400 })
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
      assert.match(stop.sentence, /loopback counts only where the policy includes it/)
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
