// Where a collector may be, and what one must be for its connection to be trusted.
import { join } from 'node:path'
import { agentsSocket } from './local-socket.ts'
import { STREAM_PATH } from './message.ts'

/** A WebSocket over the network, or over the socket of a collector on this machine. */
export type CollectorPlace = { url: URL; socketPath: string | undefined }

/** Whether what a person wrote names a collector by its state directory: an absolute path. */
export const isLocalCollector = (written: string): boolean => written.startsWith('/')

/** The place behind an absolute path (the state directory of an installation on this machine) or what `collectorUrl` takes. Throws an Error with a sentence. */
export function collectorPlace(written: string): CollectorPlace {
  if (!isLocalCollector(written)) return { url: collectorUrl(written), socketPath: undefined }
  return {
    // No host is asked for: the name is for the Host header alone.
    url: new URL(`ws://localhost${STREAM_PATH}`),
    socketPath: agentsSocket(join(written, 'collector')),
  }
}

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

/**
 * What stands before the path of a collector's address on another machine, as `https://collector.example:8442`: by it an
 * enrolment knows whose it is. Throws an Error with a sentence.
 */
export function collectorOrigin(written: string): string {
  const url = collectorUrl(written)
  if (url.protocol !== 'wss:')
    throw new Error(`a collector that machines enrol with has an address with https://: ${written}`)
  return `https://${url.host}`
}

/** RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3, RFC 6761 section 6.3. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}
