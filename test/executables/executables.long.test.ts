// The two executables as they ship: alone in an empty directory, without a Node on the path or a clone that they know of.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildExecutables } from '../../scripts/build-executables.ts'
import type { AlertDetail } from '../../src/collector/views/page-api.ts'
import { VERSION } from '../../src/version.ts'
import { descendants, type Ran, until } from '../e2e/installation.ts'
import { leaveOut, whyNoTool, whyNotLinux, whyNotRoot } from '../left-out.ts'
import {
  buildOnce,
  environmentOf,
  linked,
  loudLibrary,
  madeCode,
  type Place,
  runProgram,
  type Started,
  startProgram,
  target,
  wantWhole,
} from './built.ts'

const NOBODY = 65534
/** Each builds: Node's own blob is written twice at 150 MB. */
const BUILD_MS = 600_000

describe('the executables', () => {
  let place: Place
  let freshet: string
  let sense: string

  before(async function () {
    this.timeout(BUILD_MS)
    leaveOut(this, whyNotLinux() ?? whyNotRoot())
    place = await buildOnce()
    freshet = join(place.built, 'freshet')
    sense = join(place.built, 'freshet-sense')
    wantWhole(place.built)
  })
  after(() => place?.remove())

  const run = (program: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> =>
    runProgram(program, args, { cwd: place.empty, env })
  const asNobody = (program: string, args: string[]): Promise<Ran> =>
    runProgram(program, args, { cwd: place.empty, uid: NOBODY, gid: NOBODY })
  const at = (name: string): string => join(place.empty, name)

  it('are the same, bit by bit, built in another folder', async function () {
    this.timeout(BUILD_MS)
    const other = join(place.empty, '../a folder with another name, and a longer one')
    await buildExecutables(target, other)
    const sums = (folder: string) => readFileSync(join(folder, 'SHA256SUMS'), 'utf8')
    assert.equal(sums(other), sums(place.built))
    const checked = spawnSync('sha256sum', ['--quiet', '-c', 'SHA256SUMS'], { cwd: other })
    assert.equal(checked.status, 0, checked.stderr.toString())
    rmSync(other, { recursive: true })
  })

  it('replace a build and nothing else', async () => {
    await assert.rejects(buildExecutables(target, '/etc'), /\/etc holds other files than a build's/)
    assert.ok(existsSync('/etc/passwd'))
  })

  describe('alone', () => {
    it('say their version, and leave nothing where they run', async () => {
      for (const program of [freshet, sense]) {
        const { status, stdout, stderr } = await run(program, ['-V'])
        assert.deepEqual([status, stdout, stderr], [0, `${VERSION}\n`, ''])
      }
      assert.deepEqual(readdirSync(place.empty), [])
    })

    it('find the addon that fits them (doctor), for root and for others', async () => {
      for (const { stdout } of [
        await run(freshet, ['doctor', '--state', at('none')]),
        await asNobody(freshet, ['doctor', '--state', at('none')]),
      ])
        assert.match(stdout, /^ok +program +Freshet .*, its addon fits$/m)
    })
  })

  it('record as root, the engine through sense, and replay what they recorded', async () => {
    const file = at('a.fcap')
    // A busy machine takes seconds to begin.
    const args = ['record', file, '--seconds', '10', '--state', at('recording')]
    const recorded = await run(freshet, args, { FRESHET_STATE: '/nowhere' })
    assert.equal(recorded.status, 0, recorded.stderr)
    assert.match(recorded.stdout, /^recorded .*a\.fcap: .* of records in .*, 0 alert findings$/m)
    const { status, stdout, stderr } = await run(freshet, ['replay', file])
    assert.equal(status, 0, stderr)
    assert.match(stderr, /digest [0-9a-f]{64}, as recorded/)
    assert.match(stdout, /no alerts/)
    rmSync(at('recording'), { recursive: true })
    rmSync(file)
  })

  it('are found by a link to them', async () => {
    symlinkSync(freshet, at('freshet'))
    const { stdout } = await run(at('freshet'), ['doctor', '--state', at('none')])
    assert.match(stdout, /^ok +program +Freshet .*, its addon fits$/m)
    rmSync(at('freshet'))
  })

  it('are one for an ordinary user, who sees their own programs without sense', async () => {
    const state = join(place.empty, 'own')
    mkdirSync(state, { mode: 0o700 })
    chownSync(state, NOBODY, NOBODY)
    const agent = startProgram(freshet, ['agent', '--state', state], {
      ...{ cwd: state, uid: NOBODY, gid: NOBODY },
    })
    try {
      await until(() => agent.stderr().includes('engine: watching'), `${agent.stderr()}`)
      const [engine = 0] = descendants(agent.process.pid as number)
      for (const pid of [agent.process.pid, engine])
        assert.equal(readlinkSync(`/proc/${pid}/exe`), freshet)
    } finally {
      agent.process.kill('SIGTERM')
      await until(() => agent.process.exitCode !== null || agent.process.signalCode !== null)
      rmSync(state, { recursive: true })
    }
  })

  describe('watch this machine', () => {
    let up: Started
    let origin: string
    let key: string
    const state = () => at('state')
    const command = (words: string[]): Promise<Ran> => run(freshet, [...words, '--state', state()])
    const role = (name: string): number => {
      const words = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      const found = descendants(up.process.pid as number).find((pid) => words(pid)[1] === name)
      assert.ok(found !== undefined, `no ${name} runs: ${up.stderr()}`)
      return found
    }

    before(async () => {
      up = startProgram(freshet, ['up', '--state', state(), '--port', '0'], {
        cwd: place.empty,
        // As an attacker would have it who may set root's environment.
        env: { NODE_OPTIONS: '--inspect=127.0.0.1:9229', FRESHET_STATE: '/nowhere', LANG: 'C' },
      })
      const address = /(http:\/\/127\.0\.0\.1:\d+)\/#key=(\S+)/
      await until(() => address.test(up.stdout()) || up.process.exitCode !== null, 'an address')
      ;[, origin = '', key = ''] = address.exec(up.stdout()) ?? []
      assert.ok(key, `${up.stdout()}${up.stderr()}`)
    })
    after(async () => {
      if (up === undefined || up.process.exitCode !== null) return
      up.process.kill('SIGKILL')
      await until(() => up.process.exitCode !== null || up.process.signalCode !== null)
    })

    it('as three roles: sense is root and the other program, engine and collector are a user', () => {
      const programOf = (name: string) => readlinkSync(`/proc/${role(name)}/exe`)
      assert.equal(programOf('agent'), sense)
      assert.equal(programOf('engine'), freshet)
      assert.equal(programOf('collector'), freshet)
      const uidOf = (name: string) =>
        /^Uid:\s+(\d+)\s/m.exec(readFileSync(`/proc/${role(name)}/status`, 'utf8'))?.[1]
      assert.equal(uidOf('agent'), '0')
      for (const name of ['engine', 'collector']) assert.notEqual(uidOf(name), '0')
    })

    it('and raise the alert of an upload, to the byte, with who sent it', async () => {
      const { status, stdout, stderr } = await command(['simulate', 'upload', '--mb', '3'])
      assert.equal(status, 0, `${stdout}${stderr}${up.stderr()}`)
      const id = /#\/alerts\/([0-9a-f]{32})/.exec(stdout)?.[1]
      const answer = await fetch(`${origin}/api/alerts/${id}`, {
        headers: { authorization: `Bearer ${key}` },
      })
      const alert = (await answer.json()) as AlertDetail
      assert.equal(alert.bytesOut, 3 * 1024 * 1024)
      assert.equal(alert.state, 'final')
      assert.equal(alert.chain[1]?.path, freshet)
    })

    it('and serve the page from within', async () => {
      const page = await fetch(`${origin}/`)
      assert.equal(page.status, 200)
      const script = /src="(\/assets\/[^"]+\.js)"/.exec(await page.text())?.[1]
      const loaded = await fetch(`${origin}${script}`)
      assert.equal(loaded.headers.get('content-type'), 'text/javascript; charset=utf-8')
      assert.ok((await loaded.text()).length > 10_000)
    })

    it('and show what the baseline knows, and that they watch', async () => {
      const shown = await command(['baseline', 'list', '--json', '--limit', '1'])
      const [id] = /unsigned:sha256:[0-9a-f]{64}|(?<="key":")[^"]+/.exec(shown.stdout) ?? []
      const { status, stdout, stderr } = await command(['baseline', 'show', id as string])
      assert.equal(status, 0, `${shown.stdout}${stderr}`)
      assert.match(stdout, /^ {2}path +\//m)
      assert.match((await command(['status'])).stdout, /^Watching/)
    })

    it('with code that is made while it runs in the engine, and none in sense', () => {
      assert.deepEqual(madeCode(role('agent')), [])
      assert.notDeepEqual(madeCode(role('engine')), [], 'this would find such code')
    })

    it('with nothing in the environment of sense, and in the engine what sense gives it', () => {
      assert.deepEqual(environmentOf(role('agent')), [])
      assert.deepEqual(
        environmentOf(role('engine')).map((one) => one.split('=')[0]),
        ['UV_USE_IO_URING', 'FRESHET_REFUSED_BEFORE'],
      )
    })

    it('whatever SIGUSR1 asks of them: no inspector listens, and they go on', async () => {
      const roles = ['agent', 'engine', 'collector']
      const pids = roles.map(role)
      for (const pid of [up.process.pid as number, ...pids]) process.kill(pid, 'SIGUSR1')
      await sleep(500)
      assert.deepEqual(roles.map(role), pids)
      await assert.rejects(fetch('http://127.0.0.1:9229/json/version'))
    })

    it('until up is killed: none of its roles is left', async () => {
      const pids = descendants(up.process.pid as number)
      assert.ok(pids.length >= 3)
      up.process.kill('SIGKILL')
      await until(() => pids.every((pid) => !existsSync(`/proc/${pid}`)), 'the end of all roles')
    })
  })

  describe('take nothing of Node’s from outside', () => {
    beforeEach(() => writeFileSync(at('plain.cjs'), 'require("node:crypto")'))
    afterEach(() => {
      rmSync(place.empty, { recursive: true, force: true })
      mkdirSync(place.empty)
    })

    /** What they do that is asked of them by root's environment: by plain Node, for the tests' sake, and by both. */
    const asked = (env: NodeJS.ProcessEnv) => ({
      node: () => run(process.execPath, [at('plain.cjs')], env),
      freshet: () => run(freshet, ['doctor', '--state', at('none')], env),
      sense: () => run(sense, ['agent', '--state', at('none'), '--interval', 'x'], env),
    })

    it('OPENSSL_CONF loads no shared object', async function () {
      leaveOut(this, whyNoTool('a C compiler'))
      const { conf, mark } = loudLibrary(place.empty)
      const { node, ...ours } = asked({ OPENSSL_CONF: conf })
      for (const start of Object.values(ours)) {
        await start()
        assert.equal(existsSync(mark), false)
      }
      await node()
      assert.ok(existsSync(mark), 'plain Node loads it, or this shows nothing')
    })

    it('NODE_OPTIONS loads nothing', async () => {
      const mark = at('required')
      writeFileSync(at('m.cjs'), `require('node:fs').writeFileSync(${JSON.stringify(mark)}, '')`)
      const { node, ...ours } = asked({ NODE_OPTIONS: `--require ${at('m.cjs')}` })
      for (const start of Object.values(ours)) {
        await start()
        assert.equal(existsSync(mark), false)
      }
      await node()
      assert.ok(existsSync(mark), 'plain Node loads it, or this shows nothing')
    })

    it('LD_PRELOAD is loaded into what looks at its environment, and not into what watches', async function () {
      leaveOut(this, whyNoTool('a C compiler'))
      const { library, mark } = loudLibrary(place.empty)
      const isIn = (pid: number | undefined) =>
        readFileSync(`/proc/${pid}/maps`, 'utf8').includes(library)
      const started = startProgram(sense, ['agent', '--state', at('state'), '--user', 'root'], {
        cwd: place.empty,
        env: { LD_PRELOAD: library },
      })
      const { pid } = started.process
      try {
        await until(() => started.stderr().includes('engine: watching'), 'the engine')
        assert.deepEqual([pid, ...descendants(pid as number)].map(isIn), [false, false])
        assert.ok(existsSync(mark), 'it was loaded before')
      } finally {
        started.process.kill('SIGTERM')
        await until(() => started.process.exitCode !== null || started.process.signalCode !== null)
      }
    })

    for (const [name, of] of [
      ['NODE_V8_COVERAGE', 'nothing'],
      // Node makes the folder before it runs any program.
      ['NODE_COMPILE_CACHE', 'no file, at most an empty folder'],
    ] as const)
      it(`${name} has sense write ${of}`, async () => {
        const files = () =>
          (existsSync(at('d'))
            ? readdirSync(at('d'), { recursive: true, withFileTypes: true })
            : []
          )
            .filter((entry) => entry.isFile())
            .map((entry) => entry.name)
        const { node, sense: start } = asked({ [name]: at('d') })
        await start()
        assert.deepEqual(files(), [])
        rmSync(at('d'), { recursive: true, force: true })
        await node()
        assert.ok(files().length > 0, 'plain Node writes there, or this shows nothing')
      })

    for (const flag of ['--inspect=127.0.0.1:9229', '-e', '--require=/dev/null', '--no-jitless'])
      it(`${flag} is no option of theirs`, async () => {
        for (const program of [freshet, sense]) {
          const { status, stderr } = await run(program, [flag, 'console.log(1)'])
          assert.equal(status, 64, stderr)
          assert.match(stderr, /^error: unknown option/)
        }
      })
  })

  describe('refuse', () => {
    const moved = (name: string): string => linked(place.built, join(place.empty, `../${name}`))
    const replaced = (folder: string, name: string): void => {
      copyFileSync(join(place.built, name), join(folder, 'copy'))
      rmSync(join(folder, name))
      copyFileSync(join(folder, 'copy'), join(folder, name))
      chmodSync(join(folder, name), 0o644)
    }

    it('sense to who is not root', async () => {
      const { status, stdout, stderr } = await asNobody(sense, ['agent', '--state', at('none')])
      assert.deepEqual([status, stdout], [78, ''])
      assert.match(stderr, /^freshet-sense watches a machine as root, and this is uid 65534: run/)
    })

    it('native modules that are others than were built', async () => {
      const folder = moved('changed')
      for (const name of ['freshet.node', 'koffi.node']) {
        replaced(folder, name)
        appendFileSync(join(folder, name), ' ')
      }
      const is = (name: string) => new RegExp(`${name} is not the one that this Freshet was built`)
      const agent = await run(join(folder, 'freshet-sense'), ['agent', '--state', at('none')])
      assert.equal(agent.status, 78)
      assert.match(agent.stderr, is('freshet\\.node'))
      const status = await run(join(folder, 'freshet'), ['status', '--state', at('none')])
      assert.equal(status.status, 78)
      assert.match(status.stderr, is('koffi\\.node'))
    })

    it('a folder that others may write to, or that is not there whole, with what to do', async () => {
      const folder = moved('open')
      chmodSync(folder, 0o777)
      const agent = await run(join(folder, 'freshet'), ['agent', '--state', at('none')])
      assert.equal(agent.status, 78)
      assert.match(agent.stderr, /open may be changed by others \(mode 777\).*sudo chmod go-w /)
      chmodSync(folder, 0o755)
      rmSync(join(folder, 'freshet-sense'))
      const alone = await run(join(folder, 'freshet'), ['agent', '--state', at('none')])
      assert.equal(alone.status, 78)
      assert.match(alone.stderr, /freshet-sense is not there: install Freshet again/)
      const up = await run(join(folder, 'freshet'), ['up', '--state', at('none'), '--port', '0'])
      assert.deepEqual([up.status, up.stdout], [78, ''])
      assert.match(up.stderr, /freshet-sense is not there: install Freshet again/)
    })

    it("an engine's program that is another user's", async () => {
      const folder = moved('owned')
      replaced(folder, 'freshet')
      chmodSync(join(folder, 'freshet'), 0o755)
      chownSync(join(folder, 'freshet'), NOBODY, NOBODY)
      const agent = await run(join(folder, 'freshet-sense'), ['agent', '--state', at('none')])
      assert.equal(agent.status, 78)
      assert.match(agent.stderr, /owned\/freshet belongs to uid 65534, who could put other code/)
    })
  })
})
