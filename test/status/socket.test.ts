import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AgentStatus, StatusReaders } from '../../src/status/agent-status.ts'
import { LINE_BYTES_MAX, readStatus, STATUS_SOCKET, StatusError } from '../../src/status/asking.ts'
import { serveStatus } from '../../src/status/socket.ts'
import { leaveOut, whyNotRoot } from '../left-out.ts'
import { until } from '../waits.ts'
import { wellStatus } from './states.ts'

const askingRoom = fileURLToPath(new URL('../../src/status/asking.ts', import.meta.url))

describe('the status socket', () => {
  let directory: string
  let ending: AbortController
  let readers: StatusReaders | undefined
  const answer = wellStatus()
  const serve = (status: () => AgentStatus = () => answer, mayRead?: (uid: number) => boolean) =>
    serveStatus({
      directory,
      status: (counts) => {
        readers = counts
        return { ...status(), readers: counts }
      },
      intervalMs: 20,
      ...(mayRead ? { mayRead } : {}),
      signal: ending.signal,
    })
  const path = () => join(directory, STATUS_SOCKET)
  const first = async () => (await readStatus(directory).next()).value
  /** The counts as the next reader is told them. */
  const readersNow = async (): Promise<StatusReaders> => {
    const status = await first()
    assert.ok(status)
    return status.readers
  }
  const rejectsWith = (code: StatusError['code'], message: RegExp) =>
    assert.rejects(readStatus(directory).next(), (error) => {
      assert.ok(error instanceof StatusError)
      assert.equal(error.code, code)
      assert.match(error.message, message)
      return true
    })

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-status-'))
    ending = new AbortController()
    readers = undefined
  })
  afterEach(() => {
    ending.abort()
    rmSync(directory, { recursive: true, force: true })
  })

  it('answers at once, and again as time passes, with the menu ready-made', async () => {
    let records = 0
    await serve(() => ({ ...answer, counters: { ...answer.counters, records: ++records } }))
    const seen: number[] = []
    for await (const status of readStatus(directory)) {
      seen.push(status.counters.records)
      assert.equal(status.menu.line, 'Watching.')
      if (seen.length === 3) break
    }
    assert.deepEqual(seen, [1, 2, 3])
  })

  it('is open to all, since it asks the kernel who comes', async () => {
    await serve()
    assert.equal(statSync(path()).mode & 0o777, 0o666)
  })

  it('refuses other users with a sentence, and a menu to draw, and counts them', async function () {
    leaveOut(this, whyNotRoot())
    await serve()
    chmodSync(directory, 0o755)
    const script = `
      import { readStatus } from ${JSON.stringify(askingRoom)}
      process.setgroups([65534]); process.setgid(65534); process.setuid(65534)
      try { await readStatus(${JSON.stringify(directory)}).next(); console.log('served') }
      catch (error) { console.log(error.code + ': ' + error.message) }`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script])
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
    await new Promise((resolve) => child.once('close', resolve))
    assert.match(
      said,
      /^refused: uid 65534 may not ask the agent for its status: ask as root, `sudo npx freshet status --state \S+`\n$/,
    )
    assert.equal((await readersNow()).refused, 1)
  })

  it('gives a refused one a line and the end, also when it does not read', async () => {
    await serve(undefined, () => false)
    const client = createConnection(path())
    let said = ''
    client.setEncoding('utf8').on('data', (text) => (said += text))
    await new Promise((resolve) => client.once('close', resolve))
    const line = JSON.parse(said) as { refused: string; menu: { state: string; line: string } }
    assert.match(line.refused, /^uid \d+ may not/)
    assert.equal(line.menu.state, 'error')
    // For a person, who is no number.
    assert.match(line.menu.line, /^Freshet shows its state only to who is using this computer/)
    await rejectsWith('refused', /may not ask/)
  })

  it('refuses whom the kernel does not name', async () => {
    const options = { directory, status: () => answer, whoIs: () => undefined }
    await serveStatus({ ...options, mayRead: () => true, signal: ending.signal })
    await rejectsWith('refused', /^uid \? may not ask/)
  })

  it('takes its readers and its socket with it when it ends', async () => {
    await serve()
    const client = createConnection(path())
    await new Promise((resolve) => client.once('data', resolve))
    const closed = new Promise((resolve) => client.once('close', resolve))
    ending.abort()
    await closed
    assert.equal(existsSync(path()), false)
  })

  it('takes the place of one that a killed agent left behind', async () => {
    const script = `require('node:net').createServer().listen(${JSON.stringify(path())}, () => process.kill(process.pid, 'SIGKILL'))`
    const child = spawn(process.execPath, ['-e', script])
    await new Promise((resolve) => child.once('exit', resolve))
    assert.ok(statSync(path()).isSocket())
    await rejectsWith('no-agent', /no agent runs/)
    await serve()
    assert.equal((await first())?.version, answer.version)
  })

  it('says in a sentence that no agent runs', async () => {
    await rejectsWith('no-agent', /no agent runs with the state directory .*freshet up/)
  })

  it('says of a state directory that is a file that it is none, and not to start an agent there', async () => {
    const file = join(directory, 'file')
    writeFileSync(file, '')
    await assert.rejects(readStatus(file).next(), {
      code: 'no-directory',
      message: `the state directory ${file} is not a directory: give --state the one that the agent was started with`,
    })
  })

  it('serves eight at once, and no ninth, who is told and counted', async () => {
    await serve()
    const clients: Socket[] = []
    const firstLine = (client: Socket) =>
      new Promise<string>((resolve) => client.once('data', (bytes) => resolve(bytes.toString())))
    for (let count = 0; count < 9; count++) clients.push(createConnection(path()))
    const lines = await Promise.all(clients.map(firstLine))
    assert.equal(lines.filter((line) => line.includes('as many readers')).length, 1)
    // The eight are told again each 20 ms, and counts with it.
    await until(() => readers?.tooMany !== 0)
    for (const client of clients) client.destroy()
    assert.deepEqual([readers?.served, readers?.tooMany], [8, 1])
  })

  it('leaves room for root when others fill theirs', async function () {
    leaveOut(this, whyNotRoot())
    await serve(undefined, () => true)
    chmodSync(directory, 0o755)
    const script = `
      process.setgroups([65534]); process.setgid(65534); process.setuid(65534)
      const { createConnection } = require('node:net')
      let left = 6
      for (let count = 0; count < 6; count++)
        createConnection(${JSON.stringify(path())}).once('data', () => --left || console.log('full'))
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['-e', script])
    await new Promise((resolve) => child.stdout.once('data', resolve))
    const { served, tooMany } = await readersNow()
    child.kill('SIGKILL')
    assert.deepEqual([served, tooMany], [5, 2])
  })

  it('drops one that does not read, and one that talks, and counts both', async () => {
    const sentence = 'x'.repeat(100_000)
    const big = { ...answer, lastAlerts: [{ atMs: 0, severity: 'low', sentence }] }
    await serve(() => big)
    const silent = createConnection(path())
    silent.pause()
    const talker = createConnection(path())
    talker.write('hello')
    talker.resume()
    await new Promise((resolve) => talker.once('close', resolve))
    for await (const status of readStatus(directory))
      if (status.readers.slow === 1 && status.readers.spoke === 1) break
    silent.destroy()
  })

  for (const [what, line, code, message] of [
    ['no JSON', 'hello\n', 'garbage', /not JSON/],
    ['no object', 'null\n', 'garbage', /no object/],
    ['a status without a menu', '{"version":"0.0.1"}\n', 'garbage', /another version/],
    ['a line without end', 'x'.repeat(LINE_BYTES_MAX + 1), 'garbage', /without end/],
    ['nothing', '', 'timeout', /did not answer within 200 ms/],
  ] as const)
    it(`believes no server that says ${what}`, async () => {
      const server = createServer((client) => client.on('error', () => {}).write(line))
      await new Promise<void>((resolve) => server.listen(path(), resolve))
      try {
        await assert.rejects(readStatus(directory, 200).next(), (error) => {
          assert.ok(error instanceof StatusError)
          assert.equal(error.code, code)
          assert.match(error.message, message)
          return true
        })
      } finally {
        server.close()
      }
    })

  it('says what is in the way of its socket', async () => {
    mkdirSync(path())
    await assert.rejects(serve(), (error) => {
      assert.ok(error instanceof StatusError)
      assert.equal(error.code, 'place')
      assert.match(error.message, /status\.sock: remove what is there$/)
      return true
    })
  })

  it('says where to ask from when the path is too long from here', async () => {
    const deep = join(directory, 'd'.repeat(110))
    await assert.rejects(readStatus(deep).next(), (error) => {
      assert.ok(error instanceof StatusError)
      assert.equal(error.code, 'place')
      assert.match(error.message, /too long a name for a socket, as seen from here/)
      return true
    })
  })

  it('works in a directory whose path is longer than a socket may have', async () => {
    const deep = join(directory, 'd'.repeat(90), 'e'.repeat(90))
    mkdirSync(deep, { recursive: true })
    const before = process.cwd()
    process.chdir(deep)
    try {
      await serveStatus({ directory: deep, status: () => answer, signal: ending.signal })
      assert.equal((await readStatus(deep).next()).value?.version, answer.version)
    } finally {
      process.chdir(before)
    }
  })
})
