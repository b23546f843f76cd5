// Numbers that are not one's own: an impostor's, an older copy's, a collector's that was brought back. An item is let
// go only for an acknowledgement of itself, so none of them makes one be taken for delivered.
import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AlertsResponse } from '../../src/collector/page-api.ts'
import { SEQUENCE_LEAP_MAX, SEQUENCE_MAX } from '../../src/stream/message.ts'
import { type Outbox, openOutbox } from '../../src/stream/outbox.ts'
import { startUplink } from '../../src/stream/uplink.ts'
import { nowUnixNs } from '../../src/units.ts'
import { numberedAlert } from '../faults/account.ts'
import { healthFinding } from '../stream/findings.ts'
import { hello, PACE, until } from '../stream/uplink-fixture.ts'
import { Agent, alertItem, helloOf, itemOf, type Running, runCollector, uidOf } from './agent.ts'

const DEVICE = hello.deviceId
const OTHER_OUTBOX = 'ee'.repeat(16)

describe('numbers that are not one’s own', () => {
  let running: Running
  let directory: string
  const open: Outbox[] = []
  beforeEach(async () => {
    running = await runCollector()
    directory = mkdtempSync(join(tmpdir(), 'freshet-numbers-'))
  })
  afterEach(async () => {
    for (const outbox of open.splice(0)) outbox.close()
    await running.stop()
    rmSync(directory, { recursive: true })
  })

  const outboxAt = (name: string): Outbox => {
    const path = join(directory, name)
    const outbox = openOutbox(path, { bytesMax: 1 << 24, ageMaxMs: 1e9, now: nowUnixNs })
    open.push(outbox)
    return outbox
  }
  const append = (outbox: Outbox, life: number, from: number, to: number) => {
    for (let number = from; number <= to; number++)
      outbox.append([numberedAlert(life, number, 'high')])
  }
  /** Sends until nothing waits. */
  const drain = async (outbox: Outbox, lines: string[] = []) => {
    const ending = new AbortController()
    const { url } = running.collector
    const log = (text: string) => void lines.push(text)
    const of = { url, token: running.token, hello, outbox, signal: ending.signal, pace: PACE, log }
    const uplink = startUplink(of)
    await until(() => outbox.counters().items === 0)
    ending.abort()
    await uplink.done
  }
  const stored = async () => (await running.json<AlertsResponse>('/api/alerts?limit=500')).total
  /** Somebody with the token who says that they are the device. */
  const impostor = async (outboxId: string) => {
    const agent = await new Agent(running.collector.url, { token: running.token }).opened()
    const said = helloOf(DEVICE)
    agent.send({ kind: 'hello', hello: { ...said.hello, outboxId } })
    await agent.expect('welcome')
    return agent
  }

  it("an impostor's item under a number as high as it goes takes nothing from the agent", async () => {
    const outbox = outboxAt('outbox.db')
    append(outbox, 1, 1, 15)
    const other = await impostor(OTHER_OUTBOX)
    await other.deliver([alertItem(SEQUENCE_LEAP_MAX)])
    await other.close()
    await drain(outbox)
    assert.equal(await stored(), 16)
  })

  it('one that knows the outbox’s own id makes it another outbox, and nothing is lost', async () => {
    const outbox = outboxAt('outbox.db')
    append(outbox, 1, 1, 15)
    const { id } = outbox
    const other = await impostor(id)
    await other.deliver([alertItem(SEQUENCE_LEAP_MAX)])
    await other.close()
    const lines: string[] = []
    await drain(outbox, lines)
    assert.notEqual(outbox.id, id)
    assert.match(lines.join('\n'), /has items up to 4294967296 of this outbox, which gave 15/)
    assert.equal(await stored(), 16)
  })

  it('a leap, and a number that no outbox reaches, are refused where they enter', async () => {
    const leaps = await impostor(OTHER_OUTBOX)
    leaps.send({ kind: 'batch', items: [alertItem(SEQUENCE_LEAP_MAX + 1)] })
    assert.equal((await leaps.closed).code, 1008)
    assert.equal(running.collector.counters().agentsClosedLeap, 1)
    const far = await impostor(OTHER_OUTBOX)
    // The sequence of a whole item made one more than the highest: its field is 2, a varint of seven bytes.
    const item = Buffer.from(itemOf(SEQUENCE_MAX, healthFinding, uidOf(1)))
    const at = item.indexOf(Buffer.from('1080808080808040', 'hex'))
    assert.ok(at > 0)
    item[at + 1] = 0x81
    far.send({ kind: 'batch', items: [item] })
    assert.equal((await far.closed).code, 1007)
    assert.equal(await stored(), 0)
  })

  it('an older copy of the agent’s directory delivers all that waits in it', async () => {
    const outbox = outboxAt('outbox.db')
    append(outbox, 1, 1, 5)
    await drain(outbox)
    outbox.close()
    copyFileSync(join(directory, 'outbox.db'), join(directory, 'copy.db'))
    const later = outboxAt('outbox.db')
    append(later, 1, 6, 25)
    await drain(later)
    assert.equal(await stored(), 25)
    const copy = outboxAt('copy.db')
    append(copy, 2, 1, 15)
    await drain(copy)
    assert.equal(await stored(), 40)
    assert.notEqual(copy.id, later.id)
  })

  it('an older copy whose numbers have passed the other’s delivers too: it shares an id, and is asked nothing', async () => {
    const outbox = outboxAt('outbox.db')
    append(outbox, 1, 1, 2)
    outbox.close()
    copyFileSync(join(directory, 'outbox.db'), join(directory, 'copy.db'))
    const later = outboxAt('outbox.db')
    append(later, 1, 3, 10)
    await drain(later)
    const copy = outboxAt('copy.db')
    append(copy, 2, 1, 30)
    await drain(copy)
    // The two that both had are stored once.
    assert.equal(await stored(), 40)
    assert.equal(copy.id, later.id)
  })

  it('a collector that was brought back from a backup takes what is new, and what is sent again once', async () => {
    const outbox = outboxAt('outbox.db')
    append(outbox, 1, 1, 5)
    await drain(outbox)
    // As a backup from before: the collector begins anew.
    await running.stop()
    running = await runCollector()
    append(outbox, 1, 6, 12)
    await drain(outbox)
    assert.equal(await stored(), 7)
  })
})
