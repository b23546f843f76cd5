// What ends `freshet up` and what does not, and that it claims to watch no sooner than it does.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PLACE } from '../../src/place.ts'
import { loadAddon } from '../../src/sense/addon.ts'
import { run, startInstallation, until } from '../e2e/installation.ts'
import { leaveOut, whyNotLinux, whyNotRoot } from '../left-out.ts'

describe('A collector of up that once worked and is refused now', () => {
  it('ends no detection: it is tried again until what is wrong is put right', async function () {
    leaveOut(this, whyNotLinux())
    const installation = await startInstallation()
    try {
      await installation.connected()
      const key = join(installation.state, 'collector/page.key')
      renameSync(key, `${key}.aside`)
      mkdirSync(key)
      const agents = installation.pidsOf('agent')
      for (const pid of installation.pidsOf('collector')) process.kill(pid, 'SIGKILL')
      await until(() => installation.output().match(/the collector cannot go on until/))
      assert.equal(installation.up.exitCode, null)
      assert.deepEqual(installation.pidsOf('agent'), agents)
      rmdirSync(key)
      renameSync(`${key}.aside`, key)
      await until(async () => (await installation.freshet(['page'])).status === 0)
      await installation.connected()
    } finally {
      await installation.stop()
    }
  })

  it('says so and ends where it never worked', async function () {
    leaveOut(this, whyNotLinux())
    const state = mkdtempSync(join(tmpdir(), 'freshet-never-'))
    try {
      mkdirSync(join(state, 'collector/page.key'), { recursive: true })
      const args = [PLACE.cli, 'up', '--state', state, '--port', '0', '--user', 'root']
      const { status, stderr } = await run(args, { timeout: 60_000 })
      assert.equal(status, 78, stderr)
      assert.match(stderr, /page\.key/)
    } finally {
      rmSync(state, { recursive: true, force: true })
    }
  })
})

describe('An agent of up', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-up-'))
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  const UP = [PLACE.cli, 'up', '--port', '0', '--user', 'root', '--state']

  it('is said to watch when it answers, and no sooner', async function () {
    leaveOut(this, whyNotLinux())
    const installation = await startInstallation()
    try {
      // At the very moment that up says so.
      const { status } = await installation.freshet(['status'])
      assert.match(installation.output(), /watches this machine/)
      assert.equal(status, 0)
    } finally {
      await installation.stop()
    }
  })

  it('that was killed, and its engine not, is told as that when it runs again', async function () {
    leaveOut(this, whyNotLinux())
    const installation = await startInstallation()
    try {
      await installation.connected()
      for (const pid of installation.pidsOf('agent')) process.kill(pid, 'SIGKILL')
      await until(() =>
        /the root part of the agent, was killed or crashed/.exec(installation.output()),
      )
    } finally {
      await installation.stop()
    }
  })

  it('whose addon cannot be loaded ends it with a sentence', async function () {
    leaveOut(this, whyNotLinux() ?? whyNotRoot())
    // Another file in its place, for what is started here alone.
    const node = process.execPath
    const script = `mount --make-rprivate / && mount --bind /dev/null "${PLACE.addon}" && exec "$@"`
    const { status, stdout, stderr } = await run(
      ['-e', SPAWNED, '--', 'unshare', '-m', 'sh', '-c', script, 'sh', node, ...UP, directory],
      { timeout: 60_000 },
    )
    assert.equal(status, 78, stderr)
    assert.equal(stdout, '')
    const lines = stderr.trimEnd().split('\n')
    assert.deepEqual(
      lines.filter((line) => !line.includes('cannot be loaded')),
      [],
    )
    assert.match(stderr, /freshet\.node cannot be loaded \(.*\): run `node scripts\/setup\.mjs`$/m)
  })

  it('says of an addon that is not there just that', () => {
    assert.throws(() => loadAddon(join(directory, 'none.node')), {
      name: 'AddonError',
      message: /none\.node cannot be loaded \(it is not there\): run `node scripts\/setup\.mjs`$/,
    })
    const other = join(directory, 'other.node')
    writeFileSync(other, 'no library')
    assert.throws(() => loadAddon(other), /other\.node cannot be loaded \([^\n]+\): run /)
  })

  it('that finds something else at the place of a file of its own ends it, having said so once', async function () {
    leaveOut(this, whyNotLinux())
    mkdirSync(join(directory, 'agent'))
    execFileSync('mkfifo', [join(directory, 'agent/device-id')])
    const { status, stdout, stderr } = await run([...UP, directory], { timeout: 60_000 })
    assert.equal(status, 78, stderr)
    assert.equal(stdout, '')
    assert.equal(stderr.match(/device-id is not a file but a FIFO: remove it/g)?.length, 1, stderr)
  })

  it('that watched, and whose policy was spoilt since, is started again until that is put right', async function () {
    leaveOut(this, whyNotLinux())
    const policy = join(directory, 'policy.json')
    writeFileSync(policy, '{"version": 1}')
    const installation = await startInstallation(['--policy', policy])
    try {
      writeFileSync(policy, '{"version": ')
      for (const pid of installation.pidsOf('agent')) process.kill(pid, 'SIGKILL')
      await until(() => installation.output().match(/the agent cannot go on until/))
      assert.equal(installation.up.exitCode, null)
      writeFileSync(policy, '{"version": 2}')
      await until(async () => (await installation.freshet(['status'])).status === 0)
    } finally {
      await installation.stop()
    }
  })
})

/** Runs the words after `--` as a command, and ends as it does. */
const SPAWNED = `
  const { spawnSync } = require('node:child_process')
  const [command, ...args] = process.argv.slice(1)
  process.exit(spawnSync(command, args, { stdio: 'inherit' }).status ?? 1)
`
