// Of several that made connections which a process was given, and of those above it, whose it counts for; for how long;
// and that the next engine knows it.
import assert from 'node:assert/strict'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { createEngine } from '../../src/engine/engine.ts'
import {
  Direction,
  ExecFlag,
  Mark,
  Script as ScriptFrom,
  Source,
} from '../../src/records/record.gen.ts'
import {
  copyOf,
  HOUR_MS,
  MIB,
  machine,
  type ProgramSpec,
  SCRIPT_HASH,
  Script,
  type Told,
  tell,
} from './scenario.ts'

const hashKey = (sha: string): string => `unsigned:sha256:${sha.repeat(32)}`
const IDE: ProgramSpec = { pid: 60, path: '/home/ann/ide/ide', sha: 'bb', parent: 1 }
const LAUNCHER: ProgramSpec = { pid: 100, path: '/home/ann/launcher', sha: 'aa', parent: 60 }
const CAT: ProgramSpec = { pid: 100, path: '/usr/bin/cat', pidversion: 2, parent: 60, owner: 0 }
const PLAIN: ProgramSpec = { ...CAT, path: '/usr/bin/plainsort', parent: 50 }
const SERVICE = { pid: 200, path: '/usr/sbin/serviced' }

/** A program with a connection of its own, `id`, that it gives to `to`, which sends `out` through it and ends it. */
function gives(script: Script, by: ProgramSpec, id: number, to = SERVICE.pid, out = 5_000): Script {
  const flow = { id, pid: by.pid, pidversion: by.pidversion ?? 1 }
  const given = { id, pid: to, pidversion: 1 }
  script
    .program(by)
    .flow({ ...flow, state: 'opened' })
    .flow(given)
  script
    .flow({ ...given, out })
    .tick(1_000)
    .flow({ ...given, out, state: 'closed' })
  return script.exit(by.pid, by.pidversion)
}

/** `sha` tells who it is. */
const other = (pid: number, sha: string): ProgramSpec => ({
  pid,
  path: `/home/ann/${sha}`,
  sha,
  parent: 1,
})

const keyOf = ({ alerts }: Told): string => {
  const alert = alerts.at(-1)
  assert.ok(alert, 'no alert')
  return alert.identity.key
}

/** Who is said to send, once `pid` sends much by a connection of its own, or the one that it was given. */
const sends = (script: Script, pid: number, pidversion = 1, id = 900): string =>
  keyOf(tell(script.upload({ id, pid, pidversion, total: 300 * MIB, steps: 2 }).ticks(7)))

/** `by` connects, and becomes `next`. */
const executed = (script: Script, by: ProgramSpec, next: ProgramSpec, id = 1): Script =>
  script
    .program(by)
    .flow({ id, pid: by.pid, pidversion: by.pidversion ?? 1, state: 'opened' })
    .program(next)
    .flow({ id, pid: next.pid, pidversion: next.pidversion ?? 1, out: 10 })

describe('of those that it may act for', () => {
  it('who made the connection goes before who is above it', () => {
    const script = executed(machine().program(IDE), LAUNCHER, CAT)
    assert.equal(sends(script, 100, 2), `platform:/usr/bin/cat via ${hashKey('aa')}`)
  })

  it('who made the last one goes before who made another', () => {
    for (const next of [CAT, PLAIN]) {
      const script = executed(machine().program(IDE), LAUNCHER, {
        ...LAUNCHER,
        path: '/home/ann/second',
        sha: 'ac',
        pidversion: 2,
      })
      const last = { ...next, pidversion: 3 }
      script.flow({ id: 2, pid: 100, pidversion: 2, state: 'opened', to: '198.51.100.9' })
      script.program(last).flow({ id: 1, pid: 100, pidversion: 3, out: 20 })
      script.flow({ id: 2, pid: 100, pidversion: 3, out: 20, to: '198.51.100.9' })
      assert.equal(sends(script, 100, 3), `platform:${next.path} via ${hashKey('ac')}`)
    }
  })

  it('a script that made it is named, whoever is above both', () => {
    for (const above of [IDE, { ...IDE, path: '/usr/sbin/atd', owner: 0 }]) {
      const bash = { ...LAUNCHER, path: '/usr/bin/bash', owner: 0, script: '/home/ann/send.sh' }
      const script = executed(machine().program(above), bash, CAT)
      const via = above === IDE ? hashKey('bb') : 'platform:/usr/sbin/atd'
      assert.equal(sends(script, 100, 2), `platform:/usr/bin/cat script ${SCRIPT_HASH} via ${via}`)
    }
  })

  it('one that was not seen goes before who is above, and hides none that was', () => {
    const script = machine().program(IDE)
    script.program(LAUNCHER).program({ ...CAT, pid: 300, pidversion: 1 })
    script.flow({ id: 1, pid: 299, state: 'opened' }).flow({ id: 1, pid: 300, out: 10 }).ticks(14)
    script.flow({ id: 2, pid: 100, state: 'opened', to: '198.51.100.9' })
    const unseen = new Script()
    unseen.nowMs = script.nowMs
    unseen.records = [...script.records]
    assert.equal(sends(unseen, 300), 'platform:/usr/bin/cat via unknown')
    script.flow({ id: 2, pid: 300, out: 10, to: '198.51.100.9' })
    script.flow({ id: 3, pid: 298, state: 'opened', to: '198.51.100.10' })
    script.flow({ id: 3, pid: 300, out: 10, to: '198.51.100.10' }).ticks(14)
    assert.equal(sends(script, 300), `platform:/usr/bin/cat via ${hashKey('aa')}`)
  })

  it('one that the system vouches for gives no new name', () => {
    const script = machine().system(60, '/usr/sbin/sshd').system(70, '/usr/sbin/dialler')
    script.program({ ...CAT, pid: 300, pidversion: 1 })
    script.flow({ id: 1, pid: 70, state: 'opened' }).flow({ id: 1, pid: 300, out: 10 })
    assert.equal(sends(script, 300), 'platform:/usr/bin/cat via platform:/usr/sbin/sshd')
  })
})

