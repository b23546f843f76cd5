import assert from 'node:assert/strict'
import { createComplaint } from '../../src/collector/complaint.ts'

describe('a complaint', () => {
  it('is said at once, then once a minute with how many came in between', () => {
    const log: string[] = []
    let nowMs = 5
    const complain = createComplaint(
      (text) => log.push(text),
      () => nowMs,
    )
    for (let count = 0; count < 1000; count++) complain('the disk is full')
    nowMs += 59_999
    complain('the disk is full')
    assert.deepEqual(log, ['the disk is full'])
    nowMs += 1
    complain('the disk is gone')
    nowMs += 60_000
    complain('it is back, and full')
    assert.deepEqual(log.slice(1), [
      'the disk is gone (and 1000 more like it before)',
      'it is back, and full',
    ])
  })
})
