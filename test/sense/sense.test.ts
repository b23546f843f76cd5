// The root role with a source in memory and engines that are processes of their own.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { LOSS_AT, Mark, RecordType } from '../../src/records/record.gen.ts'
import {
  EXIT_CONFIG,
  EXIT_NOT_NOW,
  EXIT_RECORDS,
  isSaidNow,
  REFUSED_BEFORE,
} from '../../src/sense/exit.ts'
import { markOf } from './double.ts'
import type { Behaviour } from './engine.ts'
import { type Scene, startScene, TICK_BYTES, tick } from './scene.ts'

const MARK_BYTES = markOf(Mark.start).length

describe('sense', () => {
  let scene: Scene | undefined
  afterEach(() => scene?.remove())

  function start(behaviours: Behaviour[], windowBytes?: number): Scene {
    scene = startScene(behaviours, { windowBytes })
    return scene
  }

  function pushTicks({ double }: Scene, from: number, count: number): void {
    for (let number = from; number < from + count; number++) assert.ok(double.push(tick(number)))
  }

  it('gives the next engine the time, what was not acknowledged, and all anew', async () => {
    const first = MARK_BYTES + 3 * TICK_BYTES
    const all = first + 2 * TICK_BYTES
    const { double, given, until } = start([
      { acknowledgeBytes: first, exitAfterBytes: all, status: 1 },
      {},
    ])
    double.push(markOf(Mark.start))
    pushTicks(scene as Scene, 1, 3)
    await until('the first records', () => given(0).length === 4)
    assert.equal(double.enumerations(), 0)
    pushTicks(scene as Scene, 4, 2)
    await until('a second engine', () => given(1).length >= 3)
    assert.deepEqual(given(0), ['start', '1', '2', '3', '4', '5'])
    assert.deepEqual(given(1), ['clock', '4', '5'])
    assert.equal(double.enumerations(), 1)
    pushTicks(scene as Scene, 6, 1)
    await until('what came after', () => given(1).includes('6'))
    assert.match((scene as Scene).logged[0] ?? '', /the engine ended \(1\).*again in 100 ms/)
  })

  it('gives everything again when nothing was acknowledged, over a row of deaths', async () => {
    const all = MARK_BYTES + 2 * TICK_BYTES
    const { double, given, until } = start([
      { exitAfterBytes: all, status: 1 },
      { exitAfterBytes: all, status: 1 },
      {},
    ])
    double.push(markOf(Mark.start))
    pushTicks(scene as Scene, 1, 2)
    await until('a third engine', () => given(2).length >= 4)
    assert.deepEqual(given(1), ['clock', 'start', '1', '2'])
    assert.deepEqual(given(2), ['clock', 'start', '1', '2'])
    assert.equal(double.enumerations(), 2)
  })

  it('gives up records on which three engines in a row failed, and says how many', async () => {
    const all = MARK_BYTES + 2 * TICK_BYTES
    const fails = { exitAfterBytes: all, status: EXIT_RECORDS }
    const { double, given, until, logged, bytesOf } = start([fails, fails, fails, {}])
    double.push(markOf(Mark.start))
    pushTicks(scene as Scene, 1, 2)
    await until('the end of it', () => logged.some((text) => /are given up/.test(text)))
    pushTicks(scene as Scene, 3, 1)
    await until('a fourth engine, and what came after', () => given(3).includes('3'))
    assert.deepEqual(given(2), ['clock', 'start', '1', '2'])
    assert.ok(!given(3).includes('1'), given(3).join(' '))
    assert.match(logged.join('\n'), /3 engines in a row failed on the same records: 3 are given up/)
    const loss = bytesOf(3).subarray(MARK_BYTES)
    const view = new DataView(loss.buffer, loss.byteOffset, loss.length)
    assert.equal(view.getUint16(4, true), RecordType.loss)
    assert.equal(view.getBigUint64(LOSS_AT.count, true), 3n)
  })

  it('gives up nothing of engines that die otherwise', async () => {
    const all = MARK_BYTES + TICK_BYTES
    const dies = { exitAfterBytes: all, status: 1 }
    const fails = { exitAfterBytes: all, status: EXIT_RECORDS }
    const { double, given, until } = start([fails, fails, dies, fails, {}])
    double.push(markOf(Mark.start))
    pushTicks(scene as Scene, 1, 1)
    await until('a fifth engine', () => given(4).length >= 3)
    assert.deepEqual(given(4), ['clock', 'start', '1'])
  })

  it('ends with 78 when the engine refuses its settings, and starts none again', async () => {
    const { double, status, given, logged } = start([
      { exitAfterBytes: 0, status: EXIT_CONFIG },
      {},
    ])
    assert.equal(await status, EXIT_CONFIG)
    assert.ok(double.isClosed())
    assert.deepEqual(given(1), [])
    assert.deepEqual(logged, [])
  })

  it('rests when the engine cannot have what it wants now, and says so once, and when it has started', async () => {
    const refused = { exitAfterBytes: 0, status: EXIT_NOT_NOW }
    const { double, given, until, logged, refusedBefore } = start([
      ...[refused, refused, refused],
      { acknowledgeBytes: MARK_BYTES },
    ])
    double.push(markOf(Mark.start))
    await until('a fourth engine', () => given(3).length >= 1)
    await until('that it has started, said', () => logged.length === 2)
    assert.match(logged[0] ?? '', /cannot start now, and this machine is not watched/)
    assert.equal(logged[1], 'the engine has started')
    assert.deepEqual(given(3), ['clock', 'start'])
    // Each engine is another process: it says why the first time, and then once in five minutes.
    assert.deepEqual(refusedBefore(), ['0', '1', '2', '3'])
    const saidAt = (before: number) => isSaidNow({ [REFUSED_BEFORE]: `${before}` })
    assert.deepEqual([0, 1, 19, 20, 21, 40].map(saidAt), [true, false, false, true, false, true])
    assert.ok(isSaidNow({}))
  })

  it('ends an engine that sends what only a sensor says, and starts another', async () => {
    const { double, given, until, logged } = start([{ sendsFlow: true }, {}])
    double.push(markOf(Mark.start))
    await until('a second engine', () => given(1).length >= 2)
    assert.match(logged[0] ?? '', /sent what it must not .*record type 4/)
    assert.deepEqual(given(1), ['clock', 'start'])
  })

  it('gives the engine all that is in the ring before it stops', async () => {
    const { given, until, stop, double } = start([{}])
    await until('an engine', () => given(0).length === 0 && double.push(tick(0)))
    await until('the first record', () => given(0).length === 1)
    pushTicks(scene as Scene, 1, 1000)
    assert.equal(await stop(), 0)
    assert.ok(double.isClosed())
    const told = given(0)
    assert.equal(told.length, 1002)
    assert.deepEqual(told.slice(-2), ['1000', 'stop'])
  })

  it('leaves in the ring what a slow engine has no room for, also while it answers', async () => {
    const windowBytes = 100 * TICK_BYTES
    const { double, given, until, put, stop } = start(
      [{ askAfterBytes: windowBytes, acknowledgeAtFile: 'go' }],
      windowBytes,
    )
    pushTicks(scene as Scene, 0, 100)
    await until('the answer, past a full window', () => given(0).includes('inspected'))
    assert.deepEqual(
      double.asked.map(({ path }) => path),
      ['/bin/true'],
    )
    pushTicks(scene as Scene, 100, 1000)
    // Nothing tells that nothing will happen: the wake-up and some turns of the loop have passed.
    await sleep(50)
    assert.equal(double.waitingBytes(), 1000 * TICK_BYTES)
    // The ring is bounded, and counts.
    let number = 1100
    while (double.push(tick(number))) number++
    assert.equal(double.dropped(), 1)
    put('go')
    await until('the rest', () => given(0).includes(String(number - 1)))
    const ticks = given(0).filter((text) => text !== 'inspected')
    assert.deepEqual(
      ticks,
      Array.from({ length: number }, (_, index) => String(index)),
    )
    assert.equal(await stop(), 0)
  })

  it('waits for a slow engine to make room before it stops, not for ever', async () => {
    const windowBytes = 10 * TICK_BYTES
    const { double, given, until, put, stop } = start([{ acknowledgeAtFile: 'go' }], windowBytes)
    pushTicks(scene as Scene, 0, 10)
    await until('a full window', () => given(0).length === 10)
    pushTicks(scene as Scene, 10, 20)
    setTimeout(() => put('go'), 100)
    assert.equal(await stop(), 0)
    assert.equal(given(0).at(-1), 'stop')
    assert.equal(given(0).length, 31)
    assert.equal(double.waitingBytes(), 0)

    await scene?.remove()
    const hung = start([{}], windowBytes)
    pushTicks(hung, 0, 10)
    await hung.until('a full window', () => hung.given(0).length === 10)
    pushTicks(hung, 10, 20)
    assert.equal(await hung.stop(), 0)
    assert.ok(hung.double.waitingBytes() > 0)
  })

  it('hears no acknowledgement of a dead engine', async () => {
    const all = MARK_BYTES + TICK_BYTES
    const { double, given, until, logged } = start([
      { leavesAcknowledger: true, exitAfterBytes: all, status: 1 },
      { exitAfterBytes: 1_000_000 },
    ])
    double.push(markOf(Mark.start))
    pushTicks(scene as Scene, 1, 1)
    await until('a second engine', () => given(1).length >= 3)
    // The process left behind goes on for half a second.
    await sleep(600)
    assert.deepEqual(given(1), ['clock', 'start', '1'])
    assert.deepEqual(given(2), [])
    assert.equal(logged.length, 1)
  })

  it('refuses an acknowledgement of bytes that were never sent', async () => {
    const liar = start([{ acknowledgesTooMuch: true }, {}])
    liar.double.push(markOf(Mark.start))
    await liar.until('a second engine', () => liar.given(1).length >= 2)
    assert.match(liar.logged[0] ?? '', /acknowledged 1000000 bytes of/)
  })
})
