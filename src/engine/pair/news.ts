// What is new about an identity: that it uses the network, and where.
import { wallNow, wallOfMs } from '../clock.ts'
import { type Destination, isServed } from '../destination/destination.ts'
import type { Sighting } from '../finding.ts'
import { D, FLOW_DOUBLES } from '../flow/flow-table.ts'
import { identityView } from '../identity/identity-view.ts'
import { processView } from '../identity/process-view.ts'
import type { IdentityState, Process } from '../process/process.ts'
import type { Pair } from './pair-table.ts'
import type { PairingParts } from './pairing-parts.ts'

const DAY_NS = 86_400_000_000_000n

export type News = {
  /** Says what is new about an identity at a destination, of which the flow in `slot` is the first, and notes it. */
  meet(
    slot: number,
    identity: IdentityState,
    destination: Destination,
  ): Pick<Pair, 'newToIdentity' | 'newToHost' | 'isShared'>
  /** See `FlowPairing`. */
  introduce(pair: Pair, process: Process, isFirst: boolean): void
}

export function createNews(
  parts: Pick<PairingParts, 'baseline' | 'clock' | 'rows' | 'book' | 'emit'>,
): News {
  const { baseline, clock, rows, book } = parts
  const { f64 } = rows.table

  const say = (
    of: Sighting['of'],
    identity: IdentityState,
    process: Process,
    destination: Destination,
  ): void =>
    parts.emit({
      of,
      identity: identityView(identity),
      process: processView(process, clock),
      destination: destination.view,
    })

  return {
    meet(slot, identity, destination) {
      const at = wallOfMs(clock, f64[slot * FLOW_DOUBLES + D.firstAtMs] as number)
      const process = rows.processOf[slot]
      const sighted = (of: Sighting['of']): void => {
        // What it is may be known soon, and is said then.
        if (process && !identity.isTentative) say(of, identity, process, destination)
      }
      if (book.usedNetwork(identity, at)) sighted('network')
      // Who comes is the peers' choice: a server's are no news, and thousands of them would push out what is.
      if (isServed(destination.view.key))
        return { newToIdentity: false, newToHost: false, isShared: false }
      const identityKey = identity.stored.key
      const destinationKey = destination.view.key
      const known = baseline.destination(identityKey, destinationKey)
      if (known)
        return { newToIdentity: at - known.firstAt < DAY_NS, newToHost: false, isShared: false }
      const newToHost = !baseline.hostKnowsDestination(destinationKey)
      baseline.putDestination({ identityKey, destinationKey, firstAt: at, lastAt: at })
      sighted('destination')
      return { newToIdentity: true, newToHost, isShared: !newToHost }
    },
    introduce({ identity, destination }, process, isFirst) {
      const at = wallNow(clock)
      if (isFirst) say('network', identity, process, destination)
      if (isServed(destination.view.key)) return
      const keys = { identityKey: identity.stored.key, destinationKey: destination.view.key }
      if (baseline.destination(keys.identityKey, keys.destinationKey)) return
      baseline.putDestination({ ...keys, firstAt: at, lastAt: at })
      say('destination', identity, process, destination)
    },
  }
}
