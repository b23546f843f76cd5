// What programs were executed with: kept with the program, told with an alert, and nowhere else.
import assert from 'node:assert/strict'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import type { ArgumentsView } from '../../src/engine/finding.ts'
import { ArgumentsFlag } from '../../src/records/record.gen.ts'
import { asText, MIB, Script, type Told, tell } from './scenario.ts'

const shell = { pid: 50, path: '/bin/sh', owner: 0, sha: 'cd' }
const probe = { pid: 100, path: '/home/ann/probe', parent: 50 }
const upload = { id: 1, total: 5 * MIB }

const all = (...texts: string[]): ArgumentsView => ({
  texts,
  count: texts.length,
  leftOutBytes: 0,
  atLeast: false,
  missed: false,
})

/** Arguments of the newest alert's program and of those above it. */
const chainOf = ({ alerts }: Told) => alerts.at(-1)?.chain.map((one) => one.arguments)

const asked = (): Script =>
  new Script()
    .start()
    .exec(shell)
    .arguments(50, ['sh', '-c', 'probe "$1"', '', 'größe'])
    .inspected(shell)
    .exec(probe)
    .arguments(100, ['probe', '--to=203.0.113.7'])
    .inspected(probe)

describe('arguments of programs', () => {
  it('are told with an alert, of the program and of those above it', () => {
    const told = tell(asked().upload(upload).ticks(2))
    assert.deepEqual(chainOf(told), [
      all('probe', '--to=203.0.113.7'),
      all('sh', '-c', 'probe "$1"', '', 'größe'),
    ])
    for (const { chain } of told.alerts) assert.equal(chain[0]?.arguments?.count, 2)
  })

  it('are of no other finding, and change nothing but what is told of them', () => {
    const unasked = new Script().start().program(shell).program(probe)
    const { findings } = tell(unasked.upload(upload).ticks(2))
    const told = tell(asked().upload(upload).ticks(2))
    for (const { process } of told.sightings) assert.equal(process.arguments, undefined)
    for (const { chain } of told.alerts) for (const one of chain) one.arguments = undefined
    assert.equal(asText(told.findings), asText(findings))
  })

  it('are not there when nobody asked', () => {
    const script = new Script().start().program(shell).program(probe)
    assert.deepEqual(chainOf(tell(script.upload(upload).ticks(2))), [undefined, undefined])
  })

  it('are those of the program that a fork still runs, and not of the next one', () => {
    const script = asked().fork(101, 100)
    script.upload({ ...upload, pid: 101 }).ticks(2)
    assert.deepEqual(chainOf(tell(script))?.slice(0, 2), [
      all('probe', '--to=203.0.113.7'),
      all('probe', '--to=203.0.113.7'),
    ])
    const next = asked().fork(101, 100).program({ pid: 101, path: '/home/ann/other', parent: 100 })
    next.upload({ ...upload, pid: 101 }).ticks(2)
    assert.deepEqual(chainOf(tell(next))?.slice(0, 2), [
      undefined,
      all('probe', '--to=203.0.113.7'),
    ])
  })

  it('say what is left out, and that they were missed, which is counted', () => {
    const script = new Script().start().exec(shell)
    script.arguments(50, ['sh', 'aaa'], {
      flags: ArgumentsFlag.atLeast,
      count: 900,
      leftOutBytes: 70_000,
    })
    script.inspected(shell).exec(probe)
    script.arguments(100, [], { flags: ArgumentsFlag.missed }).inspected(probe)
    const told = tell(script.upload(upload).ticks(2))
    assert.deepEqual(chainOf(told), [
      { ...all(), missed: true },
      { texts: ['sh', 'aaa'], count: 900, leftOutBytes: 70_000, atLeast: true, missed: false },
    ])
    assert.equal(told.engine.counters().argumentsMissed, 1)
    assert.equal(told.engine.counters().unknownRecords, 0)
  })

  it('of no process that is known change nothing', () => {
    const script = asked().arguments(100, ['other'], { pidversion: 2 }).arguments(999, ['none'])
    const told = tell(script.upload(upload).ticks(2))
    assert.deepEqual(chainOf(told)?.[0], all('probe', '--to=203.0.113.7'))
  })

  it('are still told of an alert that an earlier engine opened', () => {
    const baseline = openMemoryBaseline()
    tell(asked().upload({ ...upload, keepOpen: true }), { baseline })
    const later = new Script().wait(20_000).start().exec(shell).exec(probe)
    later
      .flow({ id: 1, out: 6 * MIB })
      .flow({ id: 1, out: 6 * MIB, state: 'closed' })
      .ticks(70)
    const told = tell(later, { baseline })
    assert.equal(told.alerts.at(-1)?.bytesOut, 6 * MIB)
    assert.deepEqual(chainOf(told)?.[0], all('probe', '--to=203.0.113.7'))
  })
})
