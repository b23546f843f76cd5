// Signed documents as the tests of policies make them.
import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { PolicyFault, type PolicyFaultCode } from '../../src/policy/fault.ts'
import { publicHexOf } from '../../src/policy/keys.ts'
import { signPolicy } from '../../src/policy/signed.ts'
import type { PolicyPayload } from '../../src/stream/policy-message.ts'
import { type UnixNs, unixNs } from '../../src/units.ts'

export const NOW = unixNs(1_790_000_000_000_000_000n, 'now')
export const DAY_NS = 86_400_000_000_000n
export const daysOn = (days: number, from: UnixNs = NOW): UnixNs =>
  unixNs(from + BigInt(Math.round(days * 86_400)) * 1_000_000_000n, 'daysOn')

export type TestKey = { private: KeyObject; public: string }
export function makeTestKey(): TestKey {
  const { privateKey } = generateKeyPairSync('ed25519')
  return { private: privateKey, public: publicHexOf(privateKey) }
}

export const payloadOf = (change: Partial<PolicyPayload> = {}): PolicyPayload => ({
  kind: 'policy',
  version: 1,
  madeAt: NOW,
  notAfter: daysOn(365),
  leastAgent: '',
  target: {},
  content: '{"hostWhitelist":["198.51.100.0/24"]}',
  ...change,
})

export const signedBy = (key: TestKey, change: Partial<PolicyPayload> = {}): Uint8Array =>
  signPolicy(payloadOf(change), key.private)

/** Runs `work`, which is to be refused with this code. */
export function refused(code: PolicyFaultCode, work: () => unknown, text = /./): void {
  assert.throws(work, (error) => {
    assert.ok(error instanceof PolicyFault, `${error}`)
    assert.equal(error.code, code, error.message)
    assert.match(error.message, text)
    return true
  })
}
