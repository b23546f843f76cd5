// Made-up machines: the truth is whole, and attacks beside each other are as attacks alone.
import assert from 'node:assert/strict'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { rarityScoring } from '../../src/engine/detection/judging.ts'
import { createNewPrograms } from '../../src/engine/detection/new-programs.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { actsByName, actsBySigningId } from '../../src/engine/process/acting.ts'
import { programsOf } from '../../src/eval/actor.ts'
import { EVASIONS } from '../../src/eval/evasions.ts'
import { allCells, attackOf, type Cell } from '../../src/eval/grid.ts'
import { createHost, type Host } from '../../src/eval/host.ts'
import { courseOf } from '../../src/eval/judging.ts'
import { daysBeforeOf, runMachine } from '../../src/eval/machine.ts'
import { createRandom } from '../../src/eval/random.ts'
import { createReportReader } from '../../src/eval/reports.ts'
import { DAY_UNIX_MS, tellBefore, tellDay, whoKey } from '../../src/eval/telling.ts'

const CELLS = allCells()
const isLike = (cell: Cell, like: Partial<Cell>): boolean =>
  Object.entries(like).every(([side, value]) => cell[side as keyof Cell] === value)
const cellsLike = (like: Partial<Cell>): { cell: Cell; at: number }[] =>
  CELLS.map((cell, at) => ({ cell, at })).filter(({ cell }) => isLike(cell, like))

