// Tokens that are made while a collector doubts its machine's clock: their days are those that it judges by.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from '../../src/collector/fleet/registry.ts'
import { openRegistryFile, REGISTRY_FILE } from '../../src/collector/fleet/registry-file.ts'
import { DOUBT_FILE, doubtFile } from '../../src/collector/keeping/clock-watch.ts'
import { PLACE } from '../../src/place.ts'
import { nowUnixNs } from '../../src/units.ts'
import { run } from '../e2e/installation.ts'

const DAY_NS = 86_400_000_000_000n

describe('a token that is made by a clock', () => {
  let directory: string
  let collector: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-believed-'))
    collector = join(directory, 'collector')
    mkdirSync(collector, { mode: 0o700 })
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  const tokens = (...words: string[]) =>
    run([PLACE.cli, 'collector', 'tokens', ...words, '--state', directory])
  const doubt = (awayNs: bigint) => {
    const carriedNs = nowUnixNs() - awayNs
    doubtFile(join(collector, DOUBT_FILE), assert.fail).write({ carriedNs, ranMs: 5 })
    return carriedNs
  }
  const expiries = () => {
    const registry = new Registry(openRegistryFile(join(collector, REGISTRY_FILE), assert.fail))
    try {
      return registry.tokens().map(({ expiresAt = 0n }) => expiresAt)
    } finally {
      registry.close()
    }
  }

  it('that is not believed ends by the time that is, which is said, and is listed so', async () => {
    const carriedNs = doubt(365n * DAY_NS)
    const made = await tokens('make', '--label', 'x', '--days', '7')
    assert.match(
      made.stderr,
      /does not believe this machine's clock, and takes the time for \d{4}-/,
    )
    assert.deepEqual(expiries(), [carriedNs + 7n * DAY_NS])
    assert.match((await tokens('list')).stdout, /good until /)
  })

  it('that is believed ends by it, also where the time is kept beside it', async () => {
    doubt(3_600_000_000_000n)
    const made = await tokens('make', '--label', 'x', '--days', '7')
    assert.doesNotMatch(made.stderr, /believe/)
    const [expiresAt = 0n] = expiries()
    assert(expiresAt > nowUnixNs() + 6n * DAY_NS + 86_000_000_000_000n)
  })
})
