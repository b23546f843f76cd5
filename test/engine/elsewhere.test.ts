// Copies of one content are one identity: an alert names the one that its process ran, and the others beside it.
import assert from 'node:assert/strict'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { canonicalJson } from '../../src/capture/alert-digest.ts'
import { createEngine } from '../../src/engine/engine.ts'
import type { Alert, Finding } from '../../src/engine/finding.ts'
import { Script as ScriptFrom } from '../../src/records/record.gen.ts'
import { MIB, machine, type Script, tell, tellByPoints } from './scenario.ts'

const ONE = '/home/ann/one.py'
const TWO = '/home/ann/two.py'
const python = { path: '/usr/bin/python3', parent: 50, owner: 0, sha: 'cd' }
const [X, Y] = ['203.0.113.7', '198.51.100.9']

const run = (script: Script, pid: number, path: string): Script =>
  script.program({ ...python, pid, script: path, scriptFrom: ScriptFrom.argument })
const send = (script: Script, pid: number, to: string, id = pid): Script =>
  script.upload({ pid, id, to, total: 8 * MIB, answer: 1_000, steps: 2 }).ticks(3)
/** A shell's script, and what it has curl send. */
const curled = (script: Script, pid: number, path: string, to: string): Script =>
  send(
    script
      .program({ pid, path: '/usr/bin/bash', parent: 50, owner: 0, sha: 'cd', script: path })
      .system(pid + 100, '/usr/bin/curl', pid),
    pid + 100,
    to,
  )
const to = (alerts: Alert[], address: string): Alert[] =>
  alerts.filter(({ destination }) => destination.address === address)

describe('a script that lies in several places', () => {
  it('is named as the process of the alert ran it, at every revision and whoever sent last', () => {
    const script = run(run(machine(), 101, ONE), 102, TWO)
    send(send(send(script, 101, X), 102, Y), 101, X, 7).ticks(80)
    const { alerts } = tellByPoints(script)
    assert.equal(new Set(alerts.map(({ identity }) => identity.key)).size, 1)
    for (const [address, own, other] of [
      [X, ONE, TWO],
      [Y, TWO, ONE],
    ] as const) {
      const mine = to(alerts, address)
      assert.ok(mine.length >= 2)
      for (const { sentence, chain } of mine) {
        assert.equal(chain[0]?.script, own)
        assert.ok(sentence.includes(`running “${own}”`), sentence)
        assert.ok(!sentence.includes(other), sentence)
      }
    }
  })

  it('has its other places named beside that one, the first two and how many more there are', () => {
    const said = (paths: string[]) => {
      const script = machine()
      for (const [at, path] of paths.entries()) send(run(script, 101 + at, path), 101 + at, X)
      const { alerts } = tell(script.ticks(80))
      assert.equal(new Set(alerts.map(({ id }) => id)).size, 1)
      const last = alerts.at(-1)
      const clause = /running “\/home\/ann\/one\.py”(.*?)\), run for/.exec(
        last?.sentence ?? '',
      )?.[1]
      return [last?.chain[0]?.script, last?.chain[0]?.alsoAt, clause]
    }
    const more = ['/a.py', '/b.py', '/c.py', '/d.py']
    assert.deepEqual(said([ONE, TWO, TWO]), [ONE, [TWO], `, also as “${TWO}”`])
    assert.equal(said([ONE, TWO, '/a.py'])[2], `, also as “${TWO}” and “/a.py”`)
    assert.equal(
      said([ONE, TWO, '/a.py', '/b.py'])[2],
      `, also as “${TWO}”, “/a.py” and 1 other path`,
    )
    assert.deepEqual(said([ONE, TWO, ...more]), [
      ONE,
      [TWO, ...more.slice(0, 3)],
      `, also as “${TWO}”, “/a.py” and at least 2 other paths`,
    ])
  })

  it('is told at each revision as it was then, whenever that is read', () => {
    const script = machine()
    for (const [at, path] of [ONE, TWO, '/a.py'].entries())
      send(run(script, 101 + at, path), 101 + at, X)
    script.ticks(80)
    const told = (isReadAtOnce: boolean): string => {
      const engine = createEngine({ deviceId: 'd', baseline: openMemoryBaseline() })
      const findings: Finding[][] = []
      for (const record of script.records) {
        engine.push(new Uint8Array(record))
        if (isReadAtOnce) findings.push(structuredClone(engine.takeFindings()))
      }
      return canonicalJson([...findings.flat(), ...engine.takeFindings()])
    }
    assert.equal(told(false), told(true))
  })

  it('is named so where another program sends for it', () => {
    const apart = curled(curled(machine(), 101, '/a/send.sh', X), 102, '/b/send.sh', Y).ticks(80)
    for (const [address, own] of [
      [X, '/a/send.sh'],
      [Y, '/b/send.sh'],
    ] as const)
      for (const { sentence } of to(tell(apart).alerts, address))
        assert.ok(sentence.includes(`run by the script “${own}”)`), sentence)
    const together = curled(curled(machine(), 101, '/a/send.sh', X), 102, '/b/send.sh', X).ticks(80)
    const last = tell(together).alerts.at(-1)
    assert.deepEqual(last?.chain[0]?.alsoAt, ['/b/send.sh'])
    assert.match(
      last?.sentence ?? '',
      /run by the script “\/a\/send\.sh”, also as “\/b\/send\.sh”\)/,
    )
  })

  it('is named so after the engine began anew, when another copy runs', () => {
    const baseline = openMemoryBaseline()
    const known = curled(machine(), 101, '/a/send.sh', X)
    tell(known, { baseline })
    const anew = curled(machine().wait(60_000), 105, '/b/send.sh', X).ticks(80)
    const last = tell(anew, { baseline }).alerts.at(-1)
    assert.match(
      last?.sentence ?? '',
      /run by the script “\/a\/send\.sh”, also as “\/b\/send\.sh”\)/,
    )
  })

  it('is told the same of a program that is none', () => {
    const tool = { parent: 50, path: '/tmp/a/tool' }
    const script = send(machine().program({ ...tool, pid: 101 }), 101, X)
    send(script.program({ ...tool, pid: 102, path: '/tmp/b/tool' }), 102, X).ticks(80)
    assert.match(
      tell(script).alerts.at(-1)?.sentence ?? '',
      /^“tool” \(unsigned, .*, also as “\/tmp\/b\/tool”\) sent/,
    )
  })
})
