// bench/main.ts over benches of the test's own, in a folder of its own.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { figure, table } from '../../bench/main.ts'
import type { Row } from '../../bench/row.ts'

const ENGINE = `export const benches = [
  { name: 'engine flows', run: async () => [
    { name: 'engine flows small', value: 1234567.8, unit: 'records/s', rival: 'objects', ratio: 5.25, target: '>= 5x', met: true },
    { name: 'engine flows large', value: 2, unit: 'ms', target: '<= 1 ms', met: false },
  ] },
  { name: 'engine memory', run: async () => [{ name: 'engine memory', value: 1.5, unit: 'MB' }] },
]`
const AGENT = `export const benches = [
  { name: 'agent', run: async () => { throw new Error('no such machine') } },
]`

describe('npm run bench', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'freshet-bench-'))
    mkdirSync(join(folder, 'bench'))
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    for (const file of ['main.ts', 'row.ts'])
      copyFileSync(
        fileURLToPath(new URL(`../../bench/${file}`, import.meta.url)),
        join(folder, 'bench', file),
      )
    writeFileSync(join(folder, 'bench/engine.ts'), ENGINE)
    writeFileSync(join(folder, 'bench/agent.ts'), AGENT)
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  const bench = (...args: string[]) =>
    spawnSync(process.execPath, [join(folder, 'bench/main.ts'), ...args], { encoding: 'utf8' })
  const names = (stdout: string) => (JSON.parse(stdout) as Row[]).map((row) => row.name)

  it('prints what could be measured, and fails when a bench throws', () => {
    const { status, stdout, stderr } = bench()
    assert.equal(status, 1)
    assert.match(stderr, /bench agent failed: Error: no such machine/)
    assert.match(stdout, /^name +value +unit/)
    assert.match(stdout, /engine flows small +1,234,568 +records\/s +5\.25x +objects +>= 5x +yes/)
    assert.match(stdout, /engine flows large +2 +ms +<= 1 ms +NO/)
  })

  it('runs an area, a bench or a single row', () => {
    assert.deepEqual(names(bench('--json', '--only', 'engine').stdout), [
      'engine flows small',
      'engine flows large',
      'engine memory',
    ])
    assert.deepEqual(names(bench('--json', '--only', 'engine memory').stdout), ['engine memory'])
    const one = bench('--json', '--only', 'engine flows large')
    assert.deepEqual([one.status, names(one.stdout)], [0, ['engine flows large']])
  })

  it('refuses a name that nothing has, and says which there are', () => {
    for (const name of ['page', 'engine flows huge']) {
      const { status, stderr } = bench('--only', name)
      assert.equal(status, 2, name)
      assert.match(stderr, /there are: engine flows, engine memory, agent/)
    }
  })

  it('prints figures that can be read', () => {
    assert.deepEqual([0, 7, 1.234, 12.34, 123.4, 1e6].map(figure), [
      '0',
      '7',
      '1.23',
      '12.3',
      '123',
      '1,000,000',
    ])
    assert.equal(table([]), 'name  value  unit  ratio  rival  target  met')
  })
})
