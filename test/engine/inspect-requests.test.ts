// The order in which files are asked about, and which answer belongs to which question.
import assert from 'node:assert/strict'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { zeroCounters } from '../../src/engine/counters.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { createInspectRequests } from '../../src/engine/process/inspect-requests.ts'
import { createProcessTable } from '../../src/engine/process/process-table.ts'
import {
  type InspectedRecord,
  InspectFlag,
  type InspectRecord,
  Mark,
  readExec,
  readFork,
  readInspect,
  readInspected,
  Subject,
} from '../../src/records/record.gen.ts'
import { Script } from './scenario.ts'

const EAGAIN = 11
/** Of the queue, as inspect-requests.ts has it. */
const REQUESTS_MAX = 16_384
const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset)

function harness() {
  const counters = zeroCounters()
  let streamAt = 0
  const requests = createInspectRequests(counters, () => streamAt++)
  const processes = createProcessTable(100_000, 1000, () => {})
  const run = (pid: number, path = `/home/ann/p${pid}`) => {
    const [exec] = new Script().exec({ pid, path, parent: 1 }).records
    return processes.exec(readExec(viewOf(exec as Uint8Array), 0)).process
  }
  const fork = (pid: number, parent: number) => {
    const [made] = new Script().fork(pid, parent).records
    return processes.fork(readFork(viewOf(made as Uint8Array), 0))
  }
  const take = (): InspectRecord[] => requests.take().map((bytes) => readInspect(viewOf(bytes), 0))
  const pids = () => take().map(({ pid }) => pid)
  const needs = () => take().map(({ pid, flags }) => [pid, (flags & InspectFlag.needed) !== 0])
  const answer = (pid: number, other: Partial<InspectedRecord> = {}): InspectedRecord => {
    const [bytes] = new Script().inspected({ pid, path: `/home/ann/p${pid}` }).records
    return { ...readInspected(viewOf(bytes as Uint8Array), 0), ...other }
  }
  return { counters, requests, run, fork, take, pids, needs, answer, parentOf: processes.parentOf }
}

