// kill -9 of the agent's side and of the collector at random instants under load. FRESHET_FAULTS=200 for a
// longer run, FRESHET_SEED for the one that failed.
import assert from 'node:assert/strict'
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { SetAside } from '../../src/stream/outbox.ts'
import { times } from '../long.ts'
import { type Kept, readStore } from './account.ts'
import { chanceOf, seedOfRun } from './seed.ts'

const KILLS = times('FRESHET_FAULTS', { usual: 6, long: 20 })
const DAY_MS = 86_400_000
const COLLECTOR_OFFSETS_MS = [0, 0, 400 * DAY_MS, -400 * DAY_MS]

type Child = {
  process: ChildProcessByStdio<Writable, Readable, null>
  lines: string[]
  /** Resolves with the first line, or with undefined when it ended before one. */
  ready: Promise<string | undefined>
  ended: Promise<unknown>
}

/** `cache`: where compiled code is kept, so that a start takes half the time. */
function start(file: string, args: string[], cache: string): Child {
  const child = spawn(process.execPath, [join(import.meta.dirname, file), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: cache },
  })
  // A program that was killed does not read what it was told.
  child.stdin.on('error', () => {})
  const lines: string[] = []
  let rest = ''
  const ended = once(child, 'close')
  const ready = new Promise<string | undefined>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n')
      rest = parts.pop() as string
      lines.push(...parts)
      if (lines.length > 0) resolve(lines[0])
    })
    void ended.then(() => resolve(undefined))
  })
  return { process: child, lines, ready, ended }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

describe('delivery between programs that are killed', () => {
  let directory: string
  const children = new Set<Child>()
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-faults-'))
  })
  after(async () => {
    for (const child of children) child.process.kill('SIGKILL')
    await Promise.all([...children].map(({ ended }) => ended))
    rmSync(directory, { recursive: true, force: true })
  })

  it(`stores what was committed exactly once, over ${KILLS} kills`, async function () {
    this.timeout(60_000 + KILLS * 15_000)
    const seed = seedOfRun()
    const chance = chanceOf(seed)
    const state = join(directory, 'collector')
    const agentDirectory = join(directory, 'agent')
    mkdirSync(agentDirectory)
    const cache = join(directory, 'compiled')
    const port = await freePort()
    let life = 0
    /** Life of an agent -> what it printed last. */
    const printed = new Map<number, number>()

    const startCollector = () => {
      const offsetMs = chance.pick(COLLECTOR_OFFSETS_MS)
      return track(start('collector-child.ts', [state, `${port}`, `${offsetMs}`], cache))
    }
    const startAgent = () => {
      life++
      const token = readFileSync(join(state, 'agent.token'), 'utf8').trim()
      const url = `ws://127.0.0.1:${port}`
      const lifeSeed = `${chance.between(0, 2 ** 32 - 1)}`
      return track(
        start('agent-child.ts', [agentDirectory, url, token, `${life}`, lifeSeed], cache),
      )
    }
    const track = (child: Child) => {
      children.add(child)
      return child
    }
    const kill = async (child: Child) => {
      child.process.kill('SIGKILL')
      await child.ended
      children.delete(child)
    }
    const note = (agent: Child) => printed.set(life, Number(agent.lines.at(-1) ?? 0))

    let collector = startCollector()
    assert.equal(await collector.ready, 'listening')
    let agent = startAgent()
    const killed = { agent: 0, collector: 0, starting: 0 }
    for (let kills = 0; kills < KILLS; kills++) {
      const victim = chance.pick(['agent', 'collector'] as const)
      const startingUp = chance.between(1, 6) === 1
      const waitMs = chance.between(0, startingUp ? 400 : 150)
      if (!startingUp) {
        assert(await agent.ready, `seed ${seed}: the agent ended by itself`)
        assert(await collector.ready, `seed ${seed}: the collector ended by itself`)
      }
      await delay(waitMs)
      killed[victim]++
      if (startingUp) killed.starting++
      if (victim === 'agent') {
        await kill(agent)
        note(agent)
        agent = startAgent()
      } else {
        await kill(collector)
        collector = startCollector()
      }
    }
    assert(await agent.ready, `seed ${seed}: the last agent ended by itself`)
    await delay(50)
    agent.process.stdin.write('drain\n')
    await agent.ended
    const account = JSON.parse(agent.lines.pop() ?? '{}') as Kept & { setAside?: SetAside }
    note(agent)
    await kill(collector)

    const stored = readStore(join(state, 'store.db'))
    const counted = [...printed.values()].reduce((sum, each) => sum + each, 0)
    console.log(
      `      seed ${seed}: ${killed.agent} kills of the agent, ${killed.collector} of the collector ` +
        `(${killed.starting} while starting); ${account.committed} committed, ${stored.items} stored, ` +
        `${account.evicted} evicted, ${stored.revisions - stored.alerts} twice`,
    )
    const says = `replay with FRESHET_SEED=${seed}`
    assert.equal(account.setAside, undefined, says)
    assert.deepEqual(
      { evicted: account.evicted, notKept: account.notKept, rejected: account.rejected },
      { evicted: 0, notKept: 0, rejected: 0 },
      says,
    )
    assert.equal(stored.items, account.committed, says)
    assert.equal(stored.alerts, account.committed, says)
    assert.equal(stored.revisions, account.committed, says)
    assert(counted <= account.committed && counted > 0, says)
    for (const [of, numbers] of printed)
      for (let number = 1; number <= numbers; number++)
        assert(stored.has(of, number), `${of}/${number} was committed and is not stored; ${says}`)
  })
})
