// Several that make one SQLite file at once, as two commands do in a collector's new directory.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'

const AT_ONCE = 4

/** Waits for the others, makes the file, and writes what it is into it. */
const MAKER = `
  const { workerData, parentPort } = require('node:worker_threads')
  const { DatabaseSync } = require('node:sqlite')
  const gate = new Int32Array(workerData.gate)
  import(workerData.making).then(({ createDatabaseFile }) => {
    parentPort.once('message', () => {
      try {
        createDatabaseFile(workerData.path, (made) => {
          made.exec('CREATE TABLE said (who INTEGER)')
          // The others come meanwhile.
          Atomics.wait(gate, 0, 0, 50)
        })
        const database = new DatabaseSync(workerData.path, { timeout: 10000 })
        database.prepare('INSERT INTO said VALUES (?)').run(workerData.who)
        database.close()
        parentPort.postMessage('')
      } catch (error) {
        parentPort.postMessage(String(error))
      }
    })
    parentPort.postMessage('ready')
  })`

const heard = (worker: Worker) =>
  new Promise<string>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })

describe('a SQLite file that several make at once', function () {
  this.timeout(60_000)
  it('is made by one of them, and has what each of them wrote', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'freshet-making-'))
    const path = join(directory, 'fleet.db')
    const making = new URL('../../src/baseline/making.ts', import.meta.url).href
    const gate = new SharedArrayBuffer(4)
    const workers = Array.from(
      { length: AT_ONCE },
      (_, who) => new Worker(MAKER, { eval: true, workerData: { path, making, gate, who } }),
    )
    try {
      await Promise.all(workers.map(heard))
      const said = workers.map(heard)
      for (const worker of workers) worker.postMessage('go')
      assert.deepEqual(
        await Promise.all(said),
        workers.map(() => ''),
      )
      const database = new DatabaseSync(path)
      const rows = database.prepare('SELECT who FROM said ORDER BY who').all()
      database.close()
      assert.deepEqual(
        rows.map(({ who }) => who),
        workers.map((_, who) => who),
      )
      assert.deepEqual(readdirSync(directory), ['fleet.db'])
    } finally {
      await Promise.all(workers.map((worker) => worker.terminate()))
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
