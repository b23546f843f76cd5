// What pages are told one by one of alerts, whoever raises them: all in one moment, so that no beat comes between.
import assert from 'node:assert/strict'
import { createAnnouncer } from '../../src/collector/api/announcer.ts'
import type { Device } from '../../src/collector/gateway/devices.ts'
import type { PageEvent } from '../../src/collector/views/page-api.ts'
import type { Finding } from '../../src/engine/finding.ts'
import { alertOf, T0 } from './agent.ts'

describe('alerts that pages are told of', () => {
  it('are a hundred of one device and five hundred of all, between two beats', () => {
    const told = new Map<string, number>()
    const announcer = createAnnouncer({
      pages: {
        listening: () => true,
        publish(event: PageEvent) {
          assert(event.type === 'alert')
          const { id } = event.alert.device
          told.set(id, (told.get(id) ?? 0) + 1)
        },
      } as never,
      ...{ devices: {} as never, context: {} as never, store: {} as never, log: () => {} },
    })
    try {
      for (let row = 1; row <= 7; row++) {
        const findings = Array.from(
          { length: 120 },
          (_, n) => ({ kind: 'alert', alert: alertOf(n + 1) }) as Finding,
        )
        const storedAt = BigInt64Array.from(findings, (_, n) => T0 + BigInt(n))
        const facts = { id: `${row}`, host: { hostname: 'mac' } }
        const device = { facts, enrolled: { device: row } } as Device
        announcer.stored(device, findings, { storedAt, refusals: [], triaged: [] })
      }
      assert.deepEqual(
        [...told],
        ['1', '2', '3', '4', '5'].map((id) => [id, 100]),
      )
    } finally {
      announcer.close()
    }
  })
})
