// All that an ordinary user of a watched machine could try against a whole Freshet that runs on it, each once;
// docs/security.md has the table, with what other files show of the same person. The tricks run as that user.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CountersResponse } from '../../src/collector/views/page-api.ts'
import { openOutbox } from '../../src/stream/outbox.ts'
import { startUplink } from '../../src/stream/uplink.ts'
import { nowUnixNs } from '../../src/units.ts'
import { Agent, runCollector, socketOf } from '../collector/agent.ts'
import { leaveOut, whyNotLinux, whyNotRoot } from '../left-out.ts'
import { alertFinding } from '../stream/findings.ts'
import { hello, PACE } from '../stream/uplink-fixture.ts'
import { type Installation, run, startInstallation, until } from './installation.ts'

/** Nobody's: neither root, nor whom engine and collector run as. */
const USER = 54_321
const AS_USER = { uid: USER, gid: USER, cwd: '/', env: { HOME: '/nonexistent' } }
const ROLES = ['agent', 'engine', 'collector'] as const

type Tried = { what: string; path: string; code: string }

/** Tries each of these on each path, and says how it ended: the code of the error, or `done`. */
const TRY_FILES = `
  const fs = require('node:fs')
  const tried = []
  const attempt = (what, path, work) => {
    let code = 'done'
    try { work(path) } catch (error) { code = error.code }
    tried.push({ what, path, code })
  }
  for (const { path, kind } of JSON.parse(process.argv[1])) {
    if (kind === 'directory') {
      attempt('list', path, (at) => fs.readdirSync(at))
      attempt('put a file', path, (at) => fs.writeFileSync(at + '/device-id.new', ''))
      attempt('put a link', path, (at) => fs.symlinkSync('/etc/hostname', at + '/store.db.new'))
    }
    if (kind === 'file') {
      attempt('read', path, (at) => fs.readFileSync(at))
      attempt('write', path, (at) => fs.writeFileSync(at, ''))
      attempt('link', path, (at) => fs.linkSync(at, '/tmp/freshet-local-user'))
    }
    attempt('remove', path, (at) => fs.rmSync(at, { recursive: true }))
    attempt('rename', path, (at) => fs.renameSync(at, at + '.old'))
    attempt('open to all', path, (at) => fs.chmodSync(at, 0o777))
  }
  console.log(JSON.stringify(tried))`

const TRY_PROCESSES = `
  const fs = require('node:fs')
  const tried = []
  const attempt = (what, path, work) => {
    let code = 'done'
    try { work() } catch (error) { code = error.code }
    tried.push({ what, path, code })
  }
  for (const pid of JSON.parse(process.argv[1])) {
    for (const signal of ['SIGKILL', 'SIGSTOP', 'SIGTERM', 'SIGHUP'])
      attempt(signal, pid, () => process.kill(pid, signal))
    for (const name of ['environ', 'mem', 'maps', 'fd/3'])
      attempt(name, pid, () => fs.readFileSync('/proc/' + pid + '/' + name))
    attempt('fd', pid, () => fs.readdirSync('/proc/' + pid + '/fd'))
  }
  console.log(JSON.stringify(tried))`

/** Connects to argv[1], says argv[2] where there is one, and prints what is answered, or the code of the error. */
const TRY_SOCKET = `
  const socket = require('node:net').connect(process.argv[1])
  socket.on('error', (error) => console.log(error.code))
  if (process.argv[2]) socket.end(process.argv[2])
  socket.pipe(process.stdout)`

/** 300 wrong keys, one after the other, and the agents' path: how often each was answered how. */
const TRY_KEYS = `
  const tried = {}
  const count = (status) => { tried[status] = (tried[status] ?? 0) + 1 }
  for (let n = 0; n < 300; n++) {
    const headers = { authorization: 'Bearer ' + String(n).padStart(43, 'x') }
    count((await fetch(process.argv[1] + '/api/alerts', { headers })).status)
  }
  const agent = new WebSocket(process.argv[1].replace('http', 'ws') + '/v1/stream', 'freshet.v2')
  await new Promise((resolve) => { agent.onerror = agent.onopen = ({ type }) => { count(type); resolve() } })
  console.log(JSON.stringify(tried))
  process.exit(0)`

