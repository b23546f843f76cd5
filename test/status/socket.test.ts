import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readStatus, STATUS_SOCKET, StatusError, serveStatus } from '../../src/status/socket.ts'
import type { AgentStatus } from '../../src/status/view.ts'

describe('the status socket', () => {
  let directory: string
  let ending: AbortController
  const answer = { version: '0.1.0', counters: { records: 1 } } as AgentStatus
  const serve = (status = () => answer) =>
    serveStatus({ directory, status, intervalMs: 20, signal: ending.signal })

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-status-'))
    ending = new AbortController()
  })
  afterEach(() => {
    ending.abort()
    rmSync(directory, { recursive: true, force: true })
  })

  it('answers at once, and again as time passes', async () => {
    let records = 0
    await serve(() => ({ ...answer, counters: { ...answer.counters, records: ++records } }))
    const seen: number[] = []
    for await (const status of readStatus(directory)) {
      seen.push(status.counters.records)
      if (seen.length === 3) break
    }
    assert.deepEqual(seen, [1, 2, 3])
  })

  it('is for its owner only', async () => {
    await serve()
    assert.equal(statSync(join(directory, STATUS_SOCKET)).mode & 0o777, 0o600)
  })

  it('takes the place of one that a killed agent left behind', async () => {
    const former = new AbortController()
    await serveStatus({ directory, status: () => answer, signal: former.signal })
    await serve()
    for await (const status of readStatus(directory)) {
      assert.deepEqual(status, answer)
      break
    }
    former.abort()
  })

  it('says in a sentence that no agent runs', async () => {
    await assert.rejects(readStatus(directory).next(), (error) => {
      assert.ok(error instanceof StatusError)
      assert.equal(error.code, 'no-agent')
      assert.match(error.message, /no agent runs with the state directory .*freshet up/)
      return true
    })
  })

  it('serves eight at once, and no ninth', async () => {
    await serve()
    const path = join(directory, STATUS_SOCKET)
    const clients: Socket[] = []
    const firstByte = (client: Socket) =>
      new Promise<boolean>((resolve) => {
        client.once('data', () => resolve(true))
        client.once('close', () => resolve(false))
      })
    for (let count = 0; count < 9; count++) clients.push(createConnection(path))
    const served = await Promise.all(clients.map(firstByte))
    assert.equal(served.filter(Boolean).length, 8)
    for (const client of clients) client.destroy()
  })

  it('works in a directory whose path is longer than a socket may have', async () => {
    const { mkdirSync } = await import('node:fs')
    const deep = join(directory, 'd'.repeat(90), 'e'.repeat(90))
    mkdirSync(deep, { recursive: true })
    const before = process.cwd()
    process.chdir(deep)
    try {
      await serveStatus({ directory: deep, status: () => answer, signal: ending.signal })
      const { value } = await readStatus(deep).next()
      assert.deepEqual(value, answer)
    } finally {
      process.chdir(before)
    }
  })
})
