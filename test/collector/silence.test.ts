// What a device does not tell of, by its counters and the collector's clock.
import assert from 'node:assert/strict'
import { Devices, deviceSilence } from '../../src/collector/gateway/devices.ts'
import { type UnixNs, unixNs } from '../../src/units.ts'
import { DEVICE_A, helloOf, liveOf, OUTBOX_ID, T0 } from './agent.ts'

const minute = (minutes: number): UnixNs => unixNs(T0 + BigInt(minutes) * 60_000_000_000n, 'now')

describe('a device that is silent', () => {
  const { host, agentVersion } = helloOf(DEVICE_A).hello
  const facts = { id: DEVICE_A, outboxId: OUTBOX_ID, agentVersion, host, isEnrolled: true }
  const enrolled = { device: 1, outbox: 1, lastSequence: 0, firstSeenAt: T0 }
  let devices: Devices
  /** Of this machine since its start, which began a day before T0. */
  let up = 0n
  /** How far the collector's clock was set ahead. */
  let aheadMinutes = 0
  const at = (minutes: number): UnixNs => {
    up = BigInt(minutes + 1440) * 60_000_000_000n
    return minute(minutes + aheadMinutes)
  }
  beforeEach(() => {
    aheadMinutes = 0
    devices = new Devices(10, () => up)
  })
  const connect = (minutes: number) => devices.connect(facts, enrolled, true, at(minutes))
  const report = (minutes: number, execs: number, flows: number) => {
    const device = devices.get(DEVICE_A)
    assert(device)
    devices.report(device, liveOf({ execs, flows }), at(minutes))
  }
  const silent = (minutes: number) => {
    const device = devices.get(DEVICE_A)
    const silence = device && deviceSilence(device, at(minutes), up)
    return silence && { of: silence.of, minutes: Number((silence.since - T0) / 60_000_000_000n) }
  }

  it('tells of flows no more while programs start, as where its filter was switched off: since the last', () => {
    connect(0)
    for (let at = 0; at <= 10; at++) report(at, at * 5, at * 3)
    for (let at = 11; at < 25; at++) {
      report(at, at * 5, 30)
      assert.equal(silent(at), undefined, `${at}`)
    }
    report(25, 125, 30)
    assert.deepEqual(silent(25), { of: 'flows', minutes: 10 })
    report(26, 126, 31)
    assert.equal(silent(26), undefined)
  })
  it('is not one that nobody uses: few programs start', () => {
    connect(0)
    for (let at = 0; at < 50; at++) report(at, Math.floor(at / 3), 0)
    assert.equal(silent(49), undefined)
  })
  it('tells of nothing for an hour: since the last of either', () => {
    connect(0)
    report(0, 5, 5)
    report(7, 6, 5)
    for (let at = 8; at <= 66; at++) report(at, 6, 5)
    assert.equal(silent(66), undefined)
    assert.deepEqual(silent(67), { of: 'everything', minutes: 7 })
  })
  it('sends no report at all for an hour', () => {
    connect(0)
    assert.equal(silent(59), undefined)
    assert.deepEqual(silent(60), { of: 'everything', minutes: 0 })
  })
  it('is not one that slept, nor one that is not connected', () => {
    const device = connect(0)
    report(0, 5, 5)
    devices.disconnect(device, at(1))
    assert.equal(silent(600), undefined)
    connect(600)
    assert.equal(silent(601), undefined)
    report(602, 30, 5)
    assert.equal(silent(612), undefined)
    report(616, 31, 5)
    assert.deepEqual(silent(616), { of: 'flows', minutes: 0 }, 'a minute before it slept counts')
  })
  it('stays so over a connection that broke', () => {
    connect(0)
    report(0, 0, 1)
    report(14, 40, 1)
    connect(15)
    report(16, 45, 1)
    assert.deepEqual(silent(16), { of: 'flows', minutes: 0 })
  })
  it('is not one whose engine began anew and tells again', () => {
    connect(0)
    report(0, 1000, 1000)
    report(20, 5, 2)
    assert.equal(silent(21), undefined)
    for (let at = 22; at < 40; at++) report(at, at * 2, 2)
    assert.deepEqual(silent(39), { of: 'flows', minutes: 20 })
  })
  it('is none because the clock of the collector was set, and since when is by the clock as it is', () => {
    connect(0)
    report(0, 0, 1)
    aheadMinutes = 600
    report(1, 40, 1)
    assert.equal(silent(2), undefined)
    report(14, 80, 1)
    assert.deepEqual(silent(15), { of: 'flows', minutes: 600 })
    aheadMinutes = -600
    assert.deepEqual(silent(16), { of: 'flows', minutes: -600 })
  })
})
