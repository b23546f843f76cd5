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
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { PLACE } from '../../src/place.ts'
import { Mark } from '../../src/records/record.gen.ts'
import { EXIT_RECORDS } from '../../src/sense/exit.ts'
import { decodeItem } from '../../src/stream/codec.ts'
import { openOutbox } from '../../src/stream/outbox.ts'
import { nowUnixNs } from '../../src/units.ts'
import { Script } from '../engine/scenario.ts'
import { leaveOut, whyNotRoot } from '../left-out.ts'
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

  it('refuses a device-id that holds none, and says where it is and what to do', async () => {
    const agent = join(directory, 'state/agent')
    await runEngine(new Uint8Array())
    writeFileSync(join(agent, 'device-id'), 'garbage')
    const said = await runEngine(new Uint8Array(), 1)
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
      assert.match(await runEngine(new Uint8Array(), 1), /is not a file but a symbolic link/)
      renameSync(`${file}.kept`, file)
      assert.doesNotMatch(await runEngine(new Uint8Array()), /killed|crashed/)
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

  /** Bytes out of all summaries that wait for a collector. */
  function summarized(): number {
    const outbox = openOutbox(join(directory, 'state/agent/outbox.db'), {
      bytesMax: 1_000_000,
      ageMaxMs: 3_600_000,
      now: nowUnixNs,
    })
    let sum = 0
    for (const { encoded } of outbox.read(0, 1_000, 1_000_000)) {
      const { finding } = decodeItem(encoded)
      if (finding.kind === 'summary') sum += finding.summary.bytesOut
    }
    outbox.close()
    return sum
  }

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
