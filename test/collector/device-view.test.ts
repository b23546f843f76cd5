// How a device that is known from the store alone stands: nobody who was not admitted is taken for the collector's own machine.
import assert from 'node:assert/strict'
import type { Fleet } from '../../src/collector/api/device-change.ts'
import { presentDevice } from '../../src/collector/api/device-view.ts'
import type { EnrolmentInfo } from '../../src/collector/views/page-api.ts'
import { nowUnixNs } from '../../src/units.ts'
import { DEVICE_A } from './agent.ts'

const ENROLMENT: EnrolmentInfo = {
  ...{ standing: 'quarantined', name: '', owner: '', group: 'office', enrolledAt: '1' },
  ...{ mayEnrolAgain: false, sharedSince: null, policy: null },
}

describe('a device of the store', () => {
  const standing = (
    byCertificate: boolean | undefined,
    fleet: Partial<Fleet> | undefined,
    id = DEVICE_A,
  ): string | undefined => {
    const facts = { id, hostname: 'mac-1', os: '', osVersion: '', hardware: '', arch: '' }
    const more = { agentVersion: '', firstSeenAt: '1', lastSeenAt: '2', lastSequence: 3 }
    const context = { fleet: fleet as Fleet | undefined, now: nowUnixNs }
    const info = presentDevice({ ...facts, ...more, byCertificate }, undefined, context)
    assert.equal(Object.hasOwn(info, 'byCertificate'), false)
    return info.enrolment?.standing
  }
  const registry = (change: Partial<Fleet> = {}): Partial<Fleet> => ({
    enrolmentOf: () => undefined,
    isLocal: () => false,
    ...change,
  })

  it('that is enrolled stands as the registry says', () => {
    const knows = registry({ enrolmentOf: (id) => (id === DEVICE_A ? ENROLMENT : undefined) })
    for (const by of [true, false, undefined]) assert.equal(standing(by, knows), 'quarantined')
  })

  it('that came by a certificate and is enrolled no more is forgotten, also where no registry is open', () => {
    for (const fleet of [registry(), registry({ isLocal: () => true }), undefined])
      assert.equal(standing(true, fleet), 'forgotten')
  })

  it('of this machine is none of those', () => {
    for (const fleet of [registry(), undefined]) assert.equal(standing(false, fleet), undefined)
  })

  it('of before that was kept is of this machine where the registry knows it so, and where nobody ever enrolled', () => {
    assert.equal(standing(undefined, registry({ isLocal: (id) => id === DEVICE_A })), undefined)
    assert.equal(standing(undefined, registry()), 'forgotten')
    assert.equal(standing(undefined, undefined), undefined)
  })

  it('of a recording is of none of these, but who came with a certificate and says that he is one', () => {
    const recording = DEVICE_A.slice(0, 14) + '8' + DEVICE_A.slice(15)
    assert.equal(standing(undefined, registry(), recording), undefined)
    assert.equal(standing(true, registry(), recording), 'forgotten')
  })
})
