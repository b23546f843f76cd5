// A connection that one program makes and another writes to: who writes acts for who made it, whatever it is called.
import assert from 'node:assert/strict'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { createEngine } from '../../src/engine/engine.ts'
import type { Alert } from '../../src/engine/finding.ts'
import {
  Direction,
  ExecFlag,
  InspectedFlag,
  Mark,
  Signature,
  Source,
} from '../../src/records/record.gen.ts'
import {
  copyOf,
  type FlowSpec,
  MIB,
  machine,
  type ProgramSpec,
  SCRIPT_HASH,
  Script,
  type Told,
  tell,
} from './scenario.ts'

const SUM = 95 * MIB
/** A program of the system that is on no list. */
const PLAIN = '/usr/bin/plainsort'
const launcher: ProgramSpec = { pid: 100, path: '/home/ann/launcher', parent: 50, sha: 'aa' }
const launcherKey = `unsigned:sha256:${'aa'.repeat(32)}`
const plain: ProgramSpec = { pid: 100, pidversion: 2, path: PLAIN, parent: 50, owner: 0 }
const inbound = { direction: Direction.inbound, localPort: 8080, port: 40_001 }

/** The flow is `from`'s with `before` bytes, then `to`'s, which sends SUM more. */
function handed(script: Script, from: FlowSpec, to: Partial<FlowSpec>, before = 0): Script {
  script.flow({ ...from, state: 'opened' }).tick(100)
  script.flow({ ...from, out: before }).flow({ ...from, ...to, out: before })
  for (let step = 1; step <= 4; step++)
    script.tick(1_000).flow({ ...from, ...to, out: before + (SUM * step) / 4 })
  return script.ticks(70)
}

const executed = (by: ProgramSpec, next: ProgramSpec = plain, more: Partial<FlowSpec> = {}): Told =>
  tell(
    handed(
      machine()
        .program(by)
        .program({ ...next, pid: by.pid, pidversion: 2 }),
      { id: 1, pid: by.pid, ...more },
      { pidversion: 2 },
    ),
  )

const lastOf = ({ alerts }: Told): Alert => {
  const alert = alerts.at(-1)
  assert.ok(alert, 'no alert')
  return alert
}

