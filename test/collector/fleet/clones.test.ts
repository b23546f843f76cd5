// Who has another machine's certificate, and who only changed its network, started anew or was brought back from a backup.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Counters } from '../../../src/collector/counters.ts'
import { type Clones, createClones, type Machine } from '../../../src/collector/fleet/clones.ts'
import { noteLocal } from '../../../src/collector/fleet/local-ids.ts'
import { isRefused, Registry } from '../../../src/collector/fleet/registry.ts'
import { openRegistryFile } from '../../../src/collector/fleet/registry-file.ts'
import { type UnixNs, unixNs } from '../../../src/units.ts'
import { DEVICE_A, DEVICE_B, T0 } from '../agent.ts'

const HARDWARE = 'aa'.repeat(32)
const OTHER_HARDWARE = 'bb'.repeat(32)
const NEW_ID = '11111111-1111-4111-8111-111111111111'
const minutesOn = (minutes: number): UnixNs => unixNs(T0 + BigInt(minutes) * 60_000_000_000n, 'now')
const DAY = 24 * 60

describe('clones', () => {
  let path: string
  let database: DatabaseSync
  let registry: Registry
  let clones: Clones
  let complaints: string[]
  let certificates = 0
  const open = () => {
    complaints = []
    database = openRegistryFile(path, () => {})
    registry = new Registry(database)
    const complain = (text: string) => complaints.push(text)
    clones = createClones(database, registry, { counters: new Counters(), complain })
  }
  beforeEach(() => {
    path = join(mkdtempSync(join(tmpdir(), 'freshet-clones-')), 'fleet.db')
    open()
    enrol(DEVICE_A, HARDWARE)
  })
  afterEach(() => {
    registry.close()
    rmSync(join(path, '..'), { recursive: true })
  })

  const certificate = () => ({
    fingerprint: `${++certificates}`.padStart(64, '0'),
    notAfter: minutesOn(90 * DAY),
  })
  const enrol = (deviceId: string, hardware: string) => {
    const { secret } = registry.makeToken(
      { label: 'test', group: 'office', usesMax: undefined, expiresAt: undefined },
      unixNs(T0, 'now'),
    )
    const candidate = { deviceId, hardware, provenId: undefined }
    assert(!isRefused(registry.enrol(secret, candidate, certificate(), unixNs(T0, 'now'))))
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
  it('are other hardware than what was enrolled, at once and until it comes as what it became', () => {
    const order = other(0)
    assert(order)
    assert(isShared())
    assert.equal(come({}, 1), undefined, 'the one that enrolled stays')
    assert.equal(clones.refusalOf(order, order.token, NEW_ID), undefined)
    clones.succeed(order, NEW_ID, certificate(), minutesOn(1))
    const made = registry.device(NEW_ID)
    assert.deepEqual(
      { ...made, enrolledAt: 0 },
      {
        ...{ id: NEW_ID, hardware: OTHER_HARDWARE, group: 'office', name: '', owner: '' },
        ...{ standing: 'quarantined', enrolledAt: 0, token: undefined, mayEnrolAgain: false },
        sharedAt: undefined,
      },
    )
    const again = other(2)
    assert(again, 'its answer may have been lost')
    assert.notEqual(again.token, order.token)
    assert.equal(clones.refusalOf(again, again.token, NEW_ID), undefined)
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
    clones.succeed(order, NEW_ID, certificate(), minutesOn(1))
    registry.close()
    open()
    assert(isShared())
    const again = other(2)
    assert(again)
    assert.equal(clones.refusalOf(again, again.token, NEW_ID), undefined)
    come({ deviceId: NEW_ID, hardware: OTHER_HARDWARE }, 3)
    assert(!isShared())
  })
  it('get no other id by another token, nor the id of a device that is known', () => {
    const order = other(0)
    assert(order)
    enrol(DEVICE_B, 'cc'.repeat(32))
    assert.match(clones.refusalOf(order, 'x'.repeat(32), NEW_ID) ?? '', /token/)
    assert.match(clones.refusalOf(order, order.token, DEVICE_A) ?? '', /id that it has/)
    assert.match(clones.refusalOf(order, order.token, DEVICE_B) ?? '', /device that is known/)
  })
  it('are one device each: who asked for one id is given no second', () => {
    const order = other(0)
    assert(order)
    clones.succeed(order, NEW_ID, certificate(), minutesOn(1))
    const again = other(2)
    assert(again)
    const another = '22222222-2222-4222-8222-222222222222'
    assert.match(clones.refusalOf(again, again.token, another) ?? '', /another device id before/)
    assert.equal(clones.refusalOf(again, again.token, NEW_ID), undefined)
  })
  it('make no chain: what came from a copy is ordered apart once it was admitted', () => {
    const order = other(0)
    assert(order)
    clones.succeed(order, NEW_ID, certificate(), minutesOn(1))
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
    const hardware = (index: number) => index.toString(16).padStart(64, '0')
    const orders = Array.from({ length: 12 }, (_, index) =>
      other(index, { hardware: hardware(index) }),
    )
    assert.equal(orders.filter((order) => order !== undefined).length, 10)
    assert(other(DAY + 20, { hardware: hardware(50) }))
  })
  it('are not told where a machine does not say what it is', () => {
    for (let turn = 0; turn < 20; turn++)
      assert.equal(come({ hardware: '', bootId: '' }, turn), undefined)
  })
  it('become no agent of the collector’s own machine', () => {
    noteLocal(database, NEW_ID, minutesOn(0))
    const order = other(0)
    assert(order)
    assert.match(`${clones.refusalOf(order, order.token, NEW_ID)}`, /of a device that is known/)
  })
  it('are kept in a file that was of the version before', () => {
    registry.close()
    const older = new DatabaseSync(path)
    older.exec(
      'DROP TABLE held; DROP TABLE local; DROP TABLE seen; DROP TABLE clone; ALTER TABLE device DROP COLUMN shared_ns; PRAGMA user_version = 1',
    )
    older.close()
    open()
    assert.equal(registry.devices().length, 1)
    assert(other(0))
    assert(isShared())
  })
})
