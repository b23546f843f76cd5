// `freshet page`: the address that `up` printed, once more, and only while there is a page at it.
import assert from 'node:assert/strict'
import { chmodSync, existsSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PLACE } from '../../src/place.ts'
import { type Installation, run, startInstallation, until } from '../e2e/installation.ts'
import { leaveOut, whyNotLinux, whyNotRoot } from '../left-out.ts'

const NOBODY = 65534
const STRANGER = 65533

describe('freshet page', () => {
  let installation: Installation
  before(async function () {
    leaveOut(this, whyNotLinux())
    installation = await startInstallation(['--ring-mb', '3'])
  })
  after(() => installation?.stop())

  it('prints what up printed, key and all, and nothing else', async () => {
    const { status, stdout } = await installation.freshet(['page'])
    assert.deepEqual([status, stdout], [0, `${installation.pageUrl}\n`])
  })

  it('says whose the installation is to who may not have the key', async function () {
    leaveOut(this, whyNotRoot())
    chmodSync(installation.state, 0o711)
    const { status, stdout, stderr } = await run(
      [PLACE.cli, 'page', '--state', installation.state],
      { uid: STRANGER, gid: STRANGER, cwd: '/', env: { HOME: '/nonexistent' } },
    )
    assert.deepEqual([status, stdout], [78, ''])
    assert.match(stderr, /belongs to user nobody and is closed to uid 65533: run this as user nob/)
    assert.equal(statSync(join(installation.state, 'collector')).uid, NOBODY)
  })

  it('is of an up whose ring is as large as was asked for, and which says so', async () => {
    await until(() => /the ring between kernel and engine has 4 MiB\n/.test(installation.output()))
  })

  it('has nothing to print when the collector has ended, by its own end or killed', async () => {
    for (const pid of installation.pidsOf('collector')) process.kill(pid, 'SIGSTOP')
    // One that hangs still holds the directory.
    assert.equal((await installation.freshet(['page'])).status, 0)
    const ended = new Promise((resolve) => installation.up.once('exit', resolve))
    for (const pid of installation.pidsOf('collector')) process.kill(pid, 'SIGCONT')
    installation.up.kill('SIGKILL')
    await ended
    const said = await until(async () => {
      const asked = await installation.freshet(['page'])
      return asked.status === 0 ? undefined : asked
    })
    assert.equal(said.stdout, '')
    assert.match(
      said.stderr,
      /no collector runs with the state directory .*`npx freshet up --state/,
    )
    const none = await run([PLACE.cli, 'page', '--state', join(tmpdir(), 'no such state')])
    assert.match(none.stderr, /no collector has run with this state directory/)
  })
})

describe('An up that was started through sudo', () => {
  it('says how to try it as it is typed by who has no terminal of root’s', async function () {
    leaveOut(this, whyNotRoot())
    const before = process.env['SUDO_UID']
    process.env['SUDO_UID'] = '1000'
    try {
      const installation = await startInstallation()
      try {
        assert.match(installation.output(), /^ {2}try {5}sudo npx freshet simulate upload --mb 8 /m)
      } finally {
        await installation.stop()
      }
    } finally {
      if (before === undefined) delete process.env['SUDO_UID']
      else process.env['SUDO_UID'] = before
    }
  })
})

describe('A page whose port another program has', () => {
  it('has an address that is not given out before it is free: the key is in it', async function () {
    leaveOut(this, whyNotLinux())
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const bound = other.address()
    assert.ok(typeof bound === 'object' && bound !== null)
    let installation: Installation | undefined
    try {
      installation = await startInstallation(['--port', `${bound.port}`])
      assert.match(installation.output(), /not yet: another program has that port/)
      const address = join(installation.state, 'collector/address')
      for (const command of [['page'], ['simulate', 'upload']]) {
        const { status, stdout, stderr } = await installation.freshet(command)
        assert.deepEqual([status, stdout], [78, ''])
        assert.match(stderr, /runs, but its page is not served: another program has its port/)
      }
      other.close()
      await until(() => existsSync(address))
      assert.equal((await installation.freshet(['page'])).stdout, `${installation.pageUrl}\n`)
    } finally {
      other.close()
      await installation?.stop()
    }
  })
})
