// Which script a program runs: an identity of its own, whose edits are versions.
import assert from 'node:assert/strict'
import {
  ExecFlag,
  InspectedFlag,
  readInspect,
  Script as ScriptFrom,
  Subject,
} from '../../src/records/record.gen.ts'
import {
  alertOf,
  identityOf,
  MIB,
  machine,
  type ProgramSpec,
  SCRIPT_HASH,
  tell,
  tellByPoints,
} from './scenario.ts'

const ENOENT = 2
const EACCES = 13
const EISDIR = 21
const ESTALE = 116
const CRON = 'platform:/usr/sbin/cron'

describe('scripts', () => {
  const python = (rest: Partial<ProgramSpec> = {}): ProgramSpec => ({
    pid: 100,
    path: '/usr/bin/python3.11',
    owner: 0,
    sha: 'cd',
    parent: 50,
    script: '/home/ann/evil.py',
    scriptFrom: ScriptFrom.argument,
    ...rest,
  })
  const scriptKey = (name: string) => `platform:/usr/bin/python3.11 script ${name} via ${CRON}`
  const content = (byte: string, rest: object = {}) => ({
    sha256: Uint8Array.from(Buffer.from(byte.repeat(32), 'hex')),
    ...rest,
  })
  const DAYS_30 = 30 * 86_400

  it('[D4, L8] are new though their interpreter has been known for weeks, each an identity of its own', () => {
    const old = { script: '/home/ann/backup.py', scriptFound: content('b0') }
    const script = machine()
      .program(python({ pid: 90, ...old }))
      .upload({ id: 1, pid: 90, total: 8 * MIB, steps: 2 })
    script.wait(DAYS_30 * 1000).ticks(2)
    const { alerts } = tellByPoints(
      script
        .program(python({ pid: 91, ...old }))
        .upload({ id: 2, pid: 91, total: 8 * MIB, steps: 2, to: '198.51.100.1' })
        .program(python())
        .upload({ id: 3, total: 8 * MIB, steps: 2, to: '198.51.100.2' })
        .ticks(2),
    )
    const keys = [...new Set(alerts.map(({ identity }) => identity.key))]
    assert.deepEqual(keys, [scriptKey('b0'.repeat(32)), scriptKey(SCRIPT_HASH)])
    const evil = alerts.at(-1)
    assert.match(evil?.sentence ?? '', /running “\/home\/ann\/evil\.py”/)
    assert.equal(evil?.chain[0]?.scriptSha256, SCRIPT_HASH)
    assert.equal(evil?.chain[0]?.scriptFrom, 'argument')
    // The known one raised none for its second destination.
    assert.ok(!alerts.some(({ destination }) => destination.address === '198.51.100.1'))
  })

  it('[D4] that are edited are versions: not new, and said to be edited', () => {
    const script = machine()
      .program(python({ pid: 90 }))
      .upload({ id: 1, pid: 90, total: 8 * MIB, steps: 2 })
      .wait(DAYS_30 * 1000)
      .ticks(2)
    const edit = (total: number, rest: object = {}, more: Partial<ProgramSpec> = {}) => {
      const next = machine()
      next.records = [...script.records]
      next.nowMs = script.nowMs
      next.program(python({ pid: 101, scriptFound: content('ee', rest), ...more }))
      return tellByPoints(next.upload({ id: 2, pid: 101, total, steps: 2 }).ticks(2))
    }
    const { alerts, baseline } = edit(4 * MIB)
    assert.ok(!alerts.some(({ identity }) => identity.key === scriptKey('ee'.repeat(32))))
    const version = baseline.identity(scriptKey('ee'.repeat(32)))
    const former = baseline.identity(scriptKey(SCRIPT_HASH))
    assert.equal(version?.firstNetworkAt, former?.firstNetworkAt)
    assert.ok((version?.firstExecAt ?? 0n) > (former?.firstExecAt ?? 0n), 'first seen is its own')
    // What the script ordinarily sends is not known: from the floor on it is as new as its content.
    const much = edit(400 * MIB).alerts.find(
      ({ identity }) => identity.key === scriptKey('ee'.repeat(32)),
    )
    assert.equal(much?.severity, 'high')
    assert.match(
      much?.reasons.find(({ term }) => term === 'novelty')?.text ?? '',
      /^this edit of what has used the network for 30 days was first seen .* before, and what it ordinarily sends is not known$/,
    )
    // Another owner's file, one that all can write, one elsewhere, one run for another: strangers.
    for (const [rest, more] of [
      [{ ownerUid: 1001 }, {}],
      [{ mode: 0o100666 }, {}],
      [{}, { script: '/home/ann/other.py' }],
      [{}, { parent: 1 }],
    ] as const)
      assert.ok(
        edit(400 * MIB, rest, more).alerts.some(({ identity }) =>
          identity.key.includes('ee'.repeat(32)),
        ),
        JSON.stringify([rest, more]),
      )
  })

  it('[D4] that are edited while they are new say so in the alert, also after the engine began anew', () => {
    const script = machine()
      .program(python({ pid: 90 }))
      .upload({ id: 1, pid: 90, total: MIB, steps: 2 })
      .wait(3_600_000)
      .program(python({ scriptFound: content('ee') }))
    const text = /running “\/home\/ann\/evil\.py”, an edit of what was first seen 60 min before/
    assert.match(alertOf(script, 8 * MIB).sentence, text)
    const { baseline } = tell(script)
    const anew = machine().wait(3_600_000)
    anew
      .program(python({ scriptFound: content('ee') }))
      .upload({ id: 2, total: 9 * MIB, steps: 2, to: '198.51.100.9' })
    assert.match(tell(anew, { baseline }).alerts.at(-1)?.sentence ?? '', text)
  })

  it('are known by their path, in doubt, while they cannot be read', () => {
    const { identity, sentence } = alertOf(
      machine().program(python({ scriptFound: { error: EACCES } })),
    )
    assert.equal(identity.key, scriptKey('/home/ann/evil.py'))
    assert.match(sentence, /its script could not be read \(errno 13: permission denied\)/)
    const found = { flags: InspectedFlag.replaced, error: ESTALE }
    const gone = machine().program(python({ scriptFound: found }))
    assert.match(alertOf(gone).doubt, /its script was replaced after it was started/)
  })

  it('that lead to no file are not told: they may be texts, with secrets in them', () => {
    const text = python({ script: '/home/ann/print "token=abc"', scriptFound: { error: ENOENT } })
    const alert = alertOf(machine().program(text))
    assert.equal(alert.identity.key, scriptKey('unknown'))
    assert.equal(alert.chain[0]?.script, '')
    assert.match(alert.doubt, /which script it runs was not told/)
    // One that was there, or that the kernel ran, has a name.
    const kernel = { ...text, scriptFrom: ScriptFrom.kernel }
    assert.equal(alertOf(machine().program(kernel)).identity.key, scriptKey(text.script ?? ''))
  })

  it('of a loader that was given an interpreter are vouched for by nobody, whoever made it', () => {
    const loader = python({
      path: '/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2',
      script: '/usr/bin/apport',
      scriptFound: { ownerUid: 0 },
    })
    assert.equal(identityOf({ ...loader, flags: ExecFlag.loader }).signerClass, 'platform')
    const flags = ExecFlag.loader | ExecFlag.otherCode
    assert.equal(identityOf({ ...loader, flags }).signerClass, 'unsigned')
  })

  it('make an interpreter of one of which they were not told', () => {
    const shell = python({ path: '/usr/bin/elvish', script: '', scriptFrom: ScriptFrom.claimed })
    assert.equal(identityOf(shell).key, `platform:/usr/bin/elvish script unknown via ${CRON}`)
  })

  it('[D4] that are folders are known by their path, and vouched for by nobody', () => {
    const folder = python({ script: '/home/ann/app', scriptFound: { error: EISDIR } })
    const { identity, doubt } = alertOf(machine().program(folder))
    assert.deepEqual(
      [identity.key, identity.signerClass],
      [scriptKey('folder /home/ann/app'), 'unsigned'],
    )
    assert.match(doubt, /it was given a folder, and which of its files it runs is not known/)
    assert.equal(identityOf(python()).signerClass, 'platform')
    // A file of that name is another script, and one that was put in its place says nothing of it.
    const file = python({ script: '/home/ann/app', scriptFound: { error: EACCES } })
    assert.equal(alertOf(machine().program(file)).identity.key, scriptKey('/home/ann/app'))
    const found = { flags: InspectedFlag.replaced, error: EISDIR }
    const gone = machine().program({ ...folder, scriptFound: found })
    assert.equal(alertOf(gone).identity.key, scriptKey('/home/ann/app'))
    const child = machine().program({ ...folder, pid: 60, path: '/usr/bin/bash' })
    const { identity: curl } = alertOf(child.system(100, '/usr/bin/curl', 60))
    assert.equal(curl.signerClass, 'unsigned')
  })

  it('[D4] that were changed as they ran are not those whose content they have then', () => {
    const known = machine()
      .program(python({ pid: 90 }))
      .upload({ id: 1, pid: 90, total: 8 * MIB, steps: 2 })
      .wait(DAYS_30 * 1000)
      .ticks(2)
    const scriptFound = { flags: InspectedFlag.replaced | InspectedFlag.writableByOthers }
    // At the known one's own path as well: what ran there is no version of it.
    for (const [index, path] of ['/home/ann/evil.py', '/tmp/a.py', '/tmp/b.py'].entries()) {
      known
        .program(python({ pid: 101 + index, script: path, scriptFound }))
        .upload({ id: 2 + index, pid: 101 + index, total: 400 * MIB, steps: 2 })
        .ticks(2)
    }
    const { alerts } = tell(known)
    const changed = alerts.filter(
      ({ identity }) => identity.key === scriptKey(`changed ${SCRIPT_HASH}`),
    )
    const [first] = changed
    assert.match(first?.doubt ?? '', /its script was changed as it was started, or since/)
    assert.equal(first?.chain[0]?.script, '/home/ann/evil.py')
    assert.equal(first?.chain[0]?.scriptSha256, '')
    // What is written and run in one go, under another name each time, is one identity.
    assert.ok(!alerts.some(({ identity }) => /script \/tmp/.test(identity.key)))
  })

  it('are asked for, and awaited as programs are', () => {
    const late = machine().exec(python()).inspected(python())
    late.upload({ id: 1, total: 8 * MIB, steps: 2 })
    const { engine, alerts } = tell(late)
    assert.equal(alerts.length, 0)
    const asked = engine.takeRequests().map((bytes) => readInspect(new DataView(bytes.buffer), 0))
    assert.ok(
      asked.some(
        ({ pid, subject, path }) =>
          pid === 100 && subject === Subject.script && path === '/home/ann/evil.py',
      ),
    )
    const told = tell(late.ticks(6)).alerts
    assert.equal(told[0]?.identity.key, scriptKey('/home/ann/evil.py'))
    assert.match(told[0]?.sentence ?? '', /its script was not looked at in time/)
    const answered = tell(late.scriptInspected(python()).ticks(2)).alerts
    assert.equal(answered.at(-1)?.identity.key, scriptKey(SCRIPT_HASH))
    assert.equal(new Set(answered.map(({ id }) => id)).size, 1)
  })

  it('are told by kind where they are no file, and doubted where the process itself says', () => {
    for (const [scriptFrom, name, words] of [
      [ScriptFrom.inline, 'inline', /running a text given on its command line/],
      [ScriptFrom.module, 'module', /running a module that it finds by name/],
      [ScriptFrom.standardInput, 'stdin', /running what its standard input brings/],
    ] as const) {
      const { identity, sentence } = alertOf(machine().program(python({ script: '', scriptFrom })))
      assert.equal(identity.key, scriptKey(name))
      assert.match(sentence, words)
    }
    const claimed = alertOf(machine().program(python({ scriptFrom: ScriptFrom.claimed })))
    assert.equal(claimed.identity.key, scriptKey(SCRIPT_HASH))
    assert.match(claimed.sentence, /which script it runs is as the process itself says/)
  })

  it('make an interpreter of whoever was given one, and of nobody who only says so', () => {
    const own = python({ path: '/home/ann/bin/runner', owner: 1000, sha: 'ab' })
    const key = `unsigned:sha256:${'ab'.repeat(32)}`
    assert.equal(
      identityOf({ ...own, scriptFrom: ScriptFrom.kernel }).key,
      `${key} script ${SCRIPT_HASH} via ${CRON}`,
    )
    assert.equal(identityOf({ ...own, scriptFrom: ScriptFrom.claimed }).key, key)
  })

  it('are those of the shell above, and a text on a command line hides none', () => {
    const script = machine()
      .program({ ...python({ pid: 60, path: '/usr/bin/bash', script: '/home/ann/send.sh' }) })
      .program(python({ pid: 61, path: '/usr/bin/dash', parent: 60, script: '', scriptFrom: 4 }))
      .system(100, '/usr/bin/curl', 61)
    const { identity, sentence } = alertOf(script)
    assert.equal(identity.key, `platform:/usr/bin/curl script ${SCRIPT_HASH} via ${CRON}`)
    assert.match(sentence, /run by the script “\/home\/ann\/send\.sh”/)
  })

  it('lift nothing: a script that only root can write vouches for no interpreter', () => {
    const spec = python({
      path: '/home/ann/bin/python3',
      owner: 1000,
      script: '/usr/bin/apport',
      scriptFound: { ownerUid: 0 },
    })
    assert.equal(identityOf(spec).signerClass, 'unsigned')
  })

  it('[D4] with other code that their arguments bring are others: one, whatever that is, whose edits are versions', () => {
    const brought = { flags: ExecFlag.otherCode }
    const known = machine()
      .program(python({ pid: 90 }))
      .upload({ id: 1, pid: 90, total: 8 * MIB, steps: 2 })
      .wait(DAYS_30 * 1000)
      .ticks(2)
      .program(python({ pid: 101, ...brought }))
      .upload({ id: 2, pid: 101, total: 8 * MIB, steps: 2 })
      .wait(3_600_000)
      .program(python({ pid: 102, ...brought, scriptFound: content('ee') }))
      .upload({ id: 3, pid: 102, total: MIB, steps: 2 })
      .ticks(2)
    const { alerts, baseline } = tell(known)
    const other = alerts.find(({ identity }) => / with other code/.test(identity.key))
    assert.equal(other?.identity.key, scriptKey(`${SCRIPT_HASH} with other code`))
    assert.match(other?.doubt ?? '', /its arguments may bring other code beside the script/)
    const version = baseline.identity(scriptKey(`${'ee'.repeat(32)} with other code`))
    assert.equal(
      version?.firstNetworkAt,
      baseline.identity(scriptKey(`${SCRIPT_HASH} with other code`))?.firstNetworkAt,
    )
    assert.notEqual(
      version?.firstNetworkAt,
      baseline.identity(scriptKey(SCRIPT_HASH))?.firstNetworkAt,
    )
    // What such a script runs is its doing; a text has no file that anything could stand beside.
    const child = machine().program(python({ pid: 60, path: '/usr/bin/bash', ...brought }))
    assert.equal(
      alertOf(child.system(100, '/usr/bin/curl', 60)).identity.key,
      `platform:/usr/bin/curl script ${SCRIPT_HASH} with other code via ${CRON}`,
    )
    const text = python({ script: '', scriptFrom: ScriptFrom.inline, ...brought })
    assert.equal(alertOf(machine().program(text)).identity.key, scriptKey('inline'))
  })

  it('[D4] say that foreign code runs beside them', () => {
    const script = machine().program(python()).code(100, '/home/ann/.local/numpy.so')
    const { identity, doubt } = alertOf(script, 2 * MIB)
    assert.equal(
      identity.key,
      `platform:/usr/bin/python3.11 with foreign code script ${SCRIPT_HASH} via ${CRON}`,
    )
    assert.match(doubt, /running code from “\/home\/ann\/\.local\/numpy\.so”/)
  })
})
