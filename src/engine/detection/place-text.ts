// A host in a sentence.
import { quoted } from '../../printable.ts'
import { type Destination, isPeer } from '../destination/destination.ts'
import type { DestinationView } from '../finding.ts'

/** RFC 1123, and the underscores that are in use. What was asked for may be any text. */
const HOSTNAME = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/

/**
 * `192.0.2.7:443`, `host.example:443 (192.0.2.7)`, of a peer its address alone. `moreAddresses` follows the address, and `bytes`
 * stands with it.
 */
export function placeText(
  { key, hostname, address, port }: Pick<DestinationView, 'key' | 'hostname' | 'address' | 'port'>,
  moreAddresses = '',
  bytes = '',
): string {
  const host = address.includes(':') ? `[${address}]` : address
  const aside = bytes === '' ? '' : ` (${bytes})`
  if (isPeer(key)) return `${host}${aside}`
  if (hostname === '') return `${host}:${port}${aside}`
  const name = HOSTNAME.test(hostname) ? hostname : quoted(hostname)
  return `${name}:${port} (${address}${moreAddresses}${bytes === '' ? '' : `, ${bytes}`})`
}

/** As its first flow had it. */
export const hostPort = ({ view }: Destination): string => placeText(view)
