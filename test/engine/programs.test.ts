// Whose code it is: the file that was executed, what others put into it, and what it was given to run.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { actsByName, actsBySigningId, isLoaderName } from '../../src/engine/process/acting.ts'
import { ACTING_PROGRAMS } from '../../src/engine/process/acting-programs.ts'
import {
  CodeFlag,
  ExecFlag,
  InspectedFlag,
  Script as ScriptFrom,
  Signature,
  Source,
} from '../../src/records/record.gen.ts'
import {
  alertOf,
  identityOf,
  MIB,
  machine,
  type ProgramSpec,
  SCRIPT_HASH,
  Script,
  tell,
  tellByPoints,
} from './scenario.ts'

const ETIMEDOUT = 110
const EACCES = 13
const OWNER_UNKNOWN = 0xffff_ffff
const CRON = 'platform:/usr/sbin/cron'

describe('a program is the file that was executed', () => {
  const shuf = { pid: 100, path: '/usr/bin/shuf', owner: 0 }

  it('[L2] is never the platform’s where its file is not the one inspected, or its path a guess', () => {
    const replaced = identityOf({ ...shuf, inspectFlags: InspectedFlag.replaced })
    assert.equal(replaced.key, 'unsigned:path:/usr/bin/shuf')
    assert.equal(replaced.sha256, '')
    const guessed = identityOf({ ...shuf, flags: ExecFlag.pathGuessed })
    assert.equal(guessed.key, 'unsigned:path:/usr/bin/shuf')
    assert.equal(guessed.signerClass, 'unsigned')
    assert.match(guessed.sentence, /nothing confirmed which file it ran/)
    assert.equal(identityOf(shuf).signerClass, 'platform')
  })

  it('is never the platform’s where it set what it is said to run, or could have', () => {
    const set = identityOf({ ...shuf, flags: ExecFlag.pathGuessed | ExecFlag.exeSet })
    assert.deepEqual([set.key, set.signerClass], ['unsigned:path:/usr/bin/shuf', 'unsigned'])
    assert.match(set.sentence, /it set itself which file it is said to run/)
    const could = identityOf({ ...shuf, flags: ExecFlag.pathGuessed | ExecFlag.exeUnconfirmed })
    assert.deepEqual([could.key, could.signerClass], ['unsigned:path:/usr/bin/shuf', 'unsigned'])
    assert.match(could.sentence, /it may have set itself which file it is said to run/)
  })

  it('[A1] is never the platform’s where the code that runs is another file’s', () => {
    const found = identityOf({ ...shuf, sha: 'ab', flags: ExecFlag.codeElsewhere })
    assert.equal(found.key, `unsigned:sha256:${'ab'.repeat(32)}`)
    assert.match(found.sentence, /its own file has no code: it runs that of another file/)
  })

  it('[A14] is the platform’s by its owner and place, though its file was not read', () => {
    const late = { ...shuf, path: '/usr/bin/logs', error: ETIMEDOUT, found: { mode: 0o100755 } }
    const found = identityOf(late)
    assert.equal(found.key, 'platform:/usr/bin/logs')
    assert.match(found.sentence, /its file was not read/)
    for (const change of [
      { inspectFlags: InspectedFlag.writableByOthers },
      { owner: 1000 },
      { inspectFlags: InspectedFlag.replaced },
      { flags: ExecFlag.pathGuessed },
    ])
      assert.notEqual(identityOf({ ...late, ...change }).signerClass, 'platform')
    // An answer that knows nothing says neither.
    const nothing = { ...late, owner: 0, found: { mode: 0 } }
    assert.equal(identityOf(nothing).key, 'unknown:path:/usr/bin/logs')
  })

  it('[A14] is not called unsigned while nobody has looked, and raises no alert for what little it sends', () => {
    const nobody = machine().exec({ pid: 100, path: '/usr/bin/logs', parent: 50 })
    assert.equal(tellByPoints(nobody.upload({ id: 1, total: 4 * MIB }).ticks(7)).alerts.length, 0)
    const script = machine().exec({ pid: 100, path: '/usr/bin/logs', parent: 50 })
    const { identity, sentence, severity } = alertOf(script, 8 * MIB)
    assert.equal(identity.key, 'unknown:path:/usr/bin/logs')
    assert.equal(identity.signerClass, 'unknown')
    assert.match(sentence, /its file not looked at yet/)
    assert.notEqual(severity, 'low')
    // One that others can change has no such excuse.
    const own = { pid: 100, path: '/home/ann/x', owner: 1000, error: ETIMEDOUT }
    const found = identityOf({ ...own, found: { mode: 0o100755 } })
    assert.equal(found.key, 'unsigned:path:/home/ann/x')
    assert.match(found.sentence, /errno 110: reading it took too long/)
  })

  it('[L3] is one program on another user’s mount that cannot be read, wherever it is mounted', () => {
    const keys = [
      ['/tmp/.mount_A1b2/usr/bin/app', EACCES],
      ['/tmp/.mount_Zz9/usr/bin/app', ETIMEDOUT],
    ].map(([path, error]) =>
      identityOf({
        pid: 100,
        path: path as string,
        error: error as number,
        owner: OWNER_UNKNOWN,
        inspectFlags: InspectedFlag.usersMount,
      }),
    )
    assert.deepEqual(
      keys.map(({ key }) => key),
      ['unsigned:unreadable:1000:app', 'unsigned:unreadable:1000:app'],
    )
    assert.match(keys[0]?.sentence ?? '', /not readable: on a FUSE mount of another user/)
  })
})

