import assert from 'node:assert/strict'
import { replayedDevice } from '../../src/replay/replayed-device.ts'
import { HEADER } from '../capture/captures.ts'

describe('a machine that is replayed', () => {
  it('[D10] carries the name of what was recorded, with its host’s, and is one a file', () => {
    const day = replayedDevice(HEADER, '/srv/days/office-day.fcap').header
    assert.equal(day.host.hostname, `${HEADER.host.hostname} (replayed from office-day.fcap)`)
    assert.equal(replayedDevice(HEADER, 'office-day.fcap').header.deviceId, day.deviceId)
    assert.notEqual(replayedDevice(HEADER, 'night.fcap').header.deviceId, day.deviceId)
    assert.equal(day.deviceId[14], '8')
  })

  it('[D10] cannot be named so that a page or a terminal is steered', () => {
    const { host } = replayedDevice(HEADER, `\u202e\n${'x'.repeat(300)}.fcap`).header
    assert.doesNotMatch(host.hostname, /[\p{Cc}\p{Cf}]/u)
    assert.ok(host.hostname.length < HEADER.host.hostname.length + 120)
  })
})
