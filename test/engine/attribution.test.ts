import assert from 'node:assert/strict'
import { readInspect } from '../../src/records/record.gen.ts'
import { MIB, Script, tell } from './scenario.ts'

const probe = { pid: 100, path: '/home/ann/probe', parent: 50 }
const shell = () => new Script().start().system(50, '/usr/bin/bash')

describe('attribution', () => {
  it('holds a flow that came before its process, and counts it whole', () => {
    const script = shell()
      .flow({ id: 1, state: 'opened' })
      .flow({ id: 1, out: 3 * MIB, state: 'closed' })
      .wait(2_000)
      .program(probe)
    const { alerts, engine } = tell(script.ticks(2))
    assert.equal(alerts.at(-1)?.state, 'final')
    assert.equal(alerts.at(-1)?.bytesOut, 3 * MIB)
    assert.equal(engine.counters().unattributedFlows, 0)
    assert.equal(engine.counters().openFlows, 0)
  })

  it('counts a flow as unattributed after 5 s of record time, in the totals all the same', () => {
    const script = shell().upload({ id: 1, pid: 999, total: 3 * MIB, keepOpen: true })
    script.flow({ id: 2, pid: 0, out: 7, state: 'opened' }).ticks(4)
    assert.equal(tell(script).engine.counters().unattributedFlows, 1)
    assert.equal(tell(script).engine.counters().heldFlows, 1)
    const { engine, alerts } = tell(script.ticks(2))
    assert.equal(engine.counters().unattributedFlows, 2)
    assert.equal(engine.counters().heldFlows, 0)
    assert.equal(engine.counters().bytesOut, 3 * MIB + 7)
    assert.equal(alerts.length, 0)
  })

  it('takes back that a flow is unattributed when the source learns its process', () => {
    const script = shell()
      .program(probe)
      .flow({ id: 1, pid: 0, out: 2 * MIB, state: 'opened' })
      .ticks(7)
    assert.equal(tell(script).engine.counters().unattributedFlows, 1)
    const { engine, alerts } = tell(script.flow({ id: 1, out: 2 * MIB }))
    assert.equal(engine.counters().unattributedFlows, 0)
    assert.equal(alerts[0]?.bytesOut, 2 * MIB)
  })

  it('waits for the inspection, then keys by path and says so', () => {
    const script = shell()
      .exec(probe)
      .upload({ id: 1, total: 8 * MIB, steps: 2 })
    assert.equal(tell(script).alerts.length, 0)
    const { alerts } = tell(script.ticks(5))
    assert.equal(alerts[0]?.identity.key, 'unknown:path:/home/ann/probe')
    assert.equal(alerts[0]?.identity.signerClass, 'unknown')
    assert.equal(alerts[0]?.identity.sha256, '')
    assert.match(alerts[0]?.sentence ?? '', /its file was not inspected in time/)
  })

  it('keys by path a file that could not be read, or was replaced, and says so', () => {
    const unreadable = shell().program({ ...probe, error: 13 })
    const [one] = tell(unreadable.upload({ id: 1, total: 2 * MIB })).alerts
    assert.equal(one?.identity.key, 'unsigned:path:/home/ann/probe')
    assert.match(one?.sentence ?? '', /could not be read \(errno 13: permission denied\)/)
    for (const error of [116, 70]) {
      const changed = shell().program({ ...probe, error })
      const [one] = tell(changed.upload({ id: 1, total: 2 * MIB })).alerts
      assert.match(one?.sentence ?? '', /it was replaced or changed while it was read/)
    }
    const absent = shell().program({ ...probe, error: 2 })
    const [none] = tell(absent.upload({ id: 1, total: 2 * MIB })).alerts
    assert.equal(none?.identity.key, 'unsigned:path:/home/ann/probe')
    assert.match(none?.sentence ?? '', /its file was not there to be read/)
    const replaced = shell().program({ ...probe, inspectFlags: 2 })
    const [two] = tell(replaced.upload({ id: 1, total: 2 * MIB })).alerts
    assert.equal(two?.identity.key, 'unsigned:path:/home/ann/probe')
    assert.match(two?.sentence ?? '', /was replaced after it was started/)
    assert.equal(two?.identity.sha256, '')
  })

  it('asks for each new image once, and not for kernel threads', () => {
    const script = shell().exec(probe).exec({ pid: 7, path: '' }).exec(probe)
    script.exec({ ...probe, pidversion: 2 }).fork(101, 100)
    const requests = tell(script)
      .engine.takeRequests()
      .map((bytes) => readInspect(new DataView(bytes.buffer), 0))
    assert.deepEqual(
      requests.map(({ pid, pidversion, path }) => [pid, pidversion, path]),
      [
        [50, 1, '/usr/bin/bash'],
        [100, 1, '/home/ann/probe'],
        [100, 2, '/home/ann/probe'],
      ],
    )
  })

  it('gives a forked process the image of its parent', () => {
    const script = shell().program(probe).fork(101, 100).exit(100)
    const { alerts } = tell(script.upload({ id: 1, pid: 101, total: 2 * MIB }))
    assert.equal(alerts[0]?.identity.name, 'probe')
    assert.deepEqual(
      alerts[0]?.chain.map(({ pid }) => pid),
      [101, 100, 50],
    )
  })

  it('knows a process for a while after it ended, and its number for the next', () => {
    const script = shell().program(probe).exit(100).wait(60_000).tick()
    script.program({ pid: 100, pidversion: 2, path: '/home/ann/other', sha: 'ee' })
    script.upload({ id: 1, total: 2 * MIB, pidversion: 1 })
    script.upload({ id: 2, total: 2 * MIB, pidversion: 2, to: '198.51.100.1' })
    const names = tell(script).alerts.map(({ identity }) => identity.name)
    assert.deepEqual([...new Set(names)], ['probe', 'other'])
  })
})
