// `freshet policy try`: what a person reads of it, and what cannot be tried.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PLACE } from '../../src/place.ts'
import { run } from '../e2e/installation.ts'

const CAPTURES = fileURLToPath(new URL('../scenarios/captures/', import.meta.url))

describe('freshet policy try', function () {
  this.timeout(60_000)
  let directory: string
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-try-'))
  })
  after(() => rmSync(directory, { recursive: true, force: true }))
  const tried = (document: unknown, ...captures: string[]) => {
    writeFileSync(join(directory, 'policy.json'), JSON.stringify(document))
    const words = ['policy', 'try', 'policy.json', '--capture', ...captures]
    return run([PLACE.cli, ...words], { cwd: directory })
  }
  const exception = (naming: object) => ({
    exceptions: [
      { ...naming, until: '2099-01-01T00:00:00Z', bytesPerDayMax: 1e9, owner: 'Ana, IT' },
    ],
  })

  it('says which alerts of a recording vanish, by which exception, and what that is a host-day', async () => {
    const { stdout, status, stderr } = await tried(
      exception({ signer: 'unsigned' }),
      join(CAPTURES, 'night-burst.fcap'),
    )
    assert.equal(status, 0, stderr)
    const lines = stdout.split('\n')
    assert.match(
      lines[0] ?? '',
      /^under the policy of the recording: 1 alert of 1 program and destination \(1 \w+\), 0 held back, [\d.]+ a host-day$/,
    )
    assert.match(
      lines[1] ?? '',
      /^under policy\.json: 0 alerts, 1 held back, 0 a host-day; its budget is 0\.1 false alerts a host-day$/,
    )
    assert.match(
      lines[2] ?? '',
      /^watched for \d\.\d hours: too few to hold .* which has one in 240 hours$/,
    )
    assert.match(
      stdout,
      /\nappear: none\nvanish: 1\n {2}\w+ {2}\S+ to [\d.:]+, [\d.]+ MB out\n {6}“.*\nchange: none\n/,
    )
    assert.match(
      stdout,
      /held back, by rule: before, after\n {2}0, 1 {2}exception for programs of signer class unsigned \(Ana, IT\)\n$/,
    )
  })
  it('finds no difference in the policy that was recorded', async () => {
    const { stdout, status } = await tried({}, join(CAPTURES, 'night-burst.fcap'))
    assert.equal(status, 0)
    assert.match(stdout, /\nappear: none\nvanish: none\nchange: none\nheld back: none\n$/)
  })
  it('says of an exception by a name of a user that it cannot be tried', async () => {
    const { stderr, status } = await tried(
      exception({ user: 'ada', program: '/tmp/x' }),
      join(CAPTURES, 'night-burst.fcap'),
    )
    assert.equal(status, 0)
    assert.match(stderr, /1 exception names its user by name, which only the machine itself knows/)
  })
  it('refuses what is no policy, no recording, and a stream', async () => {
    const none = await tried({ hostWhiteList: [] }, join(CAPTURES, 'night-burst.fcap'))
    assert.deepEqual([none.status, none.stdout], [78, ''])
    assert.match(none.stderr, /policy\.json: policy: there is no field “hostWhiteList”/)
    const nothing = await tried({}, 'none.fcap')
    assert.deepEqual([nothing.status, nothing.stdout], [1, ''])
    assert.match(nothing.stderr, /^freshet: none\.fcap cannot be read: it is not there\n$/)
    const stream = await tried({}, '-')
    assert.equal(stream.status, 78)
    assert.match(stream.stderr, /a recording is read twice, so it has to be a file/)
    const words = await run([PLACE.cli, 'policy', 'try', 'policy.json'], { cwd: directory })
    assert.equal(words.status, 64)
  })
})
