// Where a flow goes: what pairs are keyed by, and what detection leaves out.

import { port as checkedPort } from '../units.ts'
import { cidrHas, formatAddress, isIpv4 } from './address.ts'
import type { DestinationView } from './finding.ts'
import type { Policy } from './policy.ts'
import { registeredDomain } from './registered-domain.ts'

/**
 * Where an address lies. Special ranges as the IANA registries have them (RFC 6890 and its updates);
 * `private` is RFC 1918, RFC 6598 (carriers' NAT) and RFC 4193 (fc00::/7).
 */
export type Scope =
  | 'external'
  | 'private'
  | 'loopback'
  | 'link_local'
  | 'multicast'
  | 'broadcast'
  | 'unspecified'

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

function scopeOfIpv4(a: number, b: number, c: number, d: number): Scope {
  if (a === 127) return 'loopback'
  if (a === 0) return 'unspecified'
  if (a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168)) return 'private'
  if (a === 100 && b >= 64 && b < 128) return 'private'
  if (a === 169 && b === 254) return 'link_local'
  if (a >= 224 && a < 240) return 'multicast'
  if (a === 255 && b === 255 && c === 255 && d === 255) return 'broadcast'
  return 'external'
}

function rawScope(address: Uint8Array): Scope {
  const at = (index: number): number => address[index] as number
  if (isIpv4(address)) return scopeOfIpv4(at(12), at(13), at(14), at(15))
  if (at(0) === 0xff) return 'multicast'
  if (at(0) === 0xfe && (at(1) & 0xc0) === 0x80) return 'link_local'
  if ((at(0) & 0xfe) === 0xfc) return 'private'
  for (let i = 0; i < 15; i++) if (at(i) !== 0) return 'external'
  return at(15) === 1 ? 'loopback' : at(15) === 0 ? 'unspecified' : 'external'
}

/** Where `address` (16 bytes) lies under this policy: externalNetworks turns private into external. */
export function scopeOf(address: Uint8Array, policy: Policy): Scope {
  const scope = rawScope(address)
  return scope === 'private' && policy.externalNetworks.some((cidr) => cidrHas(cidr, address))
    ? 'external'
    : scope
}

/** Whether flows to it are scored. */
export function isScored(scope: Scope, policy: Policy): boolean {
  return (
    scope === 'external' || scope === 'private' || (scope === 'loopback' && policy.includeLoopback)
  )
}

/**
 * What pairs are keyed by: the registered domain where the source gives a host name, else IPv4 /24 or IPv6 /48 (loopback:
 * the address itself), and the port.
 */
export function destinationKey(
  address: Uint8Array,
  remotePort: number,
  hostname: string,
  scope: Scope,
): string {
  if (hostname !== '') return `${registeredDomain(hostname)}:${remotePort}`
  if (scope === 'loopback') return `${bracketed(address)}:${remotePort}`
  if (isIpv4(address)) return `${address[12]}.${address[13]}.${address[14]}.0/24:${remotePort}`
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
