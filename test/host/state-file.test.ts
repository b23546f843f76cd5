// What stands at the place of a state file: none of it holds a reader up, leads it elsewhere or is believed.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  inspectDatabaseFile,
  readPrepared,
  readStateFile,
  writePrepared,
  writeStateFile,
} from '../../src/state-file.ts'
import { leaveOut, whyNotRoot } from '../left-out.ts'
import { WAIT_MS } from '../waits.ts'

const src = (path: string) => new URL(`../../src/${path}`, import.meta.url).href

/** Each reader of a state directory: its file, and a module that reads it in the directory DIRECTORY. */
const READERS: [file: string, script: string][] = [
  ['device-id', `(await import('${src('host/device.ts')}')).readOrMakeDeviceId(DIRECTORY)`],
  [
    'running',
    `(await import('${src('host/running-mark.ts')}')).markRunning(DIRECTORY, { nowMs: 1, uptimeMs: 1, bootId: 'b', sensePid: 1 })`,
  ],
  ['lock.db', `(await import('${src('host/lock.ts')}')).lockDirectory(DIRECTORY, 0)`],
  [
    'page.key',
    `(await import('${src('collector/terms/secrets.ts')}')).readOrMakePageKey(DIRECTORY)`,
  ],
  [
    'clock.doubted',
    `(await import('${src('collector/keeping/clock-watch.ts')}')).doubtFile(DIRECTORY + '/clock.doubted', () => {}).read()`,
  ],
  [
    'restore.under-way',
    `(await import('${src('collector/terms/placing.ts')}')).undoCutOff(DIRECTORY, () => {})`,
  ],
  [
    'collector/page.key',
    `(await import('${src('cli/collector-access.ts')}')).pageKey({ root: DIRECTORY, collector: DIRECTORY + '/collector' })`,
  ],
  [
    'collector/address',
    `(await import('${src('cli/collector-access.ts')}')).collectorAddress({ root: DIRECTORY, collector: DIRECTORY + '/collector' })`,
  ],
  [
    'baseline.db',
    `(await import('${src('baseline/sqlite.ts')}')).openBaseline(DIRECTORY + '/baseline.db', { now: 1n })`,
  ],
  [
    'outbox.db',
    `(await import('${src('stream/outbox.ts')}')).openOutbox(DIRECTORY + '/outbox.db', { bytesMax: 65536, ageMaxMs: 1, now: () => 1n })`,
  ],
  [
    'other.not-kept',
    `(await import('${src('stream/outbox.ts')}')).openOutbox(DIRECTORY + '/other.db', { bytesMax: 65536, ageMaxMs: 1, now: () => 1n })`,
  ],
  [
    'baseline.unwritten',
    `process.chdir(DIRECTORY); (await import('${src('agent/ending.ts')}')).tellUnwritten({ tellHealth() {} })`,
  ],
  [
    'fleet.db',
    `(await import('${src('collector/fleet/registry-file.ts')}')).openRegistryFile(DIRECTORY + '/fleet.db', () => {})`,
  ],
  [
    'policies.db',
    `(await import('${src('collector/fleet/policies-file.ts')}')).openPoliciesFile(DIRECTORY + '/policies.db', () => {})`,
  ],
  [
    'tls/authority.pem',
    `(await import('${src('collector/fleet/authority.ts')}')).authoritiesIn(DIRECTORY)`,
  ],
  [
    'enrolment.json',
    `(await import('${src('agent/enrolment-file.ts')}')).readEnrolment(DIRECTORY)`,
  ],
  [
    'pushed-policy.json',
    `(await import('${src('agent/policy-file.ts')}')).readKept(DIRECTORY + '/pushed-policy.json', () => {})`,
  ],
  [
    'store.db',
    `(await import('${src('collector/store/schema.ts')}')).openForWriting(DIRECTORY + '/store.db')`,
  ],
]

