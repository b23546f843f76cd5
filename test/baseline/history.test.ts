import assert from 'node:assert/strict'
import { DDSketch } from '@datadog/sketches-js'
import fc from 'fast-check'
import {
  distanceOf,
  emptyHistory,
  endHour,
  type History,
  ordinaryOf,
  quantileOf,
  RELATIVE_ERROR,
  readHistory,
  writeHistory,
} from '../../src/baseline/history.ts'

const counts = fc.array(fc.double({ min: 0, max: 36, noNaN: true }), {
  minLength: 1,
  maxLength: 300,
})
const bytesOf = (log: number): number => Math.max(1, Math.round(Math.exp(log)))

function historyOf(list: number[]): History {
  const history = emptyHistory()
  for (const count of list) addHour(history, count)
  return history
}

/** An hour with this many bytes, after `idle` with none. */
function addHour(history: History, count: number, idle = 0): void {
  history.hour = history.lastHour + 1 + idle
  history.hourOut = count
  endHour(history)
}

const nearly = (value: number, wanted: number, share: number): boolean =>
  Math.abs(value - wanted) <= share * wanted + 1e-9

describe('the hours of an identity', () => {
  it('have quantiles within 5 % of the true ones, and those of DDSketch', () => {
    fc.assert(
      fc.property(counts, fc.constantFrom(0, 0.25, 0.5, 0.9, 1), (logs, q) => {
        const list = logs.map(bytesOf)
        const sketch = new DDSketch({ relativeAccuracy: RELATIVE_ERROR })
        for (const count of list) sketch.accept(count)
        const ours = quantileOf(historyOf(list), q) ?? 0
        const exact = [...list].sort((a, b) => a - b)[Math.floor(q * (list.length - 1))] as number
        assert.ok(nearly(ours, exact, RELATIVE_ERROR + 1e-6), `${ours}, not ${exact}`)
        assert.ok(nearly(ours, sketch.getValueAtQuantile(q), 1e-6))
      }),
      { seed: 21 },
    )
  })

  it('have a deviation within the sketch’s error of the true one, and never below the floor', () => {
    fc.assert(
      fc.property(counts, (logs) => {
        const list = logs.map(bytesOf)
        const middle = (values: number[]): number =>
          [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] as number
        const logsOf = list.map((count) => Math.log1p(count))
        const median = middle(logsOf)
        const mad = middle(logsOf.map((log) => Math.abs(log - median)))
        const ordinary = ordinaryOf(historyOf(list))
        assert.ok(ordinary)
        assert.ok(Math.abs(ordinary.median - median) < 0.06)
        assert.ok(Math.abs(ordinary.sigma - Math.max(0.35, 1.4826 * mad)) < 0.2)
      }),
      { seed: 22 },
    )
  })

  it('are read back as they were written', () => {
    fc.assert(
      fc.property(counts, (logs) => {
        const history = historyOf(logs.map(bytesOf))
        history.hour = 492_000
        history.hourOut = 12_345
        history.drip = 1.25
        assert.deepEqual(readHistory(writeHistory(history)), history)
      }),
      { seed: 23 },
    )
    assert.equal(writeHistory(emptyHistory()), '')
    assert.deepEqual(readHistory(''), emptyHistory())
  })

  it('are refused where they are not of our making', () => {
    const bad = ['x', '2 1 1 1 0', '1 1 1', '1 1 1 -1 0', '1 1 1 1 NaN', '1 1 1 1 0 5']
    for (const text of [...bad, '1 1 1 1 0 5:0', '1 1 1 1 0 -5:1', '1 1 1 1 0 401:1'])
      assert.equal(readHistory(text), undefined, text)
  })

  it('fade, so that new habits become ordinary', () => {
    const history = historyOf([
      ...Array.from({ length: 720 }, () => 1_000),
      ...Array.from({ length: 800 }, () => 1_000_000),
    ])
    assert.ok(history.hours < 720)
    assert.ok(nearly(quantileOf(history, 0.5) ?? 0, 1_000_000, 0.05))
  })

  it('tell a slow drip that no single hour tells', () => {
    const history = historyOf(Array.from({ length: 48 }, (_, i) => 1_000 + (i % 7) * 100))
    const ordinary = ordinaryOf(history)
    assert.ok(ordinary)
    const dripping = 1_900
    assert.ok(distanceOf(ordinary, dripping) < 3)
    let hours = 0
    for (; hours < 24 && history.drip <= 5; hours++) addHour(history, dripping)
    assert.ok(hours >= 4 && hours <= 12, `${hours} hours`)
  })

  it('do not take one burst for a drip, and rest in hours that send nothing', () => {
    const history = historyOf(Array.from({ length: 48 }, () => 1_000))
    addHour(history, 1e9)
    assert.equal(history.drip, 2.5)
    addHour(history, 1_000, 4)
    assert.equal(history.drip, 0)
  })
})
