// An agent and a collector that are killed and started again, and what is known of each life of the agent.
import { once } from 'node:events'
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Numbered, readOutbox } from './account.ts'
import { Disk, whyNoDisk } from './disk.ts'
import { Program } from './programs.ts'
import type { Chance } from './seed.ts'

const AGENT_DISK_MB = 256
/** Of a run of 200 faults the store has some 600 MB. Memory is taken for what is written alone. */
const COLLECTOR_DISK_MB = 4096
const DAY_MS = 86_400_000
const COLLECTOR_OFFSETS_MS = [0, 0, 400 * DAY_MS, -400 * DAY_MS]

/** Of one life of the agent: what it said last, and whether its disk took nothing when it was killed. */
export type Life = { given: number; kept: number; endedInTrouble: boolean }

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

export class Scene {
  readonly chance: Chance
  /** Holds what `--state` names of an installation: the collector's directory among it. */
  readonly directory = mkdtempSync(join(tmpdir(), 'freshet-faults-'))
  readonly collectorDirectory = join(this.directory, 'collector')
  readonly agentDirectory = join(this.directory, 'agent')
  readonly storePath = join(this.collectorDirectory, 'store.db')
  readonly outboxPath = join(this.agentDirectory, 'outbox.db')
  /** Why no disk can be filled; undefined: it can. */
  readonly noDisk: string | undefined = whyNoDisk()
  readonly agentDisk = new Disk(this.agentDirectory, AGENT_DISK_MB)
  readonly collectorDisk = new Disk(this.collectorDirectory, COLLECTOR_DISK_MB)
  readonly port: number
  collector: Program
  agent: Program
  readonly lives = new Map<number, Life>()
  /** What waited in directories that older copies took the place of, and is in none of these. */
  readonly gone = new Set<Numbered>()
  /** Counters of these directories' outboxes that are not to be above 0. */
  goneUnkept = 0
  /** Connections that the collector ended because its disk was full, and items that it stored once there was room. */
  readonly fullDisk = { refusals: 0, storedAfter: 0 }
  readonly #older = join(this.directory, 'older')
  #hasOlder = false
  #life = 0

  private constructor(chance: Chance, port: number) {
    this.chance = chance
    this.port = port
    for (const disk of this.#disks()) disk.make(this.noDisk === undefined)
    this.collector = this.#spawnCollector(0)
    this.agent = this.collector
  }

  static async start(chance: Chance): Promise<Scene> {
    const scene = new Scene(chance, await freePort())
    await scene.collector.says(/^listening/)
    scene.startAgent()
    return scene
  }

  async end(): Promise<void> {
    await Promise.all([this.agent.kill(), this.collector.kill()])
    for (const disk of this.#disks()) disk.end()
    rmSync(this.directory, { recursive: true, force: true })
  }

  startCollector(): void {
    this.collector = this.#spawnCollector(this.chance.pick(COLLECTOR_OFFSETS_MS))
  }

  startAgent(): void {
    this.#life++
    const seed = `${this.chance.between(0, 2 ** 32 - 1)}`
    this.agent = this.#spawn('agent-child.ts', [
      this.agentDirectory,
      this.directory,
      `${this.#life}`,
      seed,
    ])
  }

  async killAgent(isInTrouble = false): Promise<void> {
    await this.agent.kill()
    this.noteLife(isInTrouble)
    // As a backup finds it; not while its disk is full, which a copy is not made of.
    if (!isInTrouble && (!this.#hasOlder || this.chance.between(1, 3) === 1)) this.#copy()
  }

  noteLife(endedInTrouble = false): void {
    const [given, kept] = [this.agent.last('given'), this.agent.last('kept')]
    this.lives.set(this.#life, { given, kept, endedInTrouble })
  }

  /** REQUIRES: the agent was killed, and lived before. Its directory is as it was at the last copy. */
  restoreOlder(): void {
    const { waiting, counters } = readOutbox(this.outboxPath)
    this.goneUnkept += counters.evicted + counters.notKept + counters.rejected
    this.#empty()
    cpSync(this.#older, this.agentDirectory, { recursive: true })
    // Reading it writes to it, so that is done in another copy.
    const scratch = join(this.directory, 'scratch')
    cpSync(this.#older, scratch, { recursive: true })
    const known = readOutbox(join(scratch, 'outbox.db')).waiting
    rmSync(scratch, { recursive: true })
    for (const one of waiting) if (!known.has(one)) this.gone.add(one)
  }

  #disks = (): Disk[] => [this.agentDisk, this.collectorDisk]

  #copy(): void {
    rmSync(this.#older, { recursive: true, force: true })
    cpSync(this.agentDirectory, this.#older, { recursive: true })
    this.#hasOlder = true
  }

  #empty(): void {
    for (const name of readdirSync(this.agentDirectory))
      rmSync(join(this.agentDirectory, name), { recursive: true })
  }

  #spawnCollector(offsetMs: number): Program {
    return this.#spawn('collector-child.ts', [
      this.collectorDirectory,
      `${this.port}`,
      `${offsetMs}`,
    ])
  }

  #spawn(file: string, args: readonly string[]): Program {
    return new Program(file, args, join(this.directory, 'compiled'))
  }
}
