// Simulated agents over real mutual TLS: all that they made is stored once, through storms, repeats and clocks that are off.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { storedIn } from '../../bench/fleet-stored.ts'
import { swarmLines } from '../../src/cli/swarm-text.ts'
import { PLACE } from '../../src/place.ts'
import {
  enrolMany,
  readIdentities,
  type SwarmIdentities,
  writeIdentities,
} from '../../src/swarm/identities.ts'
import { isWhole, LOAD, type Load, leaveInTurn, runSwarm } from '../../src/swarm/swarm.ts'
import {
  emptyTally,
  generatedOf,
  note,
  quantile,
  sumOf,
  type Tally,
} from '../../src/swarm/tally.ts'
import { type Fleet, runFleet } from '../collector/enrolled.ts'
import { run } from '../e2e/installation.ts'

const NEVER = new AbortController().signal

describe('freshet swarm', function () {
  this.timeout(120_000)
  let fleet: Fleet
  let directory: string
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-swarm-'))
    fleet = await runFleet()
  })
  afterEach(async () => {
    await fleet.stop()
    rmSync(directory, { recursive: true, force: true })
  })
  const enrolled = (count: number, signal = NEVER): Promise<SwarmIdentities> =>
    enrolMany({
      ...{ collector: fleet.door.url, pin: fleet.door.pin, token: fleet.token(), count, signal },
      peer: { host: '127.0.0.1', port: fleet.door.port },
    })
  const played = (identities: SwarmIdentities, load: Partial<Load>): Promise<Tally> =>
    runSwarm({
      ...{ identities, firstNumber: 0, signal: NEVER },
      load: { ...LOAD, connectsPerSecond: 1000, perAgentHour: 36_000, forMs: 2000, ...load },
    })
  const counter = (name: 'itemsStored' | 'enrolled' | 'enrolRefusedToken'): number =>
    fleet.collector.counters()[name] ?? 0

  it('has all that it made acknowledged, and the collector has it', async () => {
    const tally = await played(await enrolled(20), {})
    assert.equal(tally.agents, 20)
    assert.equal(generatedOf(tally), 20 * 10 * 2)
    assert.ok(tally.generated.alert > 0 && tally.generated.sighting > 0)
    assert.equal(tally.acknowledged, generatedOf(tally))
    assert.equal(isWhole(tally), true)
    assert.equal(counter('itemsStored'), generatedOf(tally))
    const { total } = await fleet.json<{ total: number }>('/api/alerts?limit=1')
    assert.equal(total, tally.generated.alert)
    assert.deepEqual(tally.ends, {})
  })

  it('loses and doubles nothing where all are cut at once and send again what was acknowledged', async () => {
    const pace = { backoffFirstMs: 200 }
    const identities = await enrolled(20)
    const tally = await runSwarm({
      ...{ identities, firstNumber: 0, signal: NEVER, pace },
      load: {
        ...{ ...LOAD, connectsPerSecond: 1000, perAgentHour: 36_000, forMs: 3000 },
        ...{ storms: 2, againShare: 0.5, skewMs: 3_600_000 },
      },
    })
    // One that was not back from the first is not cut in the second.
    assert.ok(tally.cut > 20 && tally.cut <= 40, `${tally.cut}`)
    assert.equal(tally.welcomed, 20 + tally.cut)
    assert.ok(tally.sentAgain > 0)
    assert.equal(isWhole(tally), true, JSON.stringify({ ...tally, latency: [], returned: [] }))
    assert.equal(counter('itemsStored'), generatedOf(tally))
    assert.deepEqual(storedIn(join(fleet.stateDir, 'store.db')), {
      ...{ items: generatedOf(tally), alerts: tally.generated.alert },
    })
    assert.equal(
      tally.returned.reduce((sum, count) => sum + count, 0),
      tally.cut,
    )
  })

  it('makes findings beyond its time for as long as it is told to', async () => {
    const heard: number[] = []
    const tally = await runSwarm({
      ...{ identities: await enrolled(2), firstNumber: 0, signal: NEVER },
      load: { ...LOAD, connectsPerSecond: 1000, perAgentHour: 36_000, forMs: 100 },
      goesOn(sofar) {
        heard.push(generatedOf(sofar))
        return generatedOf(sofar) < 30
      },
    })
    // In its time it makes two.
    assert(generatedOf(tally) >= 30)
    assert.equal(generatedOf(tally), heard.at(-1))
    assert.equal(isWhole(tally), true)
  })

  it('has peers that read no more, which make nothing and hold nobody up', async () => {
    const tally = await played(await enrolled(4), { halfOpen: 2 })
    assert.equal(tally.welcomed, 4)
    assert.equal(generatedOf(tally), 2 * 10 * 2)
    assert.equal(isWhole(tally), true)
  })

  it('says what was not acknowledged where the collector goes', async () => {
    const identities = await enrolled(3)
    const running = played(identities, { drainMs: 500 })
    while (counter('itemsStored') < 5) await new Promise((resolve) => setTimeout(resolve, 20))
    await fleet.collector.close()
    const tally = await running
    assert.ok(tally.waiting > 0)
    assert.equal(tally.acknowledged + tally.waiting, generatedOf(tally))
    assert.equal(isWhole(tally), false)
    assert.ok(Object.keys(tally.ends).length > 0)
  })

  it('has the keys of those that are enrolled where others are refused', async () => {
    const found: SwarmIdentities = { collector: fleet.door.url, authorities: [], devices: [] }
    const enrolling = enrolMany({
      ...{ collector: fleet.door.url, pin: fleet.door.pin, count: 40, signal: NEVER, found },
      ...{ token: fleet.token({ usesMax: 5 }), peer: { host: '127.0.0.1', port: fleet.door.port } },
    })
    await assert.rejects(enrolling, { code: 'token-used-up' })
    assert.equal(found.devices.length, 5)
    assert.equal(counter('enrolled'), 5)
    // Each of the 16 at once ends at its own refusal.
    assert.equal(counter('enrolRefusedToken'), 16)
    const tally = await played(found, { forMs: 500 })
    assert.equal(tally.welcomed, 5)
  })

  it('keeps its devices for the next time, for its user alone, and takes no other file for that', async () => {
    const path = join(directory, 'devices.json')
    assert.equal(readIdentities(path), undefined)
    const identities = await enrolled(2)
    writeIdentities(path, identities)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.deepEqual(readIdentities(path), identities)
    for (const text of [
      '',
      '[]',
      '{"collector": "x"}',
      '{"collector":"x","authorities":[],"devices":[1]}',
    ]) {
      writeFileSync(path, text)
      assert.throws(() => readIdentities(path), /holds no devices of a swarm/)
    }
  })

  it('is one command, in several processes, and ends with what was made and acknowledged', async () => {
    const token = join(directory, 'token')
    writeFileSync(token, fleet.token())
    const devices = join(directory, 'devices.json')
    const command = (...more: string[]) =>
      run([PLACE.cli, 'swarm', '--collector', fleet.door.url, '--identities', devices, ...more], {
        timeout: 100_000,
      })
    const load = ['--agents', '5', '--seconds', '2', '--rate', '7200', '--ramp', '1000']
    const first = await command(...load, '--pin', fleet.door.pin, '--token-file', token, '--json')
    assert.equal(first.status, 0, first.stderr)
    const tally = JSON.parse(first.stdout) as Tally
    assert.deepEqual([tally.agents, generatedOf(tally), tally.acknowledged], [5, 20, 20])
    // The same devices, without a token; of several processes the sum, and of all as many that read no more.
    const again = await command(...load, '--processes', '2', '--half-open', '1')
    assert.equal(again.status, 0, again.stderr)
    assert.match(again.stdout, /^agents +5, all connected at once, 5 connections in /)
    assert.match(again.stdout, /^generated +16 items \(.*\)$/m)
    assert.match(again.stdout, /^acknowledged +16; 0 refused, 0 waiting at the end$/m)
    assert.equal(counter('enrolled'), 5)
    assert.equal(counter('itemsStored'), 36)
    const more = await command('--agents', '6')
    assert.equal(more.status, 78)
    assert.match(
      more.stderr,
      /1 devices? ha(s|ve) to enrol first: that wants --pin and --token-file/,
    )
    const many = await command('--agents', '900000')
    assert.equal(many.status, 78)
    assert.match(many.stderr, /--agents: a process .* give --processes \d+ or raise `ulimit -n`/)
  })
})

