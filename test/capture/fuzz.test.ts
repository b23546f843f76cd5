// A million captures: FRESHET_FUZZ=1000000 npm test -- test/capture/fuzz.test.ts
import assert from 'node:assert/strict'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCovered } from '../coverage.ts'

const INPUTS = Number(process.env['FRESHET_FUZZ'] ?? 5_000)
const SEED = 20_260_304
const here = dirname(fileURLToPath(import.meta.url))
const FILES = ['blocks', 'reader', 'format', 'document'].map((name) =>
  join(here, `../../src/capture/${name}.ts`),
)
const TIMEOUT_MS = 60_000 + INPUTS * 3

type Totals = {
  inputs: number
  whole: number
  damaged: number
  recordBytes: number
  rows: number
  slowestMs: number
  rssMaxMb: number
  seconds: number
}

describe('Fuzzed captures', function () {
  this.timeout(TIMEOUT_MS + 10_000)

  it(`${INPUTS} mutated captures neither crash the reader nor hang it nor make it grow`, async () => {
    const args = [String(INPUTS), String(SEED)]
    const { output, shares } = await runCovered(join(here, 'fuzz.ts'), args, FILES, TIMEOUT_MS)
    const totals = JSON.parse(output) as Totals
    process.stdout.write(
      `      ${totals.inputs} captures, ${totals.damaged} damaged, ${totals.recordBytes} B of records used, slowest ${totals.slowestMs.toFixed(0)} ms, ${totals.rssMaxMb.toFixed(0)} MB, ${totals.seconds.toFixed(1)} s\n`,
    )
    for (const [file, share] of shares)
      process.stdout.write(`      ${(share * 100).toFixed(0).padStart(4)} % of ${basename(file)}\n`)
    assert.equal(totals.inputs, INPUTS)
    // All happens: files that are refused in part, files that still read whole, records and rows that get through.
    assert.ok(totals.damaged > INPUTS / 2)
    assert.ok(totals.whole > 0)
    assert.ok(totals.recordBytes > INPUTS * 100)
    assert.ok(totals.rows > INPUTS / 10)
    assert.ok(totals.rssMaxMb < 400, `${totals.rssMaxMb} MB`)
    // What opens and closes a file is not reached from memory.
    for (const [file, share] of shares)
      assert.ok(share > (basename(file) === 'reader.ts' ? 0.75 : 0.9), `${file}: ${share}`)
  })
})
