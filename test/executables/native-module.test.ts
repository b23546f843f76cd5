// Which native modules an executable loads.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  closeSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  NativeModuleError,
  openChecked,
  wantOwnProgram,
  waysUp,
  whyNotOwn,
} from '../../src/native-module.ts'
import { leaveOut, whyNotRoot } from '../left-out.ts'

const entry = (path: string, uid: number, mode: number) => ({ path, uid, mode: 0o040000 | mode })

describe('a folder that native modules are loaded from', () => {
  const root = entry('/', 0, 0o755)

  it('is taken where root alone may write, up to the root', () => {
    assert.equal(
      whyNotOwn([entry('/opt/freshet', 0, 0o755), entry('/opt', 0, 0o755), root], 0),
      undefined,
    )
  })

  it("is taken where it is this user's own", () => {
    assert.equal(whyNotOwn([entry('/home/a', 1000, 0o700), root], 1000), undefined)
  })

  it("is refused root where it, or one above, is another's, with whose it is and what to do", () => {
    assert.match(
      whyNotOwn([entry('/home/a/freshet', 0, 0o755), entry('/home/a', 1000, 0o755), root], 0) ?? '',
      /^\/home\/a belongs to uid 1000, who could put other code .*: give it to root \(sudo chown root \/home\/a\), or install/,
    )
  })

  for (const mode of [0o775, 0o757, 0o777])
    it(`is refused with mode ${mode.toString(8)}, and so is one below such a folder`, () => {
      for (const folders of [
        [entry('/opt/f', 0, mode), root],
        [entry('/opt/f/g', 0, 0o755), entry('/opt/f', 0, mode), root],
      ])
        assert.match(
          whyNotOwn(folders, 0) ?? '',
          /^\/opt\/f may be changed by others \(mode \d+\).*\(sudo chmod go-w \/opt\/f\)/,
        )
    })

  it("is taken below everybody's where that is sticky, and is itself refused when it is so", () => {
    const tmp = entry('/tmp', 0, 0o1777)
    assert.equal(whyNotOwn([entry('/tmp/f', 0, 0o755), tmp, root], 0), undefined)
    assert.match(whyNotOwn([tmp, root], 0) ?? '', /^\/tmp may be changed by others/)
  })

  it('is looked at with all that is above it', () => {
    assert.deepEqual(
      waysUp('/usr/bin').map(({ path }) => path),
      ['/usr/bin', '/usr', '/'],
    )
  })
})

describe('a program that another starts', () => {
  let folder: string
  let path: string
  const refused = (why: RegExp) => assert.throws(() => wantOwnProgram(path), { message: why })
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'freshet-program-')))
    path = join(folder, 'freshet')
    writeFileSync(path, '', { mode: 0o755 })
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('is taken where it and its folder are closed to others', () => wantOwnProgram(path))

  it('is refused when it is not there, is a link, or cannot be executed', () => {
    chmodSync(path, 0o644)
    refused(/freshet is no program: install Freshet again/)
    rmSync(path)
    refused(/freshet is not there: install Freshet again/)
    symlinkSync('/bin/true', path)
    refused(/freshet is no program/)
  })

  it('is refused when others may write to it or its folder', () => {
    chmodSync(path, 0o775)
    refused(/freshet may be changed by others \(mode 775\)/)
    chmodSync(path, 0o755)
    chmodSync(folder, 0o777)
    refused(/may be changed by others \(mode 777\)/)
  })

  it("is refused root when it is another user's, as of an archive that root unpacked", function () {
    leaveOut(this, whyNotRoot())
    chownSync(path, 65534, 65534)
    refused(/freshet belongs to uid 65534, who could put other code/)
  })
})

describe('a native module', () => {
  let folder: string
  let path: string
  const bytes = Buffer.alloc(200_000, 'module')
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const open = (of = path, uid?: number) => openChecked(of, sha256, uid)
  const refused = (why: RegExp, of = path) =>
    assert.throws(
      () => open(of),
      (error) => {
        assert.ok(error instanceof NativeModuleError)
        assert.match(error.message, why)
        return true
      },
    )

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'freshet-module-')))
    path = join(folder, 'one.node')
    writeFileSync(path, bytes, { mode: 0o644 })
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('is opened once: the descriptor is of what was read, whatever comes in its place', () => {
    const fd = open()
    try {
      writeFileSync(`${path}.new`, 'another')
      renameSync(`${path}.new`, path)
      assert.deepEqual(readFileSync(fd), bytes)
    } finally {
      closeSync(fd)
    }
  })

  it('is refused when it is another than was built, by both hashes', () => {
    writeFileSync(path, 'another')
    refused(
      new RegExp(
        `^${path} is not the one that this Freshet was built with \\(its SHA-256 is [0-9a-f]{64} in place of ${sha256}\\): install Freshet again`,
      ),
    )
  })

  it('is refused when it is not there, is a link, or is no file', () => {
    refused(/none\.node is not there: install Freshet again/, join(folder, 'none.node'))
    symlinkSync(path, join(folder, 'link.node'))
    refused(/link\.node cannot be opened \(ELOOP/, join(folder, 'link.node'))
    mkdirSync(join(folder, 'folder.node'))
    refused(/folder\.node is no file/, join(folder, 'folder.node'))
  })

  it('is refused when others may write to it, or its folder', () => {
    chmodSync(path, 0o664)
    refused(/one\.node may be changed by others \(mode 664\)/)
    chmodSync(path, 0o644)
    chmodSync(folder, 0o777)
    refused(/may be changed by others \(mode 777\)/)
  })

  it("is refused root when it is another user's", function () {
    leaveOut(this, whyNotRoot())
    chownSync(path, 65534, 65534)
    refused(/one\.node belongs to uid 65534/)
    assert.equal(lstatSync(folder).uid, 0)
    closeSync(open(path, 65534))
  })
})
