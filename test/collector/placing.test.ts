// What a restore moves into a collector's state directory: all of it, or nothing, also where it is cut off; and what the next start
// says of what is not there.
import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openAuthority, pinIn } from '../../src/collector/fleet/authority.ts'
import { Registry } from '../../src/collector/fleet/registry.ts'
import { openRegistryFile } from '../../src/collector/fleet/registry-file.ts'
import { packSecrets, prepareSecrets, readSecrets } from '../../src/collector/fleet/secrets-copy.ts'
import { CollectorError } from '../../src/collector/terms/collector-error.ts'
import {
  movesAside,
  PLACING_FILE,
  placeAll,
  undoCutOff,
} from '../../src/collector/terms/placing.ts'
import { nowUnixNs, type UnixNs } from '../../src/units.ts'
import { Disk, whyNoDisk } from '../faults/disk.ts'
import { leaveOut } from '../left-out.ts'
import { DEVICE_A, type Running, runCollector } from './agent.ts'
import { runFleet } from './enrolled.ts'

/** A collector's directory with so many devices. */
async function makeSecrets(directory: string, devices: number): Promise<void> {
  writeFileSync(join(directory, 'page.key'), `${randomBytes(24).toString('hex')}\n`, {
    mode: 0o600,
  })
  await openAuthority(directory, Date.now())
  const registry = new Registry(openRegistryFile(join(directory, 'fleet.db'), () => {}))
  const now = nowUnixNs()
  const token = { label: 't', group: 'g', usesMax: undefined, expiresAt: undefined }
  const { secret } = registry.makeToken(token, now)
  for (let count = 0; count < devices; count++)
    registry.enrol(
      secret,
      { deviceId: randomUUID(), hardware: randomBytes(32).toString('hex'), key: '' } as never,
      {
        fingerprint: randomBytes(32).toString('hex'),
        notAfter: (now + 10n ** 16n) as UnixNs,
      },
      now,
    )
  registry.close()
}

