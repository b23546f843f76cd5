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
    assert.equal(markRunning(directory, 1).wasCutShort, false)
    const second = markRunning(directory, 2)
    assert.equal(second.wasCutShort, true)
    second.remove()
    assert.equal(markRunning(directory, 3).wasCutShort, false)
  })

  it('counts those that did not, for a day and until one did', () => {
    markRunning(directory, 1000)
    assert.deepEqual(markRunning(directory, 2000).cutShortAtMs, [2000])
    assert.deepEqual(markRunning(directory, 3000).cutShortAtMs, [2000, 3000])
    const later = markRunning(directory, 2000 + DAY_MS)
    assert.deepEqual(later.cutShortAtMs, [3000, 2000 + DAY_MS])
    later.remove()
    assert.deepEqual(markRunning(directory, 4000 + DAY_MS).cutShortAtMs, [])
  })

  it('believes no time of the future, nothing that is no time, and keeps no more than a hundred', () => {
    writeFileSync(join(directory, 'running'), `x\n99999999\n-1\n${'500\n'.repeat(300)}`)
    const { cutShortAtMs } = markRunning(directory, 1000)
    assert.equal(cutShortAtMs.length, 100)
    assert.deepEqual([...new Set(cutShortAtMs)], [500, 1000])
  })
})
