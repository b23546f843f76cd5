// How often an alert is said: seldom, however its flows come, and its last figures are the true ones.
import { equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { openMemoryBaseline } from '../../../src/baseline/memory.ts'
import {
  type MakeScoring,
  pointScoring,
  rarityScoring,
} from '../../../src/engine/detection/judging.ts'
import { createEngine } from '../../../src/engine/engine.ts'
import type { Alert } from '../../../src/engine/finding.ts'
import { copyOf, HOUR_MS, MIB, Script, sorted } from '../scenario.ts'

const DAY_MS = 24 * HOUR_MS
/** 35 finals, as the quiet that each wants doubles up to an hour; the rest are steps of four times the bytes, of severity and of score. */
const REVISIONS_A_DAY_MAX = 50
const GB = 1_000_000_000

const JUDGES: [name: string, scoring: MakeScoring][] = [
  ['points', pointScoring()],
  ['rarity', rarityScoring(0.1)],
]

/** Flows of `bytes` each, one after each pause that `nextPauseMs` gives until a day is over; who asks sees the finals so far. */
function tellDay(
  scoring: MakeScoring,
  bytes: (i: number) => number,
  nextPauseMs: (finals: number) => number,
): { alerts: Alert[]; sent: number; count: number } {
  const baseline = openMemoryBaseline()
  const engine = createEngine({ deviceId: 'device-1', baseline, scoring })
  const alerts: Alert[] = []
  const say = (script: Script): void => {
    engine.push(copyOf(script.bytes()))
    script.records = []
    alerts.push(...sorted(engine, baseline, engine.takeFindings()).alerts)
  }
  const script = new Script().start().system(50, '/usr/bin/bash')
  script.program({ pid: 100, path: '/home/ann/probe', parent: 50 })
  const until = script.nowMs + DAY_MS
  let sent = 0
  let count = 0
  while (script.nowMs < until && sent < 10 * GB) {
    const total = bytes(count++)
    sent += total
    script.upload({ id: count, total, steps: 1 })
    const pauseMs = nextPauseMs(alerts.filter(({ state }) => state === 'final').length)
    for (let left = pauseMs; left > 0; left -= 30_000) script.tick(Math.min(left, 30_000))
    say(script)
  }
  say(script.tick(HOUR_MS).tick(1_000))
  return { alerts, sent, count }
}

for (const [name, scoring] of JUDGES)
  describe(`an alert by ${name}, of flows more than a minute apart`, () => {
    it(`has at most ${REVISIONS_A_DAY_MAX} revisions a day, whatever the pauses, and its last is final and true`, () => {
      fc.assert(
        fc.property(
          fc.array(fc.integer({ min: 61, max: 5_000 }), { minLength: 1, maxLength: 5 }),
          fc.array(fc.integer({ min: 500_000, max: 20_000_000 }), { minLength: 1, maxLength: 5 }),
          (pauses, sizes) => {
            let turn = 0
            const { alerts, sent, count } = tellDay(
              scoring,
              (i) => sizes[i % sizes.length] as number,
              () => (pauses[turn++ % pauses.length] as number) * 1_000,
            )
            const last = alerts.at(-1)
            equal(new Set(alerts.map(({ id }) => id)).size, 1)
            ok(alerts.length <= REVISIONS_A_DAY_MAX, `${alerts.length} revisions of ${count} flows`)
            equal(last?.state, 'final')
            equal(last?.bytesOut, sent)
            equal(last?.flows, count)
          },
        ),
        { numRuns: 12, seed: 7 },
      )
    })

    it('is bounded, too, where each pause is just as long as the next final wants', () => {
      const { alerts } = tellDay(
        scoring,
        () => 2 * MIB,
        (finals) => Math.max(61_000, Math.min(HOUR_MS, 500 * 2 ** finals) + 1_000),
      )
      ok(alerts.length <= REVISIONS_A_DAY_MAX, `${alerts.length} revisions`)
      ok(alerts.filter(({ state }) => state === 'final').length > 20)
    })

    it('ends within a minute of a flow that makes it four times as large, and else waits', () => {
      const small = 2 * MIB
      const finals = 12
      const ends = (last: number): Alert | undefined => {
        const { alerts } = tellDay(
          scoring,
          (i) => (i < finals ? small : i === finals ? last : GB * 10),
          (so) => (so < finals ? 500 * 2 ** so + 1_000 : 65_000),
        )
        return alerts.filter(({ state }) => state === 'final')[finals]
      }
      equal(ends(small * finals * 4)?.bytesOut, small * finals * 5)
      ok((ends(small)?.bytesOut ?? 0) > GB)
    })
  })
