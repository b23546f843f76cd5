import assert from 'node:assert/strict'
import {
  InspectedFlag,
  type InspectedRecord,
  InspectFlag,
  type InspectRecord,
  Origin,
  RecordType,
  readInspected,
  readOrigin,
  Signature,
  Source,
  Subject,
} from '../../src/records/record.gen.ts'
import type { Inspection, InspectRequest } from '../../src/sense/addon.ts'
import { createLanes } from '../../src/sense/inspect-lanes.ts'
import { createInspector } from '../../src/sense/inspector.ts'
import { until } from '../waits.ts'

const request = (path: string, pid = 7, flags = 0): InspectRecord => ({
  source: Source.none,
  atNs: 0n,
  dev: 1n,
  ino: 2n,
  pid,
  pidversion: 3,
  cdhash: new Uint8Array(20).fill(4),
  subject: Subject.program,
  flags,
  path,
})
/** A flow waits for it. */
const needed = (path: string): InspectRecord => request(path, 7, InspectFlag.needed)
const found: Inspection = {
  dev: 1n,
  ino: 2n,
  fileBytes: 10n,
  changedNs: 0n,
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
  lane: '',
}

/** A file by its name: `lane/...` is looked at and told to be read in that lane, by calls that the test ends. */
function harness(one: (asked: InspectRequest) => Promise<Inspection>, answerMs = 5000) {
  const answers: InspectedRecord[] = []
  /** Answers that came together. */
  const batches: number[] = []
  /** Paths of each call that reads. */
  const reads: string[][] = []
  const gates: (() => void)[] = []
  const laneOf = (path: string) =>
    /^\/(?:system|owner:\d+|mount:\w+)(?=\/)/.exec(path)?.[0].slice(1)
  const inspector = createInspector({
    look: (requests) =>
      Promise.all(
        requests.map(async (asked) => {
          const told = await one(asked)
          return {
            ...told,
            lane: laneOf(asked.path) ?? '',
            sha256: laneOf(asked.path) ? NO_HASH : told.sha256,
          }
        }),
      ),
    inspect: async (requests) => {
      reads.push(requests.map(({ path }) => path))
      await new Promise<void>((resolve) => gates.push(resolve))
      return Promise.all(requests.map(one))
    },
    onAnswers: (records) => {
      batches.push(records.length)
      for (const one of records) answers.push(readInspected(new DataView(one.buffer), 0))
    },
    bootNs: () => 42n,
    waitingMax: 3,
    batchMax: 2,
    answerMs,
  })
  return { answers, batches, inspector, reads, gates }
}
const NO_HASH = new Uint8Array(32)
const turns = async () => {
  for (let turn = 0; turn < 10; turn++) await settled()
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
    const { lane: _, changedNs: __, ...told } = found
    assert.deepEqual(one, {
      ...told,
      source: Source.inspector,
      atNs: 42n,
      pid: 7,
      pidversion: 3,
      subject: Subject.program,
      path: '/bin/true',
    })
    assert.deepEqual(asked[0]?.cdhash, new Uint8Array(20).fill(4))
  })

  it('[D4] believes no hash of a script that was changed as it was started, or since', async () => {
    const SECOND_NS = 1_000_000_000n
    const [booted, execNs] = [1_700_000_000n * SECOND_NS, 900n * SECOND_NS]
    const [script, others] = [Subject.script, InspectedFlag.writableByOthers]
    const changed = others | InspectedFlag.replaced
    const cases = [
      ['long before', { changedNs: booted + execNs - SECOND_NS }, {}, others],
      ['since', { changedNs: booted + execNs + 1n }, {}, changed],
      // The clock of files stands still for a tick.
      ['within a tick before', { changedNs: booted + execNs - 1_000_000n }, {}, changed],
      ['since, by root alone', { changedNs: booted + execNs + 1n, flags: 0 }, {}, 0],
      ['at a time not known', { changedNs: 0n }, {}, others],
      ['run since a time not known', { changedNs: booted + execNs }, { atNs: 0n }, others],
      // A program is mapped: its file is the one that runs.
      ['a program', { changedNs: booted + execNs + 1n }, { subject: Subject.program }, others],
    ] as const
    for (const [what, told, asked, flags] of cases) {
      const answers: InspectedRecord[] = []
      const inspector = createInspector({
        look: async (requests) => requests.map(() => ({ ...found, flags: others, ...told })),
        inspect: async () => [],
        onAnswers: (records) => {
          for (const one of records) answers.push(readInspected(new DataView(one.buffer), 0))
        },
        bootNs: () => 1000n * SECOND_NS,
        unixNs: () => booted + 1000n * SECOND_NS,
      })
      inspector.ask({ ...request('/home/ann/x.pl'), atNs: execNs, subject: script, ...asked })
      await until(() => answers.length === 1)
      assert.deepEqual([answers[0]?.flags, answers[0]?.error], [flags, 0], what)
      assert.deepEqual(answers[0]?.sha256, found.sha256, what)
    }
  })

  it('tells how a file came here before what it is, and nothing of another file than ran', async () => {
    const origin = { kind: Origin.package, installedUnixNs: 5n, keeperUid: 0, name: 'coreutils' }
    const told: string[] = []
    for (const flags of [0, InspectedFlag.replaced]) {
      const inspector = createInspector({
        look: async (requests) => requests.map(() => ({ ...found, flags, origin })),
        inspect: async () => [],
        onAnswers: (records) => {
          for (const one of records) {
            const view = new DataView(one.buffer)
            const isOrigin = view.getUint16(4, true) === RecordType.origin
            told.push(isOrigin ? `origin ${readOrigin(view, 0).name}` : 'inspected')
            if (isOrigin)
              assert.deepEqual(readOrigin(view, 0), {
                ...origin,
                ...{ source: Source.inspector, atNs: 42n, pid: 7, pidversion: 3 },
                ...{ subject: Subject.program, path: '/bin/true' },
              })
          }
        },
        bootNs: () => 42n,
      })
      inspector.ask(request('/bin/true'))
      await turns()
    }
    assert.deepEqual(told, ['origin coreutils', 'inspected', 'inspected'])
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

  it('looks at what is asked for in one go together', async () => {
    const { batches, inspector } = harness(async () => found)
    for (const path of ['/a', '/b', '/c']) inspector.ask(request(path))
    await turns()
    assert.deepEqual(batches, [2, 1])
  })

  it('answers what is needed before what is not, and once, whenever that is said', async () => {
    const looked: string[] = []
    const { answers, inspector } = harness(async ({ path }) => {
      looked.push(path)
      return found
    })
    for (const one of [request('/a'), request('/b'), needed('/b')]) inspector.ask(one)
    await turns()
    assert.deepEqual(looked.splice(0), ['/b', '/a'])
    for (const one of [request('/c'), needed('/d'), request('/d')]) inspector.ask(one)
    await turns()
    assert.deepEqual(looked, ['/d', '/c'])
    assert.equal(answers.length, 4)
  })

  it('does not take what is asked for again for needed', async () => {
    const looked: string[] = []
    const { inspector } = harness(async ({ path }) => {
      looked.push(path)
      return found
    })
    for (const path of ['/a', '/b', '/b']) inspector.ask(request(path))
    await turns()
    assert.deepEqual(looked, ['/a', '/b'])
  })

  it('has room for what is needed when it is full: what nobody needs gives way', async () => {
    const { answers, inspector } = harness(async () => found)
    for (const path of ['/a', '/b', '/c']) inspector.ask(request(path))
    for (const path of ['/d', '/e', '/f', '/g']) inspector.ask(needed(path))
    await turns()
    assert.equal(inspector.refused(), 4)
    const errors = Object.fromEntries(answers.map(({ path, error }) => [path, error]))
    assert.deepEqual(errors, {
      ...{ '/a': 11, '/b': 11, '/c': 11 },
      ...{ '/d': 0, '/e': 0, '/f': 0, '/g': 11 },
    })
  })

  it('reads files of root’s alone, of owners, and where reading may hang, each beside the others [A14]', async () => {
    const { inspector, reads, gates, answers } = harness(async () => found)
    for (const path of ['/owner:1000/sparse', '/mount:uid/hung', '/system/logger'])
      inspector.ask(request(path))
    await turns()
    assert.deepEqual(reads.flat().sort(), [
      '/mount:uid/hung',
      '/owner:1000/sparse',
      '/system/logger',
    ])
    gates[reads.findIndex(([path]) => path === '/system/logger')]?.()
    await turns()
    assert.deepEqual(
      answers.map(({ path }) => path),
      ['/system/logger'],
    )
  })

  it('lets an owner’s many files delay no other owner’s', async () => {
    const lanes = createLanes<{ name: string; isNeeded: boolean }>()
    for (let i = 0; i < 1000; i++) lanes.add('owner:1', { name: `one ${i}`, isNeeded: false })
    lanes.add('owner:2', { name: 'two', isNeeded: false })
    lanes.add('owner:1', { name: 'needed', isNeeded: true })
    const names = [1, 2, 3].map(() => lanes.next('owner')?.name)
    assert.deepEqual(names, ['needed', 'two', 'one 0'])
    assert.equal(lanes.next('system'), undefined)
  })

  it('answers ETIMEDOUT with what the look told, and never twice', async () => {
    const { inspector, answers, gates } = harness(async () => ({ ...found, ownerUid: 7 }), 1)
    inspector.ask(request('/owner:7/huge'))
    await until(() => answers.length > 0)
    for (const open of gates) open()
    await turns()
    assert.deepEqual(
      answers.map(({ error, ownerUid, mode }) => [error, ownerUid, mode]),
      [[110, 7, found.mode]],
    )
    assert.deepEqual(answers[0]?.sha256, NO_HASH)
  })

  it('knows no owner of what was not even looked at in time', async () => {
    const { inspector, answers } = harness(() => new Promise(() => {}), 1)
    inspector.ask(request('/stuck'))
    await until(() => answers.length > 0)
    const [{ error, ownerUid, flags } = assert.fail()] = answers
    assert.deepEqual([error, ownerUid, flags], [110, 0xffffffff, InspectedFlag.writableByOthers])
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
