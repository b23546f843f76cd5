// At a machine's first start alone the baseline learns whom the system knew to use the network.
import assert from 'node:assert/strict'
import { noteNetusage } from '../../src/agent/netusage.ts'
import { type Baseline, noteNoFirstStart } from '../../src/baseline/baseline.ts'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import type { Netusage } from '../../src/baseline/netusage.ts'
import type { Bytes } from '../../src/units.ts'
import { START } from '../baseline/identities.ts'

const found: Netusage = {
  is: 'read',
  path: '/p/netusage.sqlite',
  names: [{ name: 'configd', firstAt: START, lastAt: START, sent: 7 as Bytes }],
  leftOut: 2,
}

/** What is logged, and whether the name is known afterwards. */
const noted = (baseline: Baseline, read: (() => Netusage) | undefined): [string[], boolean] => {
  const log: string[] = []
  noteNetusage(baseline, read, (text) => log.push(text))
  return [log, baseline.identity('network name configd') !== undefined]
}

describe('who used the network before Freshet', () => {
  it('is learnt as a machine is first watched, and said', () => {
    const baseline = openMemoryBaseline()
    assert.deepEqual(
      noted(baseline, () => found),
      [
        [
          '1 name of programs that used the network before Freshet, by /p/netusage.sqlite, 2 rows left out: to be told with their first alerts',
        ],
        true,
      ],
    )
    assert.equal(baseline.fact('network_names'), 1n)
    // Once.
    const again = { ...found, names: [] }
    assert.deepEqual(
      noted(baseline, () => again),
      [[], true],
    )
    assert.equal(baseline.fact('network_names'), 1n)
  })

  it('is learnt by no baseline that has begun, or that is of another machine, and its file is closed all the same', () => {
    const begun = openMemoryBaseline()
    begun.setBornAt(START)
    const imported = openMemoryBaseline()
    noteNoFirstStart(imported, START)
    for (const baseline of [begun, imported]) {
      let asked = 0
      const read = () => {
        asked++
        return found
      }
      assert.deepEqual(noted(baseline, read), [[], false])
      assert.equal(asked, 1)
    }
    assert.deepEqual(noted(openMemoryBaseline(), undefined), [[], false])
  })

  it('is said not to be known where it cannot be read', () => {
    assert.deepEqual(
      noted(openMemoryBaseline(), () => ({ is: 'unread', why: 'there is no x' })),
      [
        [
          'which programs used the network before Freshet is not known, and all are new: there is no x',
        ],
        false,
      ],
    )
  })
})
