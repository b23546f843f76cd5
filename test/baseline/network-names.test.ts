// Which of the names that a Mac knew a program is called by, and where that may count.
import assert from 'node:assert/strict'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import {
  findNetworkName,
  mayCountByName,
  networkNameOf,
  putNetworkNames,
} from '../../src/baseline/network-names.ts'
import { createIdentityAge } from '../../src/engine/identity/identity-age.ts'
import type { Bytes } from '../../src/units.ts'
import { identityOf, later, START } from './identities.ts'

const names = (...all: [name: string, first: number][]) => {
  const baseline = openMemoryBaseline()
  baseline.setBornAt(START)
  putNetworkNames(
    baseline,
    all.map(([name, first]) => ({
      ...{ name, firstAt: later(first), lastAt: later(first) },
      sent: 9 as Bytes,
    })),
  )
  return baseline
}
const app = {
  ...identityOf(1),
  key: 'ABCDE12345:org.example.app',
  signerClass: 'notarized' as const,
  name: 'Example',
  signingId: 'org.example.app',
}

describe('names that a Mac knew', () => {
  it('are a file’s name, its first 16 characters or a signing id, and of several the one that was first', () => {
    const baseline = names(['Example', 30], ['org.example.app', 20], ['other', 10])
    assert.deepEqual(networkNameOf(baseline, app), {
      name: 'org.example.app',
      ...{ firstAt: later(20), lastAt: later(20), sent: 9 },
    })
    const long = { ...app, name: 'com.example.VeryLongHelper', signingId: '' }
    assert.equal(networkNameOf(names(['com.example.Very', 1]), long)?.name, 'com.example.Very')
    assert.equal(networkNameOf(names(['com.example.Ver', 1]), long), undefined)
    assert.equal(networkNameOf(names(), app), undefined)
    assert.equal(findNetworkName({ ...app, name: '', signingId: '' }, baseline.identity), undefined)
  })

  it('are none of a script, of a copy, of who acts for another, and of what has foreign code', () => {
    const baseline = names(['Example', 1])
    for (const more of [' via unknown', ' script 77', ' with foreign code', ' script a\nb via c'])
      assert.equal(networkNameOf(baseline, { ...app, key: app.key + more }), undefined, more)
    assert.equal(networkNameOf(baseline, { ...app, key: 'copy:org.example.app' }), undefined)
  })

  it('make nobody lenient but with whom they may count for', () => {
    const age = createIdentityAge(names(['Example', 1]))
    const late = { ...app, firstExecAt: later(10 * 86_400_000_000_000) }
    assert.equal(age.isCold(late), true)
    for (const signerClass of ['unsigned', 'adhoc', 'unknown'] as const)
      assert.equal(age.isCold({ ...late, signerClass }), false)
    assert.equal(age.namedOf({ ...late, signerClass: 'unsigned' })?.name, 'Example')
  })

  it('may count for what Apple or a team vouches for, where it installs it', () => {
    assert.ok(mayCountByName(app))
    assert.ok(mayCountByName({ key: 'platform:/usr/bin/curl', signerClass: 'platform' }))
    const refusals = [
      { key: 'copy:com.apple.curl', signerClass: 'platform' },
      { key: 'adhoc:77', signerClass: 'notarized' },
      { key: app.key, signerClass: 'unsigned' },
      { key: app.key, signerClass: 'invalid' },
      { key: 'unknown:path:/x', signerClass: 'unknown' },
    ] as const
    for (const refused of refusals)
      assert.equal(mayCountByName(refused), false, JSON.stringify(refused))
  })
})
