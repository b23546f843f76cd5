import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { markRunning } from '../../src/host/running-mark.ts'

const DAY_MS = 24 * 3600 * 1000

describe('the mark of a running process', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-running-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  it('tells the next one whether the last ended in order', () => {
    assert.equal(markRunning(directory, 1).lost, undefined)
    const second = markRunning(directory, 2)
    assert.equal(second.lost, 'engine')
    second.remove()
    assert.equal(markRunning(directory, 3).lost, undefined)
  })

  it('counts those that did not, for a day and until one did', () => {
    markRunning(directory, 1000)
    assert.deepEqual(markRunning(directory, 2000).engineDeathsMs, [2000])
    assert.deepEqual(markRunning(directory, 3000).engineDeathsMs, [2000, 3000])
    const later = markRunning(directory, 2000 + DAY_MS)
    assert.deepEqual(later.engineDeathsMs, [3000, 2000 + DAY_MS])
    later.remove()
    assert.deepEqual(markRunning(directory, 4000 + DAY_MS).engineDeathsMs, [])
  })

  it('believes no time of the future, nothing that is no time, and keeps no more than a hundred', () => {
    writeFileSync(join(directory, 'running'), `x\n99999999\n-1\n${'500\n'.repeat(300)}`)
    const { engineDeathsMs } = markRunning(directory, 1000)
    assert.equal(engineDeathsMs.length, 100)
    assert.deepEqual([...new Set(engineDeathsMs)], [500, 1000])
  })

  it('counts the deaths of sense beside its own, and tells whose was the last', () => {
    markRunning(directory, 1000).leave(1500)
    const second = markRunning(directory, 2000)
    assert.equal(second.lost, 'sense')
    assert.deepEqual([second.engineDeathsMs, second.senseDeathsMs], [[], [1500]])
    // This one is killed itself.
    const third = markRunning(directory, 3000)
    assert.equal(third.lost, 'engine')
    assert.deepEqual([third.engineDeathsMs, third.senseDeathsMs], [[3000], [1500]])
    third.leave(4000)
    const fourth = markRunning(directory, 5000)
    assert.equal(fourth.lost, 'sense')
    assert.deepEqual([fourth.engineDeathsMs, fourth.senseDeathsMs], [[3000], [1500, 4000]])
    assert.deepEqual(markRunning(directory, 4500 + DAY_MS).senseDeathsMs, [])
  })
})
