import assert from 'node:assert/strict'
import { CAUSE_CODES } from '../../src/status/causes.ts'
import {
  CHECK_IDS,
  type Check,
  type CheckId,
  codesOf,
  type DoctorFacts,
  diagnose,
  exitStatusOf,
} from '../../src/status/doctor.ts'
import { CAUSED, wellStatus } from './states.ts'

const GIB = 2 ** 30
const ROOT = '/var/lib/freshet'

const wellFacts = (change: Partial<DoctorFacts> = {}): DoctorFacts => ({
  platform: 'linux',
  version: '0.1.0',
  layout: 7,
  addon: { layout: 7 },
  owner: { uid: 990, name: 'freshet' },
  state: {
    root: ROOT,
    entries: [
      { path: ROOT, uid: 990, mode: 0o40711, isDirectory: true },
      { path: `${ROOT}/agent`, uid: 990, mode: 0o40700, isDirectory: true },
      { path: `${ROOT}/agent/baseline.db`, uid: 990, mode: 0o100600, isDirectory: false },
    ],
    error: '',
  },
  disk: { freeBytes: 20 * GIB, totalBytes: 100 * GIB },
  agent: wellStatus(),
  ...change,
})
const find = (checks: Check[], id: CheckId): Check => {
  const check = checks.find((one) => one.id === id)
  assert.ok(check, id)
  return check
}
const diagnosed = (id: CheckId, change: Partial<DoctorFacts>): Check =>
  find(diagnose(wellFacts(change)), id)

describe('the doctor', () => {
  it('finds a healthy agent well, on Linux and on a Mac, and exits with 0', () => {
    const mac = { path: '/Applications/Freshet.app', isThere: true, hasFilter: true }
    for (const facts of [wellFacts(), wellFacts({ platform: 'darwin', app: mac })]) {
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
      const app = { path: '/Applications/Freshet.app', isThere: true, hasFilter: true }
      const disk = agent.disk
      const checks = diagnose(wellFacts({ platform, app, agent, disk }))
      const ill = checks.filter(({ result }) => result !== 'ok')
      assert.equal(ill.length, 1)
      assert.ok(codesOf(ill[0]?.id as CheckId).includes(code))
      assert.notEqual(ill[0]?.found[0]?.remedy, '')
      assert.equal(exitStatusOf(checks), ill[0]?.result === 'failure' ? 2 : 1)
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
  ] as const)
    it(`knows what to do when the status cannot be had: ${code}`, () => {
      const { result, found } = diagnosed('agent', { agent: { code, message: 'the agent is so' } })
      assert.equal(result, 'failure')
      assert.match(found[0]?.remedy ?? '', remedy)
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
      return diagnosed('state', { state: { root: ROOT, entries, error: '' } })
    }
    assert.equal(opened(0o40750).result, 'warning')
    assert.equal(opened(0o40770).result, 'failure')
    assert.match(opened(0o40777).found[0]?.remedy ?? '', /`chmod 700 '\/var\/lib\/freshet\/agent'`/)
  })

  it('finds one file of another user, and goes by the owner that works when an agent runs', () => {
    const strange = { path: `${ROOT}/agent/outbox.db`, uid: 0, mode: 0o100600, isDirectory: false }
    const state = { root: ROOT, entries: [...wellFacts().state.entries, strange], error: '' }
    const { result, found } = diagnosed('state', { state })
    assert.equal(result, 'failure')
    assert.match(found[0]?.text ?? '', /outbox\.db belongs to uid 0/)
    assert.equal(diagnosed('state', { owner: { uid: 1, name: 'daemon' } }).result, 'ok')
    const none = { code: 'no-agent', message: '' } as const
    const stopped = diagnosed('state', { owner: { uid: 1, name: 'daemon' }, agent: none })
    assert.match(stopped.found[0]?.remedy ?? '', /chown -R 1 '\/var\/lib\/freshet'/)
  })

  it('says of a Mac without the app, or with half of it, what is missing', () => {
    const app = { path: '/Applications/Freshet.app', isThere: false, hasFilter: false }
    assert.equal(diagnosed('app', { platform: 'darwin', app }).result, 'failure')
    const half = diagnosed('app', { platform: 'darwin', app: { ...app, isThere: true } })
    assert.match(half.found[0]?.text ?? '', /no network filter/)
  })
})
