// Who may come in, and what a token, a key and an administrator can each do about it.
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isRefused, Registry } from '../../../src/collector/fleet/registry.ts'
import { openRegistryFile } from '../../../src/collector/fleet/registry-file.ts'
import type { UnixNs } from '../../../src/units.ts'
import { DEVICE_A, DEVICE_B } from '../agent.ts'
import {
  certificate,
  comersTo,
  daysOn,
  HARDWARE,
  OTHER_HARDWARE,
  refusedWith,
  T0,
} from './registry-fixture.ts'

describe('the registry of devices', () => {
  let directory: string
  let path: string
  let registry: Registry
  const open = () => new Registry(openRegistryFile(path, () => {}))
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-registry-'))
    path = join(directory, 'fleet.db')
    registry = open()
  })
  afterEach(() => {
    registry.close()
    rmSync(directory, { recursive: true, force: true })
  })

  const { token, enrol } = comersTo(() => registry)

  it('lets a device in by a token, into its group and quarantine, and knows its certificate', () => {
    const { secret } = token()
    const { outcome, fingerprint } = enrol(secret)
    assert(!isRefused(outcome))
    assert.equal(outcome.standing, 'quarantined')
    assert.equal(outcome.group, 'office')
    assert.equal(registry.tokens()[0]?.uses, 1)
    const judged = registry.judge(fingerprint, T0)
    assert(!isRefused(judged))
    assert.equal(judged.id, DEVICE_A)
  })

  it('keeps all of it, and of a token its hash alone', () => {
    const { secret } = token()
    const { fingerprint } = enrol(secret)
    registry.close()
    const db = new DatabaseSync(path)
    const kept = JSON.stringify(db.prepare('SELECT hash, label FROM token').all())
    db.close()
    assert(!kept.includes(secret) && kept.includes('Berlin'))
    registry = open()
    assert(!isRefused(registry.judge(fingerprint, T0)))
    assert.equal(registry.tokens()[0]?.uses, 1)
    assert.equal(statSync(path).mode & 0o777, 0o600)
  })

  it('refuses tokens that are unknown, revoked, expired or used up', () => {
    refusedWith(enrol('freshet_enrol_no').outcome, 'token-unknown')
    const expiring = token({ expiresAt: daysOn(1) })
    refusedWith(
      enrol(expiring.secret, DEVICE_A, HARDWARE, undefined, daysOn(1)).outcome,
      'token-expired',
    )
    assert(!isRefused(enrol(expiring.secret).outcome))
    const once = token({ usesMax: 1 })
    assert(!isRefused(enrol(once.secret, DEVICE_B, OTHER_HARDWARE).outcome))
    refusedWith(
      enrol(once.secret, '11111111-1111-4111-8111-111111111111', 'cc'.repeat(32)).outcome,
      'token-used-up',
    )
    const gone = token()
    assert.equal(registry.revokeToken(gone.token.id, T0), true)
    assert.equal(registry.revokeToken(999, T0), false)
    refusedWith(enrol(gone.secret).outcome, 'token-revoked')
  })

  describe('of a device or hardware that is known', () => {
    const known = () => {
      const { secret } = token()
      return { secret, old: enrol(secret).fingerprint }
    }
    it('takes nobody by a token alone', () => {
      const { secret } = known()
      refusedWith(enrol(secret).outcome, 'device-known')
      refusedWith(enrol(secret, DEVICE_A, OTHER_HARDWARE).outcome, 'device-known')
      refusedWith(enrol(secret, DEVICE_B, HARDWARE).outcome, 'hardware-known')
      assert.equal(registry.tokens()[0]?.uses, 1)
    })
    it('takes who holds its key, whose old certificate is good no more', () => {
      const { secret, old } = known()
      registry.change(DEVICE_A, { standing: 'active' })
      const { outcome, fingerprint } = enrol(secret, DEVICE_A, HARDWARE, DEVICE_A)
      assert(!isRefused(outcome))
      assert.equal(outcome.standing, 'active')
      assert.equal(registry.tokens()[0]?.uses, 1, 'it is no new device')
      refusedWith(registry.judge(old, T0), 'certificate-revoked')
      assert(!isRefused(registry.judge(fingerprint, T0)))
    })
    it('takes who holds its key on other hardware, or says none, to be looked at again', () => {
      const { secret } = known()
      for (const hardware of [OTHER_HARDWARE, '']) {
        registry.change(DEVICE_A, { standing: 'active' })
        const { outcome } = enrol(secret, DEVICE_A, hardware, DEVICE_A)
        assert(!isRefused(outcome))
        assert.equal(outcome.standing, 'quarantined')
        assert.equal(outcome.hardware, OTHER_HARDWARE, 'what is known of it is not forgotten')
      }
      // So is who asks by the key that it has a certificate of.
      registry.change(DEVICE_A, { standing: 'active' })
      const key = 'cd'.repeat(32)
      assert(!isRefused(enrol(secret, DEVICE_A, OTHER_HARDWARE, DEVICE_A, T0, key).outcome))
      assert.equal(registry.device(DEVICE_A)?.standing, 'active')
      assert(!isRefused(enrol(secret, DEVICE_A, HARDWARE, undefined, T0, key).outcome))
      assert.equal(registry.device(DEVICE_A)?.standing, 'quarantined')
    })
    it('takes who holds its key and is the first to say its hardware, as it stands', () => {
      const { secret } = token()
      enrol(secret, DEVICE_A, '')
      registry.change(DEVICE_A, { standing: 'active' })
      const { outcome } = enrol(secret, DEVICE_A, HARDWARE, DEVICE_A)
      assert(!isRefused(outcome))
      assert.deepEqual([outcome.standing, outcome.hardware], ['active', HARDWARE])
    })
    it('takes who holds the key of another device on that hardware', () => {
      const { secret } = known()
      assert(!isRefused(enrol(secret, DEVICE_B, HARDWARE, DEVICE_A).outcome))
      refusedWith(enrol(secret, DEVICE_B, HARDWARE, DEVICE_A).outcome, 'device-known')
    })
    it('takes whoever asks again by the key that a certificate of it has, by that token, whatever became of it', () => {
      const { secret, token: made } = token({ usesMax: 1, expiresAt: daysOn(1) })
      const [key, late] = ['cd'.repeat(32), daysOn(2)]
      const again = (of: string, now: UnixNs, deviceId = DEVICE_A, by = secret) =>
        enrol(by, deviceId, HARDWARE, undefined, now, of)
      const first = again(key, T0)
      registry.change(DEVICE_A, { standing: 'active' })
      registry.revokeToken(made.id, late)
      const { outcome, fingerprint } = again(key, late)
      assert(!isRefused(outcome))
      assert.equal(outcome.standing, 'active')
      assert.equal(registry.tokens()[0]?.uses, 1)
      for (const one of [first.fingerprint, fingerprint])
        assert(!isRefused(registry.judge(one, late)))
      refusedWith(again('ce'.repeat(32), T0).outcome, 'token-revoked')
      // Another token has to be good itself, and is not used up by it.
      const other = token({ usesMax: 1 })
      refusedWith(again('ce'.repeat(32), late, DEVICE_A, other.secret).outcome, 'device-known')
      refusedWith(again(key, late, DEVICE_B, other.secret).outcome, 'hardware-known')
      assert(!isRefused(again(key, late, DEVICE_A, other.secret).outcome))
      assert.equal(registry.tokens()[0]?.uses, 0)
      // The key of a certificate that has ended, or was revoked, proves nothing.
      refusedWith(again(key, daysOn(91), DEVICE_A, other.secret).outcome, 'device-known')
      registry.change(DEVICE_A, { standing: 'revoked' })
      refusedWith(again(key, late).outcome, 'token-revoked')
      refusedWith(again(key, late, DEVICE_A, other.secret).outcome, 'device-known')
      registry.change(DEVICE_A, { standing: 'active' })
      assert(
        !isRefused(
          enrol(other.secret, DEVICE_A, HARDWARE, DEVICE_A, late, 'cf'.repeat(32)).outcome,
        ),
      )
      refusedWith(again(key, late, DEVICE_A, other.secret).outcome, 'device-known')
    })
    it('says nothing of hardware that has no name', () => {
      const { secret } = token()
      assert(!isRefused(enrol(secret, DEVICE_A, '').outcome))
      assert(!isRefused(enrol(secret, DEVICE_B, '').outcome))
    })
    it('takes it once after an administrator allowed it', () => {
      const { secret } = known()
      registry.change(DEVICE_A, { mayEnrolAgain: true })
      assert(!isRefused(enrol(secret).outcome))
      refusedWith(enrol(secret).outcome, 'device-known')
      registry.change(DEVICE_A, { mayEnrolAgain: true })
      assert(!isRefused(enrol(secret, DEVICE_B, HARDWARE).outcome))
      refusedWith(
        enrol(secret, '11111111-1111-4111-8111-111111111111', HARDWARE).outcome,
        'hardware-known',
      )
    })
    it('takes who was allowed on its own hardware alone, and to be looked at again', () => {
      const { secret } = known()
      registry.change(DEVICE_A, { mayEnrolAgain: true, standing: 'active' })
      refusedWith(enrol(secret, DEVICE_A, OTHER_HARDWARE).outcome, 'device-known')
      const { outcome } = enrol(secret)
      assert(!isRefused(outcome))
      assert.equal(outcome.standing, 'quarantined')
    })
    it('takes its owner back, on the hardware that an administrator says, where a thief has enrolled by its key elsewhere', () => {
      const { secret } = known()
      registry.change(DEVICE_A, { standing: 'active', name: 'Ana' })
      const thief = enrol(secret, DEVICE_A, OTHER_HARDWARE, DEVICE_A)
      assert(!isRefused(thief.outcome))
      registry.change(DEVICE_A, { mayEnrolAgain: true })
      const no = enrol(secret).outcome
      refusedWith(no, 'device-known')
      const command = `collector devices allow ${DEVICE_A.slice(0, 8)} --hardware ${HARDWARE}`
      assert(isRefused(no) && no.error.includes(command))
      for (const standing of ['quarantined', 'revoked'] as const) {
        registry.change(DEVICE_A, { standing, mayEnrolAgain: true, hardware: HARDWARE })
        refusedWith(enrol(secret, DEVICE_A, OTHER_HARDWARE).outcome, 'device-known')
        const { outcome, fingerprint } = enrol(secret)
        assert(!isRefused(outcome))
        assert.deepEqual(
          [outcome.name, outcome.hardware, outcome.standing, outcome.mayEnrolAgain],
          ['Ana', HARDWARE, 'quarantined', false],
        )
        assert(!isRefused(registry.judge(fingerprint, T0)))
        refusedWith(registry.judge(thief.fingerprint, T0), 'certificate-revoked')
      }
    })
    it('takes nobody who was thrown out, by its key neither', () => {
      const { secret } = known()
      registry.change(DEVICE_A, { standing: 'revoked' })
      refusedWith(enrol(secret, DEVICE_A, HARDWARE, DEVICE_A).outcome, 'device-known')
      registry.change(DEVICE_A, { mayEnrolAgain: true })
      assert(!isRefused(enrol(secret, DEVICE_A, HARDWARE, DEVICE_A).outcome))
    })
    it('takes the hardware as another device once it was revoked', () => {
      const { secret } = known()
      registry.change(DEVICE_A, { standing: 'revoked' })
      assert(!isRefused(enrol(secret, DEVICE_B, HARDWARE).outcome))
      refusedWith(enrol(secret, DEVICE_A, HARDWARE).outcome, 'device-known')
    })
  })

  it('says that something is new to all who ask, whoever read it first', () => {
    const other = open()
    const before = registry.revision
    other.makeToken({ label: 'a', group: 'b', usesMax: undefined, expiresAt: undefined }, T0)
    assert.equal(registry.refresh(), true)
    assert.equal(registry.refresh(), false)
    assert.notEqual(registry.revision, before)
    other.close()
  })

  it('sees at the next look what another process wrote', () => {
    const { secret } = token()
    const { fingerprint } = enrol(secret)
    const other = open()
    assert.equal(registry.refresh(), false)
    other.change(DEVICE_A, { standing: 'revoked' })
    assert(!isRefused(registry.judge(fingerprint, T0)))
    assert.equal(registry.refresh(), true)
    refusedWith(registry.judge(fingerprint, T0), 'device-revoked')
    assert.equal(registry.refresh(), false)
    // Two processes and one use left: the transaction decides.
    const once = token({ usesMax: 1 })
    other.refresh()
    const of = { deviceId: DEVICE_B, hardware: OTHER_HARDWARE, key: '', shown: undefined }
    assert(!isRefused(other.enrol(once.secret, of, certificate(), T0)))
    refusedWith(
      enrol(once.secret, '11111111-1111-4111-8111-111111111111', 'cc'.repeat(32)).outcome,
      'token-used-up',
    )
    other.close()
  })

  it('changes what it is told to and nothing else, whatever another process changed meanwhile', () => {
    enrol(token().secret)
    const other = open()
    assert(other.change(DEVICE_A, { standing: 'revoked', owner: 'ana', mayEnrolAgain: true }))
    // As it was read before.
    assert.equal(registry.device(DEVICE_A)?.standing, 'quarantined')
    for (const to of [{ name: 'Ana' }, { group: 'berlin' }, { owner: 'ben' }] as const) {
      assert(registry.change(DEVICE_A, to))
      registry.refresh()
      const { standing, mayEnrolAgain } = registry.device(DEVICE_A) ?? assert.fail()
      assert.deepEqual([standing, mayEnrolAgain], ['revoked', true])
    }
    const { group, name, owner } = registry.device(DEVICE_A) ?? assert.fail()
    assert.deepEqual({ group, name, owner }, { group: 'berlin', name: 'Ana', owner: 'ben' })
    assert(registry.change(DEVICE_A, { name: '', mayEnrolAgain: false }))
    assert.deepEqual(
      [registry.device(DEVICE_A)?.name, registry.device(DEVICE_A)?.mayEnrolAgain],
      ['', false],
    )
    assert(other.remove(DEVICE_A))
    assert.equal(registry.change(DEVICE_A, { name: 'gone' }), false)
    assert.equal(registry.device(DEVICE_A), undefined)
    other.close()
  })

  it('is as before when the disk takes nothing', () => {
    const { secret } = token()
    const { fingerprint } = enrol(secret)
    const holder = new DatabaseSync(path)
    holder.exec('BEGIN IMMEDIATE')
    assert.throws(() => enrol(secret, DEVICE_B, OTHER_HARDWARE))
    holder.exec('ROLLBACK')
    holder.close()
    assert.equal(registry.device(DEVICE_B), undefined)
    assert.equal(registry.tokens()[0]?.uses, 1)
    assert(!isRefused(registry.judge(fingerprint, T0)))
    assert(!isRefused(enrol(secret, DEVICE_B, OTHER_HARDWARE).outcome))
  })

  it('refuses a file that it cannot use, and begins no other in its place', () => {
    registry.close()
    for (const content of ['', 'this is no database, and is as long as a page'.repeat(200)]) {
      rmSync(path)
      for (const end of ['-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
      writeFileSync(path, content, { mode: 0o600 })
      assert.throws(() => open(), /the registry of devices, is (empty|damaged): bring back a copy/)
    }
    rmSync(path)
    registry = open()
    registry.close()
    const db = new DatabaseSync(path)
    db.exec('PRAGMA user_version = 99')
    db.close()
    assert.throws(() => open(), /later version/)
    rmSync(path)
    registry = open()
    chmodSync(path, 0o644)
    registry.close()
    const said: string[] = []
    registry = new Registry(openRegistryFile(path, (text) => said.push(text)))
    assert.match(said.join(), /others could use .*closed to them now/)
  })

  it('has room for a fleet: one more device costs no more than one', function () {
    this.timeout(60_000)
    const { secret } = token()
    const count = 500
    for (let n = 0; n < count; n++) {
      const id = `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`
      const { outcome } = enrol(secret, id, n.toString(16).padStart(64, '0'))
      assert(!isRefused(outcome))
    }
    assert.equal(registry.devices().length, count)
    registry.close()
    registry = open()
    assert.equal(registry.devices().length, count)
    assert.equal(registry.tokens()[0]?.uses, count)
  })
})
