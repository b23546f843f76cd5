// Where a flow goes: what pairs are keyed by.

import { port as checkedPort } from '../../units.ts'
import { behindNat64, formatAddress, isIpv4 } from '../address.ts'
import type { DestinationView } from '../finding.ts'
import type { Policy } from '../policy.ts'
import { type Scope, scopeOf } from '../scope.ts'
import { registeredDomain } from './registered-domain.ts'

/** Ends the key of a peer that was served: the port it came from is another each time. */
const SERVED = ' served'

/** Ends the key of one that may have connected, or not: what it got counts as sent. */
const EITHER_WAY = ' either way'

export const isServed = (destinationKey: string): boolean => destinationKey.endsWith(SERVED)

/** Whether it is an address for whatever port. */
export const isPeer = (destinationKey: string): boolean =>
  isServed(destinationKey) || destinationKey.endsWith(EITHER_WAY)

export type Destination = {
  view: DestinationView
  /** 16 bytes. */
  address: Uint8Array
  scope: Scope
  /** The program asked for an address and not for a name; false where the source cannot tell. */
  bareAddress: boolean
}

/**
 * What pairs are keyed by: the registered domain where the source gives a host name, else IPv4 /24 or IPv6 /48 (loopback:
 * the address itself), and the port. What lies behind a NAT64 is the IPv4 that it is elsewhere: else all of IPv4 were one.
 */
export function destinationKey(
  address: Uint8Array,
  remotePort: number,
  hostname: string,
  scope: Scope,
): string {
  if (hostname !== '') return `${registeredDomain(hostname)}:${remotePort}`
  if (scope === 'loopback') return `${bracketed(address)}:${remotePort}`
  const v4 = isIpv4(address) ? address : behindNat64(address)
  if (v4) return `${v4[12]}.${v4[13]}.${v4[14]}.0/24:${remotePort}`
  const block = new Uint8Array(16)
  block.set(address.subarray(0, 6))
  return `[${formatAddress(block)}/48]:${remotePort}`
}

/** `192.0.2.7` or `[2001:db8::7]`, as it stands before a port. */
export function bracketed(address: Uint8Array): string {
  return isIpv4(address) ? formatAddress(address) : `[${formatAddress(address)}]`
}

/** Who fetched what this host serves, or (not `isSure`) may have: an address, whatever its port. */
export function makePeer(
  address: Uint8Array,
  protocol: number,
  policy: Policy,
  isSure: boolean,
): Destination {
  const peer = makeDestination(address, 0, protocol, '', false, policy)
  const key = `${peer.view.key.slice(0, -':0'.length)}${isSure ? SERVED : EITHER_WAY}`
  return { ...peer, view: { ...peer.view, key } }
}

/** A destination from a flow's fields. `address` is copied. */
export function makeDestination(
  address: Uint8Array,
  remotePort: number,
  protocol: number,
  hostname: string,
  namesKnown: boolean,
  policy: Policy,
): Destination {
  const scope = scopeOf(address, policy)
  const copy = new Uint8Array(address)
  return {
    view: {
      key: destinationKey(copy, remotePort, hostname, scope),
      address: formatAddress(copy),
      port: checkedPort(remotePort, 'remote_port'),
      hostname,
      protocol,
    },
    address: copy,
    scope,
    bareAddress: namesKnown && hostname === '',
  }
}
