// docs/operate.md, "Change the policy of all, a few first", walked with a hundred simulated agents.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CollectorReady } from '../../src/cli/collector.ts'
import { PLACE } from '../../src/place.ts'
import { isInShare } from '../../src/policy/target.ts'
import { enrolMany, type SwarmIdentities } from '../../src/swarm/identities.ts'
import { isWhole, LOAD, runSwarm } from '../../src/swarm/swarm.ts'
import { emptyTally, generatedOf, type Tally } from '../../src/swarm/tally.ts'
import { run, tied, until } from '../e2e/installation.ts'

const AGENTS = 100
const FAR = ['--not-after', `${new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10)}`]

describe('a policy for a hundred agents', function () {
  this.timeout(240_000)
  let directory: string
  let state: string
  let collector: ChildProcess
  let port: Promise<number>
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-rollout-'))
    state = join(directory, 'state')
    const args = ['collector', '--listen', '127.0.0.1:0', '--tls', '--name', '127.0.0.1']
    collector = tied(
      spawn(process.execPath, [PLACE.cli, ...args, '--user', 'root', '--state', state], {
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      }),
    )
    port = new Promise((resolve) =>
      collector.once('message', (ready: CollectorReady) => resolve(ready.port)),
    )
  })
  after(() => {
    collector.kill()
    rmSync(directory, { recursive: true, force: true })
  })
  const freshet = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await run([PLACE.cli, ...args])
    assert.equal(status, 0, `${args.join(' ')}: ${stderr}`)
    return stdout
  }
  const fleet = (...args: string[]) => freshet('collector', ...args, '--state', state)
  const file = (name: string) => join(directory, name)

  it('is tried by a few, then taken by all, held, and taken back, while they deliver', async () => {
    const url = `https://127.0.0.1:${await port}`
    const pin = /[0-9a-f]{64}/.exec(await fleet('pin'))?.[0] as string
    const token = (await fleet('tokens', 'make', '--label', 'swarm')).trim()
    const root = await freshet('policy', 'keygen', '--out', file('root.key'))
    writeFileSync(file('root.pub'), root)
    const policyKey = root
      .trim()
      .split(/\s+/)
      .find((word) => /^[0-9a-f]{64}$/.test(word)) as string
    const identities: SwarmIdentities = await enrolMany({
      ...{ collector: url, pin, token, count: AGENTS, signal: new AbortController().signal },
      peer: { host: '127.0.0.1', port: await port },
    })
    const ending = new AbortController()
    let tally: Tally = emptyTally()
    const swarm = runSwarm({
      ...{ identities, firstNumber: 0, policyKey, signal: ending.signal },
      load: { ...LOAD, connectsPerSecond: 1000, perAgentHour: 3600, forMs: 200_000 },
      onTick: (sofar) => {
        tally = sofar
      },
    })
    const inForce = (version: number) => tally.policies[version]?.agents ?? 0
    const sign = async (version: number, content: object) => {
      writeFileSync(file(`${version}.json`), JSON.stringify(content))
      const to = ['--key', file('root.key'), '--as-version', `${version}`, ...FAR]
      await freshet('policy', 'sign', ...to, '--out', file(`${version}`), file(`${version}.json`))
    }
    const shareOf = (percent: number) =>
      identities.devices.filter(({ deviceId }) => isInShare(deviceId, percent)).length
    try {
      await until(() => tally.connected === AGENTS, 'a hundred agents')

      await sign(1, { hostWhitelist: ['198.51.100.0/24'] })
      await fleet('policy', 'publish', file('1'), '--policy-key', file('root.pub'))
      await until(() => inForce(1) === AGENTS, 'version 1 on all')

      // A tenth first, by their ids: as many as that is, and nobody else.
      await sign(2, { hostWhitelist: ['198.51.100.0/24', 'backup.example.org'] })
      await fleet('policy', 'publish', file('2'), '--share', '10')
      await until(() => inForce(2) === shareOf(10), `version 2 on ${shareOf(10)}`)
      await fleet('policy', 'promote', '2', '--share', '50')
      await until(() => inForce(2) === shareOf(50), `version 2 on ${shareOf(50)}`)

      // Held: nobody more gets it, and who has it keeps it.
      await fleet('policy', 'hold', '2')
      const before = tally.acknowledged
      await until(() => tally.acknowledged >= before + 3 * AGENTS, 'three seconds of findings')
      assert.equal(inForce(2), shareOf(50))
      assert.doesNotMatch(await fleet('policy', 'status'), /failed/)

      // Back: the old content under a higher version, on all, those included that never had version 2.
      await sign(3, JSON.parse(readFileSync(file('1.json'), 'utf8')))
      await fleet('policy', 'publish', file('3'))
      await until(() => inForce(3) === AGENTS, 'version 3 on all')
      assert.equal(inForce(2), shareOf(50))
      // A lower one goes to nobody.
      const lower = await run([
        ...[PLACE.cli, 'collector', 'policy', 'publish', file('1'), '--state', state],
      ])
      assert.notEqual(lower.status, 0, lower.stdout)
      const onAll = async () =>
        (await fleet('policy', 'status')).includes(`${AGENTS} of ${AGENTS} devices apply policy 3`)
      await until(onAll, 'version 3 on all, as they say')
      assert.doesNotMatch(await fleet('policy', 'status'), /failed/)
    } finally {
      ending.abort()
      tally = await swarm
    }
    assert.ok(generatedOf(tally) > AGENTS)
    assert.equal(tally.refused, 0)
    assert.equal(tally.acknowledged + tally.waiting, generatedOf(tally))
    assert.equal(tally.waiting > 0 || isWhole(tally), true)
    assert.deepEqual(tally.ends, {})
  })
})
