// A store with so many alerts in it, by the writer itself: through the network it would take an hour.
import { randomFillSync } from 'node:crypto'
import { type AlertColumns, alertColumns } from '../src/collector/store/alert-columns.ts'
import type { Change, SeverityRank, StoreItem } from '../src/collector/store/protocol.ts'
import { openForWriting } from '../src/collector/store/schema.ts'
import { createWriter } from '../src/collector/store/writer.ts'
import { decodeItem } from '../src/stream/codec.ts'
import { nowUnixNs } from '../src/units.ts'
import { deliveryId, deviceId, encodedAlert } from './collector-agents.ts'

const ALERTS_A_COMMIT = 10_000
/** Alerts come from so many devices, so that the index by device grows at as many places. */
const DEVICES = 500
/** Out of the way of the agents that measure. */
const FIRST_DEVICE = 2 ** 47
/** Alerts are of so many programs. */
const PROGRAMS = 3000
/** And of so many groups: no divisor of the others, so that most have alerts of two machines and of two programs. */
const GROUPS = 2999
/** Of which every so many-th item is a second revision of an alert before it. */
const UPDATE_EVERY = 10
const UPDATE_AFTER = 4000

export const NO_HOST = {
  hostname: '',
  os: '',
  osVersion: '',
  osBuild: '',
  hardware: '',
  arch: '',
  bootId: '',
}

function columnsOf(program: number): AlertColumns {
  const { finding } = decodeItem(encodedAlert(program, 1))
  if (finding.kind !== 'alert') throw new Error('the bench fills with alerts')
  return alertColumns(finding.alert)
}

/** Makes the store at `path` and puts items 0 to `stored` - 1 into it. */
export function fill(path: string, stored: number, log: (text: string) => void): void {
  const db = openForWriting(path)
  const writer = createWriter(db)
  const devices = Array.from({ length: DEVICES }, (_, index) => {
    const id = deviceId(FIRST_DEVICE + index)
    const facts = {
      id,
      outboxId: '0'.repeat(32),
      agentVersion: '',
      host: NO_HOST,
      isEnrolled: false,
    }
    const [done] = writer.commit([{ op: 'enroll', nowNs: nowUnixNs(), facts }])
    if (done?.op !== 'enroll' || typeof done.enrolled === 'string')
      throw new Error('a device was not enrolled')
    return done.enrolled.device
  })
  const body = encodedAlert(0, 1)
  const columns = Array.from({ length: PROGRAMS }, (_, program) => columnsOf(program))
  /** Ids of the alerts last made, to come again as a later revision. */
  const recent: string[] = []
  const startedMs = performance.now()
  for (let from = 0; from < stored; from += ALERTS_A_COMMIT) {
    const items = new Map<number, StoreItem[]>(devices.map((device) => [device, []]))
    const upTo = Math.min(stored, from + ALERTS_A_COMMIT)
    const random = randomFillSync(Buffer.alloc(16 * ALERTS_A_COMMIT)).toString('hex')
    for (let number = from; number < upTo; number++) {
      const of = number % DEVICES
      const at = number - from
      const isUpdate = number > UPDATE_AFTER && number % UPDATE_EVERY === 0
      const slot = number % UPDATE_AFTER
      // The alert 4,000 items ago is of the same device, since 4,000 is a multiple of 500.
      const alertId = isUpdate ? (recent[slot] as string) : random.slice(32 * at, 32 * at + 32)
      recent[slot] = alertId
      items.get(devices[of] as number)?.push({
        uid: deliveryId(number),
        sequence: number + 1,
        kind: 'alert',
        alertId,
        revision: isUpdate ? 2 : 1,
        severity: ((number % 3) + 1) as SeverityRank,
        ...(columns[slot % PROGRAMS] as AlertColumns),
        likeness: BigInt(slot % GROUPS),
        body,
      })
    }
    const works = [...items].map(([device, of]): Change => {
      const batch = { device, outbox: device, afterSequence: 0, throughSequence: upTo, items: of }
      return { op: 'append', nowNs: nowUnixNs(), batch }
    })
    writer.commit(works)
    if (upTo % 500_000 === 0)
      log(`filled ${upTo} in ${((performance.now() - startedMs) / 1000).toFixed(0)} s`)
  }
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  db.close()
}