describe('the files of a state directory', () => {
  let directory: string
  let path: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-state-'))
    path = join(directory, 'file')
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  /** In a process of its own, which ends where it would wait for ever. */
  function readAll(): { file: string; said: string }[] {
    const script = READERS.map(
      ([file, read]) =>
        `try { ${read}; tell('${file}', 'it was read') } catch (error) { tell('${file}', error.message) }`,
    ).join('\n')
    const prelude = `const DIRECTORY = ${JSON.stringify(directory)}
      const tell = (file, said) => console.log(JSON.stringify({ file, said }))\n`
    const { stdout, signal, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', `${prelude}${script}\nprocess.exit(0)`],
      { encoding: 'utf8', timeout: WAIT_MS, killSignal: 'SIGKILL' },
    )
    assert.equal(signal, null, `it hangs after ${stdout}`)
    assert.equal(stderr, '')
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  }

  function refused(make: (path: string) => void, kind: RegExp): void {
    for (const folder of ['collector', 'tls'])
      mkdirSync(join(directory, folder), { recursive: true })
    for (const [file] of READERS) make(join(directory, file))
    const told = readAll()
    assert.deepEqual(
      told.map(({ file }) => file),
      READERS.map(([file]) => file),
    )
    for (const { file, said } of told) assert.match(said, kind, file)
  }

  it('are not waited for where a FIFO is', () => {
    refused((at) => execFileSync('mkfifo', [at]), /not a file but a FIFO: remove it/)
  })

  it('are not read where a directory is', () => {
    refused((at) => mkdirSync(at), /not a file but a directory/)
  })

  it('are not followed where a link is, and what it leads to stays as it was', () => {
    const secret = join(directory, 'secret')
    writeFileSync(secret, 'x'.repeat(43))
    refused((at) => symlinkSync(secret, at), /not a file but a symbolic link/)
    assert.equal(readFileSync(secret, 'utf8'), 'x'.repeat(43))
    rmSync(join(directory, 'collector'), { recursive: true })
    for (const [file] of READERS) rmSync(join(directory, file), { force: true })
    refused((at) => symlinkSync(join(directory, 'nothing'), at), /not a file but a symbolic link/)
    assert.ok(!existsSync(join(directory, 'nothing')))
  })

  it('are not read where a socket is', async () => {
    const server = createServer().listen(path)
    await new Promise((resolve) => server.once('listening', resolve))
    try {
      assert.throws(() => readStateFile(path), /not a file but a socket/)
      assert.throws(() => inspectDatabaseFile(path), /not a file but a socket/)
    } finally {
      server.close()
    }
  })

  it('are written over in place where they were prepared, and say nothing until then', () => {
    assert.equal(readPrepared(path), '')
    const { ino, size, mode } = statSync(path)
    assert.equal(mode & 0o777, 0o600)
    writePrepared(path, 'what is long')
    writePrepared(path, 'short')
    assert.equal(readPrepared(path), 'short')
    assert.deepEqual([statSync(path).ino, statSync(path).size], [ino, size])
    assert.throws(() => writePrepared(path, 'x'.repeat(size + 1)), RangeError)
    rmSync(path)
    writePrepared(path, 'made')
    assert.equal(readPrepared(path), 'made')
    rmSync(path)
    symlinkSync(join(directory, 'nothing'), path)
    assert.throws(() => writePrepared(path, 'led elsewhere'), /ELOOP/)
  })

  it('are read to their bound, by what comes and not by what the size says', () => {
    writeFileSync(path, 'x'.repeat(64 * 1024))
    assert.equal(readStateFile(path)?.text.length, 64 * 1024)
    writeFileSync(path, 'x'.repeat(64 * 1024 + 1))
    assert.throws(() => readStateFile(path), /larger than 65536 bytes/)
    // Its size is 0.
    assert.ok((readStateFile('/proc/self/status', { owner: 'any' })?.text.length ?? 1) > 0)
    assert.equal(readStateFile(join(directory, 'none')), undefined)
  })

  it("are not believed when they are another user's", function () {
    leaveOut(this, whyNotRoot())
    writeFileSync(path, 'x')
    chownSync(path, 12_345, 12_345)
    // Root may be told anything by root alone.
    assert.throws(() => readStateFile(path), /belongs to uid 12345/)
    assert.throws(() => inspectDatabaseFile(path), /belongs to uid 12345/)
    assert.equal(readStateFile(path, { owner: 'any' })?.uid, 12_345)
  })

  it('are written whole, for their user alone, and not through a link', () => {
    const other = join(directory, 'other')
    writeFileSync(other, 'other')
    for (const at of [path, `${path}.new`]) symlinkSync(other, at)
    writeStateFile(path, 'text')
    assert.equal(readFileSync(other, 'utf8'), 'other')
    assert.ok(lstatSync(path).isFile())
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.equal(readStateFile(path)?.text, 'text')
  })

  it('are closed to others where they are databases, with what lies beside them, and it is said', () => {
    for (const [end, mode] of [
      ['', 0o644],
      ['-wal', 0o660],
      ['-shm', 0o600],
    ] as const) {
      writeFileSync(`${path}${end}`, 'x')
      chmodSync(`${path}${end}`, mode)
    }
    const { bytes, narrowed } = inspectDatabaseFile(path)
    assert.equal(bytes, 1)
    assert.match(narrowed ?? '', /file \(mode 644\), .*file-wal \(mode 660\): closed to them now/)
    for (const end of ['', '-wal', '-shm'])
      assert.equal(statSync(`${path}${end}`).mode & 0o777, 0o600, end)
    assert.deepEqual(inspectDatabaseFile(path), { bytes: 1, narrowed: undefined })
  })
})
