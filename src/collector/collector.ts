// The collector: agents' WebSocket, the store, the JSON API and the page, on one port.
import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { dirname, join } from 'node:path'
import { diskTrouble } from '../baseline/sqlite-file.ts'
import { descriptorLimit } from '../host/descriptors.ts'
import { lockDirectory } from '../host/lock.ts'
import { describeMachine } from '../host/machine.ts'
import { sinceBootMs } from '../host/since-boot.ts'
import { inspectDatabaseFile, isDiskFull, StateFileError } from '../state-file.ts'
import { nowUnixNs, type UnixNs } from '../units.ts'
import { createSite, readPageFiles, type Site } from './api/site.ts'
import { type Address, refuseTaken } from './door/door.ts'
import { Devices } from './gateway/devices.ts'
import { createGateway } from './gateway/gateway.ts'
import { DOUBT_FILE, doubtFile } from './keeping/clock-watch.ts'
import { askedIn, beginErasures } from './keeping/erasures.ts'
import {
  createKeeper,
  KEEP_DAYS,
  KEEP_GB,
  KEEPER_BEAT_MS,
  type Keeper,
  keepOf,
} from './keeping/keeper.ts'
import { listenLocally } from './local-listener.ts'
import { type Machines, type MachinesOptions, openMachines } from './machines/machines.ts'
import { tellMissing } from './missing.ts'
import { refusePlainAgents, sayTokenIsUnused } from './plain-agents.ts'
import { type Keep, type LoadedStore, loadStore, type Store, StoreError } from './store/store.ts'
import { hostInUrl, pageUrlOf, refuseUnlessLoopback } from './terms/address.ts'
import { CollectorError } from './terms/collector-error.ts'
import { Counters } from './terms/counters.ts'
import { LIMITS, type Limits, pagePortMax, withinDescriptors } from './terms/limits.ts'
import { undoCutOff } from './terms/placing.ts'
import { openStateDir, readOrMakePageKey } from './terms/secrets.ts'

/** A predecessor that is ending needs as long to let go of the state directory. */
const LOCK_WAIT_MS = 2000
const HEADER_BYTES_MAX = 16 * 1024

export type CollectorOptions = {
  /** Made when missing, 0700. Holds store.db and page.key. */
  stateDir: string
  /** A loopback address, where the page is served; undefined: nowhere but through the door to other machines. */
  host: string | undefined
  /** Of `host`. 0: any that is free. */
  port: number
  /** Where agents of other machines, and people, come in over TLS; undefined: nowhere. */
  machines?: MachinesOptions | undefined
  /** A port that is taken is asked for again until it is free; agents of this machine are served meanwhile. */
  waitsForPort?: boolean
  /** Told the url when its port is listened on: before `startCollector` resolves, or later where that had to wait. */
  onServed?: (url: string) => void
  /** Aborting it is close(). */
  signal?: AbortSignal
  log: (text: string) => void
  now?: () => UnixNs
  /** Called when all code is loaded and nothing of the state was touched: the place to drop privileges. */
  beforeState?: () => void
  limits?: Partial<Limits>
  /** Files and connections that may be open at once; the process's own limit when not given. */
  descriptors?: number
  /** How much of history the store keeps; 180 days and 20 GB when not given. */
  keep?: Keep
  /** Between two looks at what is kept; KEEPER_BEAT_MS when not given. */
  beatMs?: number
  /** What may come in between before there is one all the same; BEAT_BYTES when not given. */
  beatBytes?: number
}

export type Collector = {
  /** Without a path, as `http://127.0.0.1:4610`; of the door where there is no other. */
  url: string
  port: number
  /** Of other machines: the door's address by its first name, and what agents know the collector by. */
  machines: { url: string; port: number; pin: string } | undefined
  /** Opens the page signed in: keep it as secret as the key in it. */
  pageUrl: string
  counters(): Record<string, number>
  /**
   * Stops listening, lets what is being stored be acknowledged, says goodbye: within 2 s and another for
   * every 5,000 agents. Idempotent.
   */
  close(): Promise<void>
}

