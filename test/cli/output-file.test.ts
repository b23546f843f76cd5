// A file that a command makes is whole under its name or not there at all, and takes the place of nothing else.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBaseline } from '../../src/baseline/sqlite.ts'
import { makeFile, writeAll } from '../../src/cli/output-file.ts'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { PLACE } from '../../src/place.ts'
import { identityOf, START } from '../baseline/identities.ts'
import { run } from '../e2e/installation.ts'
import { leaveOut, whyNoTool, whyNotLinux, whyNotRoot } from '../left-out.ts'

const COMMANDS = [
  ['collector', 'backup'],
  ['baseline', 'export'],
] as const

describe('A file that a command makes', () => {
  let directory: string
  let target: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-output-'))
    target = join(directory, 'out')
    for (const part of ['agent', 'collector'])
      mkdirSync(join(directory, 'state', part), { recursive: true })
    openForWriting(join(directory, 'state/collector/store.db')).close()
    const { baseline } = openBaseline(join(directory, 'state/agent/baseline.db'), { now: START })
    for (let number = 0; number < 1000; number++) baseline.putIdentity(identityOf(number))
    baseline.commit()
    baseline.close()
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  const make = (command: readonly string[], file: string, ...more: string[]) =>
    run([PLACE.cli, ...command, file, '--state', join(directory, 'state'), ...more])
  const partials = (where = directory) =>
    readdirSync(where).filter((name) => name.includes('.partial'))

  it('is a stream where its name is -: a backup of one collector is restored into another', () => {
    const cli = `'${process.execPath}' '${PLACE.cli}' collector`
    const user = process.getuid?.() === 0 ? '--user root' : ''
    const { status, stdout, stderr } = spawnSync(
      'sh',
      ['-c', `${cli} backup - --state state | ${cli} restore - --state other ${user}`],
      { cwd: directory, encoding: 'utf8' },
    )
    assert.equal(status, 0, stderr)
    assert.match(stdout, /^restored: .*other\/collector holds 0 alerts of 0 devices/)
    assert.match(stderr, /^backup: 0 alerts of 0 devices, none was ever heard of$/m)
    assert.ok(existsSync(join(directory, 'other/collector/store.db')))
    assert.equal(existsSync(join(directory, '-')), false)
  })

  for (const command of COMMANDS)
    describe(`by ${command.join(' ')}`, () => {
      it('is that file, and nothing is beside it', async () => {
        assert.equal((await make(command, target)).status, 0)
        assert.equal(lstatSync(target).mode & 0o777, 0o600)
        assert.deepEqual(readdirSync(directory).toSorted(), ['out', 'state'])
        const first = readFileSync(target)
        const again = await make(command, target)
        assert.equal(again.status, 78)
        assert.match(again.stderr, /out is there already: choose another name, or --force/)
        assert.deepEqual(readFileSync(target), first)
        assert.equal((await make(command, target, '--force')).status, 0)
      })

      for (const [what, place, isRoots] of [
        ['a device', () => execFileSync('mknod', [target, 'c', '1', '3']), true],
        ['a pipe', () => execFileSync('mkfifo', [target]), false],
        ['a directory', () => mkdirSync(target), false],
        ['a link to a file', () => symlinkSync(join(directory, 'state'), target), false],
        ['a link that leads nowhere', () => symlinkSync(join(directory, 'no'), target), false],
      ] as [string, () => void, boolean][])
        it(`takes not the place of ${what}, with --force neither`, async function () {
          if (isRoots) leaveOut(this, whyNotRoot())
          place()
          const before = lstatSync(target)
          const { status, stderr } = await make(command, target, '--force')
          assert.equal(status, 78)
          assert.match(stderr, /out is a (link: choose|directory, a device or a pipe)/)
          assert.deepEqual(
            [lstatSync(target).ino, lstatSync(target).mode],
            [before.ino, before.mode],
          )
          assert.deepEqual(partials(), [])
        })

      it('is not made through a link that somebody put where its parts might be', async () => {
        const victim = join(directory, 'victim')
        writeFileSync(victim, 'mine')
        symlinkSync(victim, `${target}.partial`)
        assert.equal((await make(command, target)).status, 0)
        assert.equal(readFileSync(victim, 'utf8'), 'mine')
      })

      it('is not there at all when the disk is full, which is said', async function () {
        leaveOut(this, whyNotLinux() ?? whyNotRoot() ?? whyNoTool('mounts in a namespace'))
        const disk = join(directory, 'disk')
        mkdirSync(disk)
        const options = ['-t', 'tmpfs', '-o', 'size=64k', 'freshet-test', disk]
        assert.equal(spawnSync('mount', options).status, 0)
        try {
          // Room for a part of it, in the midst of a page.
          const { bavail, bsize } = statfsSync(disk)
          writeFileSync(join(disk, 'ballast'), Buffer.alloc(bavail * bsize - 5 * bsize + 100))
          const { status, stderr } = await make(command, join(disk, 'out'))
          assert.equal(status, 78, stderr)
          assert.match(
            stderr,
            /^freshet: no (backup|export): the disk with .*out is full; make room/,
          )
          assert.deepEqual(readdirSync(disk), ['ballast'])
        } finally {
          spawnSync('umount', [disk])
        }
      })
    })

  it('does not take the place of one that came meanwhile', () => {
    const options = { file: target, what: 'backup', isForced: false }
    assert.throws(
      () => makeFile(options, () => writeFileSync(target, 'theirs')),
      /out is there already: choose another name/,
    )
    assert.equal(readFileSync(target, 'utf8'), 'theirs')
    assert.deepEqual(partials(), [])
  })

  it('is gone with what was thrown while it was made', () => {
    const options = { file: target, what: 'backup', isForced: false }
    const fail = (fd: number) => {
      writeAll(fd, Buffer.from('a part'))
      throw new Error('enough')
    }
    assert.throws(() => makeFile(options, fail), /enough/)
    assert.equal(existsSync(target), false)
    assert.deepEqual(partials(), [])
  })
})
