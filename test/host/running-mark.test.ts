import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { markRunning } from '../../src/host/running-mark.ts'

describe('the mark of a running process', () => {
  it('tells the next one whether the last ended in order', () => {
    const directory = mkdtempSync(join(tmpdir(), 'freshet-running-'))
    try {
      const first = markRunning(directory)
      assert.equal(first.wasCutShort, false)
      const second = markRunning(directory)
      assert.equal(second.wasCutShort, true)
      second.remove()
      assert.equal(markRunning(directory).wasCutShort, false)
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})
