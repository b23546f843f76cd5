// What an administrator's own services are, whatever starts first, and after an upgrade.
import assert from 'node:assert/strict'
import type { Baseline } from '../../src/baseline/baseline.ts'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { pointScoring } from '../../src/engine/detection/judging.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { ExecFlag, Mark, Script as ScriptFrom, Source } from '../../src/records/record.gen.ts'
import { MIB, Script } from './scenario.ts'

const DAY_MS = 86_400_000
/** A source that tells what was executed and with which arguments, as one with programs in the kernel does. */
const CAPABILITIES = 31
const SYSTEMD = { pid: 1, path: '/usr/lib/systemd/systemd', owner: 0, parent: 0, sha: 'aa' }

/** The keys of the alerts that come. */
function alertsOf(baseline: Baseline, script: Script): string[] {
  const engine = createEngine({ deviceId: 'd', baseline, scoring: pointScoring() })
  engine.save(0)
  const keys: string[] = []
  for (const record of script.records) {
    engine.push(new Uint8Array(record))
    for (const finding of engine.takeFindings())
      if (finding.kind === 'alert') keys.push(finding.alert.identity.key)
  }
  engine.save(0)
  return keys
}

/** One upload a day of so many bytes. */
function uploads(script: Script, pid: number, days: number, total: number): Script {
  for (let day = 0; day < days; day++) {
    const nextMs = script.nowMs + DAY_MS
    script.tick(1000).upload({ id: script.nowMs, pid, total, answer: 20_000, steps: 4 }).ticks(6)
    script.nowMs = nextMs
    script.tick()
  }
  return script
}

describe('A service of a script', () => {
  /** Of one boot, of which the service had begun before the agent looked, or was executed after. */
  const boot = (byte: number, fromMs: number, wasThere: boolean): Script => {
    const flags = (isFound: boolean) => (isFound ? ExecFlag.enumerated | ExecFlag.exeConfirmed : 0)
    const script = new Script().from(Source.linux, CAPABILITIES)
    script.nowMs = fromMs
    const id = new Uint8Array(16).fill(byte)
    script.mark(Mark.start, '', id)
    script.exec({ ...SYSTEMD, flags: flags(true) }).inspected(SYSTEMD)
    const service = {
      ...{ pid: 100, path: '/usr/bin/python3.11', owner: 0, sha: 'cd', parent: 1 },
      ...{ script: '/usr/local/bin/backup-agent', scriptFound: { ownerUid: 0 } },
      scriptFrom: wasThere ? ScriptFrom.claimed : ScriptFrom.kernel,
      flags: flags(wasThere),
    }
    if (!wasThere) script.mark(Mark.enumerated, '', id).wait(1000)
    script.exec(service).inspected(service).scriptInspected(service)
    return wasThere ? script.mark(Mark.enumerated, '', id) : script
  }

  for (const [first, later] of [
    ['before', 'after'],
    ['after', 'before'],
  ] as const)
    it(`that began ${first} the agent in one boot and ${later} it in the next is no other`, () => {
      const baseline = openMemoryBaseline()
      alertsOf(baseline, uploads(boot(1, 10_000, first === 'before'), 100, 45, 200 * MIB))
      const again = boot(2, 46 * DAY_MS, later === 'before')
      assert.deepEqual(alertsOf(baseline, uploads(again, 100, 2, 200 * MIB)), [])
    })
})

describe('A program of the system', () => {
  const run = (
    baseline: Baseline,
    path: string,
    fromMs: number,
    days: number,
    by = SYSTEMD.path,
  ) => {
    const script = new Script().start()
    if (by === SYSTEMD.path) script.system(50, by, 0)
    else script.program({ pid: 50, path: by, sha: 'bb', parent: 0 })
    script.nowMs = fromMs
    script.tick().system(60, path, 50)
    return alertsOf(baseline, uploads(script, 60, days, 40 * MIB))
  }
  /** As the version before kept pg_dump, after 40 days. */
  const upgraded = (): Baseline => {
    const baseline = openMemoryBaseline()
    run(baseline, '/usr/bin/pg_other', 5 * DAY_MS, 40)
    const other = baseline.identity('platform:/usr/bin/pg_other')
    assert.ok(other)
    const former = { key: 'platform:/usr/bin/pg_dump', name: 'pg_dump', path: '/usr/bin/pg_dump' }
    baseline.putIdentity({ ...other, ...former })
    return baseline
  }

  it('that is known to act for others since an upgrade keeps its history for the system’s', () => {
    assert.deepEqual(run(upgraded(), '/usr/bin/pg_dump', 46 * DAY_MS, 3), [])
  })

  it('that is known to act for others since an upgrade lends its history to nobody else', () => {
    const baseline = upgraded()
    const alerts = run(baseline, '/usr/bin/pg_dump', 46 * DAY_MS, 3, '/home/ann/launcher')
    const key = `platform:/usr/bin/pg_dump via unsigned:sha256:${'bb'.repeat(32)}`
    assert.equal(alerts[0], key)
    const [own, its] = ['platform:/usr/bin/pg_dump', key].map((one) => baseline.identity(one))
    assert.ok(
      (own?.firstNetworkAt ?? 0n) < (its?.firstNetworkAt ?? 0n),
      'an age that is not its own',
    )
  })
})
