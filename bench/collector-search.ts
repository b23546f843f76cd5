// What it costs an alert that it can be searched for: the same frames from their bytes to durable rows, with the texts that
// a search looks at and without, by turns. It is the processor's time of one thread that is told: what a commit waits for the
// disk would hide the rest. Most alerts are of programs that others are of; the second row is of those that are of none.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readItems } from '../src/collector/gateway/intake.ts'
import { orderColumns } from '../src/collector/store/alert-columns.ts'
import { ProgramTexts } from '../src/collector/store/program-texts.ts'
import { type Change, type StoreItem, severityRank } from '../src/collector/store/protocol.ts'
import { openForWriting } from '../src/collector/store/schema.ts'
import { createWriter } from '../src/collector/store/writer.ts'
import { decodeItem } from '../src/stream/codec.ts'
import { nowUnixNs } from '../src/units.ts'
import { deviceId, encodedAlert } from './collector-agents.ts'
import { NO_HOST } from './collector-fill.ts'
import type { Row } from './row.ts'

const COMMITS = 40
/** Not counted: the compiler is not warm yet. */
const COMMITS_BEFORE = 8
const ALERTS_A_COMMIT = 1000
const ALERTS_A_FRAME = 50
const PROGRAMS = 500
const RATIO_MIN = 0.85

type Read = (encoded: Uint8Array[]) => StoreItem[]

const texts = new ProgramTexts()
const searchable: Read = (encoded) => readItems(encoded, (alert) => texts.of(alert)).items

const bare: Read = (encoded) =>
  encoded.map((body) => {
    const { id, sequence, finding } = decodeItem(body)
    if (finding.kind !== 'alert') throw new Error('the bench stores alerts')
    const { alert } = finding
    return {
      uid: id,
      sequence,
      kind: 'alert',
      alertId: alert.id,
      revision: alert.revision,
      severity: severityRank(alert.severity),
      ...orderColumns(alert),
      programText: '\n',
      eventText: '\n',
      body,
    }
  })

/** A store of its own that takes frames; each call is one commit, and returns the thread's microseconds. */
function storeFor(read: Read, directory: string) {
  const db = openForWriting(join(directory, `${read.name}.db`))
  const writer = createWriter(db)
  const facts = {
    id: deviceId(1),
    outboxId: '0'.repeat(32),
    agentVersion: '',
    host: NO_HOST,
    isEnrolled: false,
  }
  const [done] = writer.commit([{ op: 'enroll', nowNs: nowUnixNs(), facts }])
  if (done?.op !== 'enroll' || typeof done.enrolled === 'string')
    throw new Error('a device was not enrolled')
  const { device, outbox } = done.enrolled
  return {
    take(frames: Uint8Array[][]): number {
      const before = process.threadCpuUsage()
      const works = frames.map((frame): Change => {
        // As they cross to the writer's thread.
        const items = structuredClone(read(frame))
        const throughSequence = items.at(-1)?.sequence ?? 0
        const batch = { device, outbox, afterSequence: 0, throughSequence, items }
        return { op: 'append', nowNs: nowUnixNs(), batch }
      })
      writer.commit(works)
      const { user, system } = process.threadCpuUsage(before)
      return user + system
    },
    close: () => db.close(),
  }
}

function rowOf(programs: number | undefined): Row {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-bench-'))
  const stores = [searchable, bare].map((read) => storeFor(read, directory))
  const us: [number[], number[]] = [[], []]
  let number = 0
  for (let commit = 0; commit < COMMITS; commit++) {
    const frames = Array.from({ length: ALERTS_A_COMMIT / ALERTS_A_FRAME }, () =>
      Array.from({ length: ALERTS_A_FRAME }, () => {
        number += 1
        return encodedAlert(number, number, programs ? number % programs : number)
      }),
    )
    for (const which of commit % 2 ? [0, 1] : [1, 0]) {
      const took = stores[which]?.take(frames) as number
      if (commit >= COMMITS_BEFORE) us[which as 0 | 1].push(took)
    }
  }
  for (const store of stores) store.close()
  rmSync(directory, { recursive: true })
  const perSecond = (which: 0 | 1) => (ALERTS_A_COMMIT * 1e6) / median(us[which])
  const ratio = median(us[0].map((took, at) => (us[1][at] as number) / took))
  const whose = programs ? `of ${programs} programs` : 'each of a program of its own'
  return {
    name: `collector search, alerts stored a second of a core, ${whose}`,
    value: Math.round(perSecond(0)),
    unit: 'alerts/s',
    rival: `without what they can be found by: ${Math.round(perSecond(1))}`,
    ratio,
    ...(programs && { target: `${RATIO_MIN}x`, met: ratio >= RATIO_MIN }),
  }
}

const median = (of: readonly number[]): number =>
  of.toSorted((a, b) => a - b)[of.length >> 1] as number

export const searchCost = async (): Promise<Row[]> => [rowOf(PROGRAMS), rowOf(undefined)]
