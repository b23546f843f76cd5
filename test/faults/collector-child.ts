// A collector to be killed: `node collector-child.ts STATE_DIR PORT OFFSET_MS`. It says "listening" when agents of this
// machine can come, "served" when those that need its port can too, and what it logs; or "cannot start: WHY", and ends.
// "clock MS" on stdin sets its clock; to "count" it says "counted" and its counters.
import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { createInterface } from 'node:readline'
import { startCollector } from '../../src/collector/collector.ts'
import { CollectorError } from '../../src/collector/terms/collector-error.ts'
import type { UnixNs } from '../../src/units.ts'

/** Longer than any clock of these runs is off but one: that one, were it believed, would make all that is stored too old. */
const KEEP_NS = 30n * 365n * 86_400_000_000_000n
const KEEP_BYTES = 20e9

const [, , stateDir, port, offsetText] = process.argv
if (!stateDir) throw new Error('usage: collector-child.ts STATE_DIR PORT OFFSET_MS')
const say = (line: string) => writeSync(1, `${line}\n`)

let offsetMs = Number(offsetText)
const commands = createInterface({ input: process.stdin })
// Who started it has gone.
commands.on('close', () => process.exit())
commands.on('line', (line) => {
  const [command, value] = line.split(' ')
  if (command === 'clock') offsetMs = Number(value)
  if (command === 'count') say(`counted ${JSON.stringify(collector.counters())}`)
})
const collector = await startCollector({
  stateDir,
  host: '127.0.0.1',
  port: Number(port),
  waitsForPort: true,
  onServed: () => say('served'),
  now: () => (BigInt(Date.now() + offsetMs) * 1_000_000n) as UnixNs,
  limits: { backoffMaxMs: 1000 },
  keep: { ageNs: KEEP_NS, bytes: KEEP_BYTES },
  beatMs: 100,
  log: (text) => say(`log ${text}`),
}).catch((cause) => {
  if (!(cause instanceof CollectorError)) throw cause
  say(`cannot start: ${cause.message}`)
  process.exit()
})
say('listening')
// It will not end in order, which is when Node would write it.
flushCompileCache()
