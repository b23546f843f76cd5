// The engine role as sense runs it: records on a pipe, what it found in the outbox, what it knows in the baseline.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { createLossBook } from '../../src/agent/losses.ts'
import { openBaseline } from '../../src/baseline/sqlite.ts'
import type { Finding } from '../../src/engine/finding.ts'
import { PLACE } from '../../src/place.ts'
import { Loss, Mark } from '../../src/records/record.gen.ts'
import { EXIT_CONFIG, EXIT_RECORDS } from '../../src/sense/exit.ts'
import { decodeItem } from '../../src/stream/codec.ts'
import { openOutbox } from '../../src/stream/outbox.ts'
import { makeAuthority } from '../../src/trust/certificates.ts'
import { nowUnixNs } from '../../src/units.ts'
import { Script } from '../engine/scenario.ts'
import { leaveOut, whyNotRoot } from '../left-out.ts'
import { enrolmentOf } from '../trust/enrolment.ts'
import { until } from './installation.ts'

const SENT = 4_000_000
const NOBODY = 65534

describe('The engine role', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-role-'))
    // The engine is another user, and has its state in there.
    chmodSync(directory, 0o755)
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  for (const name of ['lock.db', 'running', 'baseline.db', 'outbox.db'])
    it(`says in a sentence that ${name} is another user's, and has not begun`, async function () {
      leaveOut(this, whyNotRoot())
      await runEngine(new Uint8Array())
      const file = join(directory, 'state/agent', name)
      writeFileSync(file, '')
      chownSync(file, 0, 0)
      chmodSync(file, 0o600)
      const said = await runEngine(new Uint8Array(), 1)
      assert.match(said, /^freshet: .*`npx freshet doctor --state \S+\/state` says/m)
      assert.doesNotMatch(said, /^ {4}at /m)
      assert.doesNotMatch(said, /watching/)
    })

  it('knows that sense has died, and says so when it runs again, once', async () => {
    const state = join(directory, 'state')
    const args = JSON.stringify([PLACE.cli, 'engine', '--state', state])
    const script = `
      require('node:child_process').spawn(process.execPath, ${args}, { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] })
      setInterval(() => {}, 1000)`
    const sense = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'ignore', 'pipe'] })
    let heard = ''
    sense.stderr?.on('data', (text) => (heard += text))
    await until(() => heard.includes('watching'))
    sense.kill('SIGKILL')
    await once(sense, 'close')
    const said = await runEngine(new Uint8Array())
    assert.match(said, /^engine: sense, the root part of the agent, was killed or crashed/m)
    assert.doesNotMatch(said, /the agent was killed/)
    assert.doesNotMatch(await runEngine(new Uint8Array()), /killed/)
  })

  describe('of the run before', () => {
    const MINUTES = 3
    const mark = () => join(directory, 'state/agent/running')
    /** As if it had last lived so long ago; what it does from there on is its own. */
    const longAgo = () => {
      const atS = Date.now() / 1000 - MINUTES * 60
      utimesSync(mark(), atS, atS)
    }
    /** An engine that this test is sense for, and killed. */
    const killed = async () => {
      const args = [PLACE.cli, 'engine', '--state', join(directory, 'state')]
      const engine = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] })
      let heard = ''
      engine.stderr?.on('data', (text) => (heard += text))
      await until(() => heard.includes('watching'), 'an engine that watches')
      engine.kill('SIGKILL')
      await once(engine, 'close')
    }
    const tells = async (text: string) => {
      const said = await runEngine(new Uint8Array())
      // A machine that is busy takes its time to start the next one.
      const [told = ''] = restarts().slice(-1)
      assert.ok(said.includes(`engine: ${told}\n`), said)
      assert.equal(told.replace(/for [4-9] min/, `for ${MINUTES} min`), text)
    }
    const unwatched = `for ${MINUTES} min nothing was watched: what began and ended in that time was not seen`

    it('tells that it was killed alone, which lost nothing', async () => {
      await killed()
      longAgo()
      await tells(
        'the agent was killed or crashed and runs again; what sense kept for it is not lost',
      )
    })

    it('tells that it and sense were killed together, and for how long nobody watched since it last lived', async () => {
      const args = JSON.stringify([PLACE.cli, 'engine', '--state', join(directory, 'state')])
      const script = `
        require('node:child_process').spawn(process.execPath, ${args}, { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] })
        setInterval(() => {}, 1000)`
      // A group of its own, so that one signal is for both.
      const both = spawn(process.execPath, ['-e', script], {
        stdio: ['ignore', 'ignore', 'pipe'],
        detached: true,
      })
      try {
        let heard = ''
        both.stderr?.on('data', (text) => (heard += text))
        await until(() => heard.includes('watching'), 'an engine that watches')
        longAgo()
        const beforeMs = statSync(mark()).mtimeMs
        await until(() => statSync(mark()).mtimeMs > beforeMs, 'a mark that says that it lives')
      } finally {
        process.kill(-(both.pid as number), 'SIGKILL')
      }
      await once(both, 'close')
      longAgo()
      await tells(
        `the agent and sense, its root part, were killed or crashed together and run again; ${unwatched}`,
      )
    })

    it('tells that the machine went down under both', async () => {
      await killed()
      writeFileSync(mark(), readFileSync(mark(), 'utf8').replace(/^of \S+/m, 'of another-boot'))
      longAgo()
      await tells(
        `the machine went down while the agent ran; until the agent ran again, ${unwatched}`,
      )
    })

    it('tells that it was stopped for longer than a restart takes', async () => {
      await runEngine(new Uint8Array())
      longAgo()
      await tells(`the agent was stopped and runs again; ${unwatched}`)
      await runEngine(new Uint8Array())
      assert.equal(restarts().length, 1)
    })
  })

  it('ends in order, with a sentence, where a question or an answer finds that sense has gone', async () => {
    const args = [PLACE.cli, 'engine', '--state', join(directory, 'state')]
    const engine = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] })
    let said = ''
    engine.stderr?.on('data', (text) => (said += text))
    const pipe = engine.stdio[3] as Duplex
    // It is asked what this program is, by an engine that begins to read after both ends are closed here.
    const story = new Script().policy(1, {}).start().program({ pid: 100, path: '/tmp/stranger' })
    pipe.write(story.ticks(2).bytes(), () => pipe.destroy())
    const [status] = await once(engine, 'close')
    assert.match(said, /^engine: sense, the root part, has gone \(write (EPIPE|ECONNRESET)\)/m)
    assert.doesNotMatch(said, /^ {4}at /m)
    assert.equal(status, 0, said)
  })

  it('counts what was lost over its restarts', async () => {
    const lost = () => {
      const { baseline } = openBaseline(join(directory, 'state/agent/baseline.db'), {
        now: nowUnixNs(),
      })
      const all = createLossBook(baseline, () => 0, nowUnixNs).all()
      baseline.close()
      return all
    }
    const losing = (count: number) =>
      new Script().policy(1, {}).start().loss(Loss.ringFull, count).ticks(2).bytes()
    await runEngine(losing(10_000))
    const first = lost()
    assert.equal(first?.count, 10_000)
    await runEngine(losing(1))
    assert.deepEqual({ ...lost(), last: 0n }, { count: 10_001, since: first?.since, last: 0n })
  })

  it('refuses a device-id that holds none, and says where it is and what to do', async () => {
    const agent = join(directory, 'state/agent')
    await runEngine(new Uint8Array())
    writeFileSync(join(agent, 'device-id'), 'garbage')
    const said = await runEngine(new Uint8Array(), EXIT_CONFIG)
    assert.match(
      said,
      /^freshet: in \S+\/state\/agent: device-id holds no device id: bring it back, or remove it/m,
    )
    assert.doesNotMatch(said, /watching/)
    assert.equal(readFileSync(join(agent, 'device-id'), 'utf8'), 'garbage')
  })

  it('says that it closed a database that others could read, and sets an empty one aside', async () => {
    const agent = join(directory, 'state/agent')
    await runEngine(new Uint8Array())
    chmodSync(join(agent, 'outbox.db'), 0o644)
    truncateSync(join(agent, 'baseline.db'))
    const said = await runEngine(new Uint8Array())
    assert.match(said, /^engine: others could use outbox\.db \(mode 644\): closed to them now/m)
    assert.match(said, /^engine: .*baseline.*it is empty/m)
  })

  for (const name of ['baseline.db', 'outbox.db', 'device-id'])
    it(`is not counted as dead because ${name} was refused`, async () => {
      const file = join(directory, 'state/agent', name)
      await runEngine(new Uint8Array())
      renameSync(file, `${file}.kept`)
      symlinkSync('/etc/hostname', file)
      assert.match(
        await runEngine(new Uint8Array(), EXIT_CONFIG),
        /is not a file but a symbolic link/,
      )
      renameSync(`${file}.kept`, file)
      assert.doesNotMatch(await runEngine(new Uint8Array()), /killed|crashed/)
    })

  it('is another device from its next start on when its collector said so, and marks it', async () => {
    const place = join(directory, 'state/agent')
    const [was, is] = ['1', '2'].map((digit) => `${digit.repeat(8)}-1111-4111-8111-111111111111`)
    assert(was && is)
    const authority = await makeAuthority('Freshet collector', Date.now())
    await runEngine(new Uint8Array())
    const { uid, gid } = statSync(place)
    const put = (name: string, content: string) => {
      writeFileSync(join(place, name), content, { mode: 0o600 })
      chownSync(join(place, name), uid, gid)
    }
    const next = await enrolmentOf(authority, is)
    put('device-id', `${was}\n`)
    put('enrolment.json', JSON.stringify(await enrolmentOf(authority, was)))
    put('enrolment-next.json', JSON.stringify({ deviceId: is, key: next.key, enrolment: next }))
    await runEngine(new Uint8Array())
    const read = (name: string) => readFileSync(join(place, name), 'utf8')
    assert.equal(read('device-id').slice(0, 36), is)
    assert.equal(read('device-id.old').slice(0, 36), was)
    assert.deepEqual(JSON.parse(read('enrolment.json')), next)
    const says = `this machine had the certificate of another, device ${was}, and is a device of its own from now on: what it sent before is under that one`
    assert.equal(restarts().filter((text) => text === says).length, 1, restarts().join('\n'))
    const marks = restarts().length
    await runEngine(new Uint8Array())
    assert.equal(restarts().length, marks)
    assert.equal(read('device-id').slice(0, 36), is)
  })

  it('detects without a status socket, and says what is in its way', async () => {
    mkdirSync(join(directory, 'state/status.sock'), { recursive: true })
    if (process.getuid?.() === 0) chownSync(join(directory, 'state'), NOBODY, NOBODY)
    const said = await runEngine(new Uint8Array())
    assert.match(said, /can ask how this agent is: .*status\.sock: remove what is there/)
    assert.match(said, /^engine: watching/m)
  })

  /** One engine that is given these records and then the end of its input. */
  async function runEngine(records: Uint8Array, expected = 0): Promise<string> {
    const args = [PLACE.cli, 'engine', '--state', join(directory, 'state')]
    const engine = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] })
    let said = ''
    engine.stderr?.on('data', (text) => (said += text))
    const pipe = engine.stdio[3] as Duplex
    pipe.on('data', () => {})
    pipe.end(records)
    const [status] = await once(engine, 'exit')
    assert.equal(status, expected, said)
    return said
  }

  /** What waits for a collector. */
  function found(): Finding[] {
    const outbox = openOutbox(join(directory, 'state/agent/outbox.db'), {
      bytesMax: 1_000_000,
      ageMaxMs: 3_600_000,
      now: nowUnixNs,
    })
    const waiting = outbox.read(0, 1_000, 1_000_000)
    outbox.close()
    return waiting.map(({ encoded }) => decodeItem(encoded).finding)
  }

  /** Bytes out of all summaries. */
  const summarized = () =>
    found().reduce(
      (sum, finding) => sum + (finding.kind === 'summary' ? finding.summary.bytesOut : 0),
      0,
    )

  /** What was told of the run before, oldest first. */
  const restarts = () =>
    found().flatMap((finding) =>
      finding.kind === 'health' && finding.health.of === 'restart' ? [finding.health.text] : [],
    )

  it('says by its status that it failed on what it was given, and leaves what it knew', async () => {
    const story = new Script().policy(1, {}).start().program({ pid: 100, path: '/tmp/stranger' })
    const said = await runEngine(Buffer.concat([story.bytes(), Buffer.alloc(64)]), EXIT_RECORDS)
    assert.match(said, /engine: RecordError/)
    await runEngine(story.bytes())
  })

  it('says the hour that is not over when it stops, and the next one does not say it again', async () => {
    // The last record raises an alert: all is settled just before the end.
    const story = new Script().policy(1, {}).start()
    story.program({ pid: 100, path: '/tmp/stranger' }).flow({ id: 1, state: 'opened' }).tick(1_000)
    await runEngine(story.flow({ id: 1, out: SENT, in: 10 }).bytes())
    assert.equal(summarized(), SENT)
    await runEngine(new Script().policy(1, {}).start().ticks(2).bytes())
    assert.equal(summarized(), SENT)
    // The connection is still there, and has sent more meanwhile.
    const later = new Script().policy(1, {}).mark(Mark.start)
    later.program({ pid: 100, path: '/tmp/stranger' }).flow({ id: 1, out: SENT + 7, in: 10 })
    await runEngine(later.mark(Mark.enumerated).ticks(2).bytes())
    assert.equal(summarized(), SENT + 7)
  })
})
