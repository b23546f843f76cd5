// What the agent tells of findings beside the outbox: the last alerts, as status shows them.
import assert from 'node:assert/strict'
import { createTelling } from '../../src/agent/telling.ts'
import type { Alert } from '../../src/engine/finding.ts'
import type { Outbox } from '../../src/stream/outbox.ts'
import { unixNs } from '../../src/units.ts'
import { alertOf, T0 } from '../collector/agent.ts'
import { summaryFinding } from '../stream/findings.ts'
import { OutboxFile } from '../stream/outbox-fixture.ts'

describe('what an agent tells', () => {
  it('has the end of a full disk said in the log, also where each second brings findings', () => {
    const file = new OutboxFile()
    try {
      const lines: string[] = []
      const outbox = file.start({ patienceMs: 0, log: (text) => lines.push(text) })
      const { tell } = createTelling(outbox, undefined, () => undefined)
      const holder = file.hold()
      tell([summaryFinding])
      // The collector has it from memory.
      outbox.acknowledge(outbox.lastSequence())
      holder.close()
      assert.match(lines.join(), /findings wait in memory and go from there$/)
      for (let second = 0; second <= 61; second++) {
        file.nowMs += 1000
        tell([summaryFinding])
      }
      assert.deepEqual(lines.slice(1), ['the disk takes findings again'])
    } finally {
      file.remove()
    }
  })
})

describe('the last alerts of an agent', () => {
  const telling = () => {
    const outbox = { append: () => undefined, retry: () => undefined } as unknown as Outbox
    return createTelling(outbox, undefined, () => undefined)
  }
  const alert = (number: number, change: Partial<Alert> = {}): Alert =>
    alertOf(number, { openedAt: unixNs(T0 + BigInt(number), 'openedAt'), ...change })
  const tell = (to: ReturnType<typeof telling>, ...alerts: Alert[]) =>
    to.tell(alerts.map((one) => ({ at: one.updatedAt, kind: 'alert', alert: one })))

  it('are in the order of the times that are shown of them, whichever was updated last', () => {
    const one = telling()
    tell(one, ...[1, 2, 3].map((number) => alert(number)))
    tell(one, alert(1, { revision: 2, severity: 'high' }))
    assert.deepEqual(
      one.lastAlerts().map(({ id, revision }) => [Number.parseInt(id, 16), revision]),
      [1, 2, 3].map((number) => [Number.parseInt(alert(number).id, 16), number === 1 ? 2 : 1]),
    )
  })

  it('are five: those whose opening was told last', () => {
    const one = telling()
    const listed = () => one.lastAlerts().map(({ openedAt }) => openedAt - T0)
    tell(one, ...[3, 1, 7, 5, 2, 6, 4].map((number) => alert(number)))
    assert.deepEqual(listed(), [2n, 4n, 5n, 6n, 7n])
    tell(one, alert(1, { revision: 2, state: 'updated' }))
    assert.deepEqual(listed(), [2n, 4n, 5n, 6n, 7n])
  })

  it('are the new ones, too, where the clock was ahead before', () => {
    const one = telling()
    tell(one, ...[1001, 1002, 1003, 1004, 1005].map((number) => alert(number)))
    tell(one, ...[1, 2, 3, 4].map((number) => alert(number)))
    assert.deepEqual(
      one.lastAlerts().map(({ openedAt }) => openedAt - T0),
      [1n, 2n, 3n, 4n, 1005n],
    )
  })
})
