// The agent's side of delivery, to be killed: `node agent-child.ts DIRECTORY STATE LIFE SEED`; STATE is that of
// the collector's installation. It puts alerts into its outbox as fast as they leave, and says of each batch "given N", how
// many it found in this life, before it does and, after it, "kept N" when its disk has them all, or "memory N": so many
// wait there; and what it logs. On stdin: "press", and it puts in more however many wait, faster than they can leave; "ease",
// and it says "eased" and does not; "drain": it finds no more, waits until the outbox is empty, says its account and ends.
import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { openOutbox } from '../../src/stream/outbox.ts'
import { startUplink } from '../../src/stream/uplink.ts'
import type { UnixNs } from '../../src/units.ts'
import { hello } from '../stream/uplink-fixture.ts'
import { numberedAlert } from './account.ts'
import { chanceOf } from './seed.ts'

/** More than credit allows, so that a killed collector always has hundreds of items between socket and disk. */
const WAITING_MAX = 4000
const BATCH_MAX = 200
/**
 * Under pressure: what leaves as fast as it comes fits for ever into the room that a file has when its disk is full, some
 * MiB of free pages and of its log.
 */
const PRESSED_BATCH_MAX = 4000
/** In memory, under pressure: enough to see that a disk takes nothing, and far below what memory has room for. */
const UNWRITTEN_MAX = 1000
/** In all, under pressure: far below what the outbox has room for. */
const PRESSED_MAX = 60_000
const DAY_MS = 86_400_000
const AGE_MAX_MS = 100 * 365 * DAY_MS

const [, , directory, url, lifeText, seedText] = process.argv
if (!directory || !url) throw new Error('usage: agent-child.ts DIRECTORY STATE LIFE SEED')
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
  patienceMs: 100,
  log: (text) => writeSync(1, `log ${text}\n`),
})
const ending = new AbortController()
const uplink = startUplink({
  url,
  hello,
  outbox,
  signal: ending.signal,
  log: (text) => writeSync(1, `log ${text}\n`),
  pace: {
    handshakeMs: 5000,
    welcomeMs: 5000,
    pingMs: 5000,
    ackMs: 20_000,
    closeMs: 200,
    backoffFirstMs: 10,
    backoffMostMs: 100,
    refusedMs: 100,
    revokedMs: 100,
  },
})
let isDraining = false
let isPressed = false
const commands = createInterface({ input: process.stdin })
// Who started it has gone.
commands.on('close', () => process.exit())
commands.on('line', (command) => {
  isPressed = command === 'press'
  isDraining ||= command === 'drain'
  if (command === 'ease') writeSync(1, 'eased\n')
})

// It will not end in order, which is when Node would write it.
flushCompileCache()

let given = 0
let kept = 0
const say = (what: string, count: number) => writeSync(1, `${what} ${count}\n`)

function findMore(): void {
  const most = isPressed ? PRESSED_BATCH_MAX : BATCH_MAX
  const findings = Array.from({ length: chance.between(1, most) }, (_, index) =>
    numberedAlert(life, given + index + 1, chance.pick(['low', 'medium', 'high'] as const)),
  )
  given += findings.length
  say('given', given)
  outbox.append(findings)
  if (outbox.unwritten() > 0) say('memory', outbox.unwritten())
  uplink.poke()
}

function noteKept(): void {
  outbox.retry()
  if (kept === given || outbox.unwritten() > 0) return
  kept = given
  say('kept', kept)
}

while (!isDraining) {
  const { items, unwritten } = outbox.counters()
  if (items < WAITING_MAX || (isPressed && items < PRESSED_MAX && unwritten < UNWRITTEN_MAX))
    findMore()
  noteKept()
  if (chance.between(1, 50) === 1) offsetMs = chance.pick(OFFSETS_MS)
  await delay(chance.between(0, 2))
}
while (outbox.counters().items > 0) {
  noteKept()
  uplink.poke()
  await delay(5)
}
noteKept()
writeSync(1, `${JSON.stringify({ ...outbox.counters(), setAside: outbox.setAside })}\n`)
ending.abort()
await uplink.done
outbox.close()
process.exit()
