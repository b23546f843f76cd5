// An exception's volume is one volume: no policy that is put in force, no end of the engine or of the boot, no full table and no
// other rule for the same hosts begins it anew.
import assert from 'node:assert/strict'
import type { Baseline } from '../../src/baseline/baseline.ts'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import type { Limits } from '../../src/engine/limits.ts'
import { makePolicy, type PolicyDocument } from '../../src/engine/policy.ts'
import { ExecFlag, FlowFlag, Mark } from '../../src/records/record.gen.ts'
import {
  BOOT_ID,
  BOOT_UNIX_NS,
  HOUR_MS,
  MIB,
  Script,
  type Told,
  tellByPoints as tell,
} from './scenario.ts'

const at = (seconds: number) =>
  `${new Date(Number(BOOT_UNIX_NS / 1_000_000n) + seconds * 1000).toISOString().slice(0, 19)}Z`
const LATER = 1_000_000
const WIDE = '203.0.0.0/16'
const ruleOf = (host: string, until = LATER) => ({
  ...{ host, until: at(until), bytesPerDayMax: 9 * MIB },
})
const documentOf = (...hosts: string[]): PolicyDocument => ({
  version: 1,
  exceptions: hosts.map((host) => ruleOf(host)),
})
const probe = { pid: 100, path: '/home/ann/probe', parent: 50 }
const begin = () => new Script().start().system(50, '/usr/sbin/backupd').program(probe)
const hostOf = (number: number) => `203.0.${number}.9`
const upload = (script: Script, number: number) =>
  script.upload({ id: number, to: hostOf(number), total: 4 * MIB }).ticks(2)
const openedIn = ({ alerts }: Told) =>
  alerts.filter(({ state }) => state === 'opened').map(({ destination }) => destination.address)

/** Six uploads, of which the volume has room for two; `between` comes after each. Hosts that were told of. */
const told = (between: (script: Script, number: number) => void, limits: Partial<Limits> = {}) => {
  const script = begin()
  for (let number = 1; number <= 6; number++) between(upload(script, number), number)
  return openedIn(tell(script, { policy: makePolicy(documentOf(WIDE)), limits }))
}
const PLAIN = [3, 4, 5].map(hostOf)

/** The same, each by an engine of its own; `resume` writes how the next one begins. */
const toldByMany = (
  resume: (script: Script) => void,
  baseline: Baseline = openMemoryBaseline(),
) => {
  const opened: string[] = []
  let script = begin()
  for (let number = 1; number <= 6; number++) {
    upload(script, number)
    const policy = makePolicy(documentOf(WIDE))
    opened.push(...openedIn(tell(script, { policy, baseline })))
    const next = new Script()
    next.nowMs = script.nowMs + 1_000
    resume(next)
    script = next
  }
  return opened
}
const enumerated = (script: Script, bootId = BOOT_ID, flow?: { out: number }) => {
  script.mark(Mark.start, '', bootId)
  script.exec({ pid: 50, path: '/usr/sbin/backupd', flags: ExecFlag.enumerated })
  script.exec({ ...probe, flags: ExecFlag.enumerated }).inspected(probe)
  if (flow) script.flow({ id: 1, to: hostOf(1), ...flow, flags: FlowFlag.enumerated })
  return script.mark(Mark.enumerated, '', bootId)
}

describe('the volume of an exception', () => {
  it('is one for all that it names', () => {
    assert.deepEqual(
      told(() => {}),
      PLAIN,
    )
  })
  it('does not begin anew with a policy: with another end, another rule, or after one without exceptions', () => {
    for (const documentsOf of [
      (number: number) => [{ exceptions: [ruleOf(WIDE, LATER + number)] }],
      (number: number) => [documentOf(`203.0.0.0/${8 + number}`)],
      () => [{}, documentOf(WIDE)],
      () => [documentOf(WIDE, `203.0.0.0/15`, '203.0.0.0/14')],
    ])
      assert.deepEqual(
        told((script, number) => {
          for (const document of documentsOf(number)) script.policy(1, document)
        }),
        PLAIN,
      )
  })
  it('is not larger where several rules name the same hosts', () => {
    const script = begin().policy(1, documentOf(WIDE, '203.0.0.0/15', WIDE))
    for (let number = 1; number <= 6; number++) upload(script, number)
    assert.deepEqual(openedIn(tell(script)), PLAIN)
  })
  it('does not begin anew with an engine, of this boot or of another', () => {
    assert.deepEqual(
      toldByMany((script) => enumerated(script)),
      PLAIN,
    )
    let boot = 0
    assert.deepEqual(
      toldByMany((script) => {
        script.nowMs = 10_000
        enumerated(script, new Uint8Array(16).fill(++boot))
      }),
      PLAIN,
    )
  })
  it('does not begin anew with the first records of another boot', () => {
    let boot = 0
    assert.deepEqual(
      told((script) => enumerated(script, new Uint8Array(16).fill(++boot))),
      PLAIN,
    )
  })
  it('counts no byte twice that is told again to the next engine', () => {
    const baseline = openMemoryBaseline()
    const policy = makePolicy(documentOf(WIDE))
    const flow = { id: 1, to: hostOf(1) }
    const first = begin().upload({ ...flow, total: 5 * MIB, keepOpen: true })
    assert.deepEqual(openedIn(tell(first, { policy, baseline })), [])
    for (let round = 1; round <= 3; round++) {
      const next = new Script()
      next.nowMs = first.nowMs + round * 60_000
      enumerated(next, BOOT_ID, { out: (5 + round) * MIB }).ticks(2)
      assert.deepEqual(openedIn(tell(next, { policy, baseline })), [], `${round}`)
    }
    const last = new Script()
    last.nowMs = first.nowMs + 600_000
    enumerated(last, BOOT_ID, { out: 8 * MIB }).ticks(2)
    last.flow({ ...flow, out: 9.5 * MIB }).ticks(2)
    assert.deepEqual(openedIn(tell(last, { policy, baseline })), [hostOf(1)])
  })
  it('does not begin anew for pairs that a full table has pushed out', () => {
    assert.deepEqual(
      told(() => {}, { pairs: 1 }),
      PLAIN,
    )
  })
  it('goes with a program that is found to be another than it was taken for', () => {
    const script = new Script().start().system(50, '/usr/sbin/backupd').exec(probe)
    // Its inspection has not come: what it sends counts for what is known of it by then.
    for (let number = 1; number <= 2; number++) upload(script.ticks(6), number)
    script.inspected(probe).ticks(2)
    for (let number = 3; number <= 6; number++) upload(script, number)
    assert.deepEqual(openedIn(tell(script, { policy: makePolicy(documentOf(WIDE)) })), PLAIN)
  })
  it('is there again a day later, though the engine and the table forgot nothing meanwhile', () => {
    const script = begin()
    for (let number = 1; number <= 2; number++) upload(script, number)
    script
      .wait(25 * HOUR_MS)
      .tick()
      .ticks(2)
    for (let number = 3; number <= 4; number++) upload(script, number)
    const { engine, ...rest } = tell(script, { policy: makePolicy(documentOf(WIDE)) })
    assert.deepEqual(openedIn({ engine, ...rest }), [])
    assert.equal(engine.counters().suppressed, 4)
  })
  it('holds back no pair for which there is no room to count it', () => {
    const script = begin()
    for (let number = 1; number <= 2; number++) upload(script, number)
    const policy = makePolicy(documentOf(WIDE))
    assert.deepEqual(openedIn(tell(script, { policy, limits: { heldSendings: 1 } })), [hostOf(2)])
  })
})
