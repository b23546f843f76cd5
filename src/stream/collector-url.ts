// Where a collector may be, and what one must be for its connection to be trusted.
import { STREAM_PATH } from './message.ts'

/**
 * The WebSocket address behind what a person wrote: ws, wss, http or https; without a path it is the
 * stream's. Throws an Error with a sentence when it is none, when it holds a secret, or when it would
 * send the token and the findings in the clear to another machine.
 */
export function collectorUrl(written: string): URL {
  let url: URL
  try {
    url = new URL(written)
  } catch {
    throw new Error(`the collector's address is no URL: ${written}`)
  }
  if (url.protocol === 'http:' || url.protocol === 'https:')
    url = new URL(url.href.replace(/^http/, 'ws'))
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:')
    throw new Error(
      `the collector's address begins with wss:// (or ws:// on this machine): ${written}`,
    )
  if (url.username || url.password || url.search || url.hash)
    throw new Error(`the collector's address holds more than host, port and path: ${url.host}`)
  if (url.protocol === 'ws:' && !isLoopback(url.hostname))
    throw new Error(
      `ws:// to ${url.hostname} would send the token and the findings in the clear: use wss://`,
    )
  if (url.pathname === '/') url.pathname = STREAM_PATH
  return url
}

/** RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3, RFC 6761 section 6.3. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}
