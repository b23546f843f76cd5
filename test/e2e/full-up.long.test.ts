// `freshet up` on a disk that somebody has filled before it started: it watches all the same, and the page comes when there is room.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PLACE } from '../../src/place.ts'
import { Disk, whyNoDisk } from '../faults/disk.ts'
import { leaveOut } from '../left-out.ts'
import { run, tied, until } from './installation.ts'

const DISK_MB = 64

describe('freshet up on a disk that is full', () => {
  let directory: string
  let state: string
  let disk: Disk | undefined
  let up: ChildProcess | undefined
  let output = ''
  before(function () {
    leaveOut(this, whyNoDisk())
  })
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-full-up-'))
    state = join(directory, 'state')
    disk = new Disk(state, DISK_MB)
    disk.make(true)
  })
  afterEach(async () => {
    await stop()
    disk?.end()
    rmSync(directory, { recursive: true })
  })

  function start(): void {
    output = ''
    const args = [PLACE.cli, 'up', '--state', state, '--port', '0', '--user', 'root']
    const child = tied(spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] }))
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (text) => (output += text))
    up = child
  }

  async function stop(): Promise<void> {
    const child = up
    up = undefined
    if (!child || child.exitCode !== null) return
    child.kill('SIGINT')
    await once(child, 'exit')
  }

  const isPageTold = () => /http:\/\/127\.0\.0\.1:\d+\/#key=/.test(output)
  const freshet = (...args: string[]) => run([PLACE.cli, ...args, '--state', state])
  const statusOf = async () => (await freshet('status')).status

  it('watches, says why there is no page, and prints its address once there is room', async () => {
    start()
    await until(isPageTold, 'the page')
    await stop()
    disk?.fill()

    start()
    await until(() => output.includes('watches this machine.'), 'an agent that watches')
    assert.equal(await statusOf(), 0, output)
    assert.match(output, /collector: the store .* cannot be opened .*: the disk is full; free/)
    assert.match(output, /the agent is started without the collector, which is tried again/)
    assert.match(output, /page {4}not yet: its address is printed once the collector has started/)
    assert.equal(isPageTold(), false)
    const tried = output.split('\n').filter((line) => line.includes('cannot start now'))
    assert.equal(tried.length, 1, output)
    assert.equal(up?.exitCode, null)
    disk?.free()
    await until(isPageTold, 'the page')
    assert.equal(up?.exitCode, null)
  })

  it('watches also where nothing has ever run, and gives the collector what it found once there is room', async () => {
    disk?.fill()
    start()
    await until(() => output.includes('watches this machine.'), 'an agent that watches')
    const statusNow = async () => JSON.parse((await freshet('status', '--json')).stdout)
    const { deviceId } = await statusNow()
    assert.match(
      (await freshet('simulate', 'upload', '--mb', '1')).stderr,
      /no collector has run .*: its disk is full, \S+ \w*B are left: free some space; one that waits for that starts by itself/,
    )
    disk?.free()
    await until(isPageTold, 'the page')
    await until(async () => {
      const { collector, outbox } = await statusNow()
      return collector.state === 'connected' && outbox.items === 0
    }, 'a collector that has all')
    await until(() => existsSync(join(state, 'agent/device-id')), 'an id on the disk')
    assert.equal(readFileSync(join(state, 'agent/device-id'), 'utf8').slice(0, 36), deviceId)
    assert.equal(up?.exitCode, null)
    assert.doesNotMatch(output, /^ {4}at /m)
  })
})
