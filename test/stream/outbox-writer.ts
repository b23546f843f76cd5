// Child of the kill test: appends for ever, and prints after each append that returned how much it has appended.
import { writeSync } from 'node:fs'
import { openOutbox } from '../../src/stream/outbox.ts'
import { nowUnixNs } from '../../src/units.ts'
import { alertFinding } from './findings.ts'

const path = process.argv[2]
if (path === undefined) throw new Error('usage: outbox-writer.ts PATH')
const outbox = openOutbox(path, { bytesMax: 1 << 28, ageMaxMs: 86_400_000, now: nowUnixNs })
for (let appended = 3; ; appended += 3) {
  outbox.append([alertFinding(), alertFinding('low'), alertFinding('medium')])
  writeSync(1, `${appended}\n`)
}
