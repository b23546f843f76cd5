// A copy of a program that acts for others is one identity, whenever it turns out of what it is a copy.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { pointScoring } from '../../src/engine/detection/judging.ts'
import { createEngine } from '../../src/engine/engine.ts'
import type { Alert, Finding } from '../../src/engine/finding.ts'
import { ExecFlag, Mark } from '../../src/records/record.gen.ts'
import { times } from '../long.ts'
import { copyOf, MIB, machine, Script } from './scenario.ts'

const SHA = 'c1'
const ALONE = `unsigned:sha256:${SHA.repeat(32)}`
const KEY = `${ALONE} via platform:/usr/sbin/cron`
const curl = { pid: 60, path: '/usr/bin/curl', parent: 50, owner: 0, sha: SHA }
const copy = { pid: 100, path: '/tmp/updater', parent: 50, sha: SHA }
const UPLOADS = ['203.0.113.7', '203.0.113.7', '198.51.100.9']

type Story = {
  /** Before which upload the original is run for the first time; UPLOADS.length: after all. */
  original: number
  /** Likewise the agent is begun anew; undefined: never. */
  restart: number | undefined
  /** The copy runs anew for each upload. */
  isRunAnew: boolean
}

/** Three uploads of a copy, and at some time the original. */
function told({ original, restart, isRunAnew }: Story) {
  const baseline = openMemoryBaseline()
  const findings: Finding[] = []
  let script = machine().program(copy)
  const run = (): void => {
    const engine = createEngine({ deviceId: 'device-1', baseline, scoring: pointScoring() })
    engine.push(copyOf(script.bytes()))
    engine.finish()
    findings.push(...engine.takeFindings())
    engine.save(0)
  }
  let pid = copy.pid
  for (let i = 0; i <= UPLOADS.length; i++) {
    if (restart === i) {
      run()
      const { nowMs } = script
      script = new Script()
      script.nowMs = nowMs
      script.mark(Mark.start)
      script.system(40, '/usr/sbin/cron').system(50, '/usr/bin/bash', 40)
      script.exec({ ...copy, pid, flags: ExecFlag.enumerated }).mark(Mark.enumerated)
      script.inspected({ ...copy, pid })
    }
    if (original === i) script.program(curl)
    const to = UPLOADS[i]
    if (to === undefined) break
    if (isRunAnew && i > 0) script.program({ ...copy, pid: ++pid })
    script.upload({ id: i + 1, pid, to, total: 8 * MIB, steps: 2 })
  }
  script.ticks(90)
  run()
  const alerts = findings.flatMap((one) => (one.kind === 'alert' ? [one.alert] : []))
  return { baseline, alerts, findings }
}
const lastTo = (alerts: Alert[], address: string): Alert | undefined =>
  alerts.findLast(({ destination }) => destination.address === address)

describe('a copy of a program that acts for others', () => {
  it('is one identity with one history, whether it or its original ran first, over restarts too', () => {
    const firsts = new Set<bigint | undefined>()
    fc.assert(
      fc.property(
        fc.nat(UPLOADS.length),
        fc.option(fc.nat(UPLOADS.length), { nil: undefined }),
        fc.boolean(),
        (original, restart, isRunAnew) => {
          const { baseline, alerts } = told({ original, restart, isRunAnew })
          for (const address of new Set(UPLOADS))
            assert.equal(lastTo(alerts, address)?.identity.key, KEY)
          const known = baseline.identity(KEY)
          firsts.add(known?.firstNetworkAt)
          assert.equal(known?.daysActive, 1)
          // The program by itself is in the inventory, and used no network: it acted for another.
          const alone = baseline.identity(ALONE)
          assert.deepEqual([alone?.firstNetworkAt, alone?.history], [undefined, ''])
          if (restart !== undefined) return
          assert.equal(lastTo(alerts, UPLOADS[0] as string)?.bytesOut, 16 * MIB)
          assert.equal(new Set(alerts.map(({ id }) => id)).size, 2)
        },
      ),
      { numRuns: times('FRESHET_COPIES', { usual: 15, long: 60 }), seed: 7 },
    )
    assert.equal(firsts.size, 1)
  })

  it('takes up what it did before the agent began anew, though nothing of it runs when the original does', () => {
    const baseline = openMemoryBaseline()
    const run = (script: Script): Script => {
      const engine = createEngine({ deviceId: 'device-1', baseline, scoring: pointScoring() })
      engine.push(copyOf(script.bytes()))
      engine.finish()
      engine.save(0)
      return script
    }
    const first = machine()
      .program(copy)
      .upload({ id: 1, total: 8 * MIB, steps: 2 })
    run(first.exit(copy.pid).ticks(90))
    const since = baseline.identity(ALONE)?.firstNetworkAt
    assert.notEqual(since, undefined)
    const later = new Script().wait(first.nowMs).start()
    later.system(40, '/usr/sbin/cron').system(50, '/usr/bin/bash', 40).program(curl).ticks(2)
    run(later.program({ ...copy, pid: 101 }).upload({ id: 2, pid: 101, total: 8 * MIB, steps: 2 }))
    assert.equal(baseline.identity(KEY)?.firstNetworkAt, since)
    assert.equal(baseline.identity(ALONE)?.firstNetworkAt, undefined)
  })

  it('says each byte once in summaries, whatever its name was when it moved', () => {
    for (let original = 0; original <= UPLOADS.length; original++) {
      const { findings } = told({ original, restart: undefined, isRunAnew: false })
      const out = findings.flatMap((one) => (one.kind === 'summary' ? [one.summary.bytesOut] : []))
      assert.equal(
        out.reduce((sum, bytes) => sum + bytes, 0),
        24 * MIB,
        `original before upload ${original}`,
      )
    }
  })

  it('is none of a program that acts for itself, or where the content is another', () => {
    for (const other of [
      { ...curl, path: '/usr/bin/updatedb' },
      { ...curl, sha: 'c2' },
    ]) {
      const baseline = openMemoryBaseline()
      const engine = createEngine({ deviceId: 'device-1', baseline, scoring: pointScoring() })
      const script = machine()
        .program(copy)
        .upload({ id: 1, total: 8 * MIB, steps: 2 })
      engine.push(copyOf(script.program(other).ticks(9).bytes()))
      assert.equal(baseline.identity(KEY), undefined)
      assert.notEqual(baseline.identity(ALONE)?.firstNetworkAt, undefined)
    }
  })
})