describe('a service that is given connections by many', () => {
  const service = (): Script => machine().system(SERVICE.pid, SERVICE.path)
  /** The flows that were counted for each identity. */
  const counted = (told: Told): Record<string, number> => {
    told.engine.finish()
    const found: Record<string, number> = {}
    for (const one of [...told.findings, ...told.engine.takeFindings()])
      if (one.kind === 'summary')
        found[one.summary.identityKey] = (found[one.summary.identityKey] ?? 0) + one.summary.flows
    return found
  }

  it('stays itself, and what it has open is counted once, where they are vouched for as it is', () => {
    const script = service()
    script.flow({ id: 500, pid: 200, state: 'opened', to: '198.51.100.9' })
    script.flow({ id: 500, pid: 200, out: 5_000, to: '198.51.100.9' })
    for (let n = 0; n < 20; n++)
      gives(script, { ...other(300 + n, 'dd'), path: `/usr/sbin/dialler${n}`, owner: 0 }, 10 + n)
    const told = tell(script.ticks(7))
    assert.deepEqual(counted(told), { [`platform:${SERVICE.path}`]: 21 })
    assert.deepEqual(told.alerts, [])
  })

  it('keeps what it has open where that is while it is not known who gives', () => {
    for (const by of [
      { ...other(300, 'd0'), path: '/usr/sbin/dialler', owner: 0 },
      other(300, 'd0'),
    ]) {
      const script = service()
      script.flow({ id: 500, pid: 200, state: 'opened', to: '198.51.100.9' })
      script.flow({ id: 500, pid: 200, out: 5_000, to: '198.51.100.9' })
      script.exec(by).flow({ id: 10, pid: 300, state: 'opened' }).flow({ id: 10, pid: 200 })
      script.flow({ id: 10, pid: 200, out: 5_000 })
      script.flow({ id: 500, pid: 200, out: 6_000, to: '198.51.100.9' }).ticks(2).inspected(by)
      script.flow({ id: 500, pid: 200, out: 7_000, to: '198.51.100.9' }).ticks(7)
      const own = `platform:${SERVICE.path}`
      assert.deepEqual(
        counted(tell(script)),
        by.owner === 0 ? { [own]: 2 } : { [own]: 1, [`${own} via ${hashKey('d0')}`]: 2 },
      )
    }
  })

  it('serves what it was given as that one’s, also where that one was not known at once', () => {
    const script = service()
    const served = { direction: Direction.inbound, localPort: 8080, port: 40_001 }
    script
      .flow({ ...served, id: 9, pid: 200, state: 'opened' })
      .flow({ ...served, id: 9, pid: 200 })
    // It has an identity of its own by now.
    script.flow({ id: 8, pid: 200, state: 'opened', to: '198.51.100.9' })
    script.flow({ id: 8, pid: 200, out: 5_000, to: '198.51.100.9' })
    const by = other(300, 'aa')
    script.exec(by).flow({ ...served, id: 10, pid: 300, state: 'opened' })
    script
      .flow({ ...served, id: 10, pid: 200 })
      .ticks(2)
      .inspected(by)
    for (let out = 1; out <= 4; out++)
      script.tick(1_000).flow({ ...served, id: 10, pid: 200, out: out * 20 * MIB })
    assert.equal(keyOf(tell(script.ticks(70))), `platform:${SERVICE.path} via ${hashKey('aa')}`)
  })

  it('stays that one’s who gives again and again, however many of the system’s give between', () => {
    const script = service()
    for (let n = 0; n < 20; n++) {
      gives(script, other(300 + n, 'aa'), 10 + n)
      gives(script, { ...other(400 + n, 'dd'), path: `/usr/sbin/dialler${n}`, owner: 0 }, 50 + n)
    }
    const told = tell(script.ticks(7))
    assert.deepEqual(Object.keys(counted(told)), [`platform:${SERVICE.path} via ${hashKey('aa')}`])
    assert.equal(sends(script, 200), `platform:${SERVICE.path} via ${hashKey('aa')}`)
  })

  it('is nobody’s whom it was not given by, and with a ninth no better', () => {
    const script = service()
    const shas = Array.from({ length: 12 }, (_, n) => `e${n.toString(16)}`)
    for (const [n, sha] of shas.entries()) gives(script, other(300 + n, sha), 10 + n)
    const told = tell(script.ticks(7))
    assert.deepEqual(
      Object.keys(counted(told)),
      shas.map((sha) => `platform:${SERVICE.path} via ${hashKey(sha)}`),
    )
    assert.equal(sends(script, 200), `platform:${SERVICE.path} via ${hashKey('eb')}`)
  })

  it('is itself again a day after what it was given is closed', () => {
    const own = { id: 600, pid: 200, to: '198.51.100.9' }
    const until = (hours: number, isOpen = false): string[] => {
      const script = service()
      if (isOpen) {
        const flow = { id: 10, pid: 300 }
        script.program(other(300, 'aa')).flow({ ...flow, state: 'opened' })
        script.flow({ ...flow, pid: 200 }).flow({ ...flow, pid: 200, out: 5_000 })
      } else gives(script, other(300, 'aa'), 10)
      script.flow({ ...own, state: 'opened' }).flow({ ...own, out: 1_000 })
      script.ticks(7)
      for (let hour = 0; hour < hours; hour++) script.wait(HOUR_MS).tick()
      return Object.keys(counted(tell(script.flow({ ...own, out: 2_000 }).ticks(7))))
    }
    const via = `platform:${SERVICE.path} via ${hashKey('aa')}`
    assert.deepEqual(until(22), [via])
    assert.deepEqual(until(26), [via, `platform:${SERVICE.path}`])
    // While one is open that was given, who reads it may still be told by it what to do.
    assert.deepEqual(until(80, true), [via])
  })
})

