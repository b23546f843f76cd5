// When an agent says how its policies stand.
import assert from 'node:assert/strict'
import {
  Capability,
  encodeEnvelope,
  FRAME_BYTES_MAX,
  type PolicyPush,
  type PolicyReport,
  READ_BYTES_MAX,
} from '../../src/stream/codec.ts'
import { DOCUMENT_KINDS, SIGNED_BYTES_MAX } from '../../src/stream/policy-message.ts'
import { createPolicyTelling } from '../../src/stream/policy-telling.ts'
import { unixNs } from '../../src/units.ts'
import { until } from '../waits.ts'
import type { Peer } from './collector-double.ts'
import { alerts, UplinkFixture } from './uplink-fixture.ts'

const report = (change: Partial<PolicyReport> = {}): PolicyReport => ({
  ...{ keyId: '', source: 'built-in', group: 'office', documents: [] },
  ...{ suppressed: 0, suppressions: [] },
  ...change,
})

const none = { refuseLarge: assert.fail }

describe('how policies stand', () => {
  it('is said at first, and again when it has changed', () => {
    let present = report()
    const tell = createPolicyTelling({ ...none, take: () => {}, report: () => present })
    assert.deepEqual(tell(), present)
    assert.equal(tell(), undefined)
    present = report({ source: 'pushed' })
    assert.deepEqual(tell(), present)
    present = report({ source: 'pushed', suppressed: 3 })
    assert.equal(tell(), undefined, 'what was held back waits for a minute')
    present = report({ source: 'local', suppressed: 3 })
    assert.equal(tell()?.suppressed, 3)
  })

  it('and what is pushed, as large as it may be, fits into one message', () => {
    const documents = DOCUMENT_KINDS.map(() => new Uint8Array(SIGNED_BYTES_MAX))
    const push = { group: '€'.repeat(100), documents }
    assert.ok(encodeEnvelope({ kind: 'policyPush', push }).length <= FRAME_BYTES_MAX)
  })

  describe('over a connection', () => {
    let fixture: UplinkFixture
    beforeEach(async () => {
      fixture = await UplinkFixture.make()
    })
    afterEach(() => fixture.remove())

    it('is never said, and no policy taken, where that was not agreed', async () => {
      const taken: PolicyPush[] = []
      fixture.start({ policies: { ...none, take: (push) => taken.push(push), report } })
      const peer = await fixture.collector.peer()
      const said = await peer.heard('hello')
      assert(said.kind === 'hello')
      assert.equal(said.hello.capabilities & Capability.policy, Capability.policy)
      peer.welcome({ capabilities: 0n })
      await fixture.state('connected')
      peer.say({ kind: 'policyPush', push: { group: '', documents: [] } })
      await until(() => fixture.lines.some((line) => /policyPush where it may not/.test(line)))
      assert.deepEqual(taken, [])
    })
    it('is said after what came was taken', async () => {
      const taken: PolicyPush[] = []
      fixture.start({
        policies: {
          ...none,
          take: (push) => taken.push(push),
          report: () => report({ group: taken.at(-1)?.group ?? '' }),
        },
      })
      const peer = await fixture.collector.peer()
      await peer.heard('hello')
      peer.welcome({ capabilities: Capability.policy })
      const first = await peer.heard('policyReport')
      assert(first.kind === 'policyReport' && first.report.group === '')
      const push = { group: 'lab', documents: [Uint8Array.of(1, 2)] }
      peer.say({ kind: 'policyPush', push })
      await peer.until(() =>
        peer.envelopes.some((one) => one.kind === 'policyReport' && one.report.group === 'lab'),
      )
      assert.deepEqual(taken, [push])
    })

    /** A push of so many bytes, as no codec of ours would write it. */
    const large = (bytes: number): Buffer => {
      const frame = Buffer.alloc(bytes)
      frame[0] = (11 << 3) | 2
      return frame
    }
    const refusing = () => {
      let refused = 0
      const of = { kind: 'policy', version: 0, receivedVersion: 0, state: 'failed' } as const
      const document = { ...of, code: 'too-large', text: '', clamped: 0, at: unixNs(1n, 'at') }
      return {
        times: () => refused,
        policies: {
          take: () => {},
          refuseLarge: () => void refused++,
          report: () => report(refused > 0 ? { documents: [document] } : {}),
        },
      }
    }
    const saysTooLarge = (peer: Peer) =>
      peer.until(() =>
        peer.envelopes.some(
          (one) => one.kind === 'policyReport' && one.report.documents[0]?.code === 'too-large',
        ),
      )

    it('is answered with a code where what came is larger than any message may be, and the connection goes on', async () => {
      const { policies, times } = refusing()
      fixture.start({ policies })
      const peer = await fixture.collector.peer()
      await peer.heard('hello')
      peer.welcome({ capabilities: Capability.policy })
      await peer.heard('policyReport')
      for (const bytes of [FRAME_BYTES_MAX + 1, READ_BYTES_MAX]) peer.socket.send(large(bytes))
      await saysTooLarge(peer)
      fixture.outbox.append(alerts(1))
      await peer.until(() => peer.items.length === 1)
      peer.ack(1)
      await until(() => fixture.outbox.counters().items === 0)
      assert.deepEqual([peer.closeCode, times()], [0, 2])
    })

    it('is answered on the next connection where it is too large to be read at all, and the reason is said', async () => {
      const { policies } = refusing()
      fixture.start({ policies })
      const peer = await fixture.collector.peer()
      await peer.heard('hello')
      peer.welcome({ capabilities: Capability.policy })
      await fixture.state('connected')
      peer.socket.send(large(READ_BYTES_MAX + 1))
      assert.equal(await peer.closed(), 1009)
      await fixture.state('waiting', /sent a message of more than 1048576 bytes/)
      const next = await fixture.collector.peer()
      next.welcome({ capabilities: Capability.policy })
      await saysTooLarge(next)
    })

    it('is no answer to another message that is too large: that ends the connection', async () => {
      const { policies, times } = refusing()
      fixture.start({ policies })
      const peer = await fixture.collector.peer()
      await peer.heard('hello')
      peer.welcome({ capabilities: Capability.policy })
      await fixture.state('connected')
      peer.socket.send(Buffer.alloc(FRAME_BYTES_MAX + 1, 0x22))
      await peer.closed()
      await fixture.state('waiting', /524289 bytes, at most 524288/)
      assert.equal(times(), 0)
    })

    it('is taken once a second, the last of what came, however often another comes', async () => {
      const taken: string[] = []
      fixture.start({ policies: { ...none, take: ({ group }) => taken.push(group), report } })
      const peer = await fixture.collector.peer()
      await peer.heard('hello')
      peer.welcome({ capabilities: Capability.policy })
      const beganMs = performance.now()
      for (let n = 0; n < 200; n++)
        peer.say({
          kind: 'policyPush',
          push: { group: n % 2 === 0 ? `a${n}` : 'b', documents: [] },
        })
      await until(() => taken.at(-1) === 'b' && taken.length > 1)
      assert.deepEqual(taken, ['a0', 'b'])
      assert.ok(performance.now() - beganMs >= 900)
    })
  })
})
