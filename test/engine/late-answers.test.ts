// Programs of which sense said first that there was no time to look at them.
import assert from 'node:assert/strict'
import { alertOf, MIB, machine, type ProgramSpec, tell } from './scenario.ts'

const ETIMEDOUT = 110
const ENOENT = 2
const OWNER_UNKNOWN = 0xffffffff
const probe: ProgramSpec = { pid: 100, path: '/home/ann/probe', parent: 50 }
/** Not even looked at. */
const noTime = { owner: OWNER_UNKNOWN, error: ETIMEDOUT, found: { mode: 0 } }
const KEY = `unsigned:sha256:${'ab'.repeat(32)}`
const BY_PATH = 'unknown:path:/home/ann/probe'
const sightedAs = (script: ReturnType<typeof machine>) =>
  tell(script)
    .sightings.filter(({ of, identity }) => of === 'identity' && identity.name === 'probe')
    .map(({ identity }) => identity.key)

describe('a program that there was no time for', () => {
  it('is what its file is found to be later, with all that it sent', () => {
    const script = machine()
      .exec(probe)
      .inspected({ ...probe, ...noTime })
      .upload({ id: 1, total: 8 * MIB, steps: 2 })
      .exit(100)
      .ticks(20)
    assert.equal(tell(script).alerts.at(-1)?.identity.key, BY_PATH)
    assert.deepEqual(sightedAs(script), [])
    const { alerts, baseline } = tell(script.inspected(probe).ticks(70))
    assert.equal(alerts.at(-1)?.identity.key, KEY)
    assert.equal(alerts.at(-1)?.bytesOut, 8 * MIB)
    assert.equal(new Set(alerts.map(({ id }) => id)).size, 1)
    assert.deepEqual(sightedAs(script), [KEY])
    assert.equal(baseline.identity(KEY)?.sha256, 'ab'.repeat(32))
  })

  it('is one program for all its processes: none of 48 stays known by its path', () => {
    const script = machine()
    const pids = Array.from({ length: 48 }, (_, i) => 100 + i)
    for (const pid of pids) {
      script.exec({ ...probe, pid }).inspected({ ...probe, ...noTime, pid })
      script.flow({ id: pid, pid, out: MIB, state: 'closed' }).exit(pid)
    }
    script.ticks(8)
    for (const pid of pids) script.inspected({ ...probe, pid })
    const { alerts, engine, summaries } = tell(script.ticks(70))
    engine.finish()
    const later = engine
      .takeFindings()
      .flatMap((one) => (one.kind === 'summary' ? one.summary : []))
    const keys = [...summaries, ...later].map(({ identityKey }) => identityKey)
    assert.deepEqual([...new Set(keys)], [KEY])
    const last = alerts.at(-1)
    assert.deepEqual([last?.identity.key, last?.bytesOut, last?.flows], [KEY, 48 * MIB, 48])
    assert.deepEqual(sightedAs(script), [KEY])
  })

  it('is known by its path from a minute later, and said so', () => {
    const script = machine()
      .exec(probe)
      .inspected({ ...probe, ...noTime })
    assert.deepEqual(sightedAs(script.ticks(59)), [])
    assert.deepEqual(sightedAs(script.ticks(2)), [BY_PATH])
    assert.deepEqual(sightedAs(script.inspected(probe)), [BY_PATH])
    const found = alertOf(script, 8 * MIB)
    assert.match(found.doubt, /its file was not read \(errno 110: reading it took too long\)/)
  })

  it('keeps what is known of it where the second answer has no more', () => {
    const script = machine()
      .exec(probe)
      .inspected({ ...probe, ...noTime })
      .inspected({ ...probe, error: ENOENT })
      .inspected({ ...probe, ...noTime })
    assert.deepEqual(sightedAs(script.ticks(5)), [])
    assert.deepEqual(sightedAs(script.inspected(probe).inspected({ ...probe, sha: 'cd' })), [KEY])
  })

  it('is no less suspect meanwhile where its owner is known', () => {
    const known = { ...probe, error: ETIMEDOUT, owner: 1000 }
    const { identity } = alertOf(machine().exec(probe).inspected(known), 8 * MIB)
    assert.equal(identity.key, 'unsigned:path:/home/ann/probe')
  })

  it('is waited for in a bounded number', () => {
    const script = machine()
    for (let pid = 1000; pid < 1000 + 1025; pid++) {
      const one = { pid, path: `/home/ann/probe`, parent: 50 }
      script.exec(one).inspected({ ...one, ...noTime })
    }
    assert.deepEqual(sightedAs(script.ticks(1)), [BY_PATH])
  })

  it('stands at the end of an engine as it was answered', () => {
    const script = machine()
      .exec(probe)
      .inspected({ ...probe, ...noTime })
    const { engine, baseline } = tell(script)
    assert.equal(baseline.identity(BY_PATH), undefined)
    engine.finish()
    assert.equal(baseline.identity(BY_PATH)?.signerClass, 'unknown')
  })

  it('counts for the script that it runs likewise', () => {
    const python = { pid: 100, path: '/usr/bin/python3', parent: 50, owner: 0, sha: 'cd' }
    const run = { ...python, script: '/home/ann/job.py' }
    const script = machine()
      .exec(run)
      .inspected(run)
      .scriptInspected({ ...run, scriptFound: noTimeForScript })
      .upload({ id: 1, total: 300 * MIB, steps: 2 })
      .ticks(7)
    assert.match(tell(script).alerts.at(-1)?.identity.key ?? '', / script \/home\/ann\/job\.py/)
    const { alerts } = tell(script.scriptInspected(run).ticks(70))
    assert.match(alerts.at(-1)?.identity.key ?? '', / script (5c){32}/)
  })
})
const noTimeForScript = { ownerUid: OWNER_UNKNOWN, error: ETIMEDOUT, mode: 0 }
