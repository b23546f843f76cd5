// Delivery on disks that are full: file systems in memory, made and unmounted here, which wants root.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Outbox, openOutbox } from '../../src/stream/outbox.ts'
import { startUplink } from '../../src/stream/uplink.ts'
import { nowUnixNs } from '../../src/units.ts'
import { type Running, runCollector } from '../collector/agent.ts'
import { leaveOut } from '../left-out.ts'
import { hello, PACE } from '../stream/uplink-fixture.ts'
import { until } from '../waits.ts'
import { keptBy, numberedAlert, readStore } from './account.ts'
import { Disk, whyNoDisk } from './disk.ts'

const DISK_MB = 6

describe('delivery on a full disk', () => {
  let directory: string
  let disk: string
  let mounted: Disk | undefined
  let running: Running | undefined
  let outbox: Outbox | undefined
  const ending = new AbortController()
  before(function () {
    directory = mkdtempSync(join(tmpdir(), 'freshet-faults-'))
    disk = join(directory, 'disk')
    leaveOut(this, whyNoDisk())
    mounted = new Disk(disk, DISK_MB)
    mounted.make(true)
  })
  afterEach(async () => {
    outbox?.close()
    await running?.collector.close()
    running = outbox = undefined
    // What one test left there must not fill the disk of the next.
    for (const name of readdirSync(disk)) rmSync(join(disk, name), { recursive: true, force: true })
  })
  after(() => {
    ending.abort()
    mounted?.end()
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
      url: to.root,
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

  const COLLECTED = { notKept: 0, evicted: 0, unwritten: 0, items: 0 }

  it('sends from memory what its full disk refuses, and writes the rest when there is room', async () => {
    const from = openOutbox(join(disk, 'b.db'), {
      bytesMax: 1 << 24,
      ageMaxMs: 1e9,
      now: nowUnixNs,
    })
    outbox = from
    const append = (first: number, length: number) => {
      for (let number = first; number < first + length; number++) from.append(batch(2, number, 1))
    }
    append(1, 100)
    fillDisk(128 * 1024)
    append(101, 800)
    const whileFull = from.unwritten()
    assert(whileFull > 0)
    // A collector that listens has them all while the disk is still full.
    running = await runCollector({}, join(directory, 'collector'))
    const own = new AbortController()
    const uplink = connect(running, from, own.signal)
    const store = join(directory, 'collector', 'store.db')
    await until(() => readStore(store).alerts === 900)
    const sentWhileFull = readStore(store).alerts
    rmSync(ballast())
    append(901, 100)
    await until(() => from.counters().items === 0)
    own.abort()
    await uplink.done
    const stored = readStore(store)
    console.log(
      `      1000 found, ${whileFull} in memory while the disk was full, ${sentWhileFull} stored by then, ${stored.alerts} stored`,
    )
    assert.equal(stored.alerts, 1000)
    const { notKept, evicted, unwritten, items } = from.counters()
    assert.deepEqual({ notKept, evicted, unwritten, items }, COLLECTED)
  })

  it('loses nothing while another process holds its file for seconds', async () => {
    const path = join(directory, 'held.db')
    const from = openOutbox(path, {
      bytesMax: 1 << 24,
      ageMaxMs: 1e9,
      now: nowUnixNs,
      patienceMs: 10,
    })
    outbox = from
    running = await runCollector({}, join(directory, 'held/collector'))
    const own = new AbortController()
    const uplink = connect(running, from, own.signal)
    from.append(batch(3, 1, 50))
    const holder = new DatabaseSync(path)
    await until(() => from.counters().items === 0)
    holder.exec('BEGIN EXCLUSIVE')
    from.append(batch(3, 51, 50))
    uplink.poke()
    const store = join(directory, 'held/collector/store.db')
    await until(() => readStore(store).alerts === 100)
    holder.close()
    await until(() => {
      from.retry()
      return from.unwritten() === 0 && from.counters().items === 0
    })
    own.abort()
    await uplink.done
    assert.equal(readStore(store).alerts, 100)
  })

  it('counts and tells what found its memory full as well', async () => {
    const from = openOutbox(join(disk, 'c.db'), {
      bytesMax: 1 << 24,
      ageMaxMs: 1e9,
      now: nowUnixNs,
      memoryBytesMax: 64 * 1024,
    })
    outbox = from
    fillDisk(64 * 1024)
    for (let number = 1; number <= 900; number++) from.append(batch(4, number, 1))
    const { notKept } = from.counters()
    assert(notKept > 0)
    rmSync(ballast())
    await until(() => {
      from.retry()
      return from.unwritten() === 0
    })
    from.append(batch(4, 901, 1))
    running = await runCollector({}, join(directory, 'full/collector'))
    const own = new AbortController()
    const uplink = connect(running, from, own.signal)
    await until(() => from.counters().items === 0)
    own.abort()
    await uplink.done
    const stored = readStore(join(directory, 'full/collector/store.db'))
    console.log(`      901 found, ${notKept} counted as not kept, ${stored.alerts} stored`)
    assert.equal(stored.alerts + from.counters().notKept, 901)
    assert(stored.told > 0)
  })
})
