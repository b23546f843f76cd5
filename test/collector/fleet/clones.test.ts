// Who has another machine's certificate, and who only changed its network, started anew or was brought back from a backup.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Clones, createClones, type Machine } from '../../../src/collector/fleet/clones.ts'
import { noteLocal } from '../../../src/collector/fleet/local-ids.ts'
import { isRefused, Registry } from '../../../src/collector/fleet/registry.ts'
import { openRegistryFile } from '../../../src/collector/fleet/registry-file.ts'
import { Counters } from '../../../src/collector/terms/counters.ts'
import { type UnixNs, unixNs } from '../../../src/units.ts'
import { DEVICE_A, DEVICE_B, T0 } from '../agent.ts'

const HARDWARE = 'aa'.repeat(32)
const OTHER_HARDWARE = 'bb'.repeat(32)
const NEW_ID = '11111111-1111-4111-8111-111111111111'
const ANOTHER_ID = '22222222-2222-4222-8222-222222222222'
const minutesOn = (minutes: number): UnixNs => unixNs(T0 + BigInt(minutes) * 60_000_000_000n, 'now')
const DAY = 24 * 60

describe('clones', () => {
  let path: string
  let database: DatabaseSync
  let registry: Registry
  let clones: Clones
  let complaints: string[]
  let certificates = 0
  /** Fingerprint of the certificate that the machines come by. */
  let enrolled: string
  const open = () => {
    complaints = []
    database = openRegistryFile(path, () => {})
    registry = new Registry(database)
    const complain = (_of: unknown, text: string) => complaints.push(text)
    clones = createClones(database, registry, { counters: new Counters(), complain })
  }
  beforeEach(() => {
    path = join(mkdtempSync(join(tmpdir(), 'freshet-clones-')), 'fleet.db')
    open()
    enrolled = enrol(DEVICE_A, HARDWARE)
  })
  afterEach(() => {
    registry.close()
    rmSync(join(path, '..'), { recursive: true })
  })

  const certificate = () => ({
    fingerprint: `${++certificates}`.padStart(64, '0'),
    notAfter: minutesOn(90 * DAY),
    key: '',
  })
  const enrol = (deviceId: string, hardware: string) => {
    const { secret } = registry.makeToken(
      { label: 'test', group: 'office', usesMax: undefined, expiresAt: undefined },
      unixNs(T0, 'now'),
    )
    const candidate = { deviceId, hardware, key: '', shown: undefined }
    const given = certificate()
    assert(!isRefused(registry.enrol(secret, candidate, given, unixNs(T0, 'now'))))
    return given.fingerprint
  }
  const come = (change: Partial<Machine>, minutes = 0) =>
    clones.orderFor(
      { deviceId: DEVICE_A, hardware: HARDWARE, bootId: 'boot-1', isCapable: true, ...change },
      minutesOn(minutes),
    )
  const other = (minutes: number, change: Partial<Machine> = {}) =>
    come({ hardware: OTHER_HARDWARE, bootId: 'boot-2', ...change }, minutes)
  const isShared = () => registry.device(DEVICE_A)?.sharedAt !== undefined

  it('are not: a machine that changes its network, a hundred times an hour', () => {
    for (let turn = 0; turn < 100; turn++) assert.equal(come({}, Math.floor(turn / 2)), undefined)
    assert(!isShared())
  })
  it('are not: one whose backup was brought back, or that starts again and again', () => {
    for (const [minute, bootId] of ['a', 'b', 'c', 'd', 'e', 'f', 'g'].entries())
      assert.equal(come({ bootId }, minute), undefined)
    // Each boot comes several times, as networks come and go.
    for (const [minute, bootId] of ['h', 'h', 'i', 'i', 'i', 'j'].entries())
      assert.equal(come({ bootId }, minute), undefined)
    assert(!isShared())
  })
  it('are not: two boots that took turns three times an hour, hour after hour', () => {
    for (let time = 0; time < 5; time++)
      for (const [turn, bootId] of ['a', 'b', 'a', 'b', 'a'].entries())
        assert.equal(come({ bootId }, time * 70 + turn), undefined, `${time} ${turn}`)
  })
  it('are two boots that take turns more than three times an hour: the later one moves, its twin stays', () => {
    const turns = ['a', 'b', 'a', 'b', 'a', 'b'].map((bootId, turn) => come({ bootId }, turn))
    assert.deepEqual(
      turns.map((order) => order !== undefined),
      [false, false, false, false, false, true],
    )
    assert(isShared())
    for (let turn = 6; turn < 60; turn += 2) {
      assert.equal(come({ bootId: 'a' }, turn), undefined)
      assert(come({ bootId: 'b' }, turn + 1), 'it is told until it has moved')
    }
    // Its twin started anew, and is the one that came when it was too often.
    for (const [turn, bootId] of ['c', 'b', 'c', 'b', 'c', 'b', 'c'].entries())
      assert.equal(come({ bootId }, 60 + turn) !== undefined, bootId === 'b', `${turn}`)
  })
  it('are two boots of which the one first seen later moves, whoever makes the last turn, hours after', () => {
    assert.equal(come({ bootId: 'first' }, 0), undefined)
    for (const [turn, bootId] of ['copy', 'first', 'copy', 'first', 'copy', 'first'].entries())
      assert.equal(come({ bootId }, 120 + turn), undefined, `${turn}`)
    assert(isShared())
    assert.match(complaints.join('\n'), /first seen later is told when it comes/)
    assert(come({ bootId: 'copy' }, 127))
    assert.equal(come({ bootId: 'first' }, 128), undefined)
  })
  it('are told apart by who was there first, also after a restart of the collector', () => {
    come({ bootId: 'first' }, 0)
    come({ bootId: 'copy' }, 300)
    clones.write()
    registry.close()
    open()
    const turns = ['copy', 'first', 'copy', 'first', 'copy', 'first', 'copy', 'first', 'copy']
    const told = turns.filter((bootId, turn) => come({ bootId }, 400 + turn) !== undefined)
    assert.deepEqual([...new Set(told)], ['copy'])
  })
  it('are two boots of which one is ever another: the one that stays is not told', () => {
    const turns = Array.from({ length: 20 }, (_, turn) =>
      turn % 2 === 0 ? 'first' : `boot-${turn}`,
    )
    for (const [turn, bootId] of turns.entries()) assert.equal(come({ bootId }, turn), undefined)
    assert(isShared())
    assert(database.prepare('SELECT 1 FROM clone WHERE boot_id = ?').get('first') === undefined)
  })
  it('are told apart where one of them does not say its boot', () => {
    come({ bootId: 'first' }, 0)
    const turns = ['', 'first', '', 'first', '', 'first', '']
    const told = turns.filter((bootId, turn) => come({ bootId }, 100 + turn) !== undefined)
    assert.deepEqual(told, [''])
  })
  it('remember as many boots as one machine may have, and forget those that come no more', () => {
    come({ bootId: 'first' }, 0)
    for (let turn = 0; turn < 50; turn++) {
      come({ bootId: `boot-${turn}` }, turn * 100)
      come({ bootId: 'first' }, turn * 100 + 1)
    }
    clones.write()
    const kept = database.prepare('SELECT boot_id FROM boot ORDER BY rowid').all()
    assert.equal(kept.length, 8)
    assert.equal(kept[0]?.['boot_id'], 'first')
  })
  it('are other hardware than what was enrolled, at once and until it comes as what it became', () => {
    const order = other(0)
    assert(order)
    assert(isShared())
    assert.equal(come({}, 1), undefined, 'the one that enrolled stays')
    assert.equal(clones.refusalOf(order, order.token, NEW_ID, minutesOn(2)), undefined)
    clones.succeed(order, NEW_ID, certificate(), enrolled, minutesOn(1))
    const made = registry.device(NEW_ID)
    assert.deepEqual(
      { ...made, enrolledAt: 0 },
      {
        ...{ id: NEW_ID, hardware: OTHER_HARDWARE, group: 'office', name: '', owner: '' },
        // As that which it came beside: nobody has admitted it.
        ...{ standing: 'quarantined', enrolledAt: 0, token: 1, mayEnrolAgain: false },
        ...{ sharedAt: undefined, source: '', isNoticed: false },
      },
    )
    const again = other(2)
    assert(again, 'its answer may have been lost')
    assert.notEqual(again.token, order.token)
    assert.equal(clones.refusalOf(again, again.token, NEW_ID, minutesOn(2)), undefined)
    assert(isShared(), 'it still delivers by the certificate of the other')
    assert.equal(
      come({ deviceId: NEW_ID, hardware: OTHER_HARDWARE, bootId: 'boot-3' }, 3),
      undefined,
    )
    assert(!isShared())
    assert.equal(come({}, 4), undefined)
  })
  it('are shared no more when the other was not heard of for a month', () => {
    assert(other(0))
    come({}, 29 * DAY)
    assert(isShared())
    come({}, 31 * DAY)
    assert(!isShared())
  })
  it('are remembered over a restart of the collector', () => {
    const order = other(0)
    assert(order)
    clones.succeed(order, NEW_ID, certificate(), enrolled, minutesOn(1))
    registry.close()
    open()
    assert(isShared())
    const again = other(2)
    assert(again)
    assert.equal(clones.refusalOf(again, again.token, NEW_ID, minutesOn(2)), undefined)
    come({ deviceId: NEW_ID, hardware: OTHER_HARDWARE }, 3)
    assert(!isShared())
  })
  it('get no other id by another token, nor the id of a device that is known', () => {
    const order = other(0)
    assert(order)
    enrol(DEVICE_B, 'cc'.repeat(32))
    assert.match(clones.refusalOf(order, 'x'.repeat(32), NEW_ID, minutesOn(2)) ?? '', /token/)
    assert.match(
      clones.refusalOf(order, order.token, DEVICE_A, minutesOn(2)) ?? '',
      /id that it has/,
    )
    assert.match(
      clones.refusalOf(order, order.token, DEVICE_B, minutesOn(2)) ?? '',
      /device that is known/,
    )
  })
  it('become no other device by a certificate that is good no more, nor one that came meanwhile', () => {
    const order = other(0)
    assert(order)
    const become = () => clones.succeed(order, NEW_ID, certificate(), enrolled, minutesOn(1))
    // As they are asked while the certificate is made.
    assert.equal(clones.refusalOf(order, order.token, NEW_ID, minutesOn(2)), undefined)
    registry.change(DEVICE_A, { standing: 'revoked' })
    assert.throws(become, /revoked by an administrator/)
    registry.change(DEVICE_A, { standing: 'active' })
    const theirs = enrol(NEW_ID, 'cc'.repeat(32))
    assert.throws(become, /the id of a device that is known/)
    const kept = database.prepare('SELECT fingerprint FROM certificate').all()
    assert.deepEqual(
      kept.map((row) => row['fingerprint']),
      [enrolled, theirs],
    )
    registry.remove(NEW_ID)
    become()
    assert.equal(registry.device(NEW_ID)?.standing, 'quarantined')
  })
  it('are one device each: who asked for one id is given no second', () => {
    const order = other(0)
    assert(order)
    clones.succeed(order, NEW_ID, certificate(), enrolled, minutesOn(1))
    const again = other(2)
    assert(again)
    assert.match(
      clones.refusalOf(again, again.token, ANOTHER_ID, minutesOn(2)) ?? '',
      /another device id before/,
    )
    assert.equal(clones.refusalOf(again, again.token, NEW_ID, minutesOn(2)), undefined)
  })
  it('are given another id a day later where they lost the first, which never came and is forgotten', () => {
    const order = other(0)
    assert(order)
    clones.succeed(order, NEW_ID, certificate(), enrolled, minutesOn(1))
    const ask = (minutes: number, id = ANOTHER_ID) => {
      const again = other(minutes)
      assert(again)
      const no = clones.refusalOf(again, again.token, id, minutesOn(minutes))
      if (no === undefined) clones.succeed(again, id, certificate(), enrolled, minutesOn(minutes))
      return no
    }
    assert.match(
      `${ask(DAY)}`,
      new RegExp(
        `another device id before, ${NEW_ID},.*a day later it may, and .*remove ${NEW_ID}`,
      ),
    )
    assert.equal(ask(DAY + 2), undefined)
    assert.equal(registry.device(NEW_ID), undefined)
    assert.equal(registry.device(ANOTHER_ID)?.standing, 'quarantined')
    // Each day once, as a machine does that is set back at each start.
    assert.match(`${ask(2 * DAY, NEW_ID)}`, /another device id before/)
    assert.equal(ask(2 * DAY + 3, NEW_ID), undefined)
    assert.equal(registry.devices().length, 2)
    come({ deviceId: NEW_ID, hardware: OTHER_HARDWARE }, 2 * DAY + 4)
    assert(!isShared())
  })
  it('are given another id at once where the first was removed, and none where it was thrown out, or a person knows it', () => {
    const order = other(0)
    assert(order)
    clones.succeed(order, NEW_ID, certificate(), enrolled, minutesOn(1))
    const ask = () => {
      const again = other(20 * DAY)
      assert(again)
      return clones.refusalOf(again, again.token, ANOTHER_ID, minutesOn(20 * DAY))
    }
    registry.change(NEW_ID, { standing: 'revoked' })
    assert.match(`${ask()}`, /was thrown out/)
    registry.change(NEW_ID, { standing: 'active' })
    assert.match(`${ask()}`, /another device id before.*has not come as that: `.*devices remove/)
    registry.remove(NEW_ID)
    assert.equal(ask(), undefined)
  })
  it('make no chain: what came from a copy is ordered apart once it was admitted', () => {
    const order = other(0)
    assert(order)
    clones.succeed(order, NEW_ID, certificate(), enrolled, minutesOn(1))
    const next = (minutes: number) =>
      come({ deviceId: NEW_ID, hardware: 'dd'.repeat(32), bootId: 'boot-3' }, minutes)
    come({ deviceId: NEW_ID, hardware: OTHER_HARDWARE }, 2)
    assert.equal(next(3), undefined)
    assert.match(complaints.join('\n'), /came from a copy itself: admit it first/)
    registry.change(NEW_ID, { standing: 'active' })
    assert(next(4))
  })
  it('stay what they are, and are named, where their hardware is enrolled as another device', () => {
    enrol(DEVICE_B, OTHER_HARDWARE)
    assert.equal(other(0), undefined)
    assert(isShared())
    assert.match(complaints.join('\n'), new RegExp(`enrolled as device ${DEVICE_B}`))
    registry.change(DEVICE_B, { mayEnrolAgain: true })
    assert(other(1))
  })
  it('stay what they are, and are named, where their agent is too old', () => {
    assert.equal(other(0, { isCapable: false }), undefined)
    assert(isShared())
    assert.match(complaints.join('\n'), /too old/)
  })
  it('are no more than ten a day of one certificate', () => {
    registry.change(DEVICE_A, { standing: 'active' })
    const hardware = (index: number) => index.toString(16).padStart(64, '0')
    const orders = Array.from({ length: 12 }, (_, index) =>
      other(index, { hardware: hardware(index) }),
    )
    assert.equal(orders.filter((order) => order !== undefined).length, 10)
    assert(other(DAY + 20, { hardware: hardware(50) }))
  })
  it('are named and marked, and not told, where one does not say what it is and the device did', () => {
    for (let turn = 0; turn < 200; turn += 2) {
      assert.equal(come({}, turn), undefined)
      assert.equal(come({ hardware: '', bootId: '' }, turn + 1), undefined)
    }
    assert(isShared())
    assert.match(complaints.join('\n'), /does not say what hardware it is, as the device did/)
    come({}, 200 + 31 * DAY)
    assert(!isShared(), 'nothing of the kind came for a month')
  })
  it('are not: a device that never said what it is', () => {
    enrol(DEVICE_B, '')
    for (let turn = 0; turn < 20; turn++)
      assert.equal(come({ deviceId: DEVICE_B, hardware: '', bootId: '' }, turn), undefined)
    assert.equal(registry.device(DEVICE_B)?.sharedAt, undefined)
    assert.deepEqual(complaints, [])
  })
  it('become no agent of the collector’s own machine', () => {
    noteLocal(database, NEW_ID, minutesOn(0))
    const order = other(0)
    assert(order)
    assert.match(
      `${clones.refusalOf(order, order.token, NEW_ID, minutesOn(2))}`,
      /of a device that is known/,
    )
  })
  it('are kept in a file that was of the version before', () => {
    registry.close()
    const older = new DatabaseSync(path)
    older.exec(
      'DROP TABLE erasure; DROP TABLE departed; ALTER TABLE device DROP COLUMN noticed; ALTER TABLE device DROP COLUMN source; DROP TABLE boot; ALTER TABLE certificate DROP COLUMN key_hash; DROP TABLE held; DROP TABLE local; DROP TABLE seen; DROP TABLE clone; ALTER TABLE device DROP COLUMN shared_ns; PRAGMA user_version = 1',
    )
    older.close()
    open()
    assert.equal(registry.devices().length, 1)
    assert(other(0))
    assert(isShared())
  })
})
