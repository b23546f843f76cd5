// When a filter is said to be silent, by what another source sees: over the belief, whose book forgets what has closed.
import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { FlowFlag, Gap, Mark, Source } from '../../src/records/record.gen.ts'
import { scene, type Told } from './flows.ts'

const { filter, networkStatistics: statistics, nettop } = Source
const BYTES = 30_000

/** Both at work for long enough. */
function watched() {
  const story = scene()
  story.begins(filter)
  story.begins(statistics)
  story.wait(30_000)
  let port = 100
  return {
    ...story,
    isSilent: () => story.belief.choice().isFilterSilent,
    passes(seconds: number) {
      for (let i = 0; i < seconds; i++) story.wait(1_000)
    },
    /** One upload that these tell, each within its time; it closes a second after it began. */
    upload(sources: readonly number[], told: Partial<Told> = {}) {
      port++
      for (const state of ['report', 'closed'] as const) {
        for (const source of sources) {
          story.teller.atMs += source === filter ? 0 : 400
          story.tells(source, {
            id: source * 1_000 + port,
            localPort: port,
            out: BYTES,
            state,
            ...told,
          })
        }
        story.wait(1_000)
      }
    },
  }
}

describe('a filter', () => {
  it('that tells nothing of uploads minutes apart is silent with the third of them', () => {
    const story = watched()
    for (const isNow of [false, false, true]) {
      story.upload([statistics])
      story.passes(150)
      assert.equal(story.isSilent(), isNow)
    }
    assert.equal(story.belief.choice().flows, 'network_statistics')
    assert.equal(story.ledger.out, 3 * BYTES)
  })

  it('that tells one small flow now and then is silent with the third that it misses, and stays so', () => {
    const story = watched()
    const goesOn = (flows: number) => {
      for (let i = 0; i < flows; i++) {
        story.upload([statistics])
        story.passes(50)
        if (i % 2 === 0) story.upload([filter, statistics], { out: 10 })
        story.passes(100)
      }
    }
    goesOn(3)
    assert.ok(story.isSilent())
    story.belief.takeChanges()
    goesOn(20)
    assert.ok(story.isSilent())
    assert.deepEqual(story.belief.takeChanges(), [], 'nor does it flap')
  })

  it('that tells nearly all is not, whatever the rest is: a VPN’s own flows no filter is shown', () => {
    const story = watched()
    for (let i = 0; i < 20; i++) {
      for (let j = 0; j < 3; j++) story.upload([filter, statistics])
      story.upload([statistics], { pid: 30, out: 5_000_000 })
      story.passes(30)
      assert.ok(!story.isSilent(), `${i}`)
    }
    for (let i = 0; i < 4; i++) story.upload([statistics])
    story.passes(20)
    assert.ok(story.isSilent(), 'what it told long ago excuses nothing')
  })

  it('that does not tell what this Mac sends to an address of its own is not', () => {
    const story = watched()
    for (let i = 0; i < 9; i++)
      for (const protocol of [6, 17]) {
        const end = { to: '192.168.1.20', protocol, out: 90_000 }
        const [here, there] = [50_000 + i, 8_080]
        const id = 100 * protocol + 2 * i
        story.tells(statistics, { id, ...end, localPort: here, port: there })
        story.tells(statistics, { id: id + 1, ...end, localPort: there, port: here })
      }
    story.passes(30)
    assert.ok(!story.isSilent())
    story.begins(nettop)
    for (let i = 0; i < 3; i++) story.upload([statistics], { to: '192.168.1.20', port: 8_080 })
    story.passes(30)
    assert.ok(story.isSilent(), 'another machine at such an address')
  })

  it('that began before another source, which finds flows open, is not for those', () => {
    const story = watched()
    story.stops(statistics)
    story.passes(30)
    story.starts(statistics)
    for (let i = 0; i < 5; i++)
      story.tells(statistics, {
        id: 70 + i,
        localPort: 1 + i,
        out: 90_000,
        flags: FlowFlag.enumerated,
      })
    story.enumerated(statistics)
    story.passes(60)
    assert.ok(!story.isSilent())
  })

  it('that told of all is not when what it told is forgotten before what the other did', () => {
    for (let offset = 0; offset < 5; offset++) {
      const story = watched()
      story.passes(offset)
      for (let i = 0; i < 4; i++) story.upload([filter, statistics])
      for (let i = 0; i < 140; i++) {
        story.wait(1_000)
        assert.ok(!story.isSilent(), `${offset} ${i}`)
      }
    }
  })

  it('that worked and then hangs is silent although a flow of a kind that it never tells goes on', () => {
    const story = watched()
    story.tells(statistics, { id: 9_999, localPort: 99, out: BYTES })
    for (let i = 0; i < 5; i++) {
      story.upload([filter, statistics])
      story.passes(30)
    }
    story.tells(statistics, { id: 9_999, localPort: 99, out: 2 * BYTES })
    assert.ok(!story.isSilent())
    for (let i = 0; i < 3; i++) story.upload([statistics])
    story.passes(20)
    assert.ok(story.isSilent())
  })

  it('that goes on to tell of an old flow alone stays silent, said once', () => {
    const story = watched()
    story.tells(filter, { id: 1, localPort: 99, out: 1 })
    story.passes(3)
    for (let i = 0; i < 3; i++) story.upload([statistics])
    story.passes(20)
    assert.ok(story.isSilent())
    const marks = story.ledger.marks.length
    for (let i = 0; i < 30; i++) {
      story.tells(filter, { id: 1, localPort: 99, out: 2 + i })
      story.wait(1_000)
      assert.ok(story.isSilent())
    }
    assert.equal(story.ledger.marks.length, marks)
    for (let i = 0; i < 3; i++) story.upload([filter])
    story.passes(15)
    assert.ok(!story.isSilent())
  })

  it('is not when two others see each of two flows', () => {
    const story = watched()
    story.begins(nettop)
    for (let i = 0; i < 2; i++) story.upload([statistics, nettop], { out: 90_000 })
    story.passes(30)
    assert.ok(!story.isSilent())
    story.upload([nettop, statistics])
    story.passes(30)
    assert.ok(story.isSilent())
  })

  it('that tells of an app’s flows without their ports is not, though nettop has them as the system’s', () => {
    const story = watched()
    story.begins(nettop)
    for (let i = 0; i < 4; i++)
      story.tells(filter, { id: 10 + i, localPort: 0, pid: 500, port: 1_000 + i, out: BYTES })
    story.wait(1_000)
    for (let i = 0; i < 4; i++)
      story.tells(nettop, { id: 80 + i, localPort: 200 + i, pid: 30, port: 1_000 + i, out: BYTES })
    story.passes(200)
    assert.ok(!story.isSilent())
  })

  it('that does not tell of sockets without a peer is not, an app’s or the system’s', () => {
    const story = watched()
    for (let i = 0; i < 6; i++)
      story.tells(statistics, {
        ...{ id: 70 + i, localPort: 5_353 + i, pid: 500 + (i % 2), out: 90_000 },
        ...{ protocol: 17, to: '::', port: 0 },
      })
    story.passes(60)
    assert.ok(!story.isSilent())
  })

  it('that hangs, as its listener says, gives way at once, and each byte counts once', () => {
    const story = watched()
    story.upload([filter, statistics])
    story.tells(filter, { id: 1, localPort: 99, out: 10 })
    story.tells(statistics, { id: 9_999, localPort: 99, out: 10 })
    story.passes(40)
    story.tells(statistics, { id: 9_999, localPort: 99, out: 50 })
    story.upload([statistics])
    assert.equal(story.ledger.out, BYTES + 10)
    story.belief.takeChanges()
    story.cannot(filter, Gap.filterSilent)
    assert.ok(story.isSilent())
    assert.equal(story.belief.choice().flows, 'network_statistics')
    assert.deepEqual(story.belief.takeChanges(), [
      {
        text: 'flows are seen by NetworkStatistics now, no longer by the network filter, which says that it runs and tells nothing',
        isBetter: false,
      },
    ])
    assert.equal(story.ledger.out, 2 * BYTES + 50)
    story.starts(filter)
    story.tells(filter, { id: 1, localPort: 99, out: 60 })
    story.enumerated(filter)
    assert.ok(!story.isSilent())
    assert.equal(story.belief.choice().flows, 'filter')
    story.tells(statistics, { id: 9_999, localPort: 99, out: 60 })
    assert.equal(story.ledger.out, 2 * BYTES + 60)
  })

  it('that stays silent is no reason why another is no longer believed', () => {
    const story = watched()
    for (let i = 0; i < 3; i++) story.upload([statistics])
    story.passes(20)
    assert.ok(story.isSilent())
    story.belief.takeChanges()
    story.begins(nettop)
    story.cannot(statistics)
    assert.deepEqual(
      story.belief.takeChanges().map(({ text }) => text),
      ['flows are seen by nettop now, no longer by NetworkStatistics'],
    )
  })

  it('is asked anew from when it began again', () => {
    const story = watched()
    for (let i = 0; i < 2; i++) story.upload([statistics])
    story.passes(30)
    story.cannot(filter)
    story.passes(5)
    story.starts(filter)
    story.enumerated(filter)
    story.upload([statistics])
    story.passes(150)
    assert.ok(!story.isSilent())
    assert.equal(story.ledger.marks.at(-1)?.kind, Mark.enumerated)
  })

  it('is so past 64 KiB, whichever way they went', () => {
    const story = watched()
    for (const out of [21_845, 21_845, 21_846]) story.upload([statistics], { out })
    story.passes(20)
    assert.ok(!story.isSilent())
    story.upload([statistics], { out: 0, in: 1 })
    story.passes(20)
    assert.ok(story.isSilent())
  })

  it('may be late, and what it tells of within the machine says nothing', () => {
    const story = watched()
    for (let i = 0; i < 3; i++)
      story.tells(statistics, { id: 70 + i, localPort: 1 + i, out: BYTES })
    story.passes(9)
    assert.ok(!story.isSilent())
    for (let i = 0; i < 3; i++) story.tells(filter, { id: 10 + i, localPort: 1 + i, out: BYTES })
    story.passes(60)
    assert.ok(!story.isSilent())
    for (let i = 0; i < 3; i++) story.upload([statistics])
    story.tells(filter, { id: 20, localPort: 99, to: '127.0.0.1', out: 1 })
    story.passes(20)
    assert.ok(story.isSilent())
  })

  it('that told of flows before another source was started anew is not, when it has forgotten them', () => {
    for (let offset = 0; offset < 5; offset++) {
      const story = watched()
      story.passes(offset)
      const both = (state: 'report' | 'closed') => {
        for (const [source, first] of [
          [filter, 10],
          [statistics, 70],
        ] as const) {
          for (let i = 0; i < 3; i++)
            story.tells(source, { id: first + i, localPort: 1 + i, out: BYTES, state })
          story.passes(source === filter && state === 'report' ? 20 : 1)
        }
      }
      both('report')
      both('closed')
      for (let i = 0; i < 150; i++) {
        story.wait(1_000)
        assert.ok(!story.isSilent(), `${offset} ${i}`)
      }
    }
  })
})
