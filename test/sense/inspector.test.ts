import assert from 'node:assert/strict'
import {
  type InspectedRecord,
  type InspectRecord,
  readInspected,
  Signature,
  Source,
  Subject,
} from '../../src/records/record.gen.ts'
import type { Addon, Inspection, InspectRequest } from '../../src/sense/addon.ts'
import { createInspector } from '../../src/sense/inspector.ts'

const request = (path: string, pid = 7): InspectRecord => ({
  source: Source.none,
  atNs: 0n,
  dev: 1n,
  ino: 2n,
  pid,
  pidversion: 3,
  cdhash: new Uint8Array(20).fill(4),
  subject: Subject.program,
  path,
})
const found: Inspection = {
  dev: 1n,
  ino: 2n,
  fileBytes: 10n,
  ownerUid: 0,
  mode: 0o100755,
  flags: 0,
  error: 0,
  sha256: new Uint8Array(32).fill(9),
  signature: Signature.valid,
  signatureStatus: 0,
  cdhash: new Uint8Array(20).fill(4),
  signingId: 'com.example.true',
  teamId: 'EXAMPLE123',
  authorities:
    'Developer ID Application: Example (EXAMPLE123)\0Developer ID Certification Authority',
}

function harness(one: (asked: InspectRequest) => Promise<Inspection>) {
  const inspect: Addon['inspect'] = (requests) => Promise.all(requests.map(one))
  const answers: InspectedRecord[] = []
  /** Answers that came together. */
  const batches: number[] = []
  const inspector = createInspector({
    inspect,
    onAnswers: (records) => {
      batches.push(records.length)
      for (const one of records) answers.push(readInspected(new DataView(one.buffer), 0))
    },
    bootNs: () => 42n,
    waitingMax: 3,
    batchMax: 2,
    runningMax: 1,
  })
  return { answers, batches, inspector }
}
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('sense inspector', () => {
  it('answers with what the file is, for the process it was asked for', async () => {
    const asked: InspectRequest[] = []
    const { answers, inspector } = harness(async (one) => {
      asked.push(one)
      return found
    })
    inspector.ask(request('/bin/true'))
    await settled()
    await settled()
    assert.equal(answers.length, 1)
    const [one] = answers
    assert.deepEqual([one?.pid, one?.pidversion, one?.path, one?.error], [7, 3, '/bin/true', 0])
    assert.deepEqual(one, {
      ...found,
      source: Source.inspector,
      atNs: 42n,
      pid: 7,
      pidversion: 3,
      subject: Subject.program,
      path: '/bin/true',
    })
    assert.deepEqual(asked[0]?.cdhash, new Uint8Array(20).fill(4))
  })

  it('looks at absolute paths only', async () => {
    const asked: string[] = []
    const { answers, inspector } = harness(async ({ path }) => {
      asked.push(path)
      return found
    })
    for (const path of ['', 'etc/shadow', './x', '/etc/\0shadow']) inspector.ask(request(path))
    await settled()
    assert.deepEqual(asked, [])
    assert.deepEqual(
      answers.map((answer) => answer.error),
      [22, 22, 22, 22],
    )
  })

  it('answers EAGAIN and counts when too many wait, and never leaves a request without an answer', async () => {
    const gate = Promise.withResolvers<Inspection>()
    const { answers, inspector } = harness(() => gate.promise)
    for (let pid = 1; pid <= 5; pid++) inspector.ask(request('/bin/true', pid))
    assert.equal(inspector.refused(), 2)
    gate.resolve(found)
    for (let turn = 0; turn < 10; turn++) await settled()
    assert.deepEqual(
      answers.map((answer) => answer.pid).sort((a, b) => a - b),
      [1, 2, 3, 4, 5],
    )
    assert.equal(answers.filter((answer) => answer.error === 11).length, 2)
  })

  it('asks for a new file alone, for familiar ones together', async () => {
    const { batches, inspector } = harness(async () => found)
    inspector.ask(request('/a', 1))
    inspector.ask(request('/b', 2))
    for (let turn = 0; turn < 5; turn++) await settled()
    assert.deepEqual(batches, [1, 1])
    for (const path of ['/a', '/new', '/b']) inspector.ask(request(path))
    for (let turn = 0; turn < 5; turn++) await settled()
    assert.deepEqual(batches, [1, 1, 2, 1])
  })

  it('answers ETIMEDOUT once for what takes too long, and for what waits behind it', async () => {
    const gate = Promise.withResolvers<Inspection>()
    const answers: InspectedRecord[] = []
    const inspector = createInspector({
      inspect: async (requests) => {
        await gate.promise
        return requests.map(() => found)
      },
      onAnswers: (records) => {
        for (const one of records) answers.push(readInspected(new DataView(one.buffer), 0))
      },
      bootNs: () => 42n,
      answerMs: 1,
    })
    for (const pid of [7, 8, 9]) inspector.ask(request('/huge', pid))
    await new Promise((resolve) => setTimeout(resolve, 20))
    gate.resolve(found)
    await settled()
    assert.deepEqual(
      answers.map((answer) => answer.error),
      [110, 110, 110],
    )
  })

  it('answers with the errno of an addon that throws', async () => {
    const { answers, inspector } = harness(async () => {
      throw Object.assign(new Error('gone'), { errno: -2 })
    })
    inspector.ask(request('/gone'))
    await settled()
    await settled()
    assert.equal(answers[0]?.error, 2)
  })
})
