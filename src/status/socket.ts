// The agent's status on a local socket: one JSON object a line, at once and then each second.
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { rootCommandIn } from '../hint.ts'
import { consoleUid, peerUid } from '../host/peer.ts'
import type { AgentStatus, StatusReaders } from './agent-status.ts'
import { askAsRoot, LINE_BYTES_MAX, StatusError, shortPath } from './asking.ts'
import { type Menu, menuOf } from './view.ts'

const CLIENTS_MAX = 8
/** Of these at most so many that are neither root nor the agent: they must not shut those out. */
const GUESTS_MAX = 4
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
