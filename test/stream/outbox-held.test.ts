// The outbox while its disk takes nothing: another process holds the file, or there is no space.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { decodeItem } from '../../src/stream/codec.ts'
import type { Outbox } from '../../src/stream/outbox.ts'
import type { OutboxFile as OutboxTables, Totals } from '../../src/stream/outbox-file.ts'
import { OutboxOwed } from '../../src/stream/outbox-owed.ts'
import { OutboxRefusals } from '../../src/stream/outbox-refusals.ts'
import { alertFinding, summaryFinding } from './findings.ts'
import { OutboxFile, sequences } from './outbox-fixture.ts'

const NONE = { items: 0, bytes: 0, unwritten: 0, evicted: 0, notKept: 0, rejected: 0 }

describe('outbox, while the disk takes nothing', () => {
  let file: OutboxFile
  beforeEach(() => {
    file = new OutboxFile()
  })
  afterEach(() => file.remove())

  it('keeps findings in memory, gives them out, and writes them when it can', () => {
    const lines: string[] = []
    const outbox = file.start({ patienceMs: 0, log: (text) => lines.push(text) })
    outbox.append([summaryFinding])
    const holder = file.hold()
    outbox.append([alertFinding()])
    outbox.append([summaryFinding])
    assert.equal(outbox.unwritten(), 2)
    assert.deepEqual(sequences(outbox.read(0, 10, 1 << 20)), [1, 2, 3])
    assert.deepEqual(sequences(outbox.readUrgent(0, new Set(), 10, 1 << 20)), [2])
    assert.deepEqual(
      [outbox.counters().items, outbox.counters().unwritten, outbox.counters().notKept],
      [3, 2, 0],
    )
    holder.close()
    file.nowMs += 1000
    outbox.retry()
    assert.equal(outbox.unwritten(), 0)
    assert.equal(lines.length, 1)
    assert.deepEqual(sequences(file.restart(outbox).read(0, 10, 1 << 20)), [1, 2, 3])
    assert.equal(lines.length, 2, lines.join('\n'))
    assert.match(lines[0] ?? '', /another process holds the file; findings wait in memory/)
    assert.match(lines[1] ?? '', /takes findings again: 2 that waited/)
  })

  it('tells what is gone while the disk still refuses, as soon as its memory has room, and once', () => {
    let outbox = file.start({ patienceMs: 0, memoryBytesMax: 20_000 })
    const holder = file.hold()
    while (outbox.counters().notKept < 5) outbox.append([alertFinding('high')])
    const lost = outbox.counters().notKept
    const told = () =>
      outbox
        .read(0, 100, 1 << 20)
        .map(({ encoded }) => decodeItem(encoded).finding)
        .flatMap((one) => (one.kind === 'health' ? [one.health.count] : []))
    file.nowMs += 120_000
    outbox.retry()
    assert.deepEqual(told(), [], 'it would push an alert out')
    outbox.acknowledge(outbox.lastSequence())
    file.nowMs += 2000
    outbox.retry()
    assert.deepEqual(told(), [lost])
    // It waits, and is not told anew meanwhile.
    file.nowMs += 120_000
    outbox.retry()
    assert.deepEqual(told(), [lost])
    outbox.acknowledge(outbox.lastSequence())
    // Nor by the next outbox, where this one never had its file again.
    outbox.foretell()
    outbox.close()
    holder.close()
    file.nowMs += 120_000
    outbox = file.start()
    file.nowMs += 120_000
    outbox.retry()
    assert.deepEqual([told(), outbox.counters().notKept], [[], lost])
  })

  it('says that it is refused also when the collector has all that waited, until the disk takes something', () => {
    const outbox = file.start({ patienceMs: 0 })
    const holder = file.hold()
    outbox.append([alertFinding()])
    outbox.acknowledge(outbox.lastSequence())
    assert.deepEqual([outbox.unwritten(), outbox.isRefused()], [0, true])
    holder.close()
    file.nowMs += 1000
    outbox.retry()
    assert.equal(outbox.isRefused(), false)
  })

  it('lets one go that was acknowledged from memory, and never writes it', () => {
    const outbox = file.start({ patienceMs: 0 })
    const holder = file.hold()
    outbox.append([alertFinding(), alertFinding()])
    outbox.acknowledge(1)
    assert.deepEqual([outbox.counters().items, outbox.acknowledged()], [1, 1])
    holder.close()
    file.nowMs += 1000
    outbox.retry()
    assert.deepEqual(sequences(file.restart(outbox).read(0, 10, 1 << 20)), [2])
  })

  it('lets go of what was acknowledged though the file still holds it: not sent, not waiting, not dropped', () => {
    const outbox = file.start({ patienceMs: 0, bytesMax: 65_536 })
    const big = alertFinding('low', 'x'.repeat(10_000))
    outbox.append([alertFinding('high'), big, big, big, alertFinding('high')])
    const before = outbox.counters()
    const holder = file.hold()
    outbox.acknowledgeEach([5], 1)
    outbox.acknowledge(2)
    outbox.acknowledgeEach([1, 5])
    assert.deepEqual(sequences(outbox.read(0, 10, 1 << 20)), [3, 4])
    assert.deepEqual(sequences(outbox.readUrgent(0, new Set([3]), 10, 1 << 20)), [4])
    assert.deepEqual(sequences(outbox.readUrgent(0, new Set(), 10, 1 << 20)), [3, 4])
    const { items, bytes, rejected } = outbox.counters()
    assert.deepEqual([items, rejected, outbox.acknowledged()], [2, 1, 2])
    assert.ok(bytes > 20_000 && bytes < before.bytes - 10_000, `${bytes} of ${before.bytes}`)
    outbox.acknowledge(5, 2)
    assert.deepEqual({ ...outbox.counters() }, { ...NONE, rejected: 3 })
    holder.close()
    file.nowMs += 1000
    // Room for all of it, once what the collector has is gone.
    outbox.append([big, big, big, big])
    assert.deepEqual(sequences(file.restart(outbox).read(0, 10, 1 << 20)), [6, 7, 8, 9])
    assert.equal(outbox.counters().evicted, 0)
  })

  it('lets go of what was acknowledged while not even its size could be read', () => {
    const owed = new OutboxOwed()
    const unreadable = Object.assign(new Error('disk I/O error'), { errcode: 10 })
    let isReadable = false
    const gone: number[] = []
    const disk = {
      sizeOf: () => sizes({ items: 2, bytes: 20 }),
      bytesOf: () => sizes(7),
      removeThrough: (sequence: number) => gone.push(sequence),
      remove: (sequence: number) => gone.push(sequence),
    } as unknown as OutboxTables
    const sizes = <T>(size: T): T => {
      if (isReadable) return size
      throw unreadable
    }
    owed.addThrough(disk, 2, 1)
    owed.addEach(disk, [4], 0)
    assert.deepEqual(owed.size, { items: 0, bytes: 0 })
    isReadable = true
    const totals = { items: 5, bytes: 50, acknowledged: 0, rejected: 0 } as Totals
    owed.settle(disk, totals)
    assert.deepEqual(totals, { items: 2, bytes: 23, acknowledged: 2, rejected: 1 })
    assert.deepEqual(gone, [2, 4])
  })

  it('drops the lowest rank when the memory is full too, and counts it', () => {
    const outbox = file.start({ patienceMs: 0, memoryBytesMax: 2000 })
    const holder = file.hold()
    outbox.append([summaryFinding, alertFinding('high'), summaryFinding])
    outbox.append([alertFinding('high'), alertFinding('high'), alertFinding('high')])
    file.nowMs += 100
    const kept = outbox.read(0, 10, 1 << 20).map(({ encoded }) => decodeItem(encoded).finding.kind)
    const told = kept.filter((kind) => kind === 'health').length
    assert.ok(kept.length > told && !kept.includes('summary'), kept.join())
    assert.equal(outbox.counters().notKept, 6 + told - kept.length)
    holder.close()
  })

  it('starts, gives out under an id of its own what it finds, and is itself again when it is let go', () => {
    const { id } = file.start()
    const holder = file.hold()
    const outbox = file.start({ patienceMs: 0 })
    outbox.append([alertFinding()])
    assert.equal(outbox.read(0, 10, 1 << 20).length, 1)
    // Its file says nothing of this number, should it be killed now.
    assert.notEqual(outbox.id, id)
    holder.close()
    file.nowMs += 1000
    outbox.retry()
    assert.deepEqual([outbox.id, outbox.unwritten()], [id, 0])
  })

  it('sends no number that it has not reserved: what is beyond waits for the disk', () => {
    const outbox = file.start({ patienceMs: 0, numbersReserved: 3 })
    const holder = file.hold()
    outbox.append([alertFinding(), alertFinding(), alertFinding(), alertFinding()])
    assert.deepEqual(sequences(outbox.read(0, 10, 1 << 20)), [1, 2, 3])
    assert.deepEqual(sequences(outbox.readUrgent(0, new Set(), 10, 1 << 20)), [1, 2, 3])
    assert.equal(outbox.counters().items, 4)
    holder.close()
    file.nowMs += 1000
    outbox.retry()
    assert.deepEqual(sequences(outbox.read(0, 10, 1 << 20)), [1, 2, 3, 4])
  })

  it('says what is lost when it ends like that', () => {
    const lines: string[] = []
    const outbox = file.start({ patienceMs: 0, log: (text) => lines.push(text) })
    const holder = file.hold()
    outbox.append([alertFinding()])
    outbox.close()
    holder.close()
    assert.match(lines.at(-1) ?? '', /^1 finding that the disk did not take is lost/)
  })

  it('says once that it began and once that it ended, however often it tried', () => {
    const lines: string[] = []
    const outbox = file.start({ patienceMs: 0, log: (text) => lines.push(text) })
    for (let times = 1; times <= 2; times++) {
      const holder = file.hold()
      for (let tries = 0; tries < 5; tries++) {
        outbox.append([alertFinding()])
        file.nowMs += 1001
        outbox.retry()
      }
      assert.equal(lines.length, 2 * times - 1, lines.join('; '))
      assert.match(lines.at(-1) ?? '', /findings wait in memory/)
      holder.close()
      file.nowMs += 1001
      outbox.retry()
      assert.equal(outbox.unwritten(), 0)
      assert.equal(lines.length, 2 * times - 1)
      file.nowMs += 60_000
      outbox.retry()
      assert.equal(lines.length, 2 * times)
      assert.match(lines.at(-1) ?? '', /takes findings again: 5 that waited in memory are kept/)
    }
  })

  it('does not say that nothing was kept of what waited, where nothing did', () => {
    const lines: string[] = []
    const now = () => 0
    const refusals = new OutboxRefusals(now, now, (text) => lines.push(text))
    refusals.add(new Error('it is full'))
    refusals.ends()
    assert.equal(lines.at(-1), 'the disk takes findings again')
  })

  it('says once what comes and goes: acknowledgements that fail now and then, appends that pass between', () => {
    const lines: string[] = []
    const outbox = file.start({ patienceMs: 0, log: (text) => lines.push(text) })
    for (let turn = 0; turn < 50; turn++) {
      outbox.append([alertFinding(), alertFinding()])
      const holder = file.hold()
      outbox.acknowledge(outbox.lastSequence() - 1)
      if (turn % 5 === 0) assert.equal(outbox.renew(), false)
      holder.close()
      file.nowMs += 30_000
      outbox.retry()
    }
    assert.equal(lines.length, 1, lines.join('\n'))
    file.nowMs += 30_000
    outbox.retry()
    assert.equal(lines.length, 2, lines.join('\n'))
    assert.match(lines[1] ?? '', /^the disk takes findings again/)
    outbox.close()
    assert.equal(lines.length, 2)
  })

  it('keeps in memory what a full disk refuses, gives it out, and writes it when there is space', () => {
    const options = { bytesMax: 1 << 20, fileBytesMax: 256 * 1024 }
    let outbox = file.start(options)
    const batch = Array.from({ length: 8 }, () => alertFinding('low', 'x'.repeat(8000)))
    let given = 0
    for (; outbox.unwritten() === 0 && given < 100; given += 8) outbox.append(batch)
    // Of the last eight some found room.
    assert(outbox.unwritten() > 0 && outbox.unwritten() < 8, `${outbox.unwritten()}`)
    assert.equal(outbox.counters().notKept, 0)
    assert.equal(outbox.read(0, 1000, 1 << 30).length, given)
    // All but the last: what the file holds goes, and with it the want of space.
    outbox.acknowledge(outbox.lastSequence() - 1)
    assert.equal(outbox.unwritten(), 1)
    file.nowMs += 1000
    outbox.append(batch)
    outbox = file.restart(outbox, options)
    assert.deepEqual(
      { ...outbox.counters(), bytes: 0 },
      { items: 9, bytes: 0, unwritten: 0, evicted: 0, notKept: 0, rejected: 0 },
    )
  })

  it('says what waits as not kept before its last attempts, and puts it right when they write it', () => {
    const outbox = file.start({ patienceMs: 0 })
    const holder = file.hold()
    outbox.append([alertFinding(), alertFinding()])
    outbox.foretell()
    const killed = file.start({ patienceMs: 0 })
    assert.equal(killed.counters().notKept, 2)
    holder.close()
    outbox.writeLast()
    outbox.close()
    const next = file.start()
    assert.deepEqual([next.counters().items, next.counters().notKept], [2, 0])
  })

  it('waits at its end for who holds its file, as long as it may, however soon after it was refused', async () => {
    const outbox = file.start({ patienceMs: 0 })
    const holder = file.hold()
    outbox.append([alertFinding()])
    // In another process: this one waits within SQLite.
    const other = spawn(process.execPath, ['-e', HOLD, file.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    holder.close()
    await once(other.stdout, 'data')
    outbox.patience(60_000)
    outbox.close()
    const next = file.start({ patienceMs: 60_000 })
    assert.deepEqual([next.counters().items, next.counters().notKept], [1, 0])
  })

  it('tells anew of what was dropped where the item that told of it died in memory', () => {
    let outbox = droppedOne()
    const holder = file.hold()
    outbox.append([])
    outbox.retry()
    assert.deepEqual(tellings(outbox), [1])
    outbox.close()
    holder.close()
    outbox = file.start({ patienceMs: 0 })
    outbox.retry()
    assert.deepEqual(tellings(outbox), [1])
  })

  it('tells anew of what was dropped where the item that told of it was pushed out of the memory', () => {
    const outbox = droppedOne({ memoryBytesMax: 2000 })
    const holder = file.hold()
    outbox.retry()
    assert.deepEqual(tellings(outbox), [1])
    let given = 0
    for (; tellings(outbox).length > 0; given++) outbox.append([alertFinding('high')])
    const { notKept, unwritten } = outbox.counters()
    assert.equal(notKept, 1 + given - unwritten, 'it is no finding')
    holder.close()
    file.nowMs += 61_000
    outbox.retry()
    file.nowMs += 61_000
    outbox.retry()
    assert.deepEqual(tellings(outbox), [notKept])
    assert.equal(outbox.counters().items, unwritten + 1)
  })

  it('tells once of what was dropped where the collector has it from memory', () => {
    const outbox = droppedOne()
    const holder = file.hold()
    outbox.retry()
    assert.deepEqual(tellings(outbox), [1])
    outbox.acknowledge(outbox.lastSequence())
    holder.close()
    file.nowMs += 61_000
    outbox.retry()
    file.nowMs += 61_000
    outbox.retry()
    assert.deepEqual(tellings(outbox), [])
  })

  /** With one finding that could not be kept, and that is to be told of. */
  function droppedOne(options: { memoryBytesMax?: number } = {}) {
    const first = file.start({ patienceMs: 0 })
    const holder = file.hold()
    first.append([alertFinding()])
    first.close()
    holder.close()
    const outbox = file.start({ patienceMs: 0, ...options })
    assert.equal(outbox.counters().notKept, 1)
    return outbox
  }
})

/** Of how many drops each item tells that waits. */
const tellings = (outbox: Outbox): number[] =>
  outbox.read(0, 1000, 1 << 30).flatMap(({ encoded }) => {
    const { finding } = decodeItem(encoded)
    return finding.kind === 'health' ? [finding.health.count ?? 0] : []
  })

/** Holds the file for half a second from when it says so. */
const HOLD = `
  const { DatabaseSync } = require('node:sqlite')
  const holder = new DatabaseSync(process.argv[1], { timeout: 60000 })
  holder.exec('BEGIN IMMEDIATE')
  process.stdout.write('held')
  setTimeout(() => holder.close(), 500)`
