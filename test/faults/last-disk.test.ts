// An outbox that is closed while its disk takes nothing: file systems in memory, made and unmounted here, which wants root.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Finding } from '../../src/engine/finding.ts'
import { decodeItem } from '../../src/stream/codec.ts'
import { type Outbox, openOutbox } from '../../src/stream/outbox.ts'
import type { UnixNs } from '../../src/units.ts'
import { leaveOut } from '../left-out.ts'
import { alertFinding, sightingFinding } from '../stream/findings.ts'
import { sequences } from '../stream/outbox-fixture.ts'
import { Disk, whyNoDisk } from './disk.ts'

const DISK_MB = 24
const RESERVE_BYTES = 2 * 1024 * 1024
/** Text of an alert that takes as many bytes. */
const text = (bytes: number) => 'x'.repeat(bytes)

describe('an outbox that is closed while its disk takes nothing', () => {
  let directory: string
  let place: string
  let disk: Disk
  let outbox: Outbox
  let lines: string[]
  let nowMs: number
  before(function () {
    leaveOut(this, whyNoDisk())
  })
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-last-'))
    place = join(directory, 'disk')
    disk = new Disk(place, DISK_MB)
    disk.make(true)
    lines = []
    nowMs = Date.UTC(2026, 0)
    outbox = open()
  })
  afterEach(() => {
    outbox.close()
    disk.end()
    rmSync(directory, { recursive: true })
  })
  const path = () => join(place, 'outbox.db')
  const open = (reserveBytes = RESERVE_BYTES, mayStandIn = false, memoryBytesMax = 1 << 24) =>
    openOutbox(path(), {
      ...{
        bytesMax: 1 << 24,
        ageMaxMs: 1e9,
        patienceMs: 20,
        ...{ reserveBytes, mayStandIn, memoryBytesMax },
        elapsedMs: () => nowMs,
      },
      now: () => (BigInt(nowMs) * 1_000_000n) as UnixNs,
      log: (line) => lines.push(line),
    })
  const beside = () => join(place, 'outbox.not-kept')
  const reserve = () => join(place, 'outbox.reserve')
  const remount = (options: string) => {
    const { status, stderr } = spawnSync('mount', ['-o', `remount,${options}`, place])
    assert.equal(status, 0, `${stderr}`)
  }
  /** Nothing is left of the disk, not a page. */
  const fill = () => {
    const { blocks, bfree, bsize } = statfsSync(place)
    if (bfree > 0) remount(`size=${(blocks - bfree) * bsize}`)
    assert.equal(statfsSync(place).bfree, 0)
  }
  const waiting = (): Finding[] =>
    outbox.read(0, 100_000, 1 << 26).map(({ encoded }) => decodeItem(encoded).finding)
  const kindsOf = (findings: Finding[]) =>
    findings.map((one) => (one.kind === 'alert' ? one.alert.severity : one.kind))
  /** Finds them one by one, as they come. */
  const find = (findings: Finding[]) => {
    for (const one of findings) outbox.append([one])
  }
  /** The next outbox of the file, when the disk takes all again; what it tells first of what is gone. */
  const startAnew = (): number => {
    remount(`size=${DISK_MB}m`)
    outbox = open()
    const { notKept } = outbox.counters()
    outbox.retry()
    const told = waiting().flatMap((one) => (one.kind === 'health' ? [one.health] : []))
    assert.deepEqual(
      told.map(({ of, count }) => ({ of, count })),
      notKept > 0 ? [{ of: 'outbox', count: notKept }] : [],
    )
    // Once: neither later nor at the start after.
    nowMs += 120_000
    outbox.close()
    outbox = open()
    outbox.retry()
    assert.equal(waiting().filter(({ kind }) => kind === 'health').length, told.length)
    assert.equal(outbox.counters().notKept, notKept)
    return notKept
  }

  it('writes in the room of its own log what waits, the most important first, and counts the rest for the next start', () => {
    // A log as it is after a while of use.
    const before = Array.from({ length: 300 }, () => alertFinding('low', text(8000)))
    find(before)
    outbox.acknowledge(300)
    const logBytes = statSync(`${path()}-wal`).size
    assert(logBytes > 2_000_000, `${logBytes}`)
    fill()
    // As many as the log is given up for, and more than it has room for.
    for (let alerts = 0; outbox.unwritten() < 1500; alerts++)
      find([sightingFinding, alertFinding(alerts % 2 === 0 ? 'low' : 'high', text(8000))])
    const found = [...waiting()]
    const counts = (severity: string, of: Finding[]) =>
      kindsOf(of).filter((one) => one === severity).length
    const unwritten = outbox.unwritten()
    outbox.close()
    const notKept = startAnew()
    const kept = waiting().filter(({ kind }) => kind !== 'health')
    assert(notKept > 0 && notKept < unwritten, `${notKept} of ${unwritten}`)
    assert.equal(kept.length + notKept, found.length)
    assert.equal(counts('high', kept), counts('high', found), 'each high alert is kept')
    assert.match(
      lines.join('\n'),
      new RegExp(`${notKept} findings that the disk did not take are lost`),
    )
  })

  it('writes while it runs what a little room is enough for, the most important first, and gives out all in order', () => {
    fill()
    const all = Array.from({ length: 200 }, (_, number) =>
      alertFinding(number % 4 === 3 ? 'high' : 'low', text(8000)),
    )
    find(all)
    nowMs += 1000
    outbox.retry()
    const before = outbox.unwritten()
    assert(before > 150, `${before}`)
    const { blocks, bsize } = statfsSync(place)
    remount(`size=${blocks * bsize + 800_000}`)
    nowMs += 1000
    outbox.retry()
    const file = new DatabaseSync(path(), { readOnly: true })
    const kept = file.prepare('SELECT sequence FROM items').all()
    file.close()
    const { items, unwritten } = outbox.counters()
    assert(unwritten > 50 && unwritten < before - 40, `${unwritten} of ${before}`)
    assert.equal(items, 200)
    assert.equal(kept.length + unwritten, 200)
    const inFile = new Set(kept.map(({ sequence }) => Number(sequence)))
    for (let sequence = 4; sequence <= 200; sequence += 4)
      assert(inFile.has(sequence), `${sequence}`)
    const given = sequences(outbox.read(0, 1000, 1 << 26))
    assert.deepEqual(
      given,
      Array.from({ length: 200 }, (_, index) => index + 1),
    )
    remount(`size=${DISK_MB}m`)
    nowMs += 1000
    outbox.retry()
    assert.equal(outbox.unwritten(), 0)
    assert.deepEqual(sequences(outbox.read(0, 1000, 1 << 26)), given)
  })

  it('keeps the count where the disk has not one page for it', () => {
    outbox.close()
    rmSync(reserve())
    outbox = open(0)
    fill()
    while (outbox.unwritten() < 10) find([sightingFinding, alertFinding('low', text(3000))])
    const { items } = outbox.counters()
    outbox.close()
    const notKept = startAnew()
    assert.equal(notKept + waiting().filter(({ kind }) => kind !== 'health').length, items)
    assert(notKept > 0)
  })

  it('keeps the count where another process holds its file to the end', () => {
    outbox.append([sightingFinding])
    const holder = new DatabaseSync(path())
    holder.exec('BEGIN IMMEDIATE')
    find([alertFinding(), alertFinding()])
    outbox.close()
    assert.match(readFileSync(beside(), 'utf8'), /^[0-9a-f]{32} 2 0 *$/)
    holder.close()
    assert.equal(startAnew(), 2)
    assert.deepEqual(
      kindsOf(waiting()).filter((kind) => kind !== 'health'),
      ['sighting'],
    )
  })

  it('writes what waits where nothing but a new file is refused', () => {
    const holder = new DatabaseSync(path())
    holder.exec('BEGIN IMMEDIATE')
    find([alertFinding(), alertFinding()])
    const { files, ffree } = statfsSync(place)
    remount(`nr_inodes=${files - ffree}`)
    holder.close()
    outbox.close()
    remount('nr_inodes=1000')
    assert.equal(startAnew(), 0)
    assert.equal(waiting().length, 2)
  })

  it('says so where the file system can only be read, and the next outbox goes on', () => {
    outbox.append([alertFinding()])
    // What is open for writing keeps a file system from being made so.
    outbox.close()
    remount('ro')
    assert.throws(open, /can only be read/)
    remount('rw')
    assert.equal(startAnew(), 0)
    assert.equal(waiting().length, 1)
  })

  it('leaves no more than its file and what is prepared beside it, and takes no count of another file', () => {
    outbox.close()
    assert.deepEqual(readdirSync(place).sort(), ['outbox.db', 'outbox.not-kept', 'outbox.reserve'])
    assert.equal(statSync(beside()).mode & 0o777, 0o600)
    writeFileSync(beside(), `${'1'.repeat(32)} 17`)
    outbox = open()
    assert.equal(outbox.counters().notKept, 0, 'of another file')
  })

  it('takes an acknowledgement of what was kept where there was no room for its file, once there is some', () => {
    outbox.close()
    for (const name of readdirSync(place)) rmSync(join(place, name))
    writeFileSync(join(place, 'ballast'), 'x')
    fill()
    outbox = open(0, true)
    outbox.append([alertFinding('high'), alertFinding('low')])
    assert.deepEqual([outbox.counters().unwritten, existsSync(path())], [2, false])
    remount(`size=${DISK_MB}m`)
    nowMs += 2000
    outbox.acknowledgeEach([1])
    assert.equal(existsSync(path()), true)
    outbox.close()
    outbox = open(0)
    assert.equal(outbox.counters().items, 1)
    assert.deepEqual(waiting(), [alertFinding('low')])
  })

  /** One that has never had room for a file, with so many findings. */
  const beginWithoutFile = (findings: number) => {
    outbox.close()
    for (const name of readdirSync(place)) if (name !== 'outbox.not-kept') rmSync(join(place, name))
    writeFileSync(join(place, 'ballast'), 'x')
    fill()
    outbox = open(0, true)
    find(Array.from({ length: findings }, () => alertFinding('high')))
    assert.equal(existsSync(path()), false)
  }

  it('leaves its count to the next outbox where there was never room for its file, once', () => {
    beginWithoutFile(3)
    outbox.close()
    assert.match(lines.join('\n'), /3 findings that the disk did not take are lost/)
    // Another that has none, and loses more.
    beginWithoutFile(2)
    assert.equal(outbox.counters().notKept, 3)
    outbox.close()
    assert.equal(startAnew(), 5)
  })

  it('takes the count of one that had no file into the file that it has room for itself, once', () => {
    beginWithoutFile(3)
    outbox.close()
    beginWithoutFile(2)
    remount(`size=${DISK_MB}m`)
    nowMs += 2000
    outbox.retry()
    assert.equal(existsSync(path()), true)
    assert.deepEqual([outbox.counters().notKept, outbox.unwritten()], [3, 0])
    outbox.close()
    outbox = open(0)
    assert.equal(outbox.counters().notKept, 3)
    assert.equal(waiting().filter(({ kind }) => kind === 'alert').length, 2)
  })

  it('says what it foretold of its file as well, where that has room for nothing more, before it is killed', () => {
    for (const lostBefore of [0, 3]) {
      outbox.close()
      writeFileSync(beside(), ' '.repeat(512))
      beginWithoutFile(lostBefore)
      outbox.close()
      beginWithoutFile(0)
      find(Array.from({ length: 4 }, () => alertFinding('high', text(60_000))))
      outbox.foretell()
      const { blocks, bsize } = statfsSync(place)
      // Enough for the file, and for none of them.
      remount(`size=${blocks * bsize + 100_000}`)
      nowMs += 2000
      outbox.writeLast()
      assert.equal(existsSync(path()), true)
      assert.ok(outbox.unwritten() >= 4)
      const said = readFileSync(beside(), 'utf8').trim()
      assert.match(said, new RegExp(`^(?!0{32})[0-9a-f]{32} ${lostBefore + 4} 0$`))
    }
  })

  it('pushes nothing out of its memory that there is room for on the disk', () => {
    outbox.close()
    outbox = open(0, false, 200_000)
    fill()
    const high = () => alertFinding('high', text(8000))
    while (outbox.counters().notKept === 0) {
      outbox.append([high()])
      nowMs += 100
    }
    remount(`size=${DISK_MB}m`)
    nowMs += 2000
    const before = outbox.counters().notKept
    outbox.append(Array.from({ length: 10 }, high))
    assert.deepEqual([outbox.counters().notKept - before, outbox.unwritten()], [0, 0])
  })
})
