// What a program sends to ever more destinations is told in an alert of it that goes on counting, and hides nothing.
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import {
  type MakeScoring,
  pointScoring,
  rarityScoring,
} from '../../../src/engine/detection/judging.ts'
import {
  add,
  enter,
  leave,
  noSpread,
  readSpread,
  storedSpread,
  takeOut,
} from '../../../src/engine/detection/spread.ts'
import type { Alert } from '../../../src/engine/finding.ts'
import { humanBytes } from '../../../src/engine/sentence.ts'
import { HOUR_MS, MIB, Script, tell } from '../scenario.ts'

const KIB = 1_024
const POINTS = pointScoring()
const RARITY = rarityScoring(0.1)
const JUDGES: [name: string, scoring: MakeScoring][] = [
  ['points', POINTS],
  ['rarity', RARITY],
]
const host = (i: number): string => `203.0.${i}.7`
const probe = { pid: 100, path: '/home/ann/probe', parent: 50 }
const stranger = (): Script => new Script().start().system(50, '/usr/bin/bash').program(probe)
/** Three alerts of it, each rarer than the one before by enough to have its own. */
function decoys(): Script {
  const script = stranger()
  for (let i = 1; i <= 3; i++) script.upload({ id: i, to: host(i), total: MIB * 64 ** (i - 1) })
  return script.ticks(5)
}
const idsOf = (alerts: readonly Alert[]): string[] => [...new Set(alerts.map(({ id }) => id))]

for (const [name, scoring] of JUDGES)
  describe(`by ${name}, a destination beyond the three of a program's day`, () => {
    it('is told in the latest alert, which was over and is so again, with its name and bytes', () => {
      const script = decoys()
      equal(tell(script, { scoring }).alerts.at(-1)?.state, 'final')
      const before = tell(script, { scoring }).alerts.length
      script
        .wait(HOUR_MS)
        .tick()
        .upload({ id: 9, to: host(9), total: 640 * MIB })
        .ticks(61)
      const { alerts, engine } = tell(script, { scoring })
      const more = alerts.slice(before)
      equal(idsOf(alerts).length, 3)
      deepEqual(idsOf(more), [alerts[before - 1]?.id])
      equal(more[0]?.state, 'updated')
      equal(more.at(-1)?.state, 'final')
      match(
        more.at(-1)?.sentence ?? '',
        / 1 more destination of the same program is counted here and has no alert of its own: 671 MB went out to 203\.0\.9\.7:443\.$/,
      )
      // Its own figures are its own.
      equal(more.at(-1)?.bytesOut, alerts[before - 1]?.bytesOut)
      ok(engine.counters().rolledUp >= 1)
    })

    it('has an alert of its own where none of its program lives any more, on the same day', () => {
      const script = decoys()
        .wait(5 * HOUR_MS)
        .tick()
      const { alerts } = tell(script.upload({ id: 9, to: host(9), total: 4 * MIB }), { scoring })
      equal(idsOf(alerts).length, 4)
      equal(alerts.at(-1)?.destination.address, host(9))
    })

    it('goes on in its own pair’s figures, though that had left the table', () => {
      const script = decoys()
      const [, , , ...last] = tell(script, { scoring }).alerts.toReversed()
      ok(last.length > 0)
      const final = tell(script, { scoring }).alerts.at(-1)
      script.program({ pid: 101, path: '/home/ann/other', parent: 50, sha: 'ef' })
      for (let i = 20; i < 60; i++)
        script.upload({ id: i, pid: 101, to: host(i), total: 3_000, answer: 90_000, steps: 1 })
      script.upload({ id: 9, to: host(9), total: 640 * MIB }).ticks(61)
      const { alerts, engine } = tell(script, { scoring, limits: { pairs: 16, alerts: 8 } })
      ok(engine.counters().evicted.pairs > 20)
      const said = alerts.at(-1)
      deepEqual([said?.id, said?.bytesOut, said?.flows], [final?.id, final?.bytesOut, final?.flows])
      match(said?.sentence ?? '', /671 MB went out to 203\.0\.9\.7:443\.$/)
    })

    it('is known still after a restart, and is not counted twice', () => {
      const script = decoys()
      script.upload({ id: 9, to: host(9), total: 640 * MIB, keepOpen: true })
      const before = tell(script, { scoring })
      const after = new Script()
      after.nowMs = script.nowMs + 60_000
      after.start().system(50, '/usr/bin/bash').program(probe)
      after.flow({ id: 9, to: host(9), out: 641 * MIB, in: 0 }).tick(1_000)
      after.flow({ id: 9, to: host(9), out: 3_000 * MIB, in: 0 }).ticks(90)
      const { alerts } = tell(after, { scoring, baseline: before.baseline })
      const told = alerts.filter(({ sentence }) => sentence.includes('counted here')).at(-1)
      match(
        told?.sentence ?? '',
        / At least 1 more destination .*: at least 3\.1 GB went out to them, the most to 203\.0\.9\.7:443 \(3\.1 GB\)\.$/,
      )
    })
  })

