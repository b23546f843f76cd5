import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { readOrMakeDeviceId } from '../../src/host/device.ts'
import { dropTo, resolveUser } from '../../src/host/drop.ts'
import { describeMachine, osReleaseName, plistString } from '../../src/host/machine.ts'
import { userName } from '../../src/host/users.ts'

const NO_SUCH_UID = 2_123_456_789
const isRoot = process.getuid?.() === 0

describe('users', () => {
  it('have the names the system gives them', () => {
    assert.equal(userName(0), 'root')
    const { uid, username } = userInfo()
    assert.equal(userName(uid), username)
    assert.equal(userName(NO_SUCH_UID), undefined)
  })

  it('are found by name and by number, or not at all', () => {
    const nobody = resolveUser('nobody')
    assert.ok(nobody && nobody.uid > 0 && nobody.gid > 0)
    assert.deepEqual(resolveUser(`${nobody.uid}`), nobody)
    for (const none of ['', 'no such user', '-1', '4294967295', '99999999999', `${NO_SUCH_UID}`])
      assert.equal(resolveUser(none), undefined, none)
  })
})

describe('dropping root', () => {
  const drop = new URL('../../src/host/drop.ts', import.meta.url).href
  const inChild = (script: string) => {
    const made = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    })
    return { status: made.status, said: made.stdout.trim(), failed: made.stderr }
  }

  it('leaves no way back, or is refused with a sentence to who is not root', () => {
    const { status, said, failed } = inChild(`
      import { dropTo, resolveUser } from '${drop}'
      if (process.getuid() === 0) process.setgroups([0, 4])
      const user = resolveUser('nobody')
      dropTo(user)
      dropTo(user)
      const back = ['setuid', 'seteuid', 'setgid', 'setegid'].filter((name) => {
        try { process[name](0); return true } catch { return false }
      })
      console.log(JSON.stringify({ is: process.getuid() === user.uid, groups: process.getgroups().includes(4) || process.getgroups().includes(0), back }))`)
    if (isRoot)
      assert.deepEqual(
        { status, said },
        { status: 0, said: '{"is":true,"groups":false,"back":[]}' },
      )
    else assert.match(failed, /only root can become nobody: this process runs as user \d+/)
  })

  it('is not to root, and needs no change for who is that user', () => {
    assert.throws(() => dropTo({ name: 'root', uid: 0, gid: 0 }), /root is no user to drop to/)
    if (isRoot) return
    const { uid, gid, username } = userInfo()
    dropTo({ name: username, uid, gid })
    assert.equal(process.getuid?.(), uid)
  })
})

describe('machine', () => {
  it('is described with what the system says', () => {
    const facts = describeMachine()
    assert.equal(facts.hostname, hostname())
    assert.equal(facts.os, process.platform === 'darwin' ? 'macos' : 'linux')
    assert.match(facts.bootId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    assert.ok(facts.osVersion && facts.osBuild && facts.arch)
  })

  it('reads os-release and property lists as they are written', () => {
    const debian = 'NAME="Debian GNU/Linux"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'
    assert.equal(osReleaseName(debian), 'Debian GNU/Linux 12 (bookworm)')
    assert.equal(osReleaseName("NAME=Void\nID='void'\n"), 'Void')
    assert.equal(osReleaseName('PRETTY_NAME="a \\"b\\" \\$c"'), 'a "b" $c')
    assert.equal(osReleaseName(''), '')
    const plist = '<dict>\n\t<key>ProductVersion</key>\n\t<string>15.1</string>\n</dict>'
    assert.equal(plistString(plist, 'ProductVersion'), '15.1')
    assert.equal(plistString(plist, 'ProductBuildVersion'), '')
  })
})

describe('device id', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-device-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))
  const text = () => readFileSync(join(directory, 'device-id'), 'utf8')

  it('is made once, at random, for its user alone', () => {
    const id = readOrMakeDeviceId(directory)
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.equal(readOrMakeDeviceId(directory), id)
    assert.equal(statSync(join(directory, 'device-id')).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(directory), ['device-id'])
  })

  it('is another on a cloned disk, and does not say what the hardware is', () => {
    const id = readOrMakeDeviceId(directory, 'a1'.repeat(16))
    assert.equal(readOrMakeDeviceId(directory, 'a1'.repeat(16)), id)
    assert.ok(!text().includes('a1a1'))
    const other = readOrMakeDeviceId(directory, 'b2'.repeat(16))
    assert.notEqual(other, id)
    assert.ok(readFileSync(join(directory, 'device-id.old'), 'utf8').startsWith(id))
    assert.equal(readOrMakeDeviceId(directory, 'b2'.repeat(16)), other)
  })

  it('is made anew when the file is damaged, which is kept', () => {
    for (const damaged of ['', 'x', '01234567-89ab-4cde-8f01-23456789abcd']) {
      writeFileSync(join(directory, 'device-id'), damaged)
      const id = readOrMakeDeviceId(directory)
      assert.ok(text().startsWith(id))
      assert.equal(readFileSync(join(directory, 'device-id.old'), 'utf8'), damaged)
    }
  })

  it('is not made where it cannot be kept', () => {
    assert.throws(() => readOrMakeDeviceId(join(directory, 'none')), /ENOENT/)
  })
})
