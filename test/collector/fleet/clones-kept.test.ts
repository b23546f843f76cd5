// What is kept of clones and of boots: no more than there is, however long it goes on, and however long the disk takes nothing.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { createBoots } from '../../../src/collector/fleet/boots.ts'
import { type Clones, createClones } from '../../../src/collector/fleet/clones.ts'
import { Registry } from '../../../src/collector/fleet/registry.ts'
import { openRegistryFile, REGISTRY_FILE } from '../../../src/collector/fleet/registry-file.ts'
import { Counters } from '../../../src/collector/terms/counters.ts'
import { DEVICE_A, DEVICE_B } from '../agent.ts'
import { certificate, comersTo, daysOn, HARDWARE, T0 } from './registry-fixture.ts'

describe('what is kept', () => {
  let directory: string
  let database: DatabaseSync
  let registry: Registry
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-kept-'))
    database = openRegistryFile(join(directory, REGISTRY_FILE), () => {})
    registry = new Registry(database)
    enrol(token().secret, DEVICE_A, HARDWARE)
  })
  afterEach(() => {
    registry.close()
    rmSync(directory, { recursive: true })
  })
  const { token, enrol, given } = comersTo(() => registry)
  const one = (sql: string) => Number(Object.values(database.prepare(sql).get() ?? {})[0])

  describe('of clones', () => {
    const clones = () =>
      createClones(database, registry, { counters: new Counters(), complain: () => {} })
    const other = (days: number) =>
      clones().orderFor(
        {
          ...{ deviceId: DEVICE_A, bootId: 'b', isCapable: true },
          hardware: `${days}`.padStart(64, '0'),
        },
        daysOn(days),
      )
    const rows = () => one('SELECT count(*) FROM clone')

    it('is forgotten a month after they were last there, as further ones come', () => {
      registry.change(DEVICE_A, { standing: 'active' })
      for (let days = 0; days < 80; days += 2) {
        assert(other(days))
        assert(rows() <= 16, `${rows()}`)
      }
    })

    it('is what they became, until it has come and somebody has looked at it', () => {
      const order = other(0)
      assert(order)
      clones().succeed(order, DEVICE_B, certificate(), given.get(DEVICE_A) as string, T0)
      const successors = () => one(`SELECT count(*) FROM clone WHERE successor = '${DEVICE_B}'`)
      other(40)
      assert.equal(successors(), 1, 'it may come still, and asks for that id')
      const itself = { deviceId: DEVICE_B, bootId: 'b', isCapable: true, hardware: '0'.repeat(64) }
      clones().orderFor(itself, daysOn(41))
      other(80)
      assert.equal(successors(), 1, 'no chain of further devices while nobody has admitted it')
      registry.change(DEVICE_B, { standing: 'active' })
      other(81)
      assert.equal(successors(), 0)
    })
  })

  describe('of clones of devices that nobody has admitted', () => {
    const idOf = (n: number) => `0f8fad5b-d9cb-469f-a165-${n.toString(16).padStart(12, '0')}`
    const hardwareOf = (n: number) => n.toString(16).padStart(64, '0')
    const rows = () => one('SELECT count(*) FROM clone')
    let counters: Counters
    let clones: Clones
    const come = (deviceId: string, n: number, now = T0) =>
      clones.orderFor({ deviceId, hardware: hardwareOf(n), bootId: 'b', isCapable: true }, now)
    beforeEach(() => {
      counters = new Counters()
      clones = createClones(database, registry, { counters, complain: () => {} })
    })

    it('are a few of one device, and ten a day once it was admitted', () => {
      for (let n = 1; n <= 100; n++) come(DEVICE_A, n, daysOn(n / 10))
      assert.deepEqual([rows(), counters.read().clonesUntold], [4, 96])
      registry.change(DEVICE_A, { standing: 'active' })
      for (let n = 200; n < 220; n++) come(DEVICE_A, n, daysOn(12))
      assert.equal(rows(), 14)
    })

    it('are a thousand by one token, also after a restart, and others have theirs', () => {
      const [stolen, honest] = [token().secret, token().secret]
      enrol(honest, DEVICE_B, 'cc'.repeat(32))
      database.exec('BEGIN')
      const device = database.prepare(
        "INSERT INTO device VALUES (?, ?, 'g', '', '', 'quarantined', ?, 2, 0, NULL, '', 0)",
      )
      for (let n = 0; n < 400; n++) device.run(idOf(n), hardwareOf(1e6 + n), T0)
      database.exec('COMMIT')
      assert(registry.device(DEVICE_B) && stolen)
      registry.close()
      database = openRegistryFile(join(directory, REGISTRY_FILE), () => {})
      database.exec('PRAGMA synchronous = OFF')
      registry = new Registry(database)
      for (let time = 0; time < 3; time++) {
        clones = createClones(database, registry, { counters, complain: () => {} })
        for (let n = 0; n < 400; n++) come(idOf(n), 1000 * (time + 1) + n)
      }
      assert.deepEqual([rows(), counters.read().clonesUntold], [1000, 200])
      assert(come(DEVICE_B, 1))
      assert.equal(rows(), 1001)
    })

    it('of its token give their places within a minute once their devices are gone, and once they are: not a day later', () => {
      database.exec('PRAGMA synchronous = OFF')
      const { secret } = token()
      const secondsOn = (seconds: number) => daysOn(seconds / 86_400)
      for (let n = 0; n < 251; n++) enrol(secret, idOf(n), hardwareOf(1e6 + n))
      for (let n = 0; n < 1000; n++) come(idOf(n % 250), n)
      const another = (seconds: number) => come(idOf(250), 2000, secondsOn(seconds))
      assert.equal(another(5), undefined)
      assert.deepEqual([rows(), counters.read().clonesUntold], [1000, 1])
      for (let n = 0; n < 10; n++) registry.remove(idOf(n))
      assert.equal(another(59), undefined, 'all are looked through no more often')
      assert(another(61))
      assert.equal(rows(), 961)
      registry.remove(idOf(250))
      // Full again, at a collector whose daily look was a moment before they are old.
      for (let n = 0; n < 10; n++) enrol(secret, idOf(n), hardwareOf(1e6 + n))
      for (let n = 0; n < 40; n++) come(idOf(n % 10), 3000 + n, secondsOn(200))
      enrol(secret, idOf(250), hardwareOf(1e6 + 250))
      clones = createClones(database, registry, { counters, complain: () => {} })
      const month = 30 * 86_400
      assert.equal(another(month - 3600), undefined)
      assert.equal(rows(), 1000)
      assert(another(month + 30), 'an hour later those of the first moment have gone')
      assert.equal(rows(), 41)
    })

    it('costs nothing to look through at each Hello, however many there are', () => {
      database.exec('PRAGMA synchronous = OFF')
      registry.change(DEVICE_A, { standing: 'active' })
      enrol(token().secret, DEVICE_B, 'cc'.repeat(32))
      const tookMs = (days: number) => {
        const each = Array.from({ length: 9 }, (_, n) => {
          database.exec(`DELETE FROM clone WHERE device = '${DEVICE_A}'`)
          const startedMs = performance.now()
          assert(come(DEVICE_A, n + 1, daysOn(days)))
          return performance.now() - startedMs
        })
        return each.toSorted((a, b) => a - b)[4] as number
      }
      const few = tookMs(1)
      database.exec('BEGIN')
      const add = database.prepare('INSERT INTO clone VALUES (?, ?, ?, NULL, ?, ?, NULL)')
      for (let n = 0; n < 90_000; n++) add.run(DEVICE_B, hardwareOf(n), 'b', T0, T0)
      database.exec('COMMIT')
      const many = tookMs(1.5)
      assert.ok(many < Math.max(3, few * 10), `${many} ms, ${few} ms with few`)
    })

    it('is not written at each time that one is there', () => {
      come(DEVICE_A, 1)
      const before = one('SELECT total_changes()')
      for (let n = 0; n < 50; n++) come(DEVICE_A, 1, daysOn(n / 2000))
      assert.equal(one('SELECT total_changes()') - before, 0)
      come(DEVICE_A, 1, daysOn(0.05))
      assert.equal(one('SELECT total_changes()') - before, 1)
    })
  })

  it('of boots, while nothing is written, is what each device has: what came and went is not written later either', () => {
    const boots = createBoots(database)
    const boot = () => one(`SELECT count(*) FROM boot WHERE device = '${DEVICE_A}'`)
    boots.noteArrival(DEVICE_A, 'first', T0)
    boots.write()
    database.exec('PRAGMA query_only = ON')
    for (let n = 0; n < 1000; n++) {
      boots.noteArrival(DEVICE_A, `boot ${n}`, T0)
      if (n % 100 === 0) assert.throws(() => boots.write(), /readonly/)
    }
    database.exec('PRAGMA query_only = OFF')
    const before = one('SELECT total_changes()')
    boots.write()
    assert.equal(boot(), 8)
    assert.equal(one('SELECT total_changes()') - before, 9, 'eight that came, one that went')
    const kept = database.prepare('SELECT boot_id FROM boot ORDER BY rowid').all()
    assert.deepEqual(
      kept.map(({ boot_id }) => boot_id),
      Array.from({ length: 8 }, (_, n) => `boot ${992 + n}`),
    )
    boots.write()
    assert.equal(one('SELECT total_changes()') - before, 9)
  })
})
