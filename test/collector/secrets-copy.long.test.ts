// What a collector is known by and knows its devices by, kept in a second file of a backup, and brought back from it.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  authoritiesIn,
  makeNextAuthority,
  pinIn,
  switchAuthority,
} from '../../src/collector/fleet/authority.ts'
import { PLACE } from '../../src/place.ts'
import { pinOf } from '../../src/trust/pin.ts'
import { run } from '../e2e/installation.ts'
import { Agent, alertItem, DEVICE_A, DEVICE_B } from './agent.ts'
import { type Fleet, runFleet } from './enrolled.ts'

const CONFIG = 78
const earlierOf = 'whatever it is'

describe('freshet collector backup and restore, with --secrets', () => {
  let directory: string
  let fleet: Fleet | undefined
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-secrets-'))
    chmodSync(directory, 0o755)
  })
  afterEach(async () => {
    await fleet?.collector.close()
    fleet = undefined
    rmSync(directory, { recursive: true, force: true })
  })

  const at = (...parts: string[]) => join(directory, ...parts)
  const start = async (name: string): Promise<Fleet> => {
    mkdirSync(at(name), { recursive: true })
    fleet = await runFleet({}, {}, at(name, 'collector'))
    return fleet
  }
  const backup = (name: string, ...more: string[]) =>
    run([
      ...[PLACE.cli, 'collector', 'backup', at('store.freshet'), '--secrets', at('secrets')],
      ...['--state', at(name), ...more],
    ])
  /** As root it changes to the owner; the collectors of these tests run as who runs them. */
  const restore = (name: string, ...more: string[]) =>
    run([
      ...[PLACE.cli, 'collector', 'restore', at('store.freshet'), '--secrets', at('secrets')],
      ...['--state', at(name), ...more, ...(process.getuid?.() === 0 ? ['--user', 'root'] : [])],
    ])

  it('bring back a collector that its devices know and that knows them', async () => {
    const one = await start('one')
    const identity = await one.enrol(DEVICE_A)
    const secret = one.token()
    const agent = await new Agent(one.door.url, { identity }).opened()
    await agent.hello(DEVICE_A)
    await agent.deliver([alertItem(1)])
    const made = await backup('one')
    assert.equal(made.stderr, '')
    assert.match(made.stdout, /holds the secrets, for you alone/)
    assert.equal(statSync(at('secrets')).mode & 0o777, 0o600)
    await agent.close()
    await one.collector.close()

    const restored = await restore('two')
    assert.equal(restored.stderr, '')
    assert.match(
      restored.stdout,
      new RegExp(`known by the pin ${one.door.pin}, and knows 1 enrolled device`),
    )
    for (const name of ['fleet.db', 'page.key', 'tls/authority.pem'])
      assert.equal(statSync(at('two/collector', name)).mode & 0o777, 0o600, name)
    const two = await start('two')
    assert.equal(two.door.pin, one.door.pin)
    assert.equal(two.key, one.key)
    const back = await new Agent(two.door.url, { identity }).opened()
    await back.hello(DEVICE_A)
    assert.equal((await back.deliver([alertItem(2)])).throughSequence, 2)
    await back.close()
    await two.enrol(DEVICE_B, { token: secret })
    assert.deepEqual(
      readdirSync(at('two/collector')).filter((name) => /restoring|copy-/.test(name)),
      [],
    )
  })

  it('take no place that is taken, and with --force set aside what was there', async () => {
    const one = await start('one')
    await one.enrol(DEVICE_A)
    assert.equal((await backup('one')).status, 0)
    await one.enrol(DEVICE_B)
    await one.collector.close()
    const refused = await restore('one')
    assert.equal(refused.status, CONFIG)
    assert.match(refused.stderr, /there already.*--force/)
    const key = readFileSync(at('one/collector/page.key'), 'utf8')
    writeFileSync(at('one/collector/page.key'), `${'x'.repeat(40)}\n`)
    const forced = await restore('one', '--force')
    assert.equal(forced.status, 0)
    assert.equal(readFileSync(at('one/collector/page.key'), 'utf8'), key)
    const names = readdirSync(at('one/collector'))
    const isAside = (name: string) => /\.\d{8}T[\d.]+Z(-\d+)?$/.test(name)
    const aside = [
      ...names.map((name) => at('one/collector', name)),
      ...readdirSync(at('one/collector/tls')).map((name) => at('one/collector/tls', name)),
    ].filter(isAside)
    // All of them, by name: each is to be deleted at some time, and most of them open something.
    const told = forced.stdout.split('\n').map((line) => line.trim())
    assert.deepEqual(told.filter(isAside).toSorted(), aside.toSorted())
    assert(aside.length >= 5, `${aside}`)
    assert(
      names.some((name) => /^page\.key\.\d/.test(name)),
      `${names}`,
    )
    assert(
      names.some((name) => /^fleet\.db\.\d/.test(name)),
      `${names}`,
    )
    const again = await start('one')
    assert.deepEqual(
      again.withRegistry((registry) => registry.devices().map(({ id }) => id)),
      [DEVICE_A],
    )
  })

  it('leave no authority of before beside the one that they bring back', async () => {
    const one = await start('one')
    assert.equal((await backup('one')).status, 0)
    await one.collector.close()
    const two = await start('two')
    await makeNextAuthority(two.stateDir, Date.now(), (work) => work())
    switchAuthority(two.stateDir)
    await two.collector.close()
    const tls = (name: string) => at('two/collector/tls', name)
    copyFileSync(tls('authority.pem'), tls('authority-next.pem'))
    writeFileSync(tls('given-pin'), `${'0'.repeat(64)}\n`, { mode: 0o600 })
    const stale = ['authority-next.pem', 'authority-earlier.pem', 'given-pin']
    for (const name of stale) assert(existsSync(tls(name)), name)
    assert.equal((await restore('two', '--force')).status, 0)
    for (const name of stale) {
      assert(!existsSync(tls(name)), name)
      const aside = readdirSync(at('two/collector/tls')).filter((one) => one.startsWith(`${name}.`))
      assert.equal(aside.length, 1, `${name} is set aside`)
    }
    const { own, next, earlier } = authoritiesIn(at('two/collector')) ?? assert.fail()
    assert.deepEqual(
      [pinOf(new X509Certificate(own)), next, earlier],
      [one.door.pin, undefined, []],
    )
    assert.equal(pinIn(at('two/collector')), one.door.pin)
    // Alone in a directory they are somebody's, too, and not touched without a word.
    mkdirSync(at('three/collector/tls'), { recursive: true, mode: 0o700 })
    writeFileSync(at('three/collector/tls/authority-earlier.pem'), earlierOf, { mode: 0o600 })
    const refused = await restore('three')
    assert.equal(refused.status, CONFIG)
    assert.match(refused.stderr, /authority-earlier\.pem is there already.*--force/)
  })

  it('mix nothing of a log that another database left at the place', async () => {
    const one = await start('one')
    await one.enrol(DEVICE_A)
    assert.equal((await backup('one')).status, 0)
    await one.collector.close()
    const two = await start('two')
    await two.enrol(DEVICE_B)
    const log = readFileSync(at('two/collector/fleet.db-wal'))
    await two.collector.close()
    assert.notEqual(log.length, 0)
    mkdirSync(at('three/collector'), { recursive: true, mode: 0o700 })
    writeFileSync(at('three/collector/fleet.db-wal'), log, { mode: 0o600 })
    assert.equal((await restore('three')).status, 0)
    const three = await start('three')
    assert.deepEqual(
      three.withRegistry((registry) => registry.devices().map(({ id }) => id)),
      [DEVICE_A],
    )
  })

  it('refuse a file that is damaged or another, and change nothing', async () => {
    const one = await start('one')
    await one.enrol(DEVICE_A)
    assert.equal((await backup('one')).status, 0)
    await one.collector.close()
    const whole = readFileSync(at('secrets'), 'utf8')
    const { files, ...rest } = JSON.parse(whole) as { files: Record<string, string> }
    const without = (change: Record<string, string>) =>
      JSON.stringify({ ...rest, files: { ...files, ...change } })
    const base64 = (text: string) => Buffer.from(text).toString('base64')
    for (const [text, why] of [
      [whole.slice(0, -100), /damaged, or another file/],
      ['{"files":{}}', /another file/],
      [JSON.stringify({ ...rest, version: 2, files }), /later version/],
      [without({ '../evil': base64('x') }), /which no collector has/],
      [without({ 'fleet.db': base64('no database') }), /damaged|cannot be opened/],
      [without({ 'tls/authority.pem': base64('no key') }), /cannot be used/],
    ] as const) {
      writeFileSync(at('secrets'), text)
      const { status, stderr } = await restore('two')
      assert.equal(status, CONFIG, stderr)
      assert.match(stderr, why)
      const left = existsSync(at('two/collector'))
        ? readdirSync(at('two/collector')).filter((name) => !name.startsWith('lock'))
        : []
      assert.deepEqual(left, [], `${why}`)
    }
  })
})
