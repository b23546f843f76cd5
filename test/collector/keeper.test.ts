// That a flood does not fill a disk between two looks at what is kept.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Collector, startCollector } from '../../src/collector/collector.ts'
import { createClockWatch } from '../../src/collector/keeping/clock-watch.ts'
import { createKeeper } from '../../src/collector/keeping/keeper.ts'
import { Capability } from '../../src/stream/codec.ts'
import { nowUnixNs, unixNs } from '../../src/units.ts'
import { until } from '../waits.ts'
import { Agent, alertItem, DEVICE_A, helloOf, socketOf } from './agent.ts'

const HOUR_MS = 3_600_000
const BEAT_BYTES = 200_000

describe('what is kept', () => {
  it('is bounded also while the store cannot be told of the registry, which is said once', async () => {
    const lines: string[] = []
    let retained = 0
    let fails = true
    const keeper = createKeeper({
      store: {
        newestAt: async () => 0n,
        noteStandings: async () => {},
        async retain() {
          retained++
          return {
            more: false,
            usedBytes: 0,
            dropped: undefined,
            told: [],
            counts: { refused: 0, gaveWay: 0, revisions: 0 },
          }
        },
      },
      keep: { ageNs: 1n, bytes: 1 },
      counters: { add() {} } as never,
      publish() {},
      clockOffsetsMs: () => [],
      doubtFile: { read: () => undefined, write() {} },
      standings: () => ({
        due() {
          if (fails) throw new Error('the file is held')
          return undefined
        },
        done() {},
      }),
      log: (line) => lines.push(line),
    })
    const beat = () => keeper.beat(nowUnixNs(), 0)
    await beat()
    await beat()
    assert.equal(retained, 2, lines.join('\n'))
    fails = false
    await beat()
    const said = lines.filter((line) => /registry says of devices/.test(line))
    assert.equal(said.length, 1, said.join('\n'))
    assert.match(said[0] ?? '', /cannot be noted in the store now: the file is held/)
  })
})

describe('a clock that is believed since nothing was received yet', () => {
  const said: string[] = []
  const offsetsMs: number[] = []
  let elapsedMs: number
  let begunNs: bigint
  let clock: ReturnType<typeof createClockWatch>
  beforeEach(() => {
    said.length = 0
    elapsedMs = 0
    begunNs = nowUnixNs()
    clock = createClockWatch({
      newestAt: async () => 0n,
      ageNs: 1n,
      clockOffsetsMs: () => offsetsMs,
      file: { read: () => undefined, write() {} },
      say: (text) => said.push(text),
      log: (text) => said.push(text),
    })
  })
  const look = async (...offsets: number[]): Promise<string[]> => {
    offsetsMs.splice(0, offsetsMs.length, ...offsets)
    elapsedMs += 60_000
    const nowNs = unixNs(begunNs + BigInt(elapsedMs) * 1_000_000n, 'now')
    assert.equal(await clock.leadNs(nowNs, elapsedMs), 0n)
    return said.splice(0)
  }

  it('is said to be wrong once where most admitted agents of other machines say so, and again when they do again a day later', async () => {
    assert.deepEqual(await look(), [])
    // One of two may be the one that is wrong.
    assert.deepEqual(await look(50 * HOUR_MS, 0), [])
    const [line, ...more] = await look(50 * HOUR_MS, 0, 49 * HOUR_MS)
    assert.match(
      `${line}`,
      /the clock is believed, and 2 of 3 connected, admitted agents .* say otherwise: it is 50\.0 h ahead of theirs/,
    )
    assert.deepEqual(more, [])
    assert.deepEqual(await look(50 * HOUR_MS), [])
    assert.deepEqual(await look(0), [])
    assert.deepEqual(await look(-2 * HOUR_MS), [])
    elapsedMs += 24 * HOUR_MS
    assert.match(`${await look(-2 * HOUR_MS)}`, /it is 2\.0 h behind theirs/, 'it is so still')
  })

  it('is said to be wrong once by one laptop that comes and goes, whether another stays or goes, too', async () => {
    assert.match(`${await look(50 * HOUR_MS)}`, /1 of 1 connected/)
    for (let times = 0; times < 20; times++) {
      assert.deepEqual(await look(), [])
      assert.deepEqual(await look(50 * HOUR_MS), [])
      assert.deepEqual(await look(50 * HOUR_MS, 0), [])
      assert.deepEqual(await look(0), [])
    }
    assert.deepEqual(await look(50 * HOUR_MS), [])
    elapsedMs += 24 * HOUR_MS
    assert.deepEqual(await look(0), [])
    assert.match(`${await look(50 * HOUR_MS)}`, /1 of 1 connected/)
  })

  it('is said to be wrong at once where it was set, and doubted, since', async () => {
    assert.match(`${await look(50 * HOUR_MS)}`, /50\.0 h ahead/)
    const set = async (byMs: number, offset: number): Promise<string> => {
      begunNs += BigInt(byMs) * 1_000_000n
      elapsedMs += 60_000
      offsetsMs.splice(0, offsetsMs.length, offset)
      await clock.leadNs(unixNs(begunNs + BigInt(elapsedMs) * 1_000_000n, 'now'), elapsedMs)
      return said.splice(0).join('\n')
    }
    assert.match(await set(-50 * HOUR_MS, 0), /was set by -50\.0 h.*agree with this one/s)
    assert.match(`${await look(-3 * HOUR_MS)}`, /3\.0 h behind/)
  })
})

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

  /** Looks at the store when so many bytes have come, and how often it did; nothing may be kept, which each look says. */
  async function started(): Promise<() => number> {
    const log: string[] = []
    collector = await startCollector({
      stateDir,
      host: '127.0.0.1',
      port: 0,
      log: (text) => log.push(text),
      keep: { ageNs: 10n ** 18n, bytes: 1 },
      beatMs: HOUR_MS,
      beatBytes: BEAT_BYTES,
    })
    return () => log.filter((line) => /may be kept/.test(line)).length
  }

  it('is looked at before it is time once so many bytes have come', async () => {
    const looked = await started()
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

  it('counts what came packed as what is kept of it', async () => {
    const looked = await started()
    const agent = await new Agent(socketOf(stateDir)).opened()
    agent.send(helloOf(DEVICE_A, 'mac-a', Capability.packed))
    await agent.expect('welcome')
    const items = [1, 2, 3].map((n) => alertItem(n, { sentence: 's'.repeat(BEAT_BYTES / 2) }))
    agent.send({ kind: 'batch', items, isPacked: true, isAhead: false })
    await agent.expect('ack')
    await until(() => looked() === 1)
    const { frameBytes } = collector?.counters() ?? {}
    assert.ok((frameBytes ?? 0) < BEAT_BYTES / 10, `${frameBytes} bytes came`)
    await agent.close()
  })
})
