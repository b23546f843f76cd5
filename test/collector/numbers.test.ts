// Numbers that are not one's own any more: an older copy's, a collector's that was brought back. An item is let go only for
// an acknowledgement of itself, so none of them makes one be taken for delivered. malicious-agent.test.ts has an impostor's.
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { copyStore } from '../../src/collector/store/copy.ts'
import { type Running, runCollector } from './agent.ts'
import { Deliveries, storedBy } from './deliveries.ts'

describe('numbers that are not one’s own', () => {
  let running: Running
  let made: Deliveries
  beforeEach(async () => {
    running = await runCollector()
    made = new Deliveries()
  })
  afterEach(async () => {
    made.remove()
    await running.stop()
  })

  it('an older copy of the agent’s directory delivers all that waits in it', async () => {
    const outbox = made.outboxAt('outbox.db')
    made.append(outbox, 1, 1, 5)
    await made.drain(running, outbox)
    outbox.close()
    copyFileSync(join(made.directory, 'outbox.db'), join(made.directory, 'copy.db'))
    const later = made.outboxAt('outbox.db')
    made.append(later, 1, 6, 25)
    await made.drain(running, later)
    assert.equal(await storedBy(running), 25)
    const copy = made.outboxAt('copy.db')
    made.append(copy, 2, 1, 15)
    await made.drain(running, copy)
    assert.equal(await storedBy(running), 40)
    assert.notEqual(copy.id, later.id)
  })

  it('an older copy whose numbers have passed the other’s delivers too: it shares an id, and is asked nothing', async () => {
    const outbox = made.outboxAt('outbox.db')
    made.append(outbox, 1, 1, 2)
    outbox.close()
    copyFileSync(join(made.directory, 'outbox.db'), join(made.directory, 'copy.db'))
    const later = made.outboxAt('outbox.db')
    made.append(later, 1, 3, 10)
    await made.drain(running, later)
    const copy = made.outboxAt('copy.db')
    made.append(copy, 2, 1, 30)
    await made.drain(running, copy)
    // The two that both had are stored once.
    assert.equal(await storedBy(running), 40)
    assert.equal(copy.id, later.id)
  })

  it('a collector that was brought back from a backup takes what is new, and what is sent again once', async () => {
    const outbox = made.outboxAt('outbox.db')
    made.append(outbox, 1, 1, 5)
    outbox.close()
    copyFileSync(join(made.directory, 'outbox.db'), join(made.directory, 'copy.db'))
    const later = made.outboxAt('outbox.db')
    await made.drain(running, later)
    const state = join(made.directory, 'restored/collector')
    mkdirSync(state, { mode: 0o700, recursive: true })
    copyStore(join(running.stateDir, 'store.db'), join(state, 'store.db'))
    made.append(later, 1, 6, 8)
    await made.drain(running, later)
    assert.equal(await storedBy(running), 8)
    await running.stop()
    running = await runCollector({}, state)
    // What was acknowledged after the backup is no longer there: its agent has let it go.
    assert.equal(await storedBy(running), 5)
    made.append(later, 1, 9, 12)
    await made.drain(running, later)
    assert.equal(await storedBy(running), 9)
    await made.drain(running, made.outboxAt('copy.db'))
    assert.equal(await storedBy(running), 9)
  })
})
