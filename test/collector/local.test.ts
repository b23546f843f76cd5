// Agent and collector of one machine: a socket in the state directory, where the kernel says who is at either end. And
// the page's port, which anybody may take.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Collector, startCollector } from '../../src/collector/collector.ts'
import { agentsSocket } from '../../src/stream/local-socket.ts'
import { type Outbox, openOutbox } from '../../src/stream/outbox.ts'
import { startUplink, type UplinkState } from '../../src/stream/uplink.ts'
import { nowUnixNs } from '../../src/units.ts'
import { leaveOut, whyNotRoot } from '../left-out.ts'
import { alertFinding } from '../stream/findings.ts'
import { hello, PACE } from '../stream/uplink-fixture.ts'
import { until } from '../waits.ts'

const STRANGER_UID = 65_534

describe('agent and collector of one machine', () => {
  let root: string
  let outbox: Outbox
  let collector: Collector | undefined
  let ending: AbortController
  let log: string[]
  const served: string[] = []
  const states: UplinkState[] = []
  const servers: Server[] = []
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'freshet-local-'))
    mkdirSync(join(root, 'collector'), { mode: 0o700 })
    outbox = openOutbox(join(root, 'outbox.db'), {
      bytesMax: 1 << 24,
      ageMaxMs: 1e9,
      now: nowUnixNs,
    })
    ending = new AbortController()
    log = []
    states.length = served.length = 0
  })
  afterEach(async () => {
    ending.abort()
    await collector?.close()
    collector = undefined
    outbox.close()
    for (const server of servers.splice(0)) server.close()
    rmSync(root, { recursive: true, force: true })
  })

  const run = async (port = 0, waitsForPort = false) => {
    collector = await startCollector({
      stateDir: join(root, 'collector'),
      host: '127.0.0.1',
      port,
      waitsForPort,
      onServed: (url) => served.push(url),
      log: (text) => log.push(text),
    })
    return collector
  }
  const send = () => {
    outbox.append([alertFinding()])
    return startUplink({
      url: root,
      hello,
      outbox,
      signal: ending.signal,
      pace: PACE,
      onState: (state) => states.push(state),
    })
  }
  const delivered = () => until(() => outbox.counters().items === 0)
  const waits = (why: RegExp) =>
    until(() => states.some((state) => state.state === 'waiting' && why.test(state.reason)))

  it('deliver over the socket in its state directory', async () => {
    await run()
    // Whatever the umask: a socket is connected to by who may write it.
    assert.equal(statSync(agentsSocket(join(root, 'collector'))).mode & 0o777, 0o600)
    send()
    await delivered()
    assert.equal(collector?.counters().itemsStored, 1)
  })

  it('end when they are told to, also while they ask for the socket', async () => {
    await run()
    const { done } = send()
    ending.abort()
    let hasEnded = false
    void done.then(() => {
      hasEnded = true
    })
    await until(() => hasEnded)
    assert.equal(collector?.counters().agentsAccepted, 0)
  })

  it('wait for a collector that has not run yet, and find it', async () => {
    send()
    await waits(/it does not run: its socket is not there/)
    await run()
    await delivered()
  })

  it('take a dead socket for what it is: the next collector makes its own', async () => {
    const first = createServer()
    servers.push(first)
    first.listen(agentsSocket(join(root, 'collector')))
    await once(first, 'listening')
    // As after kill -9: the file stays, nobody listens.
    await run()
    send()
    await delivered()
  })

  it('have their socket made anew when a program that had one of its name ends after the collector has begun', async () => {
    const first = createServer().listen(agentsSocket(join(root, 'collector')))
    await once(first, 'listening')
    await run()
    first.close()
    await once(first, 'close')
    assert.equal(existsSync(agentsSocket(join(root, 'collector'))), false)
    send()
    await delivered()
    assert.match(log.join('\n'), /agents\.sock was removed or replaced: it is made anew/)
    assert.equal(statSync(agentsSocket(join(root, 'collector'))).mode & 0o777, 0o600)
  })

  describe('of which one is somebody else’s', () => {
    before(function () {
      leaveOut(this, whyNotRoot())
    })
    /** As an ordinary user, with the directories open to all. */
    const asStranger = (program: string) => {
      chmodSync(root, 0o711)
      chmodSync(join(root, 'collector'), 0o777)
      return spawn(process.execPath, ['-e', program, agentsSocket(join(root, 'collector'))], {
        uid: STRANGER_UID,
        gid: STRANGER_UID,
        stdio: ['ignore', 'pipe', 'inherit'],
      })
    }

    it('tell an agent of another user nothing but that', async () => {
      await run()
      chmodSync(agentsSocket(join(root, 'collector')), 0o666)
      const child = asStranger(`
        const socket = require('node:net').connect(process.argv[1])
        socket.end('GET /v1/stream HTTP/1.1\\r\\nHost: localhost\\r\\nUpgrade: websocket\\r\\n' +
          'Connection: Upgrade\\r\\nSec-WebSocket-Version: 13\\r\\n' +
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\nSec-WebSocket-Protocol: freshet.v2\\r\\n\\r\\n')
        socket.pipe(process.stdout)`)
      let text = ''
      child.stdout.setEncoding('utf8').on('data', (more: string) => {
        text += more
      })
      await once(child, 'close')
      assert.match(text, /^HTTP\/1\.1 403 /)
      assert.equal(collector?.counters().agentsRefusedPeer, 1)
    })

    it('give nothing to who took the collector’s place, not a byte', async () => {
      const child = asStranger(`
        let bytes = 0
        require('node:net').createServer((socket) => {
          socket.on('data', (data) => { bytes += data.length })
          socket.on('close', () => console.log(bytes))
          socket.on('error', () => {})
        }).listen(process.argv[1], () => {
          require('node:fs').chmodSync(process.argv[1], 0o666)
          console.log('listens')
        })`)
      const lines: string[] = []
      child.stdout
        .setEncoding('utf8')
        .on('data', (text: string) => lines.push(...text.trim().split('\n')))
      await until(() => lines.includes('listens'))
      send()
      await waits(/above the collector's socket, can be changed by others/)
      // Also where the directories look right again: the kernel knows who listens.
      chmodSync(join(root, 'collector'), 0o711)
      await waits(/runs as uid 65534: neither root nor this user/)
      await until(() => lines.length > 1)
      child.kill()
      assert.ok(
        lines.slice(1).every((line) => line === '0'),
        lines.join(),
      )
      assert.equal(outbox.counters().items, 1)
    })
  })

  it('go on without the page while another program has its port, and take it when it is free', async () => {
    const thief = createServer()
    thief.listen(0, '127.0.0.1')
    await once(thief, 'listening')
    const address = thief.address()
    assert.ok(typeof address === 'object' && address)
    const made = await run(address.port, true)
    assert.match(log.join('\n'), /the page waits: another program listens on 127\.0\.0\.1:/)
    send()
    await delivered()
    thief.close()
    await until(() => log.some((line) => /the page is served at/.test(line)))
    assert.equal((await fetch(`${made.url}/livez`)).status, 200)
    assert.deepEqual(served, [made.url])
  })
})
