// Names of users as they leave a machine whose policy hides them.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHiddenNames, hidingNames, namesKey } from '../../src/agent/hidden-names.ts'
import { alertOf, asText, machine } from '../engine/scenario.ts'

const KEY = Buffer.alloc(32, 7)
const names = createHiddenNames(KEY)
const ann = names.pseudonym('ann')

describe('names of users that a policy hides', () => {
  it('are the same for the same user by one key, and others by another', () => {
    assert.match(ann, /^user-[0-9a-f]{12}$/)
    assert.equal(createHiddenNames(KEY).pseudonym('ann'), ann)
    assert.notEqual(createHiddenNames(Buffer.alloc(32, 8)).pseudonym('ann'), ann)
    assert.notEqual(names.pseudonym('bob'), ann)
    assert.equal(names.pseudonym(''), '')
  })

  it('are in no part of an alert, whose figures stay as they are', () => {
    const alert = alertOf(machine().program({ pid: 100, parent: 50, path: '/home/ann/bin/probe' }))
    const [self, ...above] = alert.chain
    assert.ok(self)
    const told = { ...alert, chain: [{ ...self, user: 'ann' }, ...above] }
    assert.match(asText([{ at: alert.updatedAt, kind: 'alert', alert: told }]), /\bann\b/)
    const hidden = names.hide({ at: alert.updatedAt, kind: 'alert', alert: told })
    assert.doesNotMatch(asText([hidden]), /\bann\b/)
    assert.ok(hidden.kind === 'alert')
    assert.equal(hidden.alert.chain[0]?.user, ann)
    assert.equal(hidden.alert.identity.path, `/home/${ann}/bin/probe`)
    assert.deepEqual(
      [hidden.alert.id, hidden.alert.bytesOut, hidden.alert.openedAt, hidden.alert.timeline],
      [alert.id, alert.bytesOut, alert.openedAt, alert.timeline],
    )
    // Who hides twice hides once.
    assert.deepEqual(names.hide(hidden), hidden)
  })

  it('are hidden in paths, in sentences and keys, and nowhere else', () => {
    const hide = (text: string): string => {
      const finding = names.hide({
        ...{ at: 0n as never, kind: 'health' },
        health: { of: 'policy', text, count: 1 },
      })
      return finding.kind === 'health' ? finding.health.text : ''
    }
    assert.equal(hide('/Users/ann/x'), `/Users/${ann}/x`)
    assert.equal(hide('/Users/Ann Lee/x'), `/Users/${names.pseudonym('Ann Lee')}/x`)
    assert.equal(hide('unsigned:path:/home/ann/x'), `unsigned:path:/home/${ann}/x`)
    assert.equal(
      hide('“/Users/ann” and /home/ann, then /Users/ann/y'),
      `“/Users/${ann}” and /home/${ann}, then /Users/${ann}/y`,
    )
    for (const text of ['/Users/Shared/x', '/opt/ann/x', 'ann sends', 'https://a.example/home'])
      assert.equal(hide(text), text)
  })

  it('have a key that is made once, for its owner alone, and anew where it is none', () => {
    const directory = mkdtempSync(join(tmpdir(), 'freshet-names-'))
    const file = join(directory, 'names.key')
    try {
      const key = namesKey(file)
      assert.equal(key.length, 32)
      assert.equal(statSync(file).mode & 0o777, 0o600)
      assert.deepEqual(namesKey(file), key)
      writeFileSync(file, 'damaged')
      const other = namesKey(file)
      assert.notDeepEqual(other, key)
      assert.equal(readFileSync(file, 'utf8'), other.toString('hex'))
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  it('are hidden while the policy says so, also where the key cannot be kept, which is said once', () => {
    let isWanted = false
    let asked = 0
    const said: string[] = []
    const hiding = hidingNames(
      () => isWanted,
      (text) => said.push(text),
      () => {
        asked++
        throw new Error('ENOSPC')
      },
    )
    assert.equal(hiding(), undefined)
    assert.equal(asked, 0)
    isWanted = true
    const first = hiding()
    assert.ok(first)
    assert.equal(hiding(), first)
    assert.deepEqual([asked, said.length], [1, 1])
    assert.match(said[0] ?? '', /cannot be kept \(ENOSPC\)/)
    isWanted = false
    assert.equal(hiding(), undefined)
  })
})
