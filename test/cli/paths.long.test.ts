// Where a command works: as the variable says, as --state says, and beside relative paths, from whatever directory.
import assert from 'node:assert/strict'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SCENARIO_DIRECTORY } from '../../scripts/scenarios.ts'
import { openBaseline } from '../../src/baseline/sqlite.ts'
import { exportLines } from '../../src/baseline/transfer.ts'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { PLACE } from '../../src/place.ts'
import { identityOf, START } from '../baseline/identities.ts'
import { run } from '../e2e/installation.ts'
import { leaveOut, whyNotLinux, whyNotRoot } from '../left-out.ts'
import { WAIT_MS } from '../waits.ts'
import { commandsWith, commandsWithArgument } from './all-commands.ts'

const LASTING = ['--as-version', '1', '--not-after', '2099-01-01']
/** They make what others read, and have no argument that is called so. */
const MAKERS = new Set([
  'policy keygen',
  'policy sign',
  'policy delegate',
  'collector policy online-key',
])

describe('The place that commands work in', () => {
  let directory: string
  let state: string

  beforeEach(() => {
    directory = realpathSync(mkdtempSync(join(tmpdir(), 'freshet-place-')))
    chmodSync(directory, 0o755)
    state = join(directory, 'the state')
    // No command can work in a file, so each must name it.
    writeFileSync(state, '')
    writeFileSync(join(directory, 'export.jsonl'), [...exportLines([], START), ''].join('\n'))
    openForWriting(join(directory, 'a.backup')).close()
    writeFileSync(join(directory, 'a.token'), 'freshet_enrol_x')
    writeFileSync(join(directory, 'signed'), SIGNED)
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  const SIGNED =
    '-----BEGIN FRESHET SIGNED POLICY-----\nAA==\n-----END FRESHET SIGNED POLICY-----\n'

  const ENVIRONMENT = {
    PATH: process.env['PATH'],
    HOME: '/nonexistent',
    TMPDIR: tmpdir(),
    // Of the Nodes that start here each takes a quarter of the time.
    ...('NODE_COMPILE_CACHE' in process.env && {
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
    }),
  }
  const COMMANDS = [
    ['up', '--port', '0'],
    ['agent'],
    ['record', 'new.fcap'],
    ['collector', '--listen', '127.0.0.1:0'],
    ['collector', 'backup', 'new.backup'],
    ['collector', 'restore', 'a.backup'],
    ['collector', 'pin'],
    ['collector', 'tokens', 'make', '--label', 'x'],
    ['collector', 'devices', 'rename', 'x', 'y'],
    ['collector', 'policy', 'list'],
    [
      ...['enroll', '--collector', 'https://c.example'],
      ...['--token-file', 'a.token', '--pin', 'ab'.repeat(32)],
    ],
    ['page'],
    ['status'],
    ['doctor'],
    ['baseline', 'list'],
    ['baseline', 'show', 'curl'],
    ['baseline', 'export', 'new.jsonl'],
    ['baseline', 'import', 'export.jsonl'],
    ['replay', '--into', 'export.jsonl'],
    ['simulate', 'upload'],
  ]
  /** They find it as one of those above does, so once is enough. */
  const ALIKE = [
    ['collector', 'tokens', 'list'],
    ['collector', 'tokens', 'revoke', '1'],
    ['collector', 'devices', 'list'],
    ['collector', 'devices', 'show', 'x'],
    ['collector', 'refusals'],
    ...['list', 'next', 'switch', 'retire'].map((what) => ['collector', 'authority', what]),
    ...['status', 'online-key'].map((what) => ['collector', 'policy', what]),
    ...['promote', 'hold'].map((what) => ['collector', 'policy', what, '7']),
    ['collector', 'policy', 'publish', 'signed'],
    ['collector', 'policy', 'except', 'export.jsonl'],
    ...['admit', 'revoke', 'allow', 'remove'].map((what) => ['collector', 'devices', what, 'x']),
    ...['group', 'owner'].map((what) => ['collector', 'devices', what, 'x', 'y']),
  ]
  /** Absolute ones go the way of the relative ones, whose first step is to become absolute. */
  const WAYS: [string, () => { args: string[]; env: NodeJS.ProcessEnv }][] = [
    ['a relative FRESHET_STATE', () => ({ args: [], env: { FRESHET_STATE: 'the state' } })],
    [
      'a relative --state',
      () => ({ args: ['--state', './the state'], env: { FRESHET_STATE: '/nonexistent' } }),
    ],
    ['FRESHET_STATE', () => ({ args: [], env: { FRESHET_STATE: state } })],
    ['--state', () => ({ args: ['--state', state], env: { FRESHET_STATE: '/nonexistent' } })],
  ]
  it('is looked for by every command that has one', () => {
    const tried = [...COMMANDS, ...ALIKE].map((words) => words.join(' '))
    for (const command of commandsWith('--state'))
      assert.ok(
        tried.some((words) => `${words} `.startsWith(`${command} `)),
        command,
      )
  })

  for (const command of [...COMMANDS, ...ALIKE])
    it(`is found by \`${command.join(' ')}\` by the variable, by --state, and by relative paths`, async function () {
      if (['agent', 'record', 'up'].includes(command[0] as string)) leaveOut(this, whyNotLinux())
      for (const [way, of] of ALIKE.includes(command) ? WAYS.slice(1, 2) : WAYS) {
        const { args, env } = of()
        const { status, stdout, stderr } = await run([PLACE.cli, ...command, ...args], {
          cwd: directory,
          env: { ...ENVIRONMENT, ...env },
          // An agent in another place would run until it is ended.
          timeout: WAIT_MS,
        })
        assert.notEqual(status, 0, way)
        assert.ok(`${stdout}${stderr}`.includes(state), `${way}: ${stdout}${stderr}`)
      }
    })

  it('does not change what a relative --policy of an agent means', async function () {
    leaveOut(this, whyNotLinux())
    rmSync(state)
    mkdirSync(join(directory, 'elsewhere'))
    const agent = (...args: string[]) =>
      run([PLACE.cli, 'agent', '--state', '../the state', ...args], {
        cwd: join(directory, 'elsewhere'),
        env: ENVIRONMENT,
        timeout: WAIT_MS,
      })
    const policy = await agent('--policy', 'no.policy')
    assert.ok(policy.stderr.includes(`${join(directory, 'elsewhere/no.policy')} `), policy.stderr)
  })

  it('is no place for a FILE: that lies beside who names it', async () => {
    rmSync(state)
    for (const part of ['agent', 'collector'])
      mkdirSync(join(state, part), { recursive: true, mode: 0o700 })
    const { baseline } = openBaseline(join(state, 'agent/baseline.db'), { now: START })
    baseline.putIdentity(identityOf(1))
    baseline.commit()
    baseline.close()
    openForWriting(join(state, 'collector/store.db')).close()
    mkdirSync(join(directory, 'elsewhere'))
    copyFileSync(
      join(SCENARIO_DIRECTORY, 'night-burst.fcap'),
      join(directory, 'elsewhere/burst.fcap'),
    )
    const there = ['--state', '../the state']
    writeFileSync(join(directory, 'elsewhere/policy.json'), '{"version": 1}')
    writeFileSync(join(directory, 'elsewhere/exceptions.json'), '{"exceptions": []}')
    const user = process.getuid?.() === 0 ? ['--user', 'root'] : []
    const tried = new Set<string>()
    for (const [words, ...more] of [
      ['baseline export', 'out.jsonl', '--state', '../the state'],
      ['baseline import', 'out.jsonl', '--state', '../the state', ...user],
      ['collector backup', 'out.backup', '--state', '../the state'],
      ['collector restore', 'out.backup', '--state', '../another', ...user],
      ['replay', 'burst.fcap', '--baseline', 'out.jsonl'],
      ['policy keygen', '--out', 'root.key'],
      ['policy key', 'root.key'],
      ['policy sign', '--key', 'root.key', ...LASTING, '--out', 'signed', 'policy.json'],
      ['policy show', 'signed'],
      ['collector policy publish', 'signed', '--policy-key', 'policy-key.out', ...there],
      ['collector policy online-key', ...there],
      [
        'policy delegate',
        '--key',
        'root.key',
        '--online-key',
        'collector-policy-online-key.out',
        ...LASTING,
        '--out',
        'delegation',
      ],
      ['collector policy publish', 'delegation', ...there],
      ['collector policy except', 'exceptions.json', ...there],
    ] as [string, ...string[]][]) {
      const { status, stdout, stderr } = await run([PLACE.cli, ...words.split(' '), ...more], {
        cwd: join(directory, 'elsewhere'),
        env: ENVIRONMENT,
      })
      assert.equal(status, 0, `${words}: ${stderr}`)
      // Of those that print what the next one reads.
      writeFileSync(join(directory, 'elsewhere', `${words.replaceAll(' ', '-')}.out`), stdout)
      tried.add(words)
    }
    for (const file of ['out.jsonl', 'out.backup'])
      assert.equal(existsSync(join(directory, 'elsewhere', file)), true, file)
    // What `record` makes, and where, needs a sensor: e2e/record.test.ts.
    const withFile = commandsWithArgument(/^file/).toSorted()
    assert.deepEqual(withFile, [...tried, 'record'].filter((one) => !MAKERS.has(one)).toSorted())
  })

  it('is asked for where this user has no home, and relative to nothing that a variable says', async function () {
    leaveOut(this, whyNotLinux() ?? whyNotRoot())
    const NAMELESS = 65_533
    const asks = (env: Record<string, string>) =>
      run([PLACE.cli, 'status'], { cwd: directory, uid: NAMELESS, gid: NAMELESS, env })
    const homeless = await asks({})
    assert.equal(homeless.status, 78)
    assert.match(homeless.stderr, /^freshet: uid 65533 has no home directory, .* with --state\n$/)
    for (const variables of [{ XDG_STATE_HOME: '' }, { XDG_STATE_HOME: 'here' }]) {
      const { stderr } = await asks({ HOME: '/nonexistent', ...variables })
      assert.match(stderr, /directory \/nonexistent\/\.local\/state\/freshet/)
    }
    const named = await asks({ XDG_STATE_HOME: '/nonexistent/states' })
    assert.match(named.stderr, /directory \/nonexistent\/states\/freshet/)
  })

  it('is not the default when what names it is empty', async () => {
    const { status, stderr } = await run([PLACE.cli, 'status', '--state', ''])
    assert.equal(status, 64)
    assert.match(stderr, /wants a path, and this one is empty/)
  })
})
