// What is done to an agent and its collector while they run. Each leaves both started, and nothing held, full or taken.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rmSync, statSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { agentsSocket } from '../../src/stream/local-socket.ts'
import type { Scene } from './scene.ts'

const DAY_MS = 86_400_000
/** The first would make all that is stored too old, were it believed (collector-child.ts). */
const LEAPS_MS = [15_000 * DAY_MS, -400 * DAY_MS, 3 * 3_600_000, 0] as const

export type Fault = (scene: Scene) => Promise<void>

/** Waits for both to be up, or not at all: a program is killed while it starts, too. */
async function moment({ chance, agent, collector }: Scene): Promise<void> {
  const isStarting = chance.between(1, 6) === 1
  const waitMs = chance.between(0, isStarting ? 400 : 150)
  if (!isStarting) {
    await agent.says(/^given/)
    await collector.says(/^listening/)
  }
  await delay(waitMs)
}

const killAgent: Fault = async (scene) => {
  await moment(scene)
  await scene.killAgent()
  scene.startAgent()
}

const killCollector: Fault = async (scene) => {
  await moment(scene)
  await scene.collector.kill()
  scene.startCollector()
}

/** What it had given since the copy was made, under numbers that it gives again now, the collector knows or never hears of. */
const restoreAgent: Fault = async (scene) => {
  await moment(scene)
  await scene.killAgent()
  scene.startAgent()
  await scene.agent.says(/^kept/)
  await delay(scene.chance.between(0, 150))
  await scene.killAgent()
  scene.restoreOlder()
  scene.startAgent()
}

/** Twice, and as often as it takes until the keeper has seen it: its beat is what would drop something. */
const setClock: Fault = async ({ collector, chance }) => {
  await collector.says(/^listening/)
  const seen = collector.says(/^log the clock was set/, collector.lines.length)
  let isOver = false
  const over = () => {
    isOver = true
  }
  seen.then(over, over)
  const leaps = chance.shuffled(LEAPS_MS)
  for (let leap = 0; leap < 2 || !isOver; leap++) {
    collector.tell(`clock ${leaps[leap % leaps.length]}`)
    await delay(chance.between(150, 400))
  }
  await seen
}

/** Whoever has the port, or the socket's name, gives the agent no acknowledgement; agents of this machine need no port. */
const takePort: Fault = async (scene) => {
  const { chance, collector } = scene
  await moment(scene)
  await collector.says(/^served/)
  await collector.kill()
  const takers = [await take(scene.port, chance.pick(ANSWERS))]
  if (chance.between(0, 1) === 1) {
    const path = agentsSocket(scene.collectorDirectory)
    rmSync(path, { force: true })
    takers.push(await take(path, chance.pick(ANSWERS)))
  }
  scene.startCollector()
  await scene.collector.says(/^log the page waits/)
  await scene.collector.says(/^listening/)
  await delay(chance.between(0, 200))
  for (const taker of takers) taker.end()
  await scene.collector.says(/^served/)
}

const ANSWERS = [
  undefined,
  '',
  'HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: no\r\n\r\n',
] as const

