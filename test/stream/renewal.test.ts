// A connection that lasts longer than a certificate.
import assert from 'node:assert/strict'
import { Capability } from '../../src/stream/codec.ts'
import { unixNs } from '../../src/units.ts'
import { until } from '../waits.ts'
import { hello, PACE, UplinkFixture } from './uplink-fixture.ts'

describe('an uplink that stays connected', () => {
  let made: UplinkFixture
  beforeEach(async () => {
    made = await UplinkFixture.make()
  })
  afterEach(() => made.remove())

  it('asks for another certificate when it is time, and again where nothing came of it', async () => {
    let looks = 0
    made.start({
      pace: { ...PACE, pingMs: 20, renewMs: 50 },
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
})
