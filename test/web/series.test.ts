import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { DeviceInfo, LiveInfo } from '../../src/collector/views/page-api.ts'
import { liveInfo } from '../../src/collector/views/views.ts'
import { byteRateText, rateText } from '../../src/collector/web/format.ts'
import {
  addSeries,
  rates,
  recentRate,
  SAMPLES_MAX,
  type Samples,
  SPARK_VALUES,
  sparkPoints,
  sumOf,
  sumOfRates,
  withSample,
} from '../../src/collector/web/rates.ts'
import { busyColumns, chartSeries, columnAt, columns } from '../../src/collector/web/timeline.ts'
import { unixNs } from '../../src/units.ts'
import { liveAt } from './samples.ts'

const sample = (seconds: number, change: Partial<LiveInfo> = {}): LiveInfo => ({
  ...liveInfo(liveAt(unixNs(BigInt(Math.round(seconds * 1000)) * 1_000_000n, 'at'), 0)),
  ...change,
})

describe('page: rates', () => {
  it('are what a counter grew, a second', () => {
    const samples = [
      sample(1, { bytesOut: 100 }),
      sample(2, { bytesOut: 350 }),
      sample(4, { bytesOut: 450 }),
    ]
    assert.deepEqual(rates(samples, 'bytesOut'), [250, 50])
    assert.equal(recentRate(samples, 'bytesOut'), 150)
    assert.equal(recentRate(samples.slice(1), 'bytesOut'), 50)
  })
  it('are not known, and not 0, before there are two reports', () => {
    assert.equal(recentRate([], 'bytesOut'), undefined)
    assert.equal(recentRate([sample(1)], 'bytesOut'), undefined)
    assert.equal(rateText(undefined), '–/s')
    assert.equal(byteRateText(undefined), '–/s')
    assert.equal(sumOfRates([]), undefined)
    assert.equal(sumOfRates([undefined, undefined]), undefined)
    assert.equal(sumOfRates([undefined, 0, 2]), 2)
  })
  it('are never negative: a counter that fell began again', () => {
    const samples = [sample(1, { flows: 900 }), sample(2, { flows: 4 })]
    assert.deepEqual(rates(samples, 'flows'), [4])
  })
  it('take each report once', () => {
    const once = withSample([], sample(5))
    assert.equal(withSample(once, sample(5)), once)
    assert.equal(withSample(once, sample(4)), once)
    assert.equal(withSample(once, sample(6)).length, 2)
  })
  it('remember a bounded past', () => {
    let samples: Samples = []
    for (let index = 0; index < SAMPLES_MAX + 9; index++)
      samples = withSample(samples, sample(index))
    assert.equal(samples.length, SAMPLES_MAX)
  })
  it('add machines from the newest end', () => {
    assert.deepEqual(addSeries([[1, 2, 3], [10]]), [1, 2, 13])
    assert.deepEqual(addSeries([]), [])
  })
  it('sum over machines that report', () => {
    const device = (live: LiveInfo | undefined): DeviceInfo => ({
      id: 'd',
      hostname: 'h',
      os: 'linux',
      osVersion: '',
      hardware: '',
      arch: '',
      agentVersion: '',
      connected: true,
      firstSeenAt: '0',
      lastSeenAt: '0',
      lastSequence: 0,
      live,
    })
    assert.equal(sumOf([device(sample(1, { execs: 4 })), device(undefined)], 'execs'), 4)
  })
})

describe('page: small lines', () => {
  it('end at the right, as high as their largest value', () => {
    assert.deepEqual(sparkPoints([0, 10], 59, 20), [
      [58, 20],
      [59, 0],
    ])
    assert.deepEqual(sparkPoints([], 59, 20), [])
  })
  it('stay inside their box', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e12, noNaN: true }), { maxLength: 300 }),
        (values) => {
          const points = sparkPoints(values, 120, 26)
          assert.equal(points.length, Math.min(values.length, SPARK_VALUES))
          for (const [x, y] of points)
            assert.ok(x >= 0 && x <= 120 && y >= 0 && y <= 26, `${x},${y}`)
        },
      ),
    )
  })
})

describe('page: the timeline of an alert', () => {
  const timelines = fc.record({
    startAt: fc.bigInt({ min: 0n, max: 2n ** 61n }).map(String),
    bucketMs: fc.integer({ min: 1, max: 60_000 }),
    bytesOut: fc.array(fc.nat(), { maxLength: 700 }),
    bytesIn: fc.array(fc.nat(), { maxLength: 700 }),
  })
  const sum = (values: number[]): number => values.reduce((all, value) => all + value, 0)
  it('loses no byte, however many buckets it has', () => {
    fc.assert(
      fc.property(timelines, fc.integer({ min: 1, max: 300 }), (timeline, columnsMax) => {
        const made = columns(timeline, columnsMax)
        assert.ok(made.length <= columnsMax)
        assert.equal(sum(made.map((one) => one.bytesOut)), sum(timeline.bytesOut))
        assert.equal(sum(made.map((one) => one.bytesIn)), sum(timeline.bytesIn))
        const busy = busyColumns(made)
        assert.equal(sum(busy.map((one) => one.bytesOut)), sum(timeline.bytesOut))
      }),
    )
  })
  it('keeps the nanoseconds of its start', () => {
    const made = columns(
      { startAt: '1764000000123456789', bucketMs: 500, bytesOut: [1, 2, 3], bytesIn: [0, 0, 9] },
      2,
    )
    assert.deepEqual(made, [
      { startAt: '1764000000123456789', spanMs: 1000, bytesOut: 3, bytesIn: 0 },
      { startAt: '1764000001123456789', spanMs: 500, bytesOut: 3, bytesIn: 9 },
    ])
  })
  it('is empty without buckets or without a length of them', () => {
    assert.deepEqual(columns({ startAt: '0', bucketMs: 1000, bytesOut: [], bytesIn: [] }), [])
    assert.deepEqual(columns({ startAt: '0', bucketMs: 0, bytesOut: [1], bytesIn: [1] }), [])
    assert.deepEqual(chartSeries([]), [[], [], []])
  })
  it('has room around a single column, which is then a bar', () => {
    const made = columns({ startAt: '0', bucketMs: 60_000, bytesOut: [9], bytesIn: [0] })
    const [x, out] = chartSeries(made)
    assert.deepEqual(out, [0, 9, 0, 0])
    const [from, start, end, to] = x as [number, number, number, number]
    assert.ok(start - from >= 5 * (end - start) && to - end >= 5 * (end - start), x.join())
  })
  it('knows which column a point of it belongs to', () => {
    const made = columns({ startAt: '0', bucketMs: 1000, bytesOut: [1, 2], bytesIn: [0, 0] })
    const [x, out] = chartSeries(made)
    assert.deepEqual(
      x.map((_, index) => columnAt(made, index)?.bytesOut ?? 0),
      out,
    )
  })
  it('is drawn with out above the line, in below it, and steps that begin and end at nothing', () => {
    const made = columns({
      startAt: '2000000000',
      bucketMs: 1000,
      bytesOut: [5, 0],
      bytesIn: [0, 7],
    })
    assert.deepEqual(chartSeries(made), [
      [-3, 2, 3, 4, 9],
      [0, 5, 0, 0, 0],
      [0, 0, -7, 0, 0],
    ])
  })
})
