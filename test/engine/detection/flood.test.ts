// Floods of programs, destinations, flows and alerts by an ordinary user: the real upload among them is told, whoever judges.
import { ok } from 'node:assert/strict'
import fc from 'fast-check'
import { openMemoryBaseline } from '../../../src/baseline/memory.ts'
import {
  type MakeScoring,
  pointScoring,
  rarityScoring,
} from '../../../src/engine/detection/judging.ts'
import { createEngine, type Engine } from '../../../src/engine/engine.ts'
import type { Alert } from '../../../src/engine/finding.ts'
import type { Limits } from '../../../src/engine/limits.ts'
import { times } from '../../long.ts'
import { copyOf, HOUR_MS, MIB, Script, sorted } from '../scenario.ts'

const KIB = 1_024
const JUDGES: [name: string, scoring: MakeScoring][] = [
  ['points', pointScoring()],
  ['rarity', rarityScoring(0.1)],
]
const SMALL: Partial<Limits> = {
  ...{ flows: 64, parkedFlows: 64, pairs: 16, processes: 64, identities: 16, alerts: 4 },
  ...{ heldFlows: 16, pendingNames: 16, storedFlows: 8 },
}
const REAL = '198.18.7.7'
const REAL_BYTES = 64 * MIB
const REAL_PID = 100

/** Of the large flood: more alerts than an agent holds, and pairs than its table; a million reports in the long run. */
const PROGRAMS = 2_500
const EACH = 4
const REPORTS = times('FRESHET_FLOOD_REPORTS', { usual: 10, long: 100 })
const reportsOf = (reports: number): string => (PROGRAMS * EACH * reports).toLocaleString('en')

/** Pushes what a story has so far, and keeps the last revision of each alert. */
function listener(scoring: MakeScoring, limits: Partial<Limits>) {
  const baseline = openMemoryBaseline()
  const engine: Engine = createEngine({ deviceId: 'device-1', baseline, scoring, limits })
  const last = new Map<string, Alert>()
  let opened = 0
  return {
    engine,
    last,
    opened: () => opened,
    hear(script: Script): void {
      engine.push(copyOf(script.bytes()))
      script.records = []
      engine.takeRequests()
      for (const alert of sorted(engine, baseline, engine.takeFindings()).alerts) {
        if (alert.revision === 1) opened++
        last.set(alert.id, alert)
      }
    },
  }
}
/**
 * As an alert of its own, or by name and with its bytes in one that counts it. While flows go on, what was said last is at least a
 * quarter of what went out: at four times the bytes it is said anew.
 */
const isTold = (alerts: Iterable<Alert>): boolean =>
  [...alerts].some(({ destination, bytesOut, sentence }) => {
    if (destination.address === REAL) return bytesOut >= REAL_BYTES / 4
    const named = new RegExp(`${REAL}:443 \\((\\d+\\.\\d|\\d+) MB\\)`).exec(sentence)?.[1]
    return Number(named) * 1e6 >= REAL_BYTES / 4 || sentence.includes(`to ${REAL}:443.`)
  })

const sha = (i: number): string => (i % 256).toString(16).padStart(2, '0')
const place = (i: number): string => `${20 + (i >> 8)}.${i & 255}.0.7`
/** Unlike any other's content: two bytes of it. */
const content = (i: number) => ({
  found: { sha256: Uint8Array.from({ length: 32 }, (_, at) => (at < 2 ? i >> (8 * at) : 9) & 255) },
})

type Flood = {
  of: 'programs' | 'destinations' | 'flows'
  count: number
  kib: number
  isHeld: boolean
}
const flood: fc.Arbitrary<Flood> = fc.record({
  of: fc.constantFrom('programs', 'destinations', 'flows'),
  count: fc.integer({ min: 1, max: 40 }),
  kib: fc.integer({ min: 100, max: 4_000 }),
  isHeld: fc.boolean(),
})

