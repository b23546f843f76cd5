// Another authority takes the place of a collector's, by the commands, while agents of the real code come and go.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { enrolHere } from '../../src/agent/enrolling.ts'
import {
  createEnrolment,
  type Enrolment,
  readEnrolment,
  writeEnrolment,
} from '../../src/agent/enrolment-file.ts'
import { authoritiesIn, lockAuthority, pinIn } from '../../src/collector/fleet/authority.ts'
import { REGISTRY_FILE } from '../../src/collector/fleet/registry-file.ts'
import type { RefusalsResponse } from '../../src/collector/views/page-api.ts'
import { PLACE } from '../../src/place.ts'
import type { EnrolError } from '../../src/stream/enrol.ts'
import { openOutbox } from '../../src/stream/outbox.ts'
import { startUplink, type Uplink } from '../../src/stream/uplink.ts'
import { derOf, fingerprintOf, pinOf } from '../../src/trust/pin.ts'
import { nowUnixNs } from '../../src/units.ts'
import { run } from '../e2e/installation.ts'
import { PACE } from '../stream/uplink-fixture.ts'
import { until } from '../waits.ts'
import { DEVICE_A, DEVICE_B, helloOf } from './agent.ts'
import { type Fleet, type How, hardwareOf, runFleet } from './enrolled.ts'

