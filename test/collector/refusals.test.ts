// Who was turned away, told for people: bounded, on the page's API, and kept for the commands.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect as connectPlain } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import {
  createRefusals,
  REFUSALS_FILE,
  type Refusal,
  readRefusals,
} from '../../src/collector/fleet/refusals.ts'
import type { RefusalsResponse } from '../../src/collector/views/page-api.ts'
import { AGENT_ALPN } from '../../src/stream/message.ts'
import { unixNs } from '../../src/units.ts'
import { until } from '../waits.ts'
import { Agent, DEVICE_A, DEVICE_B, helloOf } from './agent.ts'
import { type Fleet, runFleet } from './enrolled.ts'

const at = (second: number) => unixNs(BigInt(second) * 1_000_000_000n, 'at')
const refusal = (change: Partial<Refusal> = {}): Refusal => ({
  ...{ code: 'token-unknown', text: 'no such token', deviceId: DEVICE_A, hostname: 'mac-1' },
  ...{ address: '192.0.2.7', ...change },
})

describe('those who are turned away', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-refusals-'))
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  it('are told with how often, and when first and last, the last first', () => {
    const refusals = createRefusals(directory)
    refusals.note(refusal(), at(1))
    refusals.note(refusal({ code: 'device-known' }), at(2))
    refusals.note(refusal({ text: 'another sentence' }), at(3))
    const { refusals: rows } = refusals.response()
    assert.deepEqual(
      rows.map(({ code, count, firstAt, lastAt }) => [code, count, firstAt, lastAt]),
      [
        ['token-unknown', 2, '1000000000', '3000000000'],
        ['device-known', 1, '2000000000', '2000000000'],
      ],
    )
    assert.equal(rows[0]?.text, 'another sentence')
  })

  it('are as many as there is room for, and those of one network leave room for others', () => {
    const refusals = createRefusals(directory)
    refusals.note(refusal({ address: '198.51.100.9' }), at(1))
    for (let number = 0; number < 1000; number++)
      refusals.note(refusal({ deviceId: `device ${number}` }), at(2 + number))
    const { refusals: one, unlisted } = refusals.response()
    assert.equal(unlisted, 0)
    assert.equal(one.length, 22, 'twenty, those of more together, and the other network')
    assert.deepEqual([one[0]?.deviceId, one[0]?.count], ['', 980])
    for (let network = 0; network < 1000; network++)
      refusals.note(refusal({ address: `10.${network >> 8}.${network & 255}.1` }), at(2000))
    const all = refusals.response()
    assert.equal(all.refusals.length, 200)
    const told = all.refusals.reduce((sum, { count }) => sum + count, all.unlisted)
    assert.equal(told, 2001)
  })

  it('are cut where they are long, and the file stays small and is its owner’s', () => {
    const refusals = createRefusals(directory)
    const long = '\u0001'.repeat(100_000)
    for (let network = 0; network < 300; network++)
      refusals.note(
        {
          ...{ code: 'token-unknown', text: long, deviceId: long, hostname: long },
          address: `10.${network >> 8}.${network & 255}.1`,
        },
        at(network),
      )
    refusals.write()
    const { size, mode } = statSync(join(directory, REFUSALS_FILE))
    assert(size < 1024 * 1024, `${size}`)
    assert.equal(mode & 0o777, 0o600)
    assert.deepEqual(readRefusals(directory), refusals.response())
  })

  it('are told no more of a device that enrolled from there since, but for what may be of somebody else', () => {
    const refusals = createRefusals(directory)
    const advised = ['device-known', 'hardware-known', 'certificate-unknown', 'certificate-expired']
    const codes = [...advised, 'certificate-early', 'certificate-revoked', 'token-unknown']
    for (const code of codes) refusals.note(refusal({ code }), at(1))
    refusals.note(refusal({ code: 'device-known', address: '198.51.100.9' }), at(2))
    refusals.note(refusal({ code: 'device-known', deviceId: DEVICE_B }), at(3))
    refusals.write(0)
    refusals.enrolled(DEVICE_A, '192.0.2.7')
    refusals.write()
    assert.deepEqual(
      readRefusals(directory).refusals.map((row) => [row.code, row.deviceId, row.address]),
      [
        ['device-known', DEVICE_B, '192.0.2.7'],
        ['device-known', DEVICE_A, '198.51.100.9'],
        ['token-unknown', DEVICE_A, '192.0.2.7'],
        ['certificate-revoked', DEVICE_A, '192.0.2.7'],
      ],
    )
    for (let number = 0; number < 17; number++)
      refusals.note(refusal({ deviceId: `device ${number}` }), at(4))
    refusals.note(refusal({ deviceId: 'one more' }), at(5))
    const { refusals: rows } = refusals.response()
    assert.deepEqual([rows[0]?.deviceId, rows[1]?.deviceId], ['', 'device 16'])
  })

  it('are counted on after a restart, and written no more often than each few seconds', () => {
    const refusals = createRefusals(directory)
    refusals.note(refusal(), at(1))
    refusals.write(0)
    const first = readFileSync(join(directory, REFUSALS_FILE), 'utf8')
    refusals.note(refusal(), at(2))
    refusals.write(4999)
    assert.equal(readFileSync(join(directory, REFUSALS_FILE), 'utf8'), first)
    refusals.write(5000)
    const again = createRefusals(directory)
    again.note(refusal(), at(3))
    const [row] = again.response().refusals
    assert.deepEqual([row?.count, row?.firstAt, row?.lastAt], [3, '1000000000', '3000000000'])
  })

  it('are begun anew where the file is damaged', () => {
    for (const text of ['', '{', '{"refusals":[{"code":1}],"unlisted":"x"}', 'null', '[]']) {
      writeFileSync(join(directory, REFUSALS_FILE), text, { mode: 0o600 })
      assert.deepEqual(readRefusals(directory), { refusals: [], unlisted: 0 })
    }
  })
})

