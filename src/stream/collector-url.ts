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
 * The WebSocket address behind what a person wrote: wss or https; without a path it is the stream's. Throws an Error with a
 * sentence when it is none, or when it holds a secret.
 */
export function collectorUrl(written: string): URL {
  let url: URL
  try {
    url = new URL(written)
  } catch {
    throw new Error(`the collector's address is no URL: ${written}`)
  }
  if (url.protocol === 'https:') url = new URL(url.href.replace(/^http/, 'ws'))
  if (url.protocol !== 'wss:')
    throw new Error(
      `a collector on another machine has an address with https://, and one on this machine is named by its state directory: ${written} is neither`,
    )
  if (url.username || url.password || url.search || url.hash)
    throw new Error(`the collector's address holds more than host, port and path: ${url.host}`)
  if (url.pathname === '/') url.pathname = STREAM_PATH
  return url
}

/**
 * What stands before the path of a collector's address on another machine, as `https://collector.example:8442`: by it an
 * enrolment knows whose it is. Throws an Error with a sentence.
 */
export function collectorOrigin(written: string): string {
  return `https://${collectorUrl(written).host}`
}
