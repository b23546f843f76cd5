// What flows hand on, as types of their own: who takes it stands further on.
import type { Expected } from './flow-memory.ts'

/** Flows whose identity is known, as they move bytes: to whatever sums them up by pair. */
export type CountedFlows = {
  /** Brings a counted flow's pair up to its counters, and has it judged. The hot path. */
  update(slot: number, atMs: number): void
  /** A counted flow has moved nothing so far, or is named while it has: its pair, if there is one, is not over. */
  await(slot: number): void
  /** Goes on with a flow of an earlier run; false when its pair is gone. */
  resume(slot: number, expected: Expected): boolean
  /** More of a counted flow may have passed than is known: its pair remembers, and is judged. */
  noteUnread(slot: number, atMs: number): void
  /** A flow, counted or not, has this FlowBit from now on, which qualifies its figures: its pair, if it has one, counts it. */
  noteTrait(slot: number, bit: number): void
  /** The flow closes: silence to its end is noted. */
  close(slot: number, atMs: number): void
  /** The flow leaves its pair. */
  leave(slot: number): void
}

/** Flows as they come and go: to whatever keeps for the next engine what was told of them. */
export type ToldFlows = {
  /** A flow of this id comes into the table: what was told of it goes to its row. */
  opened(slot: number): void
  /** A flow leaves the table; `isParked` when it may come back. */
  released(slot: number, isParked: boolean): void
}
