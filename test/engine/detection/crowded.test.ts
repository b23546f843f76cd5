// A table of alerts that is full: the least rare gives way and says so, and what is rarer than any is told.
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import {
  type MakeScoring,
  pointScoring,
  rarityScoring,
} from '../../../src/engine/detection/judging.ts'
import type { Alert } from '../../../src/engine/finding.ts'
import { HOUR_MS, MIB, Script, type Told, tell } from '../scenario.ts'

const LIMIT = 8
const JUDGES: [name: string, scoring: MakeScoring][] = [
  ['points', pointScoring()],
  ['rarity', rarityScoring(0.1)],
]
const host = (i: number): string => `203.0.${i}.7`
const decoyPid = (i: number): number => 1_000 + i
const sha = (i: number): string => (i + 16).toString(16).padStart(2, '0')

/** As many programs as there are places for alerts, each with one that stays open; then a pid 100 that has sent nothing. */
function crowd(count: number, bytesOf: (i: number) => number = () => 2 * MIB): Script {
  const script = new Script().start().system(50, '/usr/bin/bash')
  for (let i = 0; i < count; i++) {
    const pid = decoyPid(i)
    script.program({ pid, path: `/home/ann/decoy${i}`, parent: 50, sha: sha(i) })
    const flow = { id: i + 1, pid, to: host(i), keepOpen: true }
    script.upload({ ...flow, total: bytesOf(i), answer: 800 })
  }
  return script.program({ pid: 100, path: '/home/ann/probe', parent: 50 })
}
const told = (script: Script, scoring: MakeScoring): Told =>
  tell(script, { scoring, limits: { alerts: LIMIT } })
const of = ({ alerts }: Told, address: string): Alert[] =>
  alerts.filter(({ destination }) => destination.address === address)

for (const [name, scoring] of JUDGES)
  describe(`a full table of alerts by ${name}`, () => {
    it('has the least rare give way: its last revision is final, with what stands and why', () => {
      const script = crowd(LIMIT, (i) => (i === 3 ? MIB + 9 : 2 * MIB))
      const all = told(script.upload({ id: 90, to: host(90), total: 64 * MIB }).ticks(3), scoring)
      const [opened, final, ...more] = of(all, host(3))
      equal(more.length, 0)
      equal(opened?.state, 'opened')
      equal(final?.state, 'final')
      equal(final?.bytesOut, MIB + 9)
      match(final?.sentence ?? '', /It is followed no further: it gave way to a rarer one/)
      equal(of(all, host(90))[0]?.state, 'opened')
      for (let i = 0; i < LIMIT; i++)
        if (i !== 3)
          ok(
            of(all, host(i)).every(({ state }) => state !== 'final'),
            host(i),
          )
      const { evicted, unopened } = all.engine.counters()
      deepEqual([evicted.alerts, unopened], [1, 0])
      const [said] = all.health.filter(({ of }) => of === 'loss')
      match(said?.text ?? '', /^1 alert gave way to a rarer one/)
      equal(said?.about, 'told')
    })

    it('has of equals the newest give way', () => {
      const script = crowd(LIMIT)
      const all = told(script.upload({ id: 90, to: host(90), total: 64 * MIB }), scoring)
      deepEqual(
        Array.from({ length: LIMIT }, (_, i) => of(all, host(i)).at(-1)?.state === 'final'),
        [...Array(LIMIT - 1).fill(false), true],
      )
    })

    it('rolls up who is itself the least rare, and says and counts it, once', () => {
      const script = crowd(LIMIT, () => 16 * MIB)
      script.upload({ id: 90, to: host(90), total: MIB + 9, keepOpen: true })
      for (let i = 1; i <= 50; i++)
        script.tick(100).flow({ id: 90, to: host(90), out: MIB + 9 + i, in: 800 })
      const all = told(script.ticks(3), scoring)
      equal(of(all, host(90)).length, 0)
      const { evicted, unopened } = all.engine.counters()
      deepEqual([evicted.alerts, unopened], [0, 1])
      deepEqual(
        all.health.filter(({ of }) => of === 'loss').map(({ count }) => count),
        [1],
      )
    })

    it('tells of it once it is rarer than one of them', () => {
      const script = crowd(LIMIT, () => 16 * MIB)
      script.upload({ id: 90, to: host(90), total: MIB + 9, keepOpen: true })
      script.upload({ id: 90, to: host(90), total: 640 * MIB })
      const all = told(script.ticks(3), scoring)
      equal(of(all, host(90)).at(-1)?.bytesOut, 640 * MIB)
      equal(all.engine.counters().evicted.alerts, 1)
    })

    it('tells of it once there is room, on the same day', () => {
      const script = crowd(LIMIT, () => 16 * MIB)
      script.upload({ id: 90, to: host(90), total: 2 * MIB, keepOpen: true })
      script.flow({ id: 1, pid: decoyPid(0), to: host(0), out: 16 * MIB, in: 800, state: 'closed' })
      script.ticks(3).flow({ id: 90, to: host(90), out: 2 * MIB + 1, in: 800 })
      const all = told(script.ticks(1), scoring)
      equal(of(all, host(90)).at(-1)?.bytesOut, 2 * MIB + 1)
      // One that cools down has been said to its end: it goes first, and nothing is lost with it.
      equal(of(all, host(0)).at(-1)?.state, 'final')
      equal(all.health.filter(({ text }) => text.includes('gave way')).length, 0)
    })

    it('tells anew of who gave way, once it is the rarer', () => {
      const script = crowd(LIMIT)
      const last = LIMIT - 1
      const flow = { id: LIMIT, pid: decoyPid(last), to: host(last), in: 800 }
      script.upload({ id: 90, to: host(90), total: 64 * MIB, keepOpen: true })
      script.tick(1_000).flow({ ...flow, out: 2 * MIB + 1 })
      const before = of(told(script, scoring), host(last))
      deepEqual(
        before.map(({ state }) => state),
        ['opened', 'final'],
      )
      const all = of(told(script.tick(1_000).flow({ ...flow, out: 32 * MIB }), scoring), host(last))
      equal(all.length, 3)
      equal(all[2]?.state, 'opened')
      ok(all[2]?.id !== all[1]?.id)
      equal(all[2]?.bytesOut, 32 * MIB)
    })
  })

describe('three alerts a program and day', () => {
  it('are three after a restart, too', () => {
    const script = new Script().start().system(50, '/usr/bin/bash')
    const probe = { pid: 100, path: '/home/ann/probe', parent: 50 }
    script.program(probe)
    for (let i = 1; i <= 3; i++)
      script.upload({ id: i, to: host(i), total: MIB * 4_096 ** (i - 1) })
    const scoring = rarityScoring(0.1)
    const before = tell(script.ticks(3), { scoring })
    equal(before.engine.counters().alerts, 3)
    const after = new Script()
    after.nowMs = script.nowMs + HOUR_MS
    after.start().system(50, '/usr/bin/bash').program(probe)
    after.upload({ id: 9, to: host(9), total: 4 * MIB }).ticks(3)
    const { engine } = tell(after, { scoring, baseline: before.baseline })
    equal(engine.counters().alerts, 0)
    equal(engine.counters().rolledUp, 1)
  })
})
