import assert from 'node:assert/strict'
import { readHistory } from '../../src/baseline/history.ts'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { pointScoring } from '../../src/engine/detection/judging.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { FlowFlag, Mark } from '../../src/records/record.gen.ts'
import { copyOf, HOUR_MS, MIB, Script, tellByPoints as tell } from './scenario.ts'

// What a program ordinarily does, and what it does when it stops being ordinary.

const probe = { pid: 100, path: '/home/ann/probe' }
const key = `unsigned:sha256:${'ab'.repeat(32)}`

/** A program that for `days` sends `out` bytes in each of 24 hours a day and gets `answer` back. */
function habit(days: number, out: number, answer: number): Script {
  const script = new Script().start().program(probe)
  for (let hour = 0; hour < days * 24; hour++)
    script
      .flow({ id: 1 + hour, state: 'opened' })
      .flow({ id: 1 + hour, out: out + (hour % 5) * 10, in: answer, state: 'closed' })
      .wait(HOUR_MS)
      .tick()
  return script
}
const today = (script: Script, total: number) =>
  tell(script.upload({ id: 90_000, to: '198.51.100.1', total, answer: 100 }))

describe('a program that is known', () => {
  it('is noticed when it sends far more in an hour than it ever did', () => {
    const { alerts, baseline } = today(habit(32, 20_000, 40_000), 8 * MIB)
    const [first] = alerts
    assert.equal(first?.identity.name, 'probe')
    assert.ok(first.reasons.every(({ term }) => term !== 'novelty'))
    const volume = first.reasons.find(({ term }) => term === 'volume')
    assert.match(volume?.text ?? '', /sent 1\.0 MB this hour, where 19\.1 kB is ordinary for it/)
    assert.ok((volume?.value ?? 0) > 6)
    assert.equal(volume?.points, 25)
    assert.ok((readHistory(baseline.identity(key)?.history ?? '')?.hours ?? 0) > 350)
  })

  it('is not noticed when it sends what it always sends, though nothing comes back', () => {
    assert.equal(today(habit(32, 8 * MIB, 16 * MIB), 8 * MIB).alerts.length, 0)
  })

  it('is not held against hours that it has too few of', () => {
    assert.equal(today(habit(0, 0, 0).wait(32 * 24 * HOUR_MS), 8 * MIB).alerts.length, 1)
    const script = habit(0.5, 20_000, 40_000)
      .wait(32 * 24 * HOUR_MS)
      .tick()
    assert.equal(today(script, 8 * MIB).alerts.length, 0)
  })
})

describe('an hour', () => {
  const hoursOf = (text: string | undefined) => readHistory(text ?? '')

  it('is one hour, though engines end in its middle, in good order or killed', () => {
    const baseline = openMemoryBaseline()
    const run = (script: Script, isClean: boolean): void => {
      const engine = createEngine({ deviceId: 'd', baseline, scoring: pointScoring() })
      engine.save(0)
      engine.push(copyOf(script.bytes()))
      if (isClean) engine.finish()
      engine.takeFindings()
      engine.save(0)
    }
    const first = new Script().start().program(probe)
    run(first.flow({ id: 1, out: 1_000, in: 1_000, state: 'opened' }), true)
    const again = (out: number): Script => {
      const script = new Script()
      script.nowMs = first.nowMs + 60_000
      return script
        .mark(Mark.start)
        .program(probe)
        .flow({ id: 1, out, in: 1_000, flags: FlowFlag.enumerated })
        .mark(Mark.enumerated)
        .flow({ id: 1, out: out + 500, in: 1_000 })
    }
    run(again(1_200), false)
    run(again(2_000), false)
    const last = again(2_500)
    run(last.wait(HOUR_MS).tick(), false)
    const history = hoursOf(baseline.identity(key)?.history)
    assert.equal(history?.hours, 1)
    // 3,000 bytes, to 5 %.
    const [bin] = [...(history?.bins.keys() ?? [])]
    assert.equal(bin, Math.ceil(Math.log(3_000) / Math.log(1.05 / 0.95)))
    assert.equal(history?.hourOut, 0)
  })
})

describe('a slow drip', () => {
  it('is named as one, and its hours with it', () => {
    const script = new Script().start().program(probe)
    for (let id = 1; id <= 8; id++)
      script.upload({ id, total: 180_000, answer: 5_000, steps: 2 }).wait(HOUR_MS).tick()
    const [first] = tell(script).alerts
    assert.match(
      first?.reasons.find(({ term }) => term === 'volume')?.text ?? '',
      /^1\.1 MB went out in 24 hours, over 6 hours as a slow drip$/,
    )
    assert.equal(first?.reasons.find(({ term }) => term === 'volume')?.threshold, MIB)
  })
})

describe('an epoch of the system', () => {
  const later = (count: number): Script => {
    const script = new Script().start().wait(80 * HOUR_MS)
    for (let i = 0; i < count; i++)
      script.program({ pid: 500 + i, path: `/usr/bin/new-${i}`, owner: 0, sha: `${10 + i}` })
    return script.tick(300).upload({ id: 1, pid: 500, total: 400 * MIB, keepOpen: true })
  }

  it('begins with more than ten new programs of it in a day, and halves their novelty', () => {
    const novelty = (count: number) =>
      tell(later(count)).alerts[0]?.reasons.find(({ term }) => term === 'novelty')
    assert.equal(novelty(10)?.points, 30)
    assert.equal(novelty(11)?.points, 15)
    assert.match(novelty(11)?.text ?? '', /counts less: many programs of the system were new/)
  })

  it('does not begin while a machine begins to be watched', () => {
    const script = new Script().start()
    for (let i = 0; i < 40; i++)
      script.program({ pid: 500 + i, path: `/usr/bin/new-${i}`, owner: 0, sha: `${10 + i}` })
    assert.equal(tell(script.ticks(2)).baseline.fact('platform_epoch_ns'), undefined)
  })
})