describe('those whom a collector turns away', () => {
  let fleet: Fleet
  beforeEach(async () => {
    fleet = await runFleet()
  })
  afterEach(() => fleet.stop())

  const told = async () => {
    const { refusals } = await fleet.json<RefusalsResponse>('/api/refusals')
    return refusals.map(({ code, deviceId, address, count }) => [code, deviceId, address, count])
  }

  it('are on its API: tokens with the device, and how often', async () => {
    for (let time = 0; time < 2; time++)
      await assert.rejects(fleet.enrol(DEVICE_A, { token: 'freshet_enrol_nothing' }))
    assert.deepEqual(await told(), [['token-unknown', DEVICE_A, '127.0.0.1', 2]])
    const [row] = (await fleet.json<RefusalsResponse>('/api/refusals')).refusals
    assert.equal(row?.hostname, 'mac-1')
    assert.match(row.text, /no such token/)
  })

  it('are on its API: who speaks no TLS, and none that counts', async () => {
    const { port } = fleet.door
    const plain = connectPlain(port, '127.0.0.1')
    plain.end('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(plain.resume(), 'close')
    const old = { maxVersion: 'TLSv1.2' as const, rejectUnauthorized: false }
    const socket = connect({ host: '127.0.0.1', port, ALPNProtocols: [AGENT_ALPN], ...old })
    socket.on('error', () => {})
    await new Promise((resolve) => socket.once('close', resolve))
    await until(() => fleet.collector.counters()['doorTlsOld'] === 1)
    assert.equal(fleet.collector.counters()['doorNotTls'], 1)
    assert.deepEqual((await told()).map(([code, , address]) => `${code} ${address}`).sort(), [
      'not-tls 127.0.0.1',
      'tls-old 127.0.0.1',
    ])
  })

  it('are on its API: a device that says that it is another', async () => {
    const identity = await fleet.enrol(DEVICE_A)
    const agent = await new Agent(fleet.door.url, { identity }).opened()
    agent.send(helloOf(DEVICE_B))
    await agent.closed
    assert.deepEqual(await told(), [['other-device', DEVICE_A, '127.0.0.1', 1]])
  })

  it('are kept over its restart', async () => {
    await assert.rejects(fleet.enrol(DEVICE_A, { token: 'freshet_enrol_nothing' }))
    await fleet.collector.close()
    assert.equal(readRefusals(fleet.stateDir).refusals[0]?.code, 'token-unknown')
  })
})
