import assert from 'node:assert/strict'
import { createLately } from '../../src/status/lately.ts'
import { createSensorWatch } from '../../src/status/sensor-watch.ts'

describe('the watch over the sensor', () => {
  it('says nothing while records come, and for how long none came once they stop', () => {
    const watch = createSensorWatch(1000, 10_000)
    assert.equal(watch.silentMs(10_999), 0)
    watch.heard(10_999)
    assert.equal(watch.silentMs(20_998), 0)
    assert.equal(watch.silentMs(20_999), 10_000)
    assert.equal(watch.silentMs(53_999), 43_000)
    watch.heard(54_000)
    assert.equal(watch.silentMs(54_001), 0)
  })
})

describe('a total of late', () => {
  const MINUTE = 60_000

  it('counts from the start, and forgets what is an hour old', () => {
    const lately = createLately(1000, 0)
    assert.equal(lately.note(1000, 1), 0)
    assert.equal(lately.note(1007, 5 * MINUTE), 7)
    for (let at = 6; at <= 60; at++) assert.equal(lately.note(1007, at * MINUTE), 7)
    assert.equal(lately.note(1007, 66 * MINUTE), 0)
    assert.equal(lately.note(1009, 67 * MINUTE), 2)
  })

  it('is the rise of the last hour, to a minute, however often it is asked', () => {
    const lately = createLately(0, 0)
    let rise = 0
    for (let second = 0; second < 3 * 3600; second++) rise = lately.note(second, second * 1000)
    assert.ok(rise >= 3600 && rise <= 3660, `${rise}`)
  })

  it('does not fall below nothing where a file was begun anew', () => {
    assert.equal(createLately(50, 0).note(0, MINUTE), 0)
  })
})
