// kill -9 of sense, engine and collector at random instants while findings stream: what the outbox
// committed is stored exactly once.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import type { IdentitiesResponse } from '../../src/collector/views/page-api.ts'
import { NUMBERS_RESERVED } from '../../src/stream/outbox-numbers.ts'
import { leaveOut, whyNotLinux, whyNotRoot } from '../left-out.ts'
import { times } from '../long.ts'
import { WAIT_MS } from '../waits.ts'
import { type Installation, startInstallation, until } from './installation.ts'
import { streamStrangers } from './strangers.ts'

/** Of each role. */
const KILLS = times('FRESHET_FAULTS', { usual: 7, long: 20 })
/** Who opens a file after its writer was killed holds it for a moment. */
const READING = { readOnly: true, timeout: WAIT_MS }
const ROLES = ['agent', 'engine', 'collector'] as const

/** Seeded, so that a failing run can be told apart by its seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let word = Math.imul(state ^ (state >>> 15), 1 | state)
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word
    return ((word ^ (word >>> 14)) >>> 0) / 4294967296
  }
}

async function killOne(installation: Installation, role: (typeof ROLES)[number]): Promise<void> {
  const [pid] = await until(() => {
    const pids = installation.pidsOf(role)
    return pids.length > 0 ? pids : undefined
  }, `a running ${role}`)
  process.kill(pid as number, 'SIGKILL')
}

type Committed = { committed: number; evicted: number; waiting: number }
type Counts = { items: number; highest: number }

describe('kill -9', function () {
  // For what hangs: each kill may cost a back-off of 5 s and a start, which takes as long as the machine makes it.
  this.timeout(600_000 + KILLS * ROLES.length * 30_000)
  before(function () {
    leaveOut(this, whyNotLinux() ?? whyNotRoot())
  })

  it(`of sense, engine and collector, ${KILLS} times each during a stream, loses and repeats nothing`, async () => {
    const seed = Number(process.env.FRESHET_SEED ?? Date.now() % 1_000_000)
    const random = randomOf(seed)
    const installation = await startInstallation()
    await installation.connected()
    const strangers = streamStrangers()
    try {
      const order = ROLES.flatMap((role) => Array.from({ length: KILLS }, () => role))
      order.sort(() => random() - 0.5)
      for (const role of order) {
        await sleep(100 + random() * 1400)
        await killOne(installation, role)
      }
      const { state } = installation
      await whileItGoesOn(
        () => countersOf(state).committed > 100,
        () => countersOf(state),
        'more than 100 items',
      )
      const made = await strangers.stop()
      const { committed, evicted, waiting, stored } = await whileItGoesOn(
        () => atRest(state),
        () => [countersOf(state), storedOf(state), installation.output().length],
        'an empty outbox',
      )
      console.log(
        `      seed ${seed}: ${made} programs run, ${order.length} kills; committed ${committed}, waiting ${waiting}, ` +
          `evicted ${evicted}, stored ${stored.items}, highest ${stored.highest}`,
      )
      assert.equal(stored.items, committed - evicted)
      assert.equal(stored.highest % NUMBERS_RESERVED, committed)
    } catch (error) {
      console.error(installation.output().slice(-6000))
      throw error
    } finally {
      await strangers.stop().catch(() => 0)
      await installation.stop()
    }
  })

  it('of the engine loses no program that ran meanwhile: sense keeps what was not durable', async () => {
    const installation = await startInstallation()
    // What ran before the agent did is not what this is about.
    await installation.connected()
    const strangers = streamStrangers()
    try {
      for (let kill = 0; kill < 4; kill++) {
        await sleep(3000)
        await killOne(installation, 'engine')
      }
      await sleep(1000)
      const made = await strangers.stop()
      const query = `/api/identities?limit=1000&q=${encodeURIComponent(strangers.directory)}`
      const seen = async () => {
        const { identities } = await installation.api<IdentitiesResponse>(query)
        return new Set(identities.map((one) => one.path)).size
      }
      await whileItGoesOn(
        async () => (await seen()) >= made,
        seen,
        `a sighting of each of ${made} programs`,
      ).catch(() => {})
      console.log(`      ${made} programs run over 4 kills of the engine, ${await seen()} seen`)
      assert.equal(await seen(), made)
    } catch (error) {
      console.error(
        (await installation.freshet(['status'])).stdout,
        installation.output().slice(-6000),
      )
      throw error
    } finally {
      await strangers.stop().catch(() => 0)
      await installation.stop()
    }
  })
})

/** As `until`, for as long as `progress` changes once in WAIT_MS. */
async function whileItGoesOn<T>(
  met: () => T | Promise<T>,
  progress: () => unknown,
  what: string,
): Promise<NonNullable<T>> {
  let last = ''
  for (let sinceMs = performance.now(); ; await sleep(100)) {
    const found = await met()
    if (found) return found
    const now = JSON.stringify(await progress())
    if (now !== last) sinceMs = performance.now()
    last = now
    if (performance.now() - sinceMs > WAIT_MS)
      assert.fail(`${what} did not come about, and nothing changed for ${WAIT_MS} ms: ${now}`)
  }
}

/** What was committed and what is stored once nothing waits; undefined while that changes. */
function atRest(state: string): (Committed & { stored: Counts }) | undefined {
  const before = countersOf(state)
  if (before.waiting > 0) return undefined
  const stored = storedOf(state)
  return countersOf(state).committed === before.committed ? { ...before, stored } : undefined
}

/**
 * The outbox's counters. What it keeps ahead, and leaves out at each start after a kill, are blocks of NUMBERS_RESERVED; a
 * run commits less than that.
 */
function countersOf(state: string): Committed {
  const database = new DatabaseSync(join(state, 'agent/outbox.db'), READING)
  try {
    const row = database
      .prepare('SELECT next_sequence - 1 AS committed, evicted, items AS waiting FROM totals')
      .get() as Committed
    return { ...row, committed: row.committed % NUMBERS_RESERVED }
  } finally {
    database.close()
  }
}

/** `item` is keyed by (uid, device): what was stored twice would be there once, and what was lost not at all. */
function storedOf(state: string): Counts {
  const database = new DatabaseSync(join(state, 'collector/store.db'), READING)
  try {
    return database
      .prepare(
        'SELECT (SELECT count(*) FROM item) AS items, (SELECT last_sequence FROM device) AS highest',
      )
      .get() as Counts
  } finally {
    database.close()
  }
}
