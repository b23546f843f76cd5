// What is kept of clones and of boots: no more than there is, however long it goes on, and however long the disk takes nothing.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { Counters } from '../../../src/collector/counters.ts'
import { createBoots } from '../../../src/collector/fleet/boots.ts'
import { createClones } from '../../../src/collector/fleet/clones.ts'
import { Registry } from '../../../src/collector/fleet/registry.ts'
import { openRegistryFile, REGISTRY_FILE } from '../../../src/collector/fleet/registry-file.ts'
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
