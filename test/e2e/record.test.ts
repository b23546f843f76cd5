import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { openCapture } from '../../src/capture/reader.ts'
import { runProbe, startSink, uniqueProgram } from '../../src/cli/simulate-probe.ts'
import { REFERENCE_HASH } from '../../src/engine/engine.ts'
import { lockDirectory } from '../../src/host/lock.ts'
import { PLACE } from '../../src/place.ts'
import { leaveOut, whyNotLinux, whyNotRoot } from '../left-out.ts'
import { run, tied, until } from './installation.ts'

const CONFIG = 78

describe('freshet record, live', () => {
  let directory: string
  let record: ChildProcess | undefined
  before(function () {
    leaveOut(this, whyNotLinux() ?? whyNotRoot())
  })
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-record-'))
    // The engine is another user, and has its state in there.
    chmodSync(directory, 0o755)
  })
  afterEach(() => {
    record?.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  })

  it('keeps a live run whose replay finds the same, digest for digest', async () => {
    const file = join(directory, 'live.fcap')
    const recording = tied(
      spawn(
        process.execPath,
        [
          ...[PLACE.cli, 'record', file, '--state', join(directory, 'state')],
          ...['--include-loopback', '--interval', '100'],
        ],
        { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
      ),
    )
    record = recording
    let output = ''
    for (const stream of [recording.stdout, recording.stderr])
      stream?.on('data', (text) => (output += text))
    const ended = new Promise<number | null>((resolve) => recording.once('exit', resolve))
    await until(() => existsSync(file) && statSync(file).size > 2_000, 'the recording')
    // A program that this machine has never seen sends to one that answers nothing.
    const sink = await startSink(true)
    const { path, remove } = await uniqueProgram(PLACE.probe)
    const sent = await runProbe({
      path,
      target: { address: sink.address, port: sink.port, loopback: true },
      bytes: 8_000_000,
      flows: 1,
      rateBytesPerS: 0,
      signal: AbortSignal.timeout(30_000),
    })
    assert.equal(sent.sent, 8_000_000)
    // Others send on this machine meanwhile, and it tells of them too.
    const own = new RegExp(`alert (low|medium|high).*${basename(path)}`)
    await until(() => own.test(output), 'the alert')
    recording.kill('SIGINT')
    assert.equal(await ended, 0, output)
    await sink.close()
    await remove()
    const references: (string | undefined)[] = []
    for await (const event of (await openCapture(file)).events)
      if (event.kind === 'header') references.push(event.header.reference)
    assert.deepEqual(references, [REFERENCE_HASH])
    const [, alerts, digest] =
      /^recorded .* (\d+) alert findings?\ndigest {2}([0-9a-f]{64})$/m.exec(output) ?? []
    assert.ok(Number(alerts) >= 1, output)
    const replayed = await run([PLACE.cli, 'replay', '--strict', file])
    assert.equal(replayed.status, 0, replayed.stderr)
    assert.match(replayed.stderr, new RegExp(`digest ${digest}, as recorded`))
    assert.match(replayed.stdout, new RegExp(basename(path)))
    assert.equal(statSync(file).mode & 0o777, 0o600)
    const again = await run([PLACE.cli, 'record', file, '--state', join(directory, 'state')])
    assert.equal(again.status, CONFIG)
    assert.match(again.stderr, /exists, and a recording does not replace anything/)
  })

  it('says that nothing was recorded where the engine could not begin, and leaves no file', async () => {
    const file = join(directory, 'none.fcap')
    const state = join(directory, 'state')
    mkdirSync(join(state, 'agent'), { recursive: true, mode: 0o700 })
    // As one before it that is still ending: it answers nobody.
    const unlock = lockDirectory(join(state, 'agent'), 0)
    const { status, stderr } = await run([
      ...[PLACE.cli, 'record', file, '--state', state, '--user', 'root', '--seconds', '2'],
    ])
    unlock?.()
    assert.equal(status, 1, stderr)
    assert.match(stderr, /^freshet: nothing was recorded: .*none\.fcap is not kept$/m)
    assert.equal(existsSync(file), false)
  })

  it('stops by itself, and leaves no file when its settings are wrong', async () => {
    const file = join(directory, 'short.fcap')
    const state = join(directory, 'state')
    const short = await run([PLACE.cli, 'record', file, '--state', state, '--seconds', '2'])
    assert.equal(short.status, 0, short.stderr)
    assert.match(short.stdout, /^recorded .*short\.fcap: .* of records in .*, 0 alert findings$/m)
    const policy = join(directory, 'policy.json')
    writeFileSync(policy, '{"version":-1}')
    const wrong = await run([
      PLACE.cli,
      'record',
      join(directory, 'b.fcap'),
      '--state',
      state,
      '--policy',
      policy,
    ])
    assert.equal(wrong.status, CONFIG)
    assert.equal(existsSync(join(directory, 'b.fcap')), false)
  })
})
