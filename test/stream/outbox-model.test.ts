import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import type { Finding } from '../../src/engine/finding.ts'
import { decodeItem } from '../../src/stream/codec.ts'
import { OutboxError, openOutbox } from '../../src/stream/outbox.ts'
import type { UnixNs } from '../../src/units.ts'
import { alertFinding, sightingFinding, summaryFinding } from './findings.ts'

const BYTES_MAX = 65_536
const AGE_MAX_MS = 10_000

type Step =
  | { do: 'append'; kinds: number[] }
  | { do: 'acknowledge'; share: number }
  | { do: 'wait'; ms: number }
  | { do: 'restart' }
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
  fc.record({ do: fc.constant('renew' as const) }),
  fc.record({ do: fc.constant('hold' as const) }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('letGo' as const) }) },
)

describe('outbox, whatever is done to it', () => {
  it('accounts for every finding, keeps its bound and its order, and never repeats a number', function () {
    this.timeout(60_000)
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 40 }), (steps) => run(steps)),
      { numRuns: 60 },
    )
  })
})

/** False when the file was held. */
function orBusy(work: () => void): boolean {
  try {
    work()
    return true
  } catch (error) {
    assert.ok(error instanceof OutboxError && error.code === 'busy', String(error))
    return false
  }
}

function run(steps: Step[]): void {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-model-'))
  const path = join(directory, 'outbox.db')
  let nowMs = Date.UTC(2026, 0)
  const now = () => (BigInt(nowMs) * 1_000_000n) as UnixNs
  const open = () =>
    openOutbox(path, { bytesMax: BYTES_MAX, ageMaxMs: AGE_MAX_MS, now, patienceMs: 0 })
  let holder: DatabaseSync | undefined
  const letGo = () => {
    holder?.close()
    holder = undefined
  }
  let outbox = open()
  /** Every id ever seen waiting, with its number: a number belongs to one id. */
  const owners = new Map<number, string>()
  let appended = 0
  let acknowledged = 0
  try {
    for (const step of steps) {
      const before = outbox.read(0, 10_000, 1 << 30)
      if (step.do === 'append') {
        const first = outbox.lastSequence()
        outbox.append(step.kinds.map((kind) => FINDINGS[kind]!))
        // More than what was given is what the outbox tells of its own drops.
        appended += outbox.lastSequence() - first
      } else if (step.do === 'acknowledge') {
        const through = before[Math.floor(step.share * (before.length - 1))]?.sequence ?? 0
        orBusy(() => outbox.acknowledge(through))
        acknowledged += before.length - outbox.counters().items
      } else if (step.do === 'wait') {
        nowMs += step.ms
        outbox.retry()
      } else if (step.do === 'renew') {
        const id = outbox.id
        if (orBusy(() => outbox.renew())) {
          assert.notEqual(outbox.id, id)
          owners.clear()
        } else assert.equal(outbox.id, id)
      } else if (step.do === 'hold') {
        holder ??= new DatabaseSync(path)
        if (!holder.isTransaction) holder.exec('BEGIN IMMEDIATE')
      } else if (step.do === 'letGo') letGo()
      else {
        letGo()
        outbox.close()
        outbox = open()
      }
      const { items, bytes, evicted, notKept } = outbox.counters()
      const waiting = outbox.read(0, 10_000, 1 << 30)
      assert.equal(waiting.length, items)
      if (outbox.unwritten() === 0) assert.ok(bytes <= BYTES_MAX, `${bytes} bytes wait`)
      assert.equal(notKept, 0)
      assert.equal(items + evicted + acknowledged, appended)
      let last = outbox.acknowledged()
      for (const { sequence, encoded } of waiting) {
        assert.ok(sequence > last && sequence <= outbox.lastSequence(), `${sequence} after ${last}`)
        last = sequence
        const item = decodeItem(encoded)
        assert.equal(item.sequence, sequence)
        const id = Buffer.from(item.id).toString('hex')
        assert.equal(owners.get(sequence) ?? id, id, `number ${sequence} was another item's`)
        owners.set(sequence, id)
      }
    }
    letGo()
    outbox.close()
    const file = new DatabaseSync(path, { readOnly: true })
    assert.equal(file.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok')
    file.close()
  } finally {
    letGo()
    outbox.close()
    rmSync(directory, { recursive: true })
  }
}
