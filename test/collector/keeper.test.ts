// That a flood does not fill a disk between two looks at what is kept.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Collector, startCollector } from '../../src/collector/collector.ts'
import { until } from '../waits.ts'
import { Agent, alertItem, socketOf } from './agent.ts'

const HOUR_MS = 3_600_000
const BEAT_BYTES = 200_000

describe('what is kept, between two looks', () => {
  let stateDir: string
  let collector: Collector | undefined
  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'freshet-keeper-'))
  })
  afterEach(async () => {
    await collector?.close()
    rmSync(stateDir, { recursive: true, force: true })
  })

  it('is looked at before it is time once so many bytes have come', async () => {
    const log: string[] = []
    collector = await startCollector({
      stateDir,
      host: '127.0.0.1',
      port: 0,
      log: (text) => log.push(text),
      // Too little for anything, which each look says that finds it to be news.
      keep: { ageNs: 10n ** 18n, bytes: 1 },
      beatMs: HOUR_MS,
      beatBytes: BEAT_BYTES,
    })
    const looked = () => log.filter((line) => /may be kept/.test(line)).length
    const agent = await new Agent(socketOf(stateDir)).opened()
    await agent.hello()
    await agent.deliver([alertItem(1, { sentence: 's'.repeat(BEAT_BYTES / 2) })])
    // Two looks at the clock, at which there was too little for one at the store.
    await new Promise((resolve) => setTimeout(resolve, 2500))
    assert.equal(looked(), 0)
    await agent.deliver([alertItem(2, { sentence: 's'.repeat(BEAT_BYTES / 2) })])
    await until(() => looked() === 1)
    await agent.close()
  })
})
