// An agent's outbox on disk, its uplink over mutual TLS and a bad network: what was committed is stored, once.
// FRESHET_NETWORK_ROUNDS=20 for a longer run, FRESHET_SEED for the order that failed.
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { leaveOut } from '../left-out.ts'
import { runLossy, whyNotLossy } from '../swarm/lossy.ts'
import { type Account, BadNetwork } from './network.ts'
import { seedOfRun } from './seed.ts'

/** A line of 4 Mbit that loses packets carries hardly more than an agent commits here: its backlog grows with each round. */
const ROUNDS = Number(process.env['FRESHET_NETWORK_ROUNDS'] ?? 1)
const LOSSY_CHILD = fileURLToPath(new URL('./network-lossy-child.ts', import.meta.url))

function isWhole(account: Account, says: string): void {
  const { committed, waitedAtKills, stored, missing, unknown, sentAgain, lostBytes } = account
  const { items, evicted, notKept, rejected, setAside } = account.outbox
  console.log(
    `      ${says}: ${committed} committed, ${stored.items} stored, ${missing.length} missing, ` +
      `${stored.revisions - stored.alerts} twice; ${sentAgain} sent again, ` +
      `${lostBytes.sent} bytes and ${lostBytes.answers} of answers lost, ` +
      `${waitedAtKills.join(', ')} waited when it was killed`,
  )
  assert.deepEqual(missing.slice(0, 20), [], `${missing.length} are missing; ${says}`)
  assert.deepEqual(unknown.slice(0, 20), [], `${unknown.length} were never committed; ${says}`)
  assert.deepEqual(stored, { items: committed, alerts: committed, revisions: committed }, says)
  assert.deepEqual(
    { items, evicted, notKept, rejected, setAside },
    { items: 0, evicted: 0, notKept: 0, rejected: 0, setAside: undefined },
    says,
  )
  // It was as bad as that.
  assert(sentAgain >= 20 * ROUNDS && lostBytes.sent > 0, says)
  assert(waitedAtKills.length === 2 * ROUNDS && Math.max(...waitedAtKills) >= 100, says)
}

describe('an outbox behind a bad network', function () {
  this.timeout(120_000 + ROUNDS * 60_000)
  let network: BadNetwork | undefined
  afterEach(async () => {
    await network?.end()
    network = undefined
  })

  it('is stored once, whatever was slow, held, cut, forgotten or killed', async () => {
    const seed = seedOfRun()
    const says = `seed ${seed}`
    network = await BadNetwork.start()
    await network.meetAll(seed, ROUNDS).catch(replayedBy(says))
    isWhole(await network.account(), says)
  })

  it('is stored once where packets are lost besides', async function () {
    leaveOut(this, whyNotLossy())
    const seed = seedOfRun()
    const args = [`${seed}`, `${ROUNDS}`]
    const { said, lost } = await runLossy<Account>(
      LOSSY_CHILD,
      args,
      100_000 + ROUNDS * 60_000,
    ).catch(replayedBy(`seed ${seed}`))
    isWhole(said, `seed ${seed}, ${lost} packets lost`)
    assert(lost > 10, `${lost} packets were lost`)
  })
})

const replayedBy =
  (says: string) =>
  (cause: Error): never => {
    throw new Error(`${says}: ${cause.message}`, { cause })
  }
