// An agent and a collector under load, to which everything happens that is in faults.ts, in the order that chance has.
// FRESHET_FAULTS=200 for a longer run, FRESHET_SEED for the one that failed.
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { BUDGETS, ID_CHARGE } from '../../src/collector/store/budget.ts'
import type { OutboxCounters, SetAside } from '../../src/stream/outbox.ts'
import { times } from '../long.ts'
import { numbered, readStore, type Stored } from './account.ts'
import { FAULTS, scheduleOf } from './faults.ts'
import { Scene } from './scene.ts'
import { chanceOf, seedOfRun } from './seed.ts'

const COUNT = times('FRESHET_FAULTS', { usual: 8, long: 32 })
/** Most that an agent has under way between its word and its disk; more when that takes nothing. */
const BATCH_MAX = 200

/** Numbers of all lives by what became of them. */
type Account = {
  /** The agent said that its disk has them: each is stored, or was gone with a directory. */
  kept: number
  keptStored: number
  gone: number
  /** Of those under way or in memory when their agent was killed: had come to the store, had not. */
  underWayStored: number
  inMemory: number
  missing: string[]
}

function accountOf({ lives, gone }: Scene, stored: Stored): Account {
  const account: Account = {
    kept: 0,
    keptStored: 0,
    gone: 0,
    underWayStored: 0,
    inMemory: 0,
    missing: [],
  }
  for (const [life, { given, kept, endedInTrouble }] of lives) {
    account.kept += kept
    let lost = 0
    for (let number = 1; number <= given; number++) {
      const name = numbered(life, number)
      const isStored = stored.numbered.has(name)
      if (number > kept && isStored) account.underWayStored++
      else if (number > kept) lost++
      else if (isStored) account.keptStored++
      else if (gone.has(name)) account.gone++
      else account.missing.push(name)
    }
    account.inMemory += lost
    if (!endedInTrouble && lost > BATCH_MAX)
      account.missing.push(`${lost} that life ${life} was about to keep`)
  }
  return account
}

describe('delivery through faults', () => {
  let scene: Scene | undefined
  afterEach(async () => {
    await scene?.end()
    scene = undefined
  })

  it(`stores what was kept exactly once, over ${COUNT} faults`, async function () {
    this.timeout(60_000 + COUNT * 20_000)
    const seed = seedOfRun()
    const says = `replay with FRESHET_SEED=${seed}`
    scene = await Scene.start(chanceOf(seed))
    const counts = new Map<string, number>()
    if (scene.noDisk !== undefined) console.log(`      no disk is filled: ${scene.noDisk}`)
    for (const name of scheduleOf(scene, COUNT)) {
      counts.set(name, (counts.get(name) ?? 0) + 1)
      try {
        await FAULTS[name](scene)
      } catch (cause) {
        const { agent, collector } = scene
        throw new Error(
          `${name}: ${(cause as Error).message}; ${says}\nagent:\n${agent.tail()}\ncollector:\n${collector.tail()}`,
          { cause },
        )
      }
    }
    await scene.agent.says(/^given/)
    await delay(50)
    scene.agent.tell('drain')
    const end = await scene.agent.says(/^\{/)
    await scene.agent.ended
    scene.noteLife()
    await scene.collector.kill()

    const { setAside, ...counters } = JSON.parse(end) as OutboxCounters & { setAside?: SetAside }
    const stored = readStore(scene.storePath)
    const account = accountOf(scene, stored)
    const { kept, keptStored, gone, underWayStored, inMemory, missing } = account
    console.log(
      `      seed ${seed}: ${[...counts].map(([name, count]) => `${name} ${count}`).join(', ')}\n` +
        `      ${kept} kept = ${keptStored} stored + ${gone} gone with directories that were replaced; ` +
        `${inMemory} in memory when their agent was killed, ${underWayStored} more stored from there; ` +
        `${stored.items} stored in all, ${counters.evicted} evicted, ${stored.revisions - stored.alerts} twice\n` +
        `      the collector's full disk ended ${scene.fullDisk.refusals} connections; ` +
        `${scene.fullDisk.storedAfter} stored at once when it was freed`,
    )
    assert.deepEqual(missing.slice(0, 20), [], `${missing.length} are missing; ${says}`)
    assert.equal(setAside, undefined, says)
    const { evicted, notKept, rejected, items } = counters
    assert.deepEqual(
      { evicted, notKept, rejected, items },
      { evicted: 0, notKept: 0, rejected: 0, items: 0 },
      says,
    )
    assert.equal(scene.goneUnkept, 0, says)
    // Each once, and nothing that no agent found.
    const of = keptStored + underWayStored
    assert(of > 0, says)
    assert.deepEqual([stored.alerts, stored.revisions], [of, of], says)
    // Of the ids of a device the oldest give way: what was sent again came long before.
    const ids = BUDGETS.ids / ID_CHARGE
    assert(stored.items <= of && stored.items >= Math.min(of, Math.floor(0.75 * ids)), says)
  })
})
