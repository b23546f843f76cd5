// What is passed over by four comparisons is what would not have been told: an engine that scores each report tells the same.
import { deepEqual, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { type MakeScoring, rarityScoring } from '../../../src/engine/detection/judging.ts'
import { HOUR_MS, MIB, Script, tell } from '../scenario.ts'

const PROGRAMS: { pid: number; path: string; sha?: string; owner?: number }[] = [
  { pid: 100, path: '/home/ann/probe', sha: 'ab' },
  { pid: 101, path: '/home/ann/Downloads/other', sha: 'cd' },
  { pid: 102, path: '/usr/bin/tool', sha: 'ef', owner: 0 },
]

type Step = { program: number; to: number; kilobytes: number; share: number; waitMs: number }
const step: fc.Arbitrary<Step> = fc.record({
  program: fc.nat(PROGRAMS.length - 1),
  to: fc.nat(4),
  kilobytes: fc.oneof(fc.nat(200), fc.nat(20_000)),
  share: fc.constantFrom(0, 0.01, 0.4, 0.6, 2),
  waitMs: fc.oneof(
    { weight: 6, arbitrary: fc.nat(30_000) },
    { weight: 2, arbitrary: fc.nat(2 * HOUR_MS) },
    { weight: 1, arbitrary: fc.nat(50 * HOUR_MS) },
  ),
})

const story = (steps: readonly Step[]): Script => {
  const script = new Script().start().system(50, '/usr/sbin/backupd')
  for (const program of PROGRAMS) script.program({ ...program, parent: 50 })
  for (const [index, { program, to, kilobytes, share, waitMs }] of steps.entries()) {
    const total = kilobytes * 1_024
    script.wait(waitMs).upload({
      ...{ id: index + 1, pid: 100 + program, to: to === 4 ? '10.0.0.9' : `203.0.${to}.7`, total },
      ...{ answer: Math.round(total * share), steps: 4 },
    })
  }
  return script.ticks(80)
}

/** Counts what it looks at, so that nothing is passed over. */
const counting =
  (seen: { scored: number }, isWhole: boolean): MakeScoring =>
  (parts) => {
    const scoring = rarityScoring(0.1)(parts)
    return {
      ...scoring,
      isSuspect: (slot) => scoring.isSuspect(slot) || isWhole,
      score(slot, pair) {
        seen.scored++
        scoring.score(slot, pair)
      },
    }
  }

const told = (steps: readonly Step[], isWhole: boolean) => {
  const seen = { scored: 0 }
  const { alerts } = tell(story(steps), { scoring: counting(seen, isWhole) })
  return { alerts, ...seen }
}

describe('a pair that is not told', () => {
  it('is passed over until it would be: alerts are those of an engine that passes over none', () => {
    let alerts = 0
    let saved = 0
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        const usual = told(steps, false)
        const whole = told(steps, true)
        deepEqual(usual.alerts, whole.alerts)
        alerts += usual.alerts.length
        saved += whole.scored - usual.scored
      }),
      { numRuns: 60 },
    )
    ok(alerts > 20, `${alerts} alerts`)
    ok(saved > 500, `${saved} reports passed over`)
  })

  it('that a program of the system has is passed over while it sends, and told in the report that makes it rare', () => {
    const steps = Array.from({ length: 60 }, () => ({
      ...{ program: 2, to: 0, kilobytes: 4_000, share: 0, waitMs: 1_000 },
    }))
    const usual = told(steps, false)
    const whole = told(steps, true)
    deepEqual(usual.alerts, whole.alerts)
    ok((usual.alerts[0]?.bytesOut ?? 0) > 5 * MIB)
    ok(usual.scored * 2 < whole.scored, `${usual.scored} of ${whole.scored} reports scored`)
  })
})
