// When an agent says how its policies stand.
import assert from 'node:assert/strict'
import { Capability, type PolicyPush, type PolicyReport } from '../../src/stream/codec.ts'
import { createPolicyTelling } from '../../src/stream/policy-telling.ts'
import { until } from '../waits.ts'
import { UplinkFixture } from './uplink-fixture.ts'

const report = (change: Partial<PolicyReport> = {}): PolicyReport => ({
  ...{ keyId: '', source: 'built-in', group: 'office', documents: [] },
  ...{ suppressed: 0, suppressions: [] },
  ...change,
})

describe('how policies stand', () => {
  it('is said at first, and again when it has changed', () => {
    let present = report()
    const tell = createPolicyTelling({ take: () => {}, report: () => present })
    assert.deepEqual(tell(), present)
    assert.equal(tell(), undefined)
    present = report({ source: 'pushed' })
    assert.deepEqual(tell(), present)
    present = report({ source: 'pushed', suppressed: 3 })
    assert.equal(tell(), undefined, 'what was held back waits for a minute')
    present = report({ source: 'local', suppressed: 3 })
    assert.equal(tell()?.suppressed, 3)
  })

  describe('over a connection', () => {
    let fixture: UplinkFixture
    beforeEach(async () => {
      fixture = await UplinkFixture.make()
    })
    afterEach(() => fixture.remove())

    it('is never said, and no policy taken, where that was not agreed', async () => {
      const taken: PolicyPush[] = []
      fixture.start({ policies: { take: (push) => taken.push(push), report } })
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

    it('is taken once a second, the last of what came, however often another comes', async () => {
      const taken: string[] = []
      fixture.start({ policies: { take: ({ group }) => taken.push(group), report } })
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