/** Starts a collector; resolves when it listens. Rejects with CollectorError. */
export async function startCollector(options: CollectorOptions): Promise<Collector> {
  const { stateDir, host, log } = options
  let notice: Keeper['notice'] = () => {}
  const now = (): UnixNs => {
    const nowNs = (options.now ?? nowUnixNs)()
    notice(nowNs, sinceBootMs)
    return nowNs
  }
  const wanted = { ...LIMITS, ...options.limits }
  const descriptors = options.descriptors ?? descriptorLimit()
  const limits = withinDescriptors(wanted, descriptors)
  if (limits.agentsMax < wanted.agentsMax)
    log(
      `${descriptors} files and connections may be open at once, so at most ${limits.agentsMax} agents can connect and ` +
        `${limits.otherConnectionsMax} pages; \`ulimit -n\` raises it`,
    )
  options.signal?.throwIfAborted()
  if (host !== undefined) refuseUnlessLoopback(host)
  const loaded = await loadStore({ now, log })
  const undo: (() => void | Promise<void>)[] = [() => loaded.close()]
  try {
    const pageFiles = readPageFiles()
    options.beforeState?.()
    if (options.machines && !existsSync(stateDir)) await refuseTaken(options.machines.addresses)
    openStateDir(stateDir)
    const unlock = lockDirectory(stateDir, LOCK_WAIT_MS)
    if (!unlock)
      throw new CollectorError(
        'in-use',
        `another collector uses the state directory ${stateDir}: stop it, or choose another directory`,
      )
    undo.unshift(unlock)
    const storePath = join(stateDir, 'store.db')
    undoCutOff(stateDir, log)
    tellMissing(stateDir, storePath, options.machines !== undefined, log)
    const { bytes, narrowed } = inspectDatabaseFile(storePath)
    if (narrowed !== undefined) log(narrowed)
    const isFirst = bytes === undefined
    const { pageKey, isNew } = readOrMakePageKey(stateDir)
    if (isNew && !isFirst) log(PAGE_KEY_MADE)
    sayTokenIsUnused(stateDir, log)
    const store = await openStore(loaded, storePath)

    const counters = new Counters()
    const devices = new Devices(limits.devicesRememberedMax, undefined, (id) => isAdmitted(id))
    let publish: Site['publish'] = () => {}
    let isAdmitted: Machines['isAdmitted'] = () => false
    let standings: Machines['standings'] | undefined
    const keeper = createKeeper({
      store,
      keep: options.keep ?? keepOf(KEEP_DAYS, KEEP_GB),
      counters,
      publish: (event) => publish(event),
      clockOffsetsMs: (...at) => devices.clockOffsetsMs(...at, isAdmitted),
      standings: () => standings,
      doubtFile: doubtFile(join(stateDir, DOUBT_FILE), log),
      log,
    })
    // Before any certificate is made, or judged.
    await keeper.begin(now(), sinceBootMs())
    notice = keeper.notice
    const believed = () => keeper.believedNs(now(), sinceBootMs)
    const machines =
      options.machines &&
      (await openMachines(stateDir, options.machines, { limits, counters, now, believed, log }))
    if (machines) {
      undo.unshift(() => machines.close())
      isAdmitted = machines.isAdmitted
      standings = machines.standings
    }
    const gateway = createGateway({
      certificates: machines?.certificates,
      claims: machines?.claims,
      policies: machines?.policies.source,
      onOffence: machines?.onOffence,
      ledger: store,
      devices,
      counters,
      limits,
      now,
      bootId: describeMachine().bootId,
      log,
      onStored: (...stored) => site.stored(...stored),
    })
    const readCounters = () => ({
      ...counters.read(),
      agentsConnected: gateway.size(),
      storeWaitingBytes: store.waitingBytes(),
    })
    const site = createSite({
      store,
      devices,
      pageFiles,
      pageKey,
      stateRoot: dirname(stateDir),
      counters,
      readCounters,
      policy: machines?.policies.response,
      names: machines?.names ?? [],
      fleet: machines?.fleet,
      now,
      limits,
      log,
    })
    undo.unshift(() => site.close())
    publish = site.publish
    const endErasures = beginErasures({
      ...{ store, now, log },
      asked: machines ? { of: () => machines.erasures, close: () => {} } : askedIn(stateDir, log),
      onErased(deviceId) {
        devices.forget(deviceId)
        site.publish({ type: 'removed', deviceId })
      },
    })
    undo.unshift(endErasures)
    const beat = beatOf(
      options.beatMs ?? KEEPER_BEAT_MS,
      options.beatBytes ?? BEAT_BYTES,
      store.takenBytes,
      () => {
        void keeper.beat(now(), sinceBootMs())
      },
    )
    beat.unref()
    undo.unshift(() => clearInterval(beat))
    const bounds = {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: 2 * limits.headersTimeoutMs,
      connectionsCheckingInterval: Math.min(1000, limits.headersTimeoutMs / 2),
      maxHeaderSize: HEADER_BYTES_MAX,
    }
    const server = createServer(bounds, site.listener)
    server.maxConnections = pagePortMax(limits)
    server.on('drop', () => counters.add('connectionsDropped'))
    server.on('clientError', site.onClientError)
    server.on('upgrade', refusePlainAgents(stateDir, counters))
    const endLocal = await listenLocally(stateDir, gateway, log)
    undo.unshift(endLocal)
    const served = await machines?.serve({ gateway, site, devices, server: bounds })
    if (served) undo.unshift(() => served.close())
    const door = served && machines && doorOf(served.addresses, machines)
    let port = door?.port ?? 0
    if (host !== undefined)
      port = await (options.waitsForPort && options.port !== 0
        ? listenInTime(server, host, options.port, log, options.onServed)
        : listen(server, host, options.port, log, options.onServed))
    else if (door) options.onServed?.(door.url)
    const url = host === undefined ? (door?.url ?? '') : urlOf(host, port)

    let closed: Promise<void> | undefined
    const close = () => {
      closed ??= (async () => {
        isClosing.add(server)
        server.close()
        served?.close()
        endLocal()
        clearInterval(beat)
        endErasures()
        site.close()
        await gateway.close()
        server.closeAllConnections()
        served?.closeAll()
        try {
          machines?.close()
        } finally {
          await store.close().finally(unlock)
        }
      })()
      return closed
    }
    const closeOnAbort = () => {
      close().catch((cause) => log(`it did not close well: ${cause}`))
    }
    options.signal?.addEventListener('abort', closeOnAbort, { once: true })
    if (options.signal?.aborted) closeOnAbort()
    const pageUrl = pageUrlOf(url, pageKey)
    return { url, port, machines: door, pageUrl, counters: readCounters, close }
  } catch (cause) {
    for (const step of undo) await step()
    if (cause instanceof StateFileError) throw new CollectorError('state', cause.message, { cause })
    if (!isOfFullDisk(cause) || (cause as Partial<CollectorError>).code === 'full-disk') throw cause
    throw new CollectorError('full-disk', `${(cause as Error).message}: the disk takes nothing`, {
      cause,
    })
  }
}

