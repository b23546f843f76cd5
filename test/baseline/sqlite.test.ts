import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import {
  BaselineError,
  type BaselineOptions,
  openBaseline,
  type SqliteBaseline,
} from '../../src/baseline/sqlite.ts'
import { alertOf, destinationOf, flowsAfter, identityOf, later, START } from './identities.ts'

describe('baseline on disk', () => {
  let directory: string
  let path: string
  let open: SqliteBaseline[]

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-baseline-'))
    path = join(directory, 'baseline.db')
    open = []
  })
  afterEach(() => {
    for (const baseline of open) baseline.close()
    rmSync(directory, { recursive: true })
  })

  const start = (options: Partial<BaselineOptions> = {}) => {
    const opened = openBaseline(path, { now: START, ...options })
    open.push(opened.baseline)
    return opened
  }
  const restart = (options: Partial<BaselineOptions> = {}) => {
    for (const baseline of open) baseline.close()
    return start(options).baseline
  }

  it('knows nothing when new, and says so with undefined', () => {
    const { baseline, setAside } = start()
    assert.equal(setAside, undefined)
    assert.equal(baseline.bornAt(), undefined)
    assert.equal(baseline.identity('platform:/usr/bin/curl'), undefined)
    assert.equal(baseline.destination('a', 'b'), undefined)
    assert.equal(baseline.hostKnowsDestination('b'), false)
    assert.deepEqual(baseline.counts(), { identities: 0, destinations: 0, alerts: 0 })
  })

  it('counts its programs, and not what it knows of scripts and contents beside them', () => {
    const limits = { identitiesMax: 100 }
    const { baseline } = start(limits)
    const beside = (number: number) => {
      baseline.putIdentity({ ...identityOf(number), key: `script of 501 /a${number} by b via c` })
      baseline.putIdentity({ ...identityOf(number), key: `content of ${number}` })
    }
    for (const number of [1, 2, 3]) {
      baseline.putIdentity(identityOf(number))
      baseline.putIdentity(identityOf(number))
      beside(number)
    }
    assert.equal(baseline.programs(), 3)
    baseline.commit()
    assert.equal(restart(limits).programs(), 3)
    const again = open.at(-1) as SqliteBaseline
    for (let number = 4; number < 64; number++) {
      again.putIdentity(identityOf(number))
      again.putIdentity({ ...identityOf(number), key: `content of ${number}` })
    }
    again.commit()
    // What was forgotten is counted no more.
    assert.ok(again.forgotten() > 0)
    const counted = again.programs()
    assert.equal(counted, restart(limits).programs())
  })

  it('gives back what was put: at once, after the commit, and after a restart', () => {
    let { baseline } = start()
    const check = () => {
      assert.equal(baseline.bornAt(), START)
      assert.deepEqual(baseline.identity(identityOf(1).key), identityOf(1))
      assert.deepEqual(baseline.identity(identityOf(2).key), identityOf(2))
      assert.deepEqual(
        baseline.destination(identityOf(1).key, 'host-3.example.org:443'),
        destinationOf(1, 3),
      )
      assert.equal(baseline.destination(identityOf(2).key, 'host-3.example.org:443'), undefined)
      assert.equal(baseline.hostKnowsDestination('host-3.example.org:443'), true)
      assert.equal(baseline.hostKnowsDestination('host-4.example.org:443'), false)
      assert.deepEqual(baseline.alerts(), [alertOf(1), alertOf(2)])
      assert.deepEqual(baseline.counts(), { identities: 2, destinations: 1, alerts: 2 })
    }
    baseline.setBornAt(START)
    baseline.putIdentity(identityOf(1))
    baseline.putIdentity(identityOf(2))
    baseline.putDestination(destinationOf(1, 3))
    for (const number of [1, 2, 3]) baseline.putAlert(alertOf(number))
    baseline.removeAlert(alertOf(3).id)
    check()
    baseline.commit()
    check()
    baseline = restart()
    check()
  })

  it('keeps nothing that was not committed', () => {
    const { baseline } = start()
    baseline.putIdentity(identityOf(1))
    baseline.commit()
    baseline.putIdentity({ ...identityOf(1), daysActive: 9 })
    baseline.putDestination(destinationOf(1, 1))
    baseline.putAlert(alertOf(1))
    const again = restart()
    assert.deepEqual(again.identity(identityOf(1).key), identityOf(1))
    assert.deepEqual(again.counts(), { identities: 1, destinations: 0, alerts: 0 })
  })

  it('takes a later put over an earlier one, and copies what it is given and gives', () => {
    const { baseline } = start()
    const given = identityOf(1)
    baseline.putIdentity(given)
    given.daysActive = 99
    baseline.identity(given.key)!.daysActive = 98
    assert.equal(baseline.identity(given.key)!.daysActive, 1)
    baseline.commit()
    baseline.putIdentity({ ...identityOf(1), lastSeenAt: later(77), firstNetworkAt: later(78) })
    baseline.commit()
    assert.equal(baseline.counts().identities, 1)
    assert.equal(restart().identity(given.key)!.firstNetworkAt, later(78))
  })

  it('asks the file once for what is not there, and knows it from when it is put', () => {
    const { key } = identityOf(1)
    start().baseline.putIdentity(identityOf(1))
    open[0]!.commit()
    const whole = new DatabaseSync(path)
    whole.exec('CREATE TABLE elsewhere AS SELECT * FROM identities; DELETE FROM identities')
    const baseline = restart()
    assert.equal(baseline.identity(key), undefined)
    // Nobody else writes there; that it did here is seen by nobody who does not ask again.
    whole.exec('INSERT INTO identities SELECT * FROM elsewhere')
    whole.close()
    assert.equal(baseline.identity(key), undefined)
    assert.equal(restart().identity(key)?.key, key)
    assert.equal(open.at(-1)!.identity(identityOf(2).key), undefined)
    open.at(-1)!.putIdentity(identityOf(2))
    assert.deepEqual(open.at(-1)!.identity(identityOf(2).key), identityOf(2))
    open.at(-1)!.commit()
    assert.deepEqual(restart().identity(identityOf(2).key), identityOf(2))
  })

  it('answers for more than its memory holds', () => {
    const { baseline } = start()
    for (let number = 0; number < 20_000; number++) {
      baseline.putIdentity(identityOf(number))
      baseline.putDestination(destinationOf(number, number))
    }
    baseline.commit()
    for (const number of [0, 1, 9_999, 19_999]) {
      assert.deepEqual(baseline.identity(identityOf(number).key), identityOf(number))
      assert.equal(baseline.hostKnowsDestination(`host-${number}.example.org:443`), true)
      assert.deepEqual(
        baseline.destination(identityOf(number).key, `host-${number}.example.org:443`),
        destinationOf(number, number),
      )
    }
  })

  it('forgets what was not seen for longest when it is at its limit, and counts it', () => {
    const limits = { identitiesMax: 100, destinationsMax: 150 }
    const { baseline } = start(limits)
    for (let number = 0; number < 130; number++) {
      baseline.putIdentity(identityOf(number))
      for (const to of [0, 1]) baseline.putDestination(destinationOf(number, number * 2 + to))
      if (number % 10 === 9) baseline.commit()
    }
    const { identities, destinations } = baseline.counts()
    assert.ok(identities <= 100 && identities >= 90, `${identities}`)
    assert.ok(destinations <= 150 && destinations >= 140, `${destinations}`)
    assert.equal(baseline.identity(identityOf(0).key), undefined)
    assert.equal(baseline.hostKnowsDestination('host-0.example.org:443'), false)
    assert.deepEqual(baseline.identity(identityOf(129).key), identityOf(129))
    assert.ok(baseline.forgotten() >= 30)
    const again = restart(limits)
    assert.deepEqual(again.counts(), { identities, destinations, alerts: 0 })
    assert.equal(unusedKeys(path), 0)
  })

  it('keeps what was gathered when the disk refuses, and commits it later', () => {
    const { baseline } = start()
    const lock = new DatabaseSync(path)
    lock.exec('BEGIN IMMEDIATE')
    baseline.putIdentity(identityOf(1))
    refuses('busy', () => baseline.commit())
    lock.exec('ROLLBACK')
    lock.close()
    assert.deepEqual(baseline.identity(identityOf(1).key), identityOf(1))
    baseline.commit()
    assert.deepEqual(restart().identity(identityOf(1).key), identityOf(1))
  })

  it('says how many changes the disk refuses, and nothing of a count where only its own numbers wait', () => {
    const { baseline } = start()
    baseline.putFact('lost_events', 1n)
    const lock = new DatabaseSync(path)
    lock.exec('BEGIN IMMEDIATE')
    const refused = (): string => {
      try {
        baseline.commit()
      } catch (error) {
        return (error as Error).message
      }
      return ''
    }
    assert.match(refused(), /^baseline, write: another process holds the file/)
    baseline.putIdentity(identityOf(1))
    assert.match(refused(), /^baseline, write of 1 change: another/)
    baseline.putIdentity(identityOf(2))
    assert.match(refused(), /^baseline, write of 2 changes: another/)
    lock.close()
    assert.equal(refused(), '')
  })

  it('refuses to work once closed', () => {
    const { baseline } = start()
    baseline.putIdentity(identityOf(1))
    baseline.close()
    baseline.close()
    refuses('closed', () => baseline.commit())
    refuses('closed', () => baseline.identity('x'))
  })

  it('sets a file aside that is no database, keeps it as it was, and begins anew', () => {
    writeFileSync(path, 'garbage')
    const { baseline, setAside } = start()
    assert.match(setAside?.reason ?? '', /not a database/)
    assert.match(setAside?.path ?? '', /baseline\.db\.20260921T141320\.000Z$/)
    assert.equal(readFileSync(setAside!.path, 'utf8'), 'garbage')
    baseline.putIdentity(identityOf(1))
    baseline.commit()
    assert.equal(restart().counts().identities, 1)
  })

  it('sets a file of a later version aside, unharmed', () => {
    start().baseline.putIdentity(identityOf(1))
    open[0]!.commit()
    open[0]!.close()
    const other = new DatabaseSync(path)
    other.exec('PRAGMA user_version = 99')
    other.close()
    const { baseline, setAside } = start()
    assert.match(setAside?.reason ?? '', /later version \(schema 99, this one knows 9\)/)
    assert.deepEqual(baseline.counts().identities, 0)
    const kept = new DatabaseSync(setAside!.path)
    assert.equal(kept.prepare('SELECT count(*) AS n FROM identities').get()?.['n'], 1)
    kept.close()
  })

  it('goes on with a file of the first version', () => {
    start().baseline.putIdentity(identityOf(1))
    open[0]!.commit()
    open[0]!.close()
    const old = new DatabaseSync(path)
    old.exec(`ALTER TABLE identities DROP COLUMN history; DROP TABLE carried_log;
      DROP TABLE carried_pairs; DROP TABLE held; DROP TABLE sum_log; DROP TABLE carried_processes; PRAGMA user_version = 1`)
    old.close()
    const { baseline, setAside } = start()
    assert.equal(setAside, undefined)
    assert.deepEqual(baseline.identity(identityOf(1).key), identityOf(1))
    baseline.putIdentity({ ...identityOf(2), history: '1 4 5 6 0' })
    baseline.commit()
    assert.equal(restart().identity(identityOf(2).key)?.history, '1 4 5 6 0')
  })

  it('goes on with a file of the second version', () => {
    start().baseline.carried.setBoot(7n)
    open[0]!.commit()
    open[0]!.close()
    const old = new DatabaseSync(path)
    old.exec(`DROP TABLE carried_log; DROP TABLE held; DROP TABLE sum_log; DROP TABLE carried_processes;
      CREATE TABLE carried_flows (
        id INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        bytes_out INTEGER NOT NULL,
        bytes_in INTEGER NOT NULL,
        PRIMARY KEY (id, epoch)
      ) STRICT, WITHOUT ROWID;
      INSERT INTO carried_flows VALUES (5, 1, 70, 8); PRAGMA user_version = 2`)
    old.close()
    const { baseline, setAside } = start()
    assert.equal(setAside, undefined)
    const flow = { idLow: 5, idHigh: 0, epoch: 1, bytesOut: 70, bytesIn: 8 }
    assert.deepEqual([...baseline.carried.flows()], [{ ...flow, sinceOut: 0, sinceIn: 0 }])
  })

  it('goes on with a file of the fourth version, and keeps in it what exceptions hold back, until it is dropped', () => {
    start().baseline.putIdentity(identityOf(1))
    open[0]!.commit()
    open[0]!.close()
    const old = new DatabaseSync(path)
    old.exec(
      'DROP TABLE held; DROP TABLE sum_log; DROP TABLE carried_processes; PRAGMA user_version = 4',
    )
    old.close()
    const { baseline, setAside } = start()
    assert.equal(setAside, undefined)
    assert.deepEqual(baseline.identity(identityOf(1).key), identityOf(1))
    for (const pair of ['a', 'b']) baseline.held.put({ pair, state: '{}' })
    baseline.held.put({ pair: 'a', state: '{"v":1}' })
    baseline.commit()
    const next = restart()
    assert.deepEqual(next.held.all(), [
      { pair: 'a', state: '{"v":1}' },
      { pair: 'b', state: '{}' },
    ])
    next.held.drop('a')
    next.commit()
    next.held.drop('b')
    assert.deepEqual(restart().held.all(), [{ pair: 'b', state: '{}' }])
  })

  it('keeps lasting numbers, and what is carried from one engine to the next', () => {
    const flow = {
      idLow: 0xffffffff,
      idHigh: 0xffffffff,
      epoch: 3,
      bytesOut: 5,
      bytesIn: 2 ** 52,
      sinceOut: 4,
      sinceIn: 2 ** 51,
    }
    const pair = {
      identityKey: 'a',
      destinationKey: 'b:443',
      hourAt: later(5),
      destination: '{}',
      bytesOut: 1,
      bytesIn: 2,
      flows: 3,
      largestFlowOut: 1,
    }
    const { baseline } = start()
    assert.equal(baseline.carried.boot(), undefined)
    assert.equal(baseline.fact('platform_day'), undefined)
    baseline.carried.setBoot(7n)
    baseline.putFact('platform_day', 20_000n)
    for (const epoch of [1, 2, 3]) baseline.carried.putFlow({ ...flow, epoch })
    baseline.carried.putPair({ ...pair, bytesOut: 0 })
    baseline.carried.putPair(pair)
    baseline.carried.putPair({ ...pair, identityKey: 'gone' })
    baseline.commit()
    baseline.carried.dropFlow(flow.idLow, flow.idHigh, 1)
    baseline.carried.dropPair('gone', 'b:443')
    assert.equal([...baseline.carried.flows()].length, 2)
    baseline.commit()
    const next = restart()
    assert.equal(next.carried.boot(), 7n)
    assert.equal(next.fact('platform_day'), 20_000n)
    assert.deepEqual([...next.carried.flows()], [{ ...flow, epoch: 2 }, flow])
    assert.deepEqual([...next.carried.pairs()], [pair])
    next.carried.clear()
    next.carried.putFlow(flow)
    assert.deepEqual([...next.carried.flows()], [flow])
    next.commit()
    const last = restart()
    assert.deepEqual([...last.carried.flows()], [flow])
    assert.deepEqual([...last.carried.pairs()], [])
  })

  it('finds a damaged page at the start, wherever it is', () => {
    const { baseline } = start()
    for (let number = 0; number < 300; number++) baseline.putIdentity(identityOf(number))
    baseline.commit()
    baseline.close()
    const whole = readFileSync(path)
    let found = 0
    for (let page = 0; page < whole.length / 4096; page++) {
      for (const name of readdirSync(directory)) rmSync(join(directory, name))
      writeFileSync(path, whole)
      const file = openSync(path, 'r+')
      writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, page * 4096)
      closeSync(file)
      const opened = start()
      if (opened.setAside) found++
      opened.baseline.close()
    }
    assert.equal(found, whole.length / 4096)
  })

  it('sets an empty file aside, since one is made with its tables, and closes one to others', () => {
    const said: string[] = []
    const log = (text: string) => said.push(text)
    writeFileSync(path, '', { mode: 0o644 })
    assert.match(start({ log }).setAside?.reason ?? '', /it is empty/)
    assert.match(said.join(), /baseline\.db \(mode 644\): closed/)
    assert.deepEqual(
      ['', '-wal', '-shm'].map((end) => statSync(`${path}${end}`).mode & 0o777),
      [0o600, 0o600, 0o600],
    )
    restart({ log })
    assert.equal(said.length, 1)
  })

  it('takes nothing from the write-ahead log of a file that is gone', () => {
    const { baseline } = start()
    baseline.putIdentity(identityOf(1))
    baseline.commit()
    const log = readFileSync(`${path}-wal`)
    baseline.close()
    for (const name of readdirSync(directory)) rmSync(join(directory, name))
    writeFileSync(`${path}-wal`, log)
    assert.equal(start().baseline.counts().identities, 0)
  })

  it('keeps at most five files set aside', () => {
    for (let round = 0; round < 8; round++) {
      writeFileSync(path, `garbage ${round}`)
      start().baseline.close()
    }
    const kept = readdirSync(directory).filter((name) => /^baseline\.db\.\d/.test(name))
    assert.equal(kept.length, 5)
  })

  it('does not take a directory that refuses for a damaged file', () => {
    assert.throws(() => openBaseline(join(directory, 'none', 'b.db'), { now: START }), /ENOENT/)
    assert.deepEqual(readdirSync(directory), [])
  })

  it('keeps its files to its user alone', () => {
    const { baseline } = start()
    baseline.putIdentity(identityOf(1))
    baseline.commit()
    for (const name of readdirSync(directory))
      assert.equal(statSync(join(directory, name)).mode & 0o77, 0, name)
  })

  it('has everything it committed, and only whole commits, after kill -9 at any instant', async () => {
    const writer = fileURLToPath(new URL('baseline-writer.ts', import.meta.url))
    let kept = 0
    for (let round = 0; round < 5; round++) {
      const child = spawn(process.execPath, [writer, path], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let said = ''
      child.stdout.setEncoding('utf8').on('data', (text) => {
        said += text
        if (said.split('\n').length > 15 + round * 9) child.kill('SIGKILL')
      })
      await once(child, 'close')
      const last = Number(said.trim().split('\n').at(-1))
      const { baseline, setAside } = start()
      assert.equal(setAside, undefined)
      const { identities, destinations, alerts } = baseline.counts()
      assert.ok(identities >= last, `${identities} kept, ${last} said`)
      assert.equal(destinations, identities * 2)
      assert.equal(alerts, 1)
      assert.equal(baseline.alerts()[0]!.state, `${identities}`)
      for (let number = 0; number < identities; number++)
        assert.deepEqual(baseline.identity(identityOf(number).key), identityOf(number))
      assert.deepEqual([...baseline.carried.flows()], flowsAfter(identities))
      assert.ok(last > kept)
      kept = identities
      baseline.close()
    }
  })
})

function refuses(code: BaselineError['code'], work: () => unknown): void {
  assert.throws(work, (error) => error instanceof BaselineError && error.code === code)
}

function unusedKeys(path: string): unknown {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    return database
      .prepare(
        `SELECT count(*) AS n FROM keys WHERE id NOT IN (SELECT key FROM identities)
          AND id NOT IN (SELECT identity FROM destinations)
          AND id NOT IN (SELECT destination FROM destinations)`,
      )
      .get()?.['n']
  } finally {
    database.close()
  }
}
