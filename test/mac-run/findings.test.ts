// The table of a run on a Mac, and where its points come from.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  findingsTable,
  keepFinding,
  keptFindings,
  pointsOf,
} from '../../scripts/mac-run/findings.ts'
import { STEPS } from '../../scripts/mac-run/main.ts'

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const points = pointsOf(readFileSync(at('docs/verify-on-a-mac.md'), 'utf8'))

describe('the findings of a run on a Mac', () => {
  it('are kept in order, a line each', () => {
    const folder = mkdtempSync(join(tmpdir(), 'freshet-findings-'))
    try {
      assert.deepEqual(keptFindings(folder), [])
      keepFinding(folder, { point: 'N1', outcome: 'as hoped', text: 'two\n  lines ' })
      keepFinding(folder, { point: '', outcome: 'seen', text: 'x'.repeat(10_000) })
      const [first, second] = keptFindings(folder)
      assert.deepEqual(first, { point: 'N1', outcome: 'as hoped', text: 'two lines' })
      assert.equal(second?.text.length, 600)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('become a table: the machine, what was looked at, strangers, and what was not', () => {
    const text = findingsTable(
      [
        { id: 'N1', title: 'It loads' },
        { id: 'N2', title: 'It counts' },
      ],
      [
        { point: '', outcome: 'seen', text: 'macOS 26.1' },
        { point: 'N2', outcome: 'otherwise', text: 'a|b <img>' },
        { point: 'N2', outcome: 'as hoped', text: 'again' },
        { point: 'Z9', outcome: 'seen', text: 'odd' },
      ],
    )
    assert.equal(
      text,
      `## 2 points looked at, 1 of 4 findings otherwise than hoped

- macOS 26.1

| point | what | found |
| --- | --- | --- |
| N2 | It counts | **otherwise**: a\\|b &lt;img><br>**as hoped**: again |
| Z9 | not in docs/verify-on-a-mac.md | **seen**: odd |

Not looked at here: N1.
`,
    )
  })

  it('are of points that the document has, each once', () => {
    const ids = points.map(({ id }) => id)
    assert.equal(new Set(ids).size, ids.length)
    assert.ok(ids.length > 60, `${ids.length} points`)
    const folder = at('scripts/mac-run')
    const named = readdirSync(folder).flatMap((name) =>
      [...readFileSync(join(folder, name), 'utf8').matchAll(/'([A-Z]\d+)'/g)].map(([, id]) => id),
    )
    assert.ok(named.length > 10)
    for (const id of named) assert.ok(ids.includes(id ?? ''), `${id} is no point of the document`)
  })

  it('come from steps that a workflow runs, all of them', () => {
    const workflow = readFileSync(at('.github/workflows/mac.yml'), 'utf8')
    const run = [...workflow.matchAll(/mac-run\/main\.ts ([\w-]+)/g)].map(([, step]) => step)
    assert.deepEqual(new Set(run), new Set(Object.keys(STEPS)))
  })

  it('do not hide each other: each step goes on after another that failed, for a time that is bounded', () => {
    const workflow = readFileSync(at('.github/workflows/mac.yml'), 'utf8')
    const steps = workflow.split(/^ {6}- /m).slice(1)
    assert.ok(steps.length > 15)
    for (const step of steps) {
      if (/^uses: actions\/(checkout|setup-node)@/.test(step)) continue
      const name = step.split('\n', 1).join()
      assert.match(step, /^ {8}if: \$\{\{ !cancelled\(\) \}\}$/m, name)
      assert.match(step, /^ {8}timeout-minutes: \d+$/m, name)
    }
  })
})
