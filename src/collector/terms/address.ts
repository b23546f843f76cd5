// Where a collector may listen, and which names a request may call it by.
import { isIP } from 'node:net'
import { CollectorError } from './collector-error.ts'

/** 127.0.0.0/8 (RFC 1122), ::1 (RFC 4291), localhost (RFC 6761). */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

/** Throws CollectorError: without TLS, tokens and what devices do would cross the network in clear. */
export function refuseUnlessLoopback(host: string): void {
  if (isLoopback(host)) return
  throw new CollectorError(
    'address',
    `without TLS the collector listens on loopback only, not on ${host}: keys and alerts would cross the network in clear`,
  )
}

/** As it stands in a URL: IPv6 in brackets (RFC 3986, 3.2.2). */
export const hostInUrl = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host)

/** What opens the page signed in. In the fragment, which no browser sends to a server. */
export const pageUrlOf = (url: string, pageKey: string): string => `${url}/#key=${pageKey}`

/**
 * Whether a Host header names this machine's loopback. A page of another site whose name was rebound to
 * 127.0.0.1 sends that site's name.
 */
export function isLoopbackHostHeader(header: string | undefined): boolean {
  const host = hostOf(header)
  return host !== undefined && isLoopback(host)
}

/** Whether a Host header names one of `names`, which are in lower case. */
export function namedBy(header: string | undefined, names: readonly string[]): boolean {
  const host = hostOf(header)
  return host !== undefined && names.includes(host)
}

function hostOf(header: string | undefined): string | undefined {
  const match = /^(\[[0-9a-f:]+\]|[^:[\]]+)(?::\d{1,5})?$/i.exec(header ?? '')
  return match?.[1]?.replace(/^\[|\]$/g, '').toLowerCase()
}
