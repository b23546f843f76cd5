// Flows of processes that had gone before anybody could look at them.
import assert from 'node:assert/strict'
import { DEFAULT_POLICY } from '../../src/engine/policy.ts'
import { nameOfGone } from '../../src/engine/process/gone-processes.ts'
import { Capability, ExecFlag, FlowFlag, Source } from '../../src/records/record.gen.ts'
import { MIB, Script, tell } from './scenario.ts'

const UUID = '07'.repeat(16)
const { networkStatistics, polling, nettop } = Source

/** A Mac that is looked at by polling; pid 100 is by now a program of the system. */
const mac = (source: number = networkStatistics): Script =>
  new Script()
    .from(polling, Capability.processEvents)
    .start()
    .program({
      pid: 100,
      path: '/usr/libexec/trustd',
      kernel: {
        signingId: 'com.apple.trustd',
        flags: ExecFlag.platformBinary,
        codesignFlags: 0x2400_0001,
      },
    })
    .from(source, Capability.flowCloses)
    .start()
const flow = { id: 1, pid: 100, pidversion: 0 }
const keysOf = ({ alerts }: ReturnType<typeof tell>) => [
  ...new Set(alerts.map(({ identity }) => identity.key)),
]

describe('a process that had gone', () => {
  for (const isEarly of [true, false])
    it(`is known by what its flow says of it, ${isEarly ? 'before' : 'after'} the flow itself`, () => {
      const script = mac()
      if (isEarly) script.gone(1, 100, 'sender')
      script.flow({ ...flow, state: 'opened' }).flow({ ...flow, out: MIB })
      if (!isEarly) script.gone(1, 100, 'sender')
      const { alerts, engine } = tell(script.upload({ ...flow, total: 80 * MIB }).ticks(3))
      const last = alerts.at(-1)
      assert.equal(last?.identity.key, `gone:${UUID}:sender`)
      assert.equal(last.identity.signerClass, 'unknown')
      assert.equal(last.identity.name, 'sender')
      assert.equal(last.bytesOut, 80 * MIB)
      assert.match(last.doubt, /it had gone before it could be looked at/)
      assert.match(
        last.sentence,
        /^“sender” \(nobody could look at its file, .*it had gone before it could be looked at/,
      )
      assert.doesNotMatch(last.sentence, /program of this system/)
      assert.deepEqual(
        last.chain.map(({ path, pid, pidversion }) => [path, pid, pidversion]),
        [['sender', 100, 0]],
      )
      assert.equal(engine.counters().unattributedFlows, 0)
    })

  it('is never taken for the one that has its pid, nor is that one taken for it', () => {
    const script = mac()
      .upload({ ...flow, total: 80 * MIB })
      .ticks(40)
    const untold = tell(script)
    assert.deepEqual(untold.alerts, [])
    assert.equal(untold.engine.counters().unattributedFlows, 1)
    // What is told of it late is heard all the same, and of the other flow, whose image has a name, it says nothing.
    script
      .flow({ ...flow, id: 2, state: 'opened' })
      .ticks(40)
      .gone(2, 100, 'sender')
      .gone(3, 100, 'sender')
    script
      .upload({ ...flow, id: 2, total: 80 * MIB })
      .upload({ ...flow, id: 3, pidversion: 1, to: '198.51.100.9', total: 900 * MIB })
    const late = tell(script.ticks(3))
    assert.deepEqual(keysOf(late).sort(), [`gone:${UUID}:sender`, 'platform:com.apple.trustd'])
    for (const { identity, destination } of late.alerts)
      assert.equal(destination.address === '198.51.100.9', identity.key.startsWith('platform:'))
    assert.equal(late.engine.counters().unattributedFlows, 1)
  })

  it('is another where the pid, the epoch or the flow is another', () => {
    for (const other of [{ pid: 101 }, { epoch: 1 }, { id: 2 }]) {
      const told = tell(
        mac()
          .gone(1, 100, 'sender')
          .upload({ ...flow, ...other, total: 80 * MIB })
          .ticks(40),
      )
      assert.deepEqual(keysOf(told), [])
      assert.equal(told.engine.counters().unattributedFlows, 1)
    }
  })

  it('is no matter where pidversion 0 says that nobody knows the image: that is the present one', () => {
    const told = tell(
      mac(nettop)
        .upload({ ...flow, total: 900 * MIB, flags: FlowFlag.ownerGuessed })
        .ticks(3),
    )
    assert.deepEqual(keysOf(told), ['platform:com.apple.trustd'])
  })

  const shown = { id: 1, pid: 300, pidversion: 0, flags: FlowFlag.ownerGuessed }
  const quick = {
    pid: 300,
    path: '/Users/ann/quick',
    kernel: { signingId: 'quick', codesignFlags: 0x2000_0003 },
  }

  it('is the one that ran under its pid until just now, where pids are all there is', () => {
    const of = (afterMs: number) => {
      const script = mac(nettop).from(polling).program(quick).exit(300).from(nettop).wait(afterMs)
      return tell(
        script
          .gone(1, 300, 'quick')
          .upload({ ...shown, total: 80 * MIB })
          .ticks(40),
      )
    }
    assert.deepEqual(of(1_900).alerts.at(-1)?.chain[0]?.path, quick.path)
    // Long after, it is another's.
    assert.match(
      of(2_100).alerts.at(-1)?.identity.key ?? '',
      /^gone:0*7+:quick$|^gone:[07]+:quick$/,
    )
  })

  it('is known by its name where nobody is found under its pid, and not before that was waited for', () => {
    const script = mac(nettop)
      .gone(1, 300, 'quick', 0)
      .upload({ ...shown, total: 80 * MIB, steps: 3 })
    assert.deepEqual(keysOf(tell(script)), [])
    assert.deepEqual(keysOf(tell(script.ticks(40))), ['gone::quick'])
    const found = mac(nettop)
      .gone(1, 300, 'quick', 0)
      .flow({ ...shown, state: 'opened' })
      .flow({ ...shown, out: MIB })
    found.tick(250).from(polling).program(quick).from(nettop)
    const { alerts } = tell(found.upload({ ...shown, total: 80 * MIB }).ticks(40))
    assert.deepEqual([...new Set(alerts.map(({ identity }) => identity.path))], [quick.path])
  })

  it('is the image that ran when its flow was first shown, and none that began later', () => {
    // Nothing is known of its file yet when it executes another program.
    const script = mac(nettop).from(polling).exec(quick).from(nettop)
    script.flow({ ...shown, state: 'opened' }).wait(500)
    script.from(polling).program({ ...quick, path: '/Users/ann/other', pidversion: 2 })
    script.inspected(quick).from(nettop)
    const executed = tell(script.upload({ ...shown, total: 80 * MIB }).ticks(3))
    assert.deepEqual(executed.alerts.at(-1)?.chain[0]?.path, quick.path)

    const of = (laterMs: number) => {
      const late = mac(nettop).gone(1, 300, 'first', 0)
      late.flow({ ...shown, state: 'opened' }).wait(laterMs)
      late.from(polling).program(quick).from(nettop)
      return keysOf(tell(late.upload({ ...shown, total: 80 * MIB }).ticks(40)))
    }
    assert.deepEqual(of(2_500), ['gone::first'])
    assert.doesNotMatch(of(1_500)[0] ?? 'gone', /^gone/)
  })

  it('although its number was read is known by its flow, once it was waited for', () => {
    const read = { ...flow, pidversion: 9 }
    const script = mac()
      .gone(1, 100, 'quick')
      .upload({ ...read, total: 80 * MIB, steps: 3 })
    assert.deepEqual(keysOf(tell(script)), [])
    assert.deepEqual(keysOf(tell(script.ticks(40))), [`gone:${UUID}:quick`])
  })

  it('is one program by name and UUID, and several where one of them differs', () => {
    const script = mac()
    const told = [
      ['a', 7],
      ['a', 7],
      ['a', 8],
      ['b', 7],
    ] as const
    for (const [index, [name, uuid]] of told.entries()) {
      script.gone(index + 1, 100, name, uuid)
      script.upload({ ...flow, id: index + 1, to: `198.51.100.${index}`, total: 80 * MIB })
    }
    assert.deepEqual(keysOf(tell(script.ticks(3))), [
      `gone:${UUID}:a`,
      `gone:${'08'.repeat(16)}:a`,
      `gone:${UUID}:b`,
    ])
  })

  it('that sends for others was run by somebody who was not seen', () => {
    const [alert] = tell(
      mac()
        .gone(1, 100, 'curl')
        .upload({ ...flow, total: 80 * MIB })
        .ticks(3),
    ).alerts
    assert.equal(alert?.identity.key, `gone:${UUID}:curl via unknown`)
    assert.match(alert.sentence, /run for a process that was not seen/)
  })

  it('has no path by its name, and no other key by what stands in it', () => {
    const names = [
      ['/usr/bin/sender2', 'sender2', `gone:${UUID}:sender2`],
      ['x via platform:y', 'x via platform:y', `gone:${UUID}:x%20via%20platform%3Ay`],
      ['', `program ${UUID}`, `gone:${UUID}:program%20${UUID}`],
    ] as const
    for (const [name, called, key] of names) {
      const [alert] = tell(
        mac()
          .gone(1, 100, name)
          .upload({ ...flow, total: 80 * MIB })
          .ticks(3),
      ).alerts
      assert.deepEqual([alert?.identity.path, alert?.identity.key], [called, key])
      assert.equal(nameOfGone(key), called)
    }
    assert.deepEqual([nameOfGone('gone::%FF'), nameOfGone('platform:x')], [undefined, undefined])
  })

  it('without a name and a UUID is not known', () => {
    const told = tell(
      mac()
        .gone(1, 100, '', 0)
        .upload({ ...flow, total: 80 * MIB })
        .ticks(40),
    )
    assert.deepEqual(told.alerts, [])
    assert.equal(told.engine.counters().unattributedFlows, 1)
  })

  it('is not this agent, though it had the pid that this agent has', () => {
    const policy = { ownPids: [100] }
    const told = tell(
      mac()
        .gone(1, 100, 'sender')
        .upload({ ...flow, total: 80 * MIB })
        .ticks(3),
      {
        policy: { ...DEFAULT_POLICY, ...policy },
      },
    )
    assert.deepEqual(keysOf(told), [`gone:${UUID}:sender`])
  })

  it('is remembered with a flow that the full table pushed out', () => {
    const script = mac()
      .gone(1, 100, 'sender')
      .flow({ ...flow, state: 'opened' })
      .flow({ ...flow, out: 1 })
    for (let id = 2; id < 12; id++)
      script.flow({ id, pid: 100, pidversion: 1, state: 'opened', to: '198.51.100.1' })
    const told = tell(script.upload({ ...flow, total: 80 * MIB }).ticks(3), {
      limits: { flows: 4 },
    })
    assert.ok(told.engine.counters().evicted.flows > 0)
    assert.deepEqual(keysOf(told), [`gone:${UUID}:sender`])
  })

  it('is forgotten, oldest first, where there are more than are remembered', () => {
    const script = mac()
    for (let id = 1; id <= 5; id++) script.gone(id, 100, `sender${id}`)
    for (let id = 1; id <= 5; id++)
      script.upload({ ...flow, id, to: `198.51.100.${id}`, total: 80 * MIB })
    const told = tell(script.ticks(40), { limits: { pendingNames: 3 } })
    assert.deepEqual(
      keysOf(told),
      [3, 4, 5].map((id) => `gone:${UUID}:sender${id}`),
    )
  })
})
