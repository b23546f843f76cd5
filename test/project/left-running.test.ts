// A run that leaves a process behind fails and ends it: small runs of their own, each with a child that stays.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** Ends by a kill alone, and tells its pid. */
const STAYS = `
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => {})
  console.log('stays ' + process.pid)
  setInterval(() => {}, 1000)`
const START = `
  import { spawn } from 'node:child_process'
  import { once } from 'node:events'
  const start = async () => {
    const child = spawn(process.execPath, ['-e', ${JSON.stringify(STAYS)}, 'left-behind'], { stdio: ['ignore', 'pipe', 'ignore'] })
    const [said] = await once(child.stdout, 'data')
    process.stdout.write(said)
    child.unref()
    child.stdout.unref()
    return child
  }`

describe('a run of tests', () => {
  let folder: string
  const runs: ChildProcess[] = []
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'freshet-left-'))
  })
  afterEach(() => {
    for (const run of runs.splice(0)) run.kill('SIGTERM')
    rmSync(folder, { recursive: true })
  })

  const run = (body: string) => {
    const file = join(folder, 'leaves.test.mjs')
    writeFileSync(file, `${START}\n${body}`)
    const child = spawn(process.execPath, [join(root, 'scripts/test.mjs'), file], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    runs.push(child)
    const said = { text: '' }
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (more: string) => (said.text += more))
    return { child, said, ended: once(child, 'close') as Promise<[number | null]> }
  }
  const pidIn = (text: string) => Number(/^stays (\d+)$/m.exec(text)?.[1])
  /** A zombie is not: nothing of it runs. */
  const isThere = (pid: number) => {
    const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', `${pid}`], { encoding: 'utf8' })
    return !/^\s*(Z|$)/.test(stdout)
  }

  it('that leaves a process behind fails, names it, and ends it', async () => {
    const { said, ended } = run(`it('passes', async () => { await start() })`)
    const [status] = await ended
    assert.match(said.text, /1 passing/)
    assert.equal(status, 1, said.text)
    assert.match(
      said.text,
      /the tests left a process running, ended now.*\nfreshet: {3}\d+ .*left-behind/,
    )
    assert.ok(pidIn(said.text) > 0)
    assert.ok(!isThere(pidIn(said.text)))
  })

  it('that ends what it started says nothing of it', async () => {
    const { said, ended } = run(`
      let child
      after(async () => { child.kill('SIGKILL'); await once(child, 'exit') })
      it('passes', async () => { child = await start() })`)
    assert.deepEqual(await ended, [0, null], said.text)
    assert.doesNotMatch(said.text, /running/)
  })

  it('that is interrupted ends what it started', async () => {
    const { child, said, ended } = run(
      `it('waits', async () => { await start(); await new Promise((done) => setTimeout(done, 60_000)) })`,
    )
    while (!(pidIn(said.text) > 0)) await once(child.stdout, 'data')
    child.kill('SIGINT')
    const [status] = await ended
    assert.notEqual(status, 0)
    assert.ok(!isThere(pidIn(said.text)), said.text)
  })
})
