// The agent's status on a local socket: one JSON object a line, at once and then each second.
import { chmodSync, existsSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { join, relative } from 'node:path'
import { commandFor, daemonState, rootCommandIn } from '../hint.ts'
import { consoleUid, peerUid } from '../host/peer.ts'
import type { AgentStatus, StatusReaders } from './agent-status.ts'
import { fullDiskText } from './disk.ts'
import { type Menu, menuOf } from './view.ts'

/** Name of the socket in the state directory, beside the agent's own. */
export const STATUS_SOCKET = 'status.sock'
const CLIENTS_MAX = 8
/** Of these at most so many that are neither root nor the agent: they must not shut those out. */
const GUESTS_MAX = 4
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

/**
 * Serves `status()` at `directory`/status.sock, one line for as long as a client stays and reads. Who may:
 * root, the user of this process and, on macOS, who sits at it. The socket itself is open to all (0666), since
 * a person's menu bar could not reach it otherwise; whose process connected is asked of the kernel, and others
 * get one line `{"refused": "...", "remedy": "...", "menu": ...}`, whose menu is in words for the person who sees it. A
 * socket that a killed agent left behind is replaced, so REQUIRES: the caller holds the directory's lock. Ends with `signal`. Throws StatusError (place) when something else is there.
 */
export async function serveStatus(options: {
  directory: string
  status: (readers: StatusReaders) => AgentStatus
  intervalMs?: number
  /** For tests; the rule above when not given. */
  mayRead?: (uid: number) => boolean
  /** Likewise; the kernel's word when not given. */
  whoIs?: (client: Socket) => number | undefined
  signal: AbortSignal
}): Promise<void> {
  const { directory, status, signal, mayRead = isReader, whoIs = peerUid } = options
  const path = shortPath(directory)
  clear(path)
  const counts: StatusReaders = { served: 0, refused: 0, tooMany: 0, slow: 0, spoke: 0 }
  const clients = new Map<Socket, { isGuest: boolean }>()

  const line = (): string => {
    const now = status({ ...counts })
    return `${JSON.stringify({ ...now, menu: menuOf(now, Date.now()) })}\n`
  }
  const admit = (client: Socket): void => {
    client.on('error', () => client.destroy())
    const uid = whoIs(client)
    if (uid === undefined || !mayRead(uid)) {
      counts.refused++
      refuse(
        client,
        {
          refused: `uid ${uid ?? '?'} may not ask the agent for its status`,
          remedy: askAsRoot(directory),
        },
        notYours(directory),
      )
      return
    }
    const isGuest = uid !== 0 && uid !== process.getuid?.()
    const guests = [...clients.values()].filter((one) => one.isGuest).length
    if (clients.size >= CLIENTS_MAX || (isGuest && guests >= GUESTS_MAX)) {
      counts.tooMany++
      refuse(
        client,
        { refused: 'the agent has as many readers of its status as it takes', remedy: 'close one' },
        TOO_MANY,
      )
      return
    }
    counts.served++
    clients.set(client, { isGuest })
    client.on('close', () => clients.delete(client))
    client.on('data', () => {
      if (clients.delete(client)) counts.spoke++
      client.destroy()
    })
    client.write(line())
  }

  const server = createServer(admit)
  await listening(server, path).catch((error: Error) => {
    throw new StatusError('place', `the status socket cannot be made: ${error.message}`, {
      cause: error,
    })
  })
  chmodSync(path, 0o666)
  const timer = setInterval(() => {
    if (clients.size === 0) return
    const next = line()
    for (const client of [...clients.keys()]) {
      if (client.writableLength <= LINE_BYTES_MAX) {
        client.write(next)
        continue
      }
      counts.slow++
      clients.delete(client)
      client.destroy()
    }
  }, options.intervalMs ?? 1000)
  signal.addEventListener('abort', () => {
    clearInterval(timer)
    for (const client of clients.keys()) client.destroy()
    server.close()
    rmSync(path, { force: true })
  })
}

function isReader(uid: number): boolean {
  return uid === 0 || uid === process.getuid?.() || uid === consoleUid()
}

const askAsRoot = (directory: string): string =>
  `ask as root, ${rootCommandIn('status', directory)}`

/** What a person sees who cannot be shown more: a line, and what to do. */
const NOT_YOURS =
  'Freshet shows its state only to who is using this computer, and to administrators.'
const notYours = (directory: string) =>
  [NOT_YOURS, `An administrator can see it with ${rootCommandIn('status', directory)}.`] as const
const TOO_MANY = [
  'Freshet shows its state to as many programs already as it can.',
  'Close one of them, a terminal that watches the status for example.',
] as const

/** One line, and the end: it fits what the kernel takes, so a client that does not read holds nothing. */
function refuse(
  client: Socket,
  why: { refused: string; remedy: string },
  [line, row]: readonly [string, string],
): void {
  client.resume()
  const menu: Menu = { state: 'error', line, needs: [], rows: [row], alerts: [] }
  client.write(`${JSON.stringify({ ...why, menu })}\n`)
  client.destroySoon()
}

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
function shortPath(directory: string): string {
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

function clear(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch (error) {
    throw new StatusError('place', (error as Error).message, {
      remedy: 'remove what is there',
      cause: error,
    })
  }
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // Later ones (an accept that finds no descriptor) concern one client alone.
    server.on('error', reject)
    server.listen(path, () => resolve())
  })
}
