import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { BELIEF_FILE } from '../../src/agent/belief-file.ts'
import { ASKED_FILE } from '../../src/agent/enrolling.ts'
import { ENROLMENT_FILE } from '../../src/agent/enrolment-file.ts'
import { POLICY_FILE } from '../../src/agent/policy-file.ts'
import { LOCK_FILE } from '../../src/host/lock.ts'
import { shellWord } from '../../src/shell-word.ts'
import { CAUSE_CODES } from '../../src/status/causes.ts'
import {
  CHECK_IDS,
  type CheckId,
  codesOf,
  diagnose,
  exitStatusOf,
} from '../../src/status/doctor.ts'
import type { DoctorFacts, Entry } from '../../src/status/looks.ts'
import { menuOf, statusLines } from '../../src/status/view.ts'
import { diagnosed, directory, file, find, MAC, NONE, ROOT, wellFacts } from './facts.ts'
import { CAUSED, MACS, macOf, wellStatus } from './states.ts'

describe('the doctor', () => {
  it('finds a healthy agent well, on Linux and on a Mac, and exits with 0', () => {
    const mac = wellStatus(macOf({}))
    for (const facts of [wellFacts(), wellFacts({ platform: 'darwin', mac: MAC, agent: mac })]) {
      const checks = diagnose(facts)
      for (const { id, result, found } of checks) {
        assert.equal(result, 'ok', id)
        assert.equal(found.length, 1)
        assert.notEqual(found[0]?.text, '')
      }
      assert.equal(exitStatusOf(checks), 0)
    }
    assert.equal(diagnose(wellFacts({ platform: 'darwin' })).length, CHECK_IDS.length)
    assert.ok(!diagnose(wellFacts()).some(({ id }) => id === 'full-disk-access'))
  })

  it('has each cause in one check and no other', () => {
    const codes = CHECK_IDS.flatMap((id) => codesOf(id))
    assert.deepEqual(codes.toSorted(), CAUSE_CODES.toSorted())
  })

  for (const code of CAUSE_CODES)
    it(`tells of ${code} with its remedy, and exits by its level`, () => {
      const agent = wellStatus(CAUSED[code])
      const platform = agent.os === 'macos' ? 'darwin' : 'linux'
      const disk = agent.disk
      const checks = diagnose(wellFacts({ platform, mac: MAC, agent, disk }))
      const ill = checks.filter(({ result }) => result !== 'ok')
      assert.equal(ill.length, 1)
      assert.ok(codesOf(ill[0]?.id as CheckId).includes(code))
      assert.notEqual(ill[0]?.found[0]?.remedy, '')
      assert.equal(exitStatusOf(checks), ill[0]?.result === 'failure' ? 2 : 1)
    })

  it('says of every Mac which sources are at work, and fails only where nothing sees programs or flows', () => {
    for (const [name, mac] of Object.entries(MACS)) {
      const agent = wellStatus(mac)
      const checks = diagnose(wellFacts({ platform: 'darwin', mac: MAC, agent }))
      const { processes, flows } = agent.sources ?? assert.fail()
      const isBlind = processes === 'none' || flows === 'none'
      const isWhole = processes === 'endpoint_security' && flows === 'filter'
      assert.equal(exitStatusOf(checks), isBlind ? 2 : isWhole ? 0 : 1, name)
      const told = find(checks, 'sources').found.at(-1)
      assert.equal(told?.result, 'ok')
      assert.match(told?.text ?? '', /^Programs are seen by .+ Flows are seen by /)
    }
  })

  it('does not say that something is given, connected or allowed which nothing has asked for', () => {
    const forced = ['polling', 'nettop'] as const
    const agent = wellStatus(macOf({ processes: 'polling', flows: 'nettop', forced }))
    const checks = diagnose(wellFacts({ platform: 'darwin', mac: MAC, agent }))
    for (const id of ['entitlement', 'filter'] as const)
      assert.equal(find(checks, id).found[0]?.text, 'not asked for: `--sources` names others')
    assert.equal(find(checks, 'full-disk-access').found[0]?.text, 'nothing at work asks for it')
  })

  it('does without the app where flows are seen without its filter', () => {
    const withApp = (flows: 'none' | 'network_statistics', hasApp: boolean) =>
      diagnosed('app', {
        ...{ platform: 'darwin', mac: { ...MAC, hasApp, hasFilter: false } },
        agent: wellStatus(macOf({ flows })),
      }).result
    for (const hasApp of [true, false]) {
      assert.equal(withApp('network_statistics', hasApp), 'warning')
      assert.equal(withApp('none', hasApp), 'failure')
    }
  })

  it('sends nobody to `up` where a collector runs: an agent is started beside it, or as it has enrolled', () => {
    const { state } = wellFacts()
    const told = (names: string[], hasCollector: boolean) => {
      const entries = [...state.entries, ...names.map((name) => file(`${ROOT}/agent/${name}`))]
      const facts = { agent: NONE, hasCollector, state: { ...state, entries } }
      const checks = diagnose(wellFacts(facts))
      const [found] = find(checks, 'agent').found
      return [exitStatusOf(checks), found?.remedy ?? ''] as const
    }
    const beside = `freshet agent --collector ${ROOT}`
    assert.match(told(['device-id'], false)[1], /freshet up\b/)
    const [status, remedy] = told(['device-id'], true)
    assert.equal(status, 2)
    assert.ok(remedy.includes(beside), remedy)
    assert.doesNotMatch(remedy, /freshet up\b/)
    for (const hasCollector of [true, false]) {
      const [, again] = told(['device-id', ENROLMENT_FILE], hasCollector)
      assert.match(again, /^Start it: `npx freshet agent( --state |`)/)
    }
  })

  it('is content with a machine that collects alone, and says that nothing watches it', () => {
    const { state } = wellFacts()
    const entries = [directory(ROOT, 0o711), directory(`${ROOT}/collector`, 0o700)]
    const facts = { agent: NONE, hasCollector: true, state: { ...state, entries } }
    const checks = diagnose(wellFacts(facts))
    assert.equal(exitStatusOf(checks), 0)
    const [found] = find(checks, 'agent').found
    assert.match(found?.text ?? '', /this machine collects, and is not watched itself/)
    assert.match(found?.remedy ?? '', /freshet agent --collector/)
    // The same without a collector, or where root's agent has its own place, is no such machine.
    assert.equal(exitStatusOf(diagnose(wellFacts({ ...facts, hasCollector: false }))), 2)
    assert.equal(exitStatusOf(diagnose(wellFacts({ ...facts, machine: '/var/lib/other' }))), 2)
  })

  it('leads with the worst of a check', () => {
    const agent = wellStatus({ ...CAUSED['outbox-rebuilt'], ...CAUSED['outbox-not-kept'] })
    const { result, found } = diagnosed('outbox', { agent })
    assert.equal(result, 'failure')
    assert.deepEqual(
      found.map((one) => one.result),
      ['failure', 'warning'],
    )
  })

  it('does not know what only an agent knows when none answers, and looks at the rest', () => {
    const agent = { code: 'no-agent', message: '...' } as const
    const checks = diagnose(wellFacts({ agent }))
    assert.equal(find(checks, 'sensor').result, 'unknown')
    assert.equal(find(checks, 'state').result, 'ok')
    assert.equal(exitStatusOf(checks), 2)
  })

  for (const [code, remedy] of [
    ['no-agent', /npx freshet up/],
    ['closed', /as root/],
    ['refused', /as root/],
    ['timeout', /It hangs/],
    ['garbage', /from one release/],
    ['place', /^Ask from within it: `cd \/var\/lib\/freshet`\.$/],
  ] as const)
    it(`knows what to do when the status cannot be had: ${code}`, () => {
      const { result, found } = diagnosed('agent', { agent: { code, message: 'the agent is so' } })
      assert.equal(result, 'failure')
      assert.match(found[0]?.remedy ?? '', remedy)
    })

  it('says once to ask as root', () => {
    const agent = { code: 'refused', message: 'uid 990 may not ask' } as const
    const state = { root: ROOT, above: [], entries: [], error: `${ROOT} is closed to this user` }
    const lines = diagnose(wellFacts({ agent, state })).flatMap(({ found }) => found)
    const told = lines.filter(({ text, remedy }) => /as root/i.test(`${text} ${remedy}`))
    assert.deepEqual(
      told.map(({ text }) => text),
      [`${ROOT} is closed to this user`],
    )
  })

  it('names whose a directory is', () => {
    const entries = wellFacts().state.entries.map((entry) => ({ ...entry, name: 'nobody' }))
    const { found } = diagnosed('state', { state: { ...wellFacts().state, entries } })
    assert.equal(found[0]?.text, `${ROOT}, of nobody (uid 990), closed to others`)
  })

  it('names a user that has no name by the number', () => {
    const owner = { uid: 4242, gid: 4242, name: '' }
    const { state } = wellFacts()
    const agent = { code: 'no-agent', message: '' } as const
    const { found } = diagnosed('state', { owner, state, agent })
    assert.match(found[0]?.text ?? '', /belongs to uid 990, but the agent runs as uid 4242 and/)
  })

  it('finds an addon that is missing, or of another layout, and an agent of another version', () => {
    const missing = diagnosed('program', { addon: { error: 'it cannot be loaded' } })
    assert.deepEqual([missing.result, missing.found[0]?.text], ['failure', 'it cannot be loaded'])
    const other = diagnosed('program', { addon: { layout: 8 } })
    assert.match(other.found[0]?.remedy ?? '', /node scripts\/setup.mjs/)
    assert.equal(diagnosed('agent', { version: '0.2.0' }).result, 'warning')
  })

  it('tells a directory that others can write to from one that they can read', () => {
    const opened = (mode: number) => {
      const entries = wellFacts().state.entries.map((entry, at) =>
        at === 1 ? { ...entry, mode } : entry,
      )
      return diagnosed('state', { state: { ...wellFacts().state, entries } })
    }
    assert.equal(opened(0o40750).result, 'warning')
    assert.equal(opened(0o40770).result, 'failure')
    assert.match(opened(0o40777).found[0]?.remedy ?? '', /`chmod 700 \/var\/lib\/freshet\/agent`/)
  })

  it('finds one file of another user, and goes by the owner that works when an agent runs', () => {
    const strange = { ...file(`${ROOT}/agent/outbox.db`, 0), name: 'root' }
    const well = wellFacts().state
    const state = { ...well, entries: [...well.entries, strange] }
    const { result, found } = diagnosed('state', { state })
    assert.equal(result, 'failure')
    assert.match(
      found[0]?.text ?? '',
      /outbox\.db belongs to root \(uid 0\), but the agent runs as uid 990 /,
    )
    const owner = { uid: 1, gid: 1, name: 'daemon' }
    assert.equal(diagnosed('state', { owner }).result, 'ok')
    const stopped = diagnosed('state', { owner, agent: NONE })
    assert.match(stopped.found[0]?.remedy ?? '', /chown -R 1 \/var\/lib\/freshet/)
  })

  it('knows what was lost before the agent started, and says since when', () => {
    const well = wellStatus()
    const [sinceMs, lastMs] = [Date.UTC(2026, 0, 2), Date.UTC(2026, 0, 3)]
    const lost = { sinceMs, lastMs }
    const counters = { ...well.counters, lost: 10_000 }
    const since = 'since 2026-01-02T00:00:00.000Z, the last at 2026-01-03T00:00:00.000Z'
    const long = diagnosed('events', { agent: wellStatus({ counters, lost }) })
    assert.equal(long.result, 'ok')
    assert.equal(long.found[0]?.text, `none lost in the last hour, 10,000 ${since}`)
    const lately = { ...well.lately, lostBefore: true }
    const status = wellStatus({ counters, lost, lately })
    const now = diagnosed('events', { agent: status })
    assert.equal(now.result, 'warning')
    assert.match(now.found[0]?.text ?? '', /before the agent was started anew: 10,000 events since/)
    assert.ok(
      statusLines(menuOf(status, Date.now())).join('\n').includes(`Lost: 10,000 events (${since})`),
    )
    assert.equal(
      diagnosed('events', {}).found[0]?.text,
      'none lost in the last hour, and none is known of before',
    )
  })

  it('names a file of another that the agent does not use, and does not fail for it', () => {
    const well = wellFacts().state
    const with_ = (...names: string[]) => {
      const strange = names.map((name) => ({ ...file(`${ROOT}/${name}`, 0), name: 'root' }))
      return diagnosed('state', { state: { ...well, entries: [...well.entries, ...strange] } })
    }
    const { result, found } = with_('agent/notes.txt')
    assert.equal(result, 'warning')
    assert.equal(found.length, 1)
    assert.match(
      found[0]?.text ?? '',
      /agent\/notes\.txt, a file of root \(uid 0\), is none of the agent’s: it is not read/,
    )
    assert.match(found[0]?.remedy ?? '', /`ls -ld \/var\/lib\/freshet\/agent\/notes\.txt`/)
    const many = with_('a', 'b', 'c', 'd', 'agent/baseline.db-wal')
    assert.equal(many.result, 'failure')
    assert.deepEqual(
      many.found.map((one) => one.result),
      ['failure', 'warning', 'warning', 'warning'],
    )
    assert.match(many.found[1]?.text ?? '', /\(one of 4\)/)
  })

  it('holds each file that the agent uses for its own', () => {
    for (const name of [BELIEF_FILE, POLICY_FILE, ENROLMENT_FILE, ASKED_FILE, LOCK_FILE])
      assert.equal(
        diagnosed('state', {
          state: {
            ...wellFacts().state,
            entries: [...wellFacts().state.entries, file(`${ROOT}/agent/${name}`, 0)],
          },
        }).result,
        'failure',
        name,
      )
  })

  it('says of a Mac without the app, or with half of it, what is missing', () => {
    const without = { ...MAC, hasApp: false, hasFilter: false }
    const none = diagnosed('app', { platform: 'darwin', mac: without })
    assert.equal(none.result, 'failure')
    assert.match(none.found[0]?.text ?? '', /^\/Applications\/Freshet\.app is not there/)
    const half = diagnosed('app', { platform: 'darwin', mac: { ...MAC, hasFilter: false } })
    assert.match(half.found[0]?.text ?? '', /no network filter/)
  })

  it('starts a Mac’s agent by its launchd job where there is one, and as in a clone elsewhere', () => {
    const on = (hasJob: boolean, code: 'no-agent' | 'timeout') =>
      diagnosed('agent', {
        ...{ platform: 'darwin', mac: { ...MAC, hasJob } },
        agent: { code, message: 'the agent is so' },
      }).found[0]?.remedy ?? ''
    const kick = '`sudo launchctl kickstart -k system/org.freshet.daemon`'
    assert.ok(on(true, 'no-agent').includes(kick))
    assert.match(
      on(true, 'no-agent'),
      /bootstrap system \/Library\/LaunchDaemons\/org\.freshet\.daemon\.plist`/,
    )
    assert.ok(on(true, 'timeout').includes(kick))
    assert.match(on(false, 'no-agent'), /npx freshet up/)
    assert.match(on(false, 'timeout'), /SIGTERM/)
  })

  it('finds the directory above that keeps the agent’s user out, by owner, group or all', () => {
    const way = (last: Entry, change: Partial<DoctorFacts> = {}) => {
      const state = { root: ROOT, above: [directory('/', 0o755, 0), last], entries: [], error: '' }
      return diagnosed('state', { state, agent: NONE, ...change })
    }
    const closed = way(directory('/var/it’s mine', 0o700, 0))
    assert.equal(closed.result, 'failure')
    assert.match(
      closed.found[0]?.text ?? '',
      /closed to freshet \(uid 990\), as whom the agent runs \(its mode is 700\)/,
    )
    assert.match(closed.found[0]?.remedy ?? '', /`chmod a\+x '\/var\/it’s mine'`/)
    assert.equal(way(directory('/var', 0o701, 0)).result, 'ok')
    assert.equal(way(directory('/var', 0o700, 990)).result, 'ok')
    assert.equal(way({ ...directory('/var', 0o710, 0), gid: 990 }).result, 'ok')
    // Who belongs to the group is not one of the others.
    assert.equal(way({ ...directory('/var', 0o701, 0), gid: 990 }).result, 'failure')
    assert.equal(way(directory('/var', 0o067, 990)).result, 'failure')
    const root = { uid: 0, gid: 0, name: 'root' }
    assert.equal(way(directory('/var', 0o700, 5), { owner: root }).result, 'ok')
    assert.equal(way(directory('/var', 0o700, 0), { agent: wellStatus() }).result, 'ok')
  })

  it('finds what stands in the place of the status socket, and bears a socket left by another', () => {
    const socket = (entry: Entry) => {
      const well = wellFacts().state
      return diagnosed('state', { state: { ...well, entries: [...well.entries, entry] } })
    }
    const path = `${ROOT}/status.sock`
    assert.equal(socket(file(path, 0)).result, 'ok')
    const inTheWay = socket(directory(path, 0o755, 0))
    assert.equal(inTheWay.found.length, 1)
    assert.match(inTheWay.found[0]?.remedy ?? '', /`rm -r \/var\/lib\/freshet\/status\.sock`/)
  })

  it('quotes a path for the shell, whatever is in it', () => {
    for (const path of ['/a b', "/it's", '/$(x)`y`'])
      assert.equal(
        execFileSync('sh', ['-c', `printf %s ${shellWord(path)}`], { encoding: 'utf8' }),
        path,
      )
  })
})
