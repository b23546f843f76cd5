// What one enrolled connection brings: batches within its credit go to the store, and are acknowledged when they
// are durable.

import type { Alert, Finding } from '../../engine/finding.ts'
import { counted } from '../../engine/sentence.ts'
import { Capability, type Envelope, type Reject, SEQUENCE_LEAP_MAX } from '../../stream/codec.ts'
import { DUPLICATE, type Ledger, REFUSED, type StoredBatch } from '../store/store.ts'
import type { Counters } from '../terms/counters.ts'
import type { Limits } from '../terms/limits.ts'
import { boundedReason } from './bounded.ts'
import type { Device } from './devices.ts'
import type { Ending } from './ending.ts'
import { readItems } from './intake.ts'

type Batch = Extract<Envelope, { kind: 'batch' }>

export type BatchesContext = {
  ledger: Ledger
  counters: Counters
  limits: Limits
  /** `programText`, remembered over all connections. */
  programTextOf: (alert: Alert) => string
  /** Called when the answer of the ledger came. */
  onSettled(): void
  /** Findings that have just become durable. */
  onStored(device: Device, findings: readonly Finding[], stored: StoredBatch): void
}

/** The connection that the batches came over. */
export type BatchesConnection = {
  isEnded(): boolean
  end(ending: Ending, reason: string): void
  /** Called when items were handed to the ledger. */
  handed(): void
  acknowledge(rejects: Reject[], aheadSequences: number[]): void
  notStored(what: string, error: Error): void
}

export class Batches {
  readonly device: Device
  readonly #agreed: bigint
  readonly #context: BatchesContext
  readonly #connection: BatchesConnection
  /** No item of this outbox has a higher number. */
  readonly #plausible: number
  #outstandingItems = 0
  #outstandingAhead = 0
  /** Highest sequence of this connection handed to the store, and highest acknowledged. */
  #handed = 0
  #acknowledged = 0

  constructor(
    device: Device,
    agreed: bigint,
    context: BatchesContext,
    connection: BatchesConnection,
  ) {
    this.device = device
    this.#agreed = agreed
    this.#context = context
    this.#connection = connection
    this.#plausible = device.enrolled.lastSequence + SEQUENCE_LEAP_MAX
  }

  /** Items handed to the store whose commit has not come back. */
  outstandingItems(): number {
    return this.#outstandingItems
  }

  acknowledged(): number {
    return this.#acknowledged
  }

  take(batch: Batch): void {
    const { ledger, counters, limits, programTextOf, onSettled, onStored } = this.#context
    const { device } = this
    const { items: encoded, isAhead = false, isPacked = false } = batch
    if (encoded.length === 0) return
    if (
      !this.#isAgreed(isAhead, Capability.ahead) ||
      !this.#isAgreed(isPacked, Capability.packed)
    ) {
      this.#connection.end('unexpected', 'a batch came in a way that Welcome does not name')
      return
    }
    const outstanding = this.#outstandingItems + encoded.length
    if (outstanding > limits.creditItems) {
      this.#connection.end(
        'credit',
        `${outstanding} items unacknowledged, at most ${limits.creditItems} are allowed`,
      )
      return
    }
    if (isAhead && this.#outstandingAhead + encoded.length > limits.aheadItems) {
      this.#connection.end(
        'credit',
        `more than ${limits.aheadItems} items ahead of their turn at once`,
      )
      return
    }
    const intake = readItems(encoded, programTextOf, device.facts.id)
    const { items, findings, rejects, sequences } = intake
    const highest = Math.max(...sequences)
    if (highest > this.#plausible) {
      this.#connection.end('leap', `item ${highest} is too far above what is stored of this outbox`)
      return
    }
    counters.add('batchesPacked', isPacked ? 1 : 0)
    counters.add('batchesAhead', isAhead ? 1 : 0)
    this.#outstandingItems = outstanding
    if (isAhead) this.#outstandingAhead += encoded.length
    const afterSequence = this.#handed
    // Out of turn: what lies between is still to come.
    const throughSequence = isAhead ? afterSequence : intake.throughSequence
    this.#handed = Math.max(this.#handed, throughSequence)
    // All items are views of one memory, which is given away; none is empty, since each has a sequence.
    const memory = (encoded[0] as Uint8Array).buffer as ArrayBuffer
    const stored = ledger.append(
      {
        device: device.enrolled.device,
        outbox: device.enrolled.outbox,
        afterSequence,
        throughSequence,
        items,
      },
      memory,
    )
    this.#connection.handed()
    const settle = () => {
      this.#outstandingItems -= encoded.length
      if (isAhead) this.#outstandingAhead -= encoded.length
      onSettled()
    }
    // One handler each, so that of two that are answered together the failure of the first is known before the
    // second is acknowledged.
    stored.then(
      (outcome) => {
        settle()
        const { storedAt, refusals } = outcome
        const duplicates = storedAt.filter((at) => at === DUPLICATE).length
        const refused = storedAt.filter((at) => at === REFUSED).length
        counters.add('itemsStored', storedAt.length - duplicates - refused)
        counters.add('itemsDuplicate', duplicates)
        counters.add('itemsRejected', rejects.length + refused)
        device.lastSequence = Math.max(device.lastSequence, throughSequence)
        onStored(device, findings, outcome)
        if (this.#connection.isEnded()) return
        this.#acknowledged = Math.max(this.#acknowledged, throughSequence)
        for (const { sequence, reason } of refusals)
          rejects.push({ sequence, reason: boundedReason(reason) })
        this.#connection.acknowledge(rejects, isAhead ? sequences : [])
      },
      (error: Error) => {
        settle()
        this.#connection.notStored(
          `${counted(encoded.length, 'item')} of ${device.facts.id} not stored`,
          error,
        )
      },
    )
  }

  #isAgreed(isUsed: boolean, capability: bigint): boolean {
    return !isUsed || (this.#agreed & capability) !== 0n
  }
}
