// Devices that were invented: how many the registry keeps, which give way, and how they are removed.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDeparted } from '../../../src/collector/fleet/departed.ts'
import { Registry } from '../../../src/collector/fleet/registry.ts'
import { openRegistryFile, REGISTRY_FILE } from '../../../src/collector/fleet/registry-file.ts'
import { PLACE } from '../../../src/place.ts'
import { run } from '../../e2e/installation.ts'
import { certificate, comersTo, refusedWith, T0 } from './registry-fixture.ts'

const id = (n: number) => `${`${n}`.padStart(8, '0')}-89ab-4cde-8f01-23456789abcd`

describe('devices that nobody has admitted', () => {
  let directory: string
  let registry: Registry
  const heard = new Set<string>()
  const here = new Set<string>()
  const forgotten: string[] = []
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-newcomers-'))
    mkdirSync(join(directory, 'collector'), { mode: 0o700 })
    heard.clear()
    here.clear()
    forgotten.length = 0
    registry = new Registry(
      openRegistryFile(join(directory, 'collector', REGISTRY_FILE), () => {}),
      {
        ...{ max: 5, eachMax: 100 },
        isHeard: (one) => heard.has(one),
        isHere: (one) => here.has(one),
        onForgotten: (ids) => forgotten.push(...ids),
      },
    )
  })
  afterEach(() => {
    registry.close()
    rmSync(directory, { recursive: true, force: true })
  })
  const { token, enrol } = comersTo(() => registry)
  const groupToken = (group: string): string =>
    registry.makeToken({ label: group, group, usesMax: undefined, expiresAt: undefined }, T0).secret
  const known = () => registry.devices().map((one) => Number(one.id.slice(0, 8)))

  it('are so many at the most by one token: those that never connected give way, the oldest first', () => {
    const [own, leaked] = [token().secret, groupToken('lab')]
    enrol(own, id(1), '')
    for (const n of [2, 3, 4, 5, 6]) enrol(leaked, id(n), '')
    assert.deepEqual(known(), [1, 2, 3, 4, 5], 'another token has no room for a sixth')
    reopened(6, 4)
    heard.add(id(2))
    enrol(leaked, id(6), '')
    assert.deepEqual(known(), [1, 2, 4, 5, 6])
    assert.deepEqual(forgotten.splice(0), [id(3), 'lab'])
    // Whom a person has admitted is none of them.
    registry.change(id(4), { standing: 'active' })
    enrol(leaked, id(7), '')
    enrol(leaked, id(8), '')
    assert.deepEqual(known(), [1, 2, 4, 6, 7, 8])
    // To have connected once costs whoever invents them nothing: those that are not there give way, and the youngest of them,
    // so that whoever invents devices pushes out his own.
    for (const one of registry.devices()) heard.add(one.id)
    enrol(leaked, id(10), '')
    assert.deepEqual(known(), [1, 2, 4, 6, 7, 10])
    for (const one of registry.devices()) here.add(one.id)
    refusedWith(enrol(leaked, id(9), '').outcome, 'quarantine-full')
    enrol(own, id(11), '')
    assert.deepEqual(known(), [1, 2, 4, 6, 7, 10, 11])
  })

  it('of another token lose nothing by those of one, of one token neither whom a person has spoken of: there is no room then', () => {
    reopened(100, 3)
    const [own, leaked] = [token().secret, groupToken('lab')]
    for (const n of [1, 2]) come(own, n, '198.51.100')
    for (const n of [3, 4, 5]) come(leaked, n, '198.51.100')
    // Named, owned, allowed again, admitted once; and all of them are away.
    registry.change(id(3), { name: 'desk' })
    registry.change(id(4), { standing: 'active' })
    registry.change(id(4), { standing: 'quarantined' })
    come(leaked, 6, '198.51.100')
    assert.deepEqual(known(), [1, 2, 3, 4, 6])
    registry.change(id(6), { mayEnrolAgain: true })
    refusedWith(come(leaked, 7, '198.51.100'), 'quarantine-full')
    assert.deepEqual(known(), [1, 2, 3, 4, 6])
    registry.change(id(6), { mayEnrolAgain: false, owner: '' })
    refusedWith(come(leaked, 7, '198.51.100'), 'quarantine-full')
    // As many connected ones of the other as there may be of all: who comes by a token of few is refused, and none of few is lost.
    reopened(5, 5)
    refusedWith(come(own, 8, '192.0.2'), 'quarantine-full')
    assert.deepEqual(known(), [1, 2, 3, 4, 6])
  })

  const come = (secret: string, n: number, source?: string) => {
    const candidate = { deviceId: id(n), hardware: '', key: '', shown: undefined }
    const of = certificate()
    return registry.enrol(
      secret,
      source === undefined ? candidate : { ...candidate, source },
      of,
      T0,
    )
  }
  const reopened = (max: number, eachMax: number) => {
    registry.close()
    registry = new Registry(
      openRegistryFile(join(directory, 'collector', REGISTRY_FILE), () => {}),
      {
        ...{ max, eachMax, isHeard: (one) => heard.has(one), isHere: (one) => here.has(one) },
        onForgotten: (ids, label) => forgotten.push(...ids, label),
      },
    )
  }

  it('give way of the network that most of their token came from, for who comes from there: who invents behind one pays with his own', () => {
    reopened(100, 4)
    const { secret } = token()
    come(secret, 1, '192.0.2')
    for (const n of [2, 3, 4]) come(secret, n, '198.51.100')
    for (const n of [2, 3, 4]) heard.add(id(n))
    come(secret, 5, '198.51.100')
    assert.deepEqual(known(), [1, 2, 3, 5], 'its youngest, before another that never connected')
    assert.equal(registry.device(id(5))?.source, '198.51.100')
    come(secret, 6, '198.51.100')
    assert.deepEqual(known(), [1, 2, 3, 6], 'that of it which never connected')
    for (const n of [2, 3, 6]) here.add(id(n))
    come(secret, 7, '198.51.100')
    assert.deepEqual(known(), [2, 3, 6, 7], 'of those that are not there')
  })

  it('give way of that network to who comes from elsewhere where they never connected, and no others first: an office at night loses none to strangers', () => {
    reopened(100, 6)
    const { secret } = token()
    for (const n of [1, 2, 3, 4]) come(secret, n, '192.0.2')
    for (const n of [5, 6]) come(secret, n, `2001:db8:${n}:1`)
    for (const n of [1, 2, 3]) heard.add(id(n))
    come(secret, 7, '2001:db8:7:1')
    assert.deepEqual(known(), [1, 2, 3, 5, 6, 7], 'the one of the office that never connected')
    // Half of them are no crowd any more: the office has another.
    come(secret, 8, '192.0.2')
    heard.add(id(8))
    assert.deepEqual(known(), [1, 2, 3, 6, 7, 8])
    // A stranger has as many come as he likes, from ever other networks, whether they connect or not.
    for (let n = 10; n < 30; n++) {
      come(secret, n, `2001:db8:${n}:1`)
      if (n >= 15) heard.add(id(n))
      assert.deepEqual(
        known().filter((one) => one < 10),
        n === 10 ? [1, 2, 3, 7, 8] : [1, 2, 3, 8],
      )
    }
    // Of its own newcomers nobody can tell that none of them invents: those pay there.
    come(secret, 30, '192.0.2')
    assert.deepEqual(known(), [1, 2, 3, 15, 29, 30])
  })

  it('give way of a network only where more than half of their token came from it, /48 of IPv6: an office loses none to who has many', () => {
    reopened(100, 6)
    const { secret } = token()
    for (const n of [1, 2]) come(secret, n, '192.0.2')
    for (const n of [3, 4, 5, 6]) come(secret, n, `2001:db8:7:${n}`)
    for (const n of [1, 2, 3, 4]) heard.add(id(n))
    come(secret, 7, '2001:db8:7:99')
    assert.deepEqual(known(), [1, 2, 3, 4, 6, 7], 'the oldest of the /48 that never connected')
    reopened(100, 6)
    heard.clear()
    for (const n of [3, 4, 6, 7]) registry.remove(id(n))
    for (const n of [3, 4, 5, 6]) come(secret, n, `2001:db8:${n}:1`)
    for (const n of [1, 2, 3, 4, 5, 6]) heard.add(id(n))
    come(secret, 8, '2001:db8:8:1')
    assert.deepEqual(known(), [1, 2, 3, 4, 5, 8], 'the youngest of all, and not of the office')
    come(secret, 9, '2001:db8:9:1')
    assert.deepEqual(known(), [1, 2, 3, 4, 5, 9], 'who never connected')
    // Of whom nothing is known it is not known that they are of one network.
    reopened(100, 3)
    for (const n of known()) registry.remove(id(n))
    for (const n of [1, 2, 3]) come(secret, n, n === 3 ? '192.0.2' : undefined)
    heard.clear()
    heard.add(id(1)).add(id(2))
    come(secret, 4, '192.0.2')
    assert.deepEqual(known(), [1, 2, 4])
  })

  it('are of the token of the one beside which they came, where that one waits itself', () => {
    reopened(100, 3)
    const [own, leaked] = [token().secret, groupToken('lab')]
    come(own, 1)
    const { fingerprint } = certificate()
    const first = { deviceId: id(2), hardware: '', key: '', shown: undefined }
    registry.enrol(leaked, first, { ...certificate(), fingerprint }, T0)
    const beside = (n: number) =>
      registry.addBeside(
        fingerprint,
        { id: id(n), hardware: '' },
        { ...certificate(), key: '' },
        T0,
        () => {},
      )
    for (const n of [3, 4, 5]) assert.equal(beside(n), undefined)
    assert.deepEqual(known(), [1, 2, 4, 5], 'and it gives way to none of them itself')
    assert.equal(registry.device(id(5))?.token, registry.device(id(2))?.token)
    for (const one of registry.devices()) here.add(one.id)
    refusedWith(beside(6), 'quarantine-full')
    // An admitted one has ten a day, and they are of no token.
    registry.change(id(2), { standing: 'active' })
    assert.equal(beside(6), undefined)
    assert.equal(registry.device(id(6))?.token, undefined)
  })

  it('are judged before a certificate is made for one that has no room', () => {
    reopened(1, 100)
    const { secret } = token()
    come(secret, 1)
    here.add(id(1))
    const candidate = { deviceId: id(2), hardware: '', key: '', shown: undefined }
    refusedWith(registry.mayEnrol(secret, candidate, T0), 'quarantine-full')
    refusedWith(come(secret, 2), 'quarantine-full')
    here.clear()
    assert.equal(registry.mayEnrol(secret, candidate, T0), undefined)
    assert.deepEqual(known(), [1], 'to ask makes nobody give way')
  })

  it('that had connected are told to the store, by a collector that starts afterwards, too', () => {
    reopened(100, 2)
    const { secret } = token()
    come(secret, 1)
    come(secret, 2)
    heard.add(id(1)).add(id(2))
    come(secret, 3)
    come(secret, 4)
    assert.deepEqual(known(), [1, 4], 'the third never came, and the store knows nothing of it')
    reopened(100, 3)
    const other = openRegistryFile(join(directory, 'collector', REGISTRY_FILE), () => {})
    const departed = createDeparted(other)
    const due = departed.due()
    assert.deepEqual(due, [{ id: id(2), token: registry.tokens()[0]?.id }])
    come(secret, 2)
    assert.deepEqual(departed.due(), [], 'it is back')
    heard.clear()
    for (const one of registry.devices()) heard.add(one.id)
    come(secret, 5)
    assert.equal(departed.due().length, 1)
    departed.told(departed.due())
    assert.deepEqual(departed.due(), [])
    other.close()
  })

  it('of a registry of an earlier version stay where a person has spoken of them, not where they have a second certificate', () => {
    const { secret } = token()
    for (const n of [1, 2, 3]) come(secret, n)
    registry.change(id(1), { name: 'desk' })
    registry.change(id(3), { owner: '' })
    const file = join(directory, 'collector', REGISTRY_FILE)
    const old = openRegistryFile(file, () => {})
    old.exec(
      `DROP TABLE erasure; DROP TABLE departed; ALTER TABLE device DROP COLUMN noticed;
       INSERT INTO certificate VALUES ('ff', '${id(2)}', 0, 1, 2, '')`,
    )
    old.exec('PRAGMA user_version = 8')
    old.close()
    reopened(100, 3)
    assert.deepEqual(
      registry.devices().map(({ isNoticed }) => isNoticed),
      [true, false, false],
    )
    come(secret, 4)
    assert.deepEqual(known(), [1, 3, 4])
  })

  it('give way in the transaction in which another comes: where that fails nobody has come and nobody has gone', () => {
    const { secret } = token()
    for (const n of [1, 2, 3, 4, 5]) enrol(secret, id(n), '')
    const other = openRegistryFile(join(directory, 'collector', REGISTRY_FILE), () => {})
    other.exec("CREATE TRIGGER no BEFORE DELETE ON device BEGIN SELECT raise(ABORT, 'no'); END")
    assert.throws(() => enrol(secret, id(6), ''), /no/)
    other.exec('DROP TRIGGER no')
    other.close()
    registry.refresh()
    assert.deepEqual(known(), [1, 2, 3, 4, 5])
    assert.deepEqual(forgotten, [])
    assert.equal(registry.tokens()[0]?.uses, 5)
  })

  it('and never connected are removed by one command', async () => {
    const { secret } = token()
    for (const n of [1, 2, 3]) enrol(secret, id(n), '')
    registry.change(id(2), { standing: 'active' })
    const remove = (...more: string[]) =>
      run([PLACE.cli, 'collector', 'devices', 'remove', ...more, '--state', directory])
    assert.equal(
      (await remove('--never-seen')).stdout,
      '2 quarantined devices that never connected: forgotten\n',
    )
    registry.refresh()
    assert.deepEqual(known(), [2])
    assert.match((await remove()).stderr, /one device .*, --never-seen, or --token/)
    assert.deepEqual(known(), [2])
  })

  it('and came by a token that has got about are removed by one command, which says how many and asks first', async () => {
    const named = (label: string) =>
      registry.makeToken({ label, group: 'office', usesMax: undefined, expiresAt: undefined }, T0)
    const [stolen, other] = [named('stolen'), named('other')]
    for (const n of [1, 2, 3, 4]) enrol(stolen.secret, id(n), '')
    enrol(other.secret, id(5), '')
    registry.change(id(2), { standing: 'active' })
    registry.change(id(3), { name: 'of a person' })
    const remove = (...more: string[]) =>
      run([PLACE.cli, 'collector', 'devices', 'remove', ...more, '--state', directory])
    const asked = await remove('--token', 'stolen')
    assert.equal(asked.status, 78)
    assert.match(
      asked.stderr,
      /others can still come: .*tokens revoke 1\b.*2 devices of 1 token called "stolen" that nobody has admitted are to be forgotten; 2 that a person has admitted, named, .* stay: say --yes/s,
    )
    registry.refresh()
    assert.deepEqual(known(), [1, 2, 3, 4, 5])
    registry.revokeToken(stolen.token.id, T0)
    const done = await remove('--token', 'stolen', '--yes')
    assert.equal(done.status, 0, done.stderr)
    assert.match(
      done.stdout,
      /^2 devices of 1 token called "stolen" .*: forgotten; 2 that a person/,
    )
    assert.equal(done.stderr, '')
    registry.refresh()
    assert.deepEqual(known(), [2, 3, 5])
    // The store is told, whether they were heard of or not.
    const told = openRegistryFile(join(directory, 'collector', REGISTRY_FILE), () => {})
    const due = createDeparted(told).due()
    told.close()
    assert.deepEqual(due, [
      { id: id(1), token: stolen.token.id },
      { id: id(4), token: stolen.token.id },
    ])
    assert.match(
      (await remove('--token', 'none', '--yes')).stderr,
      /there is no token called "none"/,
    )
    assert.match((await remove(id(5), '--yes')).stderr, /one device/)
    assert.equal((await remove('--token', `${other.token.id}`, '--yes')).status, 0)
    registry.refresh()
    assert.deepEqual(known(), [2, 3])
  })
})
