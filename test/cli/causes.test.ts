// The cause that was seen is the cause that is said: each of these is made, and the command asked.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PLACE } from '../../src/place.ts'
import { run } from '../e2e/installation.ts'
import { leaveOut, whyNotRoot } from '../left-out.ts'
import { WAIT_MS } from '../waits.ts'

const NOBODY = 65534
const CLOSED = /belongs to user root and is closed to user nobody: run this as user root/

describe('The cause that commands say', () => {
  let directory: string
  let state: string

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-causes-'))
    chmodSync(directory, 0o755)
    state = join(directory, 'state')
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  const asNobody = (...args: string[]) =>
    run([PLACE.cli, ...args, '--state', state], {
      cwd: directory,
      env: { PATH: process.env['PATH'], HOME: directory },
      uid: NOBODY,
      gid: NOBODY,
      timeout: WAIT_MS,
    })
  /** As root's collector and agent leave it. */
  const stateOfRoot = () => {
    mkdirSync(state, { mode: 0o711 })
    for (const [name, file] of [
      ['agent', 'baseline.db'],
      ['collector', 'store.db'],
    ] as const) {
      mkdirSync(join(state, name), { mode: 0o700 })
      writeFileSync(join(state, name, file), '')
    }
    for (const file of ['address', 'page.key']) writeFileSync(join(state, 'collector', file), '')
  }
  const closedAbove = () => {
    state = join(directory, 'closed', 'state')
    mkdirSync(join(directory, 'closed'), { mode: 0o700 })
  }
  const open = () => {
    mkdirSync(state)
    chownSync(state, NOBODY, NOBODY)
  }
  const COLLECTOR = ['collector', '--listen', '127.0.0.1:0']

  for (const [made, what, command, sentence] of [
    [stateOfRoot, 'a directory that may not be entered', ['collector', 'backup', 'x'], CLOSED],
    [stateOfRoot, 'a directory that may not be entered', ['baseline', 'list'], CLOSED],
    [stateOfRoot, 'a directory that may not be entered', ['baseline', 'show', 'curl'], CLOSED],
    [stateOfRoot, 'a directory that may not be entered', ['baseline', 'export', 'x'], CLOSED],
    [stateOfRoot, 'a directory that may not be entered', ['simulate', 'upload'], CLOSED],
    [stateOfRoot, 'a directory that may not be entered', ['page'], CLOSED],
    [
      stateOfRoot,
      'a directory that is root\u2019s',
      COLLECTOR,
      /belongs to user root, not to user nobody/,
    ],
    [closedAbove, 'a closed directory above', COLLECTOR, CLOSED],
    [closedAbove, 'a closed directory above', ['collector', 'backup', 'x'], CLOSED],
    [
      () => {},
      'a directory above that may not be written',
      COLLECTOR,
      /belongs to user root, and user nobody may not write in it/,
    ],
    [open, 'nothing stored yet', ['collector', 'backup', 'x'], /there is no store in/],
    [open, 'nothing learnt yet', ['baseline', 'list'], /there is no baseline at/],
    [open, 'no collector yet', ['simulate', 'upload'], /no collector has run .*is missing/],
    [open, 'no agent', ['status'], /no agent runs with/],
  ] as [() => void, string, string[], RegExp][])
    it(`is ${what}: \`${command.join(' ')}\``, async function () {
      leaveOut(this, whyNotRoot())
      made()
      const { status, stderr } = await asNobody(...command)
      assert.notEqual(status, 0)
      assert.match(stderr, sentence)
      assert.doesNotMatch(stderr, /EACCES|EPERM|^ {4}at /m)
      if (made === stateOfRoot || made === closedAbove)
        assert.doesNotMatch(stderr, /there is no|no collector has/)
    })

  for (const command of [
    ['collector', 'backup'],
    ['baseline', 'export'],
  ])
    it(`is that ${command.join(' ')} would replace what is no file, which stays as it is`, async () => {
      stateOfRoot()
      const target = join(directory, 'pipe')
      execFileSync('mkfifo', [target])
      const args = [...command, target, '--force', '--state', state]
      const { status, stderr } = await run([PLACE.cli, ...args])
      assert.equal(status, 78)
      assert.match(stderr, /pipe is a directory, a device or a pipe, and no file to replace/)
      assert.equal(statSync(target).isFIFO(), true)
    })

  it('comes with a next step for the same installation', async () => {
    mkdirSync(state)
    for (const command of [['status'], ['simulate', 'upload']]) {
      const { stderr } = await run([PLACE.cli, ...command, '--state', state])
      const [, hint = ''] = /`npx freshet up --state '?([^`']+)'?`/.exec(stderr) ?? []
      assert.equal(hint, state, stderr)
    }
  })
})
