// IPv6 networks that have IPv4 addresses in them: how much of IPv4 one of them is.
import { type Cidr, cidrHas, parseCidr } from '../engine/address.ts'

/** A prefix whose addresses carry an IPv4 address; `from` is the bit at which that begins, or may begin at the latest. */
type Carrier = { cidr: Cidr; from: number }

const carrier = (text: string, from: number): Carrier => ({ cidr: parseCidr(text) as Cidr, from })

const CARRIERS: readonly Carrier[] = [
  // As records have IPv4 addresses (RFC 4291 section 2.5.5.2), and the older form (2.5.5.1).
  carrier('::ffff:0:0/96', 96),
  carrier('::/96', 96),
  // NAT64 and its like (RFC 6052); for a network's own use (RFC 8215), where in it its owner says.
  carrier('64:ff9b::/96', 96),
  carrier('64:ff9b:1::/48', 96),
  // 6to4 (RFC 3056), Teredo (RFC 4380).
  carrier('2002::/16', 16),
  carrier('2001::/32', 96),
]

const V4_BITS = 32

/** Of how many bits of IPv4 the network leaves no choice: its prefix as one of IPv4; undefined: it has none of those. */
export function ipv4PrefixOf(cidr: Cidr): number | undefined {
  const found = CARRIERS.find(
    (one) => cidr.bits >= one.cidr.bits && cidrHas(one.cidr, cidr.address),
  )
  return found && Math.min(V4_BITS, Math.max(0, cidr.bits - found.from))
}

/** Whether it has a whole such prefix in it, and so all of IPv4. */
export const hasAllOfIpv4 = (cidr: Cidr): boolean =>
  CARRIERS.some((one) => cidr.bits < one.cidr.bits && cidrHas(cidr, one.cidr.address))