/** One decoy's upload, in two reports. */
function decoy(script: Script, turn: number, { of, kib, isHeld }: Flood): void {
  const pid = of === 'programs' ? 1_000 + turn : REAL_PID
  if (of === 'programs')
    script.program({
      pid,
      path: `/home/ann/d${turn}`,
      parent: 50,
      sha: sha(turn),
      ...content(turn),
    })
  script.upload({
    ...{ id: turn + 10, pid, to: of === 'flows' ? place(0) : place(turn + 1) },
    ...{ port: of === 'flows' ? 2_000 + turn : 443 },
    ...{ total: kib * KIB, answer: 3 * KIB, steps: 2, keepOpen: isHeld },
  })
  // Tables of an engine are as small as a story's memory of ended programs.
  if (of === 'programs' && !isHeld) script.exit(pid)
}

describe('a real upload among decoys', function () {
  this.timeout(60_000)
  for (const [name, scoring] of JUDGES)
    it(`is told by ${name}, whatever floods come before, beside and after it, with small tables`, () => {
      fc.assert(
        fc.property(
          fc.array(flood, { minLength: 1, maxLength: 6 }),
          fc.nat(),
          fc.boolean(),
          (floods, at, isOfDecoys) => {
            const script = new Script().start().system(50, '/usr/bin/bash')
            script.program({ pid: REAL_PID, path: '/home/ann/probe', parent: 50 })
            const pid = isOfDecoys ? REAL_PID : 99
            if (!isOfDecoys)
              script.program({ pid, path: '/home/ann/real', parent: 50, ...content(60_000) })
            const heard = listener(scoring, SMALL)
            const decoys = floods.flatMap((one) => Array.from({ length: one.count }, () => one))
            const begin = at % (decoys.length + 1)
            const steps = 8
            for (let turn = 0; turn < decoys.length + steps; turn++) {
              const one = decoys[turn]
              if (one) decoy(script, turn, one)
              const step = turn - begin + 1
              if (step < 1 || step > steps) continue
              const flow = { id: 1, pid, to: REAL, in: 2 * KIB }
              script.tick(1_000).flow({ ...flow, out: (REAL_BYTES * step) / steps })
              if (step === steps) script.flow({ ...flow, out: REAL_BYTES, state: 'closed' })
            }
            heard.hear(script.ticks(2).tick(HOUR_MS).tick(1_000))
            ok(
              isTold(heard.last.values()),
              JSON.stringify(
                [...heard.last.values()].map((a) => a.sentence),
                null,
                1,
              ),
            )
          },
        ),
        { numRuns: 60, seed: 16 },
      )
    })

  for (const [name, scoring] of JUDGES)
    it(`is told by ${name} among ${reportsOf(REPORTS)} reports of decoys, with an agent's tables`, () => {
      const heard = listener(scoring, {})
      const script = new Script().start().system(50, '/usr/bin/bash')
      script.program({ pid: REAL_PID, path: '/home/ann/probe', parent: 50 })
      for (let program = 0; program < PROGRAMS; program++) {
        const pid = 1_000 + program
        script.program({ pid, path: `/home/ann/d${program}`, parent: 50, ...content(program) })
        const flows = Array.from({ length: EACH }, (_, i) => ({
          ...{ id: 10 + program * EACH + i, pid, to: place(program * EACH + i) },
          in: 800,
        }))
        for (let step = 1; step <= REPORTS; step++, script.tick(10))
          for (const flow of flows) {
            script.flow({ ...flow, out: ((1 + (program % 5)) * 1_050_000 * step) / REPORTS })
          }
        if (program === PROGRAMS - 100)
          script.upload({ id: 1, pid: REAL_PID, to: REAL, total: REAL_BYTES, answer: 800 })
        heard.hear(script)
      }
      heard.hear(script.ticks(2).tick(HOUR_MS).tick(1_000))
      const { evicted, unopened, rolledUp } = heard.engine.counters()
      // Neither is the flood told without end.
      ok(evicted.alerts + unopened + rolledUp > 5_000 && heard.opened() < 4_000)
      ok(isTold(heard.last.values()))
    })
})
