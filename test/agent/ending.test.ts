// The end of an engine: what is written before it waits for anybody, for how long it waits, and what the next start says.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beginEnd, closeAll, tellUnwritten } from '../../src/agent/ending.ts'

describe('the files of an engine that ends', () => {
  it('are all closed, whatever one of them throws', () => {
    const closed: string[] = []
    const broken = {
      close() {
        throw new Error('the outbox')
      },
    }
    assert.throws(() => closeAll(broken, { close: () => closed.push('baseline') }), /the outbox/)
    assert.deepEqual(closed, ['baseline'])
  })
})

describe('the end of an engine', () => {
  const before = process.cwd()
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-ending-'))
    process.chdir(directory)
  })
  afterEach(() => {
    process.chdir(before)
    rmSync(directory, { recursive: true })
  })

  /** How many sentences a start tells, with so many findings that the disk has not taken. */
  const toldWith = (unwritten: number): number => {
    let told = 0
    tellUnwritten({ tellHealth: () => told++ }, { unwritten: () => unwritten })
    return told
  }
  const said = () => readFileSync('baseline.unwritten', 'utf8').trim()

  function ending() {
    const calls: string[] = []
    let nowMs = 0
    const patience = (of: string) => (ms: number) => void calls.push(`${of} ${ms}`)
    const end = beginEnd({
      outbox: {
        patience: patience('outbox'),
        foretell: () => calls.push('foretold'),
        writeLast: () => {
          calls.push('written')
          nowMs += 500
        },
      },
      baseline: { patience: patience('baseline'), giveRoom: () => calls.push('room') },
      log: (text) => calls.push(text),
      nowMs: () => nowMs,
    })
    return { end, calls, pass: (ms: number) => (nowMs += ms) }
  }

  it('says what is not written before it waits, waits only as long as there is time, and puts it right', () => {
    toldWith(0)
    const { end, calls, pass } = ending()
    assert.deepEqual(calls.splice(0), ['outbox 200', 'baseline 200'])
    end.foretell(false, () => calls.push(`marked, ${said()}`))
    assert.deepEqual(calls.splice(0), ['foretold', 'marked, unwritten'])
    pass(1000)
    end.settleLast(() => {
      calls.push(said())
      return true
    })
    assert.deepEqual(calls, ['room', 'outbox 1000', 'written', 'baseline 500', 'unwritten'])
    assert.equal(said(), '')
    assert.equal(toldWith(0), 0)
  })

  it('waits a little where all its time is gone, and leaves it said', () => {
    toldWith(0)
    const { end, calls, pass } = ending()
    end.foretell(false, () => {})
    pass(9000)
    calls.splice(0)
    end.settleLast(() => false)
    assert.deepEqual(calls.slice(0, -1), ['room', 'outbox 200', 'written', 'baseline 200'])
    assert.match(calls.at(-1) ?? '', /^the baseline is not written as the agent ends/)
    assert.equal(toldWith(0), 1)
  })

  it('says nothing of a baseline that is written', () => {
    toldWith(0)
    ending().end.foretell(true, () => {})
    assert.equal(said(), '')
  })

  it('is told at each start until what tells of it is on the disk, and then no more', () => {
    toldWith(0)
    ending().end.foretell(false, () => {})
    assert.deepEqual([1, 1, 0, 0].map(toldWith), [1, 1, 1, 0])
  })
})
