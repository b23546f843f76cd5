import assert from 'node:assert/strict'
import {
  makePolicy,
  type PolicyDocument,
  PolicyError,
  parsePolicy,
} from '../../src/engine/policy.ts'
import { REFUSED_DOCUMENTS } from './refused-policies.ts'
import { MIB, Script, tell, tellByPoints } from './scenario.ts'

const probe = { pid: 100, path: '/home/ann/probe', parent: 50 }
const stranger = () => new Script().start().system(50, '/usr/sbin/backupd').program(probe)
const upload = { id: 1, total: 4 * MIB }

describe('policy', () => {
  it('scores loopback when it says so, by the whole address', () => {
    const script = stranger().upload({ ...upload, to: '127.0.0.1', port: 9000 })
    assert.equal(tellByPoints(script).alerts.length, 0)
    const { alerts } = tellByPoints(script, { policy: makePolicy({ includeLoopback: true }) })
    assert.equal(alerts[0]?.destination.key, '127.0.0.1:9000')
    assert.equal(alerts[0]?.severity, 'high')
  })

  it('never alerts on the agent itself, and counts its flows', () => {
    const { alerts, engine } = tell(stranger().upload(upload), {
      policy: makePolicy({ ownPids: [100] }),
    })
    assert.equal(alerts.length, 0)
    assert.equal(engine.counters().leftOut.own, 1)
  })

  it('keeps the own processes it began with under a policy that does not know them', () => {
    const { alerts } = tell(stranger().policy(2, {}).upload(upload), {
      policy: makePolicy({ ownPids: [100] }),
    })
    assert.equal(alerts.length, 0)
  })

  for (const entry of ['203.0.113.0/24', '203.0.113.7', 'example.org', 'files.example.org'])
    it(`suppresses and counts what HostWhitelist names: ${entry}`, () => {
      const script = stranger().name(1, 'files.example.org').upload(upload)
      const { alerts, engine } = tell(script, { policy: makePolicy({ hostWhitelist: [entry] }) })
      assert.equal(alerts.length, 0)
      assert.equal(engine.counters().suppressed, 1)
    })

  it('suppresses an address of HostWhitelist behind a NAT64, by either name', () => {
    const script = stranger().upload({ ...upload, to: '64:ff9b::203.0.113.7' })
    for (const entry of ['203.0.113.0/24', '64:ff9b::203.0.113.7'])
      assert.equal(
        tell(script, { policy: makePolicy({ hostWhitelist: [entry] }) }).alerts.length,
        0,
      )
    const { alerts } = tell(script, { policy: makePolicy({ hostWhitelist: ['203.0.112.0/24'] }) })
    assert.equal(alerts[0]?.destination.key, '203.0.113.0/24:443')
    assert.equal(alerts[0]?.destination.address, '64:ff9b::cb00:7107')
  })

  for (const entry of ['203.0.112.0/24', 'xample.org', 'other.example.org'])
    it(`does not suppress what HostWhitelist does not name: ${entry}`, () => {
      const script = stranger().name(1, 'files.example.org').upload(upload)
      const { alerts } = tell(script, { policy: makePolicy({ hostWhitelist: [entry] }) })
      assert.equal(alerts.length, 1)
    })

  it('suppresses and counts what ParentProcessCheck names', () => {
    const rule = (parent: string, program: string) =>
      tell(stranger().upload(upload), {
        policy: makePolicy({ parentProcessCheck: [{ parent, program }] }),
      })
    assert.equal(rule('/usr/sbin/backupd', '/home/ann/*').engine.counters().suppressed, 1)
    assert.equal(rule('/usr/sbin/backupd', '/home/ann/*').alerts.length, 0)
    assert.equal(rule('/usr/sbin/other', '/home/ann/*').alerts.length, 1)
    assert.equal(rule('/usr/sbin/backupd', '/home/ann/prob').alerts.length, 1)
  })

  it('checks the path of the file that runs, not that where it was seen first', () => {
    const elsewhere = { pid: 101, path: '/srv/probe', parent: 50, sha: 'ab' }
    const script = new Script()
      .start()
      .system(50, '/usr/sbin/backupd')
      .program({ ...probe, sha: 'ab' })
      .program(elsewhere)
      .upload({ ...upload, pid: 101 })
    const suppressed = (program: string) =>
      tell(script, {
        policy: makePolicy({ parentProcessCheck: [{ parent: '/usr/sbin/backupd', program }] }),
      }).engine.counters().suppressed
    assert.equal(suppressed('/srv/probe'), 1)
    assert.equal(suppressed('/home/ann/probe'), 0)
  })

  it('repeats of a value that it refuses no more than a line can show', () => {
    const refusal = (document: object) => {
      try {
        parsePolicy(1, JSON.stringify(document))
      } catch (error) {
        return (error as PolicyError).message
      }
      return ''
    }
    const long = refusal({ hostWhitelist: ['a b'.repeat(10_000)] })
    assert.ok(long.length < 200, long.slice(0, 300))
    assert.match(refusal({ hostWhitelist: ['\u001b[2J x'] }), /\\u\{1b\}\[2J x” is neither/)
    assert.match(refusal({ ['x\u202e']: 1 }), /no field “x\\u\{202e\}”$/)
    assert.match(refusal({ ownPids: [{ a: 1 }] }), /ownPids\[0\]: \{"a":1\} is no whole number/)
  })

  it('counts a private network that it calls outside like any other', () => {
    const script = stranger().upload({ ...upload, to: '10.2.3.4' })
    const scoreOf = (networks: string[]) =>
      tell(script, { policy: makePolicy({ externalNetworks: networks }) }).alerts[0]?.score ?? 0
    assert.ok(scoreOf(['10.2.0.0/16']) > scoreOf(['10.3.0.0/16']) + 10)
  })

  it('is in force from its record on, for flows that are open too', () => {
    const loopback = { id: 1, to: '127.0.0.1' }
    const script = stranger()
      .flow({ ...loopback, out: 5 * MIB, state: 'opened' })
      .tick(1_000)
      .policy(3, { includeLoopback: true })
      .tick(1_000)
      .flow({ ...loopback, out: 7 * MIB })
      .flow({ ...loopback, out: 7 * MIB, state: 'closed' })
    const { alerts } = tell(script.ticks(2))
    assert.equal(alerts.at(-1)?.bytesOut, 2 * MIB)
    assert.equal(alerts.at(-1)?.policyVersion, 3)
    script.policy(4, {}).upload({ ...loopback, id: 2, total: 9 * MIB })
    assert.equal(tell(script).alerts.at(-1)?.bytesOut, 2 * MIB)
  })

  it('judges anew what an earlier policy suppressed', () => {
    const script = stranger()
      .upload({ ...upload, keepOpen: true })
      .policy(2, {})
      .flow({ id: 1, out: 5 * MIB })
    const { alerts } = tell(script, {
      policy: makePolicy({ hostWhitelist: ['203.0.113.0/24'] }),
    })
    assert.equal(alerts[0]?.bytesOut, 5 * MIB)
  })

  it('is refused whole when it is wrong: the last one stays, and that is said', () => {
    const script = stranger()
      .policy(5, { includeLoopback: true })
      .policy(6, '{"includeLoopback": "yes"}')
      .policy(7, 'nonsense')
      .upload({ ...upload, to: '127.0.0.1' })
    const { alerts, health } = tell(script)
    assert.equal(alerts[0]?.policyVersion, 5)
    assert.deepEqual(
      health.map(({ of, text }) => [of, text]),
      [
        [
          'policy',
          'policy 6 was refused (policy.includeLoopback is neither true nor false); policy 5 stays in force',
        ],
        ['policy', 'policy 7 was refused (policy: not JSON); policy 5 stays in force'],
      ],
    )
  })

  for (const [what, document] of Object.entries(REFUSED_DOCUMENTS))
    it(`refuses ${what}`, () => {
      assert.throws(() => parsePolicy(1, JSON.stringify(document)), PolicyError)
    })

  it('has the budget of its profile, or its own', () => {
    const budgetOf = (document: PolicyDocument) => makePolicy(document).budgetPerHostDay
    assert.equal(budgetOf({}), 0.1)
    assert.equal(budgetOf({ schema: 1, profile: 'quiet' }), 0.03)
    assert.equal(budgetOf({ profile: 'sensitive' }), 0.5)
    assert.equal(budgetOf({ profile: 'developer-workstation' }), 0.1)
    assert.equal(budgetOf({ profile: 'quiet', budgetPerHostDay: 1 }), 1)
    assert.equal(budgetOf({ budgetPerHostDay: 0.01 }), 0.01)
  })

  it('refuses JSON that is not an object', () => {
    for (const text of ['[]', 'null', '3', '"x"', '{']) {
      assert.throws(() => parsePolicy(1, text), { name: 'PolicyError', code: 'syntax' })
    }
  })
})
