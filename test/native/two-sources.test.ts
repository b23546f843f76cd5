// What a Mac's two sources make of a short story (native/test/mac/two_sources_test.cc), read by the engine: each flow
// has its program, and each byte is counted once, though connections end and an answer is lost in between.
import { deepEqual, equal } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { pointScoring } from '../../src/engine/detection/judging.ts'
import { createEngine, type Engine } from '../../src/engine/engine.ts'
import { readInspect, Source, Subject, writeInspected } from '../../src/records/record.gen.ts'
import { NO_SIGNATURE_ASKED } from '../../src/records/signature.ts'
import { copyOf, MIB, sorted, type Told } from '../engine/scenario.ts'
import { leaveOut, whyNoTool, whyNotLinux } from '../left-out.ts'
import { BUILD_MS, make, run } from './run.ts'
import { temporaryFolder } from './watch.ts'

const folder = fileURLToPath(new URL('../../native/test/mac/', import.meta.url))
const program = 'build/two_sources.asan'

/** As the engine names them after what `answer` says their files are; the hash's other digits left out. */
const PROBE = 'unsigned:sha256:1010'
const LATE = 'unsigned:sha256:0f0f'

/** Pushes a record at a time, and answers at once what the engine asks about files: each has a hash of its own. */
function tellEngine(bytes: Buffer): Told {
  const baseline = openMemoryBaseline()
  const engine = createEngine({ deviceId: 'device-1', baseline, scoring: pointScoring() })
  for (let at = 0; at < bytes.length; ) {
    const end = at + bytes.readUInt32LE(at)
    engine.push(copyOf(bytes.subarray(at, end)))
    answer(engine, bytes.readBigUInt64LE(at + 8))
    at = end
  }
  engine.finish()
  return sorted(engine, baseline, engine.takeFindings())
}

function answer(engine: Engine, atNs: bigint): void {
  for (const request of engine.takeRequests()) {
    const asked = readInspect(new DataView(request.buffer, request.byteOffset, request.length), 0)
    const about = {
      subject: Subject.program,
      ...NO_SIGNATURE_ASKED,
      source: Source.inspector,
      atNs,
      dev: asked.dev,
      ino: asked.ino,
      fileBytes: 4096n,
      pid: asked.pid,
      pidversion: asked.pidversion,
      ownerUid: 501,
      mode: 0o100755,
      flags: 0,
      error: 0,
      sha256: new Uint8Array(32).fill(asked.path.length),
      path: asked.path,
    }
    engine.push(copyOf(writeInspected(about)))
  }
}

/** The records of one source. */
function only(bytes: Buffer, source: number): Buffer {
  const kept: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + bytes.readUInt32LE(at)
    if (bytes[at + 6] === source) kept.push(bytes.subarray(at, end))
    at = end
  }
  return Buffer.concat(kept)
}

describe('Endpoint Security and the network filter together', () => {
  const temporary = temporaryFolder()
  let bytes = Buffer.alloc(0)
  after(() => temporary.remove())

  before(async function () {
    this.timeout(BUILD_MS)
    leaveOut(this, whyNotLinux() ?? whyNoTool('blocks'))
    await make(folder, program)
    const file = join(temporary.path, 'records')
    const ran = await run(folder + program, [file])
    equal(ran.code, 0, ran.output)
    bytes = readFileSync(file)
  })

  it('give each program its flows, with every byte once', () => {
    const { summaries, engine, health } = tellEngine(bytes)
    const rows = summaries.map(({ identityKey, destination, bytesOut, bytesIn, flows }) => {
      const key = identityKey.replace(/[0-9a-f]{60}$/, '')
      return [key, destination.address, bytesOut, bytesIn, flows]
    })
    deepEqual(rows, [
      ['ABCDE12345:org.example.backup', '198.51.1.9', 9 * MIB + 5, 2 * MIB, 1],
      [PROBE, '198.51.2.9', 300 * MIB + 123, 7, 1],
      [PROBE, '198.51.3.9', 5 * MIB + 1, 11, 1],
      [LATE, '198.51.4.9', 40 * MIB + 7, 13, 1],
    ])
    const { flows, openFlows, heldFlows, unattributedFlows, bytesOut, lost } = engine.counters()
    deepEqual(
      { flows, openFlows, heldFlows, unattributedFlows, bytesOut, lost },
      // One flow is of a program that nobody told of.
      {
        flows: 5,
        openFlows: 0,
        heldFlows: 0,
        unattributedFlows: 1,
        bytesOut: 357 * MIB + 136,
        lost: 0,
      },
    )
    deepEqual(health, [])
    deepEqual(engine.counters().gaps, [])
  })

  it('raise an alert while the upload goes on, and end it with what was sent', () => {
    const { alerts } = tellEngine(bytes)
    const of = (state: string) =>
      alerts
        .filter((alert) => alert.state === state)
        .map(({ chain, bytesOut, bytesIn }) => [
          chain.map(({ pid, path }) => `${pid} ${path.split('/').at(-1)}`).join(' < '),
          bytesOut,
          bytesIn,
        ])
    const probe = '100 probe < 60 Backup'
    const child = '102 probe < 100 probe < 60 Backup'
    const late = '101 late < 100 probe < 60 Backup'
    const others = [
      [child, 5 * MIB + 1, 11],
      [late, 40 * MIB + 7, 13],
    ]
    deepEqual(of('opened'), [[probe, 100 * MIB, 0], ...others])
    deepEqual(of('final'), [[probe, 300 * MIB + 123, 7], ...others])
  })

  it('are each of no use alone: no flow without the filter, no program without Endpoint Security', () => {
    const flows = tellEngine(only(bytes, Source.filter))
    deepEqual([flows.alerts, flows.summaries], [[], []])
    const { bytesOut, execs } = flows.engine.counters()
    deepEqual([bytesOut, execs], [357 * MIB + 136, 0])
    const programs = tellEngine(only(bytes, Source.endpointSecurity))
    deepEqual([programs.alerts, programs.summaries], [[], []])
    deepEqual([programs.engine.counters().flows, programs.engine.counters().execs], [0, 2])
  })
})
