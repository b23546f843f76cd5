// A reader of what a command says goes away (`| head -1`): the command ends in order, and what watches goes on.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openBaseline } from '../../src/baseline/sqlite.ts'
import { PLACE } from '../../src/place.ts'
import { serveStatus } from '../../src/status/socket.ts'
import { START } from '../baseline/identities.ts'
import { until } from '../e2e/installation.ts'
import { leaveOut, whyNotLinux } from '../left-out.ts'
import { wellStatus } from '../status/states.ts'
import { alert, KEY, live, pretendCollector, type Seen } from './pretend-collector.ts'

const captures = fileURLToPath(new URL('../scenarios/captures', import.meta.url))

describe('A command whose reader has gone', () => {
  let directory: string
  let temporary: string
  let kill: () => void
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-unread-'))
    temporary = join(directory, 'tmp')
    mkdirSync(temporary)
    kill = () => {}
  })
  afterEach(() => {
    kill()
    rmSync(directory, { recursive: true, force: true })
  })

  const start = (...args: string[]) => {
    const child = spawn(process.execPath, [PLACE.cli, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TMPDIR: temporary },
    })
    const said = { out: '', err: '' }
    child.stdout.on('data', (text) => (said.out += text))
    child.stderr.on('data', (text) => (said.err += text))
    kill = () => child.kill('SIGKILL')
    return { child, said, ended: once(child, 'close') as Promise<[number | null]> }
  }
  /** Processes that run the program at `path`, also when its file is gone. */
  const running = (path: string) =>
    readdirSync('/proc').filter((name) => {
      try {
        return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/exe`).startsWith(path)
      } catch {
        return false
      }
    })

  const engines = (state: string) =>
    readdirSync('/proc').filter((name) => {
      try {
        const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0')
        return words.includes('engine') && words.includes(state)
      } catch {
        return false
      }
    })

  it('is simulate, which leaves no program, no file and no listener', async function () {
    leaveOut(this, whyNotLinux())
    const seen: Seen = { path: '', sha256: '', sent: undefined, lines: [] }
    let isGone = false
    const { server, url } = await pretendCollector(
      () => ({
        devices: () => [live(10, 1)],
        // What it says next, it says to nobody.
        alert: ({ path, sha256 }) => (isGone ? alert(path, sha256, {}) : undefined),
        identity: () => undefined,
      }),
      () => seen,
    )
    try {
      mkdirSync(join(directory, 'state/collector'), { recursive: true })
      writeFileSync(join(directory, 'state/collector/address'), `${url}/`)
      writeFileSync(join(directory, 'state/collector/page.key'), KEY)
      const state = ['--state', join(directory, 'state')]
      const { child, said, ended } = start('simulate', 'upload', '--seconds', '50', ...state)
      await until(() => said.out.includes('Destination'))
      seen.path = /^Program +(\S+)/.exec(said.out)?.[1] ?? ''
      const port = Number(/^Destination +127\.0\.0\.1:(\d+)/m.exec(said.out)?.[1])
      await until(() => running(seen.path).length === 1)
      child.stdout.destroy()
      isGone = true
      const [status] = await ended
      assert.equal(status, 130, said.err)
      assert.equal(said.err, '')
      await until(() => running(seen.path).length === 0)
      assert.equal(existsSync(seen.path), false)
      assert.deepEqual(readdirSync(temporary), [])
      await assert.rejects(fetch(`http://127.0.0.1:${port}`))
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })

  it('is replay, which leaves no copy of the baseline it began with', async () => {
    const path = join(directory, 'baseline.db')
    openBaseline(path, { now: START }).baseline.close()
    const { child, said, ended } = start('replay', captures, '--json', '--baseline', path)
    child.stdout.once('data', () => child.stdout.destroy())
    const [status] = await ended
    assert.equal(status, 130, said.err)
    assert.match(said.err, /stopped before the end/)
    assert.doesNotMatch(said.err, /^ {4}at /m)
    assert.deepEqual(readdirSync(temporary), [])
  })

  for (const args of [['--watch'], ['--watch', '--json']])
    it(`is status ${args.join(' ')}, which ends without a word`, async () => {
      const ending = new AbortController()
      const { signal } = ending
      await serveStatus({ directory, status: () => wellStatus(), intervalMs: 50, signal })
      try {
        const { child, said, ended } = start('status', ...args, '--state', directory)
        child.stdout.once('data', () => child.stdout.destroy())
        await ended
        assert.equal(said.err, '')
      } finally {
        ending.abort()
      }
    })

  it('is a collector or an agent, which goes on', async function () {
    leaveOut(this, whyNotLinux())
    const state = join(directory, 'state')
    const up = ['up', '--state', state, '--port', '0', '--user', 'root']
    const { child, said, ended } = start(...(process.getuid?.() === 0 ? up : up.slice(0, -2)))
    // Neither of what it says reaches anybody.
    child.stdout.destroy()
    await until(() => said.err.includes('connected to the collector'))
    child.stderr.destroy()
    // Of the next engine's start sense tells nobody, and has it all the same.
    const [engine] = engines(state)
    process.kill(Number(engine), 'SIGKILL')
    await until(() => engines(state).some((pid) => pid !== engine))
    assert.equal(child.exitCode, null)
    child.kill('SIGTERM')
    const [status] = await ended
    assert.equal(status, 0)
  })

  it('has a disk for a reader that is full, and says so', async function () {
    leaveOut(this, whyNotLinux())
    const full = openSync('/dev/full', 'w')
    const child = spawn(process.execPath, [PLACE.cli, 'replay', '--json', captures], {
      stdio: ['ignore', full, 'pipe'],
    })
    closeSync(full)
    let said = ''
    child.stderr?.on('data', (text) => (said += text))
    const [status] = (await once(child, 'close')) as [number | null]
    assert.notEqual(status, 0)
    assert.match(said, /freshet: standard output takes no more: ENOSPC/)
    assert.doesNotMatch(said, /^ {4}at /m)
  })
})
