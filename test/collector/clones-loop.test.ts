// Machines with one certificate throw each other out, but in no loop: how often within a minute, at the pace of real agents.
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createEnrolment, readEnrolment, writeEnrolment } from '../../src/agent/enrolment-file.ts'
import { createSuccession } from '../../src/agent/next-enrolment.ts'
import { openOutbox } from '../../src/stream/outbox.ts'
import { startUplink } from '../../src/stream/uplink.ts'
import { deviceOf } from '../../src/trust/vouching.ts'
import { nowUnixNs, unixNs } from '../../src/units.ts'
import { times } from '../long.ts'
import { until } from '../waits.ts'
import { alertOf, DEVICE_A, helloOf, T0 } from './agent.ts'
import { type Fleet, hardwareOf, runFleet } from './enrolled.ts'

const SECONDS = times('FRESHET_CLONE_SECONDS', { usual: 3, long: 60 })
const OTHER_HARDWARE = 'bb'.repeat(32)
const REPORT_MS = 250
/** What has gone here only hears nothing: after some 45 s it would take that for a broken connection, and come again. */
const GONE_SECONDS_MAX = 20
/**
 * Who is thrown out waits for a time in [0, 60 s), each as likely: so many fit into a minute once in 10! = 3.6 million minutes. A loop
 * has hundreds.
 */
const REPLACED_MAX = 10

type Machine = {
  place: string
  /** How often it was thrown out by another connection of its device. */
  replaced(): number
  isConnected(): boolean
  delivered(): number
  /** Its connection hears nothing any more, and says nothing: the machine has gone, and nobody was told. */
  vanish(): void
  stop(): Promise<void>
}

describe(`two machines with one certificate, for ${SECONDS} s`, function () {
  this.timeout(600_000)
  let fleet: Fleet
  let directory: string
  let machines: Machine[]
  beforeEach(async () => {
    fleet = await runFleet()
    directory = mkdtempSync(join(tmpdir(), 'freshet-loop-'))
    machines = []
  })
  afterEach(async () => {
    for (const one of machines) await one.stop()
    await fleet.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  let alerts = 0
  /** An agent at its own pace, which has something to say all the time. */
  const start = (name: string, hardware: string, bootId: string): Machine => {
    const place = join(directory, name)
    const outbox = openOutbox(join(place, 'outbox.db'), {
      ...{ bytesMax: 1 << 24, ageMaxMs: 1e12, now: nowUnixNs },
    })
    const enrolment = readEnrolment(place)
    assert(enrolment)
    const host = { ...helloOf(DEVICE_A, name).hello.host, bootId }
    const ending = new AbortController()
    let replaced = 0
    let sockets: { pause(): void; terminate(): void }[] = []
    const uplink = startUplink({
      ...{ url: fleet.door.url, outbox, signal: ending.signal },
      hello: { deviceId: deviceOf(enrolment), agentVersion: '0.1.0', host, hardware },
      enrolment: {
        ...createEnrolment(place, deviceOf(enrolment), enrolment, Date.now),
        ...createSuccession(place, enrolment, { hardware, agentVersion: '0.1.0', host }),
      },
      onSocket: (socket) => sockets.push(socket),
      onState(state) {
        if (state.state === 'waiting' && state.reason.includes('a newer connection')) replaced++
      },
    })
    const reporting = setInterval(() => {
      outbox.append([{ at: unixNs(T0, 'at'), kind: 'alert', alert: alertOf(++alerts) }])
      uplink.poke()
    }, REPORT_MS)
    const made: Machine = {
      place,
      replaced: () => replaced,
      isConnected: () => uplink.state().state === 'connected',
      delivered: () => outbox.acknowledged(),
      vanish() {
        clearInterval(reporting)
        for (const socket of sockets) socket.pause()
      },
      async stop() {
        clearInterval(reporting)
        for (const socket of sockets) socket.terminate()
        sockets = []
        ending.abort()
        await uplink.done
        outbox.close()
      },
    }
    machines.push(made)
    return made
  }
  const enrolled = async (name: string, hardware: string) => {
    const { key, certificate, authorities, group } = await fleet.enrol(DEVICE_A, { hardware })
    mkdirSync(join(directory, name))
    writeEnrolment(join(directory, name), {
      ...{ collector: fleet.door.url, key, certificate, authorities, group },
    })
  }
  const copy = (from: string, to: string) =>
    cpSync(join(directory, from), join(directory, to), { recursive: true })
  const closed = () => fleet.collector.counters()['agentsClosedReplaced'] ?? Number.NaN
  const say = (what: string, count: number) =>
    console.log(`      ${what}: ${count} replacements in ${SECONDS} s`)

  for (const [what, hardware] of [
    ['two clones that their systems call the same', hardwareOf(DEVICE_A)],
    ['two clones of other hardware', OTHER_HARDWARE],
  ] as const)
    it(`is no loop of ${what}, though neither starts anew`, async () => {
      await enrolled('one', hardwareOf(DEVICE_A))
      copy('one', 'two')
      const one = start('one', hardwareOf(DEVICE_A), 'boot-1')
      await until(() => one.isConnected() && one.delivered() > 0)
      const two = start('two', hardware, 'boot-2')
      await until(() => one.replaced() >= 1 && two.delivered() > 0)
      await delay(SECONDS * 1000)
      const count = one.replaced() + two.replaced()
      say(what, closed())
      assert(count < REPLACED_MAX && closed() < REPLACED_MAX, `${count} times, of ${closed()}`)
      // One of the two is there at each moment, and what either has goes on being taken.
      await until(() => one.isConnected() || two.isConnected())
    })

  it('is no loop of a machine whose backup was brought back, in place of it', async () => {
    await enrolled('one', hardwareOf(DEVICE_A))
    copy('one', 'backup')
    const one = start('one', hardwareOf(DEVICE_A), 'boot-1')
    await until(() => one.isConnected() && one.delivered() > 0)
    one.vanish()
    const again = start('backup', hardwareOf(DEVICE_A), 'boot-2')
    await until(() => again.isConnected() && closed() === 1)
    await delay(Math.min(SECONDS, GONE_SECONDS_MAX) * 1000)
    say('a backup that was brought back', closed())
    assert.equal(closed(), 1, 'the connection that nobody had ended')
    assert.equal(again.replaced(), 0)
    assert(again.isConnected() && again.delivered() > 0)
    assert.equal(fleet.collector.counters()['clonesFound'], 0)
  })
})
