// What happens on a made-up Mac becomes records: in order of time, each with what it says.
import assert from 'node:assert/strict'
import { createEvents } from '../../src/eval/events.ts'
import {
  type FlowRecord,
  FlowState,
  readFlow,
  readTick,
  writeFlow,
  writeTick,
} from '../../src/records/record.gen.ts'

const FLOW: FlowRecord = {
  ...{ source: 3, atNs: 0n, flowId: 7n, bytesOut: 0n, bytesIn: 0n, epoch: 0, pid: 9 },
  ...{ pidversion: 10, flags: 0, remoteAddr: new Uint8Array(16).fill(1), remotePort: 443 },
  ...{ localPort: 50_000, protocol: 6, direction: 1, state: FlowState.opened },
}
const LIKE = writeFlow(FLOW)
const tick = (atNs: bigint): Uint8Array => writeTick({ source: 2, atNs, unixNs: 5n })

describe('events of a made-up Mac', () => {
  it('are written in order of time, and at the same time as they were added', () => {
    const events = createEvents()
    const closed = { out: 2 ** 40 + 1, in: 3, state: FlowState.closed }
    events.report(2_000.5, 1_000, LIKE, closed)
    events.add(1_500, 1_000, tick)
    events.report(1_500, 1_000, LIKE, { out: 0, in: 0, state: FlowState.opened })
    const records = events.records()
    const view = new DataView(records.buffer)
    assert.equal(records.length, 24 + 80 + 80)
    assert.deepEqual(readTick(view, 0), { source: 2, atNs: 500_000_000n, unixNs: 5n })
    // As if each had been written for itself.
    assert.deepEqual(readFlow(view, 24), { ...FLOW, atNs: 500_000_000n })
    assert.deepEqual(readFlow(view, 104), {
      ...FLOW,
      ...{ atNs: 1_000_500_000n, bytesOut: 2n ** 40n + 1n, bytesIn: 3n, state: FlowState.closed },
    })
    assert.deepEqual(readFlow(new DataView(LIKE.buffer), 0), FLOW, 'what they are like is changed')
  })

  it('refuses counts that are none', () => {
    for (const out of [-1, 0.5, 2 ** 53, Number.NaN]) {
      const events = createEvents()
      events.report(0, 0, LIKE, { out, in: 0, state: FlowState.report })
      assert.throws(() => events.records(), new RegExp(`RangeError: ${out} at byte 24 `))
    }
  })
})