describe('a made-up machine', () => {
  it('is the same by its seed, and another by another', () => {
    assert.deepEqual(createHost(7).day(3), createHost(7).day(3))
    assert.notDeepEqual(createHost(7).day(3), createHost(7).day(0))
    assert.notDeepEqual(createHost(7).day(0), createHost(8).day(0))
  })

  it('tells each byte of each actor, under a process of its own', () => {
    const actors = [
      ...createHost(11).day(0),
      ...createHost(11).installs(),
      ...EVASIONS.map(({ actor }, i) => actor(20_000 + i * 200)),
    ]
    const { records, actors: who, reports } = tellDay(actors)
    const told = new Map<string, number>()
    let count = 0
    createReportReader().read(records, ({ pid, pidversion, moreOut }) => {
      count++
      const key = whoKey(pid, pidversion)
      told.set(key, (told.get(key) ?? 0) + moreOut)
    })
    assert.equal(count, reports)
    assert.equal(who.size, actors.filter(({ sendings }) => sendings.length > 0).length)
    for (const [key, actor] of who) assert.equal(told.get(key), courseOf(actor).bytesOut)
  })

  it('calls nothing by the name of a tool that acts for others but what is one', () => {
    const actors = Array.from({ length: 20 }, (_, seed) => createHost(seed)).flatMap((host) => [
      ...host.day(0),
      ...host.installs(),
    ])
    const tools: readonly string[] = ['acting', 'script', 'tool']
    for (const actor of actors.filter(({ signer }) => !tools.includes(signer)))
      for (const { path, signingId } of programsOf(actor))
        assert.ok(!actsByName(path) && !actsBySigningId(signingId), path)
  })

  it('sends of every cell as many bytes as it says, and gets the answer that it says', () => {
    for (const { cell, at } of cellsLike({ protocol: 'tcp', destination: 'own' })) {
      const { sendings } = attackOf(cell, at + 1, createRandom(at))
      assert.equal(sendings.length, cell.flows)
      const last = sendings.map(({ points }) => points.at(-1) ?? { out: 0, in: 0 })
      const out = last.reduce((sum, point) => sum + point.out, 0)
      const bytesIn = last.reduce((sum, point) => sum + point.in, 0)
      // A flow's bytes are whole numbers.
      assert.ok(Math.abs(out - cell.bytes) <= cell.flows, `${out} of ${cell.bytes}`)
      const wanted = {
        none: 0,
        '6 KiB a flow': 6_144 * cell.flows,
        'a tenth': out / 10,
        padded: out,
      }[cell.response]
      assert.ok(Math.abs(bytesIn - wanted) <= cell.flows, `${bytesIn} of ${wanted}`)
      const ends = sendings.map(({ atMs, points }) => atMs + (points.at(-1)?.afterMs ?? 0))
      assert.ok(Math.max(...ends) <= 24 * 3_600_000 + 2_000, 'it goes on after its day')
      for (const { points } of sendings)
        for (const [i, point] of points.entries()) {
          const before = points[i - 1]
          if (before) assert.ok(point.afterMs > before.afterMs && point.out >= before.out)
        }
    }
  })

  it('knows what had left by when', () => {
    const points = [
      { afterMs: 5_000, out: 40_000, in: 0 },
      { afterMs: 9_000, out: 100_000, in: 0 },
    ]
    const place = { to: '2001:db8:1::1', hostname: '', port: 443, protocol: 6 as const }
    const course = courseOf({
      ...{ label: 'attack', name: '', signer: 'unsigned', code: 'x', isKnown: false },
      sendings: [
        { ...place, atMs: 1_000, points },
        { ...place, atMs: 7_000, points },
      ],
    })
    assert.deepEqual(
      [0, 5_999, 6_000, 10_000, 12_000, 16_000].map(course.outAt),
      [0, 0, 40_000, 100_000, 140_000, 200_000],
    )
    assert.equal(course.possibleOut, 100_000)
    assert.equal(course.firstMs, 1_000)
  })

  it('has builds on the days before too, others each day, from which an engine learns what is new there', () => {
    const hosts = Array.from({ length: 20 }, (_, seed) => createHost(seed))
    const buildsOf = (host: Host): Set<string>[] =>
      daysBeforeOf(host, []).map(
        ({ actors }) =>
          new Set(actors.filter(({ name }) => name === 'build').map(({ code }) => code)),
      )
    const developer = hosts.find((host) => buildsOf(host).every(({ size }) => size > 3))
    const ordinary = hosts.find((host) => buildsOf(host).every(({ size }) => size === 0))
    assert.ok(developer && ordinary)
    const days = buildsOf(developer)
    assert.equal(
      new Set(days.flatMap((builds) => [...builds])).size,
      days.reduce((sum, { size }) => sum + size, 0),
    )
    const newADay = (host: Host): number => {
      const baseline = openMemoryBaseline()
      const scoring = rarityScoring(0.1)
      const engine = createEngine({ deviceId: '', baseline, scoring })
      engine.push(tellBefore(daysBeforeOf(host, [])))
      return createNewPrograms(baseline).scale(DAY_UNIX_MS)
    }
    assert.equal(newADay(developer), 4)
    assert.ok(newADay(ordinary) < 1)
  })

  it('has an attack found beside others as it is alone', function () {
    this.timeout(240_000)
    const [first, ...others] = [
      ...cellsLike({ signer: 'unsigned', bytes: 8_388_608, hours: 1, flows: 20, protocol: 'tcp' }),
      ...cellsLike({ signer: 'script', hours: 0, flows: 20, protocol: 'quic' }),
    ].filter(({ cell }) => cell.destination === 'own')
    assert.ok(first && others.length > 10)
    const plan = {
      host: createHost(5),
      workloads: [],
      withTerms: false,
      nowMs: () => 0,
    }
    const alone = runMachine({ ...plan, attacks: [first] })
    const beside = runMachine({ ...plan, attacks: [first, ...others] })
    // When a score that goes on rising is said anew depends on the moments at which the engine looks, and it looks as records come.
    const judged = ({ subjects: [subject] }: ReturnType<typeof runMachine>) =>
      subject && { ...subject, steps: subject.steps.map((steps) => steps?.[0]) }
    assert.deepEqual(judged(beside), judged(alone))
    assert.deepEqual(beside.apps, alone.apps)
    const ways = alone.whole.map(({ name, scores }) => [name, scores.filter(Boolean).length])
    const classes = ['unsigned', 'adhoc', 'developer_id', 'notarized', 'app_store', 'platform']
    const rivals = alone.detectors.length - 2
    // Of rivals only the first signer is asked: they know of none.
    assert.deepEqual(
      ways,
      ['new', 'known'].flatMap((age) =>
        classes.map((signer, i) => [`${age}, ${signer}`, i === 0 ? 2 + rivals : 2]),
      ),
    )
    // What has days before of its own for each signer is asked on one machine in five.
    const other = runMachine({ ...plan, host: createHost(6), attacks: [] })
    assert.deepEqual(
      other.whole.map(({ name }) => name),
      [...classes.map((signer) => `new, ${signer}`), 'known, unsigned'],
    )
    // Not an empty comparison: the engine tells of it.
    assert.ok((alone.subjects[0]?.steps[0]?.length ?? 0) > 0)
  })
})
