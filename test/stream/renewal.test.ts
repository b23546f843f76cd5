// A connection that lasts longer than a certificate.
import assert from 'node:assert/strict'
import { Capability } from '../../src/stream/codec.ts'
import type { UplinkEnrolment } from '../../src/stream/uplink.ts'
import { unixNs } from '../../src/units.ts'
import { until } from '../waits.ts'
import { hello, PACE, settled, UplinkFixture } from './uplink-fixture.ts'

describe('an uplink that stays connected', () => {
  let made: UplinkFixture
  beforeEach(async () => {
    made = await UplinkFixture.make()
  })
  afterEach(() => made.remove())

  it('asks for another certificate when it is time, and again where nothing came of it', async () => {
    let looks = 0
    made.start({
      pace: { ...PACE, pingMs: 200, renewMs: 50 },
      enrolment: {
        identity: () => ({ key: '', certificate: '', authorities: [] }),
        async request() {
          looks++
          if (looks === 2) throw new Error('no room for a key')
          return looks === 1 ? undefined : new Uint8Array([looks])
        },
        take: () => 0,
        reenrol: async () => undefined,
        takeOwn() {},
      },
    })
    const peer = await made.collector.peer()
    await peer.heard('hello')
    peer.welcome({ capabilities: Capability.renew })
    const asked = () => peer.envelopes.filter(({ kind }) => kind === 'renew').length
    await peer.until(() => asked() >= 2)
  })

  it('tells who renews how far its clock is behind, with each look and each certificate', async () => {
    const behind: (number | undefined)[] = []
    made.start({
      now: () => unixNs(0n, 'now'),
      enrolment: {
        identity: () => ({ key: '', certificate: '', authorities: [] }),
        async request(_told, behindMs) {
          behind.push(behindMs)
          return behind.length === 1 ? new Uint8Array([1]) : undefined
        },
        take: (_renewed, behindMs) => behind.push(behindMs),
        reenrol: async (token) => ({
          ...{ token, request: new Uint8Array([1]), hardware: '' },
          ...{ agentVersion: hello.agentVersion, host: hello.host },
        }),
        takeOwn: (_given, behindMs) => void behind.push(behindMs),
      },
    })
    const peer = await made.collector.peer()
    await peer.heard('hello')
    peer.welcome({
      capabilities: Capability.renew | Capability.reenrol,
      receivedAt: unixNs(5_000_000_000n, 'now'),
    })
    await peer.heard('renew')
    const [certificate, authorities] = [new Uint8Array([1]), [new Uint8Array([1])]]
    peer.say({ kind: 'renewed', renewed: { certificate, authorities, vouched: [] } })
    peer.say({ kind: 'reenrol', token: 't', reason: 'a copy' })
    await peer.heard('reenrolling')
    peer.say({ kind: 'reenrolled', given: { certificate, authorities, group: '' } })
    await until(() => behind.length >= 3)
    assert.deepEqual(behind, [5000, 5000, 5000])
  })

  const enrolled: UplinkEnrolment = {
    identity: () => ({ key: '', certificate: '', authorities: [] }),
    request: async () => new Uint8Array([1]),
    take: () => 0,
    reenrol: async () => undefined,
    takeOwn() {},
  }
  /** Each time it is cut its span doubles. */
  const cutTimes = async (times: number) => {
    for (let time = 0; time < times; time++) {
      const peer = await made.collector.peer()
      await peer.heard('hello')
      peer.socket.terminate()
    }
  }
  const waits = () => made.states.flatMap((one) => (one.state === 'waiting' ? one.retryInMs : []))
  const slow = { ...PACE, backoffFirstMs: 20, backoffMostMs: 1e6 }

  it('comes again soon where it is cut with a certificate that it has just taken, and not for what it did not take', async () => {
    for (const isTaken of [true, false]) {
      const before = waits().length
      const take = () => (isTaken ? 0 : assert.fail('it is none'))
      made.start({ pace: slow, enrolment: { ...enrolled, take } })
      await cutTimes(4)
      const peer = await made.collector.peer()
      await peer.heard('hello')
      peer.welcome({ capabilities: Capability.renew })
      await peer.heard('renew')
      const [certificate, authorities] = [new Uint8Array([1]), [new Uint8Array([1])]]
      peer.say({ kind: 'renewed', renewed: { certificate, authorities, vouched: [] } })
      const said = isTaken ? 'has renewed' : 'is not taken'
      await until(() => made.lines.some((line) => line.includes(said)))
      peer.socket.terminate()
      await until(() => waits().length >= before + 5)
      // Half of 20 ms, and of 20 ms doubled four times; what is left of it when it is told.
      const lastMs = waits()[before + 4] as number
      assert(isTaken ? lastMs <= 10 : lastMs > 100, `${waits()}`)
      await made.end()
    }
  })

  it('waits no longer where this machine was enrolled anew meanwhile, which is looked for all along', async () => {
    let isAnew = false
    made.start({
      pace: { ...PACE, backoffFirstMs: 1e6, backoffMostMs: 1e6 },
      enrolment: { ...enrolled, isAnew: () => isAnew },
    })
    await cutTimes(1)
    await until(() => waits().length === 1)
    await settled()
    isAnew = true
    const peer = await made.collector.peer()
    isAnew = false
    peer.socket.terminate()
    await until(() => waits().length === 2)
  })
})
