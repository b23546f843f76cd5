// An agent of `freshet up` that answers after the time for which up waits: in the long run alone, which has a minute.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lockDirectory } from '../../src/host/lock.ts'
import { PLACE } from '../../src/place.ts'
import { descendants, roleOf, run, tied, until } from '../e2e/installation.ts'
import { leaveOut, whyNotLinux } from '../left-out.ts'
import { times } from '../long.ts'

/** Longer than up waits for its agent. */
const LATE_MS = 90_000

describe('An agent of up that answers late', () => {
  for (let turn = times('FRESHET_LATE_AGENTS', { usual: 0, long: 1 }); turn > 0; turn--)
    it('is said not to watch yet, is waited for, and is then started again whatever refuses it', async function () {
      leaveOut(this, whyNotLinux())
      this.timeout(2 * LATE_MS)
      const state = mkdtempSync(join(tmpdir(), 'freshet-late-'))
      mkdirSync(join(state, 'agent'), { mode: 0o700 })
      const policy = join(state, 'policy.json')
      writeFileSync(policy, '{"version": 1}')
      let letGo = lockDirectory(join(state, 'agent'), 0)
      assert(letGo)
      const args = [PLACE.cli, 'up', '--state', state, '--port', '0', '--user', 'root']
      const up = tied(
        spawn(process.execPath, [...args, '--policy', policy], {
          stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        }),
      )
      let output = ''
      for (const stream of [up.stdout, up.stderr]) stream?.on('data', (text) => (output += text))
      const status = async () => (await run([PLACE.cli, 'status', '--state', state])).status
      try {
        const deadlineMs = performance.now() + LATE_MS
        while (!output.includes('does not watch this machine yet')) {
          assert(performance.now() < deadlineMs && up.exitCode === null, output)
          await Promise.race([once(up.stdout as NodeJS.EventEmitter, 'data'), once(up, 'exit')])
        }
        letGo()
        letGo = undefined
        await until(async () => (await status()) === 0)
        // It has watched: a policy that was spoilt since ends up no more.
        writeFileSync(policy, '{"version": ')
        const agents = descendants(up.pid as number).filter(
          (pid) => roleOf(pid, PLACE.cli) === 'agent',
        )
        assert.equal(agents.length, 1)
        for (const pid of agents) process.kill(pid, 'SIGKILL')
        await until(() => output.includes('the agent cannot go on until'))
        writeFileSync(policy, '{"version": 2}')
        await until(async () => (await status()) === 0)
        assert.equal(up.exitCode, null)
      } finally {
        letGo?.()
        if (up.exitCode === null) {
          up.kill('SIGINT')
          await once(up, 'exit')
        }
        rmSync(state, { recursive: true, force: true })
      }
    })
})
