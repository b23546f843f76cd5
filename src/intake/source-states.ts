// What each of a Mac's sources last said of itself, and since when it is at work.
import { Mark, type MarkRecord } from '../records/record.gen.ts'
import { type MacSource, macSourceOf, type Said } from '../sources/choice.ts'
import type { SourceMemory } from './memory.ts'

export type SourceState = {
  said: Said
  /** When it began to work, since boot; undefined while it does not. */
  sinceNs: bigint | undefined
  /** When it ended, before it began again or now; 0: it never did. */
  endedNs: bigint
  hasEnumerated: boolean
  lastFlowNs: bigint
  /** Of a flow, since it began to work. */
  hasTold: boolean
  /** Of it, since this process began. */
  isHeard: boolean
  /** It was at work before this process, and still is. */
  isOlder: boolean
}

/** Who was at work has so long to say so where sense began anew: all begin at once, NetworkStatistics within a second. */
const HEARD_WITHIN_NS = 10_000_000_000n
/** Half of what closed flows are remembered for. */
const AWAY_NS = 60_000_000_000n

export type SourceStates = {
  of(name: MacSource): SourceState
  all(): Iterable<[MacSource, SourceState]>
  isWorking(source: number): boolean
  /** Whether it names what it has, after it was away for long, while another told of flows. */
  isBack(name: MacSource): boolean
  /** While it names what it has: since when it was away, since boot; 0: from before this process. Else undefined. */
  awaySinceNs(name: MacSource): bigint | undefined
  /** What a mark says of who told it; of a start what it named before is no more. */
  said(name: MacSource, mark: MarkRecord): SourceState
  /** Who was at work before this process and is no more, which nobody says where sense, too, began anew. Each once. */
  takeUnheard(nowNs: bigint): MacSource[]
  memory(): SourceMemory[]
}

export function createSourceStates(before: readonly SourceMemory[] | undefined): SourceStates {
  const states = new Map((before ?? []).map((one) => [one.name, stateOf(one)]))
  /** To an engine that alone began anew sense says first of all what the clock was. */
  let isSenseNew = before === undefined ? false : undefined
  let heardByNs: bigint | undefined
  /** When the first of them said whether it works; 0: before this process. */
  let beganNs = before === undefined ? undefined : 0n
  const of = (name: MacSource): SourceState => {
    const state = states.get(name) ?? newState()
    states.set(name, state)
    return state
  }

  const goneNs = ({ endedNs }: SourceState): bigint => (endedNs > 0n ? endedNs : (beganNs ?? 0n))

  return {
    of,
    all: () => states,
    awaySinceNs(name) {
      const state = of(name)
      return state.hasEnumerated || state.sinceNs === undefined ? undefined : goneNs(state)
    },
    isWorking(source) {
      const name = macSourceOf(source)
      return name !== undefined && states.get(name)?.sinceNs !== undefined
    },
    isBack(name) {
      const state = of(name)
      const { sinceNs, hasEnumerated } = state
      const sinceGoneNs = goneNs(state)
      return (
        !hasEnumerated &&
        sinceNs !== undefined &&
        sinceNs >= sinceGoneNs + AWAY_NS &&
        [...states].some(([other, { lastFlowNs }]) => other !== name && lastFlowNs >= sinceGoneNs)
      )
    },
    said(name, { kind, capabilities, gaps, atNs }) {
      beganNs ??= atNs
      isSenseNew ??= kind !== Mark.clock
      if (isSenseNew || kind === Mark.stop || capabilities === 0) of(name).isOlder = false
      const state = of(name)
      state.isHeard = true
      state.said = kind === Mark.stop ? { capabilities: 0, gaps: 0 } : { capabilities, gaps }
      if (kind === Mark.start) {
        heardByNs ??= atNs + HEARD_WITHIN_NS
        state.hasEnumerated = false
      }
      return state
    },
    takeUnheard(nowNs) {
      if (!isSenseNew || heardByNs === undefined || nowNs < heardByNs) return []
      isSenseNew = false
      const unheard = [...states].filter(([, { isHeard, sinceNs }]) => !isHeard && sinceNs)
      for (const [, state] of unheard) state.said = { capabilities: 0, gaps: 0 }
      return unheard.map(([name]) => name)
    },
    memory: () => [...states].flatMap(([name, state]) => memoryOf(name, state)),
  }
}

const newState = (): SourceState => ({
  said: { capabilities: 0, gaps: 0 },
  sinceNs: undefined,
  endedNs: 0n,
  hasEnumerated: false,
  lastFlowNs: 0n,
  hasTold: false,
  isHeard: false,
  isOlder: false,
})

/** It names what it has anew, to a new engine. */
function stateOf(before: SourceMemory): SourceState {
  const { capabilities, gaps, sinceNs, endedNs, lastFlowNs, hasTold } = before
  const state = newState()
  state.said = { capabilities, gaps }
  if (sinceNs !== undefined) state.sinceNs = BigInt(sinceNs)
  state.endedNs = BigInt(endedNs)
  state.isOlder = sinceNs !== undefined
  state.lastFlowNs = BigInt(lastFlowNs)
  state.hasTold = hasTold
  return state
}

/** Of one that is at work, or was and told of flows. */
function memoryOf(name: MacSource, state: SourceState): SourceMemory[] {
  const { said, sinceNs, endedNs, lastFlowNs, hasTold } = state
  if (sinceNs === undefined && lastFlowNs === 0n) return []
  const since = sinceNs === undefined ? {} : { sinceNs: `${sinceNs}` }
  const times = { endedNs: `${endedNs}`, lastFlowNs: `${lastFlowNs}` }
  return [{ name, ...said, ...since, ...times, hasTold }]
}