describe('an inspection that comes too late', () => {
  const probe = { pid: 100, path: '/home/ann/probe', parent: 50 }
  const KEY = `unsigned:sha256:${'ab'.repeat(32)}`

  it('[L6] makes one identity of what was known by path and then by hash, with all its bytes', () => {
    const script = machine()
      .exec(probe)
      .upload({ id: 1, total: 8 * MIB, steps: 2, keepOpen: true })
      .ticks(7)
    assert.equal(tell(script).alerts[0]?.identity.key, 'unknown:path:/home/ann/probe')
    script
      .inspected(probe)
      .tick()
      .flow({ id: 1, out: 9 * MIB, state: 'closed' })
      .ticks(3)
    const { alerts, baseline, sightings, engine } = tell(script)
    assert.equal(new Set(alerts.map(({ id }) => id)).size, 1)
    const last = alerts.at(-1)
    assert.equal(last?.identity.key, KEY)
    assert.equal(last?.bytesOut, 9 * MIB)
    assert.equal(last?.chain[0]?.identityKey, KEY)
    assert.match(last?.sentence ?? '', /^“probe” \(unsigned,/)
    assert.doesNotMatch(last?.reasons.find(({ term }) => term === 'signer')?.text ?? '', /looked/)
    assert.deepEqual(
      sightings.filter(({ identity }) => identity.name === 'probe').map(({ of }) => of),
      ['identity', 'network', 'destination'],
    )
    assert.equal(baseline.identity(KEY)?.firstNetworkAt, sightings.at(-1)?.identity.firstNetworkAt)
    assert.ok(baseline.destination(KEY, last?.destination.key ?? ''))
    assert.equal(engine.counters().alerts, 1)
  })

  it('[D28] says once that an alert which is over is of another identity, in one more final', () => {
    const script = machine()
      .exec(probe)
      .upload({ id: 1, total: 20 * MIB })
      .ticks(2)
    assert.equal(tell(script).alerts.at(-1)?.state, 'final')
    const { alerts } = tell(script.inspected(probe).ticks(70))
    assert.deepEqual(
      alerts.map(({ state, identity }) => [state, identity.key]),
      [
        ['opened', 'unknown:path:/home/ann/probe'],
        ['final', 'unknown:path:/home/ann/probe'],
        ['final', KEY],
      ],
    )
  })

  it('[L6] judges what had been sent by then as what it was', () => {
    const script = machine()
      .exec(probe)
      .upload({ id: 1, total: 3 * MIB, steps: 2 })
      .ticks(7)
    assert.equal(tellByPoints(script).alerts.length, 0)
    const { alerts } = tellByPoints(script.inspected(probe).ticks(2))
    assert.equal(alerts[0]?.identity.key, KEY)
    assert.equal(alerts[0]?.bytesOut, 3 * MIB)
    assert.equal(alerts[0]?.chain[0]?.path, '/home/ann/probe')
  })

  it('[L6] brings what was sent before to the pair that its other processes have', () => {
    const script = machine()
      .exec(probe)
      .upload({ id: 1, total: 3 * MIB, steps: 2 })
      .ticks(7)
    script.program({ ...probe, pid: 101 }).upload({ id: 2, pid: 101, total: 2 * MIB, steps: 2 })
    const { alerts, summaries, engine } = tellByPoints(script.inspected(probe).ticks(70))
    const last = alerts.at(-1)
    assert.equal(last?.identity.key, KEY)
    assert.equal(last?.bytesOut, 5 * MIB)
    assert.equal(last?.flows, 2)
    engine.finish()
    const later = engine
      .takeFindings()
      .flatMap((one) => (one.kind === 'summary' ? one.summary : []))
    const said = [...summaries, ...later].reduce((sum, { bytesOut }) => sum + bytesOut, 0)
    assert.equal(said, 5 * MIB)
  })

  it('tells whom a program was acting for, once that one is known', () => {
    const script = machine().exec(probe).system(101, '/usr/bin/curl', 100)
    script.upload({ id: 1, pid: 101, total: 9 * MIB, steps: 2 }).ticks(7)
    const { alerts } = tell(script.inspected(probe).ticks(3))
    assert.equal(alerts.at(-1)?.identity.key, `platform:/usr/bin/curl via ${KEY}`)
    assert.equal(new Set(alerts.map(({ id }) => id)).size, 1)
  })
})

describe('code from places that others can change', () => {
  const tool = { pid: 100, path: '/usr/bin/backup', owner: 0, sha: 'cd', parent: 50 }
  const KEY = 'platform:/usr/bin/backup with foreign code'

  it('[A1] makes another program of a trusted one, as good as the code; eight files are named', () => {
    const script = machine().program(tool)
    for (let i = 0; i < 12; i++) script.code(100, `/tmp/x${i}.so`)
    const alert = alertOf(script, 2 * MIB)
    assert.equal(alert.identity.key, KEY)
    assert.equal(alert.identity.signerClass, 'unsigned')
    assert.equal(alert.chain[0]?.foreignCode.length, 8)
    assert.equal(alert.chain[0]?.foreignCodeMore, true)
    assert.match(alert.sentence, /running code from “\/tmp\/x0\.so” and 11 more files/)
    assert.match(alert.doubt, /which others can change/)
  })

  it('cuts long names, so that an alert fits an item, and names those of the program alone', () => {
    const long = `/tmp/${'x'.repeat(4_000)}`
    const script = machine().program(tool).code(100, long).code(50, '/tmp/y.so')
    script.code(50, '', CodeFlag.more)
    const { chain, sentence } = alertOf(script, 2 * MIB)
    assert.equal(chain[0]?.foreignCode[0]?.length, 512)
    assert.ok(sentence.length < 2_000)
    assert.deepEqual(chain[1]?.foreignCode, [])
    assert.equal(chain[1]?.foreignCodeMore, false)
  })

  it('[A1] is one identity whatever the order and number of files', () => {
    for (const paths of [['/a.so'], ['/b.so', '/a.so'], ['/a.so', '/b.so', '/a.so']]) {
      const script = machine().program(tool)
      for (const path of paths) script.code(100, path)
      assert.equal(alertOf(script, 2 * MIB).identity.key, KEY)
    }
    // Told before the program itself was inspected.
    const early = machine().exec(tool).code(100, '/a.so').inspected(tool)
    assert.equal(alertOf(early, 2 * MIB).identity.key, KEY)
  })

  it('says in words how many files there are, and when none of them was told', () => {
    const words: [string[], RegExp][] = [
      [['/a.so'], /running code from “\/a\.so”, which/],
      [['/a.so', '/b.so'], /from “\/a\.so” and 1 more file, which/],
      [['/a.so', '/b.so', '/c.so'], /from “\/a\.so” and 2 more files, which/],
      [['/a.so', ''], /from “\/a\.so” and others that were not told, which/],
      [
        ['', '/a.so', '/b.so'],
        /from “\/a\.so” and 1 more file and others that were not told, which/,
      ],
      [[''], /running code from files that were not told, which/],
    ]
    for (const [paths, text] of words) {
      const script = machine().program(tool)
      for (const path of paths) script.code(100, path, path === '' ? CodeFlag.more : 0)
      const { chain, doubt, identity } = alertOf(script, 2 * MIB)
      assert.match(doubt, text)
      assert.equal(identity.key, KEY)
      assert.deepEqual(
        chain[0]?.foreignCode,
        paths.filter((path) => path !== ''),
      )
      assert.equal(chain[0]?.foreignCodeMore, paths.includes(''))
    }
    const asked = machine()
      .program(tool)
      .code(100, '', CodeFlag.askedFor | CodeFlag.more)
    assert.match(alertOf(asked, 2 * MIB).doubt, /asked to load code from files that were not told,/)
  })

  it('[A1] leaves to the earlier identity what was sent before it came', () => {
    const script = machine()
      .program(tool)
      .upload({ id: 1, total: 5 * MIB, steps: 2, keepOpen: true })
      .code(100, '/tmp/x.so')
      .tick(1_000)
      .flow({ id: 1, out: 12 * MIB })
      .tick(1_000)
    const { alerts, engine } = tell(script.flow({ id: 1, out: 12 * MIB, state: 'closed' }).ticks(3))
    assert.equal(alerts.at(-1)?.identity.key, KEY)
    assert.equal(alerts.at(-1)?.bytesOut, 7 * MIB)
    engine.finish()
    const sums = engine.takeFindings().flatMap((one) => (one.kind === 'summary' ? one.summary : []))
    const of = new Map(sums.map(({ identityKey, bytesOut }) => [identityKey, bytesOut as number]))
    assert.equal(of.get('platform:/usr/bin/backup'), 5 * MIB)
    assert.equal(of.get(KEY), 7 * MIB)
  })

  it('[A1] changes nothing of a program that nobody vouches for', () => {
    const own = { pid: 100, path: '/home/ann/app/app', parent: 50 }
    const alert = alertOf(machine().program(own).code(100, '/home/ann/app/lib.so'))
    assert.equal(alert.identity.key, `unsigned:sha256:${'ab'.repeat(32)}`)
    assert.deepEqual(alert.chain[0]?.foreignCode, ['/home/ann/app/lib.so'])
  })

  it('is a forked child’s too, and no elder sibling’s', () => {
    const script = machine().program(tool).fork(101, 100).code(100, '/a.so').fork(102, 100)
    assert.equal(alertOf(script, 2 * MIB, 102).identity.key, KEY)
    const elder = machine().program(tool).fork(101, 100).code(100, '/a.so')
    assert.equal(alertOf(elder, 300 * MIB, 101).identity.key, 'platform:/usr/bin/backup')
  })

  it('[A1] counts on a Mac where a program was asked to load it', () => {
    const script = new Script()
    script.source = Source.endpointSecurity
    const app: ProgramSpec = {
      pid: 100,
      path: '/Applications/A.app/Contents/MacOS/A',
      kernel: { codesignFlags: 1, signingId: 'com.example.a', teamId: 'EXAMPLE123' },
      found: { signature: Signature.valid, flags: InspectedFlag.developerId },
    }
    script.start().program(app).code(100, '/tmp/x.dylib', CodeFlag.askedFor)
    const { identity, sentence } = alertOf(script)
    assert.equal(identity.key, 'EXAMPLE123:com.example.a with foreign code')
    assert.match(sentence, /asked to load code from “\/tmp\/x\.dylib”/)
  })
})

describe('loaders', () => {
  const loader = '/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2'
  const given = (rest: Partial<ProgramSpec> = {}): ProgramSpec => ({
    pid: 100,
    path: loader,
    owner: 0,
    sha: 'cd',
    parent: 50,
    script: '/home/ann/prog',
    scriptFrom: ScriptFrom.argument,
    flags: ExecFlag.loader,
    ...rest,
  })

  it('[A1, L5] act for the file they were given, and are no better than it', () => {
    const { identity } = alertOf(machine().program(given()), 2 * MIB)
    assert.equal(identity.key, `platform:${loader} script ${SCRIPT_HASH} via ${CRON}`)
    assert.equal(identity.signerClass, 'unsigned')
    const beside = machine().program(given()).code(100, '/home/ann/lib.so')
    assert.equal(alertOf(beside, 2 * MIB).identity.key, identity.key)
    const system = given({ script: '/usr/bin/sort', scriptFound: { ownerUid: 0 } })
    assert.equal(alertOf(machine().program(system)).identity.signerClass, 'platform')
  })

  it('are those that sense found to be loaders, whatever they are called', () => {
    // A copy that root put into a place of the system's is vouched for, and what it maps is not.
    const copy = alertOf(machine().program(given({ path: '/usr/bin/start' })), 2 * MIB).identity
    assert.equal(copy.key, `platform:/usr/bin/start script ${SCRIPT_HASH} via ${CRON}`)
    assert.equal(copy.signerClass, 'unsigned')
    const own = given({ path: '/home/ann/start', owner: 1000, sha: 'ee' })
    assert.equal(
      alertOf(machine().program(own), 2 * MIB).identity.key,
      `unsigned:sha256:${'ee'.repeat(32)} script ${SCRIPT_HASH} via ${CRON}`,
    )
    // What is only called like one acts for itself.
    const named = { ...own, path: '/home/ann/ld-linux.so.2', flags: 0, script: '', scriptFrom: 0 }
    assert.equal(
      alertOf(machine().program(named), 2 * MIB).identity.key,
      `unsigned:sha256:${'ee'.repeat(32)}`,
    )
  })

  it('are known by name where nothing but the name is told', () => {
    for (const name of [
      'ld-linux-x86-64.so.2',
      'ld-musl-x86_64.so.1',
      'ld-2.31.so',
      'ld.so',
      'dyld',
    ])
      assert.ok(isLoaderName(`/lib/${name}`), name)
    for (const name of ['ld', 'ld.gold', 'libld.so', 'ldd'])
      assert.ok(!isLoaderName(`/usr/bin/${name}`))
  })
})

describe('programs that act for others', () => {
  it('are known under any version, variant and machine', () => {
    for (const name of [
      'perl5.36-x86_64-linux-gnu',
      'python3.11-dbg',
      'python3.13t',
      'php8.2-cgi',
      'php-fpm8.2',
      'nc.openbsd',
      'vim.basic',
      'lua5.4',
      'ruby3.1',
      'gawk-5.2',
      'Python',
    ])
      assert.ok(actsByName(`/usr/bin/${name}`), name)
    for (const name of ['gdb', 'gawk', 'logger', 'rclone', 'git', 'tar', 'cat', 'aws'])
      assert.ok(actsByName(`/usr/bin/${name}`), name)
    for (const name of ['gh', 'svn', 'psql', 'gjs-console', 'wine64-preloader', 'tcc'])
      assert.ok(actsByName(`/usr/bin/${name}`), name)
    for (const name of ['sort', 'grep', 'cp', 'iconv'])
      assert.ok(actsByName(`/usr/bin/${name}`), name)
    for (const name of [
      'beam.smp',
      'firefox',
      'node_exporter',
      'curlew',
      'sshd',
      'perlmutter',
      'python-agent',
    ])
      assert.ok(!actsByName(`/usr/bin/${name}`), name)
  })

  it('stand once in the list, each with a source, and hold every interpreter whose arguments are read', () => {
    const names = ACTING_PROGRAMS.map(({ name }) => name)
    assert.equal(new Set(names).size, names.length)
    for (const { name, source } of ACTING_PROGRAMS)
      assert.ok(/^[a-z0-9.+_-]+$/.test(name) && source.length > 3, name)
    const rules = readFileSync(new URL('../../native/interpreters.json', import.meta.url), 'utf8')
    for (const name of interpretersOf(JSON.parse(rules)))
      assert.ok(actsByName(`/usr/bin/${name}`), name)
  })

  it('are known by their signing id, whatever they are called', () => {
    for (const id of ['com.apple.curl', 'com.apple.openssh', 'com.apple.python3', 'com.apple.nc'])
      assert.ok(actsBySigningId(id), id)
    const uuid = '5555494400112233445566778899aabbccddeeff'
    for (const id of ['node', 'deno', 'python3.13', 'org.python.python', `perl5.34-${uuid}`])
      assert.ok(actsBySigningId(id), id)
    for (const id of ['com.apple.Safari', 'org.example.node', 'Figma', `a.out-${uuid}`])
      assert.ok(!actsBySigningId(id), id)
    const script = new Script()
    script.source = Source.endpointSecurity
    const found = { signature: Signature.valid, flags: InspectedFlag.developerId }
    const kernel = { codesignFlags: 1, signingId: 'node', teamId: 'HX7739G8FX', parentPid: 40 }
    script.start().program({ pid: 40, path: '/Users/ada/a.out', sha: 'ab', parent: 0 })
    script.program({ pid: 100, path: '/tmp/foo', parent: 40, kernel, found })
    assert.match(alertOf(script).identity.key, /^HX7739G8FX:node via unsigned:/)
  })

  it('[A1] are so as copies too, and a copy of the system’s is never the system’s (Linux: by its content)', () => {
    const script = machine()
      .program({ pid: 60, path: '/usr/bin/curl', parent: 50, owner: 0, sha: 'c1' })
      .program({ pid: 100, path: '/tmp/updater', parent: 50, sha: 'c1' })
    const { identity, sentence } = alertOf(script, 2 * MIB)
    assert.equal(identity.key, `unsigned:sha256:${'c1'.repeat(32)} via ${CRON}`)
    assert.match(sentence, /a copy of “\/usr\/bin\/curl”/)
  })

  it('[A1] are so as copies too, and a copy of the system’s is never the system’s (macOS: by its signature)', () => {
    const copy = (path: string) => {
      const script = new Script()
      script.source = Source.endpointSecurity
      return script.start().program({
        pid: 100,
        path,
        parent: 0,
        flags: ExecFlag.platformBinary,
        kernel: { codesignFlags: 1, signingId: 'com.apple.curl', parentPid: 0 },
        found: { signature: Signature.valid, flags: InspectedFlag.apple },
      })
    }
    assert.equal(alertOf(copy('/usr/bin/curl')).identity.key, 'platform:com.apple.curl')
    for (const path of [
      '/tmp/updater',
      '/usr/local/bin/x',
      '/Applications/X.app/Contents/MacOS/x',
    ]) {
      const { identity, sentence, responsibleKey } = alertOf(copy(path))
      assert.equal(identity.key, 'copy:com.apple.curl')
      assert.equal(identity.signerClass, 'developer_id')
      assert.equal(responsibleKey, 'copy:com.apple.curl')
      assert.match(sentence, /a copy of “com\.apple\.curl” outside the system's places/)
    }
  })
})

/** The names in the rules by which sources read arguments. */
function interpretersOf(rules: { interpreters: { names: string[] }[] }): string[] {
  return rules.interpreters.flatMap(({ names }) =>
    names.map((name) => (name === 'ld-2.*' ? 'ld-2.31.so' : name.replace('*', ''))),
  )
}
