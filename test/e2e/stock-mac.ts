// Sense on a Mac that this machine is not: its native sources are doubles, which tell what this process is sent, and
// Apple's programs are the test's own. Everything behind them is the product's.

import { runSense } from '../../src/sense/sense.ts'
import { createDouble, WHOLE_MAC } from '../sense/double.ts'

const [cli, state, programs] = process.argv.slice(2) as [string, string, string]
const RING_BYTES = 1 << 20

const double = createDouble(RING_BYTES, WHOLE_MAC)
const ending = new AbortController()
process.on('message', (records: string[]) => {
  for (const record of records) double.push(Buffer.from(record, 'base64'))
})
process.on('disconnect', () => ending.abort())

process.exitCode = await runSense({
  addon: { ...double.addon, bootNs: () => process.hrtime.bigint() },
  engineCommand: [process.execPath, cli, 'engine', '--state', state, '--collector', state],
  ringBytes: RING_BYTES,
  sourcePrograms: programs,
  signal: ending.signal,
  log: (text) => process.stderr.write(`sense: ${text}\n`),
})
