// One host's share of a Zeek log: which host that is where nobody says, and its connections as it saw them.
import { FlowFlag } from '../records/record.gen.ts'
import type { ConnEntry, Endpoint } from './zeek-conn.ts'

/** A connection as the host had it. */
export type HostFlow = {
  uid: string
  startUs: number
  durationUs: number
  /** The host accepted it. */
  isInbound: boolean
  localAddress: Uint8Array
  localPort: number
  remoteAddress: Uint8Array
  remotePort: number
  protocol: 6 | 17
  bytesOut: number
  bytesIn: number
  /** FlowFlag bits of what its figures are: its end was not seen, or a count of the log was lowered or raised. */
  doubts: number
}

export const isOf = ({ originator, responder }: ConnEntry, host: string | undefined): boolean =>
  originator.name === host || responder.name === host

/** The connection from the side that is `host`; undefined when neither is, or it is neither TCP nor UDP. */
export function seenFrom(
  entry: ConnEntry,
  host: string,
):
  | (HostFlow & Record<'isBounded' | 'isRaised' | 'isUncounted' | 'isByPackets', boolean>)
  | undefined {
  const { originator, responder, protocol } = entry
  if (!isOf(entry, host) || protocol === undefined) return undefined
  const isInbound = originator.name !== host
  const [local, remote] = isInbound ? [responder, originator] : [originator, responder]
  const { asOut } = local.sent
  const { asIn } = remote.sent
  const isOutLowered = asOut < (local.sent.said ?? 0)
  const isInLowered = asIn < (remote.sent.said ?? 0)
  // A log without counts contradicts nothing.
  const isOutRaised = asOut > (local.sent.said ?? asOut)
  const isInRaised = asIn > (remote.sent.said ?? asIn)
  const isOutLost = local.sent.isCountLost
  const isInLost = remote.sent.isCountLost
  return {
    uid: entry.uid,
    startUs: entry.startUs,
    durationUs: entry.durationUs,
    isInbound,
    localAddress: local.address,
    localPort: local.port,
    remoteAddress: remote.address,
    remotePort: remote.port,
    protocol,
    bytesOut: asOut,
    bytesIn: asIn,
    doubts:
      (entry.isOpenEnded || isOutRaised || isOutLost ? FlowFlag.inexact : 0) |
      (isOutLowered ? FlowFlag.atMost : 0) |
      (isInLowered || isInRaised || isInLost ? FlowFlag.inAbout : 0),
    isBounded: isOutLowered || isInLowered,
    isRaised: isOutRaised || isInRaised,
    isByPackets: isOutLost || isInLost,
    isUncounted: isSilent(local) && isSilent(remote),
  }
}

/** The log has no count of what it sent, nor packets that tell. */
const isSilent = ({ sent }: Endpoint): boolean => sent.said === undefined && sent.asOut === 0

/** Addresses told apart while the host is guessed. */
const ADDRESSES_MAX = 65_536

export type HostGuess = {
  note(entry: ConnEntry): void
  /** The host, and why it; undefined when nothing was noted. */
  answer(): { host: string; why: string } | undefined
}

type Heard = {
  isLocal: boolean | undefined
  /** Connections that it began or accepted, and of these those in which it sent something. */
  began: number
  accepted: number
  beganCarrying: number
  acceptedCarrying: number
}

/** The first that applies to any address decides between those it applies to, by the number it gives. */
const CLUES: { why: string; count: (heard: Heard) => number }[] = [
  {
    why: 'the local host that began most connections with bytes',
    count: ({ isLocal, beganCarrying }) => (isLocal === true ? beganCarrying : 0),
  },
  {
    why: 'the local host that accepted most connections with bytes',
    count: ({ isLocal, acceptedCarrying }) => (isLocal === true ? acceptedCarrying : 0),
  },
  {
    why: 'the local host of most connections',
    count: ({ isLocal, began, accepted }) => (isLocal === true ? began + accepted : 0),
  },
  {
    why: 'the originator of most connections with bytes',
    count: ({ beganCarrying }) => beganCarrying,
  },
  { why: 'the originator of most', count: ({ began }) => began },
]

/**
 * The monitor's own word on what is local comes first; a scanner that begins a thousand connections and sends nothing
 * in them is not the host.
 */
export function createHostGuess(): HostGuess {
  const addresses = new Map<string, Heard>()
  const heardOf = (name: string): Heard | undefined => {
    const known = addresses.get(name)
    if (known || addresses.size >= ADDRESSES_MAX) return known
    const heard = {
      isLocal: undefined,
      began: 0,
      accepted: 0,
      beganCarrying: 0,
      acceptedCarrying: 0,
    }
    addresses.set(name, heard)
    return heard
  }
  return {
    note({ originator, responder }) {
      const from = heardOf(originator.name)
      if (from) {
        from.isLocal ??= originator.isLocal
        from.began++
        if (originator.sent.asOut > 0) from.beganCarrying++
      }
      const to = heardOf(responder.name)
      if (to) {
        to.isLocal ??= responder.isLocal
        to.accepted++
        if (responder.sent.asOut > 0) to.acceptedCarrying++
      }
    },
    answer() {
      for (const { why, count } of CLUES) {
        let most = 0
        let host: string | undefined
        for (const [name, heard] of addresses)
          if (count(heard) > most) {
            most = count(heard)
            host = name
          }
        if (host !== undefined) return { host, why }
      }
      return undefined
    },
  }
}
