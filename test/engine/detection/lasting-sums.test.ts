// What programs sent in the last 24 hours, over the end of engines and of boots, and whatever is done to the clock.
import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { openMemoryBaseline } from '../../../src/baseline/memory.ts'
import type { StoredSum } from '../../../src/baseline/sums.ts'
import { rarityScoring } from '../../../src/engine/detection/judging.ts'
import { createEngine, type Engine } from '../../../src/engine/engine.ts'
import type { Alert } from '../../../src/engine/finding.ts'
import type { Limits } from '../../../src/engine/limits.ts'
import { FlowFlag, LAYOUT, Mark, writeMark, writeTick } from '../../../src/records/record.gen.ts'
import { BOOT_UNIX_NS, copyOf, HOUR_MS, Script } from '../scenario.ts'

const KIB = 1_024
/** An engine is made at each kill: smaller tables, fewer stories, and none is shrunk, which would take minutes. */
const SMALL: Partial<Limits> = {
  ...{ flows: 64, parkedFlows: 64, pairs: 64, processes: 64, identities: 64, alerts: 16 },
  ...{ heldFlows: 64, heldSendings: 16, pendingNames: 16 },
}
const RUNS = { numRuns: 60, endOnFailure: true }
const scoring = rarityScoring(0.1)
const host = (place: number): string => `203.0.${place}.7`

/** Records of a machine whose clock may be wrong, over several boots. */
class Boots extends Script {
  boot = 1
  /** When this boot began, since the first did, and what its clock shows too much. */
  beganMs = 0
  aheadMs = 0

  get unixNs(): bigint {
    return BOOT_UNIX_NS + this.atNs + BigInt(this.beganMs + this.aheadMs) * 1_000_000n
  }
  override mark(kind: number): this {
    const { capabilities, boot, unixNs } = this
    return this.add(
      writeMark({
        ...this.head(),
        ...{ kind, capabilities, gaps: 0, unixNs, layout: LAYOUT, note: '' },
        bootId: new Uint8Array(16).fill(boot),
      }),
    )
  }
  override tick(ms = 0): this {
    return this.wait(ms).add(writeTick({ ...this.head(), unixNs: this.unixNs }))
  }
}

type Sent = { atMs: number; place: number; bytes: number }

class Machine {
  readonly baseline = openMemoryBaseline()
  readonly script = new Boots()
  readonly alerts: Alert[] = []
  readonly flows = new Map<number, { place: number; out: number; in: number }>()
  readonly sent: Sent[] = []
  readonly #limits: Partial<Limits>
  #last: Uint8Array[] = []
  engine: Engine

