// The table of a run on a Mac, and where its points come from.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type Finding,
  findingsTable,
  keepFinding,
  keptFindings,
  pointsOf,
  reasonsOf,
} from '../../scripts/mac-run/findings.ts'
import type { Mac } from '../../scripts/mac-run/mac.ts'
import { FOLDER, STEPS, tryStep } from '../../scripts/mac-run/main.ts'

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const document = readFileSync(at('docs/verify-on-a-mac.md'), 'utf8')
const points = pointsOf(document)
const reasons = reasonsOf(document)

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
        { id: 'N3', title: 'It is approved' },
        { id: 'N4', title: 'It is allowed' },
      ],
      [
        { point: '', outcome: 'seen', text: 'macOS 26.1' },
        { point: 'N2', outcome: 'otherwise', text: 'a|b <img>' },
        { point: 'N2', outcome: 'as hoped', text: 'again' },
        { point: 'Z9', outcome: 'seen', text: 'odd' },
      ],
      reasonsOf('| points | why not |\n| --- | --- |\n| N3, N4 | wants a person |\n'),
    )
    assert.equal(
      text,
      `## 2 points looked at, 1 of 4 findings otherwise than hoped

- macOS 26.1

| point | what | found |
| --- | --- | --- |
| N2 | It counts | **otherwise**: a\\|b &lt;img><br>**as hoped**: again |
| Z9 | not in docs/verify-on-a-mac.md | **seen**: odd |

Not looked at here:

- N1: its step found nothing of it
- N3, N4: wants a person
`,
    )
  })

  it('are of a step that fails by itself, too', async () => {
    const found: Finding[] = []
    const mac = { say: () => {}, found: (one: Finding) => void found.push(one) } as unknown as Mac
    await tryStep(
      'odd',
      () => {
        throw new Error('no addon')
      },
      mac,
    )
    await tryStep('even', async () => Promise.reject(new Error('no Mac')), mac)
    assert.deepEqual(found, [
      { point: '', outcome: 'otherwise', text: 'the step odd failed: Error: no addon' },
      { point: '', outcome: 'otherwise', text: 'the step even failed: Error: no Mac' },
    ])
  })

  it('are of points that the document has, each once', () => {
    const ids = points.map(({ id }) => id)
    assert.equal(new Set(ids).size, ids.length)
    assert.ok(ids.length > 60, `${ids.length} points`)
    const folder = at('scripts/mac-run')
    const named = readdirSync(folder).flatMap((name) =>
      [...readFileSync(join(folder, name), 'utf8').matchAll(/'([A-Z]\d+)'/g)].map(
        ([, id = '']) => id,
      ),
    )
    assert.ok(named.length > 10)
    for (const id of named) assert.ok(ids.includes(id), `${id} is no point of the document`)
    // What no step looks at has a reason, and what one does has none.
    for (const id of ids) assert.equal(reasons.has(id), !named.includes(id), id)
    for (const id of reasons.keys()) assert.ok(ids.includes(id), `${id} is no point`)
    const looked = /steps look at ([^.]+)\./.exec(document)?.[1] ?? ''
    const inOrder = Array.from(new Set<string>(named)).sort()
    assert.deepEqual(looked.split(/, | and /), inOrder)
  })

  it('come from steps that a workflow runs, all of them', () => {
    const workflow = readFileSync(at('.github/workflows/mac.yml'), 'utf8')
    const run = [...workflow.matchAll(/mac-run\/main\.ts ([\w-]+)/g)].map(([, step]) => step)
    assert.deepEqual(new Set(run), new Set(Object.keys(STEPS)))
  })

  it('lie where no step that builds removes them, and are the run’s artifact', () => {
    const workflow = readFileSync(at('.github/workflows/mac.yml'), 'utf8')
    assert.match(workflow, new RegExp(`^ {10}path: ${FOLDER}$`, 'm'))
    assert.doesNotMatch(FOLDER, /^(dist|native|build|\.)/)
    assert.match(readFileSync(at('.gitignore'), 'utf8'), new RegExp(`^/${FOLDER}/$`, 'm'))
  })

  it('do not hide each other: each step goes on after another that failed, for a time that is bounded', () => {
    const workflow = readFileSync(at('.github/workflows/mac.yml'), 'utf8')
    const steps = workflow.split(/^ {6}- /m).slice(1)
    assert.ok(steps.length > 15)
    for (const step of steps) {
      if (/^uses: actions\/(checkout|setup-node)@/.test(step)) continue
      const name = step.split('\n', 1).join()
      // What was found is kept of a run that was broken off as well.
      const isLast = /^(name: The table|name: Findings)/.test(step)
      assert.match(
        step,
        isLast ? /^ {8}if: \$\{\{ always\(\) \}\}$/m : /^ {8}if: \$\{\{ !cancelled\(\) \}\}$/m,
        name,
      )
      assert.match(step, /^ {8}timeout-minutes: \d+$/m, name)
    }
    const minutes = [...workflow.matchAll(/^( +)timeout-minutes: (\d+)$/gm)]
    const sum = (indent: number) =>
      minutes
        .filter(([, spaces]) => spaces?.length === indent)
        .reduce((all, [, , n]) => all + Number(n), 0)
    assert.ok(sum(8) > 100 && sum(4) > sum(8), `${sum(8)} minutes of steps in a job of ${sum(4)}`)
    // docs.github.com, Actions limits: a job on its machines ends after six hours.
    assert.ok(sum(4) < 360)
  })
})
