// What is cut of a device's texts is gone, and not held in memory by what is left.
import assert from 'node:assert/strict'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { keptOf } from '../../src/collector/fleet/policy-reports.ts'
import { boundedHost, boundedLive } from '../../src/collector/gateway/bounded.ts'
import { Devices } from '../../src/collector/gateway/devices.ts'
import type { HostFacts, Live } from '../../src/stream/message.ts'
import type { PolicyReport } from '../../src/stream/policy-message.ts'
import { unixNs } from '../../src/units.ts'
import { DEVICE_A, helloOf, liveOf, T0 } from './agent.ts'

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

describe('what is remembered of a device that has left', () => {
  const said = (length: number) => 'ж'.repeat(length)
  const remembered = (isAdmitted: boolean, isEnrolled = true) => {
    const devices = new Devices(10, undefined, () => isAdmitted)
    const at = unixNs(T0, 'at')
    const { hello } = helloOf(DEVICE_A, `mac-1 ${said(250)}`)
    const facts = { ...hello, id: DEVICE_A, host: boundedHost(hello.host), isEnrolled }
    const enrolled = { device: 1, outbox: 1, lastSequence: 0, firstSeenAt: at }
    const device = devices.connect(facts, enrolled, true, at)
    devices.report(device, boundedLive({ ...liveOf(), degraded: said(3000) }), at)
    assert.equal(devices.get(DEVICE_A)?.live?.degraded.length, 2048)
    devices.disconnect(device, at)
    const { live, facts: kept } = devices.get(DEVICE_A) ?? assert.fail()
    return { hasLive: live !== undefined, nameChars: kept.host.hostname.length }
  }

  it('is short where nobody has admitted it, and all of one of this machine, or that was admitted', () => {
    assert.deepEqual(remembered(false), { hasLive: false, nameChars: 64 })
    for (const [isAdmitted, isEnrolled] of [
      [true, true],
      [false, false],
    ] as const)
      assert.deepEqual(remembered(isAdmitted, isEnrolled), { hasLive: true, nameChars: 256 })
  })
})
