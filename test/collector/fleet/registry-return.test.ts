// Devices that enrol again: one that was thrown out and allowed, and twins of one hardware.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { queryObjects } from 'node:v8'
import { createClones } from '../../../src/collector/fleet/clones.ts'
import { isRefused, Registry } from '../../../src/collector/fleet/registry.ts'
import { openRegistryFile, REGISTRY_FILE } from '../../../src/collector/fleet/registry-file.ts'
import { Counters } from '../../../src/collector/terms/counters.ts'
import { DEVICE_A, DEVICE_B } from '../agent.ts'
import {
  certificate,
  comersTo,
  HARDWARE,
  OTHER_HARDWARE,
  refusedWith,
  T0,
} from './registry-fixture.ts'

const KEY = 'cd'.repeat(32)
const TWIN_KEY = 'ce'.repeat(32)

describe('a device that enrols again', () => {
  let directory: string
  let database: DatabaseSync
  let registry: Registry
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-return-'))
    database = openRegistryFile(join(directory, REGISTRY_FILE), () => {})
    registry = new Registry(database)
  })
  afterEach(() => {
    registry.close()
    rmSync(directory, { recursive: true })
  })
  const { token, enrol, given } = comersTo(() => registry)
  const admitted = () => {
    const { secret } = token()
    enrol(secret, DEVICE_A, HARDWARE, undefined, T0, KEY)
    registry.change(DEVICE_A, { standing: 'active' })
    return secret
  }
  /** Another machine that says the same hardware, told apart by its boot. */
  const twin = () =>
    assert.equal(
      registry.addBeside(
        given.get(DEVICE_A) as string,
        { id: DEVICE_B, hardware: HARDWARE },
        { ...certificate(), key: TWIN_KEY },
        T0,
        () => {},
      ),
      undefined,
    )

  for (const [how, by, key] of [
    ['its key', undefined, KEY],
    ['a token alone', undefined, ''],
    ['its certificate', DEVICE_A, ''],
  ] as const)
    it(`and was thrown out and allowed is let in to be looked at, by ${how}: its certificate opens`, () => {
      const secret = admitted()
      registry.change(DEVICE_A, { standing: 'revoked' })
      registry.change(DEVICE_A, { mayEnrolAgain: true })
      const { outcome, fingerprint } = enrol(secret, DEVICE_A, HARDWARE, by, T0, key)
      assert(!isRefused(outcome))
      assert.deepEqual([outcome.standing, outcome.mayEnrolAgain], ['quarantined', false])
      assert(!isRefused(registry.judge(fingerprint, T0)))
    })

  it('and has a twin on its hardware comes by its key or certificate, and the twin by its own, as they stand', () => {
    const secret = admitted()
    twin()
    const original = enrol(secret, DEVICE_A, HARDWARE, DEVICE_A, T0, KEY).outcome
    assert(!isRefused(original))
    assert.equal(original.standing, 'active')
    const other = enrol(secret, DEVICE_B, HARDWARE, undefined, T0, TWIN_KEY).outcome
    assert(!isRefused(other))
    assert.equal(other.standing, 'quarantined')
    assert(!isRefused(enrol(secret, DEVICE_A, HARDWARE, undefined, T0, KEY).outcome))
    // An administrator's word is for that one.
    registry.change(DEVICE_A, { mayEnrolAgain: true })
    assert(!isRefused(enrol(secret, DEVICE_A, HARDWARE).outcome))
  })

  it('and has a twin is nobody else: no token alone, no third device, no other hardware that is known', () => {
    const secret = admitted()
    twin()
    refusedWith(enrol(secret, DEVICE_A, HARDWARE).outcome, 'device-known')
    const third = '33333333-3333-4333-8333-333333333333'
    refusedWith(enrol(secret, third, HARDWARE).outcome, 'hardware-known')
    refusedWith(enrol(secret, third, HARDWARE, DEVICE_A).outcome, 'hardware-known')
    assert(!isRefused(enrol(secret, third, OTHER_HARDWARE).outcome))
    refusedWith(enrol(secret, DEVICE_A, OTHER_HARDWARE, DEVICE_A).outcome, 'hardware-known')
    // Who has never said any hardware does not come onto another's.
    const fourth = '44444444-4444-4444-8444-444444444444'
    enrol(secret, fourth, '')
    refusedWith(enrol(secret, fourth, HARDWARE, fourth).outcome, 'hardware-known')
  })

  it('as what a copy became, and was thrown out, is given nothing that would open nothing', () => {
    admitted()
    const clones = createClones(database, registry, {
      counters: new Counters(),
      complain: () => {},
    })
    const machine = { deviceId: DEVICE_A, hardware: OTHER_HARDWARE, bootId: 'b', isCapable: true }
    const by = given.get(DEVICE_A) as string
    const order = clones.orderFor(machine, T0)
    assert(order)
    clones.succeed(order, DEVICE_B, certificate(), by, T0)
    assert.equal(clones.refusalOf(order, order.token, DEVICE_B, T0), undefined)
    registry.change(DEVICE_B, { standing: 'revoked' })
    assert.match(`${clones.refusalOf(order, order.token, DEVICE_B, T0)}`, /was thrown out/)
    assert.throws(() => clones.succeed(order, DEVICE_B, certificate(), by, T0), /was thrown out/)
  })

  it('and is forgotten leaves nothing in memory, whatever hardware it said', () => {
    const { secret } = token()
    const setsBefore = queryObjects(Set, { format: 'count' })
    for (let n = 0; n < 100; n++) {
      enrol(secret, DEVICE_A, `${n}`.padStart(64, '0'))
      registry.remove(DEVICE_A)
    }
    assert(queryObjects(Set, { format: 'count' }) - setsBefore < 50)
    // What two have is known while one of them is.
    enrol(secret, DEVICE_A, HARDWARE)
    twin()
    registry.remove(DEVICE_B)
    assert.equal(registry.standsAgainst(HARDWARE), DEVICE_A)
    refusedWith(enrol(secret, DEVICE_B, HARDWARE).outcome, 'hardware-known')
  })
})
