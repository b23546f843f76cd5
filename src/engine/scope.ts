// Where an address lies, and whether flows to it are scored.
import { cidrHas, isIpv4 } from './address.ts'
import type { Policy } from './policy.ts'

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
