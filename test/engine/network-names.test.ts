// What a Mac knew of a program's name before Freshet came: said of each, and leniency for none but who is vouched for.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Baseline } from '../../src/baseline/baseline.ts'
import { noteRebuilt } from '../../src/baseline/baseline.ts'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { type NetworkName, putNetworkNames } from '../../src/baseline/network-names.ts'
import { putRow, rowFromJson, rowToJson } from '../../src/baseline/row.ts'
import { openBaseline } from '../../src/baseline/sqlite.ts'
import { rarityScoring } from '../../src/engine/detection/judging.ts'
import type { Bytes, UnixNs } from '../../src/units.ts'
import { unixNs } from '../../src/units.ts'
import { BOOT_UNIX_NS, MIB, type ProgramSpec, Script, tellByPoints as tell } from './scenario.ts'

const DAY_NS = 86_400_000_000_000n
const ago = (days: number): UnixNs => unixNs(BOOT_UNIX_NS - BigInt(days) * DAY_NS, 'at')
const of = (name: string): NetworkName => ({
  name,
  firstAt: ago(60),
  lastAt: ago(6),
  sent: 4_200_000 as Bytes,
})

/** Watched for `days`, 72 hours of which are lenient anyhow. */
const watched = (days: number, ...names: string[]): Baseline => {
  const baseline = openMemoryBaseline()
  if (names.length > 0) putNetworkNames(baseline, names.map(of))
  baseline.setBornAt(ago(days))
  return baseline
}

const system = { pid: 200, path: '/usr/bin/a-tool-of-20-letters', owner: 0 }
const stranger = { pid: 100, path: '/home/ann/probe', parent: 50 }
const noveltyOf = (program: ProgramSpec, baseline: Baseline) => {
  const { pid } = program
  const script = new Script().start().program(program)
  const { alerts } = tell(script.upload({ id: 2, pid, total: 6_000 * MIB, steps: 2 }), { baseline })
  const novelty = alerts.at(-1)?.reasons.find(({ term }) => term === 'novelty')
  assert.ok(novelty)
  return novelty
}

const KNOWN =
  'macOS knew a program of this name to use the network before Freshet, since 2026-01-01, with 4.2 MB sent: '

describe('what a Mac knew of names', () => {
  it('makes it count less that a program of the system is new, and says so', () => {
    assert.equal(noveltyOf(system, watched(5)).points, 30)
    for (const name of ['a-tool-of-20-letters', 'a-tool-of-20-let']) {
      const { points, text } = noveltyOf(system, watched(5, name))
      assert.equal(points, 10)
      assert.ok(text.endsWith(`; ${KNOWN}its being new counts less`), text)
    }
    for (const other of ['a-tool-of-20-le', 'tool', 'a-tool'])
      assert.equal(noveltyOf(system, watched(5, other)).points, 30)
  })

  it('is said of unsigned code, and lowers nothing', () => {
    const { points, text } = noveltyOf(stranger, watched(5, 'probe'))
    assert.equal(points, noveltyOf(stranger, watched(5)).points)
    assert.equal(points, 30)
    assert.ok(
      text.endsWith(`; ${KNOWN}a name that anybody can take, which counts for nothing`),
      text,
    )
  })

  it('is none of a script, which is called as it likes, whatever runs it', () => {
    const script = { ...system, path: '/usr/bin/python3', script: '/home/ann/job.py' }
    assert.doesNotMatch(noveltyOf(script, watched(5, 'python3', 'job.py')).text, /macOS knew/)
  })

  it('ends 30 days after Freshet came, and never began where a baseline was lost or is of another machine', () => {
    assert.equal(noveltyOf(system, watched(29, 'a-tool-of-20-letters')).points, 10)
    assert.equal(noveltyOf(system, watched(31, 'a-tool-of-20-letters')).points, 30)
    const rebuilt = watched(5, 'a-tool-of-20-letters')
    noteRebuilt(rebuilt, ago(5))
    const { points, text } = noveltyOf(system, rebuilt)
    assert.equal(points, 30)
    assert.doesNotMatch(text, /macOS knew/)
  })

  it('is lenient by rarity no further than the first days are, and with unsigned code not at all', () => {
    const scoring = rarityScoring(0.1)
    const scoreOf = (program: ProgramSpec, baseline: Baseline): number => {
      const script = new Script().start().program(program)
      const upload = { id: 2, pid: program.pid, total: 60_000 * MIB, steps: 2 }
      return tell(script.upload(upload), { baseline, scoring }).alerts.at(-1)?.score ?? 0
    }
    const [fresh, cold, named] = [watched(5), watched(0), watched(5, 'a-tool-of-20-letters')].map(
      (baseline) => scoreOf(system, baseline),
    )
    assert.ok(fresh && cold && named)
    assert.ok(named < fresh, `${named} of ${fresh}`)
    assert.equal(named, cold)
    assert.equal(scoreOf(stranger, watched(5, 'probe')), scoreOf(stranger, watched(5)))
  })

  it('is the same in a replay, which begins with the rows of the baseline', () => {
    const directory = mkdtempSync(join(tmpdir(), 'freshet-names-'))
    const { baseline } = openBaseline(join(directory, 'baseline.db'), { now: ago(5) })
    putNetworkNames(baseline, [of('a-tool-of-20-letters'), of('probe')])
    baseline.setBornAt(ago(5))
    assert.equal(baseline.programs(), 0)
    const replayed = openMemoryBaseline()
    for (const row of baseline.rows()) putRow(replayed, rowFromJson(rowToJson(row)))
    for (const program of [system, stranger])
      assert.deepEqual(noveltyOf(program, replayed), noveltyOf(program, baseline))
    assert.equal(noveltyOf(system, replayed).points, 10)
    baseline.close()
    rmSync(directory, { recursive: true })
  })
})
