import assert from 'node:assert/strict'
import fc from 'fast-check'
import type {
  AlertSummary,
  DeviceInfo,
  HealthInfo,
  IdentitySummary,
} from '../../src/collector/views/page-api.ts'
import { alertSummary, identitySummary } from '../../src/collector/views/views.ts'
import {
  DEVICES_MAX,
  HEALTH_MAX,
  type Held,
  nothingHeld,
  ROWS_MAX,
  withAlert,
  withDevice,
  withHealth,
  withIdentity,
  withRows,
} from '../../src/collector/web/lists.ts'
import { alertRoute, routeHash } from '../../src/collector/web/route.ts'
import { unixNs } from '../../src/units.ts'
import { alertOf, destination, identity, processOf } from './samples.ts'

const START = 1_764_000_000_000_000_000n
const at = (seconds: number) => unixNs(START + BigInt(seconds) * 1_000_000_000n, 'at')
const device = { id: 'd', hostname: 'mac-1' }

function row(
  seed: number,
  openedSeconds: number,
  change: Partial<AlertSummary> = {},
): AlertSummary {
  const alert = alertOf({
    seed: String(seed),
    identity: identity('rclone', 'unsigned', at(0), '/opt/rclone'),
    severity: 'high',
    to: destination('2001:db8::7', 443, 'files.example.org'),
    openedAt: at(openedSeconds),
    bytesOut: 1000,
    bytesIn: 0,
    sentence: 'rclone sent 1 kB',
  })
  return { ...alertSummary(alert, at(openedSeconds), device, undefined), ...change }
}

describe('page: the list of alerts', () => {
  it('is latest opened first, whatever order they arrive in', () => {
    const rows = [row(1, 10), row(2, 30), row(3, 20)]
    const held = rows.reduce(withAlert, nothingHeld as Held<AlertSummary>)
    assert.deepEqual(
      held.rows.map((one) => one.openedAt),
      [at(30), at(20), at(10)].map(String),
    )
    assert.equal(held.total, 3)
  })
  it('replaces an alert by its later revision and counts it once', () => {
    const first = withAlert(nothingHeld, row(1, 10))
    const second = withAlert(first, row(1, 10, { revision: 2, bytesOut: 5000 }))
    assert.equal(second.total, 1)
    assert.deepEqual(
      second.rows.map((one) => one.bytesOut),
      [5000],
    )
  })
  it('holds two alerts of one id where they are of two machines', () => {
    const other = row(1, 20, { device: { id: 'e', hostname: 'mac-2' } })
    const held = withAlert(withAlert(nothingHeld, row(1, 10)), other)
    assert.equal(held.total, 2)
    assert.deepEqual(
      held.rows.map((one) => routeHash(alertRoute(one))),
      ['e', 'd'].map((device) => `#/alerts/${other.id}?device=${device}`),
    )
  })
  it('ignores a revision older than the one shown', () => {
    const held = withAlert(nothingHeld, row(1, 10, { revision: 3 }))
    assert.equal(withAlert(held, row(1, 10, { revision: 2 })), held)
  })
  it('shows the highest revision of each alert, whatever order they arrive in', () => {
    const events = fc.array(fc.tuple(fc.nat({ max: 6 }), fc.integer({ min: 1, max: 9 })))
    fc.assert(
      fc.property(events, (told) => {
        const highest = new Map<string, number>()
        let held: Held<AlertSummary> = nothingHeld
        for (const [seed, revision] of told) {
          const one = row(seed, seed, { revision })
          highest.set(one.id, Math.max(revision, highest.get(one.id) ?? 0))
          held = withAlert(held, one)
        }
        assert.deepEqual(new Map(held.rows.map((one) => [one.id, one.revision])), highest)
        assert.equal(held.total, highest.size)
      }),
      { numRuns: 50 },
    )
  })
  it('keeps the newest when there are too many, and still counts all', () => {
    let held: Held<AlertSummary> = nothingHeld
    for (let index = 0; index < ROWS_MAX + 20; index++) held = withAlert(held, row(index, index))
    assert.equal(held.rows.length, ROWS_MAX)
    assert.equal(held.rows.at(-1)?.openedAt, at(20).toString())
    assert.equal(held.total, ROWS_MAX + 20)
  })
  it('takes in an older page without counting it twice', () => {
    const held: Held<AlertSummary> = { rows: [row(9, 90)], total: 3 }
    const more = withRows(held, [row(8, 80), row(7, 70)], withAlert)
    assert.equal(more.rows.length, 3)
    assert.equal(more.total, 3)
  })
})

