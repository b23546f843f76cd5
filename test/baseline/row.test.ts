import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { type BaselineRow, putRow, rowFromJson, rowToJson } from '../../src/baseline/row.ts'
import { BaselineError, openBaseline } from '../../src/baseline/sqlite.ts'
import { bytes, type UnixNs } from '../../src/units.ts'

const AT = 1_772_445_600_000_000_007n as UnixNs

const ROWS: BaselineRow[] = [
  { kind: 'born', at: AT },
  {
    kind: 'identity',
    identity: {
      key: 'unsigned:sha256:ab',
      signerClass: 'unsigned',
      name: 'a "b"\n',
      path: '/tmp/a',
      sha256: 'ab',
      signingId: '',
      teamId: '',
      cdhash: '',
      firstExecAt: AT,
      firstNetworkAt: undefined,
      lastSeenAt: AT,
      daysActive: 0,
      lastActiveDay: -1,
      history: '',
    },
  },
  {
    kind: 'destination',
    destination: {
      identityKey: 'unsigned:sha256:ab',
      destinationKey: '203.0.113.0/24:443',
      firstAt: AT,
      lastAt: AT,
    },
  },
  {
    kind: 'alert',
    alert: {
      id: '0123456789abcdef0123456789abcdef',
      identityKey: 'unsigned:sha256:ab',
      destinationKey: '203.0.113.0/24:443',
      state: '{"v":1}',
      bytesOut: bytes(9_007_199_254_740_991, 'out'),
      bytesIn: bytes(0, 'in'),
      openedAt: AT,
      updatedAt: AT,
    },
  },
  { kind: 'held', held: { pair: 'unsigned:sha256:ab\n203.0.113.0/24:443', state: '{"v":1}' } },
  {
    kind: 'sum',
    sum: {
      program: 'unsigned:sha256:ab',
      destination: '203.0.113.0/24',
      hours: [
        { hour: 492_346, hard: 7, soft: 9_007_199_254_740_991 },
        { hour: 492_348, hard: 0, soft: 1 },
      ],
    },
  },
  { kind: 'carried_boot', boot: 7n },
  {
    kind: 'carried_process',
    process: {
      pid: 7,
      beganNs: 5n,
      dev: 2n ** 64n - 1n,
      ino: 3n,
      path: '/tmp/a',
      doubts: 4,
      script: { path: '/tmp/x.py', dev: 2n, ino: 2n ** 64n - 1n, from: 2, isClaimed: true },
      madeFor: '{"responsible":{"signerClass":"unsigned"}}',
    },
  },
]

describe('baseline: rows', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-rows-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  it('are one line of JSON each, and back', () => {
    for (const row of ROWS) {
      const line = rowToJson(row)
      assert.ok(!line.includes('\n'))
      assert.deepEqual(rowFromJson(line), row)
    }
  })

  it('are refused with what is wrong', () => {
    const [, identity] = ROWS
    assert.ok(identity)
    const line = rowToJson(identity)
    for (const [bad, why] of [
      ['', /JSON/],
      ['[]', /no object/],
      ['{"kind":"friend"}', /no rows of kind friend/],
      ['{"kind":"born","at":"-1"}', /at is no time/],
      ['{"kind":"born","at":7}', /at is no time/],
      ['{"kind":"born","at":"9999999999999999999"}', /at: 9+ is not a time/],
      [line.replace('"unsigned"', '"friendly"'), /no signer class friendly/],
      [line.replace('"unsigned"', '"toString"'), /no signer class toString/],
      [line.replace('"daysActive":0', '"daysActive":-1'), /daysActive: -1/],
      ['{"kind":"sum","sum":{"program":"a","destination":"","hours":7}}', /hours is no list/],
      [
        '{"kind":"sum","sum":{"program":"a","destination":"","hours":[{"hour":1,"hard":-1,"soft":0}]}}',
        /an hour is no whole numbers/,
      ],
      [line.replace('"path":"/tmp/a"', '"path":7'), /path is no text/],
    ] as const)
      assert.throws(
        () => rowFromJson(bad),
        (error) =>
          error instanceof BaselineError && error.code === 'malformed' && why.test(error.message),
      )
  })

  it('give a baseline on disk back as it was, what is not committed yet included', () => {
    const { baseline } = openBaseline(join(directory, 'a.db'), { now: AT })
    for (const row of ROWS) putRow(baseline, row)
    assert.deepEqual([...baseline.rows()], ROWS)
    assert.deepEqual(baseline.counts(), { identities: 1, destinations: 1, alerts: 1 })
    baseline.close()
    const again = openBaseline(join(directory, 'a.db'), { now: AT }).baseline
    assert.deepEqual([...again.rows()], ROWS)
    const copy = openMemoryBaseline()
    for (const row of again.rows()) putRow(copy, row)
    again.close()
    assert.equal(copy.bornAt(), AT)
    assert.equal(copy.hostKnowsDestination('203.0.113.0/24:443'), true)
    assert.equal(copy.identity('unsigned:sha256:ab')?.name, 'a "b"\n')
    assert.equal(copy.alerts().length, 1)
    assert.equal(copy.sums.all()[0]?.hours.length, 2)
  })
})
