// Events that were lost are known over restarts, with their first and their last.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLossBook, type LossBook } from '../../src/agent/losses.ts'
import { openBaseline, type SqliteBaseline } from '../../src/baseline/sqlite.ts'
import { nowUnixNs, type UnixNs } from '../../src/units.ts'

describe('what was lost', () => {
  let directory: string
  let baseline: SqliteBaseline
  let lost: number
  let now: bigint
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-losses-'))
    now = 1_000n
  })
  afterEach(() => {
    baseline.close()
    rmSync(directory, { recursive: true })
  })
  const start = (): LossBook => {
    lost = 0
    baseline = openBaseline(join(directory, 'baseline.db'), { now: nowUnixNs() }).baseline
    return createLossBook(
      baseline,
      () => lost,
      () => now as UnixNs,
    )
  }

  it('is counted over all that had the baseline', () => {
    let book = start()
    assert.equal(book.all(), undefined)
    lost = 10_000
    book.commit()
    baseline.close()
    now = 2_000n
    book = start()
    const first = { count: 10_000, since: 1_000n, last: 1_000n }
    assert.deepEqual(book.all(), first)
    assert.deepEqual(book.before, first)
    lost = 5
    assert.deepEqual(book.all(), { count: 10_005, since: 1_000n, last: 2_000n })
    now = 3_000n
    lost = 7
    book.commit()
    baseline.close()
    assert.deepEqual(start().all(), { count: 10_007, since: 1_000n, last: 3_000n })
  })

  it('is not counted where its records come again to the next, as nothing was committed', () => {
    let book = start()
    book.commit()
    lost = 100
    assert.equal(book.all()?.count, 100)
    baseline.close()
    book = start()
    assert.equal(book.all(), undefined)
    lost = 100
    book.commit()
    assert.equal(book.all()?.count, 100)
  })
})
