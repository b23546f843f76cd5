// `freshet collector policy`, on the files of a collector that does not run: what is published, held back, and signed online.
import assert from 'node:assert/strict'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Policies } from '../../src/collector/fleet/policies.ts'
import { openPoliciesFile, POLICIES_FILE } from '../../src/collector/fleet/policies-file.ts'
import { PLACE } from '../../src/place.ts'
import { unarmored } from '../../src/policy/armor.ts'
import { privateKeyOf, publicHexOf } from '../../src/policy/keys.ts'
import { openSigned, signPolicy } from '../../src/policy/signed.ts'
import { nowUnixNs } from '../../src/units.ts'
import { run } from '../e2e/installation.ts'
import { daysOn, makeTestKey, payloadOf } from '../policy/documents.ts'

describe('freshet collector policy', () => {
  let directory: string
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-fleet-policy-'))
    mkdirSync(join(directory, 'state/collector'), { recursive: true, mode: 0o700 })
    writeFileSync(join(directory, 'policy.json'), '{"hostWhitelist":["198.51.100.0/24"]}')
    await policy('keygen', '--out', 'root.key')
    for (const version of ['1', '2']) await policy(...signing('sign', version), 'policy.json')
  })
  after(() => rmSync(directory, { recursive: true, force: true }))

  const freshet = (words: string[], input?: string) =>
    run([PLACE.cli, ...words], { cwd: directory, ...(input === undefined ? {} : { input }) })
  const policy = async (...words: string[]) => {
    const { status, stdout, stderr } = await freshet(['policy', ...words])
    assert.equal(status, 0, stderr)
    return stdout.trim()
  }
  const signing = (what: string, version: string) => [
    ...[what, '--key', 'root.key', '--not-after', '2099-12-31'],
    ...['--as-version', version, '--out', `${what}-${version}`],
  ]
  const collector = (words: string[], input?: string) =>
    freshet(['collector', 'policy', ...words, '--state', 'state'], input)
  const well = async (words: string[], input?: string) => {
    const { status, stdout, stderr } = await collector(words, input)
    assert.equal(status, 0, stderr)
    return stdout.trim()
  }
  const fails = async (words: string[], text: RegExp, input?: string) => {
    const { status, stdout, stderr } = await collector(words, input)
    assert.notEqual(status, 0, stdout)
    assert.match(stderr, text)
  }

  it('publishes what the root key signed, which it is told the first time', async () => {
    assert.match(await well(['list']), /nothing was published/)
    await fails(['publish', 'sign-1'], /the first time --policy-key is wanted/)
    await well(['publish', 'sign-1', '--policy-key', 'root.key', '--share', '5'])
    await fails(['publish', 'sign-1'], /policy 1 was published before/)
    await fails(['publish', 'policy.json'], /it is no signed document/)
    assert.match(await well(['list']), /^policy 1 +all devices +5 % +20/m)
    assert.equal(lstatSync(join(directory, 'state/collector/policies.db')).mode & 0o777, 0o600)
    assert.match(await well(['status']), /no device is enrolled/)
  })
  it('promotes, and holds back', async () => {
    await well(['promote', '1', '--share', '25'])
    assert.match(await well(['list']), /^policy 1 +all devices +25 %/m)
    assert.match(await well(['hold', '1']), /goes to nobody more/)
    assert.match(await well(['list']), /^policy 1 +all devices +0 %/m)
    await well(['promote', '1'])
    assert.match(await well(['list']), /^policy 1 +all devices +100 %/m)
    await fails(['promote', '9'], /policy 9 was not published/)
    await fails(['hold', 'x'], /whole number/)
  })
  it('says what agents will leave out of what it sends', async () => {
    writeFileSync(join(directory, 'wide.json'), '{"hostWhitelist":["0.0.0.0/0"]}')
    await policy(...signing('sign', '3'), 'wide.json')
    const { status, stderr } = await collector(['publish', 'sign-3'])
    assert.equal(status, 0, stderr)
    assert.match(stderr, /^agents will not take all of it: .*0\.0\.0\.0\/0/)
  })
  it('signs exceptions with its own key, once that is delegated, and within the bounds', async () => {
    const until = `${new Date(Date.now() + 86_400_000).toISOString().slice(0, 19)}Z`
    const exceptions = (change: object = {}) =>
      JSON.stringify({
        exceptions: [
          {
            ...{ host: '203.0.113.0/24', until, bytesPerDayMax: 5, owner: 'Ana', reason: 'a move' },
            ...change,
          },
        ],
      })
    const key = await well(['online-key'])
    assert.match(key, /^[0-9a-f]{64}$/)
    assert.equal(await well(['online-key']), key)
    await fails(['except', '-'], /nobody has delegated/, exceptions())
    await policy(...signing('delegate', '1'), '--online-key', key)
    await well(['publish', 'delegate-1'])
    await well(['except', '-'], exceptions())
    await well(['except', '-'], exceptions({ host: '203.0.113.7' }))
    await fails(['except', '-'], /has no owner/, exceptions({ owner: '' }))
    const { status, stderr } = await collector(
      ['except', '-'],
      exceptions({ host: '198.51.0.0/16', until: '2099-01-01T00:00:00Z' }),
    )
    assert.equal(status, 0, stderr)
    assert.match(stderr, /agents will not take all of it: 198\.51\.0\.0\/16 is left out/)
    const narrowed = await collector(['except', '-'], exceptions({ until: '2099-01-01T00:00:00Z' }))
    assert.match(
      narrowed.stderr,
      /agents will not .*203\.0\.113\.0\/24 ends at .* may last \d+ days/,
    )
    const listed = await well(['list'])
    // Those of before are for nobody any more.
    assert.equal(listed.match(/^exceptions \d+ +all devices/gm)?.length, 1, listed)
    await policy(...signing('delegate', '2'), '--target', 'group:lab', '--online-key', key)
    await fails(['publish', 'delegate-2', '--share', '5'], /only a policy has a share/)
    await well(['publish', 'delegate-2'])
    assert.match(await well(['except', '-'], exceptions()), /go to group lab and to all devices;/)
    assert.match(
      await well(['except', '-'], '{}'),
      /^exceptions \d+ go to group lab and to all devices, and there are none in them: all that were there before are lifted/,
    )
    await policy(...signing('delegate', '3'), '--online-key', makeTestKey().public)
    await well(['publish', 'delegate-3'])
    await fails(['except', '-'], /or another delegation came since/, exceptions())
    const root = privateKeyOf(readFileSync(join(directory, 'root.key'), 'utf8'))
    const [madeAt, notAfter] = [daysOn(-2, nowUnixNs()), daysOn(-1, nowUnixNs())]
    const { content } = openSigned(
      unarmored(readFileSync(join(directory, 'delegate-1'), 'utf8')),
    ).payload
    const ended = { kind: 'delegation', version: 4, content, madeAt, notAfter } as const
    const path = join(directory, 'state/collector', POLICIES_FILE)
    const policies = new Policies(openPoliciesFile(path, assert.fail))
    policies.publish(signPolicy(payloadOf(ended), root), {
      ...{ rootKey: publicHexOf(root), sharePercent: 100, now: madeAt },
    })
    policies.close()
    await fails(['except', '-'], /time of delegation 4 to the key .* was over at/, exceptions())
    const file = join(directory, 'state/collector/policy-online.key')
    assert.equal(lstatSync(file).mode & 0o777, 0o600)
    chmodSync(file, 0o644)
    await fails(['online-key'], /can be used by others \(mode 644\)/)
  })
})
