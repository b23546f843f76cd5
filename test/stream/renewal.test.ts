// A connection that lasts longer than a certificate.
import { Capability } from '../../src/stream/codec.ts'
import { PACE, UplinkFixture } from './uplink-fixture.ts'

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
        take() {},
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
})
