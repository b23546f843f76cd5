// An end in good order while everything hangs: another process holds both files of the agent, and its collector answers nothing.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { PLACE } from '../../src/place.ts'
import { leaveOut, whyNotLinux, whyNotRoot } from '../left-out.ts'
import { run, until } from './installation.ts'

/** What sense gives its engine. */
const STOP_MS = 5_000

describe('An agent that is stopped while others hold its files and its collector hangs', () => {
  let directory: string
  let state: string
  let holders: DatabaseSync[] = []
  const running = new Set<ChildProcess>()
  before(function () {
    leaveOut(this, whyNotLinux() ?? whyNotRoot())
  })
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-held-'))
    // Engine and collector are another user.
    chmodSync(directory, 0o755)
    state = join(directory, 'state')
  })
  afterEach(async () => {
    for (const holder of holders.splice(0)) holder.close()
    for (const child of running) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    rmSync(directory, { recursive: true, force: true })
  })

  it('says at its next start how many findings were not kept, and that it was stopped', async () => {
    const collector = start('collector', '--listen', '127.0.0.1:0')
    await until(
      () => collector.said().includes('page:') || collector.child.exitCode !== null,
      'a collector',
    )
    assert.equal(collector.child.exitCode, null, collector.said())
    const agent = start('agent', '--collector', state)
    await until(() => agent.said().includes('connected to'), 'an agent that is connected')
    holders = ['outbox.db', 'baseline.db'].map(
      (name) => new DatabaseSync(join(state, 'agent', name), { timeout: 10_000 }),
    )
    for (const holder of holders) holder.exec('BEGIN IMMEDIATE')
    collector.child.kill('SIGSTOP')
    await until(async () => {
      await runAnother()
      return (await status()).outbox.unwritten >= 3
    }, 'findings that wait in memory')

    const began = performance.now()
    const ended = once(agent.child, 'exit')
    agent.child.kill('SIGTERM')
    assert.deepEqual(await ended, [0, null], agent.said())
    const tookMs = performance.now() - began
    assert(tookMs < STOP_MS, `${tookMs} ms: killed`)
    const [, lost] = /(\d+) findings that the disk did not take are lost/.exec(agent.said()) ?? []
    assert(Number(lost) >= 3, agent.said())
    for (const holder of holders.splice(0)) holder.close()

    const next = start('agent', '--collector', state)
    await until(() => next.said().includes('watching'), 'an agent that watches')
    const { outbox, restarts } = await status()
    assert.equal(outbox.notKept, Number(lost))
    assert.deepEqual([restarts.engine, restarts.sense], [0, 0])
    assert.doesNotMatch((await freshet('status')).stdout, /killed|crashed/)
  })

  let programs = 0
  async function runAnother(): Promise<void> {
    const path = join(directory, `another${programs++}`)
    copyFileSync(process.execPath, path)
    const child = spawn(path, ['-e', '0'], { stdio: 'ignore' })
    await once(child, 'exit')
    rmSync(path)
  }

  const freshet = (...args: string[]) => run([PLACE.cli, ...args, '--state', state])

  async function status() {
    return JSON.parse((await freshet('status', '--json')).stdout)
  }

  function start(...args: string[]) {
    // Whoever has a channel to the collector is told its address there.
    const child = spawn(process.execPath, [PLACE.cli, ...args, '--state', state], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(child)
    child.on('exit', () => running.delete(child))
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (said += text))
    return { child, said: () => said }
  }
})
