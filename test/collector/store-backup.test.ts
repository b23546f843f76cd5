import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
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
import { DatabaseSync } from 'node:sqlite'
import { copyStore } from '../../src/collector/store/copy.ts'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { StoreError } from '../../src/collector/store/store-error.ts'
import type { AlertsResponse } from '../../src/collector/views/page-api.ts'
import { PLACE } from '../../src/place.ts'
import { run } from '../e2e/installation.ts'
import { leaveOut, whyNoTool, whyNotLinux, whyNotRoot } from '../left-out.ts'
import { Agent, alertItem, connectAgent, type Running, runCollector } from './agent.ts'

const CONFIG = 78

describe('freshet collector backup and restore', () => {
  let directory: string
  let file: string
  let running: Running | undefined
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-backup-'))
    chmodSync(directory, 0o755)
    file = join(directory, 'monday.freshet')
  })
  afterEach(async () => {
    await running?.collector.close()
    running = undefined
    rmSync(directory, { recursive: true, force: true })
  })

  const state = (name: string) => join(directory, name)
  const collectorOf = (name: string) => {
    const path = join(state(name), 'collector')
    return runCollector({}, path)
  }
  const freshet = (command: string, name: string, ...more: string[]) =>
    run([PLACE.cli, 'collector', command, file, '--state', state(name), ...more])
  /** The commands run as root change to the owner; the collectors of these tests run as who runs them. */
  const restore = (name: string, ...more: string[]) =>
    freshet('restore', name, ...(process.getuid?.() === 0 ? ['--user', 'root'] : []), ...more)
  const alerts = (of: Running) => of.json<AlertsResponse>('/api/alerts?limit=500')

  async function deliver(of: Running, from: number, to: number): Promise<void> {
    const agent = await connectAgent(of)
    const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index)
    await agent.deliver(numbers.map((number) => alertItem(number)))
    await agent.close()
  }

  it('copies a collector that runs, and makes another of the copy where agents go on', async () => {
    running = await collectorOf('one')
    await deliver(running, 1, 20)
    const made = await freshet('backup', 'one')
    assert.equal(made.stderr, '')
    assert.match(
      made.stdout,
      /^backup: .*monday\.freshet holds 20 alerts of one device, last heard/,
    )
    assert.match(made.stdout, /the secrets are not in it \(page\.key\): --secrets FILE/)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    await deliver(running, 21, 25)
    assert.equal((await alerts(running)).total, 25)
    await running.collector.close()

    const restored = await restore('two')
    assert.equal(restored.stderr, '')
    assert.match(restored.stdout, /^restored: .* holds 20 alerts of one device/)
    running = await collectorOf('two')
    assert.equal((await alerts(running)).total, 20)
    // What came after the backup is sent again by an agent that still has it; what is there stays once.
    const agent = await new Agent(running.socket).opened()
    assert.equal(await agent.hello(), 20)
    await agent.deliver([alertItem(19), alertItem(20), alertItem(21)])
    assert.equal((await alerts(running)).total, 21)
    await agent.close()
    assert.deepEqual(
      readdirSync(join(state('two'), 'collector')).filter((name) => /restoring|backup/.test(name)),
      [],
    )
  })

  it('refuses while a collector runs, and over what is there; --force sets that aside', async () => {
    running = await collectorOf('one')
    await deliver(running, 1, 3)
    assert.equal((await freshet('backup', 'one')).status, 0)
    const again = await freshet('backup', 'one')
    assert.equal(again.status, CONFIG)
    assert.match(again.stderr, /monday\.freshet is there already/)
    assert.equal((await freshet('backup', 'one', '--force')).status, 0)

    const over = await restore('one', '--force')
    assert.equal(over.status, CONFIG)
    assert.match(over.stderr, /a collector runs with the state directory .*: stop it first/)
    await deliver(running, 4, 9)
    await running.collector.close()

    const refused = await restore('one')
    assert.equal(refused.status, CONFIG)
    assert.match(refused.stderr, /store\.db is there already: with --force it is set aside/)
    const forced = await restore('one', '--force')
    const aside = /what was there before is (\S+): /.exec(forced.stdout)?.[1] as string
    const before = new DatabaseSync(aside, { readOnly: true })
    assert.equal(before.prepare('SELECT count(*) AS n FROM item').get()?.n, 9)
    before.close()
    running = await collectorOf('one')
    assert.equal((await alerts(running)).total, 3)
  })

  it('refuses what is no store, is damaged, or is of a later version, and leaves all as it was', async () => {
    running = await collectorOf('one')
    await deliver(running, 1, 300)
    await running.collector.close()
    assert.equal((await freshet('backup', 'one')).status, 0)
    const whole = new DatabaseSync(file)
    const pages = whole.prepare('PRAGMA page_count').get()?.page_count as number
    whole.close()
    const { open } = await import('node:fs/promises')
    const handle = await open(file, 'r+')
    for (let page = 2; page < pages; page += 3)
      await handle.write(Buffer.alloc(2048, 0x5a), 0, 2048, page * 4096 + 1024)
    await handle.close()
    const refuses = async (why: RegExp) => {
      const { status, stderr } = await restore('one', '--force')
      assert.equal(status, CONFIG, stderr)
      assert.match(stderr, why)
      assert.doesNotMatch(stderr, /^ {4}at /m)
    }
    await refuses(/nothing was restored: \S+monday\.freshet .*(damaged|malformed)/)
    writeFileSync(file, 'not a database, and long enough to be looked at as one '.repeat(40))
    await refuses(/monday\.freshet is no store of Freshet/)
    rmSync(file)
    const other = new DatabaseSync(file)
    other.exec('CREATE TABLE device (a); CREATE TABLE item (a); PRAGMA user_version = 99')
    other.close()
    await refuses(/schema 99, this version knows up to/)
    rmSync(file)
    await refuses(/monday\.freshet cannot be opened: it is not there\n$/)
    running = await collectorOf('one')
    assert.equal((await alerts(running)).total, 300)
  })

  it('makes no state directory for what it refuses, and names the file that was given', async () => {
    running = await collectorOf('one')
    assert.equal((await freshet('backup', 'one')).status, 0)
    const whole = readFileSync(file)
    const later = Buffer.from(whole)
    later.writeUInt32BE(99, 60)
    const none = Buffer.from(whole)
    none.writeUInt32BE(0, 60)
    for (const [content, why] of [
      [Buffer.alloc(0), /nothing was restored: \S+monday\.freshet is empty/],
      [Buffer.from('a baseline'), /monday\.freshet is no store of Freshet/],
      [whole.subarray(0, -1), /monday\.freshet is damaged: it is cut after \d+ of \d+ bytes/],
      [later, /monday\.freshet has schema 99, this version knows up to/],
      [none, /monday\.freshet is not a store of Freshet/],
    ] as const) {
      writeFileSync(file, content)
      const { status, stderr } = await restore('two')
      assert.equal(status, CONFIG, stderr)
      assert.match(stderr, why)
      assert.doesNotMatch(stderr, /restoring/)
      assert.equal(existsSync(join(directory, 'two')), false, stderr)
    }
    writeFileSync(file, whole)
    assert.equal((await restore('two')).status, 0)
  })

  it('refuses a name that is taken before it writes anything, and writes the secrets last', async () => {
    running = await collectorOf('one')
    const secrets = join(directory, 'secrets')
    writeFileSync(file, 'mine')
    const taken = await freshet('backup', 'one', '--secrets', secrets)
    assert.equal(taken.status, CONFIG)
    assert.match(taken.stderr, /monday\.freshet is there already/)
    assert.equal(existsSync(secrets), false)
    rmSync(file)
    writeFileSync(secrets, 'mine')
    const other = await freshet('backup', 'one', '--secrets', secrets)
    assert.match(other.stderr, /secrets is there already/)
    assert.equal(existsSync(file), false)
  })

  it('names the disk that is full, where the copy is made first', async function () {
    leaveOut(this, whyNotLinux() ?? whyNotRoot() ?? whyNoTool('mounts in a namespace'))
    const disk = join(directory, 'disk')
    mkdirSync(disk)
    assert.equal(
      spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'freshet-test', disk]).status,
      0,
    )
    try {
      const store = join(directory, 'store.db')
      openForWriting(store).close()
      assert.throws(
        () => copyStore(store, join(disk, 'copy')),
        (error) =>
          error instanceof StoreError && error.message.startsWith(`the disk with ${disk}, where`),
      )
    } finally {
      spawnSync('umount', [disk])
    }
  })

  it('refuses one file for the backup and the secrets, and leaves nothing', async () => {
    running = await collectorOf('one')
    const { status, stderr } = await freshet('backup', 'one', '--secrets', file)
    assert.equal(status, CONFIG)
    assert.match(stderr, /--secrets names the file of the backup itself: name another/)
    assert(!existsSync(file))
  })

  it('say where there is nothing to back up', async () => {
    const { status, stderr } = await freshet('backup', 'none')
    assert.equal(status, CONFIG)
    assert.match(stderr, /there is no store in .*: no collector has run/)
    assert(!existsSync(file))
  })

  it("leave the owner's files the owner's, as root", async function () {
    leaveOut(this, whyNotRoot())
    const user = ['--user', 'nobody']
    running = await collectorOf('one')
    await deliver(running, 1, 5)
    await running.collector.close()
    assert.equal((await freshet('backup', 'one')).status, 0)
    const restored = await freshet('restore', 'two', ...user)
    assert.equal(restored.stderr, '')
    const own = join(state('two'), 'collector')
    const { uid } = statSync(own)
    assert.notEqual(uid, 0)
    for (const name of readdirSync(own)) assert.equal(statSync(join(own, name)).uid, uid, name)
    rmSync(file)
    // Of a directory that is not root's, root reads as its owner only.
    assert.match((await freshet('backup', 'two')).stdout, /holds 5 alerts/)
    assert.equal(statSync(file).uid, 0)
    for (const name of readdirSync(own)) assert.equal(statSync(join(own, name)).uid, uid, name)
  })
})
