import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportLines } from '../../src/baseline/transfer.ts'
import { PLACE } from '../../src/place.ts'
import { nowUnixNs } from '../../src/units.ts'
import { run } from '../e2e/installation.ts'
import { leaveOut, whyNotLinux, whyNotRoot } from '../left-out.ts'
import { until } from '../waits.ts'
import { commandsWith } from './all-commands.ts'

const CONFIG = 78
/** Not 1 or 2, which `doctor` and `simulate` end with for what they found. */
const USAGE = 64

describe('the commands', () => {
  let directory: string
  const freshet = (...args: string[]) => run([PLACE.cli, ...args])

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-cli-'))
    chmodSync(directory, 0o755)
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  it('print their version and their help', async () => {
    assert.match((await freshet('--version')).stdout, /^\d+\.\d+\.\d+\n$/)
    const help = await freshet('--help')
    for (const command of ['up', 'agent', 'collector', 'page', 'status', 'baseline', 'simulate'])
      assert.match(help.stdout, new RegExp(`^ {2}${command}\\b`, 'm'))
    assert.doesNotMatch(help.stdout, /^ {2}engine/m)
  })

  for (const [args, sentence] of [
    [['fly'], /unknown command 'fly'/],
    [['up', '--port', '70000'], /whole number from 0 to 65535/],
    [['up', '--interval', '5'], /whole number from 10 to 5000/],
    [['collector', '--listen', 'everywhere'], /host:port/],
    [['simulate', 'upload', '--mb', '-1'], /whole number from 1 to/],
    [['simulate', 'upload', '--to', 'nowhere'], /host:port/],
    [['baseline', 'list', '--limit', '0'], /whole number from 1 to/],
    [['baseline', 'show', ''], /argument 'identity'\. wants a word, and this one is empty/],
    [['status', '--json=1'], /^error: option '--json' takes no value: it stands alone/],
    [['baseline', 'list', '--json=false'], /option '--json' takes no value/],
    [['collector', 'backup', 'x', '--force=yes'], /option '--force' takes no value/],
    [['status', '--jsn=1'], /unknown option '--jsn=1'/],
  ] as [string[], RegExp][])
    it(`refuse \`${args.join(' ')}\` with a sentence, not a stack`, async () => {
      const { status, stderr } = await freshet(...args)
      assert.equal(status, USAGE)
      assert.match(stderr, sentence)
      assert.doesNotMatch(stderr, /^ {4}at /m)
      // What matters stands last, and nothing scrolls it away.
      if (!/Did you mean/.test(stderr))
        assert.match(stderr.trimEnd().split('\n').at(-1) ?? '', sentence)
      assert.ok(stderr.split('\n').length <= 4, stderr)
    })

  for (const [what, args, sentence] of [
    ['status without an agent', ['status'], /no agent runs with the state directory/],
    ['baseline without one', ['baseline', 'list'], /there is no baseline at .*the agent makes it/],
    [
      'simulate without a collector',
      ['simulate', 'upload'],
      /no collector has run with this state directory/,
    ],
    ['engine by hand', ['engine'], /engine is started by `npx freshet agent --state /],
  ] as [string, string[], RegExp][])
    it(`say what is missing: ${what}`, async () => {
      const { status, stderr } = await freshet(...args, '--state', join(directory, 'state'))
      assert.ok(status === 1 || status === CONFIG, `${status}`)
      assert.match(stderr, sentence)
      assert.doesNotMatch(stderr, /^ {4}at /m)
    })

  for (const [what, args, sentence] of [
    [
      'two addresses without TLS',
      ['--listen', '127.0.0.1:0', '--listen', '[::1]:0'],
      /one address of loopback/,
    ],
    ['a certificate without its key', ['--certificate', 'x.pem'], /--certificate and --key go/],
    [
      'a name that nobody could call it by',
      ['--name', 'collector.example'],
      /want an address with TLS: --listen one that other machines reach/,
    ],
    [
      'a certificate that is not there',
      ['--listen', '127.0.0.1:0', '--tls', '--certificate', 'x.pem', '--key', 'x.key'],
      /x\.pem is missing/,
    ],
    ['a name that is none', ['--listen', '0.0.0.0:0', '--name', 'a b'], /name of a host/],
  ] as [string, string[], RegExp][])
    it(`refuse a collector with ${what}`, async () => {
      const { status, stderr } = await freshet(
        ...['collector', '--state', join(directory, 'state'), ...args],
      )
      assert.ok(status === USAGE || status === CONFIG, `${status}`)
      assert.match(stderr, sentence)
      assert.doesNotMatch(stderr, /^ {4}at /m)
    })

  it('say in a sentence what a device cannot be called, and whose the registry is', async function () {
    leaveOut(this, whyNotRoot())
    const state = join(directory, 'state')
    mkdirSync(join(state, 'collector'), { recursive: true, mode: 0o711 })
    chmodSync(join(state, 'collector'), 0o700)
    for (const [args, sentence] of [
      [['devices', 'rename', 'x', ''], /devices rename .*wants 1 to 100 printable characters/],
      [['devices', 'group', 'x', 'a\nb'], /devices group .*wants 1 to 100 printable characters/],
      [['tokens', 'revoke', 'x'], /tokens revoke: <id> wants a whole number/],
      [['devices', 'revoke', 'x'], /there is no device x: `npx freshet collector devices list/],
    ] as const) {
      const { status, stderr } = await freshet('collector', ...args, '--state', state)
      assert.equal(status, CONFIG, stderr)
      assert.match(stderr, sentence)
    }
    chmodSync(directory, 0o755)
    chmodSync(state, 0o711)
    const { status, stderr } = await run([PLACE.cli, 'collector', 'pin', '--state', state], {
      uid: 1234,
      gid: 1234,
    })
    assert.equal(status, CONFIG)
    assert.match(stderr, /belongs to user root and is closed to uid 1234: run this as user root/)
  })

  it('take a pin and a token as they are written, or say what is wrong with them', async () => {
    const token = join(directory, 'token')
    writeFileSync(token, '\n')
    const enroll = (collector: string, pin: string) =>
      freshet(
        ...['enroll', '--state', join(directory, 'state'), '--token-file', token],
        ...['--collector', collector, '--pin', pin],
      )
    const pin = 'ab'.repeat(32)
    for (const [collector, of, sentence] of [
      ['https://c.example:8442', 'abc', /--pin: a pin is 64 hexadecimal digits/],
      ['http://c.example:8442', pin, /--collector: .*has an address with https:/],
      ['http://127.0.0.1:8442', pin, /has an address with https:/],
      ['https://c.example:8442', pin, /--token-file: .* is empty/],
    ] as const) {
      const { status, stderr } = await enroll(collector, of)
      assert.equal(status, CONFIG, stderr)
      assert.match(stderr, sentence)
    }
    // What is no token leaves this machine for nobody.
    writeFileSync(token, '-----BEGIN PRIVATE KEY-----\n')
    const { status, stderr } = await enroll('https://c.example:8442', pin)
    assert.equal(status, CONFIG)
    assert.match(
      stderr,
      /--token-file: .* holds no enrolment token: one begins with freshet_enrol_/,
    )
  })

  it('refuse to choose among the sources of a Mac elsewhere, in a sentence', async function () {
    leaveOut(this, whyNotLinux())
    const state = join(directory, 'state')
    for (const command of ['agent', 'record'] as const) {
      const file = command === 'record' ? [join(directory, 'a.fcap')] : []
      const { status, stderr } = await freshet(
        ...[command, ...file, '--sources', 'polling,nettop', '--state', state],
      )
      assert.equal(status, CONFIG, command)
      assert.match(
        stderr,
        /^freshet: `--sources` chooses among the sources of a Mac.+leave it out$/m,
      )
    }
  })

  it('refuse a state directory that is a file', async () => {
    const state = join(directory, 'state')
    writeFileSync(state, '')
    const { status, stderr } = await freshet(
      'collector',
      '--state',
      state,
      '--listen',
      '127.0.0.1:0',
    )
    assert.equal(status, CONFIG)
    assert.match(stderr, /state.*--state/)
  })

  it('refuse a state directory of another user, and leave it as it is', async function () {
    leaveOut(this, whyNotRoot())
    const state = join(directory, "it's a state")
    mkdirSync(state, { mode: 0o755 })
    writeFileSync(join(state, 'of root'), '')
    const { status, stderr } = await freshet(
      'collector',
      '--state',
      state,
      '--listen',
      '127.0.0.1:0',
      '--user',
      'nobody',
    )
    assert.equal(status, CONFIG)
    assert.match(stderr, /belongs to user root, not to user nobody.*chown -R/)
    assert.equal(statSync(state).mode & 0o777, 0o755)
    // What it says can be done as it stands, whatever the path holds.
    const [, command = ''] = /`(chown [^`]+)`/.exec(stderr) ?? []
    execFileSync('sh', ['-c', command])
    assert.notEqual(statSync(state).uid, 0)
  })

  it('end a usage error with the line that matters, and say nothing else', async () => {
    for (const [args, line] of [
      [['--no-such'], "error: unknown option '--no-such'"],
      [['collector', 'backup'], "error: missing required argument 'file'"],
      [
        ['collector', 'tokens'],
        'error: freshet collector tokens wants a command: make, list, revoke; --help says what each does',
      ],
      [['policy'], /^error: freshet policy wants a command: keygen, .*each does$/],
      [
        ['baseline', 'nosuch', 'more'],
        "error: unknown command 'nosuch': freshet baseline has list, show, export, import",
      ],
      [['collector', 'nosuch'], /^error: unknown command 'nosuch': freshet collector has .*tokens/],
      [['up', '--port', 'x'], /^error: option '--port <n>' argument 'x' is invalid\. .*65535\.$/],
    ] as const) {
      const { status, stdout, stderr } = await freshet(...args)
      assert.notEqual(status, 0)
      assert.equal(stdout, '')
      if (typeof line === 'string') assert.equal(stderr, `${line}\n`)
      else assert.match(stderr.trimEnd(), line)
    }
  })

  it('tell of no default that says nothing', async () => {
    for (const command of [['up'], ['agent'], ['record'], ['collector'], ['collector', 'backup']]) {
      const { stdout } = await freshet(...command, '--help')
      assert.doesNotMatch(stdout.replaceAll(/\s+/g, ' '), /\(default: (false|none|\[\])\)/)
      assert.match(stdout, /--state/)
    }
  })

  it('refuse to record to a stream, and make no file of that name', async () => {
    const { status, stderr } = await freshet('record', '-')
    assert.equal(status, CONFIG)
    assert.match(stderr, /record wants the name of a file/)
    assert.equal(existsSync('-'), false)
  })

  it('take a state directory that root has made by hand, as long as it is empty', async function () {
    leaveOut(this, whyNotRoot())
    chmodSync(directory, 0o711)
    const state = join(directory, 'made by hand')
    mkdirSync(state, { mode: 0o755 })
    const exported = join(directory, 'export.jsonl')
    writeFileSync(exported, [...exportLines([], nowUnixNs()), ''].join('\n'))
    const args = ['baseline', 'import', exported, '--state', state, '--user', 'nobody']
    const { stderr } = await freshet(...args)
    assert.doesNotMatch(stderr, /belongs to/)
    const { uid } = statSync(state)
    assert.equal(uid, Number(execFileSync('id', ['-u', 'nobody'])))
    assert.equal(statSync(state).mode & 0o777, 0o711)
    assert.equal(statSync(join(state, 'agent')).uid, uid)
  })

  it('refuse a state directory that the user they run as cannot reach', async function () {
    leaveOut(this, whyNotRoot())
    chmodSync(directory, 0o700)
    const { status, stderr } = await freshet(
      'collector',
      '--state',
      join(directory, 'state'),
      '--listen',
      '127.0.0.1:0',
      '--user',
      'nobody',
    )
    assert.equal(status, CONFIG)
    assert.match(stderr, /the user nobody cannot use the state directory .*--user root/)
  })

  it('refuse a user that does not exist', async function () {
    leaveOut(this, whyNotRoot())
    const { status, stderr } = await freshet(
      'collector',
      '--state',
      join(directory, 'state'),
      '--user',
      'no-such-user',
    )
    assert.equal(status, CONFIG)
    assert.match(stderr, /there is no user no-such-user/)
  })

  it('take a policy where docs/policy.md says so, and nowhere else', () => {
    const text = readFileSync(new URL('../../docs/policy.md', import.meta.url), 'utf8')
    const [lines = ''] = /(^ {4}npx freshet .*--policy.*\n)+/m.exec(text) ?? []
    const named = [...lines.matchAll(/npx freshet (\w+)|`(\w+)`/g)].map(([, a, b]) => a ?? b ?? '')
    assert.deepEqual(named.toSorted(), commandsWith('--policy').toSorted())
  })

  it('refuse a policy that is none, and a collector that this machine is not enrolled with', async function () {
    leaveOut(this, whyNotRoot())
    const policy = join(directory, 'policy.json')
    writeFileSync(policy, '{"includeLoopbak": true}')
    const shared = ['--state', join(directory, 'state'), '--user', 'root']
    const misspelt = await freshet('agent', ...shared, '--policy', policy)
    assert.equal(misspelt.status, CONFIG)
    assert.match(misspelt.stderr, /there is no field “includeLoopbak”/)
    const whole = await freshet('up', ...shared, '--port', '0', '--policy', policy)
    assert.equal(whole.status, CONFIG)
    assert.match(whole.stderr, /there is no field “includeLoopbak”/)
    // Before anything was begun.
    assert.equal(whole.stdout, '')
    assert.equal(existsSync(join(directory, 'state')), false)
    for (const [collector, why] of [
      ['https://c.example', /is not enrolled with the collector https:.*run `npx freshet enroll /],
      ['http://127.0.0.1:1', /one on this machine is named by its state directory/],
    ] as const) {
      const refused = await freshet('agent', ...shared, '--collector', collector)
      assert.equal(refused.status, CONFIG)
      assert.match(refused.stderr, why)
    }
  })

  it('write nothing into a log that would steer a terminal', async () => {
    const state = join(directory, 'x\u009b2J')
    mkdirSync(join(state, 'collector'), { recursive: true, mode: 0o700 })
    chmodSync(state, 0o711)
    writeFileSync(join(state, 'collector', 'agent.token'), 'x', { mode: 0o600 })
    const user = process.getuid?.() === 0 ? ['--user', 'root'] : []
    const args = [PLACE.cli, 'collector', '--state', state, ...user, '--listen', '127.0.0.1:0']
    const collector = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    const ended = once(collector, 'close')
    let said = ''
    collector.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    await until(() => said.includes('is used no more'))
    collector.kill()
    await ended
    assert.match(said, /^collector: .*x\\u\{9b\}2J.*agent\.token is used no more/m)
    assert.doesNotMatch(said, /\u009b/)
  })

  it('say of a token, which is used no more, what to do', async () => {
    const { status, stderr } = await freshet('replay', '--token-file', 'agent.token', 'x.fcap')
    assert.equal(status, USAGE)
    assert.match(stderr, /Tokens are used no more: name the collector of this machine by its state/)
  })
})