/** Takes the port argv[1] as soon as it is free; says so, and of each connection what it said. */
const TAKE_PORT = `
  const server = require('node:net').createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (data) => console.log('heard ' + data.toString('latin1').slice(0, 200)))
  })
  const take = () => server.listen(Number(process.argv[1]), '127.0.0.1')
  server.on('error', () => setTimeout(take, 2))
  server.on('listening', () => console.log('taken'))
  take()`

describe('an ordinary user of a watched machine', function () {
  this.timeout(120_000)
  let installation: Installation
  const children: ChildProcess[] = []
  before(async function () {
    leaveOut(this, whyNotLinux() ?? whyNotRoot())
    installation = await startInstallation()
    await installation.connected()
  })
  after(async () => {
    for (const child of children) child.kill('SIGKILL')
    await installation?.stop()
  })

  const asUser = async (script: string, ...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await run(['-e', script, ...args], AS_USER)
    assert.equal(status, 0, stderr)
    return stdout
  }
  const tried = async (script: string, on: unknown) =>
    JSON.parse(await asUser(script, JSON.stringify(on))) as Tried[]
  /** Nothing of it was allowed. */
  const assertRefused = (all: Tried[]) => {
    assert.ok(all.length > 0)
    assert.deepEqual(
      all.filter(({ code }) => code !== 'EACCES' && code !== 'EPERM'),
      [],
    )
  }
  const pids = () => ROLES.flatMap((role) => installation.pidsOf(role))
  const collectorState = async () => {
    const { status, stdout } = await installation.freshet(['status', '--json'])
    return status === 0 ? (JSON.parse(stdout).collector.state as string) : undefined
  }

  it('reads, changes and lists nothing of the state, and puts nothing into it', async () => {
    const names = readdirSync(installation.state, { recursive: true }) as string[]
    const paths = [installation.state, ...names.map((name) => join(installation.state, name))]
    const kindOf = (path: string) => {
      const found = lstatSync(path)
      return found.isDirectory() ? 'directory' : found.isFile() ? 'file' : 'socket'
    }
    assert.ok(paths.length > 15)
    assertRefused(
      await tried(
        TRY_FILES,
        paths.map((path) => ({ path, kind: kindOf(path) })),
      ),
    )
  })

  it('ends none of its processes, looks into none, and finds no secret in how they were started', async () => {
    const all = [installation.up.pid as number, ...pids()]
    for (const role of ROLES) assert.ok(installation.pidsOf(role).length > 0, role)
    assertRefused(await tried(TRY_PROCESSES, all))
    for (const pid of all) {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      assert.ok(!words.includes(installation.pageKey), words)
    }
    const after = [installation.up.pid, ...pids()]
    assert.deepEqual(
      all.filter((pid) => !after.includes(pid)),
      [],
    )
  })

  it('reaches two sockets, of which one is closed and one says that it is not for them', async () => {
    const agents = join(installation.state, 'collector/agents.sock')
    assert.equal(await asUser(TRY_SOCKET, agents, 'GET / HTTP/1.1\r\n\r\n'), 'EACCES\n')
    const said = await asUser(TRY_SOCKET, join(installation.state, 'status.sock'), '')
    assert.match(JSON.parse(said).refused, /^uid 54321 may not ask the agent for its status/)
    assert.equal(await collectorState(), 'connected')
  })

  it('tries keys by the hundred, and to come as an agent: none is right, they are slowed, and the right key passes', async () => {
    const { status, stdout, stderr } = await run(
      ['--input-type=module', '-e', TRY_KEYS, installation.origin],
      AS_USER,
    )
    assert.equal(status, 0, stderr)
    const answers = JSON.parse(stdout) as Record<string, number>
    assert.deepEqual(Object.keys(answers).sort(), ['401', '429', 'error'])
    assert.equal((answers[401] ?? 0) + (answers[429] ?? 0), 300)
    const { counters } = await installation.api<CountersResponse>('/api/counters')
    assert.equal(counters.requestsWrongKeys, answers[429])
    assert.equal(counters.agentsRefusedPlain, 1)
  })

  it('takes the page’s port when the collector is killed: hears nothing, and the agent delivers all the same', async () => {
    const [collector] = installation.pidsOf('collector')
    const port = new URL(installation.origin).port
    const thief = spawn(process.execPath, ['-e', TAKE_PORT, port], AS_USER)
    children.push(thief)
    let heard = ''
    thief.stdout.on('data', (text) => (heard += text))
    await once(thief, 'spawn')
    process.kill(collector as number, 'SIGKILL')
    await until(() => heard.includes('taken'), 'the port')
    await until(() => /the page waits: another program/.test(installation.output()))
    await until(async () => (await collectorState()) === 'connected', 'delivery')
    assert.equal(heard, 'taken\n')
    thief.kill('SIGKILL')
    await until(() => /the page is served at .* now/.test(installation.output()), 'the page')
    await installation.connected()
    assert.equal(installation.up.exitCode, null)
  })
})

