import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { CarriedFlow } from '../../src/baseline/carried.ts'
import { applyFlowLog, type FlowChanges, FlowLog, packFlows } from '../../src/baseline/flow-log.ts'
import { UnusableFile } from '../../src/baseline/sqlite-file.ts'

const flowOf = (change: Partial<CarriedFlow>): CarriedFlow => ({
  idLow: 1,
  idHigh: 0,
  epoch: 0,
  bytesOut: 0,
  bytesIn: 0,
  sinceOut: 0,
  sinceIn: 0,
  ...change,
})

const changesIn = (packed: Uint8Array): FlowChanges => {
  const changes: FlowChanges = new Map()
  applyFlowLog(changes, packed)
  return changes
}

const u32 = fc.integer({ min: 0, max: 0xffffffff })
const counter = fc.maxSafeNat()
const flows = fc.array(
  fc.record(
    {
      idLow: u32,
      idHigh: u32,
      epoch: u32,
      bytesOut: counter,
      bytesIn: counter,
      sinceOut: counter,
      sinceIn: counter,
    },
    { noNullPrototype: true },
  ),
)

describe('log of open flows', () => {
  it('is these bytes', () => {
    const log = new FlowLog()
    log.put(flowOf({ idLow: 300, idHigh: 1, epoch: 2, bytesOut: 127, bytesIn: 128, sinceIn: 9 }))
    log.drop(5, 0, 64)
    assert.equal(Buffer.from(log.packed()).toString('hex'), 'ac0201047f800100090500' + '8101')
  })

  it('gives back the last that was said of each flow, at the edges of every number', () => {
    const most = Number.MAX_SAFE_INTEGER
    const widest = flowOf({
      idLow: 0xffffffff,
      idHigh: 0xffffffff,
      epoch: 0xffffffff,
      bytesOut: most,
      bytesIn: most,
      sinceOut: most,
      sinceIn: most,
    })
    const log = new FlowLog()
    log.put(flowOf({ bytesOut: 1 }))
    log.put(widest)
    log.put(flowOf({ bytesOut: 2 }))
    log.put(flowOf({ idLow: 2 }))
    log.drop(2, 0, 0)
    const said = [...changesIn(log.packed()).values()]
    assert.deepEqual(said, [
      { flow: flowOf({ bytesOut: 2 }), isGone: false },
      { flow: widest, isGone: false },
      { flow: flowOf({ idLow: 2 }), isGone: true },
    ])
    assert.deepEqual([...changesIn(packFlows(said).packed()).values()], said)
    log.clear()
    assert.equal(changesIn(log.packed()).size, 0)
  })

  it('gives back whatever it was told', () => {
    fc.assert(
      fc.property(flows, (told) => {
        const log = new FlowLog()
        for (const flow of told) log.put(flow)
        const last = new Map(
          told.map((flow) => [`${flow.idLow} ${flow.idHigh} ${flow.epoch}`, flow]),
        )
        assert.deepEqual(
          [...changesIn(log.packed()).values()].map(({ flow }) => flow),
          [...last.values()],
        )
      }),
    )
  })

  it('refuses a change that is cut off, at every byte', () => {
    const log = new FlowLog()
    log.put(flowOf({ idLow: 300, bytesOut: 128 }))
    for (let length = 1; length < log.length; length++)
      assert.throws(() => changesIn(log.packed().subarray(0, length)), /a change is cut off/)
  })

  it('refuses numbers that no flow has', () => {
    const refused = (hex: string) =>
      assert.throws(() => changesIn(Buffer.from(hex, 'hex')), /a number is too large/)
    // An id of 2^32, an epoch of 2^32, 2^53 bytes, and a number without an end.
    refused('8080808010')
    refused('01008080808020')
    refused('0100008080808080808010')
    refused('ffffffffffffffffffff')
    assert.throws(() => changesIn(Buffer.from(`010000${'ff'.repeat(7)}0f`, 'hex')), /cut off/)
  })

  it('takes any bytes for a log or refuses them, and never says a number out of range', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (packed) => {
        try {
          for (const { flow } of changesIn(packed).values())
            assert.ok(Object.values(flow).every(Number.isSafeInteger), JSON.stringify(flow))
        } catch (error) {
          if (!(error instanceof UnusableFile)) throw error
        }
      }),
      { numRuns: 1000 },
    )
  })
})
