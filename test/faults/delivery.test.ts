// Delivery against all but death: a collector that is away, batches that come twice and in any order, clocks
// that jump. FRESHET_SEED replays a run.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Outbox, type OutboxOptions, openOutbox } from '../../src/stream/outbox.ts'
import { startUplink } from '../../src/stream/uplink.ts'
import { nowUnixNs, type UnixNs } from '../../src/units.ts'
import {
  Agent,
  alertItem,
  DEVICE_A,
  DEVICE_B,
  type Running,
  runCollector,
} from '../collector/agent.ts'
import { hello, PACE } from '../stream/uplink-fixture.ts'
import { until } from '../waits.ts'
import { keptBy, numberedAlert, readStore } from './account.ts'
import { chanceOf, seedOfRun } from './seed.ts'

const HOUR_MS = 3_600_000

describe('delivery against trouble', () => {
  let directory: string
  let running: Running | undefined
  let outbox: Outbox | undefined
  let ending: AbortController
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-faults-'))
    ending = new AbortController()
  })
  afterEach(async () => {
    ending.abort()
    outbox?.close()
    await running?.stop()
    running = outbox = undefined
    rmSync(directory, { recursive: true, force: true })
  })

  const open = (options: Partial<OutboxOptions> = {}): Outbox => {
    const path = join(directory, 'outbox.db')
    outbox = openOutbox(path, { bytesMax: 65_536, ageMaxMs: HOUR_MS, now: nowUnixNs, ...options })
    return outbox
  }
  /** Delivers all that waits to a collector that is there from now on; what its store holds then. */
  async function deliver(from: Outbox) {
    running = await runCollector()
    const uplink = startUplink({
      url: running.root,
      hello,
      outbox: from,
      signal: ending.signal,
      pace: PACE,
    })
    await until(() => from.counters().items === 0)
    ending.abort()
    await uplink.done
    return readStore(join(running.stateDir, 'store.db'))
  }

  it('accounts for each item when the collector is away for longer than the outbox holds', async () => {
    const seed = seedOfRun()
    const chance = chanceOf(seed)
    let nowMs = Date.now()
    const away = open({ bytesMax: 1 << 18, now: () => (BigInt(nowMs) * 1_000_000n) as UnixNs })
    const severities: ('low' | 'medium' | 'high')[] = []
    while (severities.length < 1500) {
      nowMs += 1000
      const batch = Array.from({ length: chance.between(1, 20) }, () => {
        severities.push(chance.pick(['low', 'low', 'low', 'low', 'medium', 'high'] as const))
        return numberedAlert(1, severities.length, severities.at(-1) as 'low')
      })
      away.append(batch)
    }
    // Its own health items tell of the drops, once a minute.
    nowMs += 60_000
    severities.push('high')
    away.append([numberedAlert(1, severities.length, 'high')])
    const kept = keptBy(away)
    assert(kept.evicted > 500 && kept.items + kept.evicted === kept.committed)
    const stored = await deliver(away)
    console.log(
      `      seed ${seed}: ${kept.committed} committed, ${stored.items} stored, ${kept.evicted} evicted, ` +
        `${stored.told} of them told`,
    )
    const says = `replay with FRESHET_SEED=${seed}`
    assert.equal(stored.items + kept.evicted, kept.committed, says)
    assert.equal(stored.alerts + stored.health, stored.items, says)
    assert.equal(stored.revisions, stored.alerts, says)
    assert(stored.told > 0 && stored.told <= kept.evicted, says)
    // The least and the oldest went: of each severity, a tail is left.
    for (const severity of ['low', 'medium', 'high'] as const) {
      const of = severities.flatMap((each, index) => (each === severity ? [index + 1] : []))
      const first = of.findIndex((number) => stored.has(1, number))
      const left = first < 0 ? [] : of.slice(first)
      assert(
        left.every((number) => stored.has(1, number)),
        `${severity}: a hole; ${says}`,
      )
      if (severity !== 'high') continue
      const low = severities.filter((each, index) => each === 'low' && stored.has(1, index + 1))
      assert(left.length === of.length || low.length === 0, says)
    }
  })

  it('accounts for each item when the clock jumps, days and years, there and back', async () => {
    const seed = seedOfRun()
    const chance = chanceOf(seed)
    let nowMs = Date.now()
    const jumpy = open({ bytesMax: 1 << 24, now: () => (BigInt(nowMs) * 1_000_000n) as UnixNs })
    for (let number = 1; number <= 400; number++) {
      nowMs += chance.between(1, 10_000)
      if (chance.between(1, 40) === 1)
        nowMs += chance.pick([-24 * HOUR_MS, -2 * HOUR_MS, HOUR_MS / 2, 2 * HOUR_MS])
      if (number === 100) nowMs += 3000 * 24 * HOUR_MS
      if (number === 250) nowMs -= 3000 * 24 * HOUR_MS
      jumpy.append([numberedAlert(1, number, 'medium')])
    }
    const kept = keptBy(jumpy)
    const stored = await deliver(jumpy)
    console.log(`      seed ${seed}: ${kept.committed} committed, ${stored.items} stored`)
    const says = `replay with FRESHET_SEED=${seed}`
    // None was old: it is the clock that jumped.
    assert.equal(kept.evicted, 0, says)
    assert.equal(stored.items, kept.committed, says)
    assert.equal(stored.revisions + stored.health, stored.items, says)
    assert(stored.has(1, 400), says)
  })

  it('stores once what comes twice and in any order, over many connections', async () => {
    const seed = seedOfRun()
    const chance = chanceOf(seed)
    const ITEMS = 1200
    running = await runCollector()
    const { collector, socket, stateDir } = running
    let sent = 0
    for (const device of [DEVICE_A, DEVICE_B]) {
      const batches: number[][] = []
      for (let from = 1; from <= ITEMS; ) {
        const length = Math.min(chance.between(1, 60), ITEMS + 1 - from)
        const batch = Array.from({ length }, (_, index) => from + index)
        for (let times = chance.between(1, 3); times > 0; times--)
          batches.push(chance.pick([batch, batch, chance.shuffled(batch), [...batch, ...batch]]))
        from += length
      }
      // Numbers of the second device's alerts are its own; the ids of delivery are the same.
      const idOf = (number: number) =>
        (device === DEVICE_A ? number : ITEMS + number).toString(16).padStart(32, '0')
      const shuffled = chance.shuffled(batches)
      while (shuffled.length > 0) {
        const agent = await new Agent(socket).opened()
        await agent.hello(device)
        for (let of = chance.between(1, 12); of > 0; of--) {
          const batch = shuffled.pop()
          if (!batch) break
          sent += batch.length
          const { throughSequence, rejects } = await agent.deliver(
            batch.map((number) => alertItem(number, { id: idOf(number) })),
          )
          assert(throughSequence >= Math.max(...batch))
          assert.deepEqual(rejects, [])
        }
        agent.socket.terminate()
        await agent.closed
      }
    }
    const stored = readStore(join(stateDir, 'store.db'))
    const { itemsStored, itemsDuplicate } = collector.counters()
    console.log(
      `      seed ${seed}: ${2 * ITEMS} items sent as ${sent}, ${stored.items} stored, ${itemsDuplicate} dropped`,
    )
    const says = `replay with FRESHET_SEED=${seed}`
    assert.equal(stored.items, 2 * ITEMS, says)
    assert.equal(stored.alerts, 2 * ITEMS, says)
    assert.equal(stored.revisions, 2 * ITEMS, says)
    assert.deepEqual([itemsStored, itemsDuplicate], [2 * ITEMS, sent - 2 * ITEMS], says)
  })
})
