// An engine that starts on a disk that is full already: it watches, and what it finds is kept when there is room.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { readEnrolment, writeEnrolment } from '../../src/agent/enrolment-file.ts'
import { takeUpNext } from '../../src/agent/next-enrolment.ts'
import type { Finding } from '../../src/engine/finding.ts'
import { PLACE } from '../../src/place.ts'
import { writeStateFile } from '../../src/state-file.ts'
import { decodeItem } from '../../src/stream/codec.ts'
import { openOutbox } from '../../src/stream/outbox.ts'
import { makeAuthority } from '../../src/trust/certificates.ts'
import { nowUnixNs } from '../../src/units.ts'
import { Script } from '../engine/scenario.ts'
import { Disk, whyNoDisk } from '../faults/disk.ts'
import { leaveOut } from '../left-out.ts'
import { enrolmentOf } from '../trust/enrolment.ts'
import { until } from './installation.ts'

const SENT = 4_000_000
const DISK_MB = 32

describe('An engine that starts on a full disk', () => {
  let directory: string
  let agent: string
  let disk: Disk | undefined
  const running = new Set<ChildProcess>()
  before(function () {
    leaveOut(this, whyNoDisk())
  })
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-full-'))
    // The engine is another user, and has its state in there.
    chmodSync(directory, 0o755)
    agent = join(directory, 'state/agent')
    const first = startEngine()
    await first.ends()
    const { uid, gid } = statSync(agent)
    rmSync(agent, { recursive: true })
    disk = new Disk(agent, DISK_MB)
    disk.make(true)
    chownSync(agent, uid, gid)
  })
  afterEach(async () => {
    for (const engine of running) {
      engine.kill('SIGKILL')
      await once(engine, 'exit')
    }
    disk?.end()
    rmSync(directory, { recursive: true })
  })

  it('knows what the last one knew, and keeps what it finds when there is room', async () => {
    const known = { pid: 90, path: '/opt/known', sha: 'cd' }
    const before = startEngine()
    const story = new Script().policy(1, {}).start().program(known)
    story.flow({ id: 9, pid: 90, out: 10, in: 10 }).ticks(2)
    before.pipe.write(story.bytes())
    await before.ends()
    disk?.fill()

    const engine = startEngine()
    const again = new Script().policy(1, {}).start().program(known)
    again.program({ pid: 100, path: '/tmp/stranger' }).flow({ id: 1, state: 'opened' }).ticks(2)
    let written = 0
    const write = (to: Script) => {
      const bytes = to.bytes()
      engine.pipe.write(bytes.subarray(written))
      written = bytes.length
    }
    write(again.flow({ id: 1, out: SENT, in: 10 }).ticks(2))
    await until(() => engine.said().includes('watching'), 'an engine that watches')
    await until(() => engine.said().includes('disk is full'), 'what is wrong, said')
    assert.match(list(), /another process holds the file; an agent does so while its disk is full/)
    disk?.free()
    await until(() => {
      write(again.ticks(1))
      return list().includes('stranger')
    }, 'a baseline that others can read again')
    await engine.ends()

    const alerts = found().flatMap((finding) => (finding.kind === 'alert' ? [finding.alert] : []))
    assert.equal(alerts.at(-1)?.bytesOut, SENT)
    assert.doesNotMatch(engine.said(), /set aside|^ {4}at /m)
    assert.match(list(), /known[\s\S]*stranger|stranger[\s\S]*known/)
  })

  it('becomes a device of its own at a later start', async () => {
    const [was, is] = ['1', '2'].map((digit) => `${digit.repeat(8)}-1111-4111-8111-111111111111`)
    assert(was && is)
    const authority = await makeAuthority('Freshet collector', Date.now())
    const [kept, next] = [await enrolmentOf(authority, was), await enrolmentOf(authority, is)]
    writeEnrolment(agent, kept)
    const asked = { deviceId: is, key: next.key, enrolment: next }
    writeStateFile(join(agent, 'enrolment-next.json'), JSON.stringify(asked))
    disk?.fill()
    const said: string[] = []
    const takeUp = () => takeUpNext(agent, readEnrolment(agent), (text) => said.push(text))
    assert.equal(takeUp(), undefined)
    assert.match(said.join(), /^this machine cannot become a device of its own yet \(ENOSPC/)
    assert.deepEqual(readEnrolment(agent), kept)
    disk?.free()
    assert.deepEqual(takeUp(), { earlierId: was, enrolment: next })
    assert.equal(said.length, 1)
  })

  function list(): string {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [PLACE.cli, 'baseline', 'list', '--state', join(directory, 'state')],
      { encoding: 'utf8' },
    )
    return stdout + stderr
  }

  /** What waits for a collector. */
  function found(): Finding[] {
    const outbox = openOutbox(join(agent, 'outbox.db'), {
      ...{ bytesMax: 1_000_000, ageMaxMs: 3_600_000, now: nowUnixNs },
    })
    const waiting = outbox.read(0, 1_000, 1_000_000)
    outbox.close()
    return waiting.map(({ encoded }) => decodeItem(encoded).finding)
  }

  function startEngine() {
    const args = [PLACE.cli, 'engine', '--state', join(directory, 'state')]
    const engine = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] })
    running.add(engine)
    engine.on('exit', () => running.delete(engine))
    let said = ''
    engine.stderr?.on('data', (text) => (said += text))
    const pipe = engine.stdio[3] as Duplex
    pipe.on('data', () => {})
    return {
      pipe,
      said: () => said,
      async ends() {
        pipe.end()
        const [status] = await once(engine, 'exit')
        assert.equal(status, 0, said)
      },
    }
  }
})