describe('another authority in place of a collector’s', () => {
  let fleet: Fleet
  let directory: string
  const machines: Machine[] = []
  beforeEach(async () => {
    fleet = await runFleet({ backoffMaxMs: 1000 })
    directory = mkdtempSync(join(tmpdir(), 'freshet-authority-'))
  })
  afterEach(async () => {
    for (const one of machines.splice(0)) await one.stop()
    await fleet.stop()
    rmSync(directory, { recursive: true })
  })

  const authority = async (...words: string[]) =>
    run([PLACE.cli, 'collector', 'authority', ...words, '--state', fleet.root])
  const well = async (...words: string[]): Promise<string> => {
    const { status, stdout, stderr } = await authority(...words)
    assert.equal(status, 0, stderr)
    return stdout
  }
  const fails = async (words: string[], text: RegExp) => {
    const { status, stderr } = await authority(...words)
    assert.notEqual(status, 0)
    assert.match(stderr, text)
  }
  const pin = (pem: string): string => pinOf(new X509Certificate(pem))
  const restart = async () => {
    await fleet.collector.close()
    fleet = await runFleet({ backoffMaxMs: 1000 }, {}, fleet.stateDir)
  }

  type Machine = {
    start(): Uplink
    stop(): Promise<void>
    kept(): Enrolment
    lines: string[]
    /** Whose certificate it has, and whom it believes, by their pins. */
    signer(): string | undefined
    believes(): string[]
  }
  const machine = async (deviceId: string, how: How = {}): Promise<Machine> => {
    const place = join(directory, deviceId)
    mkdirSync(place, { recursive: true })
    const { key, certificate, authorities, group } = await fleet.enrol(deviceId, how)
    writeEnrolment(place, { collector: 'https://here', key, certificate, authorities, group })
    const lines: string[] = []
    const outbox = openOutbox(join(place, 'outbox.db'), {
      ...{ bytesMax: 1 << 24, ageMaxMs: 1e9, now: nowUnixNs },
    })
    let uplink: Uplink | undefined
    let ending = new AbortController()
    const kept = () => readEnrolment(place) as Enrolment
    const enrolment = {
      ...createEnrolment(place, deviceId, kept(), Date.now),
      reenrol: async () => undefined,
      takeOwn: () => assert.fail('it is no copy'),
    }
    const made: Machine = {
      ...{ lines, kept },
      start() {
        ending = new AbortController()
        uplink = startUplink({
          ...{ url: fleet.door.url, outbox, signal: ending.signal, pace: PACE, enrolment },
          hello: {
            ...{ deviceId, agentVersion: '0.1.0', hardware: hardwareOf(deviceId) },
            host: helloOf(deviceId).hello.host,
          },
          log: (line) => lines.push(line),
          random: () => 0.02,
        })
        return uplink
      },
      async stop() {
        ending.abort()
        await uplink?.done
      },
      signer() {
        const own = new X509Certificate(kept().certificate)
        const by = kept().authorities.find((one) => own.verify(new X509Certificate(one).publicKey))
        return by && pin(by)
      },
      believes: () => kept().authorities.map(pin),
    }
    machines.push(made)
    return made
  }
  const admit = (id: string) =>
    fleet.withRegistry((registry) => registry.change(id, { standing: 'active' }))
  const connected = (uplink: Uplink) => until(() => uplink.state().state === 'connected')
  /** What the collector shows now: who has this pin finds it. */
  const enrolsBy = (deviceId: string, by: string) => fleet.enrol(deviceId, { pin: by })
  const nextPin = () => pin(authoritiesIn(fleet.stateDir)?.next ?? '')
  const isTakenUp = (by: string) =>
    until(() => fleet.log.some((line) => line.includes(`has the pin ${by}`)))

  it('is taken by an agent that is there all along, and comes again once', async () => {
    const earlier = fleet.door.pin
    const one = await machine(DEVICE_A)
    const uplink = one.start()
    await connected(uplink)
    await well('next')
    const next = nextPin()
    await until(() => one.believes().length === 2)
    assert.deepEqual([one.signer(), one.believes()], [earlier, [earlier, next]])
    await well('switch')
    await until(() => one.signer() === next)
    await until(() => one.believes().length === 2)
    // As it says itself, within a second: nobody is left behind.
    for (;;) if ((await authority('retire')).status === 0) break
    await until(() => one.believes().join() === next)
    // Its connection began with a certificate that is good no more.
    await until(() => fleet.collector.counters()['agentsClosedRetired'] === 1)
    await until(() => one.lines.filter((line) => line === 'connected to the collector').length > 1)
    await connected(uplink)
    const said = one.lines.filter((line) => !line.includes('has renewed'))
    assert.deepEqual([said[0], said.length, said[2]], [said[2], 3, 'connected to the collector'])
    assert.match(said[1] ?? '', /signed the certificate of this connection counts no more/)
    assert.equal(fleet.collector.counters()['renewed'], 3)
    assert.equal(fleet.collector.counters()['renewRefused'], 0)
    await one.stop()
    await connected(one.start())
    assert.equal(fleet.collector.counters()['renewed'], 3, 'it has what it is told')
    assert.match(await well('list'), new RegExp(`${next}  present .* 1 of 1 +1\\n$`))
  })

  it('and a collector brought back from before: it knows the certificate of then, and the agent comes by that', async () => {
    const one = await machine(DEVICE_A)
    await connected(one.start())
    const first = one.kept().certificate
    await well('next')
    await until(() => one.kept().earlier?.certificate === first)
    await one.stop()
    const database = new DatabaseSync(join(fleet.stateDir, REGISTRY_FILE))
    const { changes } = database
      .prepare('DELETE FROM certificate WHERE fingerprint = ?')
      .run(fingerprintOf(derOf(one.kept().certificate)))
    database.close()
    assert.equal(changes, 1)
    const uplink = one.start()
    await until(() => (fleet.collector.counters()['doorRefused'] ?? 0) > 0)
    await connected(uplink)
    assert.equal(one.kept().earlier?.certificate, first)
  })

  it('lets an agent that was away since before it was made come in until the earlier one is retired', async () => {
    const earlier = fleet.door.pin
    const one = await machine(DEVICE_A)
    admit(DEVICE_A)
    await well('next')
    const next = nextPin()
    assert.match(await well('switch'), /1 device did not know it yet/)
    await isTakenUp(next)
    await fails(
      ['retire'],
      new RegExp(
        `1 device would have to enrol again.*${DEVICE_A}.*--force.*no more than 8 such steps in an hour`,
      ),
    )
    assert.match(await well('list'), new RegExp(`${earlier}  earlier .* 0 of 1 +0`))
    await connected(one.start())
    await until(() => one.signer() === next)
    for (;;) if ((await authority('retire')).status === 0) break
    await until(() => one.believes().join() === next)
    await one.stop()
    await connected(one.start())
  })

  it('is a stranger to an agent that comes after the earlier one is gone, until it enrols again', async () => {
    const one = await machine(DEVICE_A)
    const two = await machine(DEVICE_B)
    for (const id of [DEVICE_A, DEVICE_B]) admit(id)
    await connected(two.start())
    await well('next')
    await until(() => two.believes().length === 2)
    await two.stop()
    await well('switch')
    const next = pinIn(fleet.stateDir) as string
    assert.match(
      await well('retire', '--force'),
      /2 devices enrol again by a token and the key that each has, after .*devices allow.* only where its certificate has ended/,
    )
    await isTakenUp(`${next}, and none counts`)
    const uplink = one.start()
    // It says nothing to who may be anybody.
    await until(() => uplink.state().state === 'waiting')
    const state = uplink.state()
    assert(state.state === 'waiting' && state.isUntrusted, JSON.stringify(state))
    // This one knows the collector, and has a certificate of the authority that is gone.
    const other = two.start()
    await until(() => other.state().state === 'refused')
    const refused = other.state()
    assert(refused.state === 'refused')
    assert.equal(refused.code, 'certificate-unknown')
    assert.match(refused.reason, /signed by an authority that counts no more.*enroll/)
    await one.stop()
    await two.stop()
    // As `enroll` does there: by the key that it has, which nobody need allow, and nothing is left that says so.
    const { refusals: before } = await fleet.json<RefusalsResponse>('/api/refusals')
    assert(before.some(({ code }) => code === 'certificate-unknown'))
    await enrolHere(
      join(directory, DEVICE_B),
      { collector: fleet.door.url, pin: next, token: fleet.token() },
      {
        ...{ deviceId: DEVICE_B, hardware: hardwareOf(DEVICE_B), agentVersion: '0.1.0' },
        host: helloOf(DEVICE_B).hello.host,
      },
    )
    const { refusals } = await fleet.json<RefusalsResponse>('/api/refusals')
    assert.deepEqual(
      refusals.filter(({ deviceId }) => deviceId === DEVICE_B),
      [],
    )
    await assert.rejects(enrolsBy(DEVICE_A, next), { code: 'device-known' })
    fleet.withRegistry((registry) => registry.change(DEVICE_A, { mayEnrolAgain: true }))
    const anew = await machine(DEVICE_A, { pin: next })
    await connected(anew.start())
  })

  it('counts beside the earlier one, which both pins find after the switch', async () => {
    const earlier = fleet.door.pin
    await well('next')
    await fails(['next'], /there is a next authority already/)
    const next = nextPin()
    await isTakenUp(earlier)
    const pinned = (error: EnrolError) => /does not have the pin/.test(error.message)
    await assert.rejects(enrolsBy(DEVICE_A, next), pinned, 'it signs nothing yet')
    const before = await machine(DEVICE_A, { pin: earlier })
    assert.deepEqual(before.believes(), [earlier, next])
    await well('switch')
    await isTakenUp(next)
    await fails(['next'], /the authority before the present one still counts/)
    const after = await enrolsBy(DEVICE_B, earlier)
    assert.deepEqual(after.authorities.map(pin), [next, earlier])
    const third = '11111111-1111-4111-8111-111111111111'
    assert.deepEqual((await enrolsBy(third, next)).authorities.map(pin), [next, earlier])
    // Its certificate is the earlier one's, and counts.
    await connected(before.start())
    await well('retire', '--force')
    await fails(['retire'], /there is no earlier authority/)
    await until(() => before.believes().join() === next)
    const fourth = '22222222-2222-4222-8222-222222222222'
    await assert.rejects(enrolsBy(fourth, earlier), pinned)
    await enrolsBy(fourth, next)
  })

  it('is as it was before a command that was cut off, and goes on from there', async () => {
    const one = await machine(DEVICE_A)
    await fails(['switch'], /there is no next authority/)
    await fails(['retire'], /there is no earlier authority/)
    const tls = (name: string) => join(fleet.stateDir, 'tls', name)
    // Cut off while it writes.
    writeFileSync(tls('authority-next.pem.new'), '-----BEGIN', { mode: 0o600 })
    assert.match(await well('list'), /^[0-9a-f]{64} {2}present/m)
    await well('next')
    const next = nextPin()
    // Cut off between the two steps of the switch.
    const own = authoritiesIn(fleet.stateDir)?.own as string
    writeFileSync(tls('authority-earlier.pem'), own, { mode: 0o600 })
    await restart()
    assert.equal(fleet.door.pin, pin(own))
    assert.doesNotMatch(await well('list'), /earlier/)
    await connected(one.start())
    await until(() => one.believes().length === 2)
    await one.stop()
    await well('switch')
    assert(!existsSync(tls('authority-next.pem')))
    assert.equal(readFileSync(tls('authority-earlier.pem'), 'utf8'), own)
    await restart()
    assert.equal(fleet.door.pin, next)
    await connected(one.start())
    await until(() => one.signer() === next)
  })

  it('is changed by one command at a time, and by the collector not meanwhile', async () => {
    await well('next')
    const next = nextPin()
    const before = readFileSync(join(fleet.stateDir, 'tls', 'authority.pem'), 'utf8')
    const unlock = lockAuthority(fleet.stateDir)
    try {
      for (const word of ['switch', 'retire', 'next'])
        await fails([word], /changes the authority at this moment/)
    } finally {
      unlock()
    }
    assert.equal(readFileSync(join(fleet.stateDir, 'tls', 'authority.pem'), 'utf8'), before)
    const both = await Promise.all([authority('switch'), authority('switch')])
    assert.equal(both.filter(({ status }) => status === 0).length, 1)
    assert.match(both.map(({ stderr }) => stderr).join(''), /there is no next authority/)
    await isTakenUp(next)
    assert.equal(pinIn(fleet.stateDir), next)
  })

  it('has an agent ask once on a connection for the same, and eight times, which is two replacements, whatever it is told', async () => {
    const one = await machine(DEVICE_A)
    const own = createEnrolment(join(directory, DEVICE_A), DEVICE_A, one.kept(), Date.now)
    assert.equal(await own.request(own.holds?.()), undefined, 'it has these')
    const asked = []
    for (const told of 'aabcdefg01')
      asked.push((await own.request([told.repeat(64)])) !== undefined)
    const rest = Array.from({ length: 7 }, () => true)
    assert.deepEqual(asked, [true, false, ...rest, false])
  })

  it('has it ask for the same again on its next connection, where no answer came, and eight times at the most', async () => {
    const one = await machine(DEVICE_A)
    const own = createEnrolment(join(directory, DEVICE_A), DEVICE_A, one.kept(), Date.now)
    const asked = []
    for (let connection = 0; connection < 10; connection++) {
      own.identity()
      for (let times = 0; times < 2; times++)
        asked.push((await own.request(['a'.repeat(64)])) !== undefined)
    }
    const [once, never] = [
      [true, false],
      [false, false],
    ]
    const eight = Array.from({ length: 8 }, () => once)
    assert.deepEqual(asked, [...eight, never, never].flat())
  })
})
