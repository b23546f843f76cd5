// Sums in the file: what a random story of puts, commits, refusals and restarts leaves, how large it gets, and what of it is damaged.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { createSchema } from '../../src/baseline/schema.ts'
import { openBaseline, type SqliteBaseline } from '../../src/baseline/sqlite.ts'
import { preparing } from '../../src/baseline/statements.ts'
import { SumLog } from '../../src/baseline/sum-log.ts'
import {
  createSumMemory,
  readSumChanges,
  type StoredSum,
  SUM_HOURS,
  type SumChanges,
  sumsOf,
} from '../../src/baseline/sums.ts'
import { importFile } from '../../src/baseline/transfer.ts'
import { identityOf, START } from './identities.ts'

const FIRST_HOUR = 492_346
const nameOf = (id: number) => ({
  program: id % 3 === 0 ? '__proto__' : `unsigned:path:/a "${id % 3}"\n`,
  destination: id % 2 === 0 ? '' : `203.0.${id}.0/24`,
})
const sumOf = (id: number, hour: number, bytes: number): StoredSum => ({
  ...nameOf(id),
  hours: [{ hour, hard: bytes, soft: 2 * bytes }],
})
/** Of the last 25 hours: as the latest may be dropped, a store may have some that are older. */
const inOrder = (sums: StoredSum[], last: number) =>
  sums
    .map((sum) => ({ ...sum, hours: sum.hours.filter(({ hour }) => hour > last - SUM_HOURS) }))
    .filter(({ hours }) => hours.length > 0)
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

const whats = ['put', 'put', 'put', 'drop', 'hour', 'commit', 'refuse', 'restart'] as const

/** Hours of bytes by name, as the last 25 hours have them. */
class Model {
  hours: Map<number, Map<number, number>>
  constructor(of?: Model) {
    this.hours = new Map([...(of?.hours ?? [])].map(([id, hours]) => [id, new Map(hours)]))
  }
  sums(): StoredSum[] {
    const sums = [...this.hours].map(([id, hours]) => ({
      ...nameOf(id),
      hours: [...hours]
        .filter(([, bytes]) => bytes > 0)
        .sort(([a], [b]) => a - b)
        .map(([hour, bytes]) => ({ hour, hard: bytes, soft: 2 * bytes })),
    }))
    return sums
  }
}

describe('stored sums', () => {
  it('are what was last put, whatever was committed, refused, put together and opened again; in memory too', () => {
    const step = fc.tuple(fc.constantFrom(...whats), fc.nat(5), fc.nat(1e9))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (story) => {
        const database = new DatabaseSync(':memory:')
        createSchema(database)
        const open = () =>
          new SumLog(
            preparing(() => database),
            200,
          )
        const write = (end: 'COMMIT' | 'ROLLBACK') => {
          database.exec('BEGIN')
          log.write()
          database.exec(end)
        }
        let log = open()
        let hour = FIRST_HOUR
        let present = new Model()
        let committed = new Model()
        const memory = createSumMemory()
        const steps = {
          put(id: number, bytes: number) {
            log.put(sumOf(id, hour, bytes))
            memory.put(sumOf(id, hour, bytes))
            const hours = present.hours.get(id) ?? new Map<number, number>()
            present.hours.set(id, hours.set(hour, bytes))
          },
          drop(id: number) {
            const { program, destination } = nameOf(id)
            log.drop(program, destination)
            memory.drop(program, destination)
            present.hours.delete(id)
          },
          hour(id: number) {
            hour += 3 * id
          },
          refuse: () => write('ROLLBACK'),
          commit() {
            write('COMMIT')
            log.written()
            committed = new Model(present)
          },
          restart() {
            log = open()
            present = new Model(committed)
          },
        }
        let isRestarted = false
        for (const [what, id, bytes] of story) {
          steps[what](id, bytes)
          isRestarted ||= what === 'restart'
          assert.equal(log.unreadable, 0)
          const expected = inOrder(present.sums(), hour)
          assert.deepEqual(inOrder(log.all(), hour), expected)
          if (!isRestarted) assert.deepEqual(inOrder(memory.all(), hour), expected)
        }
        database.close()
      }),
    )
  })

  it('are read whatever is in the place of one, which is left out and counted', () => {
    for (const [bad, count] of [
      ['', 1],
      ['7', 1],
      ['[7]', 1],
      ['[["a"]]', 1],
      ['[["a",[7]]]', 1],
      ['[["a",[[7]]]]', 1],
      ['[["a",[["b",[1,2]]]]]', 1],
      ['[["a",[["b",[1,2,-3]],["b",[1,2,3.5]],["b",[1,"2",3]]]]]', 3],
      ['[["a",[["b",[1,2,3,4]]]],null]', 2],
      ['[["a",[["b",[1,2,3],0]]]]', 1],
    ] as const) {
      const changes: SumChanges = new Map()
      assert.equal(readSumChanges(changes, '[["a",[["b",[1,5,6]]]]]'), 0)
      assert.equal(readSumChanges(changes, bad), count, bad)
      assert.deepEqual(sumsOf(changes), [
        { program: 'a', destination: 'b', hours: [{ hour: 1, hard: 5, soft: 6 }] },
      ])
    }
  })
})

