// A machine with two sources, as a Mac has: each its ring, one pipe.
import assert from 'node:assert/strict'
import { Gap, Mark, RecordType, readMark, Source } from '../../src/records/record.gen.ts'
import { openSources } from '../../src/sense/sources.ts'
import { createDouble, MAC, markOf } from './double.ts'
import { type Scene, startScene, TICK_BYTES, tick } from './scene.ts'

const { endpointSecurity, filter } = Source
const MARK_BYTES = markOf(Mark.start).length

describe('sense with two sources', () => {
  let scene: Scene | undefined
  afterEach(() => scene?.remove())

  it('gives the engine the records of both, each in its order', async () => {
    scene = startScene([{}], { kinds: MAC })
    const { double, given, until, stop } = scene
    for (let number = 0; number < 500; number++) {
      double.push(tick(number, endpointSecurity))
      double.push(tick(10_000 + number, filter))
    }
    await until('all', () => given(0).length === 1000)
    const numbers = given(0).map(Number)
    const upTo = Array.from({ length: 500 }, (_, index) => index)
    assert.deepEqual(
      numbers.filter((number) => number < 10_000),
      upTo,
    )
    assert.deepEqual(
      numbers.filter((number) => number >= 10_000).map((number) => number - 10_000),
      upTo,
    )
    assert.equal(await stop(), 0)
    assert.ok(double.isClosed())
    assert.deepEqual(given(0).slice(-2), ['stop', 'stop'])
  })

  it('counts the bytes of both in one window: what was not acknowledged comes again', async () => {
    const first = 2 * MARK_BYTES + TICK_BYTES
    const all = first + 2 * TICK_BYTES
    scene = startScene([{ acknowledgeBytes: first, exitAfterBytes: all, status: 1 }, {}], {
      kinds: MAC,
    })
    const { double, given, until } = scene
    double.push(markOf(Mark.start, endpointSecurity))
    double.push(markOf(Mark.start, filter))
    double.push(tick(1, filter))
    await until('the first records', () => given(0).length === 3)
    double.push(tick(2, endpointSecurity))
    double.push(tick(3, filter))
    await until('a second engine', () => given(1).length === 3)
    assert.equal(given(1)[0], 'clock')
    assert.deepEqual(given(1).slice(1).sort(), ['2', '3'])
    assert.equal(double.enumerations(), 2)
  })

  it('goes on with one when the other cannot be opened, and tells each engine so', async () => {
    scene = startScene([{ exitAfterBytes: 3 * MARK_BYTES, status: 1 }, {}], {
      kinds: MAC,
      failing: ['filter'],
    })
    const { double, given, until, bytesOf, logged } = scene
    double.push(markOf(Mark.start, endpointSecurity))
    await until('a second engine', () => given(1).length >= 3)
    assert.deepEqual(given(0), ['start', 'start'])
    const told = marksOf(bytesOf(0))[1]
    assert.equal(told?.source, filter)
    assert.equal(told?.capabilities, 0)
    assert.equal(told?.gaps, Gap.filter)
    assert.match(
      told?.note ?? '',
      /source filter could not be opened \(filter: no thread is left\)/,
    )
    assert.match(logged[0] ?? '', /source filter could not be opened/)
    // The time, who is missing, and what was not acknowledged.
    assert.deepEqual(given(1), ['clock', 'start', 'start'])
    assert.deepEqual(
      marksOf(bytesOf(1)).map(({ source }) => source),
      [endpointSecurity, filter, endpointSecurity],
    )
    double.push(tick(7, endpointSecurity))
    await until('what came after', () => given(1).includes('7'))
  })

  it('opens the other as soon as that can be, and the next engine hears of nothing missing', async () => {
    const failing = ['filter']
    scene = startScene([{ exitAfterBytes: 3 * MARK_BYTES, status: 1 }, {}], {
      kinds: MAC,
      failing,
      reopenMs: 10,
    })
    const { double, given, until, logged, stop } = scene
    double.push(markOf(Mark.start, endpointSecurity))
    await until('what is missing', () => given(0).length === 2)
    failing.length = 0
    await until('that it is open', () => logged.includes('the source filter could be opened now'))
    assert.equal(logged.filter((line) => line.includes('could not be opened')).length, 1)
    double.push(markOf(Mark.start, filter))
    await until('a second engine', () => given(1).length >= 3)
    // The time and what was not acknowledged: both sources' own words.
    assert.deepEqual(given(1).slice(0, 3), ['clock', 'start', 'start'])
    assert.equal(double.enumerations(), 2)
    assert.equal(await stop(), 0)
    assert.ok(double.isClosed())
  })

  it('asks each for arguments of programs only when it is told to', async () => {
    for (const [options, asked] of [
      [{}, false],
      [{ execArguments: false }, false],
      [{ execArguments: true }, true],
    ] as const) {
      const one = startScene([{}], { kinds: MAC, ...options })
      assert.deepEqual(one.double.execArguments, [asked, asked])
      await one.remove()
    }
  })

  it('does not run when none can be opened, and says why', async () => {
    scene = startScene([{}], { kinds: MAC, failing: ['endpoint_security', 'filter'] })
    await assert.rejects(scene.status, (error: Error) => {
      assert.match(error.message, /no source of this machine can be opened/)
      assert.match((error.cause as Error).message, /endpoint_security: no thread is left/)
      return true
    })
  })
})

describe('sources', () => {
  it('are not opened once all are closed', () => {
    const failing = ['filter']
    const double = createDouble(1 << 20, MAC, failing)
    const options = { ringBytes: 65_536, intervalMs: 1000, onReadable: () => {} }
    const logged: string[] = []
    const sources = openSources(double.addon, options, (text) => logged.push(text))
    failing.length = 0
    sources.close()
    sources.retry()
    assert.equal(logged.length, 1)
  })

  it('take turns, so that a busy one holds up no other', () => {
    const double = createDouble(1 << 20, MAC)
    const into = new Uint8Array(4 * TICK_BYTES)
    const sources = openSources(
      double.addon,
      { ringBytes: 65_536, intervalMs: 1000, onReadable: () => {} },
      () => {},
    )
    for (let number = 0; number < 40; number++) double.push(tick(number, endpointSecurity))
    for (let number = 0; number < 4; number++) double.push(tick(number, filter))
    const turns: number[] = []
    while (sources.drain(into) > 0) turns.push(into[6] as number)
    assert.deepEqual(turns.slice(0, 3), [endpointSecurity, filter, endpointSecurity])
    assert.equal(turns.length, 11)
    assert.equal(sources.waitingBytes(), 0)
  })
})

function marksOf(bytes: Uint8Array): ReturnType<typeof readMark>[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const marks: ReturnType<typeof readMark>[] = []
  for (let at = 0; at + 8 <= bytes.length; at += view.getUint32(at, true))
    if (view.getUint16(at + 4, true) === RecordType.mark) marks.push(readMark(view, at))
  return marks
}
