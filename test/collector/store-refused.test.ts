// A commit that the disk refuses leaves nothing behind, on the disk or in memory: what comes later is stored, refused, counted
// and told as if it had never been tried. A disk that is full shows itself last: most is written with the COMMIT.
import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import type { Change, TriageSaid } from '../../src/collector/store/protocol.ts'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { prepare } from '../../src/collector/store/statement.ts'
import { StoreError } from '../../src/collector/store/store-error.ts'
import { createWriter, type Writer } from '../../src/collector/store/writer.ts'
import { bytes, unixNs } from '../../src/units.ts'
import { alertItem, DEVICE_A, destinationOf, itemOf, T0 } from './agent.ts'
import { batchOf, enroll, segmentsOf } from './store-fixture.ts'

const HOUR_NS = 3_600_000_000_000n
/** Little enough that all of it is reached. */
const BOUNDS = {
  segmentRevisions: 4,
  triageBytes: 500,
  budgets: { inventory: 4000, summaries: 288, health: 600, ids: 8000 },
}
const KEEP = { ageNs: 100n * HOUR_NS, bytes: 1e15 }

type Step =
  | { do: 'alert'; alert: number }
  | { do: 'summary'; hour: number }
  | { do: 'health'; text: number }
  | { do: 'triage'; alert: number; revision: number; status: TriageSaid['status']; note: number }
  | { do: 'retain'; keeps: 'all' | 'little' }

const small = fc.integer({ min: 0, max: 5 })
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('alert' as const), alert: fc.constantFrom(0, 1) }),
  fc.record({ do: fc.constant('summary' as const), hour: small }),
  fc.record({ do: fc.constant('health' as const), text: small }),
  fc.record({
    do: fc.constant('triage' as const),
    alert: fc.constantFrom(0, 1),
    revision: fc.constantFrom(0, 1),
    status: fc.constantFrom(0 as const, 1 as const, 2 as const),
    note: small,
  }),
  fc.record({ do: fc.constant('retain' as const), keeps: fc.constantFrom('all', 'little') }),
)

/** What once left something behind: bytes of a note, the horizon of what may be gone, who is still to be told of. */
const SEEN: [Step, boolean][][] = [
  [
    [{ do: 'alert', alert: 0 }, false],
    [{ do: 'alert', alert: 1 }, false],
    [{ do: 'triage', alert: 0, revision: 0, status: 0, note: 0 }, false],
    [{ do: 'triage', alert: 1, revision: 0, status: 0, note: 3 }, true],
  ],
  [[{ do: 'retain', keeps: 'all' }, true]],
  [
    [{ do: 'retain', keeps: 'little' }, false],
    [{ do: 'health', text: 0 }, false],
    [{ do: 'retain', keeps: 'all' }, true],
  ],
]

describe('a commit that a full disk refuses', () => {
  it('leaves nothing behind: all later ones do what they would have done', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(step, fc.boolean()), { maxLength: 60 }),
        fc.array(fc.boolean(), { maxLength: 60 }),
        (steps, again) => {
          const plain = new OnDisk()
          const refused = new OnDisk()
          steps.forEach(([one, isRefused], index) => {
            if (isRefused) refused.refuse(one, index - 0.5)
            assert.deepEqual(refused.take(one, index), plain.take(one, index))
            // What was taken comes again, as after an acknowledgement that was lost.
            if (again[index]) assert.deepEqual(refused.take(one, index), plain.take(one, index))
          })
          assert.deepEqual(refused.tables(), plain.tables())
          // What another writer finds is what this one knew.
          refused.reopen()
          plain.reopen()
          const end: Step = { do: 'retain', keeps: 'little' }
          assert.deepEqual(refused.take(end, steps.length), plain.take(end, steps.length))
          refused.close()
          plain.close()
        },
      ),
      { numRuns: 50, examples: SEEN.map((steps): [[Step, boolean][], boolean[]] => [steps, []]) },
    )
  })
})

class OnDisk {
  readonly #db: DatabaseSync = openForWriting(':memory:')
  readonly #device: number
  #writer: Writer
  #isFull = false

  constructor() {
    const exec = this.#db.exec.bind(this.#db)
    this.#db.exec = (sql) => {
      if (this.#isFull && sql === 'COMMIT')
        throw Object.assign(new Error('database or disk is full'), { errcode: 13 })
      exec(sql)
    }
    this.#writer = createWriter(this.#db, BOUNDS)
    this.#device = enroll(this.#writer).device
  }

  refuse(one: Step, index: number): void {
    this.#isFull = true
    try {
      this.take(one, index)
    } catch (error) {
      assert(error instanceof StoreError && error.code === 'unavailable')
    }
    this.#isFull = false
  }

  take(one: Step, index: number): unknown {
    // Later than all that was tried, so that times of storage do not depend on how many were given.
    const nowNs = T0 + BigInt(index * 2) * (HOUR_NS / 2n)
    if (one.do === 'retain')
      return this.#writer.retain(nowNs, one.keeps === 'all' ? KEEP : { ...KEEP, bytes: 1 })
    return this.#writer.commit([this.#changeOf(one, index, nowNs)])
  }

  #changeOf(one: Exclude<Step, { do: 'retain' }>, index: number, nowNs: bigint): Change {
    if (one.do !== 'triage') {
      const batch = batchOf(this.#device, 0, [itemFor(one, Math.ceil(index) + 1)])
      return { op: 'append', nowNs, batch }
    }
    const { alert, revision, status, note } = one
    const alertId = `${alert}`.padStart(32, '0')
    const said = {
      alertId,
      deviceId: DEVICE_A,
      revision,
      status,
      by: 'ada',
      note: 'x'.repeat(note * 20),
    }
    return { op: 'triage', nowNs, said }
  }

  /** All but where texts stand: one that was written in vain is kept once more. */
  tables(): Record<string, unknown> {
    const n = segmentsOf(this.#db).at(-1)
    const of = {
      item: '*',
      tally: '*',
      held: '*',
      health: '*',
      triage: '*',
      retention: '*',
      stale_group: '*',
      pair_hour: '*',
      segment: 'n, first_at, last_at, revisions, sealed',
      alert_held: 'segment, device, revisions',
      outbox: '*',
      [`alert_${n}`]: 'id, device, revision, newest, last, status, triage',
    }
    return Object.fromEntries(
      Object.entries(of).map(([table, columns]) => [
        table,
        prepare(this.#db, `SELECT ${columns} FROM ${table}`).all(),
      ]),
    )
  }

  reopen(): void {
    this.#writer = createWriter(this.#db, BOUNDS)
  }

  close(): void {
    this.#db.close()
  }
}

function itemFor(one: Exclude<Step, { do: 'retain' | 'triage' }>, number: number): Uint8Array {
  const at = unixNs(T0, 'at')
  if (one.do === 'alert')
    return alertItem(number, { id: `${one.alert}`.padStart(32, '0'), revision: number })
  if (one.do === 'health') {
    const health = { of: 'loss' as const, text: 'é'.repeat(one.text * 20), count: 1 }
    return itemOf(number, { at, kind: 'health', health })
  }
  const summary = {
    identityKey: 'program',
    destination: destinationOf('host:443'),
    hourAt: unixNs(T0 + BigInt(one.hour) * HOUR_NS, 'hourAt'),
    bytesOut: bytes(1, 'bytesOut'),
    bytesIn: bytes(1, 'bytesIn'),
    flows: 1,
    largestFlowOut: bytes(1, 'largestFlowOut'),
  }
  return itemOf(number, { at, kind: 'summary', summary })
}
