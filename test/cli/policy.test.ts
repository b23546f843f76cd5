// `freshet policy`: keys and signed documents, as a person makes them without a collector.
import assert from 'node:assert/strict'
import { lstatSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PLACE } from '../../src/place.ts'
import { run } from '../e2e/installation.ts'
import { makeTestKey } from '../policy/documents.ts'

const NEXT_YEAR = `${new Date().getUTCFullYear() + 1}-12-24`

describe('freshet policy', () => {
  let directory: string
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-policy-'))
    writeFileSync(join(directory, 'policy.json'), '{"hostWhitelist":["198.51.100.0/24"]}')
  })
  after(() => rmSync(directory, { recursive: true, force: true }))

  const freshet = (words: string[], input?: string) =>
    run([PLACE.cli, 'policy', ...words], {
      cwd: directory,
      ...(input === undefined ? {} : { input }),
    })
  const well = async (words: string[], input?: string) => {
    const ran = await freshet(words, input)
    assert.equal(ran.status, 0, ran.stderr)
    return ran
  }
  const sign = (...more: string[]) => [
    ...['sign', '--key', 'root.key', '--not-after', NEXT_YEAR],
    ...more,
  ]

  it('makes a key for its maker alone, and puts it in the place of none', async () => {
    const { stdout } = await well(['keygen', '--out', 'root.key'])
    assert.match(stdout, /^[0-9a-f]{64}\n$/)
    assert.equal(lstatSync(join(directory, 'root.key')).mode & 0o777, 0o600)
    const before = readFileSync(join(directory, 'root.key'), 'utf8')
    const again = await freshet(['keygen', '--out', 'root.key'])
    assert.notEqual(again.status, 0)
    assert.match(again.stderr, /is there already/)
    assert.equal(readFileSync(join(directory, 'root.key'), 'utf8'), before)
    assert.equal((await well(['key', 'root.key'])).stdout, stdout)
  })
  it('signs a document, shows it, and gives it back to be signed again', async () => {
    await well(
      sign('--as-version', '7', '--target', 'group:office', '--out', 'seven', 'policy.json'),
    )
    const shown = (await well(['show', 'seven', '--policy-key', 'root.key'])).stdout
    assert.match(shown, /^policy 7\n {2}for {8}group office\n/)
    assert.match(shown, new RegExp(`not after {2}${NEXT_YEAR}T23:59:59Z\n`))
    assert.match(shown, /which holds/)
    const { stdout } = await well(['show', 'seven', '--content'])
    assert.equal(stdout, readFileSync(join(directory, 'policy.json'), 'utf8'))
    const eight = (await well(sign('--as-version', '8', '--out', '-', '-'), stdout)).stdout
    assert.match((await well(['show', '-'], eight)).stdout, /^policy 8\n {2}for {8}all devices\n/)
  })
  it('delegates within the bounds that it was told', async () => {
    const own = (await well(['key', 'root.key'])).stdout.trim()
    const key = makeTestKey().public
    const words = ['delegate', '--key', 'root.key', '--as-version', '1', '--not-after', NEXT_YEAR]
    const { stdout } = await well([...words, '--online-key', key, '--domains', '--out', '-'])
    const content = JSON.parse((await well(['show', '-', '--content'], stdout)).stdout)
    assert.equal(content.onlineKey, key)
    assert.deepEqual([content.bounds.domains, content.bounds.programs], [true, false])
    const over = await freshet([...words, '--online-key', key, '--days-max', '31', '--out', '-'])
    assert.match(over.stderr, /from 1 to 30/)
    const same = await freshet([...words, '--online-key', own, '--out', '-'])
    assert.equal(same.stdout, '')
    assert.match(same.stderr, /the root key itself/)
  })
  it('says what agents will not take of a document, and refuses what none would', async () => {
    const wide = '{"hostWhitelist":["0.0.0.0/0"]}'
    const { stderr } = await well(sign('--as-version', '9', '--out', '-', '-'), wide)
    assert.match(stderr, /agents will not take all of it: “0\.0\.0\.0\/0” is left out/)
    const far = await well(sign('--as-version', '4294967295', '--out', '-', '-'), '{}')
    assert.match(far.stderr, /so high a version only after one that is little lower/)
    for (const [input, words, text] of [
      ['{"hostWhiteList":[]}', ['--as-version', '9'], /there is no field “hostWhiteList”/],
      ['{"version":3}', ['--as-version', '9'], /version 3, and it is signed as version 9/],
      ['{}', ['--as-version', '9', '--not-after', '2020-01-01'], /is over/],
      ['{}', ['--as-version', '9', '--not-after', '2027-02-30'], /wants 2026-12-24/],
      ['{}', ['--as-version', '0'], /from 1 to/],
      ['{}', ['--as-version', '9', '--target', 'everybody'], /wants all, group:NAME/],
    ] as const) {
      const ran = await freshet(sign(...words, '--out', '-', '-'), input)
      assert.notEqual(ran.status, 0, input)
      assert.equal(ran.stdout, '')
      assert.match(ran.stderr, text)
    }
  })
  it('lists the expected applications with their sources, and says what an accepted one comes to', async () => {
    const { stdout } = await well(['expected'])
    assert.match(
      stdout,
      /^dropbox \(sync\): Dropbox sends .+\.\n {2}signed as com\.getdropbox\.dropbox by team G7HH3F8CAK, to dropbox\.com, dropboxapi\.com, 20\.0 GB a day at most\n {2}who signs it: https:/m,
    )
    assert.match(
      stdout,
      /^ {2}where it sends: https:\/\/help\.dropbox\.com\/security\/official-domains$/m,
    )
    const { expectedApplications } = JSON.parse((await well(['expected', '--json'])).stdout)
    const ids = expectedApplications.map(({ id }: { id: string }) => id)
    assert.deepEqual(
      ids,
      [...stdout.matchAll(/^([a-z-]+) \(/gm)].map(([, id]) => id),
    )
    const all = await freshet(['check', '-'], JSON.stringify({ expectedApplications: ids }))
    assert.equal(all.status, 0, all.stderr)
    assert.match(all.stdout, new RegExp(`^ {2}expectedApplications +${ids.length}$`, 'm'))
    for (const id of ids)
      assert.match(all.stdout, new RegExp(`^ {2}${id}: signed as .* at most\\. [A-Z]`, 'm'))
    const none = await freshet(['check', '-'], '{"expectedApplications":["dropbx"]}')
    assert.equal(none.status, 78)
    assert.match(none.stderr, /“dropbx” is none of the \d+ .*: is dropbox meant\?/)
  })
  it('looks a policy over: what it comes to, what is worth a look, and all that is wrong with it', async () => {
    const of = (document: object) => freshet(['check', '-'], JSON.stringify(document))
    const good = await of({ profile: 'quiet', hostWhitelist: ['example.org'] })
    assert.equal(good.status, 0, good.stderr)
    assert.match(good.stdout, /^standard input is a policy\n/)
    assert.match(good.stdout, /^ {2}budgetPerHostDay +0\.03 \(by its profile\)$/m)
    assert.match(good.stdout, /^ {2}hostWhitelist +1$/m)
    const over = { until: '2020-01-01T00:00:00Z', bytesPerDayMax: 1, owner: 'Ana' }
    const look = await of({
      hostWhitelist: ['0.0.0.0/0'],
      exceptions: [{ host: 'example.org', ...over }],
    })
    assert.equal(look.status, 1)
    assert.match(look.stdout, /do not take all of it: “0\.0\.0\.0\/0” is left out/)
    assert.match(look.stdout, /^line 1: the exception for example\.org \(Ana\) was over at 2020/m)
    writeFileSync(join(directory, 'wrong.json'), '{"version": -1,\n "hostWhiteList": []}')
    const wrong = await freshet(['check', 'wrong.json'])
    assert.deepEqual([wrong.status, wrong.stdout], [78, ''])
    assert.match(wrong.stderr, /^wrong\.json:1: policy\.version: -1 is no whole number/)
    assert.match(wrong.stderr, /^wrong\.json:2: policy: there is no field “hostWhiteList”$/m)
    const none = await freshet(['check', 'none.json'])
    assert.equal(none.status, 78)
    assert.match(none.stderr, /policy check: none\.json cannot be read: it is not there/)
    const signed = await freshet(['check', 'seven'])
    assert.match(signed.stderr, /^seven:1: it is a signed document/)
  })
  it('shows no document that another key signed, when it is to check that', async () => {
    await well(['keygen', '--out', 'other.key'])
    const ran = await freshet(['show', 'seven', '--policy-key', 'other.key'])
    assert.notEqual(ran.status, 0)
    assert.match(ran.stderr, /it was signed with the key/)
  })
})
