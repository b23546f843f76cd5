// Asks the agent for its status, on the local socket that it serves (socket.ts). Without any code of the agent's, as the root
// role asks too, before it begins.
import { existsSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join, relative } from 'node:path'
import { commandFor, daemonState, rootCommandIn } from '../hint.ts'
import type { AgentStatus } from './agent-status.ts'
import { fullDiskText } from './disk.ts'
import type { Menu } from './view.ts'

/** Name of the socket in the state directory, beside the agent's own. */
export const STATUS_SOCKET = 'status.sock'
/** Of one line, and of what a client may leave unread. */
export const LINE_BYTES_MAX = 256 * 1024

/** A line: what the agent knows, and what is to be shown of it. */
export type StatusLine = AgentStatus & { menu: Menu }

/**
 * no-agent: nobody listens; closed: the file system keeps this user away; refused: the agent does, in its own
 * words; garbage, timeout: what answers is no agent of this version, or it hangs; place: no socket can be where it
 * should be; no-directory: nor is what was asked a directory.
 */
export type StatusErrorCode =
  | 'no-agent'
  | 'closed'
  | 'refused'
  | 'garbage'
  | 'timeout'
  | 'place'
  | 'no-directory'

export class StatusError extends Error {
  override readonly name = 'StatusError'
  readonly code: StatusErrorCode
  /** What is the matter, without what to do. */
  readonly what: string
  /** `remedy` is what to do about it with the command that asked for the status. */
  constructor(
    code: StatusErrorCode,
    what: string,
    { remedy, cause }: { remedy?: string; cause?: unknown } = {},
  ) {
    super(remedy === undefined ? what : `${what}: ${remedy}`, { cause })
    this.code = code
    this.what = what
  }
}

/** Who may always ask. */
export const askAsRoot = (directory: string): string =>
  `ask as root, ${rootCommandIn('status', directory)}`

/** The lines of the agent that runs with this state directory, as they come. Throws StatusError. */
export async function* readStatus(
  directory: string,
  timeoutMs = 3000,
  machine = agentOfMachine(directory),
): AsyncGenerator<StatusLine, void> {
  const socket = createConnection(shortPath(directory))
  socket.setTimeout(timeoutMs, () =>
    socket.destroy(new StatusError('timeout', `the agent did not answer within ${timeoutMs} ms`)),
  )
  let held = ''
  try {
    for await (const chunk of socket.setEncoding('utf8') as AsyncIterable<string>) {
      held += chunk
      const lines = held.split('\n')
      held = lines.pop() as string
      if (held.length > LINE_BYTES_MAX)
        throw new StatusError('garbage', 'a status line without end')
      for (const line of lines) yield parse(line)
    }
  } catch (error) {
    if (error instanceof StatusError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EACCES' || code === 'EPERM')
      throw new StatusError('closed', `the state directory ${directory} is closed to this user`, {
        remedy: askAsRoot(directory),
        cause: error,
      })
    if (code === 'ENOTDIR')
      throw new StatusError('no-directory', `the state directory ${directory} is not a directory`, {
        remedy: 'give --state the one that the agent was started with',
        cause: error,
      })
    throw new StatusError('no-agent', `no agent runs with the state directory ${directory}`, {
      remedy:
        machine === undefined
          ? `${fullDiskText(join(directory, 'agent'), 'one')}start one with ${commandFor('up', directory)}, or \`agent\` in place of \`up\` where a collector runs here already (\`--collector\`) or is elsewhere`
          : `the agent of this machine has its state in ${machine} and tells root how it is, ${rootCommandIn('status', machine)}; as this user you may watch what is yours, ${commandFor('up', directory)}`,
      cause: error,
    })
  } finally {
    socket.destroy()
  }
}

/**
 * The state directory of root's agent, where one has run and an ordinary user asks for their own: it is the one they mean,
 * more often than not.
 */
export const agentOfMachine = (
  directory: string,
  uid = process.getuid?.(),
  place = daemonState(process.platform),
): string | undefined =>
  uid !== 0 && directory !== place && existsSync(join(place, STATUS_SOCKET)) ? place : undefined

/** Whether an agent watches with this state directory and says so; one that hangs or is ending does not. */
export async function isWatched(directory: string): Promise<boolean> {
  try {
    for await (const _ of readStatus(directory)) return true
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
  }
  return false
}

function parse(line: string): StatusLine {
  let given: unknown
  try {
    given = JSON.parse(line)
  } catch (error) {
    throw new StatusError('garbage', 'the agent sent a status line that is not JSON', {
      cause: error,
    })
  }
  if (typeof given !== 'object' || given === null)
    throw new StatusError('garbage', 'the agent sent a status line that is no object')
  if ('refused' in given)
    throw new StatusError(
      'refused',
      said(given.refused),
      'remedy' in given ? { remedy: said(given.remedy) } : {},
    )
  if (!('menu' in given))
    throw new StatusError('garbage', 'the agent is of another version: its status says too little')
  return given as StatusLine
}

/** Words of who answers there, whoever that is. */
const said = (text: unknown): string => String(text).slice(0, 500)

/** What sun_path holds, its zero included: 108 on Linux, 104 on macOS. */
const PATH_BYTES_MAX = process.platform === 'darwin' ? 103 : 107

/** The shorter of absolute and relative. Throws StatusError when that is still too long. */
export function shortPath(directory: string): string {
  const absolute = join(directory, STATUS_SOCKET)
  const beside = relative(process.cwd(), absolute)
  const path = beside.length < absolute.length ? beside : absolute
  if (Buffer.byteLength(path) <= PATH_BYTES_MAX) return path
  throw new StatusError(
    'place',
    `${directory} has too long a name for a socket, as seen from here`,
    { remedy: 'ask from within it' },
  )
}
