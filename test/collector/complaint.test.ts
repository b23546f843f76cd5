import assert from 'node:assert/strict'
import { createComplaint, createComplaints } from '../../src/collector/terms/complaint.ts'

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

describe('complaints told apart', () => {
  it('are one of each and minute, and in sum no more than a bound, with how many were not said', () => {
    const log: string[] = []
    let nowMs = 5
    const complain = createComplaints(
      (text) => log.push(text),
      () => nowMs,
    )
    for (let count = 0; count < 1000; count++) complain('a', 'a is refused')
    complain('b', 'b is refused')
    assert.deepEqual(log, ['a is refused', 'b is refused'])
    for (let n = 0; n < 5000; n++) complain(`${n}`, `${n} is refused`)
    assert.equal(log.length, 100)
    nowMs += 60_000
    complain('a', 'a is refused')
    assert.equal(
      log.at(-1),
      'a is refused (and 999 more like it before) (and 4902 more lines of others before)',
    )
    for (let day = 0; day < 86_400; day++) {
      nowMs += 1000
      complain(`${day % 5000}`, 'again')
    }
    assert.ok(log.length < 43_400, `${log.length}`)
  })
})
