// The agent's status on a local socket: one JSON object a line, at once and then each second.
import { chmodSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { join, relative } from 'node:path'
import type { AgentStatus } from './view.ts'

/** Name of the socket in the agent's state directory. */
export const STATUS_SOCKET = 'status.sock'
const CLIENTS_MAX = 8
const LINE_BYTES_MAX = 256 * 1024

export class StatusError extends Error {
  override readonly name = 'StatusError'
  readonly code: 'no-agent' | 'garbage' | 'timeout'
  constructor(code: StatusError['code'], message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}

/**
 * Serves `status()` at `directory`/status.sock, which only the owner (and root) may open: mode 0600.
 * A client that does not read is dropped, and at most eight are served. Ends with `signal`.
 */
export async function serveStatus(options: {
  directory: string
  status: () => AgentStatus
  intervalMs?: number
  signal: AbortSignal
}): Promise<void> {
  const { directory, status, signal } = options
  const path = shortPath(directory)
  rmSync(path, { force: true })
  const clients = new Set<Socket>()
  const server = createServer((client) => {
    if (clients.size >= CLIENTS_MAX) return client.destroy()
    clients.add(client)
    client.on('close', () => clients.delete(client))
    client.on('error', () => client.destroy())
    client.resume()
    client.write(`${JSON.stringify(status())}\n`)
  })
  await listening(server, path)
  chmodSync(path, 0o600)
  const timer = setInterval(() => {
    if (clients.size === 0) return
    const line = `${JSON.stringify(status())}\n`
    for (const client of clients)
      if (client.writableLength > LINE_BYTES_MAX) client.destroy()
      else client.write(line)
  }, options.intervalMs ?? 1000)
  signal.addEventListener('abort', () => {
    clearInterval(timer)
    for (const client of clients) client.destroy()
    server.close()
    rmSync(path, { force: true })
  })
}

/** The statuses of the agent that runs with this state directory, as they come. Throws StatusError. */
export async function* readStatus(
  directory: string,
  timeoutMs = 3000,
): AsyncGenerator<AgentStatus, void> {
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
    throw new StatusError(
      'no-agent',
      `no agent runs with the state directory ${directory}: start one with \`freshet up\` or \`freshet agent\``,
      error,
    )
  } finally {
    socket.destroy()
  }
}

function parse(line: string): AgentStatus {
  try {
    return JSON.parse(line) as AgentStatus
  } catch (error) {
    throw new StatusError('garbage', 'the agent sent a status line that is not JSON', error)
  }
}

/** A socket's path holds 108 bytes on Linux and 104 on macOS (sun_path): the shorter of absolute and relative. */
function shortPath(directory: string): string {
  const absolute = join(directory, STATUS_SOCKET)
  const short = relative(process.cwd(), absolute)
  return short.length < absolute.length ? short : absolute
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // Later ones (an accept that finds no descriptor) concern one client alone.
    server.on('error', reject)
    server.listen(path, () => resolve())
  })
}
