// What `npm run check` finds in .github/workflows, each fault planted once.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { workflowFaults } from '../../scripts/workflows.ts'

const folder = fileURLToPath(new URL('../../.github/workflows/', import.meta.url))
const workflows = readdirSync(folder).map((name) => ({
  path: `.github/workflows/${name}`,
  text: readFileSync(join(folder, name), 'utf8'),
}))

const workflow = (job: string) => ({
  path: 'w.yml',
  text: `on: push\njobs:\n  a:\n    runs-on: macos-26\n${job}`,
})
const step = (lines: string) => workflow(`    steps:\n      - run: make\n${lines}`)

describe('the workflows', () => {
  it('are without a fault', async () => {
    assert.notEqual(workflows.length, 0)
    assert.deepEqual(await workflowFaults(workflows), [])
  })

  it('test on a Mac each room that knows no platform', () => {
    // What these want is a Linux machine, its browser, or a run of its own (mac.yml: npm test).
    const others = [
      'e2e',
      'executables',
      'faults',
      'native',
      'pkg',
      'project',
      'scenarios',
      'stranger',
      'swarm',
      'web',
      'workload',
    ]
    const rooms = readdirSync(join(folder, '../../test'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !others.includes(entry.name))
      .map(({ name }) => name)
    const { text = '' } = workflows.find(({ path }) => path.endsWith('/ci.yml')) ?? {}
    const tested = /'test\/\{([a-z,-]+)\}\/\*\*\/\*\.test\.ts'/.exec(text)?.[1]?.split(',') ?? []
    assert.deepEqual(tested.sort(), rooms.sort())
  })

  it("may name images that are newer than the linter, and GitHub's newest", async () => {
    assert.deepEqual(await workflowFaults([step('        timeout-minutes: 5\n')]), [])
  })

  for (const [what, planted, found] of [
    ['a key that is none', step('        shel: bash\n'), /^w\.yml:7:9: unexpected key "shel"/],
    [
      'an expression of nothing',
      step(`        name: \${{ matrix.image }}\n`),
      /property "image" is not defined .*\[expression\]$/,
    ],
    [
      'a job that needs none',
      workflow('    needs: [b]\n    steps: [{ run: make }]\n'),
      /needs job "b" which does not exist.*\[job-needs\]$/,
    ],
    ['a time that is none', step('        timeout-minutes: soon\n'), /:7:26: .*\[syntax-check\]$/],
  ] as const)
    it(`are refused for ${what}`, async () => {
      const faults = await workflowFaults([planted])
      assert.equal(faults.length, 1, faults.join('\n'))
      assert.match(faults[0] ?? '', found)
    })
})