  constructor(limits: Partial<Limits> = {}) {
    this.#limits = limits
    this.engine = this.#create()
    this.look()
  }
  #create(): Engine {
    const { baseline } = this
    const engine = createEngine({
      deviceId: 'd',
      baseline,
      scoring,
      limits: { ...SMALL, ...this.#limits },
    })
    engine.save(0)
    return engine
  }
  get nowMs(): number {
    return this.script.beganMs + this.script.nowMs
  }
  /** All there is is named. */
  look(): void {
    const { script } = this
    script.mark(Mark.start).system(50, '/usr/sbin/backupd')
    script.program({ pid: 100, path: '/home/ann/probe', parent: 50 })
    for (const id of this.flows.keys()) this.report(id, FlowFlag.enumerated)
    script.mark(Mark.enumerated)
  }
  report(id: number, flags = 0): void {
    const flow = this.flows.get(id)
    if (flow) this.script.flow({ id, to: host(flow.place), out: flow.out, in: flow.in, flags })
  }
  send(id: number, place: number, out: number, bytesIn = 0): void {
    const flow = this.flows.get(id) ?? { place, out: 0, in: 0 }
    this.flows.set(id, flow)
    flow.out += out
    flow.in += bytesIn
    this.report(id)
    this.sent.push({ atMs: this.nowMs, place: flow.place, bytes: out })
  }
  commit(): void {
    const { records } = this.script
    this.script.records = []
    this.engine.push(copyOf(Buffer.concat(records)))
    for (const finding of this.engine.takeFindings())
      if (finding.kind === 'alert') this.alerts.push(finding.alert)
    this.engine.save(0)
    this.#last = records
  }
  /** Killed after a commit; what it was told last may come again. */
  kill(isToldAgain: boolean): void {
    this.commit()
    this.engine = this.#create()
    this.script.mark(Mark.enumerated)
    if (isToldAgain) this.script.records.push(...this.#last)
    this.look()
  }
  reboot(offMs: number, isNewEngine: boolean): void {
    this.commit()
    if (isNewEngine) this.engine = this.#create()
    const { script } = this
    script.beganMs = this.nowMs + offMs
    script.nowMs = 1_000
    script.boot++
    this.flows.clear()
    this.look()
  }
  /** In order, so that two machines can be compared. */
  sums(): StoredSum[] {
    this.commit()
    const nameOf = ({ program, destination }: StoredSum) => `${program} ${destination}`
    return this.baseline.sums.all().sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
  }
  /** Bytes by place in the hours that count. */
  places(): Map<string, number> {
    return new Map(
      this.sums()
        .filter(({ destination }) => destination !== '')
        .map(({ destination, hours }) => [
          destination,
          hours.reduce((sum, { hard }) => sum + hard, 0),
        ]),
    )
  }
  /** What was sent there in so many hours before now. */
  sentIn(hours: number, place: number): number {
    return this.sent
      .filter((one) => one.place === place && one.atMs > this.nowMs - hours * HOUR_MS)
      .reduce((sum, { bytes }) => sum + bytes, 0)
  }
}

const PLACES = 3
type Step = { kind: string; flow: number; bytes: number; in: number; waitMs: number; is: boolean }
const stories = (...kinds: string[]) =>
  fc.array(
    fc.record({
      kind: fc.constantFrom(...kinds),
      flow: fc.nat(5),
      bytes: fc.nat(300 * KIB),
      in: fc.oneof(fc.constant(0), fc.nat(900 * KIB)),
      waitMs: fc.oneof(fc.nat(60_000), fc.nat(3 * HOUR_MS), fc.nat(20 * HOUR_MS)),
      is: fc.boolean(),
    }),
    { maxLength: 30, size: 'max' },
  )

/** `hasAnswers`: what comes back goes on to; else it has all come with the first report. */
function play(story: Step[], isKilled: boolean, hasAnswers: boolean): Machine {
  const machine = new Machine()
  for (const { kind, flow, bytes, in: bytesIn, waitMs, is } of story) {
    if (kind === 'wait') machine.script.tick(waitMs)
    else if (kind === 'send') {
      const isFirst = !machine.flows.has(flow)
      const answer = hasAnswers ? bytesIn : isFirst ? 4 * KIB * (flow % 3) : 0
      machine.script.tick(1_000)
      machine.send(flow, flow % PLACES, bytes, answer)
    } else if (isKilled) machine.kill(is)
  }
  // The present hour is the latest that is known.
  machine.send(99, 99, 1)
  return machine
}

describe('sums of excess over the end of an engine', () => {
  it('are those of one that was never killed, hour by hour, wherever it was', () => {
    fc.assert(
      fc.property(stories('send', 'send', 'wait', 'kill'), (story) => {
        deepEqual(play(story, true, false).sums(), play(story, false, false).sums())
      }),
      RUNS,
    )
  })

  it('are never less, and count no byte more often than it was sent, where answers came between', () => {
    fc.assert(
      fc.property(stories('send', 'send', 'kill'), (story) => {
        const killed = play(story, true, true)
        const whole = play(story, false, true).places()
        const sums = killed.places()
        for (let place = 0; place < PLACES; place++) {
          const name = `203.0.${place}.0/24`
          ok((sums.get(name) ?? 0) >= (whole.get(name) ?? 0))
          ok((sums.get(name) ?? 0) <= killed.sentIn(1e6, place))
        }
      }),
      RUNS,
    )
  })

  it('tell of 30 KiB an hour for a day, as it is told without one', () => {
    const drip = (isKilled: boolean) => {
      const machine = new Machine()
      for (let i = 1; i <= 24; i++) {
        machine.send(i, 1, 30 * KIB)
        machine.script.tick(HOUR_MS)
        if (isKilled) machine.kill(i % 2 === 0)
      }
      machine.commit()
      return machine.alerts
    }
    const [killed, whole] = [drip(true), drip(false)]
    ok(whole.length > 0)
    const told = ({ destination, reasons }: Alert) => [
      destination.key,
      reasons.find(({ term }) => term === 'volume'),
    ]
    deepEqual(told(killed[0] as Alert), told(whole[0] as Alert))
    equal(new Set(killed.map(({ id }) => id)).size, new Set(whole.map(({ id }) => id)).size)
  })

  it('are bounded in the store as in memory, and the large one stays among any number of others', () => {
    const machine = new Machine({ pairs: 16, alerts: 4 })
    machine.send(1, 200, 900 * KIB)
    for (let i = 0; i < 150; i++) {
      machine.send(i + 2, i, 20 * KIB)
      machine.script.tick(1_000)
      if (i % 10 === 0) machine.kill(false)
    }
    const sums = machine.sums()
    ok(sums.length <= 17 && sums.length > 4, `${sums.length}`)
    ok(machine.places().get('203.0.200.0/24') === 900 * KIB)
  })

  it('say that some could not be read, once', () => {
    const machine = new Machine()
    machine.commit()
    machine.baseline.putFact('sums_unreadable', 3n)
    const said = () => {
      machine.kill(false)
      machine.engine.push(copyOf(Buffer.concat(machine.script.records)))
      machine.script.records = []
      return machine.engine
        .takeFindings()
        .filter(({ kind }) => kind === 'health')
        .map((finding) => (finding.kind === 'health' ? finding.health : undefined))
        .filter((health) => health?.of === 'baseline')
    }
    const [health, ...more] = said()
    equal(health?.count, 3)
    ok(health?.text.startsWith('3 stored parts of what programs sent'))
    deepEqual([more, said()], [[], []])
  })
})

describe('sums of excess over the end of a boot', () => {
  /** The present hour is the latest that is known. */
  const placesNow = (machine: Machine) => {
    machine.send(99, 99, 1)
    return machine.places()
  }
  const boots = (story: Step[], hasClock: boolean) => {
    const machine = new Machine()
    let offMs = 0
    for (const { kind, flow, bytes, waitMs, is } of story) {
      if (kind === 'wait') machine.script.tick(waitMs)
      else if (kind === 'send') machine.send(flow, flow % PLACES, bytes)
      else if (kind === 'kill') machine.kill(is)
      else if (kind === 'reboot') {
        machine.reboot(waitMs, is)
        offMs += waitMs
      } else if (hasClock) {
        const ms = (flow - 2) * waitMs * 10
        machine.script.aheadMs += ms
        machine.script.mark(Mark.enumerated)
      }
    }
    return { machine, offMs }
  }

  it('are of the last 24 hours, to the hour', () => {
    fc.assert(
      fc.property(stories('send', 'send', 'wait', 'kill', 'reboot'), (story) => {
        const { machine } = boots(story, false)
        const sums = placesNow(machine)
        for (let place = 0; place < PLACES; place++) {
          const sum = sums.get(`203.0.${place}.0/24`) ?? 0
          ok(sum >= machine.sentIn(24, place), `${sum} < ${machine.sentIn(24, place)}`)
          ok(sum <= machine.sentIn(25.01, place), `${sum} > ${machine.sentIn(25.01, place)}`)
        }
      }),
      RUNS,
    )
  })

  it('are neither lost nor renewed by a clock that is set, forward or back, while the machine runs', () => {
    fc.assert(
      fc.property(stories('send', 'send', 'wait', 'kill', 'reboot', 'clock'), (story) => {
        const { machine, offMs } = boots(story, true)
        const sums = placesNow(machine)
        // Where the clock went back, how long it was off is not known: that time ages nothing.
        const most = 25.01 + offMs / HOUR_MS
        for (let place = 0; place < PLACES; place++) {
          const sum = sums.get(`203.0.${place}.0/24`) ?? 0
          ok(sum >= machine.sentIn(24, place), `${sum} < ${machine.sentIn(24, place)}`)
          ok(sum <= machine.sentIn(most, place), `${sum} > ${machine.sentIn(most, place)}`)
        }
      }),
      RUNS,
    )
  })

  it('are as of before where a boot begins in 1970 and is told the time later, again and again', () => {
    const machine = new Machine()
    machine.send(1, 1, 50 * KIB)
    machine.commit()
    const unix = (): number => Number(machine.script.unixNs / 1_000_000n)
    for (let i = 0; i < 3; i++) {
      machine.script.aheadMs = -unix()
      machine.reboot(HOUR_MS, i % 2 === 0)
      machine.commit()
      machine.script.aheadMs = 0
      machine.script.mark(Mark.enumerated).tick(3 * HOUR_MS)
      equal(placesNow(machine).get('203.0.1.0/24'), 50 * KIB)
    }
    machine.script.tick(17 * HOUR_MS)
    equal(placesNow(machine).get('203.0.1.0/24'), undefined)
  })
})
