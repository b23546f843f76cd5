// How fast a capture file goes through the whole detector, and that a hundred times as long a one costs a hundred
// times the time and no more memory.
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCapture } from '../src/capture/reader.ts'
import { createCaptureWriter } from '../src/capture/writer.ts'
import { LAYOUT } from '../src/records/record.gen.ts'
import { replay } from '../src/replay/replay.ts'
import { unixNs } from '../src/units.ts'
import { type Load, opening, reports } from './engine-load.ts'
import type { Bench, Row } from './row.ts'

const LOAD: Load = { flows: 20_000, programs: 64, destinations: 64, rounds: 1 }
/** Rounds of reports in the shortest capture: 40,000. */
const ROUNDS = 2
const MB = 1e6

/** Writes a capture of so many rounds. */
function write(path: string, rounds: number): void {
  const fd = openSync(path, 'w')
  const writer = createCaptureWriter(
    (block) => {
      writeSync(fd, block)
    },
    ({ reason }) => {
      throw new Error(`the capture cannot be written: ${reason}`)
    },
  )
  const at = unixNs(0n, 'at')
  writer.begin(
    {
      version: 'bench',
      layout: LAYOUT,
      deviceId: '00000000-0000-4000-8000-00000000be4c',
      host: {
        hostname: 'bench',
        os: '',
        osVersion: '',
        osBuild: '',
        hardware: '',
        arch: '',
        bootId: '',
      },
      startedAt: at,
      synthetic: 'a bench',
      baseline: { identities: 0, destinations: 0, alerts: 0 },
    },
    [],
  )
  writer.records(opening(LOAD))
  const some = reports(LOAD)
  for (let round = 0; round < rounds; round++) {
    writer.records(some.records)
    some.again()
  }
  writer.end({ endedAt: at, alerts: 0, digest: '' })
  closeSync(fd)
}

type Run = { seconds: number; rssMaxMb: number }

/** Seconds of processor time of this thread: one core's work, whatever else the machine does. */
function threadSeconds(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1e6
}

/** Reads and detects; throws unless all of it was used. */
async function run(path: string, rounds: number): Promise<Run> {
  const source = { ...(await openCapture(path)), notes: () => [] }
  let rssMax = 0
  let pieces = 0
  const began = threadSeconds()
  const report = await replay(source, {
    onProgress: () => {
      if (pieces++ % 64 === 0) rssMax = Math.max(rssMax, process.memoryUsage.rss())
    },
  })
  const seconds = threadSeconds() - began
  if (source.damage().places > 0 || report.records < rounds * LOAD.flows)
    throw new Error(`the bench is not what it says: ${JSON.stringify(source.damage())}`)
  return { seconds, rssMaxMb: rssMax / MB }
}

async function growth(): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-bench-'))
  try {
    const runs: Run[] = []
    for (const times of [1, 1, 10, 100]) {
      const path = join(directory, `${times}.fcap`)
      write(path, ROUNDS * times)
      runs.push(await run(path, ROUNDS * times))
    }
    // The first run of all warms up what the others share.
    const [, one, ten, hundred] = runs as [Run, Run, Run, Run]
    const rate = (100 * ROUNDS * LOAD.flows) / hundred.seconds
    const fileMb = statSync(join(directory, '100.fcap')).size / MB
    const grewMb = Math.max(0, hundred.rssMaxMb - ten.rssMaxMb)
    const ratio = hundred.seconds / ten.seconds
    return [
      {
        name: 'engine replay of a capture file',
        value: Math.round(rate),
        unit: 'records/s',
        rival: `4,000,000 reports in ${Math.round(fileMb)} MB, ${hundred.seconds.toFixed(1)} s; a hundredth of it ${one.seconds.toFixed(2)} s`,
        target: '1,000,000/s',
        met: rate >= 1_000_000,
      },
      {
        name: 'engine replay of a capture ten times as long',
        value: Math.round(ratio * 100) / 100,
        unit: 'times',
        target: 'at most 10.5',
        met: ratio <= 10.5,
      },
      {
        name: 'engine memory of a capture 100 times as long, above that of 10 times',
        value: Math.round(grewMb * 10) / 10,
        unit: 'MB',
        target: 'at most 32',
        met: grewMb <= 32,
      },
    ]
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

export const captureBenches: Bench[] = [{ name: 'engine replay of a capture', run: growth }]