/** Or what was behind it. */
function isOfFullDisk(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false
  const trouble = diskTrouble(cause)
  return (
    isDiskFull(cause) ||
    trouble === 'full-disk' ||
    trouble === 'read-only' ||
    isOfFullDisk(cause.cause)
  )
}

/** The first of its addresses, by the first of its names. */
function doorOf(addresses: readonly Address[], { names, pin }: Machines) {
  const [{ host, port }] = addresses as [Address, ...Address[]]
  return { url: `https://${hostInUrl(names[0] ?? host)}:${port}`, port, pin }
}

/** What may come in before the store is looked at again: a flood is not to fill a disk between two beats. */
const BEAT_BYTES = 256 * 1024 * 1024
const LOOK_MS = 1000

/** Calls each `beatMs`, and as soon as so many bytes have come. */
function beatOf(
  beatMs: number,
  beatBytes: number,
  bytesIn: () => number,
  beat: () => void,
): NodeJS.Timeout {
  let atMs = performance.now()
  let bytes = bytesIn()
  return setInterval(
    () => {
      const nowMs = performance.now()
      const came = bytesIn() - bytes
      if (nowMs - atMs < beatMs && came < beatBytes) return
      atMs = nowMs
      bytes += came
      beat()
    },
    Math.min(LOOK_MS, beatMs),
  )
}

/** Where there is a store already, somebody has the key that is gone. */
const PAGE_KEY_MADE =
  'page.key was missing and was made anew: the page opens only by the address that is printed now'

async function openStore(loaded: LoadedStore, path: string): Promise<Store> {
  try {
    return await loaded.open(path)
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause
    const code = cause.code === 'unavailable' ? 'full-disk' : 'store'
    throw new CollectorError(code, cause.message, { cause })
  }
}

const urlOf = (host: string, port: number): string => `http://${hostInUrl(host)}:${port}`

/** Servers that listen no more: one may be waiting for its port. */
const isClosing = new WeakSet<Server>()
const PORT_RETRY_MS = 2000

/** Resolves at once with the port; when that is taken it is said, and asked for again until it is free. */
async function listenInTime(
  server: Server,
  host: string,
  port: number,
  log: (text: string) => void,
  onServed: ((url: string) => void) | undefined,
): Promise<number> {
  try {
    return await listen(server, host, port, log, onServed)
  } catch (cause) {
    if (!(cause instanceof CollectorError)) throw cause
    log(`the page waits: ${cause.message}, or end that program; agents of this machine are served`)
  }
  const again = setInterval(() => {
    if (isClosing.has(server)) clearInterval(again)
    else
      listen(server, host, port, log, onServed).then(
        () => {
          clearInterval(again)
          log(`the page is served at ${hostInUrl(host)}:${port} now`)
        },
        () => {},
      )
  }, PORT_RETRY_MS)
  again.unref()
  return port
}

function listen(
  server: Server,
  host: string,
  port: number,
  log: (text: string) => void,
  onServed: ((url: string) => void) | undefined,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException) => {
      // A later attempt is not to be told to those before it.
      server.off('listening', served)
      const where = `${hostInUrl(host)}:${port}`
      const why =
        cause.code === 'EADDRINUSE'
          ? `another program listens on ${where}: choose another port`
          : `cannot listen on ${where}: ${cause.message}`
      reject(new CollectorError('address', why, { cause }))
    }
    const served = () => {
      server.off('error', failed)
      const address = server.address()
      server.on('error', (cause) => log(`the server: ${cause.message}`))
      const bound = typeof address === 'object' && address ? address.port : port
      onServed?.(urlOf(host, bound))
      resolve(bound)
    }
    server.once('error', failed)
    server.once('listening', served)
    server.listen(port, host)
  })
}
