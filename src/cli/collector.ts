// `freshet collector`: takes what agents send, keeps it, and serves the page.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { startCollector } from '../collector/collector.ts'
import { CollectorError } from '../collector/collector-error.ts'
import { keepOf } from '../collector/keeper.ts'
import { dropTo } from '../host/drop.ts'
import { writeStateFile } from '../state-file.ts'
import { ADDRESS_FILE } from './names.ts'
import { defaultUser } from './service-user.ts'
import { ConfigError, statePaths } from './state.ts'
import { enterStateDirectory, makeStateDirectory } from './state-directory.ts'
import { stopSignal } from './supervise.ts'

export type CollectorCommand = {
  state?: string
  user?: string
  listen: { host: string; port: number }
  /** A port that is taken is waited for. */
  waitForPort?: boolean
  keepDays: number
  keepGb: number
}

/** What the collector tells a parent that holds an IPC channel, once it listens. */
export type CollectorReady = {
  pageUrl: string
  url: string
  port: number
  /** Not yet: the port belongs to another program, which must not be given the key. */
  isServed: boolean
}

export async function runCollectorCommand(command: CollectorCommand): Promise<number> {
  const paths = statePaths(command.state)
  const user = defaultUser(command.user)
  makeStateDirectory(paths, paths.collector, user)
  const signal = stopSignal({ goesOnUnread: true })
  const log = (text: string) => process.stderr.write(`collector: ${text}\n`)
  const addressFile = join(paths.collector, ADDRESS_FILE)
  let isServed = false
  const collector = await startCollector({
    stateDir: paths.collector,
    host: command.listen.host,
    port: command.listen.port,
    waitsForPort: command.waitForPort ?? false,
    // The code is loaded by now; a clone under a home directory may be closed to this user.
    beforeState: () => {
      if (!user) return
      dropTo(user)
      enterStateDirectory(paths.collector, user.name)
    },
    keep: keepOf(command.keepDays, command.keepGb),
    onServed: (url) => {
      isServed = true
      writeStateFile(addressFile, `${url}/\n`)
    },
    log,
  }).catch((error: unknown) => {
    if (error instanceof CollectorError) throw new ConfigError(error.message)
    throw error
  })
  // Of the last run, and its port another program's now.
  if (!isServed) rmSync(addressFile, { force: true })
  const ready: CollectorReady = {
    pageUrl: collector.pageUrl,
    url: collector.url,
    port: collector.port,
    isServed,
  }
  if (process.send) process.send(ready)
  else process.stdout.write(`page: ${collector.pageUrl}\n`)
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
  await collector.close()
  return 0
}
