// Questions that there was no time for: answered once more when their file is read after all, for whichever process.
import assert from 'node:assert/strict'
import {
  type InspectedRecord,
  type InspectRecord,
  readInspected,
  Source,
  Subject,
} from '../../src/records/record.gen.ts'
import { NO_SIGNATURE_ASKED } from '../../src/records/signature.ts'
import type { Inspection, InspectRequest } from '../../src/sense/addon.ts'
import { createInspector } from '../../src/sense/inspector.ts'
import { until } from '../waits.ts'

const ETIMEDOUT = 110
const SECOND_NS = 1_000_000_000n
/** Since boot. */
const NOW_NS = 1000n * SECOND_NS
/** Since 1970, at the boot. */
const BOOTED_NS = 1_700_000_000n * SECOND_NS
/** Since boot: when the processes of these questions were executed. */
const EXEC_NS = 900n * SECOND_NS

const request = (pid: number, more: Partial<InspectRecord> = {}): InspectRecord => ({
  source: Source.none,
  atNs: EXEC_NS,
  dev: 1n,
  ino: 2n,
  pid,
  pidversion: 3,
  cdhash: new Uint8Array(20),
  subject: Subject.program,
  flags: 0,
  path: '/home/ann/probe',
  ...more,
})
const found: Inspection = {
  dev: 1n,
  ino: 2n,
  fileBytes: 10n,
  changedNs: BOOTED_NS + EXEC_NS - SECOND_NS,
  ownerUid: 1000,
  mode: 0o100755,
  flags: 0,
  error: 0,
  sha256: new Uint8Array(32).fill(9),
  ...NO_SIGNATURE_ASKED,
  lane: '',
}

/** Calls that look end when the test ends them, with what it says of each file; all but the first at once. */
function harness(tell: (asked: InspectRequest) => Inspection = () => found, more = {}) {
  const answers: InspectedRecord[] = []
  const asked: number[][] = []
  const first = Promise.withResolvers<void>()
  const clock = { unixNs: BOOTED_NS + NOW_NS }
  const inspector = createInspector({
    look: async (requests) => {
      asked.push(requests.map(({ pid }) => pid))
      if (asked.length === 1) await first.promise
      return requests.map(tell)
    },
    inspect: async (requests) => requests.map(tell),
    onAnswers: (records) => {
      for (const one of records) answers.push(readInspected(new DataView(one.buffer), 0))
    },
    bootNs: () => NOW_NS,
    unixNs: () => clock.unixNs,
    batchMax: 1,
    answerMs: 5,
    ...more,
  })
  const errors = () => answers.map(({ pid, error }) => [pid, error])
  return { answers, errors, asked, inspector, clock, free: first.resolve }
}
const turns = async () => {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
}
const late = (pid: number) => [pid, ETIMEDOUT]

describe('sense inspector, late', () => {
  it('answers once more what there was no time for, and no third time', async () => {
    const { inspector, answers, errors, asked, free } = harness()
    for (const pid of [1, 2]) inspector.ask(request(pid, { path: `/home/ann/p${pid}` }))
    await until(() => answers.length === 2)
    assert.deepEqual(errors(), [late(1), late(2)])
    free()
    await turns()
    assert.deepEqual(errors().slice(2), [
      [1, 0],
      [2, 0],
    ])
    assert.deepEqual(answers.at(-1)?.sha256, found.sha256)
    assert.deepEqual(asked, [[1], [2]])
  })

  it('answers all processes of a file when it was read for one', async () => {
    const { inspector, answers, errors, free, asked } = harness()
    for (const pid of [1, 2, 3]) inspector.ask(request(pid))
    await until(() => answers.length === 3)
    // The others are answered with what the first look finds, and are not looked at.
    free()
    await turns()
    assert.deepEqual(errors().slice(3), [
      [1, 0],
      [2, 0],
      [3, 0],
    ])
    assert.deepEqual(asked, [[1]])
  })

  it('believes no file that may be another than the one executed', async () => {
    const others: [string, Partial<InspectRecord>, Partial<Inspection>][] = [
      ['changed after the exec', {}, { changedNs: BOOTED_NS + EXEC_NS + 1n }],
      ['changed within a tick of it', {}, { changedNs: BOOTED_NS + EXEC_NS - 1_000_000n }],
      ['changed at a time not known', {}, { changedNs: 0n }],
      ['executed at a time not known', { atNs: 0n }, {}],
      ['without an inode', { ino: 0n }, {}],
      ['of another inode', { ino: 7n }, { error: 116 }],
      ['of another device', { dev: 7n }, { error: 116 }],
      ['elsewhere', { path: '/home/ann/other' }, { error: 2 }],
      ['of which another slice runs', { cdhash: new Uint8Array(20).fill(1) }, { error: 2 }],
    ]
    for (const [what, asked, told] of others) {
      const { inspector, answers, errors, free } = harness(({ pid }) =>
        pid === 1 || told.changedNs !== undefined
          ? { ...found, ...told, error: 0 }
          : { ...found, ...told },
      )
      for (const one of [request(1, { atNs: NOW_NS }), request(2, asked)]) inspector.ask(one)
      await until(() => answers.length === 2)
      free()
      await turns()
      assert.ok(!errors().some(([pid, error]) => pid === 2 && error === 0), what)
    }
  })

  it('believes no times when the clock was set meanwhile', async () => {
    const { inspector, answers, clock, free } = harness()
    inspector.ask(request(1))
    await until(() => answers.length === 1)
    clock.unixNs += SECOND_NS
    free()
    await turns()
    assert.equal(answers.length, 1)
  })

  it('looks at what is late after all that is not', async () => {
    const { inspector, answers, asked, free } = harness()
    for (const pid of [1, 2]) inspector.ask(request(pid, { path: `/home/ann/p${pid}` }))
    await until(() => answers.length === 2)
    for (const pid of [3, 4]) inspector.ask(request(pid, { path: `/home/ann/p${pid}` }))
    free()
    await turns()
    assert.deepEqual(asked, [[1], [3], [4], [2]])
  })

  it('remembers so many of them, for so long', async () => {
    const few = harness(undefined, { lateMax: 1 })
    for (const pid of [1, 2, 3]) few.inspector.ask(request(pid))
    await until(() => few.answers.length === 3)
    few.free()
    await turns()
    assert.deepEqual(few.errors().slice(3), [[3, 0]])
    const short = harness(undefined, { lateMs: 1 })
    short.inspector.ask(request(1))
    await until(() => short.answers.length === 1)
    await new Promise((resolve) => setTimeout(resolve, 20))
    short.free()
    await turns()
    assert.equal(short.answers.length, 1)
  })

  it('tries once more where reading itself took too long', async () => {
    let tries = 0
    const { inspector, errors, free } = harness(
      () => (++tries === 1 ? { ...found, error: ETIMEDOUT } : found),
      { answerMs: 5000 },
    )
    free()
    inspector.ask(request(1))
    await turns()
    assert.deepEqual(errors(), [late(1), [1, 0]])
    assert.equal(tries, 2)
  })
})
