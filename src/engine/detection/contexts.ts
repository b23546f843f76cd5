// The context of each pair, made anew where what it follows from has changed: a pair is scored with each report.
import type { Baseline } from '../../baseline/baseline.ts'
import { type Clock, wallNowMs } from '../clock.ts'
import { earlierBuilds, impostorOf } from '../identity/likeness.ts'
import type { Pair } from '../pair/pair-table.ts'
import { CLASSES, type Class } from './classes.ts'
import { type Context, contextOf } from './context.ts'

const HOUR_MS = 3_600_000

type Made = {
  pair: Pair
  circumstances: Pair['identity']['circumstances']
  ofClass: number
  signerClass: string
  isKnownDestination: boolean
  /** Its texts say how long ago things were. */
  hour: number
  context: Context
}

/** By slot of the pair; `ofClass` is an index of CLASSES. */
export function createContexts({
  baseline,
  clock,
}: {
  baseline: Baseline
  clock: Clock
}): (slot: number, pair: Pair, ofClass: number, isKnownDestination: boolean) => Context {
  const bySlot: (Made | undefined)[] = []
  return (slot, pair, ofClass, isKnownDestination) => {
    const { identity, destination, isShared } = pair
    const { circumstances } = identity
    const { signerClass, signingId } = identity.stored
    const hour = Math.floor(wallNowMs(clock) / HOUR_MS)
    const made = bySlot[slot]
    if (
      made?.pair === pair &&
      made.circumstances === circumstances &&
      made.ofClass === ofClass &&
      made.signerClass === signerClass &&
      made.isKnownDestination === isKnownDestination &&
      made.hour === hour
    )
      return made.context
    const context = contextOf({
      ofClass: CLASSES[ofClass] as Class,
      ...{ signerClass, signingId },
      impostor: impostorOf(baseline, identity.stored),
      buildsOf: (builtAs) => earlierBuilds(baseline, builtAs, identity.stored.firstExecAt),
      circumstances,
      hostname: destination.view.hostname,
      isShared: isShared && !isKnownDestination,
      nowMs: wallNowMs(clock),
    })
    bySlot[slot] = { pair, circumstances, ofClass, signerClass, isKnownDestination, hour, context }
    return context
  }
}
