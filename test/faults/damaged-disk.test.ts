// Files that are damaged, or cannot be opened, on a disk that takes nothing: file systems in memory, which wants root.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BaselineError, openBaseline } from '../../src/baseline/sqlite.ts'
import { readRows } from '../../src/baseline/view.ts'
import { type Outbox, openOutbox } from '../../src/stream/outbox.ts'
import { OutboxError, orDiskError } from '../../src/stream/outbox-error.ts'
import { OutboxFile } from '../../src/stream/outbox-file.ts'
import { nowUnixNs, type UnixNs } from '../../src/units.ts'
import { leaveOut } from '../left-out.ts'
import { alertFinding } from '../stream/findings.ts'
import { damage, sequences } from '../stream/outbox-fixture.ts'
import { Disk, whyNoDisk } from './disk.ts'

const DISK_MB = 32

describe('a file of the agent on a disk that takes nothing', () => {
  let directory: string
  let place: string
  let disk: Disk
  let outbox: Outbox | undefined
  before(function () {
    leaveOut(this, whyNoDisk())
  })
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-damaged-'))
    place = join(directory, 'disk')
    disk = new Disk(place, DISK_MB)
    disk.make(true)
  })
  afterEach(() => {
    outbox?.close()
    outbox = undefined
    disk.end()
    rmSync(directory, { recursive: true })
  })
  const baselineAt = () => openBaseline(join(place, 'baseline.db'), { now: nowUnixNs() })
  const refusedAs = (code: BaselineError['code'], message: RegExp) =>
    assert.throws(baselineAt, (error) => {
      assert(error instanceof BaselineError)
      assert.equal(error.code, code)
      assert.match(error.message, message)
      return true
    })
  const remount = (options: string) => {
    const { status, stderr } = spawnSync('mount', ['-o', `remount,${options}`, place])
    assert.equal(status, 0, `${stderr}`)
  }

  it('that is damaged stays where it is until another can take its place, and that it did is told', () => {
    const path = join(place, 'baseline.db')
    baselineAt().baseline.close()
    damage(path)
    disk.fill()
    refusedAs('full-disk', /the disk is full/)
    assert(existsSync(path))
    disk.free()
    const { baseline, setAside } = baselineAt()
    baseline.close()
    assert.match(setAside?.path ?? '', /baseline\.db\.2/)
  })

  it('keeps in memory what a disk damages twice in a row, and begins anew once it holds', () => {
    let nowMs = Date.UTC(2026, 0)
    const lines: string[] = []
    outbox = openOutbox(join(place, 'outbox.db'), {
      ...{ bytesMax: 1 << 24, ageMaxMs: 1e9, patienceMs: 20, elapsedMs: () => nowMs },
      now: () => (BigInt(nowMs) * 1_000_000n) as UnixNs,
      log: (line) => lines.push(line),
    })
    outbox.append([alertFinding('high')])
    const { insert } = OutboxFile.prototype
    try {
      OutboxFile.prototype.insert = () => {
        throw Object.assign(new Error('database disk image is malformed'), { errcode: 11 })
      }
      outbox.append([alertFinding('high'), alertFinding('low')])
      // Each second it begins another: the one that held something stays set aside.
      for (let second = 0; second < 8; second++) {
        nowMs += 1100
        outbox.retry()
      }
    } finally {
      OutboxFile.prototype.insert = insert
    }
    const asides = readdirSync(place).filter((name) =>
      /^outbox\.db\.2\d+T[\d.]+Z(-\d+)?$/.test(name),
    )
    assert.equal(asides.length, 1, asides.join())
    assert.equal(outbox.setAside?.path, join(place, asides[0] ?? ''))
    // The one that was in the file is gone with it, and counted.
    // With what tells of it.
    assert.deepEqual([outbox.counters().notKept, outbox.unwritten()], [1, 3])
    assert.match(lines.join('\n'), /the disk reports an error; findings wait in memory/)
    nowMs += 2000
    outbox.retry()
    assert.deepEqual([outbox.counters().notKept, outbox.unwritten()], [1, 0])
    assert.equal(sequences(outbox.read(0, 10, 1 << 20)).length, 3, 'both, and that one is gone')
  })

  it('that turns out damaged while it is used loses nothing that is found then', () => {
    const path = join(place, 'outbox.db')
    let nowMs = Date.UTC(2026, 0)
    const lines: string[] = []
    const open = () =>
      openOutbox(path, {
        ...{ bytesMax: 1 << 22, ageMaxMs: 1e9, elapsedMs: () => nowMs },
        now: () => (BigInt(nowMs) * 1_000_000n) as UnixNs,
        log: (text) => lines.push(text),
      })
    outbox = open()
    const big = Array.from({ length: 20 }, () => alertFinding('high', 'x'.repeat(3000)))
    outbox.append(big)
    outbox.close()
    outbox = open()
    damage(path)
    disk.fill()
    outbox.append([alertFinding(), alertFinding()])
    assert.equal(outbox.unwritten(), 2)
    const setAside = () => outbox?.setAside
    assert.equal(setAside(), undefined)
    assert.match(lines.join('\n'), /outbox, \w+: the disk is full/)
    outbox.append([alertFinding()])
    disk.free()
    nowMs += 1000
    outbox.retry()
    assert.equal(outbox.unwritten(), 0, lines.join('\n'))
    assert.match(setAside()?.reason ?? '', /malformed/)
    const waiting = sequences(outbox.read(0, 100, 1 << 20))
    assert.equal(waiting.length, 3)
    assert(waiting.every((sequence) => sequence > 20))
    assert.equal(outbox.counters().notKept, 20)
  })

  it('says what the file system has no more of, and not that its user may not', () => {
    baselineAt().baseline.close()
    const { files, ffree } = statfsSync(place)
    remount(`nr_inodes=${files - ffree}`)
    refusedAs('full-disk', /the disk is full/)
  })

  it('says that the file system can only be read', () => {
    baselineAt().baseline.close()
    remount('ro')
    refusedAs('read-only', /mounted so that it can only be read/)
  })

  it('says so also to who only reads it, and of what is refused while it is used', () => {
    const path = join(place, 'baseline.db')
    baselineAt().baseline.close()
    remount('ro')
    assert.throws(
      () => readRows(path, (rows) => void [...rows]),
      /baseline.*mounted so that it can only be read/,
    )
    // attempt to write a readonly database; disk I/O error.
    for (const errcode of [8, 778]) {
      const refused = orDiskError(Object.assign(new Error('refused'), { errcode }), path, 'append')
      assert(refused instanceof OutboxError)
      assert.equal(refused.code, 'read-only')
    }
    remount('rw')
    const denied = orDiskError(Object.assign(new Error('refused'), { errcode: 8 }), path, 'append')
    assert.equal(denied instanceof OutboxError && denied.code, 'denied')
  })

  it('is opened by itself where there is no room to share it, and shared again', () => {
    baselineAt().baseline.close()
    disk.fill()
    const { baseline } = baselineAt()
    baseline.setBornAt(nowUnixNs())
    assert.throws(() => baseline.commit(), /the disk is full/)
    disk.free()
    baseline.commit()
    assert(existsSync(join(place, 'baseline.db-shm')))
    baseline.close()
    const again = baselineAt().baseline
    assert.notEqual(again.bornAt(), undefined)
    again.close()
  })
})
