// A collector to be killed: `node collector-child.ts STATE_DIR PORT OFFSET_MS` prints a line when it listens.
import { flushCompileCache } from 'node:module'
import { startCollector } from '../../src/collector/collector.ts'
import type { UnixNs } from '../../src/units.ts'

const [, , stateDir, port, offsetMs] = process.argv
if (!stateDir) throw new Error('usage: collector-child.ts STATE_DIR PORT OFFSET_MS')
const offset = Number(offsetMs)
await startCollector({
  stateDir,
  host: '127.0.0.1',
  port: Number(port),
  now: () => (BigInt(Date.now() + offset) * 1_000_000n) as UnixNs,
  limits: { backoffMaxMs: 1000 },
  log: (text) => process.stderr.write(`collector: ${text}\n`),
})
process.stdout.write('listening\n')
// It will not end in order, which is when Node would write it.
flushCompileCache()
