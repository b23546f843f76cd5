// Where agents of this machine come in: a Unix socket in the collector's state directory.
import { chmodSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { agentsSocket, shortSocketPath } from '../stream/local-socket.ts'
import type { Gateway } from './gateway/gateway.ts'

/**
 * Listens for agents of this machine. REQUIRES: the lock of the state directory is held, so that a socket which is
 * there is a dead one's. Where it cannot, that is logged and the collector goes on without. Returns how to end it.
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
  } catch (cause) {
    server.close()
    return sorry((cause as Error).message)
  }
  return () => {
    server.close()
    server.closeAllConnections()
  }
}
