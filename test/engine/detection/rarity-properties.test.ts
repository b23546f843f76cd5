// What holds of an engine that judges by rarity, whatever is sent: more is never rarer told, and the order of reports decides nothing.
import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { rarityScoring } from '../../../src/engine/detection/judging.ts'
import type { Alert } from '../../../src/engine/finding.ts'
import { Script, tell } from '../scenario.ts'

const KIB = 1_024
const PROGRAMS = [
  { pid: 100, path: '/home/ann/probe', sha: 'ab' },
  { pid: 101, path: '/home/ann/bin/other', sha: 'cd' },
  { pid: 102, path: '/usr/bin/tool', sha: 'ef', owner: 0 },
]

type Sending = { program: number; to: number; out: number; share: number }
const sending: fc.Arbitrary<Sending> = fc.record({
  program: fc.nat(PROGRAMS.length - 1),
  to: fc.nat(5),
  out: fc.oneof(fc.nat(300 * KIB), fc.nat(60_000 * KIB)),
  share: fc.constantFrom(0, 0.02, 0.3, 0.7, 1.5),
})

/** Each sending is a flow; all report in each of three intervals, in the order that is given, and then an alert's last word is said. */
const alertsOf = (sendings: readonly Sending[], order = sendings.map((_, i) => i)): Alert[] => {
  const script = new Script().start().system(50, '/usr/sbin/backupd')
  for (const program of PROGRAMS) script.program({ ...program, parent: 50 })
  for (let part = 0; part <= 3; part++) {
    for (const index of order) {
      const { program, to, out, share } = sendings[index] as Sending
      script.flow({
        ...{ id: index + 1, pid: 100 + program, to: `203.0.${to}.7`, localPort: 40_000 + index },
        out: Math.round((out * part) / 3),
        in: Math.round((out * share * part) / 3),
        state: part === 0 ? 'opened' : part === 3 ? 'closed' : 'report',
      })
    }
    script.tick(5_000)
  }
  return tell(script.ticks(90), { scoring: rarityScoring(0.1) }).alerts
}

/** The highest score that was said of each program. */
const highest = (alerts: readonly Alert[]): Record<string, number> => {
  const scores: Record<string, number> = {}
  for (const { chain, score } of alerts) {
    const path = chain[0]?.path ?? ''
    scores[path] = Math.max(scores[path] ?? 0, score)
  }
  return scores
}

describe('judging by rarity', () => {
  it('depends on no order of reports within an interval', () => {
    let told = 0
    const story = fc.array(sending, { minLength: 1, maxLength: 14 }).chain((sendings) =>
      fc.tuple(
        fc.constant(sendings),
        fc.shuffledSubarray(
          sendings.map((_, i) => i),
          { minLength: sendings.length },
        ),
      ),
    )
    fc.assert(
      fc.property(story, ([sendings, order]) => {
        const one = highest(alertsOf(sendings))
        deepEqual(highest(alertsOf(sendings, order)), one)
        told += Object.keys(one).length
      }),
      { numRuns: 60 },
    )
    ok(told > 50, `${told} told`)
  })

  it('makes nobody less rare who sends more, or is answered less', () => {
    let told = 0
    const change = fc.record({
      more: fc.constantFrom(1, 1.3, 4),
      less: fc.constantFrom(1, 0.5, 0),
    })
    fc.assert(
      fc.property(
        fc.array(sending, { minLength: 1, maxLength: 10 }),
        fc.nat(9),
        change,
        (sendings, at, { more, less }) => {
          const base = highest(alertsOf(sendings))
          const changed = highest(
            alertsOf(
              sendings.map((one, index) =>
                index === at % sendings.length
                  ? { ...one, out: Math.round(one.out * more), share: (one.share * less) / more }
                  : one,
              ),
            ),
          )
          for (const [path, score] of Object.entries(base)) {
            ok((changed[path] ?? 0) >= score - 1e-9, `${path}: ${changed[path]} after ${score}`)
            told++
          }
        },
      ),
      { numRuns: 60 },
    )
    ok(told > 50, `${told} told`)
  })

  it('gives a score that is bounded, however much is sent', () => {
    const most = { program: 0, to: 0, out: 2 ** 50, share: 0 }
    const { '/home/ann/probe': score = 0 } = highest(alertsOf([most]))
    ok(score > 100 && score <= 60 + 30 * 3 + 30, `${score}`)
    equal(highest(alertsOf([{ ...most, out: 2 ** 52 }]))['/home/ann/probe'], score)
  })
})