describe('an ordinary user with very many connections', function () {
  this.timeout(40_000)
  it('shuts out no agent of this machine, which does not come by the port', async () => {
    const root = mkdtempSync(join(tmpdir(), 'freshet-many-'))
    const stateDir = join(root, 'collector')
    const running = await runCollector({ agentsMax: 4, otherConnectionsMax: 4 }, stateDir)
    const sockets = Array.from({ length: 40 }, () => connect(running.collector.port, '127.0.0.1'))
    for (const socket of sockets) socket.on('error', () => {})
    const ending = new AbortController()
    const outbox = openOutbox(join(root, 'outbox.db'), {
      bytesMax: 1 << 24,
      ageMaxMs: 1e9,
      now: nowUnixNs,
    })
    try {
      await until(() => (running.collector.counters().connectionsDropped ?? 0) > 0)
      outbox.append([alertFinding()])
      const of = { url: root, hello, outbox, pace: PACE }
      startUplink({ ...of, signal: ending.signal })
      await until(() => outbox.counters().items === 0, 'delivery')
      assert.equal(running.collector.counters().itemsStored, 1)
    } finally {
      ending.abort()
      outbox.close()
      for (const socket of sockets) socket.destroy()
      await running.stop()
      rmSync(root, { recursive: true })
    }
  })

  it('leaves the descriptors that there are to the agents: all of a hundred come in', async () => {
    const root = mkdtempSync(join(tmpdir(), 'freshet-few-'))
    // A collector's process may have 300 open; what it says of that ends with how many agents it takes.
    const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
    const args = ['collector', '--state', root, '--listen', '127.0.0.1:0']
    const collector = spawn(
      'sh',
      ['-c', 'ulimit -n 300; exec "$@"', 'sh', process.execPath, cli, ...args],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    let said = ''
    for (const stream of [collector.stdout, collector.stderr])
      stream.on('data', (data: Buffer) => {
        said += data.toString()
      })
    const sockets: Socket[] = []
    const agents: Agent[] = []
    let isOver = false
    try {
      await until(() => /http:\/\/127\.0\.0\.1:\d+/.test(said), 'the page')
      const port = Number(/127\.0\.0\.1:(\d+)/.exec(said)?.[1])
      assert.ok(Number(/at most (\d+) agents/.exec(said)?.[1]) >= 100, said)
      // Each place that is given up is taken again.
      const hold = () => {
        if (isOver) return
        const socket = connect(port, '127.0.0.1').on('error', () => {})
        socket.on('close', () => setTimeout(hold, 20).unref())
        sockets.push(socket)
      }
      for (let n = 0; n < 300; n++) hold()
      let dropped = false
      for (const socket of [...sockets]) socket.once('close', () => (dropped = true))
      await until(() => dropped, 'the page’s port is full')
      const idOf = (n: number) => `7c9e6679-7425-40de-944b-${`${n}`.padStart(12, '0')}`
      for (let n = 0; n < 100; n++) {
        const agent = await new Agent(socketOf(join(root, 'collector'))).opened()
        agents.push(agent)
        await agent.hello(idOf(n))
      }
      assert.equal(agents.length, 100)
    } finally {
      isOver = true
      for (const { socket } of agents) socket.terminate()
      for (const socket of sockets) socket.destroy()
      collector.kill()
      await once(collector, 'close')
      rmSync(root, { recursive: true })
    }
  })
})
