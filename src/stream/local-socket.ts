// Agent and collector of one machine: a Unix socket in the collector's state directory. There is no secret to be had and
// no port that somebody else could take while the collector is away: the kernel says who is at the other end.
import { lstatSync, realpathSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { dirname, join, relative } from 'node:path'
import { peerUid } from '../host/peer.ts'

const AGENTS_SOCKET = 'agents.sock'
/** What sun_path holds without its zero: 108 bytes on Linux, 104 on macOS. */
const PATH_BYTES_MAX = process.platform === 'darwin' ? 103 : 107

/** Of a collector's state directory. */
export const agentsSocket = (directory: string): string => join(directory, AGENTS_SOCKET)

/** The shorter of absolute and relative; undefined when that is still too long for a socket. */
export function shortSocketPath(path: string): string | undefined {
  const beside = relative(process.cwd(), path)
  const short = beside.length < path.length ? beside : path
  return Buffer.byteLength(short) <= PATH_BYTES_MAX ? short : undefined
}

/** Whether a user may be believed to be the other half of this installation: root, or who runs this. */
export const isOwnUser = (uid: number | undefined): boolean =>
  uid !== undefined && (uid === 0 || uid === process.geteuid?.())

/** The collector's place is, or could be, somebody else's, or no socket can be there: that does not pass by itself. */
export class PlaceError extends Error {
  override readonly name = 'PlaceError'
}

/**
 * Connects to the socket at `path` (absolute). Resolves before a byte has passed, when all directories above it belong to
 * nobody but root, this user and `collectorUid`, and the kernel says that one of these listens. Rejects with a PlaceError, or
 * with an Error that says why nobody listens. `collectorUid` is for root alone: the user that root's own collector runs as.
 */
export function connectLocal(
  path: string,
  timeoutMs: number,
  collectorUid?: number,
): Promise<Socket> {
  const mayListen = (uid: number | undefined) =>
    isOwnUser(uid) || (uid !== undefined && uid === collectorUid)
  const short = shortSocketPath(path)
  if (short === undefined)
    return Promise.reject(
      new PlaceError(
        `${path} is too long a name for a socket: give the collector a shorter --state`,
      ),
    )
  const fault = ownershipFault(path, mayListen)
  if (fault !== undefined) return Promise.reject(new PlaceError(fault))
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path: short })
    const fail = (error: Error) => {
      clearTimeout(timer)
      socket.destroy()
      reject(error)
    }
    const timer = setTimeout(() => fail(new Error('it does not take the connection')), timeoutMs)
    socket.once('error', fail)
    socket.once('connect', () => {
      const uid = peerUid(socket)
      if (!mayListen(uid)) {
        fail(
          new PlaceError(
            `what listens at ${path} runs as ${uid === undefined ? 'nobody knows whom' : `uid ${uid}`}: neither root nor ${collectorUid === undefined ? 'this user' : `uid ${collectorUid}, as whom root’s collector runs`}`,
          ),
        )
        return
      }
      clearTimeout(timer)
      socket.off('error', fail)
      resolve(socket)
    })
  })
}

/** Whether anybody listens at the socket at `path` (absolute), whoever that is; false where this user cannot know. */
export function isListening(path: string, timeoutMs: number): Promise<boolean> {
  const short = shortSocketPath(path)
  if (short === undefined) return Promise.resolve(false)
  return new Promise((resolve) => {
    const socket = createConnection({ path: short })
    const end = (is: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(is)
    }
    const timer = setTimeout(() => end(false), timeoutMs)
    socket.once('error', () => end(false))
    socket.once('connect', () => end(true))
  })
}

/** Who could put another socket there; undefined when only who may listen can, or when there is none yet. */
function ownershipFault(path: string, mayListen: (uid: number) => boolean): string | undefined {
  let at: string
  try {
    at = realpathSync(dirname(path))
  } catch {
    return undefined
  }
  for (;;) {
    const { uid, mode } = lstatSync(at)
    const isSticky = (mode & 0o1000) !== 0
    if (!mayListen(uid)) return `${at}, above the collector's socket, belongs to uid ${uid}`
    if ((mode & 0o022) !== 0 && !isSticky)
      return `${at}, above the collector's socket, can be changed by others (mode ${(mode & 0o7777).toString(8)})`
    if (at === dirname(at)) return undefined
    at = dirname(at)
  }
}
