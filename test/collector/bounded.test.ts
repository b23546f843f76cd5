// What is cut of a device's texts is gone, and not held in memory by what is left.
import assert from 'node:assert/strict'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { keptOf } from '../../src/collector/fleet/policy-reports.ts'
import { boundedHost, boundedLive } from '../../src/collector/gateway/bounded.ts'
import type { HostFacts, Live } from '../../src/stream/message.ts'
import type { PolicyReport } from '../../src/stream/policy-message.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
setFlagsFromString('--no-expose-gc')

const BYTES = 500_000
const DEVICES = 100
const long = Buffer.alloc(BYTES, 'a')
/** As a decoder gives it: each text a string of its own. */
const text = () => long.toString()

/** Bytes of memory for what so many devices said. */
function heldBy(say: () => unknown): number {
  collect()
  const before = process.memoryUsage().heapUsed
  const kept = Array.from({ length: DEVICES }, say)
  collect()
  const held = process.memoryUsage().heapUsed - before
  assert.equal(kept.length, DEVICES)
  return held
}

const host: HostFacts = {
  ...{ hostname: '', os: '', osVersion: '', osBuild: '', hardware: '', arch: '', bootId: '' },
}
const flow = () => ({ name: text(), destination: text(), bytesOut: 0, bytesIn: 0 })
const said: [string, () => unknown][] = [
  ['a name', () => boundedHost({ ...host, hostname: text() })],
  ['its counters', () => boundedLive({ degraded: text(), top: [flow()] } as unknown as Live)],
  [
    'a report of policies',
    () => keptOf({ group: text(), documents: [], suppressions: [] } as unknown as PolicyReport),
  ],
]

describe('a text that is cut', () => {
  it('is held by memory, as it is: else the rest of this finds nothing', () => {
    assert.ok(heldBy(text) > (DEVICES * BYTES) / 2)
  })
  for (const [what, say] of said)
    it(`of ${what} is not held whole by what is left of it`, () => {
      const held = heldBy(say)
      assert.ok(held < (DEVICES * BYTES) / 10, `${held} bytes`)
    })
})