describe('an alert of what a program sent in all', () => {
  const spread = (count: number, each: number): Script => {
    const script = stranger()
    for (let i = 0; i < count; i++)
      script.upload({ id: i + 1, to: host(i), total: each, answer: 3 * KIB, steps: 2 })
    return script.ticks(61)
  }
  const lastOf = (script: Script, more = {}) => {
    const { alerts } = tell(script, { scoring: RARITY, ...more })
    const last = alerts.at(-1)
    ok(last)
    return { last, alerts }
  }

  it('counts every destination and all bytes, those of before it opened too, and goes on', () => {
    const { last, alerts } = lastOf(spread(100, 100 * KIB))
    const latest = alerts.filter(({ id }) => id === last.id)
    ok(latest.length >= 3 && latest.length <= 12, `${latest.length} revisions`)
    equal(last.state, 'final')
    const own = idsOf(alerts).length
    match(
      last.sentence,
      new RegExp(
        ` ${100 - own} more destinations of the same program are counted here and have no alert of their own: ${humanBytes((100 - own) * 100 * KIB)} went out to them, the most to `,
      ),
    )
    const reason = last.reasons.find(({ term }) => term === 'volume')
    ok((reason?.value ?? 0) > 90 * 100 * KIB || latest.length > 3)
  })

  it('says at least how many where the table of pairs holds fewer, and loses no byte', () => {
    const { last, alerts } = lastOf(spread(100, 100 * KIB), { limits: { pairs: 16, alerts: 8 } })
    const own = idsOf(alerts).length
    match(
      last.sentence,
      new RegExp(
        ` At least \\d+ more destinations of .*: at least ${humanBytes((100 - own) * 100 * KIB)} went out to them`,
      ),
    )
  })

  it('has the score of what is rarer, by the step that is said, as it goes on to spread', () => {
    const script = spread(40, 100 * KIB)
    const before = lastOf(script).last
    for (let i = 40; i < 100; i++)
      script.upload({ id: i + 1, to: host(i), total: 20 * MIB, answer: 3 * KIB, steps: 2 })
    const { last, alerts } = lastOf(script.ticks(2).tick(HOUR_MS))
    deepEqual(idsOf(alerts), [before.id])
    ok(last.score >= before.score + 5, `${before.score}, then ${last.score}`)
  })

  it('leaves to an alert of its own what alone is more and rarer than all of it', () => {
    const script = spread(40, 100 * KIB)
    script.upload({ id: 90, to: host(90), total: 640 * MIB }).ticks(2)
    const { alerts } = lastOf(script)
    equal(idsOf(alerts).length, 2)
    const own = alerts.filter(({ destination }) => destination.address === host(90)).at(-1)
    equal(own?.bytesOut, 640 * MIB)
  })
})

describe('an alert by points that counts another destination with a higher score', () => {
  it('has its severity and reasons, and says whose they are', () => {
    const script = stranger()
    for (let i = 1; i <= 3; i++)
      script.upload({ id: i, to: `10.0.${i}.9`, total: MIB + 9, answer: 800 })
    const before = tell(script.ticks(3), { scoring: POINTS }).alerts.at(-1)
    const { alerts } = tell(script.upload({ id: 9, to: host(9), total: 64 * MIB }).ticks(61), {
      scoring: POINTS,
    })
    const last = alerts.at(-1)
    equal(last?.id, before?.id)
    deepEqual([before?.severity, last?.severity], ['medium', 'high'])
    ok((last?.score ?? 0) > (before?.score ?? 0))
    match(
      last?.reasons.at(-1)?.text ?? '',
      /^these figures are of another of its destinations that is counted here, 203\.0\.9\.7:443$/,
    )
    const sum = last?.reasons.reduce((all, { points }) => all + points, 0) ?? 0
    ok(Math.abs(sum - (last?.score ?? 0)) < 0.1)
  })
})

describe('destinations counted within an alert', () => {
  const text = () => 'x'
  it('have names for the eight with the most bytes; sums and count are of all', () => {
    const spread = noSpread()
    for (let i = 1; i <= 20; i++) {
      equal(enter(spread, `k${i}`, i), 0)
      add(spread, `k${i}`, { more: i, whole: i }, text)
    }
    deepEqual([spread.count, spread.bytesOut, spread.isLeast], [20, 210, false])
    deepEqual(
      spread.named.map(({ key }) => key),
      [20, 19, 18, 17, 16, 15, 14, 13].map((i) => `k${i}`),
    )
  })

  it('count once who leaves the table and comes back by name, and "at least" where another left', () => {
    const spread = noSpread()
    for (let i = 1; i <= 9; i++) {
      enter(spread, `k${i}`, i)
      add(spread, `k${i}`, { more: i, whole: i }, text)
    }
    leave(spread, 'k9')
    deepEqual([spread.count, spread.isLeast], [9, false])
    enter(spread, 'k9', 4)
    add(spread, 'k9', { more: 4, whole: 4 }, text)
    deepEqual([spread.count, spread.bytesOut, spread.named[0]?.bytesOut], [9, 49, 13])
    leave(spread, 'k1')
    deepEqual([spread.count, spread.isLeast], [8, true])
  })

  it('lose who has an alert of its own, and over a restart all without a name', () => {
    const spread = noSpread()
    for (let i = 1; i <= 9; i++) {
      enter(spread, `k${i}`, i)
      add(spread, `k${i}`, { more: i, whole: i }, text)
    }
    takeOut(spread, 'k9', 9)
    deepEqual([spread.count, spread.bytesOut], [8, 36])
    const read = readSpread(JSON.parse(JSON.stringify(storedSpread(spread))))
    deepEqual([read.count, read.bytesOut, read.isLeast], [7, 35, true])
    // What it had counted is told once more with its flows.
    equal(enter(read, 'k8', 30), 8)
    equal(enter(read, 'k8', 30), 0)
    deepEqual(readSpread(undefined), noSpread())
  })
})
