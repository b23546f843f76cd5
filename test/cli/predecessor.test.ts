// An agent beside another in one place: it says what holds the place, and ends or goes on.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { awaitPredecessor } from '../../src/cli/predecessor.ts'
import { ConfigError } from '../../src/cli/state.ts'
import { PLACE } from '../../src/place.ts'
import { serveStatus } from '../../src/status/socket.ts'
import { run } from '../e2e/installation.ts'
import { leaveOut, whyNotLinux } from '../left-out.ts'
import { wellStatus } from '../status/states.ts'

describe('An agent beside another in its place', () => {
  let root: string
  let ending: AbortController
  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'freshet-beside-'))
    ending = new AbortController()
    await serveStatus({
      directory: root,
      status: () => wellStatus(),
      intervalMs: 1000,
      mayRead: () => true,
      signal: ending.signal,
    })
  })
  afterEach(() => {
    ending.abort()
    rmSync(root, { recursive: true, force: true })
  })

  it('says what holds the place, how long it waits for that, and which of them ends then', async function () {
    leaveOut(this, whyNotLinux())
    const agent = spawn(process.execPath, [PLACE.cli, 'agent', '--state', root], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const ended = once(agent, 'exit')
    const [said] = await once(createInterface({ input: agent.stderr }), 'line')
    assert.equal(
      said,
      `sense: another agent runs with the state directory ${root} and is left alone: this one waits up to 10 s for it to end, then ends itself`,
    )
    agent.kill('SIGTERM')
    await ended
  })

  it('ends where that goes on: a recording at once, and makes no file', async function () {
    leaveOut(this, whyNotLinux())
    const file = join(root, 'new.fcap')
    const { status, stderr } = await run([PLACE.cli, 'record', file, '--state', root])
    assert.equal(status, 78)
    assert.equal(
      stderr,
      `freshet: another agent runs with the state directory ${root}: stop it, or choose another with --state\n`,
    )
    assert.equal(existsSync(file), false)
  })

  it('goes on as soon as that has ended', async () => {
    const said: string[] = []
    const log = (text: string): void => {
      said.push(text)
      ending.abort()
    }
    await awaitPredecessor(root, { signal: new AbortController().signal, log, waitMs: 2 ** 30 })
    assert.equal(said.length, 1)
    await awaitPredecessor(root, { signal: new AbortController().signal, log })
    assert.equal(said.length, 1, 'nothing is said where there is none')
  })

  it('is told to end while it waits', async () => {
    const stop = new AbortController()
    await awaitPredecessor(root, { signal: stop.signal, log: () => stop.abort(), waitMs: 2 ** 30 })
    await assert.rejects(
      awaitPredecessor(root, {
        signal: new AbortController().signal,
        log: () => undefined,
        waitMs: 0,
      }),
      ConfigError,
    )
  })
})
