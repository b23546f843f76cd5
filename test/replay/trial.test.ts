// One recording under the policy of its time and under another.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PolicyDocument } from '../../src/engine/policy.ts'
import { Source } from '../../src/records/record.gen.ts'
import { openSource } from '../../src/replay/open.ts'
import type { ReplaySource } from '../../src/replay/source.ts'
import { type Alerted, severer, type TrialOptions, tryPolicy } from '../../src/replay/trial.ts'
import { createWatch } from '../../src/replay/watched-time.ts'
import { captureBlocks, HEADER, joined } from '../capture/captures.ts'
import { BOOT_UNIX_NS, MIB, Script } from '../engine/scenario.ts'

const HOUR_MS = 3_600_000
const UNTIL = new Date(Number(BOOT_UNIX_NS / 1_000_000n) + 1e9).toISOString().replace(/\.\d+/, '')

describe('a recording under another policy', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-trial-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  const written = (name: string, script: Script, deviceId = HEADER.deviceId): string => {
    const path = join(directory, name)
    writeFileSync(path, joined(captureBlocks([script.bytes()], { ...HEADER, deviceId })))
    return path
  }
  const opened = (...paths: string[]) =>
    async function* (): AsyncGenerator<ReplaySource> {
      for (const path of paths) yield await openSource(path, {})
    }
  /** Two programs, each to a host of its own, one of them twice. */
  const story = (recorded: PolicyDocument = {}): Script =>
    new Script()
      .policy(1, recorded)
      .start()
      .program({ pid: 100, path: '/tmp/first' })
      .program({ pid: 101, path: '/tmp/second', sha: 'ac' })
      .upload({ id: 1, total: 8 * MIB })
      .upload({ id: 2, pid: 101, to: '198.51.100.7', total: 6 * MIB })
      .ticks(2)
  const tried = (recorded: PolicyDocument, policy: PolicyDocument, more?: Partial<TrialOptions>) =>
    tryPolicy({ open: opened(written('a.fcap', story(recorded))), policy, ...more })
  const names = (of: Alerted[]): string[] => of.map(({ program }) => program)

  it('says what vanishes, and by which rule that is held back', async () => {
    const exceptions = [{ host: '198.51.100.0/24', until: UNTIL, bytesPerDayMax: 100 * MIB }]
    const { before, after, appear, vanish, change } = await tried({}, { exceptions })
    assert.deepEqual([before.alerts, after.alerts], [2, 1])
    assert.deepEqual([names(appear), names(vanish), change], [[], ['/tmp/second'], []])
    assert.deepEqual(vanish[0]?.destination, '198.51.100.7:443')
    assert.deepEqual([...before.heldBack], [])
    assert.deepEqual([...after.heldBack], [['exception for 198.51.100.0/24', 1]])
  })
  it('says what appears, against the policies that were recorded', async () => {
    const { before, after, appear, vanish } = await tried(
      { hostWhitelist: ['198.51.100.0/24'] },
      { hostWhitelist: ['192.0.2.0/24'] },
    )
    assert.deepEqual([before.alerts, after.alerts], [1, 2])
    assert.deepEqual([names(appear), names(vanish)], [['/tmp/second'], []])
    assert.deepEqual([...before.heldBack], [['198.51.100.0/24', 1]])
    assert.deepEqual([...after.heldBack], [])
  })
  it('says which severity is another, and finds nothing in the same policy', async () => {
    // On a network of one's own an upload is more ordinary than outside: somewhere between small and large that decides.
    const script = new Script().start()
    for (let n = 0; n < 12; n++)
      script.program({ pid: 100 + n, path: `/tmp/p${n}`, sha: `a${n.toString(16)}` }).upload({
        id: n + 1,
        pid: 100 + n,
        to: `10.2.${n}.4`,
        total: Math.round(2 ** (n / 2 + 18)),
      })
    const open = opened(written('b.fcap', script.ticks(2)))
    const { vanish, change } = await tryPolicy({
      ...{ open, policy: { externalNetworks: ['10.2.0.0/16'] } },
    })
    assert.deepEqual(vanish, [])
    assert.ok(change.length > 0)
    for (const { before, after } of change)
      assert.ok(severer(before.severity, after.severity) > 0, `${before.severity}`)
    const same = await tryPolicy({ open, policy: {} })
    assert.deepEqual([same.appear, same.vanish, same.change], [[], [], []])
    assert.deepEqual(same.before, same.after)
  })
  it('takes the same program on two machines for two, and sums what is held back', async () => {
    const one = written('a.fcap', story())
    const two = written('b.fcap', story(), '11111111-2222-4333-8444-555555555555')
    const policy = { hostWhitelist: ['0.0.0.0/0'] }
    const once = await tryPolicy({ open: opened(one), policy })
    const both = await tryPolicy({ open: opened(one, two), policy })
    assert.deepEqual(names(both.vanish).sort(), [
      ...['/tmp/first', '/tmp/first', '/tmp/second', '/tmp/second'],
    ])
    assert.equal((await tryPolicy({ open: opened(one, one), policy })).vanish.length, 2)
    assert.deepEqual([...both.after.heldBack], [['0.0.0.0/0', 4]])
    assert.equal(both.before.alerts, 4)
    assert.equal(both.hours, 2 * once.hours)
  })
  it('says that one comes less often', async () => {
    const script = story()
      .wait(30 * HOUR_MS)
      .ticks(2)
    const until = new Date(Number(BOOT_UNIX_NS / 1_000_000n) + script.nowMs)
    script.upload({ id: 3, total: 4_000 * MIB, localPort: 50_001 }).ticks(2)
    const ends = { until: until.toISOString().replace(/\.\d+/, ''), bytesPerDayMax: 100 * MIB }
    const policy = { exceptions: [{ program: '/tmp/first', ...ends }] }
    const { change, vanish } = await tryPolicy({ open: opened(written('c.fcap', script)), policy })
    assert.deepEqual(vanish, [])
    assert.deepEqual(
      change.map(({ before, after }) => [before.program, before.count, after.count]),
      [['/tmp/first', 2, 1]],
    )
  })
  it('counts the alerts of pairs for which it has no room', async () => {
    const { before, vanish } = await tried({}, {}, { pairsMax: 1 })
    assert.deepEqual([before.alerts, before.pairs.size, before.notCompared], [2, 1, 1])
    assert.deepEqual(vanish, [])
  })
  it('has the budget of the policy that is tried', async () => {
    assert.equal((await tried({}, { profile: 'quiet' })).budgetPerHostDay, 0.03)
  })

  const hoursOf = async (script: Script): Promise<number> => {
    const watch = createWatch()
    for await (const source of opened(written('w.fcap', script))())
      for await (const event of watch.over(source).events) void event
    return watch.hours()
  }
  const near = (found: number, hours: number) =>
    assert.ok(Math.abs(found - hours) < 1e-6, `${found}, wanted ${hours}`)
  it('was watched for as long as records came, and not while the machine slept', async () => {
    const script = new Script().start()
    for (let minute = 0; minute < 120; minute++) script.tick(60_000)
    near(await hoursOf(script), 2)
    script.wait(8 * HOUR_MS).tick()
    for (let minute = 0; minute < 60; minute++) script.tick(60_000)
    near(await hoursOf(script), 3)
    near(await hoursOf(script.policy(7, {})), 3)
  })
  it('was watched no longer for what came late, or has no time', async () => {
    const script = new Script()
    script.from(Source.none).wait(-script.nowMs).policy(1, {}).from(Source.linux)
    script.wait(300_000).tick()
    for (let minute = 0; minute < 30; minute++) {
      script.tick(60_000)
      script.wait(-30_000).tick()
      script.wait(30_000)
    }
    near(await hoursOf(script), 0.5)
  })
  it('was watched over a boot, whose time begins anew', async () => {
    const script = new Script().start()
    for (let minute = 0; minute < 30; minute++) script.tick(60_000)
    script.nowMs = 5_000
    script.mark(1, '', new Uint8Array(16).fill(9))
    for (let minute = 0; minute < 30; minute++) script.tick(60_000)
    near(await hoursOf(script), 1)
  })
})
