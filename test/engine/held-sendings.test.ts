// What a pair has sent in a day, whatever becomes of its row.
import assert from 'node:assert/strict'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { createClock } from '../../src/engine/clock.ts'
import { createHeldSendings } from '../../src/engine/detection/held-sendings.ts'
import type { Sending } from '../../src/engine/exception.ts'
import { HOUR_MS } from '../../src/engine/hours.ts'
import { createPairTable, type Pair } from '../../src/engine/pair/pair-table.ts'

const SENDING: Sending = {
  address: Uint8Array.of(1, 2),
  ...{ hostname: 'a.example', port: 443, program: '/a', ancestors: ['/b'] },
  ...{ signer: 'notarized', signingId: 'org.example.a', team: 'ABCDE12345' },
  ...{ hashes: ['ab'], uid: 501 },
}

describe('what an exception counts of a pair', () => {
  const setup = (baseline = openMemoryBaseline()) => {
    const pairs = createPairTable(4, () => {})
    const clock = { ...createClock(), nowMs: 5 * HOUR_MS, bootId: 'a' }
    const held = createHeldSendings({ pairs, clock, baseline, max: 2 })
    const begin = (key: string): number =>
      pairs.add({ key, identity: { pairs: 0, slot: 0 } } as Pair, clock.nowMs)
    const send = (slot: number, bytes: number) => pairs.count(slot, clock.nowMs, bytes, 0)
    const day = (key: string) => {
      const found = held.find(key)
      return found && held.day(found)
    }
    return { pairs, clock, held, baseline, begin, send, day }
  }

  it('goes by hours, in its row and after it', () => {
    for (const isOut of [false, true]) {
      const { pairs, clock, held, begin, send, day } = setup()
      const slot = begin('a')
      assert.ok(held.of('a', SENDING))
      send(slot, 5)
      clock.nowMs += 10 * HOUR_MS
      send(slot, 7)
      if (isOut) {
        held.left(slot, 'a', false)
        pairs.remove(slot)
      }
      assert.equal(day('a'), 12)
      clock.nowMs += 14 * HOUR_MS
      assert.equal(day('a'), 7, `${isOut}`)
      clock.nowMs += 10 * HOUR_MS
      assert.equal(day('a'), 0, `${isOut}`)
      held.pass()
      assert.equal(held.find('a'), undefined)
    }
  })
  it('is put aside with its alert, and is not there twice when that brings its row back', () => {
    for (const isRestored of [false, true]) {
      const { pairs, held, begin, send, day } = setup()
      let slot = begin('a')
      held.of('a', SENDING)
      send(slot, 5)
      held.left(slot, 'a', true)
      pairs.remove(slot)
      assert.equal(day('a'), 5)
      slot = begin('a')
      held.came('a', isRestored)
      send(slot, isRestored ? 5 : 0)
      assert.equal(day('a'), 5)
      held.left(slot, 'a', true)
      pairs.remove(slot)
      assert.equal(day('a'), 5)
    }
  })
  it('goes to the next engine, its row apart where an alert brings that back', () => {
    for (const isRestored of [false, true]) {
      const before = setup()
      const slot = before.begin('a')
      before.held.of('a', SENDING)
      before.send(slot, 5)
      before.held.save()
      before.send(slot, 4)
      before.held.save()
      const { held, begin, send, day, clock } = setup(before.baseline)
      if (isRestored) send(begin('a'), 9)
      held.seed()
      assert.equal(day('a'), 9)
      assert.deepEqual(held.find('a')?.sending, SENDING)
      if (isRestored) continue
      // As long as in the row.
      clock.nowMs += 23 * HOUR_MS
      assert.equal(day('a'), 9)
      clock.nowMs += HOUR_MS
      assert.equal(day('a'), 0)
    }
  })
  it('comes from an engine that knew less, and from none that knew more', () => {
    const before = setup()
    before.begin('a')
    before.held.of('a', SENDING)
    before.held.save()
    const [stored] = before.baseline.held.all()
    const state = JSON.parse(stored?.state ?? '')
    const { address, hostname, program, ancestors } = state.sending
    const older = { ...state, v: 1, sending: { address, hostname, program, ancestors } }
    for (const [of, known] of [
      [older, true],
      [{ ...state, v: 3 }, false],
      [{ ...state, sending: older.sending }, false],
    ] as const) {
      before.baseline.held.put({ pair: 'a', state: JSON.stringify(of) })
      const { held } = setup(before.baseline)
      held.seed()
      assert.equal(held.find('a') !== undefined, known)
      if (known)
        assert.deepEqual(held.find('a')?.sending, {
          ...SENDING,
          ...{ port: 0, signer: 'unknown', signingId: '', team: '', hashes: [], uid: undefined },
        })
    }
  })
  it('follows the row to another key, or into the row that has it', () => {
    const { pairs, held, begin, send, day, baseline } = setup()
    const slot = begin('a')
    held.of('a', SENDING)
    send(slot, 5)
    held.save()
    pairs.rename(slot, 'b', { pairs: 0, slot: 1 } as Pair['identity'])
    assert.equal(held.renamed('a', 'b'), true)
    assert.equal(day('a'), undefined)
    assert.equal(day('b'), 5)
    held.left(slot, 'b', false)
    pairs.remove(slot)
    const into = begin('c')
    send(into, 4)
    const from = begin('b')
    send(from, 3)
    pairs.fold(from, into)
    pairs.remove(from)
    assert.equal(held.renamed('b', 'c'), true)
    assert.equal(day('c'), 12)
    assert.equal(held.renamed('b', 'c'), false)
    held.save()
    assert.deepEqual(
      baseline.held.all().map(({ pair }) => pair),
      ['c'],
    )
  })
  it('is dropped where it cannot be read', () => {
    const { held, baseline } = setup()
    for (const state of ['', '{}', 'null', '{"v":1,"earlier":{"hour":-1,"bytes":[]},"sending":{}}'])
      baseline.held.put({ pair: `a${state}`, state })
    held.seed()
    assert.equal(held.size(), 0)
    assert.deepEqual(baseline.held.all(), [])
  })
})
