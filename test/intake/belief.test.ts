// Several sources tell of the same flows: each byte is handed on once, whichever is believed, and whenever that changes.
import assert from 'node:assert/strict'
import { createBelief } from '../../src/intake/belief.ts'
import { FlowFlag, Gap, Loss, RecordType, readLoss } from '../../src/records/record.gen.ts'
import { MAC_SOURCES, SOURCE_CODE, SOURCE_NAMES } from '../../src/sources/choice.ts'
import { again, Mark, Source, scene, Teller, type Told } from './flows.ts'

const { filter, networkStatistics: statistics, nettop } = Source

describe('the source of flows that is believed', () => {
  it('leaves records of other machines as they are, to the byte', () => {
    const teller = new Teller()
    const records = Buffer.concat([
      teller.mark(Source.linux, Mark.start),
      teller.flow(Source.linux, { id: 1, out: 5 }),
      teller.mark(Source.linux, Mark.enumerated),
    ])
    assert.equal(createBelief({}).take(records), records)
  })

  it('is the filter, and what NetworkStatistics tells of its flows is not counted again', () => {
    const { begins, tells, ledger, belief, wait } = scene()
    begins(filter)
    begins(statistics)
    assert.equal(belief.choice().flows, 'filter')
    wait(3_000)
    tells(filter, { id: 1, out: 100, state: 'opened' })
    tells(statistics, { id: 77, out: 90, state: 'opened' })
    tells(statistics, { id: 77, out: 1_000 })
    tells(filter, { id: 1, out: 1_000, state: 'closed' })
    tells(statistics, { id: 77, out: 1_000, state: 'closed' })
    assert.deepEqual([...ledger.flows.keys()], ['1.1'])
    assert.equal(ledger.out, 1_000)
    assert.equal(ledger.open, 0)
  })

  it('hands a flow on under one id when the filter goes and another goes on', () => {
    const { begins, tells, cannot, ledger, belief, wait } = scene()
    begins(filter)
    begins(statistics)
    wait(3_000)
    tells(filter, { id: 1, out: 100, state: 'opened' })
    tells(statistics, { id: 77, out: 100, state: 'opened' })
    cannot(filter)
    assert.equal(belief.choice().flows, 'network_statistics')
    tells(statistics, { id: 77, out: 5_000 })
    tells(statistics, { id: 77, out: 6_000, state: 'closed' })
    assert.deepEqual([...ledger.flows.keys()], ['1.1'])
    assert.equal(ledger.out, 6_000)
    assert.equal(ledger.open, 0)
    assert.deepEqual(belief.takeChanges(), [
      {
        text: 'flows are seen by NetworkStatistics now, no longer by the network filter',
        isBetter: false,
      },
    ])
    begins(filter)
    assert.equal(belief.takeChanges()[0]?.isBetter, true)
  })

  it('is told of whenever it changes, for the worse and for the better, as is the source of programs', () => {
    const BEST_FIRST = [
      ['programs', Source.endpointSecurity, Source.eslogger, Source.polling],
      ['flows', filter, statistics, nettop],
    ] as const
    const names = new Map<number, string>([
      ...MAC_SOURCES.map((name) => [SOURCE_CODE[name], SOURCE_NAMES[name]] as const),
    ])
    for (const [what, ...sources] of BEST_FIRST) {
      const { begins, cannot, belief, wait } = scene()
      const changes = () => belief.takeChanges()
      for (const source of sources) begins(source)
      assert.deepEqual(changes(), [], 'the beginning is no change')
      wait(60_000)
      const all = [...sources.map((source) => names.get(source)), 'nobody']
      for (const [index, source] of sources.entries()) {
        cannot(source)
        const text = `${what} are seen by ${all[index + 1]} now, no longer by ${all[index]}`
        // Another may take a second to begin, so nobody is told of after a while.
        if (index === sources.length - 1) {
          wait(5_000)
          assert.deepEqual(changes(), [])
          wait(6_000)
        }
        assert.deepEqual(changes(), [{ text, isBetter: false }])
        wait(1_000)
      }
      for (const [index, source] of [...sources.entries()].reverse()) {
        begins(source)
        const before =
          index === sources.length - 1
            ? '; nobody saw them before'
            : `, no longer by ${all[index + 1]}`
        const text = `${what} are seen by ${all[index]} now${before}`
        assert.deepEqual(changes(), [{ text, isBetter: true }])
      }
    }
  })

  it('is no news where sources begin one after another, and where they stop in good order', () => {
    const { begins, stops, belief, wait } = scene()
    for (const source of [Source.polling, nettop, Source.eslogger, statistics, filter]) {
      begins(source)
      wait(1_000)
    }
    for (const source of [Source.eslogger, filter, Source.polling, statistics, nettop])
      stops(source)
    assert.deepEqual(belief.takeChanges(), [])
    const failed = scene()
    failed.cannot(filter)
    failed.begins(statistics)
    failed.begins(filter)
    assert.equal(failed.belief.takeChanges().length, 1, 'it could not be had before')
    const late = scene()
    late.begins(Source.polling)
    late.wait(60_000)
    late.begins(Source.eslogger)
    assert.deepEqual(late.belief.takeChanges(), [
      {
        text: 'programs are seen by eslogger now, no longer by the list of processes',
        isBetter: true,
      },
    ])
  })

  it('lets the filter take over what it tells, and leaves with the other what began before it', () => {
    const { begins, tells, ledger, wait } = scene()
    begins(statistics)
    tells(statistics, { id: 70, out: 500, localPort: 1 })
    wait(60_000)
    begins(filter)
    wait(3_000)
    tells(statistics, { id: 71, out: 10, localPort: 2 })
    tells(filter, { id: 2, out: 10, localPort: 2 })
    tells(statistics, { id: 70, out: 900, localPort: 1 })
    tells(statistics, { id: 71, out: 20, localPort: 2 })
    tells(filter, { id: 2, out: 30, localPort: 2, state: 'closed' })
    tells(statistics, { id: 70, out: 1_000, localPort: 1, state: 'closed' })
    assert.deepEqual([...ledger.flows.keys()].sort(), ['2.1', '70.1'])
    assert.equal(ledger.out, 1_030)
    assert.equal(ledger.open, 0)
  })

  it('finds one flow by its process where the filter has no local port yet', () => {
    const { begins, tells, cannot, ledger, wait } = scene()
    begins(filter)
    begins(statistics)
    wait(3_000)
    tells(filter, { id: 1, out: 10, localPort: 0, pid: 7 })
    tells(filter, { id: 2, out: 20, localPort: 0, pid: 8 })
    tells(statistics, { id: 71, out: 10, localPort: 51, pid: 7 })
    tells(statistics, { id: 72, out: 20, localPort: 52, pid: 8 })
    cannot(filter)
    tells(statistics, { id: 71, out: 100, localPort: 51, pid: 7 })
    tells(statistics, { id: 72, out: 200, localPort: 52, pid: 8 })
    assert.deepEqual(
      [...ledger.flows].map(([key, { out }]) => [key, out]),
      [
        ['1.1', 100],
        ['2.1', 200],
      ],
    )
  })

  it('closes as it was last seen what the source that went had told and nobody tells any more', () => {
    const { begins, tells, cannot, starts, ledger } = scene()
    begins(filter)
    tells(filter, { id: 1, out: 100 })
    cannot(filter)
    assert.equal(ledger.open, 1)
    starts(statistics)
    assert.equal(ledger.open, 1)
    begins(statistics)
    assert.equal(ledger.open, 0)
    // The filter is back, and had it all the time: what it had is not counted again.
    begins(filter)
    tells(filter, { id: 1, out: 130, state: 'closed' })
    assert.equal(ledger.out, 130)
    assert.equal(ledger.afterClose, 0)
  })

  it('goes on from what was told where nettop finds a flow open, which counts from its own start', () => {
    const { begins, tells, stops, cannot, starts, enumerated, ledger, belief } = scene()
    begins(statistics)
    tells(statistics, { id: 70, out: 10_000 })
    stops(statistics)
    cannot(statistics)
    starts(nettop)
    tells(nettop, { id: 9, out: 40, flags: FlowFlag.enumerated })
    enumerated(nettop)
    tells(nettop, { id: 9, out: 50, flags: FlowFlag.enumerated })
    assert.equal(belief.choice().flows, 'nettop')
    assert.deepEqual([...ledger.flows.keys()], ['70.1'])
    assert.equal(ledger.out, 10_050)
    assert.equal(ledger.falls, 0)
  })

  it('is still of the image that was named, where nettop has a pid alone', () => {
    const { begins, tells, cannot, ledger } = scene()
    begins(statistics)
    tells(statistics, { id: 70, out: 10, pid: 7, pidversion: 3 })
    cannot(statistics)
    begins(nettop)
    tells(nettop, { id: 9, out: 40, pid: 7, pidversion: 0 })
    assert.equal(ledger.owner, '7.3')
    // Another's by now: who, its pid says alone.
    tells(nettop, { id: 9, out: 40, pid: 8, pidversion: 0 })
    assert.equal(ledger.owner, '8.0')
  })

  it('hands on a name under the id that the engine knows', () => {
    const { begins, tells, names, ledger, wait } = scene()
    begins(statistics)
    tells(statistics, { id: 70, out: 500 })
    wait(1_000)
    begins(filter)
    names(filter, 3, 'files.example')
    assert.equal(ledger.names.size, 0)
    tells(filter, { id: 3, out: 600 })
    assert.deepEqual([...ledger.names], ['70'])
    names(filter, 3, 'files.example')
    assert.deepEqual([...ledger.names], ['70'])
  })

  it('goes on under the same id after the engine was started anew', () => {
    const first = scene()
    first.begins(filter)
    first.begins(statistics)
    first.tells(filter, { id: 1, out: 100 })
    first.tells(statistics, { id: 77, out: 100 })
    first.cannot(filter)
    first.tells(statistics, { id: 77, out: 200 })
    assert.equal(
      first.belief.memory(true)?.rows.filter(({ given }) => given !== undefined).length,
      1,
    )

    const second = again(first)
    second.cannot(filter)
    second.starts(statistics)
    second.tells(statistics, { id: 77, out: 300 })
    assert.deepEqual([...second.ledger.flows.keys()], ['1.1'])
    assert.equal(second.ledger.out, 300)
  })

  it('knows a flow that a silent filter tells at last, and first, to an engine that was started anew', () => {
    for (const isNext of [false, true]) {
      const first = scene()
      first.begins(filter)
      first.begins(statistics)
      first.wait(5_000)
      for (const id of [77, 78, 79])
        first.tells(statistics, { id, out: 50_000, localPort: 50_000 + id, state: 'opened' })
      first.wait(20_000)
      assert.equal(first.belief.choice().isFilterSilent, true)

      const second = again(first)
      second.begins(filter)
      second.starts(statistics)
      // Of the port of a flow that is over by then another is told.
      if (isNext) second.enumerated(statistics)
      second.tells(filter, { id: 1, out: 60_000, localPort: 50_077 })
      second.tells(statistics, { id: 78, out: 50_000, localPort: 50_078 })
      if (!isNext) second.tells(statistics, { id: 77, out: 61_000, localPort: 50_077 })
      second.tells(filter, { id: 1, out: 70_000, localPort: 50_077, state: 'closed' })
      if (!isNext)
        second.tells(statistics, { id: 77, out: 70_000, localPort: 50_077, state: 'closed' })
      for (const id of [2, 3]) second.tells(filter, { id, out: 0, localPort: 60_000 + id })
      for (let i = 0; i < 3; i++) second.wait(5_000)
      assert.equal(second.ledger.flows.get(isNext ? '1.1' : '77.1')?.out, 70_000)
      assert.equal(second.ledger.flows.has('77.1'), !isNext)
    }
  })

  it('ends no enumeration before the others have told what stays theirs', () => {
    const { starts, enumerated, begins, tells, ledger, wait } = scene()
    const ended = () => ledger.marks.filter(({ kind }) => kind === Mark.enumerated).length
    starts(statistics)
    wait(60_000)
    starts(filter)
    enumerated(filter)
    assert.equal(ended(), 0)
    tells(statistics, { id: 70, out: 500, flags: FlowFlag.enumerated })
    enumerated(statistics)
    assert.equal(ended(), 1)
    assert.deepEqual([...ledger.flows.keys()], ['70.1'])
    // One that hangs is not waited for.
    starts(statistics)
    begins(filter)
    assert.equal(ended(), 1)
    wait(11_000)
    assert.equal(ended(), 2)
  })

  it('lets another go on with a flow of which the filter says nothing more', () => {
    const { begins, tells, ledger, wait } = scene()
    begins(filter)
    begins(statistics)
    wait(3_000)
    tells(filter, { id: 1, out: 100, state: 'opened' })
    tells(statistics, { id: 77, out: 100, state: 'opened' })
    wait(5_000)
    tells(statistics, { id: 77, out: 9_000 })
    wait(5_000)
    assert.equal(ledger.out, 100)
    for (let i = 0; i < 2; i++) wait(5_000)
    assert.equal(ledger.out, 9_000)
    tells(statistics, { id: 77, out: 9_500, state: 'closed' })
    assert.deepEqual([...ledger.flows.keys()], ['1.1'])
    assert.equal(ledger.out, 9_500)
    assert.equal(ledger.open, 0)
  })

  it('takes what comes from a port that is used again for another flow', () => {
    const { begins, tells, cannot, ledger, wait } = scene()
    begins(filter)
    begins(statistics)
    wait(3_000)
    tells(filter, { id: 1, out: 100, state: 'closed' })
    tells(statistics, { id: 77, out: 100, state: 'closed' })
    wait(5_000)
    cannot(filter)
    tells(statistics, { id: 78, out: 40, state: 'closed' })
    assert.equal(ledger.out, 140)
  })

  describe('a filter that runs and tells nothing', () => {
    const uploads = (count: number, change: (index: number) => Partial<Told> = () => ({})) => {
      const story = scene()
      story.begins(filter)
      story.begins(statistics)
      story.wait(30_000)
      for (let i = 0; i < count; i++)
        story.tells(statistics, { id: 70 + i, out: 30_000, localPort: 100 + i, ...change(i) })
      for (let i = 0; i < 4; i++) story.wait(5_000)
      return story
    }
    const isSilent = ({ belief }: ReturnType<typeof scene>) => belief.choice().isFilterSilent

    it('is found, said, and another believed: nothing that was sent meanwhile is lost', () => {
      const story = uploads(3, (index) => (index === 0 ? { state: 'closed' } : {}))
      assert.ok(isSilent(story))
      assert.equal(story.belief.choice().flows, 'network_statistics')
      assert.equal(story.ledger.out, 90_000)
      assert.deepEqual(
        story.belief.takeChanges().map(({ text }) => text),
        [
          'flows are seen by NetworkStatistics now, no longer by the network filter, which says that it runs and tells nothing',
        ],
      )
      assert.ok(((story.ledger.marks.at(-1)?.gaps ?? 0) & Gap.filterSilent) !== 0)
      // It says something of itself again, and nothing of flows.
      story.begins(filter)
      const last = story.ledger.marks.findLast(({ source }) => source === filter)
      assert.ok(((last?.gaps ?? 0) & Gap.filterSilent) !== 0)
    })
    it('is believed again when it tells of three flows, and misses none', () => {
      const story = uploads(3)
      for (let i = 0; i < 3; i++) {
        assert.ok(isSilent(story), `${i}`)
        story.tells(filter, { id: 5 + i, out: 10, localPort: 200 + i })
      }
      for (let i = 0; i < 3; i++) story.wait(5_000)
      assert.ok(!isSilent(story))
      assert.equal(story.belief.choice().flows, 'filter')
      assert.equal(story.ledger.out, 90_030)
      assert.equal(story.ledger.marks.at(-1)?.gaps, 0)
    })
    it('is not one that two flows passed, nor 64 KiB, nor loopback, nor one that told of others', () => {
      assert.ok(!isSilent(uploads(2)))
      assert.ok(!isSilent(uploads(3, () => ({ out: 20_000 }))))
      assert.ok(!isSilent(uploads(9, () => ({ to: '127.0.0.1' }))))
      assert.ok(!isSilent(uploads(9, () => ({ to: '::1' }))))
      const story = scene()
      story.begins(filter)
      story.begins(statistics)
      story.wait(30_000)
      for (let i = 0; i < 4; i++)
        story.tells(statistics, { id: 70 + i, out: 30_000, localPort: 100 + i })
      for (let i = 0; i < 6; i++)
        story.tells(filter, { id: 1 + i, out: 1, localPort: 300 + i, to: '198.51.100.7' })
      for (let i = 0; i < 4; i++) story.wait(5_000)
      assert.ok(!isSilent(story))
    })
  })

  it('is nettop where NetworkStatistics works and has told of nothing, until it does, and each byte counts once', () => {
    const { begins, tells, belief, ledger, wait } = scene()
    begins(statistics)
    // By sense, which runs it where nothing is told for a minute.
    wait(55_000)
    begins(nettop)
    tells(nettop, { id: 5, out: 1_000, state: 'opened' })
    wait(5_000)
    assert.equal(belief.choice().flows, 'network_statistics', 'it may be late')
    wait(6_000)
    assert.equal(belief.choice().flows, 'nettop')
    assert.deepEqual(belief.choice().runs.includes('nettop'), true)
    assert.deepEqual(belief.takeChanges(), [
      { text: 'flows are seen by nettop now, no longer by NetworkStatistics', isBetter: false },
    ])
    const last = ledger.marks.findLast(({ source }) => source === statistics)
    assert.deepEqual([last?.kind, last?.gaps], [Mark.clock, Gap.networkStatistics])
    assert.equal(ledger.out, 1_000)
    tells(nettop, { id: 5, out: 3_000 })
    tells(statistics, { id: 50, out: 3_500, flags: FlowFlag.enumerated })
    assert.equal(belief.choice().flows, 'network_statistics')
    assert.equal(ledger.marks.findLast(({ source }) => source === statistics)?.gaps, 0)
    tells(statistics, { id: 50, out: 4_000, state: 'closed' })
    assert.deepEqual([ledger.out, ledger.open, ledger.flows.size], [4_000, 0, 1])
    wait(120_000)
    assert.equal(belief.choice().flows, 'network_statistics', 'at rest it is not silent')
  })

  it('is NetworkStatistics where nettop has seen nothing move either, or that one had told', () => {
    for (const hasTold of [false, true]) {
      const { begins, tells, belief, wait } = scene()
      begins(statistics)
      begins(nettop)
      if (hasTold) tells(statistics, { id: 50, out: 1, state: 'closed' })
      tells(nettop, { id: 5, out: hasTold ? 1_000 : 0, state: 'opened' })
      for (let i = 0; i < 20; i++) wait(10_000)
      assert.equal(belief.choice().flows, 'network_statistics')
    }
  })

  it('holds a bounded number of flows, and tells of those it forgets as a loss, if they were open', () => {
    for (const state of ['opened', 'closed'] as const) {
      const teller = new Teller()
      const belief = createBelief({ rowsMax: 64 })
      belief.take(teller.mark(filter, Mark.start))
      for (let id = 1; id <= 200; id++)
        belief.take(teller.flow(filter, { id, out: 1, localPort: id, state }))
      const lost = () => {
        const told = belief.take(teller.tick())
        const view = new DataView(told.buffer, told.byteOffset, told.byteLength)
        for (let at = 0; at < told.length; at += view.getUint32(at, true))
          if (view.getUint16(at + 4, true) === RecordType.loss) return readLoss(view, at)
        return undefined
      }
      const loss = lost()
      if (state === 'closed') assert.equal(loss, undefined)
      else assert.deepEqual([loss?.what, loss?.source], [Loss.tableFull, filter])
      assert.ok(state === 'closed' || Number(loss?.count) >= 136, `${loss?.count}`)
      assert.equal(lost(), undefined, 'once')
    }
  })
})
