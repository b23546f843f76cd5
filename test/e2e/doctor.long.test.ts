// Each thing that can be wrong on Linux is made wrong for real; then what the doctor says is done, and the check passes.
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { look } from '../../src/cli/doctor.ts'
import { PLACE } from '../../src/place.ts'
import type { Check, CheckId } from '../../src/status/doctor.ts'
import { leaveOut, whyNoTool, whyNotLinux, whyNotRoot } from '../left-out.ts'
import { run, tied, until } from './installation.ts'

const NOBODY = 65534
const clone = fileURLToPath(new URL('../..', import.meta.url))

/** What `freshet doctor --json` says. */
type Diagnosis = { status: 0 | 1 | 2; checks: Check[] }

describe('freshet doctor', () => {
  let directory: string
  let state: string
  const running = new Set<ChildProcess>()

  const diagnose = async (...args: string[]): Promise<Diagnosis> => {
    const { status, stdout, stderr } = await run([
      PLACE.cli,
      'doctor',
      '--json',
      '--state',
      state,
      ...args,
    ])
    assert.notEqual(stdout, '', stderr)
    const diagnosis = JSON.parse(stdout) as Diagnosis
    assert.equal(status, diagnosis.status)
    return diagnosis
  }
  const of = ({ checks }: Diagnosis, id: CheckId): Check => {
    const check = checks.find((one) => one.id === id)
    assert.ok(check, id)
    return check
  }
  const check = async (id: CheckId): Promise<Check> => of(await diagnose(), id)
  /** Until it has changed: what an agent finds out takes a moment. The command is asked once it has, as each costs a Node. */
  const becomes = (id: CheckId, result: Check['result']): Promise<Check> =>
    until(async () => {
      if (!(await look({ state })).some((one) => one.id === id && one.result === result)) return
      const found = await check(id)
      return found.result === result ? found : undefined
    }, `${id}: ${result}`)
  const remedy = ({ found }: Check): string => found[0]?.remedy ?? ''
  /** Does what stands between backquotes. */
  const heed = (ill: Check): void => {
    const [, command] = /`([^`]+)`/.exec(remedy(ill)) ?? []
    assert.ok(command, remedy(ill))
    execFileSync('sh', ['-c', command])
  }
  /** A role in the background, until the suite ends or `stop`. `wrap` runs it: a command that runs its arguments. */
  const start = (args: string[], wrap: string[] = []): ChildProcess => {
    const command = [...wrap, process.execPath, PLACE.cli, ...args, '--state', state]
    const child = tied(
      spawn(command[0] as string, command.slice(1), {
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      }),
    )
    running.add(child)
    return child
  }
  const stop = async (child: ChildProcess): Promise<void> => {
    running.delete(child)
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGINT')
    await ended
  }

  before(function () {
    leaveOut(this, whyNotLinux() ?? whyNotRoot())
  })
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-doctor-'))
    chmodSync(directory, 0o755)
    state = join(directory, 'state')
  })
  afterEach(async () => {
    for (const child of running) await stop(child)
    spawnSync('umount', [state], { stdio: 'ignore' })
    rmSync(directory, { recursive: true, force: true })
  })

  it('wants an agent, and is content with one that has a collector', async () => {
    const none = await diagnose()
    assert.equal(none.status, 2)
    assert.match(remedy(of(none, 'agent')), /npx freshet up/)
    const up = start(['up', '--port', '0'])
    await becomes('collector', 'ok')
    const well = await diagnose()
    for (const id of [
      'program',
      'state',
      'agent',
      'sensor',
      'baseline',
      'outbox',
      'clock',
    ] as const)
      assert.equal(of(well, id).result, 'ok', JSON.stringify(of(well, id)))
    const text = await run([PLACE.cli, 'doctor', '--state', state])
    assert.match(text.stdout, /^ok {7}agent {12}has run for/m)
    assert.equal(text.status, well.status)

    // Another user is not told, but told whom to ask as. (Loaded before the change: the clone may be closed to them.)
    const script = `
      const { runDoctorCommand } = await import(${JSON.stringify(join(clone, 'src/cli/doctor.ts'))})
      process.setgroups([${NOBODY - 1}]); process.setgid(${NOBODY - 1}); process.setuid(${NOBODY - 1})
      process.exitCode = await runDoctorCommand({ state: ${JSON.stringify(state)}, json: true })`
    const other = await run(['--input-type=module', '-e', script])
    const theirs = JSON.parse(other.stdout) as Diagnosis
    assert.match(of(theirs, 'agent').found[0]?.text ?? '', /may not ask the agent/)
    assert.equal(of(theirs, 'state').result, 'unknown')
    // Once.
    assert.equal(other.stdout.match(/as root/gi)?.length, 1)
    assert.match(remedy(of(theirs, 'state')), /as root/)
    assert.equal(other.status, 2)

    // Killed, with its socket left behind.
    const all = pidsOf(`--state ${state}`)
    assert.equal(all[0], up.pid)
    for (const pid of all) process.kill(pid, 'SIGKILL')
    const killed = await check('agent')
    assert.equal(killed.result, 'failure')
    assert.match(killed.found[0]?.text ?? '', /^No agent runs/)
    assert.ok(readdirSync(state).includes('status.sock'))
    start(['up', '--port', '0'])
    await becomes('agent', 'ok')
  })

  it('knows where a state directory belongs, and how closed it is', async () => {
    mkdirSync(join(state, 'agent'), { recursive: true })
    const foreign = await check('state')
    assert.equal(foreign.result, 'failure')
    assert.match(
      foreign.found[0]?.text ?? '',
      /belongs to root \(uid 0\), but the agent runs as \w+ \(uid \d+\)/,
    )
    heed(foreign)
    chmodSync(state, 0o711)
    chmodSync(join(state, 'agent'), 0o755)
    const open = await check('state')
    assert.equal(open.result, 'warning')
    heed(open)
    assert.equal((await check('state')).result, 'ok')
    writeFileSync(join(state, 'agent/baseline.db'), '')
    chownSync(join(state, 'agent/baseline.db'), 1, 1)
    const file = await check('state')
    assert.match(file.found[0]?.text ?? '', /baseline\.db belongs to (?:\w+ \()?uid 1\b/)
    heed(file)
    assert.equal((await check('state')).result, 'ok')
    rmSync(state, { recursive: true })
    writeFileSync(state, '')
    assert.match((await check('state')).found[0]?.text ?? '', /is not a directory/)
  })

  it('finds a directory above that is closed to the agent, and something in the place of its socket', async () => {
    const above = join(directory, "it's closed")
    mkdirSync(above, { mode: 0o700 })
    state = join(above, 'state')
    const closed = await check('state')
    assert.match(
      closed.found[0]?.text ?? '',
      /it's closed is closed to \w+ \(uid \d+\), as whom the agent runs \(its mode is 700\)/,
    )
    const agent = start(['agent'])
    assert.notEqual(await new Promise((resolve) => agent.once('exit', resolve)), 0)
    heed(closed)
    assert.equal((await check('state')).result, 'ok')
    start(['agent'])
    await becomes('agent', 'ok')
    for (const child of running) await stop(child)
    mkdirSync(join(state, 'status.sock'))
    const inTheWay = await check('state')
    assert.match(inTheWay.found[0]?.text ?? '', /no place for its status socket/)
    heed(inTheWay)
    start(['agent'])
    await becomes('agent', 'ok')
  })

  it('sees a disk fill up', async function () {
    mkdirSync(state)
    const mount = (size: string, ...more: string[]) =>
      spawnSync('mount', [
        '-t',
        'tmpfs',
        '-o',
        [...more, `size=${size}`].join(),
        'freshet-test',
        state,
      ])
    leaveOut(this, whyNoTool('mounts in a namespace'))
    assert.equal(mount('40m').status, 0)
    assert.equal((await check('disk')).result, 'warning', 'a small disk that is empty')
    writeFileSync(join(state, 'ballast'), Buffer.alloc(39 * 1024 * 1024))
    assert.equal((await check('disk')).result, 'failure')
    mount('500m', 'remount')
    const low = await check('disk')
    assert.equal(low.result, 'warning')
    assert.match(remedy(low), /Free some space/)
    mount('4g', 'remount')
    assert.equal((await check('disk')).result, 'ok')
  })

  it('follows an agent through a collector away, deaths, a spoilt baseline and settings of a version before', async () => {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const agentAt = (place: string, ...more: string[]) =>
      start(['agent', '--collector', place, ...more])
    const agent = agentAt(state)
    const away = await becomes('collector', 'warning')
    assert.ok(remedy(away).startsWith('Start the collector of this machine: `'), remedy(away))
    start(['collector', '--listen', `127.0.0.1:${port}`])
    await becomes('collector', 'ok')

    for (let death = 1; death <= 3; death++) {
      const engines = () => pidsOf(`src/cli.ts engine --.*--state ${state}|engine --state ${state}`)
      const pid = await until(() => engines()[0])
      process.kill(pid, 'SIGKILL')
      await until(() => engines().some((other) => other !== pid))
      await until(
        () => (readQuietly(join(state, 'agent/running')).match(/^\d+$/gm) ?? []).length >= death,
      )
    }
    const restarted = await becomes('restarts', 'warning')
    assert.match(restarted.found[0]?.text ?? '', /3 times within two days/)

    const kept = join(directory, 'baseline.jsonl')
    const freshet = (...args: string[]) => run([PLACE.cli, ...args, '--state', state])
    assert.equal((await freshet('baseline', 'export', kept)).status, 0)
    await stop(agent)
    for (const name of ['baseline.db-wal', 'baseline.db-shm'])
      rmSync(join(state, 'agent', name), { force: true })
    writeFileSync(join(state, 'agent/baseline.db'), 'no database'.repeat(1000))

    // Of a token that is not there any more either: it watches all the same.
    const before = agentAt(url, '--token-file', join(state, 'collector/agent.token'))
    const refused = await becomes('collector', 'failure')
    assert.match(remedy(refused), /--collector and the state directory of a collector on this/)
    assert.equal((await check('sensor')).result, 'ok')
    const spoilt = await check('baseline')
    assert.equal(spoilt.result, 'warning')
    const [, aside = ''] = /kept as (\S+)\.$/.exec(spoilt.found[0]?.text ?? '') ?? []
    assert.match(readFileSync(aside, 'utf8'), /^no database/)
    // Over an end in good order, with all that there was.
    const remembered = await check('restarts')
    assert.equal(remembered.result, 'warning')
    assert.match(remembered.found[0]?.text ?? '', /killed or crashed 3 times within two days/)
    await stop(before)

    assert.match(remedy(spoilt), /`npx freshet baseline import FILE --state /)
    const imported = await freshet('baseline', 'import', kept)
    assert.equal(imported.status, 0, imported.stderr)
    agentAt(state)
    await becomes('collector', 'ok')
    assert.equal((await check('baseline')).result, 'ok')
  })

  it('names what the sensor lacks without rights, and is content once they are given', async function () {
    const withoutMounts = ['setpriv', '--bounding-set=-sys_admin', '--inh-caps=-sys_admin']
    leaveOut(this, whyNoTool('mounts in a namespace'))
    const bare = start(
      ['agent'],
      inNamespace('umount -l /sys/kernel/tracing 2>/dev/null', withoutMounts),
    )
    const lacking = await becomes('sensor', 'warning')
    assert.match(lacking.found[0]?.text ?? '', /tracefs cannot be mounted/)
    await stop(bare)
    const [, mount = ''] = /`(mount [^`]+)`/.exec(remedy(lacking)) ?? []
    const mounted = start(['agent'], inNamespace(mount, withoutMounts))
    await becomes('sensor', 'ok')
    await stop(mounted)

    // An ordinary user. The clone may lie where they cannot go, so it is also put where they can.
    const reachable = join(directory, 'clone')
    const theirs = join(directory, 'theirs')
    mkdirSync(reachable)
    mkdirSync(theirs)
    chownSync(theirs, NOBODY, NOBODY)
    state = join(theirs, 'state')
    const bind = `mount --bind '${clone}' '${reachable}' && cd '${reachable}'`
    const user = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']
    const child = spawn(
      'unshare',
      [
        '-m',
        'sh',
        '-c',
        `${bind} && exec "$@"`,
        'sh',
        ...user,
        'node_modules/.bin/node',
        'src/cli.ts',
        'agent',
        '--state',
        state,
      ],
      { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] },
    )
    running.add(tied(child))
    const ordinary = await becomes('sensor', 'warning')
    assert.match(ordinary.found[0]?.text ?? '', /does not run as root/)
    assert.match(remedy(ordinary), /`sudo npx freshet agent --user \S+ --state /)
    await stop(child)
    // As it says; another directory, since that one is theirs.
    state = join(directory, 'state')
    start(['agent'])
    await becomes('sensor', 'ok')
  })
})

/** A command that runs its arguments after `first`, in mounts of its own, with `wrap`. */
const inNamespace = (first: string, wrap: string[]): string[] => [
  'unshare',
  '-m',
  'sh',
  '-c',
  `${first}; exec "$@"`,
  'sh',
  ...wrap,
]

/** Processes with this in their command line, the oldest first. */
function pidsOf(text: string): number[] {
  const wanted = new RegExp(text)
  return readdirSync('/proc')
    .map(Number)
    .filter(
      (pid) => pid > 0 && wanted.test(readQuietly(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')),
    )
    .sort((a, b) => a - b)
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
