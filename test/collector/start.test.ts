import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { startCollector } from '../../src/collector/collector.ts'
import {
  CollectorError,
  type CollectorErrorCode,
} from '../../src/collector/terms/collector-error.ts'
import { until } from '../e2e/installation.ts'
import { alertItem, connectAgent, DEVICE_B, runCollector } from './agent.ts'

describe('the start of a collector', () => {
  let stateDir: string
  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'freshet-collector-'))
  })
  afterEach(() => rmSync(stateDir, { recursive: true, force: true }))

  const start = (host = '127.0.0.1', port = 0) =>
    startCollector({ stateDir, host, port, log: () => {} })
  const refuses = (started: Promise<unknown>, code: CollectorErrorCode, why: RegExp) =>
    assert.rejects(started, (error) => {
      assert(error instanceof CollectorError, String(error))
      assert.equal(error.code, code)
      assert.match(error.message, why)
      return true
    })

  it('makes its page’s key for its own user only, and reads it the next time', async () => {
    const first = await start()
    await first.close()
    const path = join(stateDir, 'page.key')
    assert.equal(statSync(path).mode & 0o777, 0o600)
    const key = readFileSync(path, 'utf8').trim()
    assert.equal(first.pageUrl, `http://127.0.0.1:${first.port}/#key=${key}`)
    const second = await start()
    await second.close()
    assert(second.pageUrl.endsWith(first.pageUrl.split('#')[1] as string))
  })

  it('makes its state directory 0700, and refuses one that others can look into', async () => {
    const deep = join(stateDir, 'deep', 'state')
    const startThere = () =>
      startCollector({ stateDir: deep, host: '127.0.0.1', port: 0, log: () => {} })
    await (await startThere()).close()
    assert.equal(statSync(deep).mode & 0o777, 0o700)
    chmodSync(deep, 0o750)
    await refuses(startThere(), 'state', /mode 750.*chmod 700/)
  })

  it('refuses a key that others can read, is no secret, or is no file', async () => {
    const path = join(stateDir, 'page.key')
    writeFileSync(path, 'x'.repeat(43), { mode: 0o644 })
    await refuses(start(), 'state', /mode 644.*chmod 600 .*page\.key/)
    rmSync(path)
    writeFileSync(path, 'short', { mode: 0o600 })
    await refuses(start(), 'state', /does not hold a secret/)
    rmSync(path)
    mkdirSync(path, { mode: 0o700 })
    await refuses(start(), 'state', /is not a file/)
    rmSync(path, { recursive: true })
    symlinkSync('/etc/hostname', path)
    await refuses(start(), 'state', /page\.key is not a file but a symbolic link/)
  })

  it('refuses a second collector on one state directory, and lets one follow', async () => {
    const first = await start()
    await refuses(start(), 'in-use', /another collector uses the state directory/)
    await first.close()
    await (await start()).close()
  })

  it('refuses to listen beyond loopback without TLS', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'collector.example'])
      await refuses(start(host), 'address', /without TLS .*loopback only/)
    const six = await start('::1')
    assert.equal(six.url, `http://[::1]:${six.port}`)
    assert.equal((await fetch(`${six.url}/livez`)).status, 200)
    await six.close()
  })

  it('says that a port is taken, and lets go of the state directory', async () => {
    const other = await runCollector()
    await refuses(start('127.0.0.1', other.collector.port), 'address', /another program listens/)
    await (await start()).close()
    await other.stop()
  })

  it('makes no directory and no authority where a port for other machines is taken', async () => {
    const other = await runCollector()
    const fresh = join(stateDir, 'fresh')
    const taken = { host: '127.0.0.1', port: other.collector.port }
    const startFor = (address: typeof taken) =>
      startCollector({
        ...{ stateDir: fresh, host: undefined, port: 0, log: () => {} },
        machines: { addresses: [address], names: ['127.0.0.1'] },
      })
    await refuses(startFor(taken), 'address', /another program listens/)
    assert.equal(existsSync(fresh), false)
    await (await startFor({ ...taken, port: 0 })).close()
    assert.equal(existsSync(fresh), true)
    await other.stop()
  })

  it('refuses a store of a later version, and a file that is no store', async () => {
    await (await start()).close()
    const db = new DatabaseSync(join(stateDir, 'store.db'))
    db.exec('PRAGMA user_version = 99')
    db.close()
    await refuses(start(), 'store', /schema 99.*later version/)
    for (const end of ['', '-wal', '-shm'])
      rmSync(join(stateDir, `store.db${end}`), { force: true })
    writeFileSync(join(stateDir, 'store.db'), 'not a database '.repeat(100))
    const damaged =
      /store\.db cannot be opened \(file is not a database\): it is damaged; bring a backup back with `npx freshet collector restore FILE --force --state /
    await refuses(start(), 'store', damaged)
    // The other way it names.
    renameSync(join(stateDir, 'store.db'), join(stateDir, 'damaged'))
    await (await start()).close()
  })

  it('refuses an empty store where one was before, and one that is no file', async () => {
    await (await start()).close()
    const path = join(stateDir, 'store.db')
    writeFileSync(path, '')
    await refuses(start(), 'store', /store\.db cannot be opened \(it is empty.*bring a backup back/)
    assert.equal(statSync(path).size, 0, 'what there is is left as it is')
    rmSync(path)
    symlinkSync('/etc/hostname', path)
    await refuses(start(), 'state', /store\.db is not a file but a symbolic link/)
    rmSync(path)
    await (await start()).close()
  })

  it('keeps its store for its own user, and closes one that others could use and says so', async () => {
    const log: string[] = []
    const options = { stateDir, host: '127.0.0.1', port: 0, log: (text: string) => log.push(text) }
    const modes = () =>
      ['', '-wal', '-shm'].map((end) => statSync(join(stateDir, `store.db${end}`)).mode & 0o777)
    const umask = process.umask(0o022)
    const first = await startCollector(options).finally(() => process.umask(umask))
    assert.deepEqual(modes(), [0o600, 0o600, 0o600])
    await first.close()
    assert.deepEqual(log, [])
    chmodSync(join(stateDir, 'store.db'), 0o644)
    const second = await startCollector(options)
    assert.deepEqual(modes(), [0o600, 0o600, 0o600])
    assert.match(log.join(), /others could use .*store\.db \(mode 644\): closed to them now/)
    await second.close()
  })

  it('says that its page’s key was made where others have the one before, and nothing at the first start', async () => {
    const log: string[] = []
    const options = { stateDir, host: '127.0.0.1', port: 0, log: (text: string) => log.push(text) }
    await (await startCollector(options)).close()
    assert.deepEqual(log, [])
    rmSync(join(stateDir, 'page.key'))
    await (await startCollector(options)).close()
    assert.match(log.join('\n'), /^page\.key was missing and was made anew: the page opens only/)
    assert.equal(log.length, 1)
  })

  it('says of the token of a version before, once a start, what takes its place, and leaves it', async () => {
    const log: string[] = []
    const directory = join(stateDir, 'collector')
    const path = join(directory, 'agent.token')
    mkdirSync(directory, { mode: 0o700 })
    // Whatever it is: it is not read.
    symlinkSync('/etc/hostname', path)
    const options = { stateDir: directory, host: '127.0.0.1', port: 0 }
    const { close } = await startCollector({ ...options, log: (text) => log.push(text) })
    await close()
    assert.equal(log.length, 1)
    const state = `--state ${stateDir}`
    const token = log[0] ?? ''
    assert.ok(token.startsWith(`${path} is used no more: start agents of this machine with`), token)
    assert.ok(token.includes(`--collector ${stateDir} and without --token-file`), token)
    assert.ok(token.includes(`\`npx freshet collector tokens make ${state}\`, then \`npx`), token)
    assert.ok(lstatSync(path).isSymbolicLink())
  })

  it('has loaded all it needs before the state is touched, and touches nothing when told not to', async () => {
    const missing = join(stateDir, 'missing')
    const started = startCollector({
      stateDir: missing,
      host: '127.0.0.1',
      port: 0,
      log: () => {},
      beforeState: () => {
        throw new Error('no such user')
      },
    })
    await assert.rejects(started, /no such user/)
    assert.throws(() => statSync(missing))
  })

  for (const [when, isEarly] of [
    ['when it runs', false],
    ['while it starts', true],
  ] as const)
    it(`ends when its signal is aborted ${when}`, async () => {
      const stop = new AbortController()
      const starting = startCollector({
        stateDir,
        host: '127.0.0.1',
        port: 0,
        log: () => {},
        signal: stop.signal,
      })
      if (isEarly) stop.abort()
      const { url } = await starting
      stop.abort()
      await until(async () => (await fetch(`${url}/livez`).catch(() => undefined)) === undefined)
      const again = await startCollector({ stateDir, host: '127.0.0.1', port: 0, log: () => {} })
      await again.close()
    })

  it('acknowledges nothing while the store cannot commit, and all of it afterwards', async () => {
    const running = await runCollector({}, stateDir)
    const agent = await connectAgent(running)
    const other = await connectAgent(running, DEVICE_B)
    const thief = new DatabaseSync(join(stateDir, 'store.db'))
    thief.exec('BEGIN IMMEDIATE')
    agent.send({ kind: 'batch', items: [alertItem(1)] })
    assert.match((await agent.expect('goodbye')).reason, /store is not available/)
    assert.equal((await agent.closed).code, 1013)
    // Of many agents it says it once; each is counted.
    other.send({ kind: 'batch', items: [alertItem(1)] })
    assert.match((await other.expect('goodbye')).reason, /store is not available/)
    assert.equal(running.log.filter((line) => /1 item of .* not stored/.test(line)).length, 1)
    assert.equal(running.collector.counters().agentsClosedStore, 2)
    thief.exec('ROLLBACK')
    thief.close()
    const again = await connectAgent(running)
    assert.equal((await again.deliver([alertItem(1)])).throughSequence, 1)
    assert.equal(running.collector.counters().itemsStored, 1)
    assert.match(running.log.join(), /not stored/)
    await again.close()
    await running.stop()
  })
})
