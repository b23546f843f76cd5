// Who is at the other end of a local socket: what the kernel says, which no peer can pretend.
import { statSync } from 'node:fs'
import type { Socket } from 'node:net'
import { peerUidOf } from './libc.ts'

/** The effective user that connected. undefined when the kernel does not say, or the socket is closed. */
export function peerUid(socket: Socket): number | undefined {
  // Node tells the descriptor of a local socket nowhere else; it is there on Linux and macOS.
  const handle = (socket as Socket & { _handle?: { fd?: unknown } | null })._handle
  const fd = handle?.fd
  return typeof fd === 'number' && fd >= 0 ? peerUidOf(fd) : undefined
}

/** Who sits at this Mac: /dev/console belongs to them while they are logged in. undefined on Linux. */
export function consoleUid(): number | undefined {
  if (process.platform !== 'darwin') return undefined
  try {
    return statSync('/dev/console').uid
  } catch {
    return undefined
  }
}
