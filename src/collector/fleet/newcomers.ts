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

/** Who comes: from which network, as `sourceOf` has it; and beside which device, which gives it no room itself. */
export type Comer = { source?: string; beside?: string }

/** The quarantined, in the order in which they came; `byToken`: those of one token. */
export type Waiting = { size: number; byToken: ReadonlyMap<string, EnrolledDevice> }

/**
 * Which of the quarantined are forgotten before one more comes by a token: none, unless that token has as many as one may have.
 * Then the oldest that never connected, else the youngest that are not there now: to connect once costs who invents them nothing, and
 * whoever was there before does not pay. Nobody is forgotten of whom a person has said something, who is connected, or who came by
 * another token: what a token has done is paid for by its own alone. undefined: there is no room.
 *
 * A crowd is the network (/24 of IPv4, /48 of IPv6, as one customer of a provider has it) that more than half of them came from: of
 * less than half nobody can tell an office from who invents. It pays alone for who comes from it, and for who comes from elsewhere
 * first with those that never connected. So it costs who invents behind one network his own. It is not to pay with those
 * that did connect for who comes from elsewhere: where the crowd is an office, whose machines are off at night, a stranger
 * who has the token would take its places down to half, by devices that never connected; while what a crowd of a stranger
 * loses for others by this is no more than devices that never connected, and then the youngest of all, which are his while he goes on.
 */
export function givingWay(
  { size, byToken }: Waiting,
  { max, eachMax, isHeard, isHere }: Omit<Newcomers, 'onForgotten'>,
  comer: Comer,
): readonly string[] | undefined {
  const ofTokenMax = Math.min(max, eachMax)
  if (byToken.size < ofTokenMax) return size < max ? [] : undefined
  const came = new Map<string, number>()
  const away: EnrolledDevice[] = []
  for (const one of byToken.values()) {
    const network = networkOf(one)
    came.set(network, (came.get(network) ?? 0) + 1)
    if (!one.isNoticed && one.id !== comer.beside && !isHere(one.id)) away.push(one)
  }
  // Those of whom it is not known whence they came are of no network together.
  const [crowded] = [...came].find(([of, n]) => of !== '' && n * 2 > byToken.size) ?? []
  const crowd = away.filter((one) => networkOf(one) === crowded)
  const isOfCrowd = crowded !== undefined && networkOf(comer) === crowded
  const those = isOfCrowd && crowd.length > 0 ? crowd : away
  const isUnheard = ({ id }: EnrolledDevice) => !isHeard(id)
  const giving =
    [crowd.filter(isUnheard), those.filter(isUnheard)].find((some) => some.length > 0) ??
    those.toReversed()
  const atOnce = Math.max(1, Math.min(AT_ONCE, Math.floor(ofTokenMax / 10)))
  return giving.length > 0 ? giving.slice(0, atOnce).map(({ id }) => id) : undefined
}

/** Of what `sourceOf` says, /64 of IPv6, the /48. */
const networkOf = ({ source = '' }: { source?: string }): string =>
  source.includes(':') ? source.split(':').slice(0, 3).join(':') : source
