// The recorder itself, for real: a benign workload and an attack, in namespaces of their own.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordWorkload } from '../../scripts/workload/recorder.ts'
import { WORKLOADS, type Workload } from '../../scripts/workload/table.ts'
import { openSource } from '../../src/replay/open.ts'
import { replay } from '../../src/replay/replay.ts'
import { leaveOut, whyNoTool, whyNotLinux, whyNotRoot } from '../left-out.ts'

const workload = (name: string): Workload => WORKLOADS.find((one) => one.name === name) as Workload

describe('recording a workload, live', function () {
  this.timeout(120_000)
  let directory: string
  before(function () {
    leaveOut(this, whyNotLinux() ?? whyNotRoot())
    leaveOut(this, whyNoTool('network namespaces', 'mounts in a namespace', 'kernel programs'))
    directory = mkdtempSync(join(tmpdir(), 'freshet-workloads-'))
  })
  after(() => {
    if (directory) rmSync(directory, { recursive: true, force: true })
  })

  it('keeps an attack that is found, live and replayed, and says which flow it is', async () => {
    const { row, staged } = await recordWorkload(workload('silent-sink'), 'new', directory)
    assert.equal(row.label, 'attack')
    assert.deepEqual(
      row.flows.map(({ label, program, remote, flowCount, bytesOut, bytesIn }) => [
        ...[label, program, remote, flowCount, bytesOut, bytesIn],
      ]),
      [['attack', '/home/ada/.cache/updater', '203.0.113.71', 1, 3_000_000, 0]],
    )
    assert.equal(staged.alerts.length, 1)
    const report = await replay(await openSource(join(directory, row.file), {}), {})
    assert.deepEqual(
      report.segments.map(({ compared }) => compared),
      ['equal'],
    )
  })

  it('keeps an application that is known by a month of its own, and raises nothing', async () => {
    const { row, staged } = await recordWorkload(workload('telemetry'), 'known', directory)
    assert.equal(row.label, 'benign')
    assert.deepEqual(staged.alerts, [])
    const [group, ...more] = row.flows
    assert.equal(more.length, 0)
    assert.equal(group?.program, '/opt/pulse/pulse')
    assert.ok((group?.bytesOut ?? 0) >= 120_000)
    const source = await openSource(join(directory, row.file), {})
    const known: string[] = []
    for await (const event of source.events)
      if (event.kind === 'baseline')
        for (const one of event.rows)
          if (
            one.kind === 'identity' &&
            one.identity.path === '/opt/pulse/pulse' &&
            one.identity.key.startsWith('unsigned:')
          )
            known.push(`${one.identity.daysActive} days`)
    assert.deepEqual(known, ['30 days'])
  })
})
