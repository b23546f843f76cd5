// What of a host name somebody registered: `files.example.co.uk` belongs to `example.co.uk`. By the public suffix
// list as tldts carries it, with its private part: a bucket of a cloud is its owner's, not the cloud's.
import { getDomain, getPublicSuffix, parse } from 'tldts'

const cache = new Map<string, string>()
const CACHED_MAX = 4_096

/** The registered domain, or the host name where there is none: `localhost`, an address, a public suffix. */
export function registeredDomain(hostname: string): string {
  const known = cache.get(hostname)
  if (known !== undefined) return known
  const domain =
    getDomain(hostname, { allowPrivateDomains: true, validateHostname: false }) ?? hostname
  if (cache.size >= CACHED_MAX) cache.clear()
  cache.set(hostname, domain)
  return domain
}

/**
 * Whether anybody can have a name right under it: `org`, `co.uk`, of the private part `github.io`, `s3.amazonaws.com`; also a
 * name of one part. What such names lie under in turn (`amazonaws.com`) is none.
 */
export const isPublicSuffix = (hostname: string): boolean =>
  getPublicSuffix(hostname, { allowPrivateDomains: true, validateHostname: false }) === hostname

/**
 * The registered domain as a registry gave it, and its own part (`example` of `files.example.co.uk`); undefined for an address, a
 * suffix, and what lies under a private suffix, where anybody may have any name (`example.github.io`).
 */
export function registryDomain(hostname: string): { domain: string; label: string } | undefined {
  const found = parse(hostname, { allowPrivateDomains: true, validateHostname: false })
  const { domain, domainWithoutSuffix: label } = found
  if (found.isIp || found.isPrivate || !found.isIcann || !domain || !label) return undefined
  return { domain, label }
}
