// An engine that starts on a disk that is full already: it watches, and what it finds is kept when there is room.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Duplex } from 'node:stream'
import { readEnrolment, writeEnrolment } from '../../src/agent/enrolment-file.ts'
import { takeUpNext } from '../../src/agent/next-enrolment.ts'
import type { Finding } from '../../src/engine/finding.ts'
import { PLACE } from '../../src/place.ts'
import { EXIT_NOT_NOW } from '../../src/sense/exit.ts'
import { writeStateFile } from '../../src/state-file.ts'
import { decodeItem } from '../../src/stream/codec.ts'
import { openOutbox } from '../../src/stream/outbox.ts'
import { makeAuthority } from '../../src/trust/certificates.ts'
import { nowUnixNs } from '../../src/units.ts'
import { Script } from '../engine/scenario.ts'
import { Disk, whyNoDisk } from '../faults/disk.ts'
import { leaveOut } from '../left-out.ts'
import { damage } from '../stream/outbox-fixture.ts'
import { enrolmentOf } from '../trust/enrolment.ts'
import { until } from './installation.ts'

const SENT = 4_000_000
const DISK_MB = 32

describe('An engine that starts on a full disk', () => {
  let directory: string
  let agent: string
  let disk: Disk | undefined
  let holders: DatabaseSync[] = []
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
    for (const holder of holders.splice(0)) holder.close()
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

  it('watches also where none has ever run, and keeps all of it under the same id when there is room', async () => {
    disk?.fill()
    const engine = startEngine()
    const story = findStrangers(engine)
    await until(() => engine.said().includes('watching'), 'an engine that watches')
    story(0, 60)
    await until(() => engine.said().includes('disk is full'), 'what is wrong, said')
    for (const name of ['baseline.db', 'outbox.db', 'device-id']) {
      assert.match(engine.said(), new RegExp(`no room on the disk for ${name}, which is not there`))
      assert.equal(existsSync(join(agent, name)), false, name)
    }
    const status = JSON.parse(run('status', '--json').stdout)
    assert.match(status.menu.line, /^Not watching|disk/)
    assert.equal(status.outbox.unwritten, status.outbox.items)
    assert(status.counters.identities >= 60)
    disk?.free()
    let next = 60
    await until(() => {
      story(next, ++next)
      return list().includes('stranger59')
    }, 'a baseline on the disk')
    await until(() => existsSync(join(agent, 'device-id')), 'an id on the disk')
    await engine.ends()

    assert.equal(alertsOf(found()), next)
    assert.equal(readFileSync(join(agent, 'device-id'), 'utf8').slice(0, 36), status.deviceId)
    assert.match(list(), new RegExp(`of ${next}\\b`))
  })

  it('waits for room where its baseline is damaged, and says so: it is tried again', async () => {
    const before = startEngine()
    await before.ends()
    damage(join(agent, 'baseline.db'))
    disk?.fill()
    const refused = startEngine()
    await refused.ends(EXIT_NOT_NOW)
    assert.match(refused.said(), /^engine: baseline, open: the disk is full: free some space/m)
    assert.match(
      run('status').stderr,
      /no agent runs .*: its disk is full, \S+ \w*B are left: free some space; one that waits for that starts by itself then, else start/,
    )
    disk?.free()
    await startEngine().ends()
  })

  it('ends on one with all that it found, in the room of its logs and what it kept for that', async () => {
    const engine = startEngine()
    await until(() => engine.said().includes('watching'), 'an engine that watches')
    const story = findStrangers(engine)
    disk?.fill()
    story(0, 60)
    await until(() => engine.said().includes('disk is full'), 'what is wrong, said')
    await engine.ends()
    disk?.free()
    assert.doesNotMatch(
      engine.said(),
      /lost as the agent ends|baseline is not written as the agent/,
    )
    assert.equal(alertsOf(found()), 60)
    assert.match(list(), /stranger59/)
  })

  it('says at its next start what it could not keep at its end', async () => {
    const engine = startEngine()
    await until(() => engine.said().includes('watching'), 'an engine that watches')
    const story = findStrangers(engine)
    story(0, 1)
    await until(() => list().includes('stranger0'), 'a baseline with the first')
    holders = ['outbox.db', 'baseline.db'].map((name) => new DatabaseSync(join(agent, name)))
    for (const holder of holders) holder.exec('BEGIN IMMEDIATE')
    story(1, 3)
    await until(() => engine.said().includes('another process holds'), 'what is wrong, said')
    await engine.ends()
    for (const holder of holders.splice(0)) holder.close()
    assert.match(
      engine.said(),
      /\d+ findings that the disk did not take are lost as the agent ends/,
    )
    const [, lost] = /(\d+) findings that the disk/.exec(engine.said()) ?? []

    const next = startEngine()
    await until(() => next.said().includes('watching'), 'an engine that watches')
    const { stdout } = run('status')
    assert.match(stdout, new RegExp(`${lost} not kept`))
    await next.ends()
    const told = found().flatMap((one) => (one.kind === 'health' ? [one.health] : []))
    assert.equal(told.find(({ of }) => of === 'outbox')?.count, Number(lost))
    assert.match(told.find(({ of }) => of === 'baseline')?.text ?? '', /the disk took nothing when/)
    const after = startEngine()
    await until(() => after.said().includes('watching'), 'an engine that watches')
    await after.ends()
    assert.equal(found().filter(({ kind }) => kind === 'health').length, told.length, 'told once')
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

  const run = (...args: string[]) =>
    spawnSync(process.execPath, [PLACE.cli, ...args, '--state', join(directory, 'state')], {
      encoding: 'utf8',
    })

  function list(): string {
    const { stdout, stderr } = run('baseline', 'list')
    return stdout + stderr
  }

  const alertsOf = (findings: Finding[]) =>
    new Set(findings.flatMap((one) => (one.kind === 'alert' ? [one.alert.id] : []))).size

  /** Of each program from the number `from` on to before `to` an upload. */
  function findStrangers({ pipe }: { pipe: Duplex }): (from: number, to: number) => void {
    const script = new Script().policy(1, {}).start()
    let written = 0
    return (from, to) => {
      for (let number = from; number < to; number++) {
        const of = { id: 100 + number, pid: 100 + number }
        script
          .program({ pid: of.pid, path: `/tmp/stranger${number}`, sha: (number + 16).toString(16) })
          .flow({ ...of, state: 'opened' })
        script
          .ticks(2)
          .flow({ ...of, out: SENT, in: 10 })
          .ticks(2)
      }
      const bytes = script.bytes()
      pipe.write(bytes.subarray(written))
      written = bytes.length
    }
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
      async ends(wanted = 0) {
        pipe.end()
        const [status] = await once(engine, 'exit')
        assert.equal(status, wanted, said)
      },
    }
  }
})
