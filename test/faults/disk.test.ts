// Delivery on disks that are full: file systems in memory, made and unmounted here, which wants root.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Outbox, OutboxError, openOutbox } from '../../src/stream/outbox.ts'
import { startUplink } from '../../src/stream/uplink.ts'
import { nowUnixNs } from '../../src/units.ts'
import { type Running, runCollector } from '../collector/agent.ts'
import { leaveOut, whyNotLinux, whyNotRoot } from '../left-out.ts'
import { hello, PACE, until } from '../stream/uplink-fixture.ts'
import { keptBy, numberedAlert, readStore } from './account.ts'

const DISK_MB = 6

describe('delivery on a full disk', function () {
  this.timeout(60_000)
  let directory: string
  let disk: string
  let running: Running | undefined
  let outbox: Outbox | undefined
  const ending = new AbortController()
  before(function () {
    directory = mkdtempSync(join(tmpdir(), 'freshet-faults-'))
    disk = join(directory, 'disk')
    leaveOut(this, whyNotLinux() ?? whyNotRoot())
    mkdirSync(disk)
    const { status, stderr } = spawnSync(
      'mount',
      ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'freshet-test', disk],
      { encoding: 'utf8' },
    )
    if (status === 0) return
    rmSync(disk, { recursive: true })
    leaveOut(this, `no file system can be mounted here (${stderr.trim()})`)
  })
  afterEach(async () => {
    outbox?.close()
    await running?.collector.close()
    running = outbox = undefined
    rmSync(ballast(), { force: true })
  })
  after(() => {
    ending.abort()
    spawnSync('umount', [disk])
    rmSync(directory, { recursive: true, force: true })
  })

  const ballast = () => join(disk, 'ballast')
  /** Leaves `free` bytes of the disk. */
  const fillDisk = (free: number) => {
    rmSync(ballast(), { force: true })
    const { bavail, bsize } = statfsSync(disk)
    writeFileSync(ballast(), Buffer.alloc(bavail * bsize - free, 1))
  }
  const connect = (to: Running, from: Outbox, signal: AbortSignal) =>
    startUplink({
      url: to.collector.url.replace('http', 'ws'),
      token: to.token,
      hello,
      outbox: from,
      signal,
      pace: PACE,
    })
  const batch = (life: number, from: number, length: number) =>
    Array.from({ length }, (_, index) => numberedAlert(life, from + index, 'medium'))

  it("keeps in the outbox what the collector's disk has no room for, until it has", async () => {
    running = await runCollector({ backoffMaxMs: 100 }, join(disk, 'collector'))
    const from = openOutbox(join(directory, 'a.db'), {
      bytesMax: 1 << 24,
      ageMaxMs: 1e9,
      now: nowUnixNs,
    })
    outbox = from
    from.append(batch(1, 1, 200))
    const own = new AbortController()
    const uplink = connect(running, from, own.signal)
    await until(() => from.counters().items === 0)
    fillDisk(64 * 1024)
    from.append(batch(1, 201, 2500))
    uplink.poke()
    await until(() => (running as Running).collector.counters()['agentsClosedStore'] === 2)
    assert(from.counters().items > 0)
    const whileFull = from.counters().items
    rmSync(ballast())
    await until(() => from.counters().items === 0)
    own.abort()
    await uplink.done
    const kept = keptBy(from)
    const stored = readStore(join(disk, 'collector', 'store.db'))
    console.log(
      `      ${kept.committed} committed, ${whileFull} waited for a disk that was full, ${stored.items} stored`,
    )
    assert.deepEqual(
      {
        stored: stored.items,
        revisions: stored.revisions,
        evicted: kept.evicted,
        rejected: kept.rejected,
      },
      { stored: 2700, revisions: 2700, evicted: 0, rejected: 0 },
    )
  })

  it("counts what the outbox's disk has no room for, and keeps all that it said it kept", async () => {
    const from = openOutbox(join(disk, 'b.db'), {
      bytesMax: 1 << 24,
      ageMaxMs: 1e9,
      now: nowUnixNs,
    })
    outbox = from
    const committed: number[] = []
    let refused = 0
    const append = (number: number) => {
      try {
        from.append(batch(2, number, 1))
        committed.push(number)
      } catch (error) {
        assert(error instanceof OutboxError && error.code === 'full-disk', String(error))
        refused++
      }
    }
    for (let number = 1; number <= 100; number++) append(number)
    fillDisk(128 * 1024)
    for (let number = 101; number <= 900; number++) append(number)
    assert(refused > 0)
    rmSync(ballast())
    for (let number = 901; number <= 1000; number++) append(number)
    const kept = keptBy(from)
    running = await runCollector({}, join(directory, 'collector'))
    const own = new AbortController()
    const uplink = connect(running, from, own.signal)
    await until(() => from.counters().items === 0)
    own.abort()
    await uplink.done
    const stored = readStore(join(directory, 'collector', 'store.db'))
    console.log(
      `      1000 found, ${committed.length} committed, ${refused} counted as not kept, ${stored.alerts} stored`,
    )
    assert.equal(kept.notKept, refused)
    assert.equal(stored.alerts, committed.length)
    assert.equal(stored.items, kept.committed)
    assert(committed.every((number) => stored.has(2, number)))
    assert.equal(committed.length + refused, 1000)
    // The collector was told, by an item of the outbox's own.
    assert.equal(stored.told, refused)
  })
})
