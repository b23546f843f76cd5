// `freshet up` that is killed: its roles end in order, and the next one says for two days that nobody watched meanwhile.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PLACE } from '../../src/place.ts'
import { descendants, run, tied, until } from '../e2e/installation.ts'
import { leaveOut, whyNotLinux } from '../left-out.ts'

describe('An up that is killed', () => {
  before(function () {
    leaveOut(this, whyNotLinux())
  })

  it('is a warning of status and doctor, as the death of its parts is; one that was stopped is none', async function () {
    this.timeout(180_000)
    const state = mkdtempSync(join(tmpdir(), 'freshet-killed-'))
    const begin = async (): Promise<ChildProcess> => {
      const up = tied(
        spawn(
          process.execPath,
          [PLACE.cli, 'up', '--state', state, '--port', '0', '--user', 'root'],
          { stdio: ['ignore', 'pipe', 'ignore', 'ipc'] },
        ),
      )
      let output = ''
      up.stdout?.on('data', (text) => (output += text))
      await until(() => /watches this machine\./.test(output) || up.exitCode !== null)
      assert.equal(up.exitCode, null, output)
      return up
    }
    const doctor = async () =>
      (await run([PLACE.cli, 'doctor', '--state', state, '--user', 'root'])).stdout
    let up = await begin()
    try {
      // Without what one of them runs for a moment.
      await until(() => descendants(up.pid as number).length === 3)
      const roles = descendants(up.pid as number)
      up.kill('SIGKILL')
      await once(up, 'exit')
      await until(() => roles.every((pid) => !isThere(pid)))
      up = await begin()
      const { stdout } = await run([PLACE.cli, 'status', '--state', state])
      const KILLED =
        /Nothing was watched for .* from .* on, when what ran the agent and its collector was killed/
      assert.match(stdout, KILLED)
      assert.match(await doctor(), KILLED)
      up.kill('SIGINT')
      await once(up, 'exit')
      up = await begin()
      const told = KILLED.exec(await doctor())?.[0] ?? ''
      assert.equal(told.split(' from ').length, 2, `a stop in good order adds nothing: ${told}`)
    } finally {
      if (up.exitCode === null && up.signalCode === null) {
        up.kill('SIGINT')
        await once(up, 'exit')
      }
      rmSync(state, { recursive: true, force: true })
    }
  })
})

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
