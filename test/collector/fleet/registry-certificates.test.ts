// The certificates that the registry keeps of its devices: what each opens, what more is given for it, and how many there are.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isRefused, Registry } from '../../../src/collector/fleet/registry.ts'
import { openRegistryFile } from '../../../src/collector/fleet/registry-file.ts'
import { DEVICE_A } from '../agent.ts'
import { certificate, comersTo, daysOn, HARDWARE, refusedWith, T0 } from './registry-fixture.ts'

describe('the certificates in the registry of devices', () => {
  let directory: string
  let registry: Registry
  const open = () => new Registry(openRegistryFile(join(directory, 'fleet.db'), () => {}))
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-certificates-'))
    registry = open()
  })
  afterEach(() => {
    registry.close()
    rmSync(directory, { recursive: true, force: true })
  })
  const { token, enrol, given } = comersTo(() => registry)

  it('opens to no certificate but one that it gave, while it holds and its device may come', () => {
    const { secret } = token()
    const { fingerprint } = enrol(secret)
    refusedWith(registry.judge(undefined, T0), 'certificate-missing')
    refusedWith(registry.judge('00', T0), 'certificate-unknown')
    refusedWith(registry.judge(fingerprint, daysOn(90)), 'certificate-expired')
    registry.change(DEVICE_A, { standing: 'revoked' })
    refusedWith(registry.judge(fingerprint, T0), 'device-revoked')
    registry.change(DEVICE_A, { standing: 'active' })
    assert(!isRefused(registry.judge(fingerprint, T0)))
    const next = certificate()
    assert.equal(registry.noteCertificate(fingerprint, next, T0), undefined)
    assert(!isRefused(registry.judge(fingerprint, T0)), 'the old one holds beside the new')
    assert(!isRefused(registry.judge(next.fingerprint, T0)))
    assert.equal(registry.remove(DEVICE_A), true)
    refusedWith(registry.judge(next.fingerprint, T0), 'certificate-unknown')
    assert.equal(registry.remove(DEVICE_A), false)
    assert.equal(registry.change(DEVICE_A, { name: 'x' }), false)
  })

  it('gives nothing for a certificate that is good no more, whoever made it so', () => {
    const { secret } = token()
    const { fingerprint: stolen } = enrol(secret)
    const shown = (one: string) => ({ deviceId: DEVICE_A, hardware: HARDWARE, key: '', shown: one })
    assert(!isRefused(enrol(secret, DEVICE_A, HARDWARE, DEVICE_A).outcome))
    const no = registry.noteCertificate(stolen, certificate(), T0)
    refusedWith(no ?? {}, 'certificate-revoked')
    assert.match(no?.error ?? '', /enrolled again since/)
    refusedWith(registry.enrol(secret, shown(stolen), certificate(), T0), 'device-known')
    const now = given.get(DEVICE_A) as string
    refusedWith(
      registry.noteCertificate(now, certificate(), daysOn(90)) ?? {},
      'certificate-expired',
    )
    // A command has thrown it out, of which nothing is read here yet.
    const other = open()
    other.change(DEVICE_A, { standing: 'revoked' })
    assert(!isRefused(registry.judge(now, T0)))
    refusedWith(registry.noteCertificate(now, certificate(), T0) ?? {}, 'device-revoked')
    refusedWith(registry.enrol(secret, shown(now), certificate(), T0), 'device-known')
    other.close()
  })

  it('keeps no certificate that has ended once there is another', () => {
    const { secret } = token()
    const { fingerprint } = enrol(secret)
    const next = { fingerprint: 'ff'.repeat(32), notAfter: daysOn(200), key: '' }
    registry.noteCertificate(fingerprint, next, daysOn(60))
    assert(!isRefused(registry.judge(fingerprint, daysOn(61))))
    registry.noteCertificate(
      next.fingerprint,
      { ...next, fingerprint: 'fe'.repeat(32) },
      daysOn(91),
    )
    registry.refresh()
    const reopened = open()
    refusedWith(reopened.judge(fingerprint, daysOn(61)), 'certificate-unknown')
    assert(!isRefused(reopened.judge(next.fingerprint, daysOn(92))))
    reopened.close()
  })

  it('keeps the last few of one device, however often it enrols again by ever other keys, or renews', () => {
    const { secret } = token({ usesMax: 1 })
    const first = enrol(secret, DEVICE_A, HARDWARE, undefined, T0, 'k').fingerprint
    // As a version that kept all of them has left it.
    const database = new DatabaseSync(join(directory, 'fleet.db'))
    const add = database.prepare("INSERT INTO certificate VALUES (?, ?, 0, ?, 0, 'x')")
    for (let n = 0; n < 300; n++) add.run(`old-${n}`, DEVICE_A, daysOn(90))
    const kept = () =>
      Number(database.prepare('SELECT count(*) AS n FROM certificate').get()?.['n'])
    const replaced = [first]
    for (let n = 0; n < 40; n++)
      replaced.push(enrol(secret, DEVICE_A, HARDWARE, DEVICE_A, T0, `k${n}`).fingerprint)
    assert.equal(kept(), 17)
    assert(!isRefused(registry.judge(replaced.at(-1), T0)))
    refusedWith(registry.judge(replaced.at(-2), T0), 'certificate-revoked')
    refusedWith(registry.judge(first, T0), 'certificate-unknown')
    // Each answer is lost, and it comes by the one that it has.
    const used = replaced.at(-1) as string
    const renewed = Array.from({ length: 40 }, certificate)
    for (const one of renewed) assert.equal(registry.noteCertificate(used, one, T0), undefined)
    assert.equal(kept(), 33)
    for (const one of [used, renewed.at(-1)?.fingerprint])
      assert(!isRefused(registry.judge(one, T0)))
    refusedWith(registry.judge(renewed[0]?.fingerprint, T0), 'certificate-unknown')
    database.close()
  })

  it('keeps four certificates of one key, however often it is asked', () => {
    const { secret } = token()
    const asked = Array.from(
      { length: 9 },
      () => enrol(secret, DEVICE_A, HARDWARE, undefined, T0, 'cd'.repeat(32)).fingerprint,
    )
    const good = asked.filter((one) => !isRefused(registry.judge(one, T0)))
    assert.deepEqual(good, asked.slice(-4))
  })
})