describe('a swarm that ends', () => {
  it('leaves in slices, each once those before have left', async () => {
    const ended: number[] = []
    const leave: (() => void)[] = []
    const agents = Array.from({ length: 5 }, (_, n) => ({
      end: () => void ended.push(n),
      done: new Promise<void>((resolve) => leave.push(resolve)),
    }))
    const over = leaveInTurn(agents, 2)
    const settled = () => new Promise((resolve) => setImmediate(resolve))
    leave[0]?.()
    await settled()
    assert.deepEqual(ended, [0, 1])
    leave[1]?.()
    await settled()
    assert.deepEqual(ended, [0, 1, 2, 3])
    for (const one of leave) one()
    await over
    assert.deepEqual(ended, [0, 1, 2, 3, 4])
  })
})

describe('what a swarm counts', () => {
  it('says how long a share waited, to 5 %', () => {
    const histogram: number[] = []
    for (let ms = 1; ms <= 1000; ms++) note(histogram, ms)
    for (const [share, ms] of [
      [0.5, 500],
      [0.95, 950],
      [1, 1000],
    ] as const) {
      const found = quantile(histogram, share) ?? 0
      assert.ok(found >= ms && found <= ms * 1.06, `${share}: ${found}`)
    }
    assert.equal(quantile([], 0.5), undefined)
    note(histogram, 1e12)
    assert.ok((quantile(histogram, 1) ?? 0) > 1e6)
  })

  it('is the sum of its processes', () => {
    const [one, two] = [emptyTally(), emptyTally()]
    note(one.latency, 5)
    note(two.latency, 500)
    Object.assign(one, { acknowledged: 3, ends: { a: 1 } })
    Object.assign(two, { acknowledged: 4, ends: { a: 2, b: 1 } })
    two.generated.alert = 2
    const sum = sumOf([one, two])
    assert.equal(sum.acknowledged, 7)
    Object.assign(one, { agents: 5, connectedMost: 3 })
    Object.assign(two, { agents: 2, connectedMost: 2 })
    const [agents] = swarmLines(sumOf([one, two]), LOAD, 1000)
    assert.match(`${agents}`, /^agents +7, at most 5 connected at once, 0 connections/)
    assert.deepEqual(sum.ends, { a: 3, b: 1 })
    assert.equal(generatedOf(sum), 2)
    assert.equal(
      sum.latency.reduce((total, count) => total + count, 0),
      2,
    )
  })
})
