// Writes captures of a made-up Mac's days: `npm run scenarios -- [DIRECTORY]` (default: where the tests
// have them). Each is marked synthetic in its header. test/scenarios compares them with what is committed.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BaselineRow } from '../src/baseline/row.ts'
import { openBaseline } from '../src/baseline/sqlite.ts'
import { createCaptureWriter } from '../src/capture/writer.ts'
import { createEngine } from '../src/engine/engine.ts'
import { DAY_MS, Mac } from '../src/eval/mac.ts'
import { createRandom } from '../src/eval/random.ts'
import { LAYOUT } from '../src/records/record.gen.ts'
import { unixNs } from '../src/units.ts'
import { DAYS_BEFORE, STORIES, type Story, tellBefore } from './scenario/stories.ts'

export const SCENARIO_DIRECTORY = fileURLToPath(
  new URL('../test/scenarios/captures', import.meta.url),
)
export const SYNTHETIC = 'made up by scripts/scenarios.ts; no machine ever did this'
const DEVICE_ID = '5ce4a210-0000-4000-8000-000000000001'
/** 2026-03-02 07:00 UTC, a Monday. */
const STORY_UNIX_MS = Date.UTC(2026, 2, 2, 7)

/** What the made-up Mac knew when the stories begin. The same for all. */
export function learntRows(): BaselineRow[] {
  const mac = new Mac(STORY_UNIX_MS - DAYS_BEFORE * DAY_MS)
  tellBefore(mac, createRandom(1))
  const directory = mkdtempSync(join(tmpdir(), 'freshet-scenarios-'))
  try {
    const now = unixNs(0n, 'now')
    const { baseline } = openBaseline(join(directory, 'baseline.db'), { now })
    const engine = createEngine({ deviceId: DEVICE_ID, baseline })
    engine.push(mac.records())
    // On the first days its backup is as new as the baseline, and told. That is over when the stories begin.
    engine.takeFindings()
    engine.finish()
    const rows = [...baseline.rows()]
    baseline.close()
    return rows
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** The whole file of a story. */
export function scenarioCapture(story: Story, rows: readonly BaselineRow[]): Uint8Array {
  const mac = new Mac(STORY_UNIX_MS)
  story.tell(mac, createRandom(2))
  const blocks: Uint8Array[] = []
  const writer = createCaptureWriter(
    (block) => blocks.push(block),
    () => {},
  )
  const count = (kind: BaselineRow['kind']): number =>
    rows.filter((row) => row.kind === kind).length
  writer.begin(
    {
      version: 'scenarios',
      layout: LAYOUT,
      deviceId: DEVICE_ID,
      host: {
        hostname: `synthetic-${story.name}`,
        os: 'macos',
        osVersion: '26.3',
        osBuild: '25D000',
        hardware: 'Mac16,1',
        arch: 'arm64',
        bootId: '',
      },
      startedAt: unixNs(BigInt(STORY_UNIX_MS) * 1_000_000n, 'start'),
      synthetic: SYNTHETIC,
      baseline: {
        identities: count('identity'),
        destinations: count('destination'),
        alerts: count('alert'),
      },
    },
    rows,
  )
  writer.records(mac.records())
  // No live run was there to compare with.
  const endedAt = unixNs(BigInt(STORY_UNIX_MS + mac.nowMs) * 1_000_000n, 'end')
  writer.end({ endedAt, alerts: 0, digest: '' })
  return new Uint8Array(Buffer.concat(blocks))
}

if (import.meta.main) {
  const directory = process.argv[2] ?? SCENARIO_DIRECTORY
  mkdirSync(directory, { recursive: true })
  const rows = learntRows()
  let bytes = 0
  for (const story of STORIES) {
    const capture = scenarioCapture(story, rows)
    bytes += capture.length
    writeFileSync(join(directory, `${story.name}.fcap`), capture)
    console.log(`${story.name}.fcap  ${capture.length} B  ${story.about}`)
  }
  console.log(`${STORIES.length} captures, ${bytes} B`)
}
