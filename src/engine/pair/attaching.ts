// Which pair a flow is of: found, or made with the flow's first bytes.
import { Source } from '../../records/record.gen.ts'
import {
  type Destination,
  destinationKey,
  makeDestination,
  makePeer,
} from '../destination/destination.ts'
import { D, F, FLOW_DOUBLES, FLOW_WORDS, FlowBit } from '../flow/flow-table.ts'
import type { IdentityState } from '../process/process.ts'
import { scopeOf } from '../scope.ts'
import type { News } from './news.ts'
import { C, PAIR_INTEGERS } from './pair-row.ts'
import type { PairingParts } from './pairing-parts.ts'
import type { SilentFlows } from './silent-flows.ts'

export type Attaching = {
  /** The flow is of this pair from now on; `isResumed`: as it was for an earlier engine. */
  join(slot: number, pair: number, isResumed: boolean): void
  /** Finds or makes the pair of a flow that has moved its first bytes. */
  attach(slot: number): number
  /** See `CountedFlows`. */
  await(slot: number): void
}

export function createAttaching(parts: PairingParts, news: News, silent: SilentFlows): Attaching {
  const { rows, memory, pairs, book, judged, idle, traits } = parts
  const { table, hasBit } = rows
  const { u32, f64 } = table
  const { i32 } = pairs

  const join = (slot: number, pair: number, isResumed: boolean): void => {
    const row = slot * FLOW_WORDS
    const i = pair * PAIR_INTEGERS
    u32[row + F.pair] = pair
    u32[row + F.pairGeneration] = i32[i + C.generation] as number
    i32[i + C.openFlows] = (i32[i + C.openFlows] as number) + 1
    // What an earlier engine told of, it has counted in this hour or the last.
    if (!hasBit(slot, FlowBit.told) || (hasBit(slot, FlowBit.inPair) && !isResumed))
      i32[i + C.summaryFlows] = (i32[i + C.summaryFlows] as number) + 1
    // The numbers of a pair that came back with its alert have this flow already.
    if (!hasBit(slot, FlowBit.inPair) || pairs.meta[pair]?.alertId === undefined)
      i32[i + C.flows] = (i32[i + C.flows] as number) + 1
    if (!hasBit(slot, FlowBit.inPair) && hasBit(slot, FlowBit.earlier))
      i32[i + C.earlierFlows] = (i32[i + C.earlierFlows] as number) + 1
    if (!hasBit(slot, FlowBit.inPair)) traits.join(slot, pair)
    rows.setBit(slot, FlowBit.inPair)
    silent.watch(slot)
    judged.attached(pair, slot)
  }

  const destinationOf = (slot: number): Destination => {
    const remote = u32[slot * FLOW_WORDS + F.remote] as number
    if (rows.isInbound(slot))
      return makePeer(
        rows.addressOf(slot),
        (remote >>> 16) & 0xff,
        parts.policy(),
        rows.isAccepted(slot),
      )
    return makeDestination(
      rows.addressOf(slot),
      remote & 0xffff,
      (remote >>> 16) & 0xff,
      rows.hostnameOf[slot] ?? '',
      remote >>> 24 === Source.filter,
      parts.policy(),
    )
  }

  /** The key that `destinationOf` has: most flows are of a pair that there is, and need no more of it. */
  const destinationKeyOf = (slot: number): string => {
    if (rows.isInbound(slot)) return destinationOf(slot).view.key
    const port = (u32[slot * FLOW_WORDS + F.remote] as number) & 0xffff
    const address = rows.addressOf(slot)
    const scope = scopeOf(address, parts.policy())
    return destinationKey(address, port, rows.hostnameOf[slot] ?? '', scope)
  }

  const keyOf = (identity: IdentityState, slot: number): string =>
    `${identity.stored.key}\n${destinationKeyOf(slot)}`

  const attach = (slot: number): number => {
    idle.leave(slot)
    const identity = book.using(rows.identityOf[slot] as IdentityState)
    rows.identityOf[slot] = identity
    const key = keyOf(identity, slot)
    const base = slot * FLOW_DOUBLES
    let pair = pairs.find(key)
    if (pair < 0) {
      const destination = destinationOf(slot)
      const first = news.meet(slot, identity, destination)
      pair = pairs.add(
        {
          key,
          identity,
          destination,
          ...first,
          alertId: undefined,
          suppressed: false,
          exception: undefined,
          rolledUp: undefined,
          pinned: false,
          ended: [],
        },
        f64[base + D.firstAtMs] as number,
      )
      judged.pairAdded(pair)
    }
    if (memory.isOmitted(key) && !hasBit(slot, FlowBit.inPair)) {
      // The run before had it and could not list it: what it had sent until now is counted already.
      f64[base + D.countedOut] = f64[base + D.out] as number
      f64[base + D.countedIn] = f64[base + D.in] as number
      rows.setBit(slot, FlowBit.inPair)
    }
    join(slot, pair, false)
    return pair
  }

  return {
    join,
    attach,
    await(slot) {
      const identity = rows.identityOf[slot]
      if (identity) idle.enter(slot, keyOf(identity, slot))
    },
  }
}
