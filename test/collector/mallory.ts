// What a malicious agent's tricks are played with: items that are well-formed, a store that it would fill beside an honest
// device, and Hellos under any outbox.
import assert from 'node:assert/strict'
import type { Answers, Query, Retained } from '../../src/collector/store/protocol.ts'
import { REFUSED } from '../../src/collector/store/protocol.ts'
import { createReader } from '../../src/collector/store/reader.ts'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { createWriter, type Writer } from '../../src/collector/store/writer.ts'
import type { UnixNs } from '../../src/units.ts'
import {
  type Agent,
  DEVICE_A,
  DEVICE_B,
  destinationOf,
  helloOf,
  identityOf,
  itemOf,
  processOf,
  type Running,
  T0,
} from './agent.ts'
import { append, batchOf, enroll } from './store-fixture.ts'

export const KiB = 1024
export const MiB = KiB * KiB
export const FOREVER = { ageNs: 2n ** 63n - 1n, bytes: 1e15 }
export const BUDGETS = {
  inventory: 256 * KiB,
  summaries: 32 * KiB,
  health: 16 * KiB,
  ids: 64 * KiB,
}

export function sightingItem(sequence: number, key: string, change = {}): Uint8Array {
  return itemOf(sequence, {
    at: T0 as UnixNs,
    kind: 'sighting',
    sighting: {
      of: 'identity',
      identity: identityOf(key.slice(-12), { key, ...change }),
      process: processOf('/opt/x'),
      destination: undefined,
    },
  })
}

export function summaryItem(
  sequence: number,
  key: string,
  destination: string,
  hourAt = T0,
): Uint8Array {
  return itemOf(sequence, {
    at: T0 as UnixNs,
    kind: 'summary',
    summary: {
      identityKey: key,
      destination: destinationOf(destination),
      hourAt: hourAt as UnixNs,
      bytesOut: 1 as never,
      bytesIn: 1 as never,
      flows: 1,
      largestFlowOut: 1 as never,
    },
  })
}

export const healthItem = (sequence: number, text: string): Uint8Array =>
  itemOf(sequence, { at: T0 as UnixNs, kind: 'health', health: { of: 'loss', text, count: 1 } })

/** Of a name of 4 kB that it never used before. */
export const flood = (n: number): Uint8Array =>
  sightingItem(n, `unsigned:sha256:${'k'.repeat(4000)}${n}`)

/** A device that writes to a store. */
export class Writing {
  readonly #store: FloodedStore
  readonly #device: number

  constructor(store: FloodedStore, deviceId: string) {
    this.#store = store
    this.#device = enroll(store.writer, deviceId).device
  }

  /** How many of `number` items were stored. */
  send(number: number, make: (n: number) => Uint8Array, nowNs = T0) {
    const items = Array.from({ length: number }, () => make(++this.#store.sequence))
    const batch = batchOf(this.#device, 0, items)
    const { storedAt, refusals } = append(this.#store.writer, batch, nowNs)
    return { stored: storedAt.filter((at) => at !== REFUSED).length, refusals }
  }

  /** Bytes of it that are held. */
  held(kind: keyof typeof BUDGETS): number {
    const held = this.#store.db.prepare(`SELECT ${kind} AS n FROM held WHERE device = ?`)
    return Number(held.get(this.#device)?.['n'] ?? 0)
  }
}

/** A store in memory that two devices write to. */
export class FloodedStore {
  readonly db = openForWriting(':memory:')
  writer: Writer = createWriter(this.db, { segmentRevisions: 50, budgets: BUDGETS })
  /** Of the item that was made last. */
  sequence = 0
  readonly honest = new Writing(this, DEVICE_B)
  readonly mallory = new Writing(this, DEVICE_A)

  /** All steps, until nothing is left to drop. */
  retain(keep = FOREVER, nowNs = T0): Retained[] {
    const all: Retained[] = []
    do all.push(this.writer.retain(nowNs, keep))
    while (all.at(-1)?.more && all.length < 1000)
    assert.equal(all.at(-1)?.more, false)
    return all
  }

  read<Q extends Query>(query: Q): Answers[Q['op']] {
    return createReader(this.db).answer(query) as Answers[Q['op']]
  }

  identities(deviceId?: string): Answers['identities'] {
    return this.read({ op: 'identities', limit: 1000, deviceId, text: undefined })
  }

  alerts(deviceId: string): Answers['alerts'] {
    const of = { deviceId, before: undefined, severity: undefined }
    return this.read({ op: 'alerts', limit: 500, ...of })
  }
}

/** Those that dropped a segment, with whatever was in it. */
export const droppedIn = (steps: Retained[]): Retained[] => steps.filter((step) => step.dropped)

/** All rows of a list that comes in parts: how many there are, and whether each part is about as large as one may be. */
export async function inParts<T extends { next?: string }>(
  running: Running,
  path: string,
  of: (part: T) => unknown[],
): Promise<{ rows: number; isSmall: boolean }> {
  const rows: unknown[] = []
  let largest = 0
  let next: string | undefined = ''
  for (; next !== undefined && rows.length < 100; ) {
    const text: string = await (await running.get(`${path}${next}`)).text()
    const part = JSON.parse(text) as T
    rows.push(...of(part))
    largest = Math.max(largest, text.length)
    next = part.next
  }
  return { rows: new Set(rows).size, isSmall: largest < 2.5 * MiB && largest > MiB }
}

/** Says Hello under an outbox, and waits for nothing. */
export async function sayHello(
  opened: Promise<Agent>,
  outboxId: string,
  hostname = 'mac-1',
  deviceId = DEVICE_A,
): Promise<Agent> {
  const agent = await opened
  const said = helloOf(deviceId, hostname)
  agent.send({ kind: 'hello', hello: { ...said.hello, outboxId } })
  return agent
}
