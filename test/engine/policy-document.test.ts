// docs/policy.md against the parser: it names the fields there are, with their defaults and bounds, and its example is one.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { parseAddress } from '../../src/engine/address.ts'
import {
  DEFAULT_POLICY,
  makePolicy,
  type Policy,
  PolicyError,
  parsePolicy,
  ruleFor,
} from '../../src/engine/policy.ts'
import { EXCEPTION, NAMING } from '../../src/engine/policy-table.ts'
import { PROFILE_BOUNDS, PROFILE_NAMES, PROFILES } from '../../src/engine/profiles.ts'

const text = readFileSync(new URL('../../docs/policy.md', import.meta.url), 'utf8')
const rows = [...text.matchAll(/^\| `(\w+)` \| (.+?) \| `(.+?)` \| (.+) \|$/gm)].map(
  ([, field = '', type = '', byDefault = '', effect = '']) => ({ field, type, byDefault, effect }),
)
const example = /```json\n([\s\S]+?)\n```/.exec(text)?.[1] ?? ''
const given: Record<string, unknown> = JSON.parse(example)

const fields = Object.keys(DEFAULT_POLICY)

describe('docs/policy.md', () => {
  it('names exactly the fields that there are, once', () => {
    assert.deepEqual(rows.map(({ field }) => field).toSorted(), fields.toSorted())
    for (const { field, effect } of rows) assert.ok(effect.length > 40, `${field}: ${effect}`)
  })

  it('has the defaults that are in force', () => {
    const { version, ...rest } = makePolicy({})
    const said = Object.fromEntries(
      rows.map(({ field, byDefault }) => [field, JSON.parse(byDefault)]),
    )
    assert.deepEqual(said, { version, ...rest })
  })

  it('has the ranges that are held', () => {
    const ranges = rows.flatMap(({ field, type }) => {
      const range = /whole numbers?, (\d+) to (\d+)/.exec(type)
      return range ? [{ field, min: Number(range[1]), max: Number(range[2]) }] : []
    })
    assert.deepEqual(ranges.map(({ field }) => field).toSorted(), ['ownPids', 'version'])
    for (const { field, min, max } of ranges) {
      const isList = Array.isArray(DEFAULT_POLICY[field as keyof Policy])
      const make = (value: number) => makePolicy({ [field]: isList ? [value] : value })
      for (const value of [min, max]) make(value)
      for (const value of [min - 1, max + 1, 0.5]) assert.throws(() => make(value), PolicyError)
    }
    const entries = Number(/at most ([\d,]+) entries/.exec(text)?.[1]?.replace(',', ''))
    makePolicy({ ownPids: new Array(entries).fill(1) })
    assert.throws(() => makePolicy({ ownPids: new Array(entries + 1).fill(1) }), PolicyError)
    const characters = Number(/at most ([\d,]+) characters/.exec(text)?.[1]?.replace(',', ''))
    const path = (length: number) => `/${'x'.repeat(length - 1)}`
    const rule = (length: number) =>
      makePolicy({ parentProcessCheck: [{ parent: path(length), program: '/x' }] })
    rule(characters)
    assert.throws(() => rule(characters + 1), PolicyError)
  })

  it('has the profiles that there are, with what each decides', () => {
    const said = [...text.matchAll(/^\| `([\w-]+)` \| ([\d.]+) \| ([\d.]+) \| .+ \|$/gm)].map(
      ([, name, budget, programs]) => [
        name,
        { budgetPerHostDay: Number(budget), newProgramsPerDay: Number(programs) },
      ],
    )
    assert.deepEqual(Object.fromEntries(said), PROFILES)
    const type = rows.find(({ field }) => field === 'profile')?.type
    for (const name of PROFILE_NAMES) assert.ok(type?.includes(`\`${name}\``), name)
  })

  it('has the bounds of what a profile decides', () => {
    for (const [name, bounds] of Object.entries(PROFILE_BOUNDS)) {
      const type = rows.find(({ field }) => field === name)?.type ?? ''
      const [, min, max] = /a number, ([\d.]+) to ([\d.]+)/.exec(type) ?? []
      assert.deepEqual([Number(min), Number(max)], bounds)
    }
  })

  it('names all that an exception may have, once', () => {
    const section = /### Exceptions\n([\s\S]+?)\n### /.exec(text)?.[1] ?? ''
    const named = [...section.matchAll(/^\| (`\w+`(?:, `\w+`)*) \| .+ \| .+ \|$/gm)].flatMap(
      ([, names = '']) => names.replaceAll('`', '').split(', '),
    )
    assert.deepEqual(named, Object.keys(EXCEPTION.fields))
    assert.deepEqual(named.slice(0, NAMING.length), NAMING)
    const ranges = [...section.matchAll(/^\| `(\w+)` \| .*?whole number, (\d+) to (\d+)/gm)].map(
      ([, name, min, max]) => [name, Number(min), Number(max)],
    )
    assert.deepEqual(ranges, [
      ['port', 1, 65_535],
      ['user', 0, 2 ** 32 - 2],
      ['bytesPerDayMax', 0, 2 ** 50],
    ])
    const one = { host: 'example.org', until: '2027-03-31T00:00:00Z', bytesPerDayMax: 1 }
    const make = (change: object) => makePolicy({ exceptions: [{ ...one, ...change }] })
    for (const [name, min, max] of ranges) {
      for (const value of [min, max]) make({ [`${name}`]: value })
      for (const value of [Number(min) - 1, Number(max) + 1])
        assert.throws(() => make({ [`${name}`]: value }), PolicyError)
    }
  })

  it('has an example with every field, none of them as it is by default, that is a policy', () => {
    assert.deepEqual(Object.keys(given), fields)
    const policy = parsePolicy(7, example)
    assert.equal(policy.version, 7)
    for (const field of fields.filter((name) => name !== 'includeLoopback' && name !== 'schema'))
      assert.notDeepEqual(policy[field as keyof Policy], DEFAULT_POLICY[field as keyof Policy])
    assert.deepEqual(new Set(policy.hostWhitelist.map(({ kind }) => kind)).size, 2)
  })

  it('says of paths, domains and networks what holds', () => {
    const policy = parsePolicy(7, example)
    const to = (address: string, hostname = '', of = policy) =>
      ruleFor(of, {
        ...{ address: parseAddress(address) as Uint8Array, hostname },
        ...{ program: '/x', ancestors: [] },
      })
    assert.equal(to('203.0.113.9', 'backup.example.org'), 'backup.example.org')
    assert.equal(to('203.0.113.9', 'eu.backup.example.org'), 'backup.example.org')
    assert.equal(to('203.0.113.9', 'mybackup.example.org'), undefined)
    assert.equal(to('203.0.113.9'), undefined)
    assert.equal(to('198.51.100.9'), '198.51.100.0/24')
    assert.equal(to('2001:db8:5::25'), '2001:db8:5::25')
    const from = (program: string, ancestors: string[]) =>
      ruleFor(policy, {
        ...{ address: parseAddress('203.0.113.9') as Uint8Array, hostname: '' },
        ...{ program, ancestors },
      })
    const rule = '/opt/backup/bin/* under /usr/sbin/cron'
    assert.equal(from('/opt/backup/bin/a/b', ['/bin/sh', '/usr/sbin/cron']), rule)
    assert.equal(from('/opt/backup/bin/a', ['/bin/sh']), undefined)
    const cased = makePolicy({ hostWhitelist: ['Example.ORG.'] })
    assert.equal(to('203.0.113.9', 'files.example.org', cased), 'example.org')
    const wide = makePolicy({ externalNetworks: ['10.1.2.3/8'] })
    assert.equal(wide.externalNetworks[0]?.bits, 96 + 8)
  })
})