describe('page: the list of identities', () => {
  const seen = (name: string, seconds: number, hostname = 'mac-1'): IdentitySummary =>
    identitySummary(
      identity(name, 'unsigned', at(seconds)),
      processOf(`/usr/bin/${name}`, 'ada', 7, undefined),
      { id: hostname, hostname },
      0,
    )
  it('holds a program once a machine, with what was last said of it', () => {
    const twice = [seen('a', 1), seen('b', 2), { ...seen('a', 1), destinations: 4 }]
    const held = twice.reduce(withIdentity, nothingHeld as Held<IdentitySummary>)
    assert.deepEqual(
      held.rows.map((one) => [one.name, one.destinations]),
      [
        ['b', 0],
        ['a', 4],
      ],
    )
    assert.equal(withIdentity(held, seen('a', 1, 'mac-2')).total, 3)
  })
})

describe('page: the list of machines', () => {
  const machine = (id: string, hostname: string): DeviceInfo => ({
    id,
    hostname,
    os: 'linux',
    osVersion: '',
    hardware: '',
    arch: '',
    agentVersion: '',
    connected: true,
    firstSeenAt: '0',
    lastSeenAt: '0',
    lastSequence: 0,
    live: undefined,
  })
  it('is by name, each machine once, also when one is renamed', () => {
    const told = [machine('1', 'c'), machine('2', 'a'), machine('3', 'b'), machine('1', 'c')]
    const held = told.reduce(withDevice, [] as DeviceInfo[])
    assert.deepEqual(
      held.map((one) => one.hostname),
      ['a', 'b', 'c'],
    )
    assert.deepEqual(
      withDevice(held, machine('2', 'z')).map((one) => one.hostname),
      ['b', 'c', 'z'],
    )
  })
  it('has what recordings were replayed into behind the machines that report, whatever they are called', () => {
    const replayed = (name: string) => machine(`00000000-0000-8000-8000-${name}`, name)
    const told = [replayed('a'), machine('1', 'm'), replayed('z'), machine('2', 'b')]
    const names = (held: readonly DeviceInfo[]) => held.map((one) => one.hostname)
    const held = told.reduce(withDevice, [] as DeviceInfo[])
    assert.deepEqual(names(held), ['b', 'm', 'a', 'z'])
    assert.deepEqual(names(told.toReversed().reduce(withDevice, [])), ['b', 'm', 'a', 'z'])
  })
  it('has machines that nobody has admitted behind those that were, as many as there are', () => {
    const standing = (
      id: string,
      name: string,
      is: 'active' | 'quarantined' | 'revoked' | 'forgotten',
    ) => ({
      ...machine(id, name),
      enrolment: { standing: is } as NonNullable<DeviceInfo['enrolment']>,
    })
    let held = ['x', 'y', 'z'].reduce(
      (all, name) => withDevice(all, standing(name, `mac-${name}`, 'active')),
      [] as DeviceInfo[],
    )
    for (let index = 0; index < DEVICES_MAX; index++)
      held = withDevice(held, standing(`${index}`, `a${index}`, 'quarantined'))
    const first = (all: readonly DeviceInfo[]) => all.slice(0, 4).map((one) => one.hostname)
    assert.deepEqual(first(held), ['mac-x', 'mac-y', 'mac-z', 'a0'])
    assert.equal(held.length, DEVICES_MAX)
    // Admitted, it moves; thrown out, it goes back.
    held = withDevice(held, standing('0', 'a0', 'active'))
    assert.deepEqual(first(held), ['a0', 'mac-x', 'mac-y', 'mac-z'])
    held = withDevice(held, standing('x', 'mac-x', 'revoked'))
    assert.deepEqual(first(held), ['a0', 'mac-y', 'mac-z', 'a1'])
    held = withDevice(held, standing('y', 'mac-y', 'forgotten'))
    assert.deepEqual(first(held), ['a0', 'mac-z', 'a1', 'a10'])
  })
  it('shows what a machine said last', () => {
    const held = withDevice([machine('1', 'a')], { ...machine('1', 'a'), connected: false })
    assert.deepEqual(
      held.map((one) => one.connected),
      [false],
    )
  })
  it('is bounded', () => {
    let held: DeviceInfo[] = []
    for (let index = 0; index < DEVICES_MAX + 3; index++)
      held = withDevice(held, machine(String(index), String(index).padStart(6, '0')))
    assert.equal(held.length, DEVICES_MAX)
    assert.equal(held[0]?.hostname, '000000')
  })
})

describe('page: health events', () => {
  const event = (seconds: number): HealthInfo => ({
    deviceId: 'd',
    at: at(seconds).toString(),
    kind: 'loss',
    text: 'records were lost',
    count: 1,
  })
  it('are in the order in which they came, whatever their clocks say, and bounded', () => {
    let events: HealthInfo[] = []
    for (let index = 0; index < HEALTH_MAX + 5; index++) events = withHealth(events, event(index))
    assert.equal(events.length, HEALTH_MAX)
    assert.equal(events[0]?.at, at(HEALTH_MAX + 4).toString())
    // A clock that was far ahead leads until the next comes, and no longer.
    const later = withHealth(withHealth(events, event(1e9)), event(50))
    assert.deepEqual(
      later.slice(0, 2).map((one) => one.at),
      [at(50), at(1e9)].map(String),
    )
  })
})