describe('inspect requests', () => {
  it('come in the order of asking while no flow waits', () => {
    const { requests, run, pids } = harness()
    for (const pid of [7, 5, 6]) requests.ask(run(pid))
    assert.deepEqual(pids(), [7, 5, 6])
    assert.deepEqual(pids(), [])
  })

  it('say since when the process has its file, also of one that was forked', () => {
    const { requests, run, fork, take } = harness()
    const process = run(7)
    requests.ask(process)
    requests.askFor(process, Subject.script, { path: '/home/ann/a.py', dev: 4n, ino: 5n })
    run(9)
    requests.need(fork(10, 9), () => undefined)
    const since = BigInt(new Script().nowMs) * 1_000_000n
    assert.deepEqual(
      take().map(({ atNs }) => atNs),
      [since, since, since],
    )
  })

  it('begin with the programs that flows wait for, each of which says so [L6]', () => {
    const { requests, run, needs } = harness()
    const all = [1, 2, 3, 4].map((pid) => run(pid))
    for (const one of all) requests.ask(one)
    requests.need(all[2] as (typeof all)[0], () => undefined)
    requests.need(all[3] as (typeof all)[0], () => undefined)
    assert.deepEqual(needs(), [
      [3, true],
      [4, true],
      [1, false],
      [2, false],
    ])
  })

  it('are asked once more when a flow comes to wait for what was fetched, and only once', () => {
    const { requests, run, needs } = harness()
    const process = run(7)
    requests.ask(process)
    assert.deepEqual(needs(), [[7, false]])
    requests.need(process, () => undefined)
    requests.need(process, () => undefined)
    assert.deepEqual(needs(), [[7, true]])
    assert.equal(requests.oldestAt(), 0)
  })

  it('hurry for the parent too, whose image a forked process runs and for whom it may act', () => {
    const { requests, run, fork, pids, parentOf } = harness()
    requests.ask(run(1))
    requests.ask(run(9))
    requests.need(fork(10, 9), parentOf)
    assert.deepEqual(pids(), [9, 1])
  })

  it('give up the youngest that nobody waits for when there are too many, counted, and ask for it when a flow comes', () => {
    const { counters, requests, run, pids } = harness()
    for (let pid = 1; pid <= REQUESTS_MAX; pid++) requests.ask(run(pid))
    const late = run(90_000)
    requests.ask(late)
    assert.equal(counters.evicted.requests, 1)
    requests.need(late, () => undefined)
    assert.equal(counters.evicted.requests, 2)
    const taken = pids()
    assert.equal(taken.length, REQUESTS_MAX)
    assert.deepEqual([taken[0], taken[1], taken.at(-1)], [90_000, 1, REQUESTS_MAX - 1])
  })

  it('tell the files of one process apart by subject and path', () => {
    const { requests, run, take, answer } = harness()
    const process = run(7)
    requests.ask(process)
    requests.askFor(process, Subject.script, { path: '/home/ann/a.py', dev: 4n, ino: 5n })
    requests.askFor(process, Subject.script, { path: '/home/ann/a.py', dev: 4n, ino: 5n })
    requests.askFor(process, Subject.code, { path: '/home/ann/a.py', dev: 0n, ino: 0n })
    requests.askFor(process, Subject.code, { path: '', dev: 0n, ino: 0n })
    assert.deepEqual(
      take().map(({ pid, subject, path, dev, ino }) => [pid, subject, path, dev, ino]),
      [
        [7, Subject.program, '/home/ann/p7', 1n, 7n],
        [7, Subject.script, '/home/ann/a.py', 4n, 5n],
        [7, Subject.code, '/home/ann/a.py', 0n, 0n],
      ],
    )
    assert.equal(requests.answered(answer(7)), true)
    assert.equal(requests.oldestAt(), 1)
    requests.answered(answer(7, { subject: Subject.script, path: '/home/ann/a.py' }))
    assert.equal(requests.oldestAt(), 2)
    requests.answered(answer(7, { subject: Subject.code, path: '/home/ann/a.py' }))
    assert.equal(requests.oldestAt(), undefined)
  })

  it('go again a pass later when sense had no room, and end with its answer', () => {
    const { requests, run, pids, answer } = harness()
    requests.ask(run(7))
    let asked = pids().length
    while (!requests.answered(answer(7, { error: EAGAIN }))) {
      assert.deepEqual(pids(), [])
      assert.equal(requests.oldestAt(), 0)
      requests.pass()
      asked += pids().length
    }
    assert.equal(asked, 20)
    assert.equal(requests.oldestAt(), undefined)
  })

  it('of the engine: flows of a start put their programs first, and the answer about a script is no answer about the program', () => {
    const engine = createEngine({ deviceId: 'device-1', baseline: openMemoryBaseline() })
    const push = (script: Script) => {
      for (const record of script.records) engine.push(record)
    }
    push(new Script().mark(Mark.start))
    const programs = [1, 2, 3].map((pid) => ({ pid, path: `/home/ann/p${pid}`, parent: 0 }))
    for (const one of programs) push(new Script().exec(one))
    push(new Script().flow({ id: 1, pid: 3, out: 5000 }))
    const asked = () => engine.takeRequests().map((one) => readInspect(viewOf(one), 0).pid)
    assert.deepEqual(asked(), [3, 1, 2])
    push(
      new Script().inspected({ pid: 3, path: '/home/ann/p3', found: { subject: Subject.script } }),
    )
    assert.equal(engine.takeFindings().filter(({ kind }) => kind === 'sighting').length, 0)
    push(new Script().inspected({ pid: 3, path: '/home/ann/p3' }))
    assert.ok(engine.takeFindings().some(({ kind }) => kind === 'sighting'))
  })
})