/** A high alert of all that was sent, as the program's that acts for the launcher. */
function isForLauncher(told: Told, path = PLAIN): void {
  const { identity, responsibleKey, severity, bytesOut, sentence } = lastOf(told)
  assert.equal(identity.key, `platform:${path} via ${launcherKey}`)
  assert.deepEqual([identity.signerClass, responsibleKey], ['unsigned', launcherKey])
  assert.deepEqual([severity, bytesOut], ['high', SUM])
  assert.match(sentence, /\(no better than unsigned\), run for “\/home\/ann\/launcher” \(unsigned/)
}

describe('a connection that another program made', () => {
  it('is sent through for that one: by an exec, from the first byte on', () => {
    isForLauncher(executed(launcher))
  })

  it('is sent through for that one: by an exec, after some bytes', () => {
    const script = machine().program(launcher).program(plain)
    isForLauncher(tell(handed(script, { id: 1, pid: 100 }, { pidversion: 2 }, 700)))
  })

  it('is sent through for that one: accepted', () => {
    isForLauncher(executed(launcher, plain, inbound))
  })

  it('is sent through for that one: by a fork and an exec', () => {
    const script = machine()
      .program(launcher)
      .fork(101, 100)
      .program({ ...plain, pid: 101 })
    isForLauncher(tell(handed(script, { id: 1, pid: 100 }, { pid: 101, pidversion: 2 })))
  })

  it('is sent through for that one: passed over a socket to one that runs already', () => {
    const script = machine().system(200, PLAIN).program(launcher)
    // What it sends by itself before is its own.
    script.flow({ id: 9, pid: 200, state: 'opened' }).flow({ id: 9, pid: 200, out: 5_000 })
    const told = tell(handed(script, { id: 1, pid: 100 }, { pid: 200 }))
    isForLauncher(told)
    told.engine.finish()
    const own = told.engine
      .takeFindings()
      .flatMap((one) => (one.kind === 'summary' ? [one.summary] : []))
      .find(({ identityKey }) => identityKey === `platform:${PLAIN}`)
    assert.equal(own?.bytesOut, 5_000)
  })

  it('is sent through for that one: also with a connection of its own after', () => {
    const script = machine().program(launcher).program(plain)
    script.flow({ id: 1, pid: 100, state: 'opened' })
    script.flow({ id: 1, pid: 100, pidversion: 2, out: 10 })
    script.flow({ id: 2, pid: 100, pidversion: 2, state: 'opened', to: '198.51.100.9' })
    for (let out = 1; out < 4; out++)
      script
        .tick(1_000)
        .flow({ id: 2, pid: 100, pidversion: 2, out: out * MIB, to: '198.51.100.9' })
    const { identity } = lastOf(tell(script.ticks(70)))
    assert.equal(identity.key, `platform:${PLAIN} via ${launcherKey}`)
  })

  it('is sent through for that one: however many had it between', () => {
    const script = machine().program(launcher).program(plain)
    const flow = { id: 1, pid: 100 }
    script.flow({ ...flow, state: 'opened' }).flow({ ...flow, pidversion: 2, out: 10 })
    for (let version = 3; version < 40; version++)
      script
        .program({ ...plain, path: `/usr/bin/plain${version}`, pidversion: version })
        .flow({ ...flow, pidversion: version, out: 10 * version })
    for (let out = 1; out < 4; out++)
      script.tick(1_000).flow({ ...flow, pidversion: 39, out: out * MIB })
    const { identity } = lastOf(tell(script.ticks(70)))
    assert.equal(identity.key, `platform:/usr/bin/plain39 via ${launcherKey}`)
  })

  it('is known as soon as the file of who made it is', () => {
    const script = machine().exec(launcher).program(plain)
    script.flow({ id: 1, pid: 100, state: 'opened' })
    script.flow({ id: 1, pid: 100, pidversion: 2, out: 10 })
    for (let out = 1; out < 4; out++)
      script.tick(1_000).flow({ id: 1, pid: 100, pidversion: 2, out: out * MIB })
    script.inspected(launcher)
    const { identity } = lastOf(tell(script.ticks(70)))
    assert.equal(identity.key, `platform:${PLAIN} via ${launcherKey}`)
  })

  it('is nobody’s whom the system knows where who made it was not seen', () => {
    const script = machine().program({ ...plain, pid: 300 })
    const told = tell(handed(script, { id: 1, pid: 299 }, { pid: 300, pidversion: 2 }))
    const { identity, bytesOut } = lastOf(told)
    assert.equal(identity.key, `platform:${PLAIN} via unknown`)
    assert.equal(bytesOut, SUM)
  })

  it('is known after a restart to be that one’s', () => {
    const baseline = openMemoryBaseline()
    const first = createEngine({ deviceId: 'd', baseline })
    first.save(0)
    const script = machine().program(launcher).program(plain)
    script.flow({ id: 1, pid: 100, state: 'opened' })
    first.push(copyOf(script.flow({ id: 1, pid: 100, pidversion: 2, out: 10 }).tick(9).bytes()))
    first.save(0)
    const then = new Script()
    const found = { ...plain, pidversion: 3, flags: ExecFlag.enumerated | ExecFlag.exeConfirmed }
    then.mark(Mark.start).program(found).mark(Mark.enumerated)
    then.upload({ id: 2, pid: 100, pidversion: 3, total: SUM }).ticks(70)
    const { identity } = lastOf(tell(then, { baseline }))
    assert.deepEqual(
      [identity.key, identity.signerClass],
      [`platform:${PLAIN} via ${launcherKey}`, 'unsigned'],
    )
  })

  it('is of the script that made it, as what its interpreter executes is', () => {
    const by = { ...launcher, path: '/usr/bin/bash', owner: 0, script: '/home/ann/send.sh' }
    const { identity, bytesOut } = lastOf(executed(by))
    assert.equal(
      identity.key,
      `platform:${PLAIN} script ${SCRIPT_HASH} via platform:/usr/sbin/cron`,
    )
    assert.equal(bytesOut, SUM)
  })

  it('makes what others use to send no better than who made it', () => {
    const cat = { ...plain, path: '/usr/bin/cat' }
    const { identity, severity } = lastOf(executed(launcher, cat))
    assert.deepEqual([identity.key, severity], [`platform:/usr/bin/cat via ${launcherKey}`, 'high'])
  })

  it('is as well with what is executed for one that was given it', () => {
    const script = machine().program(launcher).program(plain)
    script.flow({ id: 1, pid: 100, state: 'opened' })
    script.flow({ id: 1, pid: 100, pidversion: 2, out: 10 })
    script.program({
      pid: 101,
      path: '/usr/bin/curl',
      parent: 100,
      owner: 0,
      kernel: { parentPidversion: 2 },
    })
    const { identity } = lastOf(tell(script.upload({ id: 2, pid: 101, total: 2 * MIB }).ticks(7)))
    assert.equal(identity.key, `platform:/usr/bin/curl via ${launcherKey}`)
  })

  for (const source of [Source.endpointSecurity, Source.networkStatistics])
    it(`is told alike where flows come from ${source === Source.networkStatistics ? 'NetworkStatistics' : 'the filter'} of a Mac`, () => {
      const mac: ProgramSpec = { ...launcher, path: '/Users/ann/launcher', parent: 0 }
      const apple: ProgramSpec = {
        ...plain,
        flags: ExecFlag.platformBinary,
        kernel: { codesignFlags: 1, signingId: 'com.apple.plainsort' },
        found: { signature: Signature.valid, flags: InspectedFlag.apple },
      }
      const script = machine().from(Source.endpointSecurity).start()
      script.program(mac).program(apple)
      const flows = source === Source.networkStatistics ? source : Source.filter
      const told = tell(handed(script, { id: 1, pid: 100, source: flows }, { pidversion: 2 }))
      const { identity, severity } = lastOf(told)
      assert.deepEqual(
        [identity.key, severity],
        [`platform:com.apple.plainsort via ${launcherKey}`, 'high'],
      )
    })
})

describe('a connection that an honest program hands on', () => {
  const quiet = (told: Told): void => assert.deepEqual(told.alerts, [])

  for (const [name, by, next] of [
    ['inetd', '/usr/sbin/inetd', '/usr/sbin/in.fingerd'],
    ['systemd, for a socket that it listens on', '/usr/lib/systemd/systemd', '/usr/sbin/cupsd'],
    ['sshd', '/usr/sbin/sshd', '/usr/lib/openssh/sshd-session'],
    ['a web server, to a CGI program', '/usr/sbin/apache2', '/usr/lib/cgi-bin/report'],
  ] as const)
    it(`raises nothing: ${name}`, () => {
      const script = machine().system(100, by).system(200, next, 100)
      const told = tell(handed(script, { id: 1, pid: 100, ...inbound }, { pid: 200 }))
      quiet(told)
      assert.equal(told.engine.counters().leftOut.inbound, 2) // by each of both
    })

  it('raises nothing, and gives no new name, where both are the system’s', () => {
    const script = machine().system(100, '/usr/sbin/dialler').system(200, PLAIN, 100)
    const told = tell(handed(script, { id: 1, pid: 100 }, { pid: 200 }))
    quiet(told)
    assert.ok(told.sightings.every(({ identity }) => !identity.key.includes(' via ')))
  })

  it('stays that of who made it when it comes back', () => {
    const script = machine()
      .system(200, PLAIN)
      .program({ ...launcher, parent: 200 })
    const flow = { id: 1, pid: 200 }
    script.flow({ ...flow, state: 'opened' }).flow({ ...flow, out: 100 })
    script.flow({ ...flow, pid: 100, out: 100 }).flow({ ...flow, pid: 100, out: 200 })
    script.flow({ ...flow, out: 200 })
    for (let step = 1; step <= 4; step++)
      script.tick(1_000).flow({ ...flow, out: (SUM * step) / 4 })
    const told = tell(script.ticks(70))
    quiet(told)
    assert.ok(told.sightings.every(({ identity }) => !identity.key.includes(' via ')))
  })

  it('is not of a program that made a socket for another, as a Mac’s system does', () => {
    const script = machine().system(200, PLAIN).program(launcher)
    const flow = { id: 1, pid: 100 }
    script.flow({ ...flow, state: 'opened' }).name(1, '', 100)
    quiet(tell(handed(script, flow, { pid: 200 })))
  })
})