/** Listens there and says `answer` to all who come; nothing to those when it is empty; undefined: hangs up. */
async function take(where: number | string, answer: string | undefined): Promise<{ end(): void }> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.resume()
    if (answer === undefined) socket.destroy()
    else socket.write(answer)
  })
  if (typeof where === 'number') server.listen(where, '127.0.0.1')
  else server.listen(where)
  await once(server, 'listening')
  return {
    end() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** The agent's disk takes nothing for a while, and at times until the agent is killed. */
async function refuse(scene: Scene, begin: () => () => void): Promise<void> {
  const { chance, agent } = scene
  await agent.says(/^given/)
  await scene.collector.says(/^listening/)
  const end = begin()
  const from = agent.lines.length
  agent.tell('press')
  await agent.says(/^memory/, from)
  await delay(chance.between(0, 1500))
  if (chance.between(1, 4) === 1) {
    await scene.killAgent(true)
    end()
    scene.startAgent()
    return
  }
  end()
  const freed = agent.lines.length
  agent.tell('ease')
  await agent.says(/^eased/, freed)
  await agent.says(/^kept/, agent.lines.length)
}

const holdOutbox: Fault = (scene) =>
  refuse(scene, () => {
    const holder = new DatabaseSync(scene.outboxPath, { timeout: 10_000 })
    holder.exec('BEGIN EXCLUSIVE')
    return () => holder.close()
  })

const fillDisk: Fault = (scene) =>
  refuse(scene, () => {
    scene.agentDisk.fill()
    return () => scene.agentDisk.free()
  })

/** A log shorter than that grows with each commit (src/collector/store/checkpoint.ts); a longer one has room in it. */
const LOG_BYTES_MAX = 65_536 * 4096

/**
 * The collector's disk takes nothing for a while, and at times until it is killed, or killed and started: what it did not
 * acknowledge comes again, to a store that takes it as soon as there is room.
 */
const fillCollectorsDisk: Fault = async (scene) => {
  const { chance, agent, collectorDisk, fullDisk } = scene
  await scene.collector.says(/^listening/)
  if (statSync(`${scene.storePath}-wal`).size >= LOG_BYTES_MAX) {
    await scene.collector.kill()
    endLog(scene.storePath)
    scene.startCollector()
    await scene.collector.says(/^listening/)
  }
  await agent.says(/^given/)
  // At times who comes is refused, but mostly the items of who is there.
  if (chance.between(1, 5) > 1) await storedSince(scene, await countedBy(scene))
  const before = await countedBy(scene)
  collectorDisk.fill()
  await countedBy(scene, ({ agentsClosedStore }) => agentsClosedStore > before.agentsClosedStore)
  await delay(chance.between(0, 1500))
  const whileFull = await countedBy(scene)
  fullDisk.refusals += whileFull.agentsClosedStore - before.agentsClosedStore
  const isKilled = chance.between(1, 4) === 1
  const isStartedFull = chance.between(0, 1) === 1
  if (isKilled) await scene.collector.kill()
  if (isKilled && isStartedFull) await startOnFullDisk(scene)
  collectorDisk.free()
  if (isKilled) scene.startCollector()
  await scene.collector.says(/^listening/)
  fullDisk.storedAfter += await storedSince(scene, await countedBy(scene))
}

/** It works, or says why it cannot; it is gone afterwards. */
async function startOnFullDisk(scene: Scene): Promise<void> {
  scene.startCollector()
  const said = await scene.collector.says(/^(listening|cannot start)/)
  assert.match(said, /^listening|the disk is full/)
  await scene.collector.kill()
}

/** REQUIRES: no collector is there. All that is in the log is in the store's file afterwards, as after a good end. */
function endLog(storePath: string): void {
  const db = new DatabaseSync(storePath)
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  db.close()
}

type Counted = { agentsClosedStore: number; itemsStored: number }

/** Waits until the collector has stored more; returns how much. */
async function storedSince(scene: Scene, before: Counted): Promise<number> {
  const after = await countedBy(scene, ({ itemsStored }) => itemsStored > before.itemsStored)
  return after.itemsStored - before.itemsStored
}

/** Asks the collector for its counters until they are `enough`. */
async function countedBy(
  { collector }: Scene,
  enough: (counted: Counted) => boolean = () => true,
): Promise<Counted> {
  for (;;) {
    const from = collector.lines.length
    collector.tell('count')
    const counted = JSON.parse((await collector.says(/^counted /, from)).slice(8)) as Counted
    if (enough(counted)) return counted
    await delay(20)
  }
}

export const FAULTS = {
  'agent killed': killAgent,
  'collector killed': killCollector,
  'agent restored from an older copy': restoreAgent,
  "collector's clock set": setClock,
  'port taken': takePort,
  'outbox held': holdOutbox,
  "agent's disk full": fillDisk,
  "collector's disk full": fillCollectorsDisk,
} as const satisfies Record<string, Fault>
export type FaultName = keyof typeof FAULTS

/** So many, each kind at least once where there is room; kills are as frequent as all else. */
export function scheduleOf(scene: Scene, count: number): FaultName[] {
  const kinds = (Object.keys(FAULTS) as FaultName[]).filter(
    (name) => !name.endsWith('disk full') || scene.noDisk === undefined,
  )
  const often: FaultName[] = [
    'agent killed',
    'collector killed',
    'agent killed',
    'collector killed',
  ]
  const all = [...kinds, ...often]
  const more = Array.from({ length: Math.max(0, count - kinds.length) }, () =>
    scene.chance.pick(all),
  )
  return scene.chance.shuffled([...kinds, ...more]).slice(0, count)
}
