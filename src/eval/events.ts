// What happens on a made-up Mac, side by side, put in order of time and written as records. Most are reports of flows: an
// evaluation writes some hundred thousand a second, so that they are no objects of their own before they are bytes.
import { FLOW_AT } from '../records/record.gen.ts'

/** Of every record: nanoseconds since the boot. */
const AT_NS = 8
const TWO_32 = 2 ** 32

type Event = {
  /** Since the story's beginning. */
  atMs: number
  /** When the boot was that its time counts from. */
  bootMs: number
  /** Makes the record; undefined: it is a copy of `like`. */
  write: ((atNs: bigint) => Uint8Array) | undefined
  like: Uint8Array
  /** Of a report of a flow. */
  out: number
  in: number
  state: number
}

export type Events = {
  /** A record that is made once all has happened. */
  add(atMs: number, bootMs: number, write: (atNs: bigint) => Uint8Array): void
  /** A report of the flow that `like` is one of: with other counters, and in another state. */
  report(
    atMs: number,
    bootMs: number,
    like: Uint8Array,
    of: { out: number; in: number; state: number },
  ): void
  /** All records: in order of time, and of what is at the same time in the order in which it was added. */
  records(): Uint8Array
}

const NONE = new Uint8Array(0)

export function createEvents(): Events {
  const events: Event[] = []
  return {
    add(atMs, bootMs, write) {
      events.push({ atMs, bootMs, write, like: NONE, out: 0, in: 0, state: 0 })
    },
    report(atMs, bootMs, like, { out, in: bytesIn, state }) {
      events.push({ atMs, bootMs, write: undefined, like, out, in: bytesIn, state })
    },
    records() {
      const inOrder = events.toSorted((a, b) => a.atMs - b.atMs)
      const made = inOrder.map(({ write, like, atMs, bootMs }) =>
        write ? write(BigInt(nsOf(atMs - bootMs))) : like,
      )
      const all = new Uint8Array(made.reduce((sum, { length }) => sum + length, 0))
      const view = new DataView(all.buffer)
      let at = 0
      for (const [index, event] of inOrder.entries()) {
        const record = made[index] as Uint8Array
        all.set(record, at)
        if (event.write === undefined) {
          putNumber(view, at + AT_NS, nsOf(event.atMs - event.bootMs))
          putNumber(view, at + FLOW_AT.bytesOut, event.out)
          putNumber(view, at + FLOW_AT.bytesIn, event.in)
          all[at + FLOW_AT.state] = event.state
        }
        at += record.length
      }
      return all
    },
  }
}

/** To the microsecond. */
const nsOf = (ms: number): number => Math.round(ms * 1_000) * 1_000

/** Eight bytes. REQUIRES: an integer in [0, 2^53), as times of some weeks and counts of bytes are. */
function putNumber(view: DataView, at: number, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(
      `${value} at byte ${at} of made-up records: not a whole number of 0 or more`,
    )
  view.setUint32(at, value % TWO_32, true)
  view.setUint32(at + 4, Math.floor(value / TWO_32), true)
}
