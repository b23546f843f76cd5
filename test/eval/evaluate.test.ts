// The whole of an evaluation, small: the same each time, taken up where it was broken off, and what it finds as it was found.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Evaluation, type EvaluationPlan, evaluate } from '../../src/eval/evaluate.ts'
import { pageOf } from '../../src/eval/report-page.ts'
import { tablesOf } from '../../src/eval/report-tables.ts'
import { POINTS } from '../../src/eval/today.ts'

const GOLDEN = fileURLToPath(new URL('golden.json', import.meta.url))
const PLAN: EvaluationPlan = {
  seed: 3,
  machines: 2,
  cells: 24,
  withTerms: false,
}
const nowMs = () => 0

/** What a change of a detector changes: who finds how much of what, at what cost. */
const summaryOf = ({ madeUp: { detectors } }: Evaluation) =>
  Object.fromEntries(
    detectors.map(({ name, spent }) => [
      name,
      Object.fromEntries(
        spent.map(({ budget, falseAlerts, recall, installs, evasions }) => [
          `${budget}`,
          [
            `${falseAlerts.found} false, ${recall.found} of ${recall.of} attacks, ${installs.found} of ${installs.of} installs`,
            ...Object.entries(evasions).flatMap(([way, { found }]) => (found > 0 ? [way] : [])),
          ].join('; '),
        ]),
      ),
    ]),
  )

describe('an evaluation', function () {
  this.timeout(240_000)
  let directory = ''
  let report: Evaluation
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-eval-'))
    report = await evaluate(PLAN, { code: 'this', directory, nowMs })
  })
  after(() => rmSync(directory, { recursive: true }))

  it('finds what it found', () => {
    const found = `${JSON.stringify(summaryOf(report), null, 2)}\n`
    if (process.env['UPDATE_GOLDEN']) writeFileSync(GOLDEN, found)
    assert.deepEqual(JSON.parse(found), JSON.parse(readFileSync(GOLDEN, 'utf8')))
  })

  it('is taken up where it was broken off, and comes to the same', async () => {
    const kept: boolean[] = []
    const run = (code: string) =>
      evaluate(PLAN, { code, directory, nowMs, onMachine: ({ isKept }) => kept.push(isKept) })
    const [one, other, ...more] = readdirSync(directory).map((file) => join(directory, file))
    assert.ok(one && other && more.length === 0)
    // As after a kill: one is missing.
    rmSync(one)
    assert.deepEqual(await run('this'), report)
    // And one was cut off.
    writeFileSync(other, readFileSync(other, 'utf8').slice(0, 100))
    assert.deepEqual(await run('this'), report)
    // What other code found is none of its results.
    assert.deepEqual(await run('that'), report)
    const counts = [0, 2, 4].map((from) => kept.slice(from, from + 2).filter(Boolean).length)
    assert.deepEqual(counts, [1, 1, 0])
    assert.equal(readdirSync(directory).length, 4)
  })

  it('comes to the same in threads, whose number is asked beyond the machines too', async () => {
    const done: number[] = []
    const onMachine = (progress: { done: number }) => done.push(progress.done)
    const options = { code: 'this', threads: 5, nowMs, onMachine }
    assert.deepEqual(await evaluate(PLAN, options), report)
    assert.deepEqual(done, [1, 2])
  })

  it('ends in threads where it is told to, and where a result cannot be kept', async () => {
    const options = { code: 'this', threads: 2, nowMs }
    const signal = AbortSignal.timeout(50)
    await assert.rejects(evaluate(PLAN, { ...options, signal }), { name: 'TimeoutError' })
    const onMachine = () => {
      throw new Error('no room')
    }
    await assert.rejects(evaluate(PLAN, { ...options, onMachine }), /no room/)
  })

  it('is told in tables and on one page that loads nothing', () => {
    const { detectors } = report.madeUp
    // With a term left out of the points, as `--terms` has it, and a log.
    const points = detectors.find(({ name }) => name === POINTS)
    assert.ok(points)
    const madeUp = {
      ...report.madeUp,
      detectors: [...detectors, { ...points, name: `${points.name} without floors` }],
    }
    const whole = { madeUp, logs: [{ name: 'desk', report: madeUp }] }
    const tables = tablesOf(whole)
    assert.ok(tables.some(({ title }) => title === 'One term left out'))
    assert.ok(tables.some(({ title }) => title.startsWith('Logs of hosts')))
    for (const { title, heads, rows } of tables) {
      assert.ok(rows.length > 0, `${title} has no rows`)
      for (const row of rows) assert.equal(row.length, heads.length, title)
      assert.doesNotMatch(rows.flat().join(' '), /NaN|undefined|Infinity/, title)
    }
    const page = pageOf(whole, { title: 'A <b>', lines: ['by & for'] })
    assert.doesNotMatch(page, /NaN|undefined|Infinity|<b>|src=|https?:|url\(|<script|<link/)
    assert.match(page, /by &#38; for/)
    for (const { title } of tables) assert.ok(page.includes(title), title)
    assert.equal(page.match(/<polyline/g)?.length, 8 + 6)
  })
})
