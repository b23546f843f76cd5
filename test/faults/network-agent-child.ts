// An agent with an outbox on disk and an uplink over mutual TLS, to be killed: `node network-agent-child.ts DIRECTORY HARDWARE
// LIFE`; the directory holds what it enrolled with, as a machine of this hardware id. It finds alerts at a steady rate and says
// "given N", so many in this life, before an append; after it "numbered N", the last number that the outbox gave, "acknowledged N",
// what has left it, and "kept N"; and what it logs. To "drain" on stdin it finds no more, waits until its outbox is empty,
// says its account and ends.
import assert from 'node:assert/strict'
import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { createEnrolment, readEnrolment } from '../../src/agent/enrolment-file.ts'
import { createSuccession } from '../../src/agent/next-enrolment.ts'
import { openOutbox } from '../../src/stream/outbox.ts'
import { startUplink } from '../../src/stream/uplink.ts'
import { deviceOf } from '../../src/trust/vouching.ts'
import { nowUnixNs } from '../../src/units.ts'
import { numberedAlert } from './account.ts'

const BATCH = 5
/**
 * 62 alerts a second are some 110 KB/s over both halves of the link. At 250 a second they nearly filled the narrow one, 500 KB/s:
 * in two runs of eleven what waited took longer than a minute.
 */
const EVERY_MS = 80

const [, , directory, hardware, lifeText] = process.argv
if (!directory || !hardware)
  throw new Error('usage: network-agent-child.ts DIRECTORY HARDWARE LIFE')
const life = Number(lifeText)
const say = (line: string) => writeSync(1, `${line}\n`)

const enrolment = readEnrolment(directory)
assert(enrolment)
const deviceId = deviceOf(enrolment)
const told = {
  ...{ hardware, agentVersion: '0.1.0' },
  host: {
    ...{ hostname: 'mac-1', os: 'linux', osVersion: '', osBuild: '', hardware: '', arch: 'x64' },
    bootId: '',
  },
}
const outbox = openOutbox(join(directory, 'outbox.db'), {
  ...{ bytesMax: 1 << 26, ageMaxMs: 1e12, now: nowUnixNs },
  log: (text) => say(`log ${text}`),
})
const ending = new AbortController()
// As src/agent/link.ts makes it, at another pace: a silence of three pings is noticed.
const uplink = startUplink({
  ...{ url: enrolment.collector, outbox, signal: ending.signal },
  hello: { deviceId, ...told },
  enrolment: {
    ...createEnrolment(directory, deviceId, enrolment, Date.now),
    ...createSuccession(directory, enrolment, told),
  },
  log: (text) => say(`log ${text}`),
  // A handshake that the network forgot is given up long before a test's patience ends.
  pace: { pingMs: 1000, handshakeMs: 10_000, backoffFirstMs: 50, backoffMostMs: 200 },
})
let isDraining = false
const commands = createInterface({ input: process.stdin })
// Who started it has gone.
commands.on('close', () => process.exit())
commands.on('line', () => {
  isDraining = true
})
// It will not end in order, which is when Node would write it.
flushCompileCache()

for (let count = 0; !isDraining; ) {
  const from = count + 1
  count += BATCH
  say(`given ${count}`)
  outbox.append(
    Array.from({ length: BATCH }, (_, index) => numberedAlert(life, from + index, 'medium')),
  )
  assert.equal(outbox.unwritten(), 0)
  // "kept" comes last: who has read it has read the numbers that belong to it, however long this process waits for its turn between.
  say(`numbered ${outbox.lastSequence()}`)
  say(`acknowledged ${outbox.acknowledged()}`)
  say(`kept ${count}`)
  uplink.poke()
  await delay(EVERY_MS)
}
while (outbox.counters().items > 0) await delay(5)
say(JSON.stringify({ ...outbox.counters(), setAside: outbox.setAside }))
ending.abort()
await uplink.done
outbox.close()
process.exit()
