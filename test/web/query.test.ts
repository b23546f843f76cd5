// What the page says of a search that is not understood as it may have been meant.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  FIELD_SHAPED,
  FIELDS,
  IDENTITY_FIELDS as IDENTITY_FIELDS_THERE,
  PLAIN_WORD,
  queryWords,
  TERMS_MAX,
  unknownFields,
  WORD,
} from '../../src/collector/store/search.ts'
import {
  ALERT_FIELDS,
  FIELD_SHAPED as FIELD_OF_PAGE,
  IDENTITY_FIELDS,
  PLAIN_WORD as PLAIN_OF_PAGE,
  queryProblems,
  WORD as WORD_OF_PAGE,
  WORDS_MAX,
} from '../../src/collector/web/query.ts'
import { nowUnixNs } from '../../src/units.ts'
import { accessibilityFaults } from './browser.ts'
import { alertFinding, sightingOf } from './samples.ts'
import { HOSTNAME, probe, stage, upload } from './scene.ts'

describe('page: what of a search is not understood', () => {
  const problems = (query: string) => queryProblems(query, ALERT_FIELDS).join(' ')
  it('is cut and read as the collector does', () => {
    assert.equal(String(WORD_OF_PAGE), String(WORD))
    assert.equal(WORDS_MAX, TERMS_MAX)
    assert.deepEqual(ALERT_FIELDS.toSorted(), FIELDS.toSorted())
    assert.deepEqual(IDENTITY_FIELDS, IDENTITY_FIELDS_THERE)
    assert.equal(String(FIELD_OF_PAGE), String(FIELD_SHAPED))
    assert.equal(String(PLAIN_OF_PAGE), String(PLAIN_WORD))
  })
  it('is a field that there is not, by the API as well, with those that there are', () => {
    for (const query of ['pid:12', 'ppid:1', 'port:443', 'sha256:ab', 'exe_path:/x', 'pid:"12"']) {
      const [name = ''] = query.split(':')
      const there = /There are app: path: .*script: .*host:\.$/
      assert.match(problems(query), new RegExp(`^“${name}” is no field here`), query)
      assert.match(problems(query), /There are app: path: script: .*host:\.$/)
      const [note, ...more] = unknownFields(`${query} ${query} user:ada`, FIELDS)
      assert.deepEqual(more, [], 'each is said once')
      assert.ok(note?.startsWith(`“${name}” is no field: `), `${note}`)
      assert.match(note ?? '', there)
    }
    assert.equal(unknownFields('path:x host:y', IDENTITY_FIELDS).length, 1)
  })
  it('is no word that has a colon: a path, an address with its port, of IPv6 or of a page, a key', () => {
    for (const query of [
      ...['/opt/a:b', 'localhost:8442', 'web-1:443', 'collector.example:443', '10.0.0.1:443'],
      ...[
        'fe80::1',
        'fe80::1%en0',
        'dead:beef::/32',
        '[2001:db8::7]:443',
        '::1',
        'C:\\x',
        'a.py:12',
      ],
      ...['https://example.org/a:b', 'localhost:8442/page', 'ABCDE12345:com.example.tool'],
      ...['gone::probe', 'script:send.py', 'unsigned:sha256:c0ffee', 'git@host:repo'],
    ]) {
      assert.equal(problems(query), '', query)
      assert.deepEqual(unknownFields(query, FIELDS), [], query)
    }
  })
  it('is a quote without an end, a field that there is not, one without a value, and too much', () => {
    assert.match(problems('app:"foo bar'), /^The quote in “app:"foo” is not closed: .*a letter/)
    assert.match(problems('"'), /is not closed/)
    assert.match(problems('"a b"c'), /“"a” is not closed/)
    assert.match(
      problems('usr:ada user:ada'),
      /^“usr” is no field here: “usr:ada” is looked for as/,
    )
    assert.match(problems('USER: to:""'), /^“USER:” has no value: .* “to:” has no value:/)
    assert.match(problems('a '.repeat(17)), /^Only the first 16 of the 17 words/)
    assert.equal(queryProblems('x:y x:y', ALERT_FIELDS).length, 1, 'each is said once')
    assert.match(queryProblems('user:ada', ['host']).join(), /“user” is no field here/)
  })
  it('is what is written as a network, and is none', () => {
    for (const query of [
      ...[
        '192.0.2.0/33',
        'to:192.0.300.0/24',
        'to:"10.0.0.0/08"',
        '2001:db8::/129',
        'to:1::2::3/4',
      ],
    ])
      assert.match(problems(query), /is no network: an IPv4 address with \/0 to \/32/, query)
  })
  it('is nothing where all is', () => {
    for (const query of [
      ...[
        '',
        '  ',
        'curl',
        'user:ada',
        'User:"a ""b"" c" x',
        '"a b"',
        '""""',
        '5"disk',
        '10.0.0.1:443',
        '10.0.0.0/8',
        'to:192.0.2.0/20',
        'to:"2001:db8::/33"',
        '/opt/a/24',
        '203.0.113.0/24:443',
      ],
      ...['platform:/usr/bin/curl', 'unsigned:sha256:c0ffee', 'https://example.org', '2001:db8::7'],
    ])
      assert.equal(problems(query), '', query)
  })
  it('is no value that was quoted as it has to be', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ALERT_FIELDS), fc.string({ minLength: 1 }), (name, value) => {
        const query = `${name}:"${value.replaceAll('"', '""')}"`
        assert.equal(problems(query), '')
        assert.deepEqual(queryWords(query), [{ name, value, whole: query }])
      }),
    )
  })
})

describe('page: a hash of fewer digits than it shows', () => {
  it('is said to have too few', () => {
    const problems = (query: string) => queryProblems(query, ALERT_FIELDS).join()
    assert.match(problems('hash:0123456789a'), /a hash is found by its first 12 or more/)
    for (const query of ['hash:0123456789ab', 'hash:"ab"', 'hash:xy', '0123'])
      assert.equal(problems(query), '')
  })
})

describe('page: how one searches', () => {
  const { scene } = stage()

  it('is said beside the search, by keyboard too, and below it what was not understood', async () => {
    const { page, show, tell, watched } = await scene()
    const now = nowUnixNs()
    await tell(alertFinding(upload(now)), sightingOf(probe(now), 'ada'))
    await page.getByText('1 alert.', { exact: true }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByText('Each word occurs somewhere in an alert').waitFor()
    await page.getByText('user:ada to:203.0.113.77 path:"/opt/a b/tool"').waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    await page.keyboard.press('Enter')
    await page.getByText('Each word occurs somewhere in an alert').waitFor({ state: 'hidden' })
    await page.keyboard.press('/')
    await page.keyboard.type('user:"ada')
    const said = page.getByRole('status').getByText('The quote in “user:"ada” is not closed')
    await said.waitFor()
    await page.getByText('No alert that the collector keeps matches.').waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    await page.keyboard.type('"')
    await said.waitFor({ state: 'detached' })
    await page.getByText('1 alert found.').waitFor()

    await show('#/identities?q=user:ada')
    await page
      .getByText('“user” is no field here: “user:ada” is looked for as it stands.')
      .waitFor()
    await page.getByText('How to search').click()
    await page.getByText('Each word occurs somewhere in what is known of a program').waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    for (const query of [
      `host:${HOSTNAME}`,
      `host:"${HOSTNAME}" probe`,
      '"freshet-probe-3f9c2a"',
    ]) {
      await show(`#/identities?q=${encodeURIComponent(query)}`)
      await page.getByText('1 identity found.').waitFor()
    }
    assert.deepEqual(watched.faults, [])
  })
})
