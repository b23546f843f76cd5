// Where agents of this machine come in: a Unix socket in the collector's state directory.
import { chmodSync, lstatSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { agentsSocket, shortSocketPath } from '../stream/local-socket.ts'
import type { Gateway } from './gateway/gateway.ts'

/** Between two looks at whether the socket is still there. */
const LOOK_MS = 1000

/**
 * Listens for agents of this machine. REQUIRES: the lock of the state directory is held, so that a socket which is
 * there is a dead one's. Where it cannot, that is logged and the collector goes on without. A socket that somebody
 * removes or replaces, as a program does that had one of this name and ends late, is made anew. Returns how to end it.
 */
export async function listenLocally(
  stateDir: string,
  gateway: Pick<Gateway, 'upgradeLocal'>,
  log: (text: string) => void,
): Promise<() => void> {
  const path = agentsSocket(stateDir)
  const short = shortSocketPath(path)
  const sorry = (why: string) => {
    log(`agents of this machine cannot connect at ${path}: ${why}`)
    return () => {}
  }
  if (short === undefined) return sorry('its name is too long for a socket; use a shorter --state')
  let listening: { server: Server; inode: bigint }
  try {
    listening = await listen(path, short, gateway, log)
  } catch (cause) {
    return sorry((cause as Error).message)
  }
  let isOver = false
  let isBusy = false
  let hasSaid = false
  const look = async () => {
    if (isBusy || inodeOf(path) === listening.inode) return
    isBusy = true
    // Connections that are there live on. First, since to close it removes what has its name.
    listening.server.close()
    try {
      const anew = await listen(path, short, gateway, log)
      listening = anew
      if (isOver) end(anew.server)
      else log(`${path} was removed or replaced: it is made anew`)
      hasSaid = false
    } catch (cause) {
      // Tried again with each look.
      if (!hasSaid) sorry((cause as Error).message)
      hasSaid = true
    } finally {
      isBusy = false
    }
  }
  const timer = setInterval(() => void look(), LOOK_MS)
  timer.unref()
  return () => {
    isOver = true
    clearInterval(timer)
    end(listening.server)
  }
}

/** Rejects with what the file system says. */
async function listen(
  path: string,
  short: string,
  gateway: Pick<Gateway, 'upgradeLocal'>,
  log: (text: string) => void,
): Promise<{ server: Server; inode: bigint }> {
  const server = createServer((_request, response) => response.writeHead(404).end())
  server.on('upgrade', gateway.upgradeLocal)
  server.on('clientError', (_error, socket) => socket.destroy())
  try {
    rmSync(path, { force: true })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(short, () => {
        server.off('error', reject)
        server.on('error', (cause) => log(`the socket of agents: ${cause.message}`))
        resolve()
      })
    })
    chmodSync(path, 0o600)
    return { server, inode: lstatSync(path, { bigint: true }).ino }
  } catch (cause) {
    server.close()
    throw cause
  }
}

function inodeOf(path: string): bigint | undefined {
  try {
    return lstatSync(path, { bigint: true }).ino
  } catch {
    return undefined
  }
}

function end(server: Server): void {
  server.close()
  server.closeAllConnections()
}