describe('what is known after a restart of the agent', () => {
  /** What a second engine says of (100, 3), which runs `found`, after the first read `script`. */
  const restarted = (script: Script, found: ProgramSpec, others: ProgramSpec[] = []): Told => {
    const baseline = openMemoryBaseline()
    const first = createEngine({ deviceId: 'd', baseline })
    first.save(0)
    first.push(copyOf(script.ticks(9).bytes()))
    first.save(0)
    const then = new Script().mark(Mark.start)
    const flags = ExecFlag.enumerated | ExecFlag.exeConfirmed
    for (const spec of [...others, { ...found, pidversion: 3 }]) then.program({ ...spec, flags })
    then.mark(Mark.enumerated)
    then.upload({ id: 2, pid: 100, pidversion: 3, total: 95 * MIB }).ticks(70)
    return tell(then, { baseline })
  }

  it('is for whom it acts: what it sends is that one’s, and nobody’s whom it did not know', () => {
    for (const next of [PLAIN, CAT]) {
      const told = restarted(executed(machine().program(IDE), LAUNCHER, next), next, [IDE])
      const key = `platform:${next.path} via ${hashKey('aa')}`
      const [alert] = told.alerts
      assert.deepEqual(
        [alert?.identity.key, alert?.identity.signerClass, alert?.responsibleKey],
        [key, next === CAT ? 'platform' : 'unsigned', hashKey('aa')],
      )
      assert.ok(
        told.sightings.every(({ of }) => of !== 'identity'),
        'a new program',
      )
    }
  })

  it('is not for whom it acts once a day has passed, and nothing is open that it had then', () => {
    for (const isOpen of [true, false]) {
      const baseline = openMemoryBaseline()
      const first = createEngine({ deviceId: 'd', baseline })
      first.save(0)
      first.push(
        copyOf(
          executed(machine(), { ...LAUNCHER, parent: 50 }, PLAIN)
            .ticks(9)
            .bytes(),
        ),
      )
      first.save(0)
      const then = new Script().mark(Mark.start)
      const flags = ExecFlag.enumerated | ExecFlag.exeConfirmed
      then.program({ ...PLAIN, pidversion: 3, flags }).mark(Mark.enumerated)
      const given = { id: 1, pid: 100, pidversion: 3, out: 10 }
      then.flow(given)
      if (!isOpen) then.flow({ ...given, state: 'closed' })
      for (let hour = 0; hour < 27; hour++) then.wait(HOUR_MS).tick()
      const own = { id: 2, pid: 100, pidversion: 3, to: '198.51.100.9' }
      then.upload({ ...own, total: 300 * MIB, steps: 2 }).ticks(7)
      const via = isOpen ? ` via ${hashKey('aa')}` : ''
      assert.equal(keyOf(tell(then, { baseline })), `platform:${PLAIN.path}${via}`)
    }
  })

  it('is the script that made it', () => {
    const bash = { ...LAUNCHER, path: '/usr/bin/bash', owner: 0, script: '/home/ann/send.sh' }
    const told = restarted(executed(machine(), { ...bash, parent: 50 }, PLAIN), PLAIN)
    const key = `platform:${PLAIN.path} script ${SCRIPT_HASH} via platform:/usr/sbin/cron`
    assert.equal(keyOf(told), key)
    assert.match(told.alerts[0]?.sentence ?? '', /\/home\/ann\/send\.sh/)
  })

  it('is that somebody gave it what it has, where it was not known yet who', () => {
    const script = machine().exec(LAUNCHER).program(PLAIN)
    script.flow({ id: 1, pid: 100, state: 'opened' })
    script.flow({ id: 1, pid: 100, pidversion: 2, out: 10 })
    assert.equal(keyOf(restarted(script, PLAIN)), `platform:${PLAIN.path} via unknown`)
  })

  it('hides nobody who gives it something since, where it was not known who gave before', () => {
    const plain = { ...PLAIN, pid: 300, pidversion: 1 }
    const script = machine().program(plain)
    // By one that nobody has seen.
    script.flow({ id: 1, pid: 299, state: 'opened' }).flow({ id: 1, pid: 300, out: 10 }).ticks(14)
    const baseline = openMemoryBaseline()
    const first = createEngine({ deviceId: 'd', baseline })
    first.save(0)
    first.push(copyOf(script.bytes()))
    first.save(0)
    const then = new Script().mark(Mark.start)
    const flags = ExecFlag.enumerated | ExecFlag.exeConfirmed
    then.program({ ...plain, pidversion: 3, flags }).mark(Mark.enumerated)
    const made = { id: 5, to: '198.51.100.9' }
    then.program({ ...LAUNCHER, parent: 50, pid: 77 }).flow({ ...made, pid: 77, state: 'opened' })
    for (let step = 1; step <= 5; step++)
      then.tick(1000).flow({ ...made, pid: 300, pidversion: 3, out: step * 19 * MIB })
    const told = tell(then.ticks(70), { baseline })
    assert.equal(keyOf(told), `platform:${PLAIN.path} via ${hashKey('aa')}`)
  })
})

describe('a version of a script', () => {
  it('is as old a server as itself, not as the one before', () => {
    const python = (version: number, byte: string): ProgramSpec => ({
      pid: 100,
      pidversion: version,
      path: '/usr/bin/python3',
      owner: 0,
      parent: 50,
      script: '/home/ann/server.py',
      scriptFrom: ScriptFrom.kernel,
      scriptFound: {
        sha256: Uint8Array.from(Buffer.from(byte.repeat(32), 'hex')),
        ownerUid: 1000,
      },
    })
    const from = { pid: 100, direction: Direction.inbound, localPort: 8080 }
    const served = (edited: boolean): number => {
      const script = machine().from(Source.linux).program(python(1, 'b0'))
      script.upload({ id: 9, total: 1_000, answer: 5_000 }).ticks(70)
      script.wait(31 * 24 * HOUR_MS).tick()
      const pidversion = edited ? 2 : 1
      if (edited) script.program(python(2, 'ee'))
      script.upload({ ...from, pidversion, id: 1, total: 30 * MIB, answer: 300, port: 40_001 })
      return tell(script.ticks(70)).engine.counters().leftOut.inbound
    }
    assert.equal(served(false), 1)
    assert.equal(served(true), 0)
  })
})
