import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import koffi from 'koffi'
import { deviceIdAnyhow, readOrMakeDeviceId } from '../../src/host/device.ts'
import { dropTo, resolveUser } from '../../src/host/drop.ts'
import { decodePasswd, lookUp } from '../../src/host/libc.ts'
import { describeMachine, macFacts, osReleaseName, plistString } from '../../src/host/machine.ts'
import { userName } from '../../src/host/users.ts'
import { Disk, whyNoDisk } from '../faults/disk.ts'
import { leaveOut, whyNotLinux } from '../left-out.ts'

const NO_SUCH_UID = 2_123_456_789
const isRoot = process.getuid?.() === 0

describe('users', () => {
  it('have the names the system gives them', () => {
    assert.equal(userName(0), 'root')
    const { uid, username } = userInfo()
    assert.equal(userName(uid), username)
    assert.equal(userName(NO_SUCH_UID), undefined)
  })

  it('are asked for again after ten minutes, as they may have been renamed', () => {
    let asked = 0
    const entryOf = (uid: number) => ({ name: `name ${++asked}`, uid, gid: uid })
    const at = (minutes: number) => userName(NO_SUCH_UID - 1, minutes * 60_000, entryOf)
    assert.deepEqual([at(0), at(9.9), at(10), at(19.9)], ['name 1', 'name 1', 'name 2', 'name 2'])
  })

  it('are found by name and by number, or not at all', () => {
    const nobody = resolveUser('nobody')
    assert.ok(nobody && nobody.uid > 0 && nobody.gid > 0)
    assert.deepEqual(resolveUser(`${nobody.uid}`), nobody)
    for (const none of ['', 'no such user', '-1', '4294967295', '99999999999', `${NO_SUCH_UID}`])
      assert.equal(resolveUser(none), undefined, none)
  })
})