describe('files that a restore places', () => {
  let directory: string
  let running: Running | undefined
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-placing-'))
  })
  afterEach(async () => {
    await running?.collector.close()
    running = undefined
    rmSync(directory, { recursive: true, force: true })
  })

  const at = (...parts: string[]) => join(directory, ...parts)
  const all = () =>
    Object.fromEntries(
      readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((one) => one.isFile())
        .map(({ parentPath, name }) => join(parentPath, name))
        .map((path) => [path.slice(directory.length + 1), readFileSync(path, 'utf8')]),
    )
  const plan = () => {
    mkdirSync(at('coming'), { recursive: true })
    for (const name of ['a.db', 'b', 'c']) writeFileSync(at('coming', name), `new ${name}`)
    for (const name of ['a.db', 'a.db-wal', 'b']) writeFileSync(at(name), `old ${name}`)
    return [
      ...['a.db', 'b', 'c'].flatMap((name) => movesAside(directory, name, nowUnixNs())),
      ...['a.db', 'b', 'c'].map((name) => ({ from: `coming/${name}`, to: name })),
    ]
  }

  it('are all there, and what was there is set aside with its log', () => {
    const moves = plan()
    placeAll(directory, moves)
    assert.deepEqual(
      ['a.db', 'b', 'c'].map((name) => readFileSync(at(name), 'utf8')),
      ['new a.db', 'new b', 'new c'],
    )
    const names = readdirSync(directory)
      .filter((name) => /\d{8}T/.test(name))
      .toSorted()
    assert.deepEqual(
      names.map((name) => [name.replace(/\.\d.*Z/, ''), readFileSync(at(name), 'utf8')]),
      [
        ['a.db', 'old a.db'],
        ['a.db-wal', 'old a.db-wal'],
        ['b', 'old b'],
      ],
    )
    assert(!existsSync(at(PLACING_FILE)) && !existsSync(at('a.db-wal')))
  })

  it('are none, where one cannot be placed', () => {
    const moves = plan()
    const before = all()
    for (const [index] of moves.entries()) {
      const withOne = moves.toSpliced(index, 0, { from: 'coming/none', to: 'd' })
      assert.throws(
        () => placeAll(directory, withOne),
        (error) =>
          error instanceof CollectorError &&
          error.message.startsWith(
            'nothing was restored, and all that was there is as it was: ENOENT',
          ),
      )
      assert.deepEqual(all(), before)
    }
  })

  it('are none for the next start, wherever it was cut off, which says so', () => {
    const moves = plan()
    const before = all()
    for (let count = 0; count <= moves.length; count++) {
      writeFileSync(at(PLACING_FILE), JSON.stringify(moves), { mode: 0o600 })
      for (const { from, to } of moves.slice(0, count)) renameSync(at(from), at(to))
      const log: string[] = []
      undoCutOff(directory, (text) => log.push(text))
      assert.match(log.join(), /^a restore was cut off: all that was there before/)
      assert.deepEqual(all(), before, `after ${count}`)
      undoCutOff(directory, assert.fail)
    }
  })

  it('are none, wherever a restore of real secrets was cut off', async () => {
    mkdirSync(at('one'), { mode: 0o700 })
    await makeSecrets(at('one'), 1)
    const files = readSecrets(packSecrets(at('one')))
    rmSync(at('one'), { recursive: true })
    await makeSecrets(directory, 2)
    const before = all()
    const first = prepareSecrets(directory, files, nowUnixNs())
    assert(first.moves.some(({ from }) => from.split('/').length === 3))
    const countMax = first.moves.length
    first.end()
    for (let count = 0; count <= countMax; count++) {
      const { moves } = prepareSecrets(directory, files, nowUnixNs())
      assert.equal(moves.length, countMax)
      writeFileSync(at(PLACING_FILE), JSON.stringify(moves), { mode: 0o600 })
      for (const { from, to } of moves.slice(0, count)) renameSync(at(from), at(to))
      const log: string[] = []
      undoCutOff(directory, (text) => log.push(text))
      assert.match(log.join(), /^a restore was cut off: all that was there before/)
      assert.deepEqual(all(), before, `after ${count}`)
    }
  })

  it('leave no copy of secrets or of a store behind that came and was killed before', () => {
    mkdirSync(at('secrets.restoring'))
    for (const name of ['secrets.restoring/page.key', 'store.db.restoring', 'store.db'])
      writeFileSync(at(name), name)
    undoCutOff(directory, assert.fail)
    assert.deepEqual(readdirSync(directory), ['store.db'])
  })

  it('are said to be where they are, while another stands in their place', () => {
    const moves = plan()
    writeFileSync(at(PLACING_FILE), JSON.stringify(moves), { mode: 0o600 })
    renameSync(at('a.db'), at(moves[0]?.to ?? ''))
    writeFileSync(at('a.db'), 'of a command meanwhile')
    assert.throws(
      () => undoCutOff(directory, assert.fail),
      /a\.db\.\S+ is what was \S+a\.db, where there is another by now.*then remove \S+restore\.under-way/,
    )
    for (const from of ['../x', '/x', 'a/../x', 'a/b/..', 'a//x', 'a/b/c/x']) {
      writeFileSync(at(PLACING_FILE), JSON.stringify([{ from, to: 'y' }]), { mode: 0o600 })
      assert.throws(() => undoCutOff(directory, assert.fail), /what it had moved is not known/)
    }
  })

  it('leave a collector its identity, however little room its disk has', async function () {
    leaveOut(this, whyNoDisk())
    this.timeout(60_000)
    mkdirSync(at('one'), { mode: 0o700 })
    await makeSecrets(at('one'), 1500)
    const files = readSecrets(packSecrets(at('one')))
    const bytes = [...files.values()].reduce((sum, { length }) => sum + length, 0)
    const outcomes = new Set<string>()
    for (let hundredths = 60; hundredths <= 240; hundredths += 20) {
      const disk = new Disk(at('disk'), 16)
      disk.make(true)
      try {
        const there = at('disk', 'collector')
        mkdirSync(there, { mode: 0o700 })
        await makeSecrets(there, 1)
        const pin = pinIn(there)
        disk.fill(Math.floor((bytes * hundredths) / 100))
        try {
          const { moves, end } = prepareSecrets(there, files, nowUnixNs())
          placeAll(there, moves)
          end()
          outcomes.add('placed')
          assert.equal(pinIn(there), pinIn(at('one')))
          assert.equal(devicesIn(there), 1500)
        } catch (error) {
          if (!(error instanceof CollectorError)) throw error
          outcomes.add('refused')
          assert.equal(pinIn(there), pin, error.message)
          assert.equal(devicesIn(there), 1)
          const names = readdirSync(there, { recursive: true }) as string[]
          assert.deepEqual(
            names.filter((name) => /\d{8}T|restor/.test(name)),
            [],
          )
        }
      } finally {
        disk.end()
        rmSync(at('disk'), { recursive: true })
      }
    }
    assert.deepEqual([...outcomes].sort(), ['placed', 'refused'])
  })

  function devicesIn(stateDir: string): number {
    const registry = new Registry(openRegistryFile(join(stateDir, 'fleet.db'), () => {}))
    try {
      return registry.devices().length
    } finally {
      registry.close()
    }
  }

  describe('and were cut off before they were written down, as by a version before: the next start', () => {
    it('makes no empty registry beside an authority, and names the one set aside', async () => {
      const fleet = await runFleet({}, {}, at('collector'))
      running = fleet
      await fleet.enrol(DEVICE_A)
      await fleet.collector.close()
      const aside = at('collector', 'fleet.db.20260101T000000.000Z')
      renameSync(at('collector', 'fleet.db'), aside)
      await assert.rejects(runFleet({}, {}, at('collector')), (error) => {
        assert(error instanceof CollectorError)
        assert.match(error.message, /registry of devices, is not there, and tls\/authority\.pem is/)
        assert(error.message.includes(`\`mv ${aside} ${at('collector', 'fleet.db')}\``))
        return true
      })
      // A command that comes first makes none either.
      const open = () => openRegistryFile(at('collector', 'fleet.db'), () => {})
      assert.throws(open, /is not there, and tls\/authority\.pem is/)
      writeFileSync(at('collector', PLACING_FILE), '[]', { mode: 0o600 })
      assert.throws(open, /a restore was cut off\. Run it again, or start the collector/)
      rmSync(at('collector', PLACING_FILE))
      assert(!existsSync(at('collector', 'fleet.db')))
      renameSync(aside, at('elsewhere'))
      const again = await runFleet({}, {}, at('collector'))
      running = again
      assert.match(again.log.join('\n'), /registry of devices, is not there.*an empty one is made/)
    })

    it('says that the store is not there, and where the one is that was set aside', async () => {
      const one = await runCollector({}, at('collector'))
      await one.collector.close()
      assert.doesNotMatch(one.log.join('\n'), /is not there/)
      const aside = at('collector', 'store.db.20260101T000000.000Z')
      renameSync(at('collector', 'store.db'), aside)
      running = await runCollector({}, at('collector'))
      const line = running.log.find((text) => text.includes('the store, is not there')) ?? ''
      assert(line.includes(`\`mv ${aside} ${at('collector', 'store.db')}\``), line)
    })
  })
})
