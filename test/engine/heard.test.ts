import assert from 'node:assert/strict'
import type { Finding, Health } from '../../src/engine/finding.ts'
import { Capability, Loss, Mark, Source, writeUnseen } from '../../src/records/record.gen.ts'
import { BOOT_UNIX_NS, MIB, Script, tell } from './scenario.ts'

// What a machine says that it did not see is of a time, and of programs: an alert of another is not to be blamed on it.

const sent = (script: Script, pid: number, bytes: number) =>
  script.add(
    writeUnseen({
      ...script.head(),
      ...{ pid, pidversion: 1, bytes: BigInt(bytes), sends: 1, family: 2, protocol: 17 },
    }),
  )
const probe = { pid: 100, path: '/home/ann/probe', sha: 'ab' }

/** Seconds since boot of each: from when on, and the latest. */
const saidOf = (script: Script, of: Health['of'] = 'loss') =>
  tell(script).findings.flatMap((finding: Finding) => {
    if (finding.kind !== 'health' || finding.health.of !== of) return []
    const seconds = (at: bigint) => Number(at - BOOT_UNIX_NS) / 1e9
    const { since, about, programs } = finding.health
    return [{ since: since && seconds(since), at: seconds(finding.at), about, programs }]
  })

describe('the time of a loss', () => {
  it('begins a second or two before what its source was heard of last, and ends when it was told, however late it is said', () => {
    const script = new Script().start().program(probe)
    script.upload({ id: 1, total: MIB, steps: 20, keepOpen: true })
    assert.equal(script.nowMs, 30_000)
    const [first, second, ...more] = saidOf(
      script.ticks(40).loss(Loss.ringFull, 3).ticks(5).loss(Loss.ringFull, 4).ticks(120),
    )
    assert.deepEqual([first?.since, first?.at], [28, 70])
    assert.deepEqual([second?.since, second?.at], [28, 75], 'said at 130 s')
    assert.deepEqual(more, [])
  })

  it('is not shortened by what came at once with it, nor by ticks', () => {
    const script = new Script().start().program(probe).flow({ id: 1, out: 10 })
    // A batch that waited: its flows, and then what had found no room in it.
    script.ticks(60).flow({ id: 1, out: 20 }).flow({ id: 1, out: 30 }).loss(Loss.filterQueue, 9)
    const [only] = saidOf(script.ticks(1))
    assert.deepEqual([only?.since, only?.at], [9, 70])
  })

  it('begins with its source where nothing else was heard of it, and is not of another', () => {
    const script = new Script().from(Source.filter, Capability.flowCloses).mark(Mark.start)
    script.wait(5_000).from(Source.endpointSecurity, 15).mark(Mark.start).program(probe)
    script.ticks(30).from(Source.filter, Capability.flowCloses).loss(Loss.filterQueue, 1)
    const [only] = saidOf(script.ticks(1))
    assert.deepEqual([only?.since, only?.at], [10, 45])
  })

  it('says whether flows or programs may be missing, or flows that say so themselves', () => {
    const about = (source: number, what: number) =>
      saidOf(new Script().from(source).mark(Mark.start).loss(what, 1))[0]?.about
    assert.equal(about(Source.linux, Loss.kernelEvents), undefined)
    assert.equal(about(Source.linux, Loss.flowCloses), 'flows')
    assert.equal(about(Source.linux, Loss.flowCounters), 'told')
    assert.equal(about(Source.endpointSecurity, Loss.ringFull), 'programs')
    assert.equal(about(Source.eslogger, Loss.malformed), 'programs')
    assert.equal(about(Source.filter, Loss.ringFull), 'flows')
    assert.equal(about(Source.networkStatistics, Loss.flowOwners), 'told')
  })

  it('is, of what a source lacked, from when it said so', () => {
    const script = new Script().mark(Mark.start, 'tracefs is not mounted.').ticks(30)
    assert.deepEqual(
      saidOf(script.mark(Mark.start).ticks(1), 'recovered').map(({ since, at }) => [since, at]),
      [[10, 40]],
    )
  })
})

describe('what is sent in ways that are not watched', () => {
  it('is of the programs that sent it, and of the time in which they did', () => {
    const script = new Script().start().program(probe).system(50, '/usr/bin/ping').ticks(19)
    // A source counts at its ticks.
    sent(script.wait(1_000), 100, 5_000).tick()
    sent(script.ticks(9).wait(1_000), 50, 84).ticks(120)
    assert.deepEqual(saidOf(script), [
      {
        ...{ since: 29, at: 40, about: undefined },
        programs: [`unsigned:sha256:${'ab'.repeat(32)}`, 'platform:/usr/bin/ping'],
      },
    ])
  })

  it('names the identity that an alert of it has, once that is certain, and says that some are not named', () => {
    const script = new Script().start().ticks(5).exec(probe)
    sent(script, 100, 5_000)
    sent(script, 7, 10)
    const [only] = saidOf(script.inspected(probe).ticks(90))
    assert.deepEqual(only?.programs?.toSorted(), ['', `unsigned:sha256:${'ab'.repeat(32)}`])
    const many = new Script().start()
    for (let pid = 100; pid < 200; pid++)
      sent(
        many.program({ pid, path: `/tmp/${pid}`, sha: pid.toString(16).padStart(2, '0') }),
        pid,
        9,
      )
    const named = saidOf(many.ticks(90))[0]?.programs ?? []
    assert.equal(named.length, 33)
    assert.ok(named.includes(''))
  })
})
