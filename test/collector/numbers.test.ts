// Numbers that are not one's own any more: an older copy's, a collector's that was brought back. An item is let go only for
// an acknowledgement of itself, so none of them makes one be taken for delivered. malicious-agent.test.ts has an impostor's.
import assert from 'node:assert/strict'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
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
    await made.drain(running, outbox)
    // As a backup from before: the collector begins anew.
    await running.stop()
    running = await runCollector()
    made.append(outbox, 1, 6, 12)
    await made.drain(running, outbox)
    assert.equal(await storedBy(running), 7)
  })
})
