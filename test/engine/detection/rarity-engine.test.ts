// An engine that judges by rarity: what spreads, hides behind a download, sleeps or sends decoys is told, once.
import { equal, ok } from 'node:assert/strict'
import { rarityScoring } from '../../../src/engine/detection/judging.ts'
import type { Alert } from '../../../src/engine/finding.ts'
import { MIB, Script, tell } from '../scenario.ts'

const KIB = 1_024
const BUDGET = 0.1
const DAY_MS = 86_400_000

const probe = { pid: 100, path: '/home/ann/probe', parent: 50, sha: 'ab' }
const stranger = () => new Script().start().system(50, '/usr/sbin/backupd').program(probe)
const alertsOf = (script: Script): Alert[] =>
  tell(script, { scoring: rarityScoring(BUDGET) }).alerts
/** The last revision of each. */
const lastOf = (alerts: readonly Alert[]): Alert[] => [
  ...new Map(alerts.map((alert) => [alert.id, alert])).values(),
]
const host = (i: number): string => `203.0.${i}.7`

describe('an engine that judges by rarity', () => {
  it('tells an upload without an answer with its figure and what it is held against, and a download not', () => {
    const [alert] = alertsOf(stranger().upload({ id: 1, total: 4 * MIB }))
    const reason = alert?.reasons.find(({ term }) => term === 'volume')
    ok(reason && reason.value >= reason.threshold)
    ok(alert && alert.score >= 60)
    equal(alertsOf(stranger().upload({ id: 1, total: 40 * KIB, answer: 90 * MIB })).length, 0)
  })

  it('tells of what goes to 100 ports of a host, 100 KiB each, in one alert that counts them all', () => {
    const script = stranger()
    for (let i = 0; i < 100; i++)
      script.upload({ id: i + 1, port: 8_000 + i, total: 100 * KIB, answer: 3 * KIB, steps: 2 })
    const alerts = alertsOf(script.ticks(80))
    equal(lastOf(alerts).length, 1)
    ok((alerts.at(-1)?.reasons[0]?.value ?? 0) > 9 * MIB)
  })

  it('tells of what goes to 100 hosts, 100 KiB each, and goes on counting the others within its one alert', () => {
    const script = stranger()
    for (let i = 0; i < 100; i++)
      script.upload({ id: i + 1, to: host(i), total: 100 * KIB, answer: 3 * KIB, steps: 2 })
    const { alerts, engine } = tell(script, { scoring: rarityScoring(BUDGET) })
    const last = lastOf(alerts)
    equal(last.length, 1)
    ok(engine.counters().rolledUp > 50)
  })

  it('is not misled by a larger download from the same host, before or after in the same flow', () => {
    const before = stranger().upload({ id: 1, total: 100 * KIB, answer: 80 * MIB })
    for (let i = 2; i < 12; i++)
      before.upload({ id: i, total: 250 * KIB, answer: 4 * KIB, steps: 2 })
    equal(lastOf(alertsOf(before)).length, 1)
    const after = stranger()
      .flow({ id: 1, state: 'opened' })
      .tick(1_000)
      .flow({ id: 1, out: 100 * KIB, in: 2 * KIB })
      .tick(1_000)
      .flow({ id: 1, out: 100 * KIB, in: 90 * MIB })
      .tick(1_000)
      .flow({ id: 1, out: 100 * KIB, in: 90 * MIB, state: 'closed' })
    // What went out before it still counts; another as small makes it enough.
    after.upload({ id: 2, total: 900 * KIB, answer: 4 * KIB })
    equal(lastOf(alertsOf(after)).length, 1)
  })

  it('tells of an upload whose answers are padded to what was sent', () => {
    equal(
      lastOf(alertsOf(stranger().upload({ id: 1, total: 64 * MIB, answer: 64 * MIB }))).length,
      1,
    )
  })

  it('tells of a program that used the network once and waited a month', () => {
    const script = stranger().upload({ id: 1, to: host(1), total: 4 * KIB, answer: 20 * KIB })
    script.exit(100)
    script.nowMs += 31 * DAY_MS
    script
      .tick()
      .program(probe)
      .upload({ id: 2, to: host(2), total: 64 * MIB })
    equal(lastOf(alertsOf(script)).at(-1)?.destination.address, host(2))
  })

  it('tells of the large upload behind any number of decoys', () => {
    const script = stranger()
    for (let i = 0; i < 5; i++) script.upload({ id: i + 1, to: host(i), total: 3 * MIB })
    script.upload({ id: 9, to: host(9), total: 640 * MIB })
    ok(lastOf(alertsOf(script)).some(({ destination }) => destination.address === host(9)))
  })

  it('makes room for it where the table of sums is full of others', () => {
    const script = stranger()
    for (let i = 0; i < 200; i++)
      script.upload({ id: i + 1, to: `203.${i}.0.7`, total: 20 * KIB, answer: 3 * KIB, steps: 1 })
    script.upload({ id: 900, to: host(9), total: 64 * MIB })
    const { alerts } = tell(script, {
      scoring: rarityScoring(BUDGET),
      limits: { pairs: 16, alerts: 4 },
    })
    ok(lastOf(alerts).some(({ sentence }) => sentence.includes(host(9))))
  })
})
