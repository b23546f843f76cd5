// Open flows in the file: what a random story of puts, commits, refusals and restarts leaves, and how large it gets.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import type { CarriedFlow } from '../../src/baseline/carried.ts'
import { CarriedFlows } from '../../src/baseline/carried-flows.ts'
import { createSchema } from '../../src/baseline/schema.ts'
import { openBaseline, type SqliteBaseline } from '../../src/baseline/sqlite.ts'
import { preparing } from '../../src/baseline/statements.ts'
import { START } from './identities.ts'

const flowOf = (id: number, bytesOut: number): CarriedFlow => ({
  idLow: id,
  idHigh: 0,
  epoch: 1,
  bytesOut,
  bytesIn: 2 * bytesOut,
  sinceOut: 0,
  sinceIn: 0,
})

/** Small enough that a story puts the log together often. */
const LOG_BYTES_MIN = 64
const whats = ['put', 'put', 'drop', 'commit', 'refuse', 'clear', 'restart'] as const

describe('open flows that are carried', () => {
  it('are what was last put, whatever was committed, refused, cleared and opened again', () => {
    const step = fc.tuple(fc.constantFrom(...whats), fc.nat(20), fc.nat(1e9))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (story) => {
        const database = new DatabaseSync(':memory:')
        createSchema(database)
        try {
          play(database, story)
        } finally {
          database.close()
        }
      }),
    )
  })
})

/** Tells of flows in the words of `story`, and compares what is told after each with a plain map. */
function play(database: DatabaseSync, story: [(typeof whats)[number], number, number][]): void {
  let flows = new CarriedFlows(
    preparing(() => database),
    LOG_BYTES_MIN,
  )
  let committed = new Map<number, CarriedFlow>()
  let present = new Map<number, CarriedFlow>()
  const write = (end: 'COMMIT' | 'ROLLBACK') => {
    database.exec('BEGIN')
    flows.write()
    database.exec(end)
  }
  const steps = {
    put(id: number, bytes: number) {
      flows.put(flowOf(id, bytes))
      present.set(id, flowOf(id, bytes))
    },
    drop(id: number) {
      flows.drop(id, 0, 1)
      present.delete(id)
    },
    clear() {
      flows.clear()
      present.clear()
    },
    refuse: () => write('ROLLBACK'),
    commit() {
      write('COMMIT')
      flows.written()
      committed = new Map(present)
    },
    restart() {
      flows = new CarriedFlows(
        preparing(() => database),
        LOG_BYTES_MIN,
      )
      present = new Map(committed)
    },
  }
  const inOrder = (told: Iterable<CarriedFlow>) => [...told].sort((a, b) => a.idLow - b.idLow)
  for (const [what, id, bytes] of story) {
    steps[what](id, bytes)
    assert.deepEqual(inOrder(flows.all()), inOrder(present.values()))
  }
}

describe('open flows in a baseline', () => {
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
  /** Of the file's log. */
  const stored = () => {
    const database = new DatabaseSync(path, { readOnly: true })
    const row = database
      .prepare('SELECT count(*) AS rows, total(length(changes)) AS bytes FROM carried_log')
      .get()
    database.close()
    return { rows: Number(row?.['rows']), bytes: Number(row?.['bytes']) }
  }

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-carried-'))
    path = join(directory, 'baseline.db')
    start()
  })
  afterEach(() => {
    baseline.close()
    rmSync(directory, { recursive: true })
  })

  it('take a row a commit, and a file of a bounded size however long they go on', () => {
    const FLOWS = 1000
    let most = 0
    for (let round = 1; round <= 400; round++) {
      for (let id = 0; id < FLOWS; id++) baseline.carried.putFlow(flowOf(id, round * 1_000_000))
      baseline.commit()
      const { rows, bytes } = stored()
      if (round <= 10) assert.equal(rows, round)
      most = Math.max(most, bytes)
    }
    assert.ok(most > 500_000 && most <= 1_048_576, `${most} bytes`)
    assert.deepEqual([...restart().baseline.carried.flows()].at(-1), flowOf(FLOWS - 1, 4e8))
  })

  it('that went are no part of the file once it was put together', () => {
    for (let id = 0; id < 80_000; id++) {
      baseline.carried.putFlow(flowOf(id, 1_000_000))
      baseline.carried.dropFlow(id, 0, 1)
      if (id % 1000 === 0) baseline.commit()
    }
    baseline.carried.putFlow(flowOf(7, 1))
    baseline.commit()
    assert.ok(stored().bytes < 1_048_576)
    assert.deepEqual([...restart().baseline.carried.flows()], [flowOf(7, 1)])
  })

  it('of which too many wait are given up, those told of first, and the error says how many', function () {
    this.timeout(60_000)
    const TOLD = 400_000
    for (let id = 0; id < TOLD; id++) baseline.carried.putFlow(flowOf(id, 1_000_000))
    const lock = new DatabaseSync(path)
    lock.exec('BEGIN IMMEDIATE')
    let message = ''
    try {
      baseline.commit()
    } catch (error) {
      message = (error as Error).message
    }
    lock.exec('ROLLBACK')
    lock.close()
    const givenUp = Number(/(\d+) given up/.exec(message)?.[1])
    assert.ok(givenUp > 0, message)
    baseline.commit()
    const kept = [...restart().baseline.carried.flows()]
    assert.equal(kept.length, TOLD - givenUp)
    assert.equal(kept[0]?.idLow, givenUp)
  })

  it('go on in a file of the third version, ids of all 64 bits among them', () => {
    baseline.close()
    const old = new DatabaseSync(path)
    old.exec(`DROP TABLE carried_log; DROP TABLE held; DROP TABLE sum_log; DROP TABLE carried_processes;
      CREATE TABLE carried_flows (
        id INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        bytes_out INTEGER NOT NULL,
        bytes_in INTEGER NOT NULL,
        since_out INTEGER NOT NULL DEFAULT 0,
        since_in INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (id, epoch)
      ) STRICT, WITHOUT ROWID;
      INSERT INTO carried_flows VALUES (-1, 3, 70, 8, 6, 7), (5, 1, ${2 ** 52}, 0, 0, 0);
      PRAGMA user_version = 3`)
    old.close()
    assert.equal(start().setAside, undefined)
    const ids = { idLow: 0xffffffff, idHigh: 0xffffffff, epoch: 3 }
    assert.deepEqual(
      [...baseline.carried.flows()],
      [
        { ...ids, bytesOut: 70, bytesIn: 8, sinceOut: 6, sinceIn: 7 },
        { ...flowOf(5, 2 ** 52), bytesIn: 0 },
      ],
    )
    assert.equal(stored().rows, 1)
    const tables = new DatabaseSync(path, { readOnly: true })
    const left = tables.prepare(`SELECT name FROM sqlite_schema WHERE name = 'carried_flows'`).all()
    tables.close()
    assert.deepEqual(left, [])
  })

  it('of which the log is damaged have their file set aside, with the reason', () => {
    baseline.carried.putFlow(flowOf(1, 1))
    baseline.commit()
    baseline.close()
    const other = new DatabaseSync(path)
    other.exec(`INSERT INTO carried_log (changes) VALUES (x'01')`)
    other.close()
    const { setAside } = start()
    assert.match(setAside?.reason ?? '', /carried_log: a change is cut off/)
    assert.deepEqual([...baseline.carried.flows()], [])
  })
})
