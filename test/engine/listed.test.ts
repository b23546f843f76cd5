// The flows that an alert lists: which, and what is said of each.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Alert, ListedFlow } from '../../src/engine/finding.ts'
import { Direction, FlowFlag, Mark } from '../../src/records/record.gen.ts'
import { BOOT_UNIX_NS, MIB, machine, Script, tell, tellByPoints } from './scenario.ts'

const probe = { pid: 100, path: '/home/ann/probe', parent: 50, sha: 'aa' }
const stranger = (): Script => machine().program(probe)
const atMs = (ms: number) => BOOT_UNIX_NS + BigInt(ms) * 1_000_000n

const listedOf = (alert: Alert | undefined): ListedFlow[] => {
  assert(alert?.listedFlows)
  return alert.listedFlows
}
const short = (flows: ListedFlow[]) =>
  flows.map(({ localPort, bytesOut, state }) => [localPort, bytesOut, state])

describe('flows of an alert', () => {
  it('are told with who had them, from where to where, when, how much and how they are', () => {
    const script = stranger().flow({ id: 1, localPort: 50_001, state: 'opened' })
    const beganMs = script.nowMs
    script.tick(1_000).flow({ id: 1, localPort: 50_001, out: 3 * MIB, in: 70 })
    const { alerts } = tell(script)
    const open = {
      firstAt: atMs(beganMs),
      lastAt: atMs(beganMs + 1_000),
      pid: 100,
      localPort: 50_001,
      address: '203.0.113.7',
      port: 443,
      isInbound: false,
      bytesOut: 3 * MIB,
      bytesIn: 70,
      isUnread: false,
      state: 'open',
    }
    assert.deepEqual(alerts[0]?.listedFlows, [open])
    const closed = script.flow({ id: 1, localPort: 50_001, out: 4 * MIB, in: 70, state: 'closed' })
    const last = tell(closed.ticks(3)).alerts.at(-1)
    assert.equal(last?.state, 'final')
    assert.deepEqual(last.listedFlows, [{ ...open, bytesOut: 4 * MIB, state: 'closed' }])
  })

  it('are those with the most bytes, however many there are; the rest is in the numbers', () => {
    const script = stranger()
    for (let id = 1; id <= 300; id++)
      script.flow({ id, localPort: 40_000 + id, state: 'opened' }).flow({
        id,
        localPort: 40_000 + id,
        out: 100_000 + id,
        state: id % 2 === 0 ? 'report' : 'closed',
      })
    script
      .ticks(70)
      .flow({ id: 2, localPort: 40_002, out: 400 * MIB })
      .ticks(70)
    const { alerts } = tell(script)
    const last = alerts.at(-1)
    assert.equal(last?.flows, 300)
    const listed = listedOf(last)
    assert.equal(listed.length, 20)
    assert.deepEqual(short(listed.slice(0, 3)), [
      [40_002, 400 * MIB, 'open'],
      [40_300, 100_300, 'open'],
      [40_299, 100_299, 'closed'],
    ])
    const sizes = listed.map(({ bytesOut }) => bytesOut)
    assert.deepEqual(
      sizes,
      sizes.toSorted((a, b) => b - a),
    )
  })

  it('that had closed before it opened are among them, the largest of them', () => {
    const script = stranger()
    for (let id = 1; id <= 9; id++)
      script.upload({ id, localPort: 40_000 + id, total: 50_000 + id, answer: 60_000, steps: 1 })
    const { alerts } = tellByPoints(script.upload({ id: 10, localPort: 40_010, total: 4 * MIB }))
    const opened = listedOf(alerts[0])
    assert.equal(alerts[0]?.flows, 10)
    assert.deepEqual(
      short(opened).map(([port, , state]) => [port, state]),
      [[40_010, 'open'], ...[9, 8, 7, 6, 5].map((id) => [40_000 + id, 'closed'])],
    )
  })

  it('that went to another program are told as gone, with what was theirs', () => {
    const worker = { ...probe, pidversion: 2, path: '/home/ann/worker', sha: 'bb' }
    const script = stranger().flow({ id: 1, localPort: 7, state: 'opened' }).tick(100)
    script.flow({ id: 1, localPort: 7, out: 4 * MIB }).program(worker)
    script.flow({ id: 1, localPort: 7, out: 4 * MIB, pidversion: 2 }).tick(100)
    script.flow({ id: 1, localPort: 7, out: 9 * MIB, pidversion: 2 }).ticks(3)
    const { alerts } = tell(script)
    const of = (name: string) => alerts.findLast(({ identity }) => identity.name === name)
    assert.deepEqual(short(listedOf(of('probe'))), [[7, 4 * MIB, 'gone']])
    assert.deepEqual(short(listedOf(of('worker'))), [[7, 5 * MIB, 'open']])
  })

  it('say where their counters could not be read, and who made them', () => {
    const script = stranger()
      .flow({ id: 1, direction: Direction.inbound, localPort: 8080, port: 40_001, state: 'opened' })
      .tick(1_000)
      .flow({
        ...{ id: 1, direction: Direction.inbound, localPort: 8080, port: 40_001 },
        ...{ out: 30 * MIB, state: 'closed' as const, flags: FlowFlag.countersLost },
      })
    const [listed] = listedOf(tell(script.ticks(3)).alerts.at(-1))
    assert.deepEqual([listed?.isInbound, listed?.isUnread, listed?.port], [true, true, 40_001])
  })

  it('outlive a restart: those that go on are open again, each is there once', () => {
    const before = tell(
      stranger()
        .upload({ id: 2, localPort: 40_002, total: 100_000, steps: 1 })
        .upload({ id: 3, localPort: 40_003, total: 3 * MIB, keepOpen: true })
        .upload({ id: 4, localPort: 40_004, total: 2 * MIB, keepOpen: true }),
    )
    assert.equal(listedOf(before.alerts.at(-1))[0]?.localPort, 40_003)
    const after = new Script()
    after.nowMs = 60_000
    after.mark(Mark.start)
    after.exec({ pid: 50, path: '/usr/bin/bash', flags: 1 })
    after.exec({ ...probe, flags: 1 })
    after.flow({ id: 3, localPort: 40_003, out: 4 * MIB, flags: FlowFlag.enumerated })
    after.mark(Mark.enumerated).tick(1_000)
    const { alerts } = tell(after, { baseline: before.baseline })
    assert.deepEqual(short(listedOf(alerts.at(-1))), [
      [40_003, 4 * MIB, 'open'],
      [40_004, 2 * MIB, 'gone'],
      [40_002, 100_000, 'closed'],
    ])
  })

  it('never sum up to more than the alert, whatever the flows do', () => {
    const one = fc.record({
      id: fc.integer({ min: 1, max: 40 }),
      more: fc.integer({ min: 0, max: 400_000 }),
      answer: fc.integer({ min: 0, max: 50 }),
      close: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(one, { maxLength: 120 }), (steps) => {
        const script = stranger()
        const flows = new Map<number, { epoch: number; out: number; in: number; isOpen: boolean }>()
        for (const { id, more, answer, close } of steps) {
          const known = flows.get(id)
          const flow = known?.isOpen
            ? known
            : { epoch: (known?.epoch ?? -1) + 1, out: 0, in: 0, isOpen: true }
          flows.set(id, flow)
          flow.out += more
          flow.in += answer
          flow.isOpen = !close
          const { epoch, out, in: into } = flow
          script
            .tick(50)
            .flow({ id, epoch, out, in: into, ...(close && { state: 'closed' as const }) })
        }
        for (const alert of tell(script.ticks(70)).alerts) {
          const listed = listedOf(alert)
          assert(listed.length <= 20 && listed.length <= alert.flows)
          const sum = listed.reduce((all, { bytesOut }) => all + bytesOut, 0)
          assert(sum <= alert.bytesOut, `${sum} of ${alert.bytesOut}`)
          if (alert.flows <= 5) assert.equal(sum, alert.bytesOut)
        }
      }),
      { numRuns: 200 },
    )
  })
})
