// `freshet collector`: takes what agents send, keeps it, and serves the page.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Collector, startCollector } from '../collector/collector.ts'
import { keepOf } from '../collector/keeping/keeper.ts'
import type { MachinesOptions } from '../collector/machines/machines.ts'
import { isLoopback } from '../collector/terms/address.ts'
import { CollectorError } from '../collector/terms/collector-error.ts'
import { commandFor, commandThere } from '../hint.ts'
import { dropTo } from '../host/drop.ts'
import { keepHeapSmall } from '../host/heap.ts'
import { EXIT_NOT_NOW, isSaidNow } from '../sense/exit.ts'
import { isDiskFull, writeStateFile } from '../state-file.ts'
import { createLog } from './log-line.ts'
import { ADDRESS_FILE } from './names.ts'
import { defaultUser } from './service-user.ts'
import { ConfigError, statePaths } from './state.ts'
import { enterStateDirectory, makeStateDirectory } from './state-directory.ts'
import { stopSignal } from './supervise.ts'

export type CollectorCommand = {
  state?: string
  user?: string
  listen: { host: string; port: number }[]
  /** TLS on loopback too. */
  tls: boolean
  names: string[]
  certificate?: string
  key?: string
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

/** Resolves with the exit status: EXIT_NOT_NOW where its disk is full, which it has said, at first and now and then. */
export async function runCollectorCommand(command: CollectorCommand): Promise<number> {
  const paths = statePaths(command.state)
  const [plain, ...more] = command.listen.filter((one) => !isOverTls(command, one))
  if (more.length > 0)
    throw new ConfigError('--listen: the page is served at one address of loopback, not at several')
  const user = defaultUser(command.user)
  makeStateDirectory(paths, paths.collector, user)
  const signal = stopSignal({ goesOnUnread: true })
  keepHeapSmall()
  const log = createLog('collector')
  const addressFile = join(paths.collector, ADDRESS_FILE)
  let isServed = false
  const collector = await startCollector({
    stateDir: paths.collector,
    host: plain?.host,
    port: plain?.port ?? 0,
    machines: machinesOf(command),
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
      noteAddress(addressFile, url, log)
    },
    log,
  }).catch((error: unknown) => {
    if (!(error instanceof CollectorError)) throw error
    if (error.code === 'full-disk') return error
    throw new ConfigError(error.message)
  })
  if (collector instanceof CollectorError) {
    if (isSaidNow()) log(collector.message)
    return EXIT_NOT_NOW
  }
  // Of the last run, and its port another program's now.
  if (!isServed) rmSync(addressFile, { force: true })
  const ready: CollectorReady = {
    pageUrl: collector.pageUrl,
    url: collector.url,
    port: collector.port,
    isServed,
  }
  if (process.send) process.send(ready)
  else process.stdout.write(describe(collector, paths.root))
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
  await collector.close()
  return 0
}

/** For `freshet page`, which does without where the disk takes nothing. */
function noteAddress(path: string, url: string, log: (text: string) => void): void {
  try {
    writeStateFile(path, `${url}/\n`)
  } catch (cause) {
    if (!isDiskFull(cause)) throw cause
    log(
      `${path} cannot be written (${(cause as Error).message}): \`page\` does not know where it is`,
    )
  }
}

const isOverTls = ({ tls }: CollectorCommand, { host }: { host: string }): boolean =>
  tls || !isLoopback(host)

function machinesOf(command: CollectorCommand): MachinesOptions | undefined {
  const { certificate, key, names } = command
  const addresses = command.listen.filter((one) => isOverTls(command, one))
  if ((certificate === undefined) !== (key === undefined))
    throw new ConfigError('--certificate and --key go together: the two files of one certificate')
  if (addresses.length > 0)
    return {
      ...{ addresses, names },
      ...(certificate !== undefined && key !== undefined
        ? { files: { certFile: certificate, keyFile: key } }
        : {}),
    }
  if (certificate !== undefined || names.length > 0)
    throw new ConfigError(
      '--name, --certificate and --key want an address with TLS: --listen one that other machines reach',
    )
  return undefined
}

function describe({ pageUrl, machines }: Collector, root: string): string {
  const page = `page: ${pageUrl}\n`
  if (!machines) return page
  const { url, pin } = machines
  return [
    `${page}agents: ${url}, pin ${pin}`,
    `        a token lets a machine in: ${commandFor('collector tokens make --label WHAT-FOR', root)}`,
    `        on that machine: ${commandThere(`enroll --collector ${url} --pin ${pin} --token-file FILE`)}`,
    '',
  ].join('\n')
}
