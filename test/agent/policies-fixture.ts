// An agent's policies in a directory of their own, and documents for them.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPolicies, type Policies, type PoliciesOptions } from '../../src/agent/policies.ts'
import { POLICY_FILE } from '../../src/agent/policy-file.ts'
import { makePolicy, type PolicyDocument } from '../../src/engine/policy.ts'
import type { Bounds } from '../../src/policy/delegation.ts'
import type { DocumentKind, PolicyPayload } from '../../src/stream/policy-message.ts'
import type { UnixNs } from '../../src/units.ts'
import { daysOn, makeTestKey, NOW, signedBy, type TestKey } from '../policy/documents.ts'

export const DEVICE = '01234567-89ab-4cde-8f01-23456789abcd'
const BOUNDS: Bounds = {
  ...{ v4PrefixMin: 24, v6PrefixMin: 48, domains: false, programs: true },
  ...{ bytesPerDayMax: 1_000_000, daysMax: 30, exceptionsMax: 2 },
}

export type World = {
  directory: string
  /** Of the file that keeps what was taken. */
  path: string
  now: UnixNs
  /** What was put in force since the last start. */
  applied: PolicyDocument[]
  told: string[]
}

/** For the tests of one describe, each in a directory of its own. */
export function sentPolicies() {
  const root = makeTestKey()
  const online = makeTestKey()
  const world: World = { directory: '', path: '', now: NOW, applied: [], told: [] }
  beforeEach(() => {
    world.directory = mkdtempSync(join(tmpdir(), 'freshet-policies-'))
    world.path = join(world.directory, POLICY_FILE)
    world.now = NOW
    world.applied = []
    world.told = []
  })
  afterEach(() => rmSync(world.directory, { recursive: true, force: true }))

  const start = (change: Partial<PoliciesOptions> = {}): Policies => {
    world.applied = []
    return createPolicies({
      ...{ path: world.path, rootKey: root.public, own: { deviceId: DEVICE, group: 'office' } },
      ...{
        agentVersion: '0.1.0',
        local: undefined,
        always: { ownPids: [7] },
        now: () => world.now,
        uidOf: (name) => ({ ana: 501, root: 0 })[name],
      },
      apply: (document) => {
        makePolicy(document)
        world.applied.push(document)
      },
      tell: (text) => world.told.push(text),
      ...change,
    })
  }
  const inForce = () => world.applied.at(-1)
  const send = (policies: Policies, ...documents: Uint8Array[]) =>
    policies.take({ group: 'office', documents })
  const of = (policies: Policies, kind: DocumentKind = 'policy') =>
    policies.report().documents.find((one) => one.kind === kind)
  const policy = (version: number, host = '198.51.100.0/24', change: Partial<PolicyPayload> = {}) =>
    signedBy(root, { version, content: JSON.stringify({ hostWhitelist: [host] }), ...change })
  const delegation = (
    version = 1,
    key: TestKey = online,
    change: Partial<PolicyPayload> = {},
    bounds = {},
  ) =>
    signedBy(root, {
      ...{ kind: 'delegation', version, notAfter: daysOn(90) },
      content: JSON.stringify({ onlineKey: key.public, bounds: { ...BOUNDS, ...bounds } }),
      ...change,
    })
  const exception = (change: object = {}) => ({
    ...{ host: '203.0.113.0/24', until: '2026-09-25T00:00:00Z', bytesPerDayMax: 1000 },
    ...{ owner: 'Ana', reason: 'a move' },
    ...change,
  })
  const exceptions = (
    version: number,
    list: object[],
    change: Partial<PolicyPayload> = {},
    key = online,
  ) =>
    signedBy(key, {
      kind: 'exceptions',
      version,
      content: JSON.stringify({ exceptions: list }),
      ...change,
    })
  return {
    root,
    online,
    world,
    start,
    inForce,
    send,
    of,
    policy,
    delegation,
    exception,
    exceptions,
  }
}
