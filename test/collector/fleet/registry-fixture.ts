// What the tests of the registry share: who comes to it, with what, and when.
import assert from 'node:assert/strict'
import { isRefused, type Registry } from '../../../src/collector/fleet/registry.ts'
import type { GivenCertificate } from '../../../src/collector/fleet/registry-rows.ts'
import { type UnixNs, unixNs } from '../../../src/units.ts'
import { DEVICE_A } from '../agent.ts'

export const T0 = unixNs(1_790_000_000_000_000_000n, 'T0')
/** To the second. */
export const daysOn = (days: number): UnixNs =>
  unixNs(T0 + BigInt(Math.round(days * 86_400)) * 1_000_000_000n, 'daysOn')
export const HARDWARE = 'aa'.repeat(32)
export const OTHER_HARDWARE = 'bb'.repeat(32)
let number = 0
/** Another one with each call. */
export const certificate = (): GivenCertificate => ({
  fingerprint: (++number).toString(16).padStart(64, '0'),
  notAfter: daysOn(90),
  key: '',
})

export function refusedWith(outcome: object | undefined, code: string): void {
  assert(
    outcome && isRefused(outcome),
    JSON.stringify(outcome, (_, v) => (typeof v === 'bigint' ? `${v}` : v)),
  )
  assert.equal(outcome.code, code)
}

/** Of the registry that `registry` returns. */
export function comersTo(registry: () => Registry) {
  /** By device: its certificate as it was given last. */
  const given = new Map<string, string>()
  return {
    given,
    token: (change: { usesMax?: number; expiresAt?: UnixNs } = {}) =>
      registry().makeToken(
        { label: 'Berlin', group: 'office', usesMax: change.usesMax, expiresAt: change.expiresAt },
        T0,
      ),
    /** `by`: the device whose certificate it comes with. */
    enrol(
      secret: string,
      deviceId = DEVICE_A,
      hardware = HARDWARE,
      by?: string,
      now = T0,
      key = '',
    ) {
      const of = certificate()
      const shown = by === undefined ? undefined : given.get(by)
      const outcome = registry().enrol(secret, { deviceId, hardware, key, shown }, of, now)
      if (!isRefused(outcome)) given.set(deviceId, of.fingerprint)
      return { outcome, fingerprint: of.fingerprint }
    },
  }
}