describe('sums in a baseline', () => {
  let directory: string
  let path: string
  let baseline: SqliteBaseline
  const start = () => {
    const opened = openBaseline(path, { now: START })
    baseline = opened.baseline
    return opened
  }
  const restart = () => {
    baseline.close()
    return start()
  }
  const change = (sql: string) => {
    baseline.close()
    const database = new DatabaseSync(path)
    database.exec(sql)
    database.close()
  }
  const stored = () => {
    const database = new DatabaseSync(path, { readOnly: true })
    const row = database
      .prepare('SELECT count(*) AS rows, total(length(changes)) AS bytes FROM sum_log')
      .get()
    database.close()
    return { rows: Number(row?.['rows']), bytes: Number(row?.['bytes']) }
  }
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-sums-'))
    path = join(directory, 'baseline.db')
    start()
  })
  afterEach(() => {
    baseline.close()
    rmSync(directory, { recursive: true })
  })

  it('take a row a commit with what changed, and a file of a bounded size however long they go on', () => {
    let most = 0
    for (let round = 1; round <= 300; round++) {
      const hour = FIRST_HOUR + Math.floor(round / 2)
      for (let id = 0; id < 400; id++)
        baseline.sums.put({ ...sumOf(id, hour, round), destination: `${id}` })
      baseline.commit()
      if (round === 1) assert.equal(stored().rows, 1)
      most = Math.max(most, stored().bytes)
    }
    assert.ok(most > 500_000 && most <= 1_500_000, `${most}`)
    const { rows } = stored()
    baseline.commit()
    assert.equal(stored().rows, rows)
    const sums = restart().baseline.sums.all()
    assert.equal(sums.length, 400)
    assert.ok(sums.every(({ hours }) => hours.length === SUM_HOURS))
  })

  it('that cannot be read are left out, told of by a fact, and no part of the file after the next commit', () => {
    baseline.sums.put(sumOf(1, FIRST_HOUR, 5))
    baseline.commit()
    change(
      `INSERT INTO sum_log (changes) VALUES ('[["a",[["b",[1,2,-3]]]]'), ('[["a",[["b",[1,2]],["c"]]]]')`,
    )
    assert.equal(start().setAside, undefined)
    assert.equal(baseline.fact('sums_unreadable'), 2n)
    assert.deepEqual(baseline.sums.all(), [sumOf(1, FIRST_HOUR, 5)])
    baseline.commit()
    restart()
    assert.equal(baseline.fact('sums_unreadable'), 2n)
    assert.deepEqual(baseline.sums.all(), [sumOf(1, FIRST_HOUR, 5)])
    assert.equal(stored().rows, 1)
  })

  it('go on in a file of the eighth version, which kept none', () => {
    baseline.putIdentity(identityOf(1))
    baseline.commit()
    change('DROP TABLE sum_log; PRAGMA user_version = 8')
    assert.equal(start().setAside, undefined)
    assert.deepEqual(baseline.identity(identityOf(1).key), identityOf(1))
    baseline.sums.put(sumOf(1, FIRST_HOUR, 5))
    baseline.commit()
    assert.deepEqual(restart().baseline.sums.all(), [sumOf(1, FIRST_HOUR, 5)])
  })

  it('of which too many wait are given up, those told of first, and the error says how many', () => {
    for (let id = 0; id < 20_000; id++)
      baseline.sums.put({ ...sumOf(1, FIRST_HOUR, 5), destination: `${id}` })
    const lock = new DatabaseSync(path)
    lock.exec('BEGIN IMMEDIATE')
    assert.throws(() => baseline.commit(), / 3616 given up/)
    lock.exec('ROLLBACK')
    lock.close()
    baseline.commit()
    const kept = restart().baseline.sums.all()
    assert.equal(kept.length, 16_384)
    assert.equal(kept[0]?.destination, '3616')
  })

  it('are of one machine: an import leaves them out', () => {
    const row = JSON.stringify({ kind: 'sum', sum: sumOf(1, FIRST_HOUR, 5) })
    const file = Buffer.from(
      `{"freshet":"baseline","version":2,"exportedAt":"1"}\n${row}\n{"kind":"end","rows":1}\n`,
    )
    let at = 0
    const done = importFile(
      baseline,
      (into) => {
        const count = file.copy(into, 0, at)
        at += count
        return count
      },
      START,
    )
    assert.equal(done.leftOut, 1)
    assert.equal(done.bad, 0)
    assert.deepEqual(baseline.sums.all(), [])
  })
})
