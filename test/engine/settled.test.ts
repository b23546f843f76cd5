import assert from 'node:assert/strict'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { Mark } from '../../src/records/record.gen.ts'
import { Script } from './scenario.ts'

describe('what of the stream is settled', () => {
  const lengthOf = (records: Uint8Array[]) => records.reduce((sum, one) => sum + one.length, 0)
  const begun = () => {
    const engine = createEngine({ deviceId: 'device-1', baseline: openMemoryBaseline() })
    const { records } = new Script().mark(Mark.start)
    for (const record of records) engine.push(record)
    return { engine, bytes: lengthOf(records) }
  }
  const program = { pid: 7, path: '/tmp/a', sha: 'aa' }

  it('is all of it while nothing was asked', () => {
    const { engine, bytes } = begun()
    assert.equal(engine.settledBytes(), bytes)
  })

  it('ends before the program whose file is still being inspected, and goes on once the answer came', () => {
    const { engine, bytes } = begun()
    const exec = new Script().exec(program).records
    for (const record of exec) engine.push(record)
    assert.equal(engine.takeRequests().length, 1)
    const later = new Script().tick(100).records
    for (const record of later) engine.push(record)
    assert.equal(engine.settledBytes(), bytes)
    const answer = new Script().inspected(program).records
    for (const record of answer) engine.push(record)
    assert.equal(engine.settledBytes(), bytes + lengthOf([...exec, ...later, ...answer]))
    assert.equal(engine.takeFindings().filter(({ kind }) => kind === 'sighting').length, 1)
  })

  it('waits for the oldest question, whichever is answered first', () => {
    const { engine, bytes } = begun()
    const other = { pid: 8, path: '/tmp/b', sha: 'bb' }
    for (const one of [program, other])
      for (const record of new Script().exec(one).records) engine.push(record)
    for (const record of new Script().inspected(other).records) engine.push(record)
    assert.equal(engine.settledBytes(), bytes)
  })
})
