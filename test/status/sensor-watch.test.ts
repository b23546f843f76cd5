import assert from 'node:assert/strict'
import { createSensorWatch } from '../../src/status/sensor-watch.ts'

describe('the watch over the sensor', () => {
  it('says nothing while records come, and for how long none came once they stop', () => {
    const watch = createSensorWatch(1000, 10_000)
    assert.equal(watch.silence(10_999), '')
    watch.heard(10_999)
    assert.equal(watch.silence(20_998), '')
    assert.match(watch.silence(53_999), /^Nothing has come from the sensor for 43 s/)
    watch.heard(54_000)
    assert.equal(watch.silence(54_001), '')
  })
})
