// Ways around a detector: each is what its name says, so that who is silent on it is silent on that.
import assert from 'node:assert/strict'
import type { Actor, Sending } from '../../src/eval/actor.ts'
import { EVASIONS } from '../../src/eval/evasions.ts'
import { DAYS_BEFORE } from '../../src/eval/host.ts'
import { DAY_MS, HOUR_MS } from '../../src/eval/mac.ts'
import { OWN_DAYS, type OwnDay } from '../../src/eval/own-days.ts'
import { traceOf } from '../../src/eval/recorded.ts'
import { DAY_UNIX_MS, tellBefore, tellDay, whoKey } from '../../src/eval/telling.ts'
import { engines, POINTS, RARITY } from '../../src/eval/today.ts'
import { HEADER_BYTES, Mark, RecordType, readMark, readTick } from '../../src/records/record.gen.ts'

const evasion = (part: string): Actor => {
  const found = EVASIONS.find(({ name }) => name.includes(part))
  assert.ok(found, part)
  return found.actor(20_000)
}
const ownDay = (part: string): OwnDay => {
  const found = OWN_DAYS.find(({ name }) => name.includes(part))
  assert.ok(found, part)
  return found
}
/** Addresses that the engine tells of on a day, after days on which `earlier` acted. */
function toldOf(
  day: ReturnType<typeof tellDay>,
  earlier: (daysBefore: number) => readonly Actor[],
  by = POINTS,
): { actor: Actor | undefined; to: string }[] {
  const detector = engines({ withTerms: false }).find(({ name }) => name === by)
  const run = detector?.start()
  run?.before(
    tellBefore(DAYS_BEFORE.map((daysBefore) => ({ daysBefore, actors: earlier(daysBefore) }))),
  )
  return (run?.day(day.records) ?? []).map(({ pid, pidversion, to }) => ({
    actor: day.actors.get(whoKey(pid, pidversion)),
    to,
  }))
}

describe('an engine of an evaluation', () => {
  it('refuses days before that its small tables cannot hold, since an agent would learn more of them', () => {
    const [detector] = engines({ withTerms: false })
    const learnt = (places: number): void => {
      const sendings = Array.from({ length: places }, (_, at) => traceOf(at)).flat()
      const actor = { ...evasion('gdb'), sendings }
      detector?.start().before(tellBefore([{ daysBefore: 1, actors: [actor] }]))
    }
    learnt(1_024)
    assert.throws(() => learnt(1_025), /RangeError: the days before have more than 1024 flows open/)
  })
})

describe('ways around a detector', function () {
  this.timeout(60_000)

  it('fill the table of alerts while their connections stay open: what comes then is told all the same', () => {
    const { victim, beside } = ownDay('1,024')
    assert.equal(beside.length, 345)
    const uploadsMs = beside.flatMap(({ sendings }) => sendings.map(({ atMs }) => atMs))
    assert.ok(Math.max(...uploadsMs) < (victim.sendings[0]?.atMs ?? 0))
    const closed = beside.map((actor) => ({
      ...actor,
      sendings: actor.sendings.map((one) => ({ ...one, points: one.points.slice(0, -1) })),
    }))
    for (const [actors, isFull] of [
      [beside, true],
      [closed, false],
    ] as const) {
      const told = toldOf(tellDay([...actors, victim]), () => [])
      const before = told.filter(({ actor }) => actor !== victim).length
      if (isFull) assert.ok(before >= 1_024 && before < uploadsMs.length, `${before} alerts`)
      else assert.equal(before, uploadsMs.length)
      assert.equal(told.length, before + 1)
      const rare = toldOf(tellDay([...actors, victim]), () => [], RARITY)
      assert.equal(rare.filter(({ actor }) => actor === victim).length, 1)
      assert.equal(rare.length, beside.length + 1)
    }
  })

  it('stay below 24 hours of sending: one more hour a day and the same upload is told by points, by rarity at once', () => {
    const few = evasion('in 21 hours')
    const hours = few.earlier ?? []
    assert.equal(hours.length * DAYS_BEFORE.length, 21)
    const more: Sending = { ...(hours[0] as Sending), atMs: 20 * HOUR_MS }
    const many: Actor = { ...few, earlier: [...hours, more] }
    for (const [actor, count] of [
      [few, 0],
      [many, 1],
    ] as const) {
      const told = toldOf(tellDay([actor]), () => [{ ...actor, sendings: actor.earlier ?? [] }])
      assert.equal(told.length, count)
      const rare = toldOf(
        tellDay([actor]),
        () => [{ ...actor, sendings: actor.earlier ?? [] }],
        RARITY,
      )
      assert.equal(rare.length, 1)
    }
  })

  it('set the clock back 31 days for the first run, and right again for the upload', () => {
    const { victim, clock } = ownDay('clock')
    const { records } = tellDay([victim], clock)
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
    const steps: number[] = []
    let ahead = 0
    for (let at = 0; at + HEADER_BYTES <= records.length; at += view.getUint32(at, true)) {
      const type = view.getUint16(at + 4, true)
      if (type === RecordType.tick) {
        const tick = readTick(view, at)
        const storyMs = Number(tick.atNs) / 1e6 - 20_000
        const saysMs = Number(tick.unixNs) / 1e6 - DAY_UNIX_MS
        if (Math.round(saysMs - storyMs) !== 0) ahead++
      }
      if (type !== RecordType.mark) continue
      const mark = readMark(view, at)
      if (mark.kind === Mark.clock)
        steps.push((Number(mark.unixNs - mark.atNs) / 1e6 - DAY_UNIX_MS + 20_000) / DAY_MS)
    }
    assert.deepEqual(steps, [-31, 0])
    assert.equal(ahead, (2 * HOUR_MS) / 30_000)
    const [first, upload, ...none] = victim.sendings
    assert.ok(first && upload && none.length === 0)
    assert.ok(first.atMs > (clock[0]?.atMs ?? 0) && first.atMs < (clock[1]?.atMs ?? 0))
    assert.ok(upload.atMs > (clock[1]?.atMs ?? 0))
    // With a clock that nobody sets the same is told.
    assert.equal(toldOf(tellDay([victim]), () => []).length, 1)
  })
})
