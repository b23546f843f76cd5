// `freshet status` as it is run: what it prints where, and that who watches sees an agent go and come back.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PLACE } from '../../src/place.ts'
import type { StatusReaders } from '../../src/status/agent-status.ts'
import { serveStatus } from '../../src/status/socket.ts'
import { run, until } from '../e2e/installation.ts'
import { wellStatus } from '../status/states.ts'

describe('freshet status', () => {
  let directory: string
  let ending: AbortController
  let stop: () => void

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-status-'))
    ending = new AbortController()
    stop = () => {}
  })
  afterEach(() => {
    stop()
    ending.abort()
    rmSync(directory, { recursive: true, force: true })
  })

  const serve = (hostname: string) => {
    ending = new AbortController()
    const status = () => wellStatus({ hostname })
    return serveStatus({ directory, status, intervalMs: 50, signal: ending.signal })
  }
  const start = (...args: string[]) => {
    const child = spawn(process.execPath, [PLACE.cli, 'status', '--state', directory, ...args])
    const said = { out: '', err: '', code: undefined as number | null | undefined }
    child.stdout.on('data', (text) => (said.out += text))
    child.stderr.on('data', (text) => (said.err += text))
    child.once('close', (code) => (said.code = code))
    stop = () => child.kill('SIGKILL')
    return said
  }

  it('goes on watching over an agent that ends, says so once, and shows the next one', async () => {
    await serve('first')
    const said = start('--watch', '--json')
    await until(() => said.out.includes('"first"'))
    ending.abort()
    await until(() => said.err.includes('no agent runs'))
    await new Promise((resolve) => setTimeout(resolve, 2500))
    await serve('second')
    await until(() => said.out.includes('"second"'))
    assert.equal(said.code, undefined)
    // That it ended, and that none runs: each once, however often it was tried.
    assert.equal(said.err.trim().split('\n').length, 2, said.err)
    ending.abort()
    await until(() => said.err.trim().split('\n').length === 4)
    for (const line of said.out.trim().split('\n')) JSON.parse(line)
  })

  it('is what the doctor reads, which waits for a connection that is being made', async () => {
    let state: 'connecting' | 'connected' = 'connecting'
    const collector = { url: 'https://collector.example' }
    let served = 0
    const status = (readers: StatusReaders) => {
      served = readers.served
      return wellStatus({ collector: { ...collector, state } })
    }
    await serveStatus({ directory, status, intervalMs: 50, signal: ending.signal })
    const doctor = run([PLACE.cli, 'doctor', '--state', directory])
    await until(() => served > 0)
    await new Promise((resolve) => setTimeout(resolve, 200))
    state = 'connected'
    assert.match((await doctor).stdout, /^ok {7}collector {8}connected to https/m)
  })

  it('prints one reading without colour or control characters, and readings a line apart', async () => {
    await serve('one')
    const once = start()
    await until(() => once.code !== undefined)
    assert.equal(once.code, 0)
    assert.match(once.out, /^Watching\.\n {2}Programs: /)
    assert.doesNotMatch(once.out, /[^\n\P{Cc}]/u)
    const many = start('--watch')
    await until(() => (many.out.match(/^Watching\./gm) ?? []).length >= 2)
    assert.match(many.out, /\n\nWatching\./)
    assert.doesNotMatch(many.out, /[^\n\P{Cc}]/u)
  })

  it('ends with 1 where nothing can come: it is refused, or nobody watches', async () => {
    const none = start()
    await until(() => none.code !== undefined)
    assert.deepEqual([none.code, none.out], [1, ''])
    const signal = ending.signal
    await serveStatus({ directory, status: () => wellStatus(), mayRead: () => false, signal })
    const refused = start('--watch')
    await until(() => refused.code !== undefined)
    assert.equal(refused.code, 1)
    assert.match(refused.err, /^freshet: uid \d+ may not ask/)
  })
})
