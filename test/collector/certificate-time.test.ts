// Certificates and a collector whose clock is, or was, wrong: OpenSSL on both sides has the clock of this machine, which is right.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { type Collector, startCollector } from '../../src/collector/collector.ts'
import { AGENT_ALPN } from '../../src/stream/message.ts'
import {
  issueDevice,
  makeAuthority,
  makeKey,
  readRequest,
  requestOf,
} from '../../src/trust/certificates.ts'
import { derOf, fingerprintOf, pemOf, pinOf } from '../../src/trust/pin.ts'
import { nowUnixNs, type UnixNs, unixNs } from '../../src/units.ts'
import { until } from '../waits.ts'
import { Agent, alertItem, DEVICE_A, DEVICE_B, helloOf } from './agent.ts'
import { enrolmentWith, type Identity } from './enrolled.ts'

const DAY_NS = 86_400_000_000_000n
const YEAR_NS = 365n * DAY_NS
const DAY_MS = 86_400_000

describe('certificates of a collector whose clock is wrong', () => {
  let stateDir: string
  let collector: Collector
  let log: string[]
  const agents: Agent[] = []
  const clock = (aheadNs: bigint) => (nowUnixNs() + aheadNs) as UnixNs
  const run = async (aheadNs: bigint | (() => bigint)) => {
    log = []
    collector = await startCollector({
      ...{ stateDir, host: '127.0.0.1', port: 0, beatMs: 20 },
      machines: { addresses: [{ host: '127.0.0.1', port: 0 }], names: ['127.0.0.1'] },
      log: (text) => log.push(text),
      now: () => clock(typeof aheadNs === 'bigint' ? aheadNs : aheadNs()),
    })
  }
  const door = () => {
    assert(collector.machines)
    return collector.machines
  }
  const fleet = () => enrolmentWith(stateDir, door())
  const end = async () => {
    for (const agent of agents.splice(0)) agent.socket.terminate()
    await collector.close()
  }
  /** With a clock of its own. */
  const comes = async (identity: Identity, deviceId: string, aheadNs = 0n): Promise<Agent> => {
    const agent = await new Agent(door().url, { identity }).opened()
    agents.push(agent)
    agent.send(helloOf(deviceId, 'mac-1', 0n, clock(aheadNs)))
    await agent.expect('welcome')
    return agent
  }
  const answered = async ({ key, certificate }: { key: string; certificate: string }) => {
    const socket = connect({
      ...{ host: '127.0.0.1', port: door().port, minVersion: 'TLSv1.3' as const },
      ...{ rejectUnauthorized: false, ALPNProtocols: [AGENT_ALPN], key, cert: certificate },
    })
    socket.on('error', () => {})
    let text = ''
    socket.setEncoding('utf8').on('data', (part: string) => (text += part))
    await once(socket, 'close')
    return (JSON.parse(text.split('\r\n\r\n')[1] ?? '{}') as { code: string }).code
  }
  const shown = (file: 'authority.pem' | 'server.pem') =>
    new X509Certificate(
      readFileSync(join(stateDir, 'tls', file), 'utf8').replace(
        /-----BEGIN PRIV[^-]+-----[^-]+-----END[^-]+-----/,
        '',
      ),
    )
  const isInTime = (one: X509Certificate) =>
    one.validFromDate.getTime() <= Date.now() && one.validToDate.getTime() > Date.now()
  const admit = (id: string) =>
    fleet().withRegistry((registry) => registry.change(id, { standing: 'active' }))
  const hasSaid = (text: string | RegExp) => log.some((line) => line.search(text) >= 0)

  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'freshet-time-'))
  })
  afterEach(async () => {
    await end()
    rmSync(stateDir, { recursive: true, force: true })
  })

  for (const [years, when] of [
    [5n, 'five years ahead'],
    [-25n, '25 years behind'],
  ] as const)
    it(`are put in time at the next start where the first was ${when}, and the pin stays`, async () => {
      await run(years * YEAR_NS)
      const { pin } = door()
      assert(!isInTime(shown('authority.pem')) && !isInTime(shown('server.pem')))
      // Nothing was received that its clock could be held against: all it can do is to say what it takes for the time.
      const year = new Date(Number(clock(years * YEAR_NS) / 1_000_000n)).toISOString().slice(0, 10)
      assert(hasSaid(`authority is made, as of ${year}T`), log.join('\n'))
      await assert.rejects(fleet().enrol(DEVICE_A), /not yet valid|has expired/)
      await end()
      await run(0n)
      assert.equal(door().pin, pin)
      assert.equal(pinOf(shown('authority.pem')), pin)
      const agent = await comes(await fleet().enrol(DEVICE_A), DEVICE_A)
      assert.equal((await agent.deliver([alertItem(1)])).throughSequence, 1)
    })

  it('are put in time while it runs, once its clock is set, and are short once agents agree with that', async () => {
    let aheadNs = 5n * YEAR_NS
    await run(() => aheadNs)
    const { pin } = door()
    aheadNs = 0n
    await until(() => hasSaid(/its authority is signed anew for this time, its pin stays/))
    assert(isInTime(shown('authority.pem')) && isInTime(shown('server.pem')))
    assert.equal(pinOf(shown('authority.pem')), pin)
    const identity = await fleet().enrol(DEVICE_A)
    admit(DEVICE_A)
    await comes(identity, DEVICE_A)
    await until(() => hasSaid('clocks of admitted agents agree'))
    const lasts = () => {
      const { validFromDate, validToDate } = shown('server.pem')
      return (validToDate.getTime() - validFromDate.getTime()) / DAY_MS
    }
    await until(() => lasts() < 400)
    await comes(identity, DEVICE_A)
    await comes(await fleet().enrol(DEVICE_B), DEVICE_B)
  })

  it('end by the time that is believed: one that is months ahead throws no agent out, before another machine’s agrees', async () => {
    const behindNs = -120n * DAY_NS
    await run(behindNs)
    const identity = await fleet().enrol(DEVICE_A)
    const first = await comes(identity, DEVICE_A, behindNs)
    await first.deliver([alertItem(1)])
    await end()
    // By this machine's clock its certificate ended 30 days ago.
    assert(
      new X509Certificate(identity.certificate).validToDate.getTime() < Date.now() - 29 * DAY_MS,
    )
    await run(0n)
    assert(hasSaid('and certificates, age with running time alone'))
    const agent = await comes(identity, DEVICE_A, behindNs)
    // Whatever is written there makes it look at those that are connected.
    const other = await fleet().enrol(DEVICE_B)
    assert.equal((await agent.deliver([alertItem(2)])).throughSequence, 2)
    admit(DEVICE_B)
    await comes(other, DEVICE_B)
    await until(() => hasSaid('clocks of admitted agents agree'))
    const { code, reason } = await agent.closed
    assert.equal(code, 4003)
    assert.match(reason, /has expired/)
    assert.equal(await answered(identity), 'certificate-expired')
    await comes(other, DEVICE_B)
  })

  it('count by their authority also where OpenSSL has only said that their time is over', async () => {
    await run(-120n * DAY_NS)
    const first = await fleet().enrol(DEVICE_A)
    const by = fingerprintOf(derOf(first.certificate))
    await (await comes(first, DEVICE_A, -120n * DAY_NS)).deliver([alertItem(1)])
    await end()
    await run(0n)
    const key = makeKey()
    const thenMs = Date.now() - 120 * DAY_MS
    const other = await makeAuthority('Freshet collector', thenMs)
    const { der, notAfterMs } = await issueDevice(
      other,
      await readRequest(await requestOf(key, DEVICE_A)),
      thenMs,
    )
    const notAfter = unixNs(BigInt(notAfterMs) * 1_000_000n, 'notAfter')
    const given = { fingerprint: fingerprintOf(der), notAfter, key: '' }
    fleet().withRegistry((registry) => registry.noteCertificate(by, given, clock(-120n * DAY_NS)))
    assert.equal(
      await answered({ key, certificate: pemOf('CERTIFICATE', der) }),
      'certificate-unknown',
    )
  })
})
