// The outbox of a simulated agent: let go of once, sent again where it is asked to, within its bounds.
import assert from 'node:assert/strict'
import { createUuidSource } from '../../src/stream/uuid.ts'
import { makeFinding } from '../../src/swarm/findings.ts'
import { SwarmQueue, WAITING_MAX } from '../../src/swarm/queue.ts'
import { unixNs } from '../../src/units.ts'

const AT = unixNs(1_790_000_000_000_000_000n, 'at')

describe('the queue of a simulated agent', () => {
  let nowMs: number
  let done: [waitedMs: number, isAgain: boolean][]
  let queue: SwarmQueue
  let made: number
  beforeEach(() => {
    nowMs = 1000
    done = []
    made = 0
    const makeId = createUuidSource(() => 1_790_000_000_000)
    queue = new SwarmQueue(
      makeId,
      (waitedMs, isAgain) => done.push([waitedMs, isAgain]),
      () => nowMs,
    )
  })
  const append = (count: number, kind: 'alert' | 'summary' = 'summary') => {
    for (let i = 0; i < count; i++) queue.append(makeFinding(kind, 1, made++, AT))
  }
  const sequences = (after = 0, items = 1000, bytes = 1e9) =>
    queue.read(after, items, bytes).map(({ sequence }) => sequence)

  it('reads in order from where it is told, within both bounds, one item at least', () => {
    append(5)
    assert.deepEqual(sequences(), [1, 2, 3, 4, 5])
    assert.deepEqual(sequences(2, 2), [3, 4])
    assert.deepEqual(sequences(0, 10, 1), [1])
    assert.deepEqual(sequences(5), [])
  })

  it('lets go of what is acknowledged, once, with how long it waited', () => {
    append(3)
    nowMs += 20
    queue.acknowledge(2)
    assert.deepEqual(done, [
      [20, false],
      [20, false],
    ])
    queue.acknowledge(2)
    assert.equal(done.length, 2)
    assert.deepEqual([queue.acknowledged(), queue.lastSequence(), queue.waiting()], [2, 3, 1])
    assert.deepEqual(sequences(), [3])
  })

  it('has alerts first where they are asked for ahead of their turn, and waits for no turn to let go of them', () => {
    append(4)
    append(2, 'alert')
    const ahead = queue.readUrgent(1, new Set(), 10, 1e9).map(({ sequence }) => sequence)
    assert.deepEqual(
      ahead.toSorted((a, b) => a - b),
      [5, 6],
    )
    assert.deepEqual(
      queue.readUrgent(1, new Set([5]), 10, 1e9).map(({ sequence }) => sequence),
      [6],
    )
    queue.acknowledgeEach([6, 5])
    assert.equal(done.length, 2)
    assert.deepEqual(sequences(), [1, 2, 3, 4])
    assert.deepEqual([queue.waiting(), queue.acknowledged(), queue.counters().items], [4, 0, 4])
    queue.acknowledge(6)
    assert.equal(done.length, 6)
    assert.equal(queue.acknowledged(), 6)
  })

  it('sends again what was acknowledged last, under the same numbers and ids, and counts it apart', () => {
    append(40)
    const ids = new Map(queue.read(0, 100, 1e9).map(({ sequence, id }) => [sequence, id]))
    queue.acknowledge(40)
    append(1)
    assert.equal(queue.sendAgain(), 32)
    assert.equal(queue.acknowledged(), 8)
    const again = queue.read(queue.acknowledged(), 100, 1e9)
    assert.deepEqual(
      again.map(({ sequence }) => sequence),
      Array.from({ length: 33 }, (_, i) => 9 + i),
    )
    for (const { sequence, id } of again.slice(0, 32)) assert.deepEqual(id, ids.get(sequence))
    assert.equal(queue.waiting(), 1, 'of those that were never acknowledged')
    queue.acknowledge(41)
    assert.equal(done.filter(([, isAgain]) => isAgain).length, 32)
    assert.equal(done.filter(([, isAgain]) => !isAgain).length, 41)
  })

  it('says when it holds all that it may, and counts what is refused for good', () => {
    append(WAITING_MAX - 1)
    assert.equal(queue.isFull(), false)
    append(1)
    assert.equal(queue.isFull(), true)
    queue.acknowledge(10, 3)
    assert.equal(queue.rejected, 3)
    assert.equal(queue.isFull(), false)
  })
})
