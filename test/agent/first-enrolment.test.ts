// An agent that has settings and no certificate: it enrols by itself, with a real collector, however often that takes.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { enrolHere, type Wanted } from '../../src/agent/enrolling.ts'
import { type Enrolment, readEnrolment } from '../../src/agent/enrolment-file.ts'
import { startEnrolling } from '../../src/agent/first-enrolment.ts'
import type { Uplink, UplinkState } from '../../src/stream/uplink.ts'
import { nowUnixNs, unixNs } from '../../src/units.ts'
import { DEVICE_A, helloOf } from '../collector/agent.ts'
import { type Fleet, hardwareOf, runFleet } from '../collector/enrolled.ts'
import { until } from '../waits.ts'

const machine = {
  ...{ deviceId: DEVICE_A, hardware: hardwareOf(DEVICE_A), agentVersion: '0.1.0' },
  host: helloOf(DEVICE_A).hello.host,
}

describe('an agent that enrols by its settings', () => {
  let fleet: Fleet
  let directory: string
  let ending: AbortController
  let lines: string[]
  let given: Enrolment[]
  let uplink: Uplink
  beforeEach(async () => {
    fleet = await runFleet({ enrolmentsPerSecond: 1000, enrolmentsBurst: 1000 })
    directory = mkdtempSync(join(tmpdir(), 'freshet-first-'))
    ending = new AbortController()
    lines = []
    given = []
  })
  afterEach(async () => {
    ending.abort()
    await uplink.done
    await fleet.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  const wantedBy = (token: string, port = fleet.door.port): Wanted => ({
    ...{ collector: `https://127.0.0.1:${port}`, pin: fleet.door.pin, token },
  })
  const connected: UplinkState = { state: 'connected' }
  const start = (wanted: () => Wanted, refusedMs = 20) => {
    uplink = startEnrolling({
      ...{ directory, wanted, machine, signal: ending.signal, random: () => 0.5 },
      pace: { firstMs: 20, mostMs: 100, refusedMs, lookMs: 20 },
      log: (line) => lines.push(line),
      enrolled(enrolment) {
        given.push(enrolment)
        return {
          ...{ poke() {}, live() {}, tellPolicies() {}, clockOffsetMs: () => 7 },
          ...{ state: () => connected, done: Promise.resolve() },
        }
      },
    })
  }
  const refusedWith = async (code: string) => {
    await until(() => {
      const state = uplink.state()
      return state.state === 'refused' && state.code === code
    })
    const state = uplink.state()
    assert(state.state !== 'refused' || state.httpStatus === 403)
  }

  it('is let in quarantined, keeps what it got, and has an uplink from then on', async () => {
    start(() => wantedBy(fleet.token({ group: 'berlin' })))
    assert.equal(uplink.clockOffsetMs(), undefined)
    await until(() => given.length === 1)
    assert.deepEqual(readEnrolment(directory), given[0])
    assert.equal(given[0]?.group, 'berlin')
    assert.deepEqual([uplink.state(), uplink.clockOffsetMs()], [connected, 7])
    const standing = fleet.withRegistry((registry) => registry.device(DEVICE_A)?.standing)
    assert.equal(standing, 'quarantined')
    assert.deepEqual(lines, [
      `enrolled by the settings with https://127.0.0.1:${fleet.door.port}, in the group berlin`,
    ])
  })

  it('says why it is refused, asks again, and takes settings that were mended meanwhile', async () => {
    const past = unixNs(nowUnixNs() - 1n, 'past')
    let wanted = wantedBy(fleet.token({ expiresAt: past }))
    let asked = 0
    start(() => {
      asked++
      return wanted
    })
    await refusedWith('token-expired')
    await until(() => asked > 3)
    assert.equal(lines.length, 1, lines.join('\n'))
    assert.match(lines[0] ?? '', /no collector: .*it answered 403: the token "test" has expired/)
    wanted = wantedBy(fleet.token())
    await until(() => given.length === 1)
    // Of hardware that is known a token lets in nobody else.
    const other = mkdtempSync(join(tmpdir(), 'freshet-first-'))
    await assert.rejects(enrolHere(other, wanted, machine), { code: 'device-known' })
    rmSync(other, { recursive: true })
  })

  it('waits for a collector that is away, and is refused by settings that will not do', async () => {
    let wanted = (): Wanted => {
      throw new Error('settings: /etc/freshet/settings.json names no pin')
    }
    start(() => wanted())
    await until(() => uplink.state().state === 'refused')
    // Not by a collector: nobody was asked.
    await until(() => lines.length === 1)
    assert.deepEqual(lines, ['no collector: settings: /etc/freshet/settings.json names no pin'])
    const token = fleet.token()
    wanted = () => wantedBy(token, 1)
    await until(() => uplink.state().state === 'waiting')
    await until(() => lines.some((line) => /not enrolled: .*nothing listens there/.test(line)))
    wanted = () => ({ ...wantedBy(token), pin: 'ab'.repeat(32) })
    await until(() => lines.some((line) => /does not have the pin/.test(line)))
    wanted = () => wantedBy(token)
    await until(() => given.length === 1)
  })

  it('goes by what a person has enrolled it with meanwhile', async () => {
    const past = unixNs(nowUnixNs() - 1n, 'past')
    const late = fleet.token({ expiresAt: past })
    // It would ask again after the test.
    start(() => wantedBy(late), 1e6)
    await refusedWith('token-expired')
    const by = await enrolHere(directory, wantedBy(fleet.token({ group: 'hand' })), machine)
    await until(() => given.length === 1)
    assert.deepEqual(given[0], by)
  })

  it('ends at once where it is asked to, whatever it waits for', async () => {
    let reached = false
    const deaf = createServer(() => {
      reached = true
    })
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve))
    const address = deaf.address()
    assert(address !== null && typeof address === 'object')
    start(() => wantedBy('freshet_enrol_x', address.port))
    await until(() => reached)
    const sinceMs = performance.now()
    ending.abort()
    await uplink.done
    // An attempt has 20 s.
    assert(performance.now() - sinceMs < 15_000)
    deaf.close()
  })
})
