import assert from 'node:assert/strict'
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import type { Finding } from '../../src/engine/finding.ts'
import { decodeItem } from '../../src/stream/codec.ts'
import { type Outbox, openOutbox } from '../../src/stream/outbox.ts'
import type { UnixNs } from '../../src/units.ts'
import { times } from '../long.ts'
import { alertFinding, sightingFinding, summaryFinding } from './findings.ts'

const BYTES_MAX = 65_536
const AGE_MAX_MS = 10_000

type Step =
  | { do: 'append'; kinds: number[] }
  | { do: 'acknowledge'; share: number }
  | { do: 'wait'; ms: number }
  | { do: 'restart' }
  /** As a restart, with what kill -9 leaves of it: nothing is closed. */
  | { do: 'kill' }
  | { do: 'renew' }
  /** Another process takes hold of the file, or lets go of it. */
  | { do: 'hold' }
  | { do: 'letGo' }

const FINDINGS: readonly Finding[] = [
  summaryFinding,
  sightingFinding,
  alertFinding('low', 'x'.repeat(3000)),
  alertFinding('medium', 'x'.repeat(9000)),
  alertFinding('high', 'x'.repeat(20_000)),
]

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      kinds: fc.array(fc.nat({ max: FINDINGS.length - 1 }), { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('acknowledge' as const),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat({ max: AGE_MAX_MS * 2 }) }),
  fc.record({ do: fc.constant('restart' as const) }),
  fc.record({ do: fc.constant('kill' as const) }),
  fc.record({ do: fc.constant('renew' as const) }),
  fc.record({ do: fc.constant('hold' as const) }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('letGo' as const) }) },
)

/** Numbers reserved ahead: so few that a disk that refuses exhausts them, and as many as there are by default. */
const RESERVED = [2, 20, 2 ** 20] as const

/** Found once: what was numbered, sent and acknowledged from memory had no number of its own after a restart. */
const SEEN: [Step[], (typeof RESERVED)[number]][] = (['restart', 'kill'] as const).map((end) => [
  [
    { do: 'hold' },
    { do: 'append', kinds: [1] },
    { do: 'acknowledge', share: 0 },
    { do: end },
    { do: 'append', kinds: [1] },
  ],
  2 ** 20,
])

describe('outbox, whatever is done to it', () => {
  it('accounts for every finding, keeps its bound and its order, and never repeats a number', function () {
    const numRuns = times('FRESHET_OUTBOX_RUNS', { usual: 60, long: 600 })
    this.timeout(60_000 + numRuns * 200)
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 40 }), fc.constantFrom(...RESERVED), run),
      { numRuns, examples: SEEN },
    )
  })
})

function run(steps: Step[], numbersReserved: number): void {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-model-'))
  let path = join(directory, 'outbox.db')
  let nowMs = Date.UTC(2026, 0)
  const now = () => (BigInt(nowMs) * 1_000_000n) as UnixNs
  const elapsedMs = () => nowMs
  const limits = { bytesMax: BYTES_MAX, ageMaxMs: AGE_MAX_MS, patienceMs: 0, numbersReserved }
  const options = { ...limits, now, elapsedMs }
  const open = () => openOutbox(path, options)
  let holder: DatabaseSync | undefined
  const hold = () => {
    holder ??= new DatabaseSync(path)
    if (!holder.isTransaction) holder.exec('BEGIN IMMEDIATE')
  }
  const letGo = () => {
    holder?.close()
    holder = undefined
  }
  let outbox = open()
  const killed: Outbox[] = []
  /** What the disk has of it goes on elsewhere, held as before; what was in memory is gone. */
  const kill = () => {
    const from = path
    path = join(directory, `outbox-${killed.push(outbox)}.db`)
    for (const suffix of ['', '-wal'])
      if (existsSync(from + suffix)) copyFileSync(from + suffix, path + suffix)
    if (holder) {
      letGo()
      hold()
    }
    outbox = open()
  }
  /** Every id ever seen waiting, by its outbox and its number: a number belongs to one id. */
  const owners = new Map<string, string>()
  let appended = 0
  let acknowledged = 0
  let lost = 0
  /** Whether something met a held file, and the outbox has not tried again since. */
  let isRefused = false
  try {
    for (const step of steps) {
      const before = outbox.read(0, 10_000, 1 << 30)
      const itemsBefore = outbox.counters().items
      if (holder) isRefused ||= step.do !== 'hold' && step.do !== 'letGo'
      else if (step.do === 'restart' || step.do === 'renew') isRefused = false
      // An outbox that was refused lets a second pass before it tries again.
      else if (step.do === 'wait' && step.ms >= 1000) isRefused = false
      if (step.do === 'append') {
        const first = outbox.lastSequence()
        outbox.append(step.kinds.map((kind) => FINDINGS[kind]!))
        // More than what was given is what the outbox tells of its own drops.
        appended += outbox.lastSequence() - first
      } else if (step.do === 'acknowledge') {
        const through = before[Math.floor(step.share * (before.length - 1))]?.sequence ?? 0
        outbox.acknowledge(through)
        acknowledged += itemsBefore - outbox.counters().items
      } else if (step.do === 'wait') {
        const first = outbox.lastSequence()
        nowMs += step.ms
        outbox.retry()
        appended += outbox.lastSequence() - first
      } else if (step.do === 'renew') {
        const id = outbox.id
        const isOther = outbox.renew()
        assert.equal(outbox.id !== id, isOther)
      } else if (step.do === 'hold') hold()
      else if (step.do === 'letGo') letGo()
      else if (step.do === 'kill') {
        const onDisk = itemsBefore - outbox.unwritten()
        lost += outbox.unwritten()
        kill()
        // What was acknowledged while the disk took nothing comes again, until the disk was told.
        const back = outbox.counters().items - onDisk
        assert.ok(back >= 0 && (back === 0 || isRefused), `${back} came back`)
        isRefused = holder !== undefined
        acknowledged -= back
      } else {
        letGo()
        outbox.close()
        outbox = open()
      }
      const { items, bytes, evicted, notKept } = outbox.counters()
      const waiting = outbox.read(0, 10_000, 1 << 30)
      // Of what waits in memory that alone is given out for which numbers are reserved.
      assert.ok(waiting.length >= items - outbox.unwritten() && waiting.length <= items)
      if (numbersReserved === 2 ** 20) assert.equal(waiting.length, items)
      if (outbox.unwritten() === 0) assert.ok(bytes <= BYTES_MAX, `${bytes} bytes wait`)
      assert.equal(notKept, 0)
      assert.equal(items + evicted + acknowledged + lost, appended)
      let last = outbox.acknowledged()
      for (const { sequence, encoded } of waiting) {
        assert.ok(sequence > last && sequence <= outbox.lastSequence(), `${sequence} after ${last}`)
        last = sequence
        const item = decodeItem(encoded)
        assert.equal(item.sequence, sequence)
        const id = Buffer.from(item.id).toString('hex')
        const number = `${outbox.id} ${sequence}`
        assert.equal(owners.get(number) ?? id, id, `number ${sequence} was another item's`)
        owners.set(number, id)
      }
    }
    letGo()
    outbox.close()
    const file = new DatabaseSync(path, { readOnly: true })
    assert.equal(file.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok')
    file.close()
  } finally {
    letGo()
    for (const one of [...killed, outbox]) one.close()
    rmSync(directory, { recursive: true })
  }
}
