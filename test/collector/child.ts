// A collector in a process of its own, for tests that kill it: `node child.ts STATE_DIR` prints its address.
import { startCollector } from '../../src/collector/collector.ts'

const collector = await startCollector({
  stateDir: process.argv[2] as string,
  host: '127.0.0.1',
  port: 0,
  log: (text) => process.stderr.write(`${text}\n`),
})
process.stdout.write(`${collector.url}\n`)
