// Exceptions: what they hold back, until when, and up to which volume; and that each alert held back is counted by its rule.
import assert from 'node:assert/strict'
import type { ExceptionDocument } from '../../src/engine/exception.ts'
import { makePolicy, type PolicyDocument, PolicyError } from '../../src/engine/policy.ts'
import { REFUSED_EXCEPTIONS } from './refused-policies.ts'
import { BOOT_UNIX_NS, MIB, Script, tellByPoints as tell } from './scenario.ts'

const stranger = () =>
  new Script()
    .start()
    .system(50, '/usr/sbin/backupd')
    .program({ pid: 100, path: '/home/ann/probe', parent: 50 })
const upload = { id: 1, total: 4 * MIB }
/** Seconds after the machine's start, as a policy has it. */
const at = (seconds: number) =>
  `${new Date(Number(BOOT_UNIX_NS / 1_000_000n) + seconds * 1000).toISOString().slice(0, 19)}Z`
const LATER = at(1_000_000)
const of = (change: Partial<ExceptionDocument>): PolicyDocument => ({
  exceptions: [{ host: '203.0.113.0/24', until: LATER, bytesPerDayMax: 100 * MIB, ...change }],
})
const told = (script: Script, document: PolicyDocument) =>
  tell(script, { policy: makePolicy(document) })

describe('an exception', () => {
  it('for a host, and for a program under a parent, holds back and is counted by its rule', () => {
    for (const [exception, rule] of [
      [of({}), 'exception for 203.0.113.0/24'],
      [
        {
          exceptions: [
            {
              ...{ parent: '/usr/sbin/backupd', program: '/home/ann/*' },
              ...{ until: LATER, bytesPerDayMax: 100 * MIB },
            },
          ],
        },
        'exception for /home/ann/* under /usr/sbin/backupd',
      ],
    ] satisfies [PolicyDocument, string][]) {
      const { alerts, engine } = told(stranger().upload(upload), exception)
      assert.equal(alerts.length, 0)
      assert.equal(engine.counters().suppressed, 1)
      assert.deepEqual(engine.suppressions(), [{ rule, count: 1 }])
    }
    assert.equal(told(stranger().upload(upload), of({ host: '192.0.2.0/24' })).alerts.length, 1)
  })
  it('ends at its time, for a flow that goes on over it', () => {
    const script = stranger().tick(1_000)
    for (let step = 1; step <= 20; step++) script.tick(1_000).flow({ id: 1, out: step * MIB })
    const { alerts } = told(script, of({ until: at(Number(script.atNs / 1_000_000_000n) - 5) }))
    assert.equal(alerts.length, 1)
    assert.ok((alerts[0]?.bytesOut ?? 0) >= 15 * MIB, `${alerts[0]?.bytesOut}`)
    assert.equal(told(stranger().upload(upload), of({ until: at(0) })).alerts.length, 1)
  })
  it('holds back no more than its volume: what goes on beyond raises its alert after all', () => {
    const script = stranger()
    for (let step = 1; step <= 20; step++) script.tick(1_000).flow({ id: 1, out: step * MIB })
    const { alerts, engine } = told(script, of({ bytesPerDayMax: 10 * MIB }))
    assert.equal(alerts[0]?.bytesOut, 11 * MIB)
    assert.equal(engine.counters().suppressed, 1)
    assert.equal(told(stranger().upload(upload), of({ bytesPerDayMax: 0 })).alerts.length, 1)
  })
  it('counts together what goes to several hosts that it names', () => {
    const script = stranger()
    for (let host = 1; host <= 6; host++)
      script.upload({ id: host, to: `203.0.${host}.9`, total: 4 * MIB })
    const { alerts, engine } = told(
      script.ticks(2),
      of({ host: '203.0.0.0/16', bytesPerDayMax: 12.5 * MIB }),
    )
    assert.equal(engine.counters().suppressed, 3)
    assert.equal(alerts.filter(({ state }) => state === 'opened').length, 3)
  })
  it('takes nothing from a rule that has no end', () => {
    const document = { ...of({ bytesPerDayMax: 0 }), hostWhitelist: ['203.0.113.0/24'] }
    const { alerts, engine } = told(stranger().upload(upload), document)
    assert.equal(alerts.length, 0)
    assert.deepEqual(engine.suppressions(), [{ rule: '203.0.113.0/24', count: 1 }])
  })
  it('says of what is missing that it is, and what is wanted', () => {
    const said = (change: Partial<ExceptionDocument>) => {
      try {
        makePolicy(of(change))
      } catch (error) {
        return (error as Error).message
      }
      return ''
    }
    const where = 'exceptions[0]'
    assert.ok(
      said({ until: undefined } as object).endsWith(
        `${where}.until is missing: a moment like 2026-12-24T18:00:00Z is wanted`,
      ),
    )
    assert.match(
      said({ bytesPerDayMax: undefined } as object),
      /\.bytesPerDayMax is missing: a whole number in 0\.\.\d+ is wanted$/,
    )
    assert.match(said({ until: '' }), /\.until: .* is no moment like/)
  })
  for (const [what, change] of Object.entries(REFUSED_EXCEPTIONS))
    it(`${what} refuses the whole policy`, () => {
      const document = of(change)
      assert.throws(() => makePolicy(document), PolicyError)
    })
})