describe('memory that is free', () => {
  it('goes back to the system, though what is used lies above it', function () {
    leaveOut(this, whyNotLinux())
    const libc = JSON.stringify(new URL('../../src/host/libc.ts', import.meta.url).href)
    // The last piece keeps the C library from giving back the rest by itself.
    const script = `
      const { trimHeap } = await import(${libc})
      const resident = () => Number(/RssAnon:\\s+(\\d+)/.exec(process.getBuiltinModule('fs').readFileSync('/proc/self/status', 'utf8'))[1])
      let pieces = Array.from({ length: 50_000 }, () => Buffer.allocUnsafeSlow(2000).fill(1))
      const [last] = pieces.splice(-1)
      pieces = undefined
      const before = resident()
      // V8 frees in threads of its own.
      for (let times = 0; times < 100 && before - resident() < 60_000; times++) {
        gc()
        await new Promise((resolve) => setTimeout(resolve, 50))
        trimHeap()
      }
      console.log(before, resident(), last.length)`
    const child = ['--expose-gc', '--input-type=module', '-e', script]
    const { stdout, stderr } = spawnSync(process.execPath, child)
    const [before = 0, after = 0] = `${stdout}`.split(' ').map(Number)
    assert.ok(before - after > 50_000, `${before} and ${after} kB: ${stderr}`)
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

describe('the user database', () => {
  // As <pwd.h> of macOS has it: name, passwd, uid, gid, change, class, gecos, dir, shell, expire.
  it('is given more room while an entry does not fit, up to 1 MiB', () => {
    const ERANGE = 34
    const sizes: number[] = []
    const refuse = (_: Buffer, text: Buffer): number => {
      sizes.push(text.length)
      return ERANGE
    }
    assert.equal(lookUp(refuse), undefined)
    assert.deepEqual([sizes[0], sizes.at(-1), sizes.length], [1024, 1024 * 1024, 6])
    const found = lookUp((entry, text, result) => {
      if (text.length < 16_384) return ERANGE
      text.write(`${'x'.repeat(5_000)}\0`)
      entry.writeBigUInt64LE(koffi.address(text))
      entry.writeUInt32LE(501, 16)
      entry.writeUInt32LE(20, 20)
      result[0] = entry
      return 0
    })
    assert.deepEqual(found, { name: 'x'.repeat(5_000), uid: 501, gid: 20 })
    assert.equal(
      lookUp(() => 0),
      undefined,
    ) // no error and no entry: there is no such user
  })

  it('is read in the layout of macOS', () => {
    const text = Buffer.from('_freshet\0*\0Freshet\0/var/empty\0')
    const entry = Buffer.alloc(72)
    const addressOf = (word: string) => koffi.address(text) + BigInt(text.indexOf(`${word}\0`))
    entry.writeBigUInt64LE(addressOf('_freshet'), 0)
    entry.writeBigUInt64LE(addressOf('*'), 8)
    entry.writeUInt32LE(4_294_967_294, 16)
    entry.writeUInt32LE(498, 20)
    entry.writeBigUInt64LE(addressOf('Freshet'), 40)
    const found = { name: '_freshet', uid: 4_294_967_294, gid: 498 }
    assert.deepEqual(decodePasswd(entry, text), found)
    // A name that lies elsewhere is not followed, nor one that does not end.
    assert.equal(decodePasswd(entry, Buffer.alloc(64)), undefined)
    assert.equal(decodePasswd(entry, text.subarray(0, 8)), undefined)
    assert.equal(decodePasswd(Buffer.alloc(72), text), undefined)
  })
})

describe('machine', () => {
  it('is described with what the system says', () => {
    const facts = describeMachine()
    assert.equal(facts.hostname, hostname())
    assert.equal(facts.os, process.platform === 'darwin' ? 'macos' : 'linux')
    assert.match(facts.bootId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    assert.match(facts.hardware, /\d+ GiB$/)
    assert.ok(facts.osVersion && facts.osBuild && facts.arch)
  })

  it('is described on a Mac by what its system controls say', () => {
    const memory = Buffer.alloc(8)
    memory.writeBigUInt64LE(17_179_869_184n)
    const controls = new Map([
      ['hw.model', Buffer.from('Mac14,7\0')],
      ['machdep.cpu.brand_string', Buffer.from('Apple M2\0')],
      ['hw.memsize', memory],
      ['kern.osproductversion', Buffer.from('15.1\0')],
      ['kern.osversion', Buffer.from('24B83\0')],
      ['kern.bootsessionuuid', Buffer.from('0C5D9E5B-6B5C-4B8D-9B0A-1D2E3F405162\0')],
    ])
    assert.deepEqual(
      macFacts((name) => controls.get(name), ''),
      {
        os: 'macos',
        osVersion: '15.1',
        osBuild: '24B83',
        hardware: 'Mac14,7, Apple M2, 16 GiB',
        bootId: '0c5d9e5b-6b5c-4b8d-9b0a-1d2e3f405162',
      },
    )
  })

  it('says nothing of what a Mac does not answer, and takes the version from its property list', () => {
    const string = (value: string) => `<string>${value}</string>`
    const plist = `<key>ProductBuildVersion</key>${string('22G74')}<key>ProductVersion</key>${string('13.5')}`
    const controls = new Map([['hw.memsize', Buffer.alloc(4)]])
    assert.deepEqual(
      macFacts((name) => controls.get(name), plist),
      { os: 'macos', osVersion: '13.5', osBuild: '22G74', hardware: '', bootId: '' },
    )
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
    const said: string[] = []
    const other = readOrMakeDeviceId(directory, 'b2'.repeat(16), (line) => said.push(line))
    assert.match(said.join(), /made on other hardware.*new device/)
    assert.notEqual(other, id)
    assert.ok(readFileSync(join(directory, 'device-id.old'), 'utf8').startsWith(id))
    assert.equal(readOrMakeDeviceId(directory, 'b2'.repeat(16)), other)
  })

  it('is not made anew when the file holds none: this machine would be another one to its collector', () => {
    const path = join(directory, 'device-id')
    for (const damaged of ['', 'x', '01234567-89ab-4cde-8f01-23456789abcd']) {
      writeFileSync(path, damaged)
      assert.throws(
        () => readOrMakeDeviceId(directory),
        /device-id holds no device id.*bring it back, or remove it/,
      )
      assert.equal(text(), damaged)
    }
    rmSync(path)
    assert.equal(readOrMakeDeviceId(directory), text().trim().split('\n')[0])
  })

  it('is not made where it cannot be kept', () => {
    assert.throws(() => readOrMakeDeviceId(join(directory, 'none')), /ENOENT/)
  })

  it('that is kept later replaces none, and says once what is in the way', function () {
    leaveOut(this, whyNoDisk())
    const place = join(directory, 'disk')
    const disk = new Disk(place, 4)
    disk.make(true)
    const said: string[] = []
    try {
      disk.fill()
      const device = deviceIdAnyhow(place, (line) => said.push(line))
      assert.match(said.splice(0).join(), /no room on the disk/)
      disk.free()
      mkdirSync(join(place, 'device-id.new'))
      device.keep()
      device.keep()
      assert.deepEqual([existsSync(join(place, 'device-id')), said.length], [false, 1])
      rmdirSync(join(place, 'device-id.new'))
      const id = readOrMakeDeviceId(place)
      device.keep()
      assert.equal(readOrMakeDeviceId(place), id)
      assert.notEqual(id, device.id)
    } finally {
      disk.end()
    }
  })
})
