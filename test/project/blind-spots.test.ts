// docs/blind-spots.md names the recorded attacks on which the detector is silent: all of them, and no other.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { readManifest } from '../../src/eval/manifest.ts'

const text = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

describe('docs/blind-spots.md', () => {
  const page = text('docs/blind-spots.md')
  const golden = JSON.parse(text('test/workload/golden.json')) as Record<string, object[]>
  const { rows } = readManifest(text('data/workloads/manifest.json'))

  it('names each recorded attack that raises nothing, and no other', () => {
    const table = page.slice(page.indexOf('| recording |'), page.indexOf('Of `decoys`'))
    const named = [...table.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([a-z-]+)`/g)].map(([, name = '']) => name),
    )
    const silent = rows
      .filter(({ name, label }) => label === 'attack' && golden[name]?.length === 0)
      .map(({ name }) => name)
    assert.ok(silent.length > 0)
    assert.deepEqual(named.sort(), silent.sort())
  })

  it('says of the decoys what is found of them', () => {
    const decoys = rows.find(({ name }) => name === 'decoys')
    assert.equal(decoys?.flows.length, 4)
    // Of one program, whose alert goes on: it names where else it sent.
    assert.equal(golden['decoys']?.length, 1)
    assert.match(page, /Of `decoys` three uploads and the fourth, the largest, are one alert/)
  })
})
