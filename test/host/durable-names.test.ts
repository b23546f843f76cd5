// A name that was changed is on the disk before anybody goes on by it: the file, then the directory that has the name.
import assert from 'node:assert/strict'
import fs, { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createDatabaseFile, setFileAside } from '../../src/baseline/sqlite-file.ts'
import { makeFile, writeAll } from '../../src/cli/output-file.ts'
import {
  makeNextAuthority,
  openAuthority,
  retireAuthority,
  switchAuthority,
} from '../../src/collector/fleet/authority.ts'
import { readOrMakeDeviceId, replaceDeviceId } from '../../src/host/device.ts'
import { moveFile, removeFile, syncDirectory, writeStateFile } from '../../src/state-file.ts'
import { unixNs } from '../../src/units.ts'

const DEVICE = '0f8fad5b-d9cb-469f-a165-70867728950e'
const OTHER = '7c9e6679-7425-40de-944b-e07fc1f90ae7'

type Step = { what: 'sync' | 'name'; path: string }

/** What `work` does to names, and what it has the disk take, in its order. */
async function stepsOf(work: () => unknown): Promise<Step[]> {
  const { openSync, fsyncSync, renameSync, linkSync } = fs
  const paths = new Map<number, string>()
  const steps: Step[] = []
  const named = (path: fs.PathLike) => steps.push({ what: 'name', path: `${path}` })
  fs.openSync = (path, ...how) => {
    const file = openSync(path, ...how)
    paths.set(file, `${path}`)
    return file
  }
  fs.fsyncSync = (file) => {
    fsyncSync(file)
    steps.push({ what: 'sync', path: paths.get(file) ?? '' })
  }
  fs.renameSync = (from, to) => {
    renameSync(from, to)
    named(to)
  }
  fs.linkSync = (from, to) => {
    linkSync(from, to)
    named(to)
  }
  syncBuiltinESMExports()
  try {
    await work()
    return steps
  } finally {
    Object.assign(fs, { openSync, fsyncSync, renameSync, linkSync })
    syncBuiltinESMExports()
  }
}

const sourcesIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sourcesIn(path)
    return /\.tsx?$/.test(entry.name) ? [path] : []
  })

describe('names of files that are to outlive a power cut', () => {
  let directory: string
  let path: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-durable-'))
    path = join(directory, 'file')
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  const authority = async () => {
    const nowMs = Date.now()
    mkdirSync(join(directory, 'tls'), { recursive: true })
    await openAuthority(directory, nowMs)
    await makeNextAuthority(directory, nowMs, (work) => work())
  }

  const ways: [what: string, prepare: () => unknown, work: () => unknown][] = [
    ['a state file', () => {}, () => writeStateFile(path, 'text')],
    [
      'the file of a command',
      () => {},
      () =>
        makeFile({ file: path, what: 'file', isForced: false }, (fd) =>
          writeAll(fd, Buffer.from('x')),
        ),
    ],
    [
      'the file of a command in place of another',
      () => writeStateFile(path, 'old'),
      () =>
        makeFile({ file: path, what: 'file', isForced: true }, (fd) =>
          writeAll(fd, Buffer.from('x')),
        ),
    ],
    [
      'a database',
      () => {},
      () => createDatabaseFile(path, (database) => database.exec('CREATE TABLE t (c)')),
    ],
    [
      'a database in place of another',
      () => writeStateFile(path, 'old'),
      () =>
        createDatabaseFile(
          path,
          (database) => database.exec('CREATE TABLE t (c)'),
          () => {},
        ),
    ],
    [
      'a file set aside',
      () => writeStateFile(path, 'old'),
      () => setFileAside(path, 'damaged', unixNs(1n, 'now')),
    ],
    ['an authority that follows another', authority, () => switchAuthority(directory)],
    [
      'the id of a disk that was copied',
      () => readOrMakeDeviceId(directory, 'one'),
      () => readOrMakeDeviceId(directory, 'two'),
    ],
    [
      'the id of a device that became another',
      () => replaceDeviceId(directory, DEVICE, 'one'),
      () => replaceDeviceId(directory, OTHER, 'one'),
    ],
  ]
  for (const [what, prepare, work] of ways)
    it(`are there with ${what}`, async () => {
      await prepare()
      const steps = await stepsOf(work)
      const names = steps.flatMap(({ what, path }, at) => (what === 'name' ? [{ path, at }] : []))
      assert.notEqual(names.length, 0, JSON.stringify(steps))
      for (const { path: name, at } of names)
        assert(
          steps.slice(at).some((step) => step.what === 'sync' && step.path === dirname(name)),
          `${name}: ${JSON.stringify(steps)}`,
        )
    })

  it('are of files that are on the disk before', async () => {
    const steps = await stepsOf(() => writeStateFile(path, 'text'))
    assert.deepEqual(
      steps.map(({ what, path: of }) => `${what} ${basename(of)}`),
      ['sync file.new', 'name file', `sync ${basename(directory)}`],
    )
  })

  it('are gone where a return would undo something', async () => {
    await authority()
    switchAuthority(directory)
    const steps = await stepsOf(() => retireAuthority(directory))
    assert.deepEqual(steps, [{ what: 'sync', path: join(directory, 'tls') }])
    await stepsOf(() => removeFile(join(directory, 'none')))
  })

  it('are two names’ where a file goes from one directory to another', async () => {
    mkdirSync(join(directory, 'there'))
    writeStateFile(path, 'text')
    const steps = await stepsOf(() => moveFile(path, join(directory, 'there', 'file')))
    const synced = steps.filter(({ what }) => what === 'sync').map(({ path: of }) => of)
    assert.deepEqual(synced, [join(directory, 'there'), directory])
  })

  /** A file system whose fsync of a directory fails so. */
  const failing = (code: string, work: () => unknown) => {
    const { fsyncSync } = fs
    fs.fsyncSync = (file) => {
      if (fs.fstatSync(file).isDirectory()) throw Object.assign(new Error(code), { code })
      fsyncSync(file)
    }
    syncBuiltinESMExports()
    try {
      return work()
    } finally {
      fs.fsyncSync = fsyncSync
      syncBuiltinESMExports()
    }
  }

  it('are said not to be, where the directory’s disk fails, and left where the file system syncs no directory', () => {
    assert.throws(() => failing('EIO', () => writeStateFile(path, 'text')), { code: 'EIO' })
    assert.equal(readFileSync(path, 'utf8'), 'text')
    failing('EINVAL', () => writeStateFile(path, 'more'))
    assert.equal(readFileSync(path, 'utf8'), 'more')
    assert.throws(() => syncDirectory(join(directory, 'none')), { code: 'ENOENT' })
  })

  it('are changed by one function', () => {
    const src = fileURLToPath(new URL('../../src', import.meta.url))
    const others = sourcesIn(src)
      .filter((file) =>
        /\brenameSync\b|import \{[^}]*\brename\b[^}]*\} from 'node:fs/.test(
          readFileSync(file, 'utf8'),
        ),
      )
      .map((file) => file.slice(src.length + 1))
    assert.deepEqual(others, ['state-file.ts'])
  })
})
