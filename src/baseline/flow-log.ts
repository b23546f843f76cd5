// Open flows as a log of what changed, packed: what one commit says of them is one value, so that a machine with
// thousands of busy connections writes one row a second and not one for each. The last that is said of a flow counts.
import { type CarriedFlow, carriedFlowKey } from './carried.ts'
import { UnusableFile } from './sqlite-file.ts'

/**
 * The most bytes that one change takes: two ids of 32 bits (5 each), an epoch of 32 bits with the bit that says
 * whether the flow is gone (5), four counters of 53 bits (8 each).
 */
const CHANGE_BYTES_MAX = 47
const FIRST_BYTES = 4096
/** Of the eighth byte: 2^53 needs no ninth. */
const LAST_PLACE = 2 ** 49
const U32_MAX = 0xffffffff

/**
 * Changes in the order they were told. Each is numbers of seven bits a byte, the least first, a byte's top bit saying that
 * more follow: idLow, idHigh, 2 x epoch + 1 where the flow is gone, and, unless it is, bytesOut, bytesIn, sinceOut, sinceIn.
 */
export class FlowLog {
  #packed = new Uint8Array(FIRST_BYTES)
  #length = 0

  /** Bytes. */
  get length(): number {
    return this.#length
  }

  put(flow: CarriedFlow): void {
    this.#makeRoom()
    this.#name(flow.idLow, flow.idHigh, flow.epoch * 2)
    this.#append(flow.bytesOut)
    this.#append(flow.bytesIn)
    this.#append(flow.sinceOut)
    this.#append(flow.sinceIn)
  }

  drop(idLow: number, idHigh: number, epoch: number): void {
    this.#makeRoom()
    this.#name(idLow, idHigh, epoch * 2 + 1)
  }

  clear(): void {
    this.#length = 0
    if (this.#packed.length > 16 * FIRST_BYTES) this.#packed = new Uint8Array(FIRST_BYTES)
  }

  /** What was told so far; valid until the next change. */
  packed(): Uint8Array {
    return this.#packed.subarray(0, this.#length)
  }

  #name(idLow: number, idHigh: number, epochAndGone: number): void {
    this.#append(idLow)
    this.#append(idHigh)
    this.#append(epochAndGone)
  }

  #makeRoom(): void {
    if (this.#packed.length - this.#length >= CHANGE_BYTES_MAX) return
    const wider = new Uint8Array(this.#packed.length * 2)
    wider.set(this.packed())
    this.#packed = wider
  }

  /** REQUIRES: an integer in [0, 2^53). */
  #append(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.#packed[this.#length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#packed[this.#length++] = rest
  }
}

/** What a log says last of a flow: its counters, or that it is gone (they are 0 then). */
export type FlowChange = { flow: CarriedFlow; isGone: boolean }
/** By carriedFlowKey, in the order in which flows were first told of. */
export type FlowChanges = Map<string, FlowChange>

/** Applies a packed log to `changes`. Throws UnusableFile when it is none: a change that is cut, a number too large. */
export function applyFlowLog(changes: FlowChanges, packed: Uint8Array): void {
  let at = 0
  const next = (max: number): number => {
    let value = 0
    for (let place = 1; place <= LAST_PLACE; place *= 0x80) {
      const byte = packed[at++]
      if (byte === undefined) throw new UnusableFile('carried_log: a change is cut off')
      value += (byte & 0x7f) * place
      if (value > max) break
      if (byte < 0x80) return value
    }
    throw new UnusableFile('carried_log: a number is too large')
  }
  const counter = () => next(Number.MAX_SAFE_INTEGER)
  while (at < packed.length) {
    const idLow = next(U32_MAX)
    const idHigh = next(U32_MAX)
    const epochAndGone = next(2 * U32_MAX + 1)
    const epoch = Math.floor(epochAndGone / 2)
    const isGone = epochAndGone % 2 === 1
    const [bytesOut, bytesIn] = isGone ? [0, 0] : [counter(), counter()]
    const [sinceOut, sinceIn] = isGone ? [0, 0] : [counter(), counter()]
    const flow = { idLow, idHigh, epoch, bytesOut, bytesIn, sinceOut, sinceIn }
    changes.set(carriedFlowKey(idLow, idHigh, epoch), { flow, isGone })
  }
}

/** The shortest log that says the same. */
export function packFlows(changes: Iterable<FlowChange>): FlowLog {
  const log = new FlowLog()
  for (const { flow, isGone } of changes)
    if (isGone) log.drop(flow.idLow, flow.idHigh, flow.epoch)
    else log.put(flow)
  return log
}
