// An engine that is started anew hears of flows in whichever order their sources tell them, and of some no more.
import assert from 'node:assert/strict'
import { FlowFlag } from '../../src/records/record.gen.ts'
import { again, type Ledger, Source, scene, type Told } from './flows.ts'

const { filter, networkStatistics: statistics, nettop } = Source
const { enumerated } = FlowFlag
type Story = ReturnType<typeof scene>
const names = (story: Story, source: number, told: Told): void => {
  story.starts(source)
  story.tells(source, { ...told, flags: enumerated })
  story.enumerated(source)
}
/** What an engine has of all: of each flow the most that one of them was told. */
const outOf = (...ledgers: Ledger[]): number => {
  const most = new Map<string, number>()
  for (const { flows } of ledgers)
    for (const [key, { out }] of flows) most.set(key, Math.max(most.get(key) ?? 0, out))
  return [...most.values()].reduce((sum, out) => sum + out, 0)
}

describe('a flow that the filter told to an engine before', () => {
  for (const protocol of [6, 17])
    it(`counts once where another is heard before the filter, of protocol ${protocol}`, () => {
      const ends = { localPort: 5_001, pid: 7, protocol }
      const first = scene()
      first.begins(filter)
      first.begins(statistics)
      first.wait(5_000)
      first.tells(filter, { id: 1, out: 1_000, ...ends })
      first.tells(statistics, { id: 70, out: 1_000, ...ends })
      for (const hears of ['nothing', 'that it cannot']) {
        const story = again(first)
        if (hears !== 'nothing') story.cannot(filter, 0)
        names(story, statistics, { id: 70, out: 1_000, ...ends })
        story.wait(2_000)
        names(story, filter, { id: 1, out: 1_050, ...ends })
        story.tells(statistics, { id: 70, out: 1_100, ...ends })
        story.tells(filter, { id: 1, out: 1_100, ...ends })
        assert.equal(outOf(first.ledger, story.ledger), 1_100, hears)
      }
    })
})

describe('a flow that is older than the filter', () => {
  for (const protocol of [6, 17])
    it(`stays with NetworkStatistics over a start of the engine alone, of protocol ${protocol}`, () => {
      const ends = { localPort: 5_001, pid: 7, protocol }
      const first = scene()
      first.begins(statistics)
      first.tells(statistics, { id: 70, out: 1_000, ...ends })
      first.wait(60_000)
      first.begins(filter)
      first.tells(statistics, { id: 70, out: 2_000, ...ends })
      for (const order of ['filter', 'statistics'] as const) {
        const story = again(first)
        // What was last said of the filter is repeated: with the time of then.
        story.teller.atMs = 62_000
        story.says(filter)
        story.wait(300_000)
        const names70 = () => names(story, statistics, { id: 70, out: 5_000, ...ends })
        if (order === 'statistics') names70()
        story.wait(2_000)
        story.begins(filter)
        story.wait(2_000)
        if (order === 'filter') names70()
        for (let i = 1; i <= 20; i++) {
          story.wait(1_000)
          story.tells(statistics, { id: 70, out: 5_000 + i, ...ends })
        }
        assert.deepEqual([story.ledger.out, story.ledger.open], [5_020, 1], `${order} first`)
      }
    })

  it('is NetworkStatistics’ where that begins long after the filter', () => {
    const story = scene()
    story.begins(filter)
    story.wait(60_000)
    names(story, statistics, { id: 70, out: 100, localPort: 5_001, pid: 7 })
    story.wait(20_000)
    story.tells(statistics, { id: 70, out: 10_000, localPort: 5_001, pid: 7 })
    assert.equal(story.ledger.out, 10_000)
  })
})

describe('a UDP socket that nettop had', () => {
  it('does not silence the filter where nettop does not run after a start', () => {
    const ends = { protocol: 17, localPort: 5_000, pid: 7 }
    const first = scene()
    first.cannot(filter)
    first.cannot(statistics)
    first.begins(nettop)
    first.tells(nettop, { id: 5, out: 1_000, ...ends, to: '::', port: 0 })
    const story = again(first)
    story.begins(filter)
    story.begins(statistics)
    for (let i = 0; i < 20; i++) story.wait(1_000)
    for (let i = 1; i <= 10; i++) {
      story.wait(1_000)
      story.tells(filter, { id: 1, out: i * 1_000_000, ...ends, to: '198.51.100.1' })
    }
    // As much as nettop had told may be what the filter had at first.
    assert.equal(story.ledger.out, 9_999_000)
  })

  it('counts once where NetworkStatistics has it after a start', () => {
    const ends = { protocol: 17, localPort: 5_000, pid: 7 }
    for (const peer of [{ to: '::', port: 0 }, { to: '198.51.100.1' }])
      for (const isAlone of [true, false]) {
        const first = scene()
        first.cannot(filter)
        first.cannot(statistics)
        first.begins(nettop)
        first.tells(nettop, { id: 5, out: 1_000, ...ends, ...peer })
        const story = again(first)
        story.cannot(filter)
        if (!isAlone) names(story, nettop, { id: 5, out: 1_000, ...ends, ...peer })
        names(story, statistics, { id: 70, out: 1_000, ...ends, ...peer })
        for (let i = 1; i <= 20; i++) {
          story.wait(1_000)
          story.tells(statistics, { id: 70, out: 1_000 + i * 10, ...ends, ...peer })
        }
        const what = `${peer.to}, ${isAlone ? 'alone' : 'beside nettop'}`
        assert.equal(outOf(first.ledger, story.ledger), 1_200, what)
      }
  })
})

describe('a flow that ended under the id of who was heard first', () => {
  it('is not told anew to the next engine by the filter, which had another', () => {
    const first = scene()
    first.begins(filter)
    first.tells(statistics, { id: 70, out: 0, pid: 7, flags: enumerated })
    const second = again(first)
    names(second, statistics, { id: 70, out: 0, pid: 7 })
    second.wait(500)
    names(second, filter, { id: 1, out: 0, localPort: 0, pid: 7 })
    second.wait(500)
    second.cannot(filter)
    second.tells(statistics, { id: 70, out: 1, pid: 7, state: 'closed' })
    const third = again(second)
    third.cannot(filter)
    third.begins(statistics)
    third.wait(500)
    names(third, filter, { id: 1, out: 1, localPort: 0, pid: 7, state: 'closed' })
    assert.equal(outOf(second.ledger, third.ledger), 1)
  })
})
