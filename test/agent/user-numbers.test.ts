// Users that exceptions name: numbers in place of names before a policy comes into force.
import assert from 'node:assert/strict'
import { withUids } from '../../src/agent/user-numbers.ts'
import { makePolicy } from '../../src/engine/policy.ts'
import { sentPolicies } from './policies-fixture.ts'

const ends = { until: '2026-12-24T18:00:00Z', bytesPerDayMax: 5 }
const of = (...users: (string | number)[]) => ({
  exceptions: users.map((user) => ({ user, program: '/opt/a', ...ends })),
})

describe('users that exceptions name', () => {
  let told: string[]
  let asked: string[]
  const numbered = (...users: (string | number)[]) =>
    withUids(
      of(...users),
      (name) => {
        asked.push(name)
        return { ana: 501, root: 0 }[name]
      },
      (text) => told.push(text),
    ).exceptions?.map(({ user }) => user)
  beforeEach(() => {
    told = []
    asked = []
  })

  it('have their number there, each looked up once; a number stays', () => {
    assert.deepEqual(numbered('ana', 'root', 'ana', 7), [501, 0, 501, 7])
    assert.deepEqual(asked, ['ana', 'root'])
    assert.deepEqual(told, [])
  })
  it('that are not here are left out, and told once', () => {
    assert.deepEqual(numbered('ana', 'bob', 'bob'), [501])
    assert.deepEqual(told, [
      'exceptions for “bob” hold back nothing here: this machine has no user of that name',
    ])
    assert.deepEqual(numbered('a', 'b', 'c', 'd', 'e'), [])
    assert.match(told.at(-1) ?? '', /for “a”, “b”, “c” and 2 more hold/)
  })
  it('are not looked for where none is named', () => {
    const document = of(501)
    assert.equal(withUids(document, assert.fail, assert.fail), document)
    assert.deepEqual(withUids({ version: 3 }, assert.fail, assert.fail), { version: 3 })
  })

  const { start, world, inForce } = sentPolicies()
  it('of a policy in force are numbers', () => {
    start({ local: of('ana', 'bob') })
    assert.deepEqual(
      makePolicy(inForce() ?? {}).exceptions.map(({ user }) => user),
      [501],
    )
    assert.match(world.told.join(), /“bob” hold back nothing here/)
  })
})
