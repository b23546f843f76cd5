// Devices that a token let in and that nobody has admitted: whoever has a token can invent them, so they are bounded, all of
// them and those of one token. Whoever comes by a token makes room among those that came by it, and nowhere else.
import { LIMITS } from '../terms/limits.ts'
import type { EnrolledDevice } from './registry-rows.ts'

/** Together: each time those of a token are looked through. */
const AT_ONCE = 100

export type Newcomers = {
  /** So many that nobody has admitted. */
  max: number
  /** By one token. */
  eachMax: number
  /** It has connected at some time. */
  isHeard: (deviceId: string) => boolean
  /** It is connected. */
  isHere: (deviceId: string) => boolean
  /** Told which were forgotten, all of the token that is called so. */
  onForgotten: (deviceIds: readonly string[], tokenLabel: string) => void
}

export const NEWCOMERS: Newcomers = {
  max: LIMITS.quarantinedMax,
  eachMax: LIMITS.quarantinedEachMax,
  isHeard: () => false,
  isHere: () => false,
  onForgotten: () => {},
}

/** The quarantined, in the order in which they came; `byToken`: those of one token. */
export type Waiting = { size: number; byToken: ReadonlyMap<string, EnrolledDevice> }

/**
 * Which of the quarantined are forgotten before one more comes by a token: none, unless that token has as many as one may have.
 * Then the oldest that never connected, else the youngest that are not there now: to connect once costs who invents them nothing, and
 * whoever was there before does not pay. Where more than half of them came from one network (/24 of IPv4, /48 of IPv6, as one customer
 * of a provider has it), of that network alone: of less than half nobody can tell an office from who invents. Nobody is forgotten of whom a person
 * has said something, who is connected, or who came by another token: what a token has done is paid for by its own alone.
 * undefined: there is no room.
 */
export function givingWay(
  { size, byToken }: Waiting,
  { max, eachMax, isHeard, isHere }: Omit<Newcomers, 'onForgotten'>,
  but?: string,
): readonly string[] | undefined {
  const ofTokenMax = Math.min(max, eachMax)
  if (byToken.size < ofTokenMax) return size < max ? [] : undefined
  const came = new Map<string, number>()
  const away: EnrolledDevice[] = []
  for (const one of byToken.values()) {
    const network = networkOf(one)
    came.set(network, (came.get(network) ?? 0) + 1)
    if (!one.isNoticed && one.id !== but && !isHere(one.id)) away.push(one)
  }
  // Of whom it is not known whence they came are of no network together.
  const [crowded] = [...came].find(([of, n]) => of !== '' && n * 2 > byToken.size) ?? []
  const crowd = away.filter((one) => networkOf(one) === crowded)
  const those = crowd.length > 0 ? crowd : away
  const unheard = those.filter(({ id }) => !isHeard(id))
  const giving = unheard.length > 0 ? unheard : those.toReversed()
  const atOnce = Math.max(1, Math.min(AT_ONCE, Math.floor(ofTokenMax / 10)))
  return giving.length > 0 ? giving.slice(0, atOnce).map(({ id }) => id) : undefined
}

/** Of what `sourceOf` says, /64 of IPv6, the /48. */
const networkOf = ({ source }: EnrolledDevice): string =>
  source.includes(':') ? source.split(':').slice(0, 3).join(':') : source
