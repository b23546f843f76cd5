// `replay --into`: the collector of this machine, found by its state directory, as root and as its own user. Root believes
// whom root's own agent would, and no other.
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SCENARIO_DIRECTORY } from '../../scripts/scenarios.ts'
import { PLACE } from '../../src/place.ts'
import { agentsSocket } from '../../src/stream/local-socket.ts'
import { run, tied, until } from '../e2e/installation.ts'
import { leaveOut, whyNotRoot } from '../left-out.ts'

const STRANGER_UID = 54_321
const HEARS = `
  let bytes = 0
  require('node:net').createServer((socket) => {
    socket.on('data', (data) => { bytes += data.length })
    socket.on('close', () => console.log('closed after ' + bytes))
    socket.on('error', () => {})
  }).listen(process.argv[1], () => console.log('listens'))`

describe('freshet replay --into', () => {
  let directory: string
  let state: string
  let capture: string
  const children: ChildProcess[] = []

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-into-'))
    chmodSync(directory, 0o711)
    state = join(directory, 'state')
    capture = join(directory, 'burst.fcap')
    copyFileSync(join(SCENARIO_DIRECTORY, 'night-burst.fcap'), capture)
  })
  afterEach(async () => {
    for (const child of children.splice(0)) {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    }
    rmSync(directory, { recursive: true, force: true })
  })

  /** `freshet collector`, until it listens. */
  const collector = async (...args: string[]) => {
    const child = tied(
      spawn(
        process.execPath,
        [PLACE.cli, 'collector', '--state', state, '--listen', '127.0.0.1:0', ...args],
        { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
      ),
    )
    children.push(child)
    await once(child, 'message')
  }
  const replay = (args: string[], as: { uid?: number; gid?: number } = {}) =>
    run([PLACE.cli, 'replay', capture, ...args], { env: { ...process.env, HOME: '/' }, ...as })
  const into = ['--into'] as const
  const refusedAtOnce = ({ status, stderr }: { status: number | null; stderr: string }) => {
    assert.equal(status, 78, stderr)
    // Before anything was read, and so before any patience could have ended.
    assert.doesNotMatch(stderr, /records in|acknowledged nothing/)
  }

  it('says at once that no collector runs, whether or not one ever has', async () => {
    const never = await replay([...into, '--state', state])
    refusedAtOnce(never)
    assert.match(
      never.stderr,
      /no collector runs with the state directory .*start `npx freshet collector /,
    )
    mkdirSync(join(state, 'collector'), { recursive: true, mode: 0o700 })
    const user = process.getuid?.() === 0 ? ['--user', 'root'] : []
    const away = await replay([...into, '--state', state, ...user])
    refusedAtOnce(away)
    assert.match(away.stderr, /no collector runs with the state directory/)
  })

  describe('as root, where the collector runs as another user', () => {
    before(function () {
      leaveOut(this, whyNotRoot())
    })
    const nobody = () => ({
      uid: Number(execFileSync('id', ['-u', 'nobody'])),
      gid: Number(execFileSync('id', ['-g', 'nobody'])),
    })

    it('delivers to the one that root’s own `up` or `collector` would make', async () => {
      await collector('--user', 'nobody')
      for (const where of [
        ['--into', '--state', state],
        ['--collector', state],
      ]) {
        const { status, stderr } = await replay([...where, '--user', 'nobody'])
        assert.equal(status, 0, stderr)
        assert.match(stderr, /the collector has \d+ findings$/m)
      }
      // And as that user, who owns it.
      chmodSync(capture, 0o644)
      const own = await replay([...into, '--state', state], nobody())
      assert.equal(own.status, 0, own.stderr)
    })

    it('gives nothing to one in another user’s directory, and says at once as whom to do it', async () => {
      await collector('--user', 'nobody')
      for (const path of [state, join(state, 'collector')]) chownSync(path, STRANGER_UID, 0)
      for (const where of [
        ['--into', '--state', state],
        ['--collector', state],
      ]) {
        const refused = await replay([...where, '--user', 'nobody'])
        refusedAtOnce(refused)
        assert.match(
          refused.stderr,
          /above the collector's socket, belongs to uid 54321: run this as uid 54321, or with --user/,
        )
      }
    })

    it('gives nothing to who listens in the place of that user’s collector', async () => {
      const at = join(state, 'collector')
      mkdirSync(at, { recursive: true })
      chmodSync(at, 0o777)
      const stranger = spawn(process.execPath, ['-e', HEARS, agentsSocket(at)], {
        uid: STRANGER_UID,
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      children.push(stranger)
      let heard = ''
      stranger.stdout.setEncoding('utf8').on('data', (text: string) => {
        heard += text
      })
      await until(() => heard !== '')
      // All that the file system says is as it should be.
      for (const path of [state, at]) chownSync(path, nobody().uid, nobody().gid)
      chmodSync(at, 0o700)
      const refused = await replay([...into, '--state', state, '--user', 'nobody'])
      refusedAtOnce(refused)
      assert.match(refused.stderr, /runs as uid 54321: neither root nor uid \d+, as whom root’s/)
      await until(() => heard.includes('closed'))
      assert.equal(heard, 'listens\nclosed after 0\n')
    })
  })
})
