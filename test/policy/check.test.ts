// What is said of a policy's text before anybody is given it.
import assert from 'node:assert/strict'
import { checkPolicy } from '../../src/policy/check.ts'

const NOW = Date.parse('2026-12-01T12:00:00Z')
const exception = (until: string, more: object = {}) => ({
  ...{ host: '203.0.113.0/24', until, bytesPerDayMax: 5 },
  ...more,
})
const check = (document: unknown) => checkPolicy(JSON.stringify(document, null, 1), NOW)

describe('a policy that is looked over', () => {
  it('is told all that is wrong with it at once, by line', () => {
    const { faults, policy } = checkPolicy(
      `{
  "profile": "loud",
  "hostWhitelist": ["example.org", "a b",
    7],
  "exceptions": [
    {"host": "example.org"},
    {"signingId": "x", "until": "soon", "bytesPerDayMax": 5}
  ],
  "profile": "quiet", "hostWhiteList": []
}`,
      NOW,
    )
    assert.equal(policy, undefined)
    assert.deepEqual(
      faults.map(({ line, text }) => `${line} ${text.slice(0, 47)}`),
      [
        '3 policy.hostWhitelist[1]: “a b” is neither a net',
        '4 policy.hostWhitelist[2]: 7 is neither a network',
        '6 policy.exceptions[0].until is missing: a moment',
        '6 policy.exceptions[0].bytesPerDayMax is missing:',
        '7 policy.exceptions[1].until: “soon” is no moment',
        '7 policy.exceptions[1] has signingId alone: anybo',
        '9 policy: there is no field “hostWhiteList”',
        '9 policy.profile is there a second time: only one',
      ],
    )
  })
  it('that is no JSON is told so, from where on', () => {
    const [fault, ...more] = checkPolicy('{"a": 1,\n "b": }', NOW).faults
    assert.deepEqual([fault, more], [{ line: 2, text: 'it is no JSON from column 7 on' }, []])
    for (const text of ['[]', 'null', '7'])
      assert.match(checkPolicy(text, NOW).faults[0]?.text ?? '', /is no JSON object$/)
    const signed = checkPolicy('-----BEGIN FRESHET SIGNED POLICY-----\nAAAA', NOW)
    assert.match(
      signed.faults[0]?.text ?? '',
      /it is a signed document: `policy show FILE --content`/,
    )
  })
  it('has what its profile and the defaults say', () => {
    assert.equal(check({ profile: 'quiet' }).policy?.budgetPerHostDay, 0.03)
    assert.equal(check({ profile: 'quiet', budgetPerHostDay: 1 }).policy?.budgetPerHostDay, 1)
    assert.equal(check({}).policy?.budgetPerHostDay, 0.1)
  })
  it('is told what agents leave out of it where a collector sends it, or that they take nothing', () => {
    const { faults, clamped, refused } = check({ hostWhitelist: ['0.0.0.0/0'], ownPids: [1] })
    assert.deepEqual([faults, refused], [[], undefined])
    assert.deepEqual(
      clamped.map((text) => text.slice(0, 24)),
      ['“0.0.0.0/0” is left out:', 'ownPids is left out: a p'],
    )
    const many = Array.from({ length: 17 }, (_, first) => `${first}.0.0.0/8`)
    assert.match(check({ hostWhitelist: many }).refused ?? '', /so many and so wide together/)
    assert.deepEqual(check({ version: 7, hostWhitelist: ['example.org'] }).clamped, [])
    const over = check({ budgetPerHostDay: 4 })
    assert.equal(over.faults.length, 1)
    assert.deepEqual(over.clamped, ['budgetPerHostDay is 1, not 4: it may be 0.01 to 1'])
  })
  it('is told which exceptions are over or end within a week, by when they do', () => {
    const { faults, ends } = check({
      exceptions: [
        exception('2026-12-08T12:00:00Z'),
        exception('2026-12-08T12:00:01Z'),
        exception('2026-12-01T12:00:00Z', { owner: 'Ana', port: 443 }),
        exception('2026-12-01T12:00:01Z'),
      ],
    })
    assert.deepEqual(faults, [])
    assert.deepEqual(ends, [
      {
        ...{ line: 13, isOver: true },
        text: 'the exception for 203.0.113.0/24 port 443 (Ana) was over at 2026-12-01T12:00:00Z',
      },
      {
        ...{ line: 20, isOver: false },
        text: 'the exception for 203.0.113.0/24 ends at 2026-12-01T12:00:01Z',
      },
      {
        ...{ line: 3, isOver: false },
        text: 'the exception for 203.0.113.0/24 ends at 2026-12-08T12:00:00Z',
      },
    ])
  })
})
