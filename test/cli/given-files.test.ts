// What commands do with a file that is named and is none: nothing holds them up.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openGivenFile } from '../../src/given-file.ts'
import { besideConn } from '../../src/importers/beside-conn.ts'
import { PLACE } from '../../src/place.ts'
import { run } from '../e2e/installation.ts'
import { zeekTsv } from '../importers/zeek-logs.ts'

describe('A file that a command is given to read', function () {
  this.timeout(60_000)
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-given-'))
    execFileSync('mkfifo', [join(directory, 'fifo')])
    writeFileSync(join(directory, 'conn.log'), zeekTsv([]))
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  const STANDARD_INPUT = 'it is a FIFO, not a file: give what comes out of it as standard input'
  const COMMANDS: [string[], string][] = [
    [['collector', 'restore', 'fifo'], 'it is a FIFO, not a file'],
    [['baseline', 'import', 'fifo'], STANDARD_INPUT],
    [['replay', 'fifo'], STANDARD_INPUT],
    [['replay', '--from', 'zeek', 'fifo'], 'it is a FIFO, not a file'],
    [['replay', '--ssl', 'fifo', 'conn.log'], 'it is a FIFO, not a file'],
    [['replay', '--baseline', 'fifo', 'conn.log'], 'it is a FIFO, not a file'],
    [['replay', '--policy', 'fifo', 'conn.log'], 'is not a file but a FIFO\n'],
  ]
  for (const [args, says] of COMMANDS)
    it(`is not waited for where it is a FIFO: \`${args.join(' ')}\``, async () => {
      const { status, stderr } = await run(
        [
          PLACE.cli,
          ...args,
          ...(args[0] === 'replay' ? [] : ['--state', join(directory, 'state')]),
        ],
        { cwd: directory, env: { PATH: process.env['PATH'] }, timeout: 30_000 },
      )
      assert.ok(stderr.includes(says), `${status} ${stderr}`)
      assert.ok(status !== null && status > 0, `${status} ${stderr}`)
      assert.equal(stderr.split('fifo').length, 2, `named once: ${stderr}`)
    })

  for (const args of [
    ['collector', 'restore', 'none'],
    ['baseline', 'import', 'none'],
    ['replay', 'none'],
    ['replay', '--policy', 'none', 'conn.log'],
    ['record', 'none/none.fcap'],
    ['policy', 'keygen', '--out', 'none/none.key'],
  ])
    it(`is said not to be there in words: \`${args.join(' ')}\``, async () => {
      const { status, stderr } = await run([PLACE.cli, ...args], {
        cwd: directory,
        env: { PATH: process.env['PATH'], FRESHET_STATE: join(directory, 'state') },
        timeout: 30_000,
      })
      assert.match(stderr, /^freshet: .*none\S* cannot be \w+: .* not there\n$/)
      assert.doesNotMatch(stderr, /ENOENT|partial/)
      assert.ok(status !== null && status > 0, `${status} ${stderr}`)
    })

  it('is refused when it is a directory, and no remedy is named that would not help', () => {
    mkdirSync(join(directory, 'd'))
    assert.throws(() => openGivenFile(join(directory, 'd'), { orStream: true }), {
      name: 'GivenFileError',
      message: 'it is a directory, not a file',
    })
  })

  it('is not looked for in a FIFO beside a conn log', () => {
    execFileSync('mkfifo', [join(directory, 'ssl.log')])
    assert.equal(besideConn(join(directory, 'conn.log')).ssl, undefined)
  })
})
