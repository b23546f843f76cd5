// The agent's side of delivery, to be killed: `node agent-child.ts DIRECTORY URL TOKEN LIFE SEED`. It commits
// alerts to its outbox as fast as they leave, and prints after each commit how many it has committed in this
// life. "drain" on stdin: it commits no more, waits until the outbox is empty, prints its account and ends.
import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { openOutbox } from '../../src/stream/outbox.ts'
import { startUplink } from '../../src/stream/uplink.ts'
import type { UnixNs } from '../../src/units.ts'
import { hello } from '../stream/uplink-fixture.ts'
import { keptBy, numberedAlert } from './account.ts'
import { chanceOf } from './seed.ts'

/** More than credit allows, so that a killed collector always has hundreds of items between socket and disk. */
const WAITING_MAX = 4000
const BATCH_MAX = 200
const DAY_MS = 86_400_000
const AGE_MAX_MS = 100 * 365 * DAY_MS

const [, , directory, url, token, lifeText, seedText] = process.argv
if (!directory || !url || !token)
  throw new Error('usage: agent-child.ts DIRECTORY URL TOKEN LIFE SEED')
const life = Number(lifeText)
const chance = chanceOf(Number(seedText))

// Its clock is now and then far off, and set while it runs.
const OFFSETS_MS = [0, 0, -10 * DAY_MS, 3_600_000, 3000 * DAY_MS, -9000 * DAY_MS] as const
let offsetMs = chance.pick(OFFSETS_MS)
const now = () => (BigInt(Date.now() + offsetMs) * 1_000_000n) as UnixNs

const outbox = openOutbox(join(directory, 'outbox.db'), {
  bytesMax: 1 << 26,
  ageMaxMs: AGE_MAX_MS,
  now,
})
const ending = new AbortController()
const uplink = startUplink({
  url,
  token,
  hello,
  outbox,
  signal: ending.signal,
  pace: {
    handshakeMs: 5000,
    welcomeMs: 5000,
    pingMs: 5000,
    ackMs: 20_000,
    closeMs: 200,
    backoffFirstMs: 10,
    backoffMostMs: 100,
    refusedMs: 100,
  },
})
let draining = false
process.stdin.once('data', () => {
  draining = true
})

// It will not end in order, which is when Node would write it.
flushCompileCache()

let committed = 0
while (!draining) {
  if (outbox.counters().items < WAITING_MAX) {
    const findings = Array.from({ length: chance.between(1, BATCH_MAX) }, (_, index) =>
      numberedAlert(life, committed + index + 1, chance.pick(['low', 'medium', 'high'] as const)),
    )
    outbox.append(findings)
    committed += findings.length
    writeSync(1, `${committed}\n`)
    uplink.poke()
  }
  if (chance.between(1, 50) === 1) offsetMs = chance.pick(OFFSETS_MS)
  await delay(chance.between(0, 2))
}
while (outbox.counters().items > 0) {
  uplink.poke()
  await delay(5)
}
writeSync(1, `${JSON.stringify({ ...keptBy(outbox), setAside: outbox.setAside })}\n`)
ending.abort()
await uplink.done
outbox.close()
process.exit()
