// Files that are damaged, or cannot be opened, on a disk that takes nothing: file systems in memory, which wants root.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BaselineError, openBaseline } from '../../src/baseline/sqlite.ts'
import { type Outbox, openOutbox } from '../../src/stream/outbox.ts'
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
