// A million lines each: FRESHET_FUZZ=1000000 npm test -- test/importers/fuzz.test.ts
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCovered } from '../coverage.ts'

const LINES = Number(process.env['FRESHET_FUZZ'] ?? 5_000)
const here = dirname(fileURLToPath(import.meta.url))
const room = join(here, '../../src/importers')
/** Some 4,000 lines a second on a slow machine, and time to start. */
const TIMEOUT_MS = 60_000 + LINES
/** Files that serve one log alone; `detect` and `beside` look at files. */
const OF_ONE =
  /eslogger|zeek|heap|osquery|unified|tcp-message|pids|detect|beside|script|interpreters/

/** What must be reached nearly whole; the rest serves other logs too, or what is no file. */
const OWN = {
  eslogger: /eslogger|record-log|program|script-rules/,
  zeek: /zeek|heap|record-log/,
  osquery: /osquery|pids/,
  'unified-log': /unified|tcp-message/,
}

type Result = {
  malformed: number
  records: number
  unknownRecords: number
  seconds: number
  rssMaxMb: number
}

describe('Fuzzed logs', function () {
  this.timeout(TIMEOUT_MS + 10_000)
  for (const [kind, seed] of [
    ['eslogger', 20_260_302],
    ['zeek', 20_260_303],
    ['osquery', 20_260_305],
    ['unified-log', 20_260_306],
  ] as const)
    it(`${LINES} mutated lines of ${kind} neither crash nor hang nor grow`, async () => {
      const files = readdirSync(room)
        .filter((name) => OWN[kind].test(name) || !OF_ONE.test(name))
        .map((name) => join(room, name))
      const args = [kind, String(LINES), String(seed)]
      const { output, shares } = await runCovered(join(here, 'fuzz.ts'), args, files, TIMEOUT_MS)
      const result = JSON.parse(output) as Result
      process.stdout.write(
        `      ${LINES} lines, ${result.malformed} malformed, ${result.records} records, ${result.seconds.toFixed(1)} s, ${result.rssMaxMb.toFixed(0)} MB\n`,
      )
      for (const [file, share] of shares)
        process.stdout.write(
          `      ${(share * 100).toFixed(0).padStart(4)} % of ${basename(file)}\n`,
        )
      // Both happen: lines that are refused, and lines that become records the engine knows.
      assert.ok(result.malformed > LINES / 20)
      assert.ok(result.records > LINES / 20)
      assert.equal(result.unknownRecords, 0)
      assert.ok(result.rssMaxMb < 700)
      for (const [file, share] of shares)
        if (OWN[kind].test(file)) assert.ok(share > 0.85, `${file}: ${share}`)
    })
})
