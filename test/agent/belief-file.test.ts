// What is remembered of flows whose source changed, over restarts of the engine.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BELIEF_FILE, openBeliefFile } from '../../src/agent/belief-file.ts'
import type { BeliefMemory } from '../../src/intake/giving.ts'

const MEMORY: BeliefMemory = {
  given: [
    {
      source: 5,
      id: '77',
      epoch: 1,
      given: { id: '1', epoch: 1, out: 100, in: 5, baseOut: 9, baseIn: 0, pid: 500, pidversion: 3 },
      aheadOut: 0,
      aheadIn: -3,
      ends: { peer: '6 00 443', localPort: 50_000, pid: 500 },
    },
  ],
  ended: [
    {
      ...{ id: '18446744073709551615', epoch: 2, pid: 0, pidversion: 0 },
      ...{ out: 0, in: 0, baseOut: 7, baseIn: 0 },
    },
  ],
  elsewhere: [{ source: 4, id: '77', epoch: 0, out: 100, in: 3 }],
}

describe('what is kept of flows whose source changed', () => {
  const before = process.cwd()
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'freshet-belief-'))
    process.chdir(folder)
  })
  afterEach(() => {
    process.chdir(before)
    rmSync(folder, { recursive: true, force: true })
  })
  const open = (bootId = 'boot') => {
    const logged: string[] = []
    return { ...openBeliefFile(bootId, (text) => logged.push(text)), logged }
  }

  it('is there for the next engine of this boot, and for none of another', () => {
    open().save(MEMORY)
    assert.deepEqual(open().memory, MEMORY)
    assert.equal(open('other').memory, undefined)
    assert.equal(statSync(BELIEF_FILE).mode & 0o777, 0o600)
  })
  it('is not written where there is nothing to keep, nor again where nothing changed', () => {
    const file = open()
    file.save(undefined)
    assert.throws(() => statSync(BELIEF_FILE), /ENOENT/)
    file.save(MEMORY)
    writeFileSync(BELIEF_FILE, 'as it was')
    file.save(MEMORY)
    assert.equal(readFileSync(BELIEF_FILE, 'utf8'), 'as it was')
  })
  it('is written each few seconds where counts of TCP flows alone have changed, and at once for all else', () => {
    let nowMs = 1_000
    const { save } = openBeliefFile('boot', assert.fail, () => nowMs)
    const [flow] = MEMORY.given
    assert.ok(flow)
    const memory = (out: number, change: object = {}): BeliefMemory => ({
      ...MEMORY,
      given: [{ ...flow, aheadIn: 0, given: { ...flow.given, id: flow.id, out }, ...change }],
    })
    const isWritten = (now: BeliefMemory): boolean => {
      writeFileSync(BELIEF_FILE, 'as it was')
      save(now)
      return readFileSync(BELIEF_FILE, 'utf8') !== 'as it was'
    }
    assert.equal(isWritten(memory(1)), true)
    nowMs += 9_999
    assert.equal(isWritten(memory(2)), false)
    nowMs += 1
    assert.equal(isWritten(memory(3)), true)
    for (const change of [
      { aheadOut: 5 },
      { id: '78' },
      { ends: { ...flow.ends, peer: '17 00 443' } },
    ]) {
      assert.equal(isWritten(memory(4, change)), true)
      assert.equal(isWritten(memory(5, change)), true)
    }
  })
  it('is nothing where it is damaged, which is said, or another’s', () => {
    writeFileSync(BELIEF_FILE, '{"bootId":"boot","memory":{"given":[')
    const { memory, logged } = open()
    assert.equal(memory, undefined)
    assert.match(
      logged[0] ?? '',
      /^flow-sources\.json could not be read \(.*JSON.*\): flows that are/,
    )
    for (const text of [
      '{}',
      JSON.stringify({
        bootId: 'boot',
        memory: { ...MEMORY, given: [{ ...MEMORY.given[0], id: 'x' }] },
      }),
      'null',
      '[]',
      '{"bootId":"boot","memory":{"given":[{}],"ended":[]}}',
      JSON.stringify({
        bootId: 'boot',
        memory: { ...MEMORY, given: [{ ...MEMORY.given[0], ends: { peer: 6, localPort: 1 } }] },
      }),
      '{"bootId":"boot","memory":{"given":[],"ended":[{"id":"x","epoch":1,"out":1,"in":1}]}}',
      '{"bootId":"boot","memory":{"given":[],"ended":[{"id":"1","epoch":1,"out":-1,"in":1}]}}',
      '{"bootId":"boot","memory":{"given":[],"ended":[],"elsewhere":[{"id":"1","out":1}]}}',
    ]) {
      writeFileSync(BELIEF_FILE, text)
      assert.equal(open().memory, undefined, text)
    }
  })
  it('throws where it cannot be written, and is written when it can', () => {
    const { save } = open()
    rmSync(folder, { recursive: true })
    assert.throws(() => save(MEMORY), /ENOENT/)
    assert.throws(() => save(MEMORY), /ENOENT/)
    mkdirSync(folder)
    process.chdir(folder)
    save(MEMORY)
    assert.deepEqual(open().memory, MEMORY)
  })
  it('is read at its longest, of which the newest is kept', () => {
    const [big, most] = ['18446744073709551615', Number.MAX_SAFE_INTEGER]
    const flow = { id: big, epoch: 2 ** 32 - 1, pid: 2 ** 31, pidversion: 2 ** 31 }
    const kept = { ...flow, out: most, in: most, baseOut: most, baseIn: most }
    const ends = { peer: `17 ${'f'.repeat(32)} 65535`, localPort: 65_535, pid: 2 ** 31 }
    const given = { source: 5, id: big, epoch: 2 ** 32 - 1, given: kept, ends, isOfSocket: true }
    const one = { source: 5, id: big, epoch: 2 ** 32 - 1, out: most, in: most }
    const many = <T>(value: T): T[] => Array.from({ length: 150_000 }, () => value)
    const first = { ...one, epoch: 1 }
    const { save } = open()
    save({
      given: many({ ...given, aheadOut: -most, aheadIn: -most }),
      ended: many(kept),
      elsewhere: [first, ...many(one)],
    })
    const { memory, logged } = open()
    assert.deepEqual(logged, [])
    assert.ok((memory?.given.length ?? 0) >= 5_000)
    assert.ok(!memory?.elsewhere.some(({ epoch }) => epoch === 1))
  })
})
