// What an authority that is retired leaves behind: connections that it had signed for, and devices that nobody knows.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { authoritiesIn } from '../../src/collector/fleet/authority.ts'
import { PLACE } from '../../src/place.ts'
import { pinOf } from '../../src/trust/pin.ts'
import { run } from '../e2e/installation.ts'
import { until } from '../waits.ts'
import { Agent, alertItem, DEVICE_A, DEVICE_B } from './agent.ts'
import { comeBy, type Fleet, type Identity, runFleet, welcomed } from './enrolled.ts'

/** As the collector ends at once. */
const SLICE = 20
const deviceNumbered = (number: number): string => `22222222-2222-4222-8222-22222222222${number}`
const DEVICE_C = '11111111-1111-4111-8111-111111111111'

describe('an authority that is retired', () => {
  let fleet: Fleet
  const agents: Agent[] = []
  beforeEach(async () => {
    fleet = await runFleet({ helloTimeoutMs: 600_000 })
  })
  afterEach(async () => {
    for (const agent of agents.splice(0)) agent.socket.terminate()
    await fleet.stop()
  })

  const authority = (...words: string[]) =>
    run([PLACE.cli, 'collector', 'authority', ...words, '--state', fleet.root])
  const well = async (...words: string[]): Promise<string> => {
    const { status, stdout, stderr } = await authority(...words)
    assert.equal(status, 0, stderr)
    return stdout
  }
  const held = async (): Promise<string> => {
    const { status, stderr } = await authority('retire')
    assert.notEqual(status, 0)
    return stderr
  }
  const counted = (name: string) => fleet.collector.counters()[name] ?? 0
  const standing = (id: string, to: 'active' | 'revoked') =>
    fleet.withRegistry((registry) => registry.change(id, { standing: to }))
  const keep = (agent: Agent): Agent => {
    agents.push(agent)
    return agent
  }
  const comes = async (deviceId: string) => keep(await welcomed(fleet, deviceId))
  /** Another signs from now on, and the collector that runs knows it. */
  const replace = async (): Promise<string> => {
    await well('next')
    await well('switch')
    const pin = pinOf(new X509Certificate(authoritiesIn(fleet.stateDir)?.own ?? ''))
    await until(() => fleet.log.some((line) => line.includes(`has the pin ${pin}, and 1`)))
    return pin
  }
  const refusalOf = async ({ key, certificate }: Identity): Promise<string> => {
    const socket = connect({
      ...{ host: '127.0.0.1', port: fleet.door.port, minVersion: 'TLSv1.3' as const },
      ...{ rejectUnauthorized: false, ALPNProtocols: ['freshet-agent'], key, cert: certificate },
    })
    let text = ''
    socket.setEncoding('utf8').on('data', (part: string) => (text += part))
    socket.on('error', () => {})
    await once(socket, 'close')
    return (JSON.parse(text.split('\r\n\r\n')[1] ?? '{}') as { code: string }).code
  }

  it('leaves no connection open that came by a certificate of it, and each other one as it is', async () => {
    const identity = await fleet.enrol(DEVICE_C)
    const one = await comes(DEVICE_A)
    const { key, certificate, authorities } = identity
    const kept = connect({
      ...{ host: '127.0.0.1', port: fleet.door.port, key, cert: certificate, ca: authorities },
      ...{ minVersion: 'TLSv1.3', ALPNProtocols: ['freshet-agent'] },
    })
    let heard = ''
    kept.on('data', (bytes) => (heard += bytes)).on('error', () => {})
    const ask = () => kept.write('GET /other HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
    ask()
    await until(() => heard.includes('404'))
    const closed = once(kept, 'close')
    await replace()
    const pin = fleet.collector.machines?.pin ?? ''
    const other = await fleet.enrol(DEVICE_B, { pin })
    const two = keep(await new Agent(fleet.door.url, { identity: other }).opened())
    await two.hello(DEVICE_B)
    assert.equal((await one.deliver([alertItem(1)])).throughSequence, 1)
    assert.equal(counted('agentsClosedRetired'), 0, 'both count')
    await well('retire', '--force')
    const asking = setInterval(ask, 100)
    const { code, reason } = await one.closed
    assert.equal(code, 4003)
    assert.match(reason, /signed the certificate of this connection counts no more/)
    await closed
    clearInterval(asking)
    assert.equal(await refusalOf(identity), 'certificate-unknown')
    assert.equal((await two.deliver([alertItem(1)])).throughSequence, 1)
    assert.equal(counted('agentsClosedRetired'), 1)
    await until(() => fleet.log.some((line) => line.startsWith('1 connection ended')))
  })

  it('has them end in slices, as all of them come again', async () => {
    // Of one device four at the most, before they say who they are.
    for (let number = 0; number < 8; number++)
      for (let each = 0; each < 4; each++) keep(await comeBy(fleet, deviceNumbered(number)))
    await replace()
    await well('retire', '--force')
    await Promise.race(agents.map(({ closed }) => closed))
    assert.equal(counted('agentsClosedRetired'), SLICE)
    await Promise.all(agents.map(({ closed }) => closed))
    assert.equal(counted('agentsClosedRetired'), 32)
  })

  it('waits for no device that never came and that nobody has admitted', async () => {
    await fleet.enrol(DEVICE_C)
    await replace()
    assert.match(
      await well('list'),
      /0 of 0 +0\n.*1 device that never connected.*not counted here/s,
    )
    assert.match(
      await well('retire'),
      /^the earlier authority counts no more\n1 device that never connected, and that nobody has admitted: not waited for\n$/,
    )
  })

  it('waits for one that was admitted and never came', async () => {
    await fleet.enrol(DEVICE_C)
    standing(DEVICE_C, 'active')
    await replace()
    assert.match(await held(), new RegExp(`1 device would have to .*\\(admitted\\): ${DEVICE_C}`))
  })

  it('names apart those that never connected since the switch, and waits 30 days for them', async () => {
    for (const id of [DEVICE_A, DEVICE_B]) {
      const agent = await comes(id)
      await agent.close()
      standing(id, 'active')
    }
    await fleet.enrol(DEVICE_C)
    standing(DEVICE_C, 'active')
    await replace()
    // Within minutes nobody knows who has come since.
    assert.doesNotMatch(await well('list'), /since the switch/)
    const earlier = join(fleet.stateDir, 'tls', 'authority-earlier.pem')
    const switched = (daysAgo: number) => {
      const at = new Date(Date.now() - daysAgo * 86_400_000)
      utimesSync(earlier, at, at)
    }
    switched(29)
    // The device that was away came a moment ago, by the clock of these tests, and has not renewed.
    const away = new RegExp(
      `1 device never connected since the switch, waited for until [0-9-]{10} [0-9:]{5} UTC: ${DEVICE_C}`,
    )
    assert.match(await well('list'), away)
    assert.match(
      await held(),
      /3 devices would have to .*; 1 device never connected since the switch, waited/,
    )
    switched(31)
    assert.match(
      await well('list'),
      /never connected since the switch, so long that it is not waited for/,
    )
    // The others it goes on waiting for.
    assert.match(await held(), /3 devices would have to /)
    for (const id of [DEVICE_A, DEVICE_B]) standing(id, 'revoked')
    assert.match(
      await well('retire'),
      /^the earlier authority counts no more: 1 device enrol again by .*\(admitted\); 1 device never connected since the switch, so long/,
    )
  })

  it('waits for those that came, and says how many of them nobody has admitted', async () => {
    for (const id of [DEVICE_A, DEVICE_B]) await comes(id)
    await fleet.enrol(DEVICE_C)
    standing(DEVICE_B, 'active')
    await replace()
    for (;;) if (/ 0 of 2 /.test(await well('list'))) break
    assert.match(
      await held(),
      new RegExp(
        `2 devices would have to .*\\(1 admitted, 1 that nobody has admitted\\): ${DEVICE_B}, ${DEVICE_A}\\. Wait`,
      ),
    )
    standing(DEVICE_B, 'revoked')
    assert.match(
      await held(),
      new RegExp(
        `1 device would have to .*\\(nobody has admitted any of them, so no admitted device is affected\\): ${DEVICE_A}\\. Wait`,
      ),
    )
    assert.match(
      await well('retire', '--force'),
      /1 device enrol again by .*so no admitted device is affected\)\n1 device that never connected/,
    )
  })
})
