import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import type { Finding } from '../../src/engine/finding.ts'
import { decodeItem } from '../../src/stream/codec.ts'
import { type Outbox, OutboxError } from '../../src/stream/outbox.ts'
import { threadMs } from '../cpu.ts'
import { alertFinding, healthFinding, sightingFinding, summaryFinding } from './findings.ts'
import { damage, HOUR_MS, OutboxFile, sequences } from './outbox-fixture.ts'

const NONE = { items: 0, bytes: 0, unwritten: 0, evicted: 0, notKept: 0, rejected: 0 }

describe('outbox', () => {
  let file: OutboxFile
  beforeEach(() => {
    file = new OutboxFile()
  })
  afterEach(() => file.remove())

  it('gives back what it was given, numbered from 1, each id a UUIDv7 and ascending', () => {
    const outbox = file.start()
    outbox.append([alertFinding(), sightingFinding])
    outbox.append([summaryFinding, healthFinding])
    const items = outbox.read(0, 10, 1 << 20).map(({ encoded }) => decodeItem(encoded))
    assert.deepEqual(
      items.map(({ sequence }) => sequence),
      [1, 2, 3, 4],
    )
    assert.deepEqual(
      items.map(({ finding }) => finding),
      [alertFinding(), sightingFinding, summaryFinding, healthFinding],
    )
    const ids = items.map(({ id }) => Buffer.from(id).toString('hex'))
    assert.deepEqual(ids, [...ids].sort())
    assert.ok(ids.every((id) => id[12] === '7'))
  })

  it('reads from where it is asked, within both bounds, and one item at least', () => {
    const outbox = file.start()
    outbox.append([alertFinding(), alertFinding(), alertFinding(), alertFinding()])
    assert.deepEqual(sequences(outbox.read(1, 2, 1 << 20)), [2, 3])
    assert.deepEqual(sequences(outbox.read(1, 10, 1)), [2])
    const bytes = outbox.read(0, 1, 1)[0]!.encoded.length
    assert.deepEqual(sequences(outbox.read(0, 10, bytes * 2)), [1, 2])
    assert.deepEqual(outbox.read(4, 10, 1 << 20), [])
    outbox.append([alertFinding()])
    assert.equal(outbox.counters().items, 5)
  })

  it('reads what should not wait: alerts, the highest severity first, then the oldest', () => {
    const outbox = file.start()
    outbox.append([alertFinding('high'), summaryFinding, sightingFinding, healthFinding])
    outbox.append([alertFinding('low'), alertFinding('medium'), alertFinding('high')])
    outbox.append([alertFinding('high')])
    const urgent = (except: number[], items = 10, bytes = 1 << 20) =>
      sequences(outbox.readUrgent(1, new Set(except), items, bytes))
    assert.deepEqual(urgent([]), [7, 8, 6, 5])
    assert.deepEqual(urgent([], 2), [7, 8])
    assert.deepEqual(urgent([7, 6], 2), [8, 5])
    assert.deepEqual(urgent([7], 10, 1), [8])
    assert.deepEqual(sequences(outbox.readUrgent(8, new Set(), 10, 1 << 20)), [])
  })

  it('drops items one by one as well, and keeps count', () => {
    let outbox = file.start()
    outbox.append([alertFinding(), summaryFinding, alertFinding()])
    outbox.acknowledgeEach([3, 1, 99], 1)
    outbox.acknowledgeEach([3])
    outbox = file.restart(outbox)
    assert.deepEqual(sequences(outbox.read(0, 10, 1 << 20)), [2])
    assert.equal(outbox.acknowledged(), 0)
    outbox.acknowledge(2)
    assert.deepEqual(outbox.counters(), { ...NONE, rejected: 1 })
  })

  it('drops what is acknowledged and no more, and keeps the rest over a restart', () => {
    let outbox = file.start()
    outbox.append([alertFinding(), alertFinding(), alertFinding()])
    const before = outbox.read(0, 10, 1 << 20)
    outbox.acknowledge(2)
    outbox.acknowledge(1)
    outbox = file.restart(outbox)
    const after = outbox.read(0, 10, 1 << 20)
    assert.deepEqual(after.map(plain), before.slice(2).map(plain))
    assert.equal(outbox.counters().items, 1)
  })

  it('never gives a number out again, also when it was emptied and opened anew', () => {
    let outbox = file.start()
    outbox.append([alertFinding(), alertFinding()])
    outbox.acknowledge(2)
    assert.deepEqual(outbox.counters(), NONE)
    outbox = file.restart(outbox)
    outbox.append([alertFinding()])
    assert.deepEqual(sequences(outbox.read(0, 10, 1 << 20)), [3])
  })

  it('when full drops the lowest severity first, then the oldest; counts it, tells it once', () => {
    let outbox = file.start({ bytesMax: 65_536 })
    const large = (severity: 'low' | 'medium' | 'high') =>
      alertFinding(severity, 'x'.repeat(15_000))
    outbox.append([
      summaryFinding,
      large('high'),
      sightingFinding,
      large('low'),
      large('low'),
      large('medium'),
    ])
    assert.deepEqual(sequences(outbox.read(0, 10, 1 << 20)), [1, 2, 3, 4, 5, 6])
    outbox.append([large('high')])
    assert.deepEqual(sequences(outbox.read(0, 10, 1 << 20)), [2, 5, 6, 7])
    const evicted = outbox.counters().evicted
    assert.equal(evicted, 3)
    outbox = file.restart(outbox, { bytesMax: 65_536 })
    assert.equal(outbox.counters().evicted, evicted)
    outbox.acknowledge(6)
    outbox.append([healthFinding])
    outbox.append([healthFinding])
    const told = outbox.read(7, 10, 1 << 20).map(({ encoded }) => decodeItem(encoded).finding)
    const counts = told.map(
      (finding) => finding.kind === 'health' && [finding.health.of, finding.health.count],
    )
    assert.deepEqual(counts, [
      ['loss', 5],
      ['outbox', 3],
      ['loss', 5],
    ])
  })

  it('tells anew of what was dropped where the item that told of it was dropped itself', () => {
    const outbox = file.start({ bytesMax: 65_536 })
    const high = () => alertFinding('high', 'x'.repeat(15_000))
    const told = () =>
      outbox.read(0, 100, 1 << 20).flatMap(({ encoded }) => {
        const { finding } = decodeItem(encoded)
        return finding.kind === 'health' ? [finding.health.count] : []
      })
    outbox.append([summaryFinding, sightingFinding, high(), high(), high(), high()])
    outbox.append([high()])
    const { evicted } = outbox.counters()
    outbox.retry()
    assert.deepEqual(told(), [evicted])
    outbox.append([high()])
    assert.deepEqual(told(), [], 'alerts that matter more have pushed it out')
    // With it went one more.
    assert.equal(outbox.counters().evicted, evicted + 2)
    file.nowMs += 61_000
    outbox.retry()
    assert.deepEqual(told(), [evicted + 1])
  })

  it('keeps within its bound whatever comes, a late summary giving way to an early alert', () => {
    const outbox = file.start({ bytesMax: 65_536 })
    outbox.append(Array.from({ length: 110 }, () => alertFinding('low')))
    for (let round = 0; round < 20; round++)
      outbox.append(Array.from({ length: 30 }, () => summaryFinding))
    const { bytes, items, evicted } = outbox.counters()
    assert.ok(bytes <= 65_536, `${bytes}`)
    const kinds = outbox
      .read(0, 1000, 1 << 20)
      .map(({ encoded }) => decodeItem(encoded).finding.kind)
    const alerts = kinds.filter((kind) => kind === 'alert').length
    const tells = outbox.lastSequence() - 110 - 600
    assert.equal(alerts, 110)
    assert.equal(items + evicted, 110 + 600 + tells)
  })

  it('drops what is too old', () => {
    const outbox = file.start()
    outbox.append([alertFinding(), alertFinding()])
    file.nowMs += HOUR_MS + 1
    outbox.append([alertFinding()])
    assert.deepEqual(sequences(outbox.read(0, 10, 1 << 20)), [3])
    assert.equal(outbox.counters().evicted, 2)
  })

  it('takes nothing for old because its clock is set, or was when it began again', () => {
    const YEAR_MS = 365 * 24 * HOUR_MS
    let elapsedMs = 0
    const time = { elapsedMs: () => elapsedMs }
    const outbox = file.start(time)
    outbox.append(Array.from({ length: 15 }, () => alertFinding('high')))
    file.nowMs += YEAR_MS
    outbox.append([alertFinding('high')])
    file.nowMs -= 3 * YEAR_MS
    outbox.append([alertFinding('high')])
    file.nowMs += 4 * YEAR_MS
    elapsedMs = 5
    const later = file.restart(outbox, time)
    later.append([alertFinding('high')])
    assert.equal(later.counters().items, 18)
    assert.equal(later.counters().evicted, 0)
    // What ran does make it old, over a restart too.
    elapsedMs += HOUR_MS / 2
    later.append([alertFinding('high')])
    elapsedMs += HOUR_MS / 2 + 1
    const last = file.restart(later, time)
    last.append([alertFinding('high')])
    assert.equal(last.counters().evicted, 0)
    elapsedMs += HOUR_MS / 2 + 1
    last.append([alertFinding('high')])
    assert.equal(last.counters().evicted, 18)
  })

  it('skips a finding that cannot be encoded, says so, and keeps the rest', () => {
    const outbox = file.start()
    const bad: Finding = {
      ...healthFinding,
      health: { of: 'loss', text: '', count: -1 },
    } as Finding
    refuses('unencodable', () => outbox.append([alertFinding(), bad, alertFinding()]))
    const kinds = outbox.read(0, 10, 1 << 20).map(({ encoded }) => decodeItem(encoded).finding.kind)
    assert.deepEqual(kinds, ['alert', 'alert', 'health'], 'the last one tells of it')
    assert.equal(outbox.counters().notKept, 1)
  })

  it('sets a file aside that is no database, keeps it, and begins anew', () => {
    writeFileSync(file.path, 'not a database, but somebody may want it'.repeat(100))
    const outbox = file.start()
    assert.match(outbox.setAside?.reason ?? '', /not a database/)
    assert.equal(statSync(outbox.setAside!.path).size, 4000)
    assert.equal(
      readdirSync(file.directory).filter((name) => name.startsWith('outbox.db.')).length,
      1,
    )
    outbox.append([alertFinding()])
    assert.equal(outbox.counters().items, 1)
    assert.equal(file.restart(outbox).setAside, undefined)
  })

  it('sets a file of a later version aside', () => {
    file.start().close()
    const later = new DatabaseSync(file.path)
    later.exec('PRAGMA user_version = 99')
    later.close()
    assert.match(file.start().setAside?.reason ?? '', /later version \(schema 99/)
  })

  it('survives damage under its feet: sets the file aside, counts what was in it, goes on numbering', () => {
    const outbox = file.start()
    const batch = Array.from({ length: 20 }, () => alertFinding('high', 'x'.repeat(3000)))
    outbox.append(batch)
    const checkpoint = new DatabaseSync(file.path)
    checkpoint.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    checkpoint.close()
    damage(file.path)
    outbox.append(batch)
    for (let tries = 0; tries < 3 && !outbox.setAside; tries++) outbox.read(0, 100, 1 << 20)
    assert.ok(outbox.setAside, 'the damage was found')
    outbox.append([alertFinding()])
    const items = outbox.read(0, 100, 1 << 20)
    assert.ok(items.every(({ sequence }) => sequence > 20))
    assert.ok(outbox.counters().notKept >= 20)
  })

  it('becomes another outbox: another id, what waits numbered from 1 under its own ids', () => {
    const outbox = file.start()
    outbox.append([alertFinding(), summaryFinding, alertFinding()])
    outbox.acknowledge(1)
    const { id } = outbox
    const ids = () =>
      outbox.read(0, 10, 1 << 20).map((item) => Buffer.from(item.id).toString('hex'))
    const before = ids()
    outbox.renew()
    assert.match(outbox.id, /^[0-9a-f]{32}$/)
    assert.notEqual(outbox.id, id)
    assert.deepEqual(sequences(outbox.read(0, 10, 1 << 20)), [1, 2])
    assert.deepEqual(ids(), before)
    assert.equal(outbox.acknowledged(), 0)
    const renewed = outbox.id
    const again = file.restart(outbox)
    assert.equal(again.id, renewed)
    again.append([alertFinding()])
    assert.equal(again.lastSequence(), 3)
  })

  it('opens as fast with 50,000 items as with none', () => {
    const options = { bytesMax: 1 << 30 }
    const empty = openMs(file.start(options))
    const outbox = file.start(options)
    for (let round = 0; round < 50; round++)
      outbox.append(Array.from({ length: 1000 }, () => summaryFinding))
    const full = openMs(outbox)
    assert.ok(full < empty * 4 + 5, `${full} ms full, ${empty} ms empty`)

    function openMs(current: Outbox): number {
      const times = Array.from({ length: 5 }, () => {
        current.close()
        const began = threadMs()
        current = file.start(options)
        return threadMs() - began
      })
      return Math.min(...times)
    }
  })

  it('gives the disk back what a backlog took', () => {
    const outbox = file.start({ bytesMax: 1 << 26 })
    for (let round = 0; round < 20; round++)
      outbox.append(Array.from({ length: 100 }, () => alertFinding('low', 'x'.repeat(8000))))
    const most = statSync(file.path).size
    for (let through = 50; through <= 2000; through += 50) outbox.acknowledge(through)
    outbox.close()
    const least = statSync(file.path).size
    assert.ok(least < most / 2, `${least} B of ${most}`)
  })

  it('keeps its file to its user alone', () => {
    file.start().append([alertFinding()])
    for (const name of readdirSync(file.directory))
      assert.equal(statSync(join(file.directory, name)).mode & 0o77, 0, name)
  })

  it('has everything it said it kept after kill -9 at any instant', async () => {
    const writer = fileURLToPath(new URL('outbox-writer.ts', import.meta.url))
    let kept = 0
    for (let round = 0; round < 5; round++) {
      const child = spawn(process.execPath, [writer, file.path], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let said = ''
      child.stdout.setEncoding('utf8').on('data', (text) => {
        // Killed after a number of its own reports, so that the instant falls anywhere in a later append.
        said += text
        if (said.split('\n').length > 20 + round * 7) child.kill('SIGKILL')
      })
      await once(child, 'close')
      const last = Number(said.trim().split('\n').at(-1))
      const outbox = file.start({ bytesMax: 1 << 28 })
      assert.equal(outbox.setAside, undefined)
      const found = sequences(outbox.read(0, 1_000_000, 1 << 30))
      assert.ok(found.every((sequence, index) => sequence > (found[index - 1] ?? 0)))
      assert.ok(last > 0 && found.length >= kept + last, `${found.length} kept, ${kept} + ${last}`)
      assert.equal(outbox.counters().items, found.length)
      kept = found.length
      outbox.close()
    }
  })
})

const plain = ({ sequence, encoded }: { sequence: number; encoded: Uint8Array }) => ({
  sequence,
  encoded: Buffer.from(encoded).toString('hex'),
})

function refuses(code: OutboxError['code'], work: () => unknown): void {
  assert.throws(work, (error) => error instanceof OutboxError && error.code === code)
}
