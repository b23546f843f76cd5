// When sense is told that what it gave is durable: never before it is, while sense has room to keep it.
import assert from 'node:assert/strict'
import { createSettling } from '../../src/agent/settling.ts'
import type { Finding } from '../../src/engine/finding.ts'
import { Source, writeAcknowledge } from '../../src/records/record.gen.ts'
import { alertFinding } from '../stream/findings.ts'

const MIB = 1024 * 1024
/** Of the agent's own records, which sense did not give. */
const OWN_BYTES = 100

describe('settling', () => {
  let given: number
  let nowMs: number
  let found: Finding[]
  let waiting: number
  let diskError: string | undefined
  let sourcesError: string | undefined
  let told: Uint8Array[]
  let log: string[]
  let commits: number
  let saved: number[]
  let settle: (isLast: boolean) => void
  beforeEach(() => {
    ;[given, nowMs, waiting, commits] = [0, 0, 0, 0]
    diskError = sourcesError = undefined
    ;[found, told, log, saved] = [[], [], [], []]
    settle = createSettling({
      engine: {
        settledBytes: () => OWN_BYTES + given,
        takeRequests: () => [],
        takeFindings: () => found.splice(0),
        save: (streamBytes) => void saved.push(streamBytes),
      },
      account: {
        settled: (engineBytes) => ({ pipeBytes: engineBytes, engineBytes }),
        forget: () => {},
      },
      baseline: {
        commit() {
          if (diskError !== undefined) throw new Error(diskError)
          commits++
        },
      },
      keepSources() {
        if (sourcesError !== undefined) throw new Error(sourcesError)
      },
      pipe: {
        destroyed: false,
        writable: true,
        write(bytes, onDone) {
          told.push(bytes)
          onDone()
        },
      },
      recording: undefined,
      tell: () => {},
      unwritten: () => waiting,
      log: (text) => log.push(text),
      nowMs: () => nowMs,
    })
  })

  const gives = (bytes: number, afterMs = 0) => {
    given += bytes
    nowMs += afterMs
    settle(false)
  }
  const acknowledged = (...through: number[]) =>
    assert.deepEqual(
      told.map((bytes) => Buffer.from(bytes)),
      through.map((each) =>
        Buffer.from(
          writeAcknowledge({ source: Source.none, atNs: 0n, throughBytes: BigInt(each) }),
        ),
      ),
    )

  it('commits and acknowledges each second, each megabyte, and with each finding', () => {
    gives(10, 999)
    acknowledged()
    gives(10, 1)
    acknowledged(20)
    gives(MIB)
    acknowledged(20, 20 + MIB)
    found.push(alertFinding())
    gives(1)
    acknowledged(20, 20 + MIB, 21 + MIB)
    assert.equal(commits, 3)
    // What the baseline says it holds is what sense was told before.
    assert.deepEqual(saved, [OWN_BYTES, OWN_BYTES + 20, OWN_BYTES + 20 + MIB])
  })

  it('commits nothing and acknowledges nothing while a finding waits for the disk', () => {
    waiting = 1
    gives(MIB, 1000)
    gives(MIB, 1000)
    settle(true)
    acknowledged()
    assert.equal(commits, 0)
    waiting = 0
    gives(1, 1000)
    acknowledged(2 * MIB + 1)
    assert.equal(commits, 1)
  })

  it('acknowledges what it cannot keep only when sense has no more room: detection goes on', () => {
    waiting = 1
    gives(3 * MIB - 1, 1000)
    acknowledged()
    gives(1, 1000)
    acknowledged(3 * MIB)
    gives(3 * MIB - 1, 1000)
    acknowledged(3 * MIB)
    assert.equal(commits, 0)
  })

  it('acknowledges nothing that the baseline was not written for, and says when that begins and ends', () => {
    for (let times = 1; times <= 2; times++) {
      told = []
      diskError = 'no space left on device'
      const before = given
      for (let tries = 0; tries < 5; tries++) gives(10, 1000)
      acknowledged()
      assert.equal(log.length, 2 * times - 1)
      assert.match(log.at(-1) ?? '', /^no space left on device; until the baseline is written/)
      diskError = undefined
      gives(1, 1000)
      acknowledged(before + 51)
      // It takes one and refuses the next, as a disk does that is all but full.
      diskError = 'no space left on device'
      gives(1, 1000)
      diskError = undefined
      gives(1, 1000)
      assert.equal(log.length, 2 * times - 1)
      gives(1, 60_000)
      assert.equal(log.length, 2 * times)
      assert.match(log.at(-1) ?? '', /written again/)
    }
  })

  it('commits nothing while it is not written which source told which flow, as long as sense has room, and says so', () => {
    sourcesError = 'no space left on device'
    for (let tries = 0; tries < 3; tries++) gives(MIB - 1, 1000)
    settle(true)
    acknowledged()
    assert.equal(commits, 0)
    assert.equal(log.length, 1)
    assert.match(log[0] ?? '', /is not written \(no space left on device\).* may count once more/)
    gives(3, 1000)
    acknowledged(3 * MIB)
    assert.equal(commits, 1, 'what a full disk still takes is kept')
    gives(1, 1000)
    acknowledged(3 * MIB)
    sourcesError = undefined
    gives(1, 60_000)
    acknowledged(3 * MIB, 3 * MIB + 2)
    assert.equal(log.length, 2)
    assert.match(log[1] ?? '', /written again/)
  })

  it('tries a disk that refuses a megabyte at a time, not with each piece that comes', () => {
    diskError = 'no space left on device'
    gives(MIB, 1)
    for (let pieces = 0; pieces < 15; pieces++) gives(MIB / 16, 1)
    assert.equal(saved.length, 1)
    gives(MIB / 16, 1)
    assert.equal(saved.length, 2)
    gives(MIB, 1)
    acknowledged(3 * MIB)
  })

  it('leaves to the next engine what was not written at the end', () => {
    diskError = 'no space left on device'
    given = 10
    settle(true)
    acknowledged()
  })
})
