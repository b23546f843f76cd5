// A bad network between an agent's outbox on disk and a collector, which a test walks through: slow, held, cut, forgotten, and the
// agent killed in it; and the account of what was committed.
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeEnrolment } from '../../src/agent/enrolment-file.ts'
import type { OutboxCounters, SetAside } from '../../src/stream/outbox.ts'
import { DEVICE_A, hardwareOf } from '../collector/agent.ts'
import { type Fleet, runFleet } from '../collector/enrolled.ts'
import { type Link, linkTo } from '../swarm/link.ts'
import { until } from '../waits.ts'
import { type Numbered, numbered, readOutbox, readStore } from './account.ts'
import { Program } from './programs.ts'
import { chanceOf } from './seed.ts'

const DELAY_MS = 200
const SILENCE = /^log no collector: nothing was heard/

/** What can happen, each from a network that is well to one that is again. */
const TROUBLES = {
  /** Items and answers are on their way when both ends hear that the connection is over. */
  async 'cut while slow'(network) {
    network.link.delay(DELAY_MS)
    await network.allLeaves()
    const stored = network.stored()
    await until(() => network.stored() > stored)
    network.link.cut()
    await network.allLeaves()
    network.link.delay(0)
  },
  async 'killed while slow'(network) {
    network.link.delay(DELAY_MS)
    await network.allLeaves()
    await network.keepsMore(20)
    await network.kill()
    network.startAgent()
    await network.allLeaves()
    network.link.delay(0)
  },
  async held(network) {
    network.link.hold()
    await network.keepsMore(100)
    network.link.release()
  },
  async 'killed while held'(network) {
    network.link.hold()
    await network.keepsMore(100)
    await network.kill()
    network.startAgent()
    await network.keepsMore(20)
    network.link.release()
  },
  /** The collector has what the agent will never hear of: it is sent again, and is not to be stored again. */
  async 'answers lost'(network) {
    let isStored: boolean
    do {
      const [silences, stored] = [network.silences(), network.stored()]
      network.link.hold('answers')
      const stores = () => network.stored() >= stored + 20
      // It may notice the silence first, where the machine is busy.
      await until(() => stores() || network.silences() > silences)
      isStored = stores()
      network.link.cut()
      network.link.release()
      await network.allLeaves()
    } while (!isStored)
  },
  /** What was sent is nowhere, and each end finds out by itself: the agent hears nothing, the collector is asked by another. */
  async forgotten(network) {
    const silences = network.silences()
    network.link.hold()
    await network.keepsMore(50)
    network.link.forget()
    network.link.release()
    await until(() => network.silences() > silences)
  },
} satisfies Record<string, (network: BadNetwork) => Promise<void>>
type Trouble = keyof typeof TROUBLES

/** What became of what was committed, by its ids. */
export type Account = {
  committed: number
  /** Waited in the outbox when the agent was killed, by kill. */
  waitedAtKills: number[]
  /** In the store: items by their delivery ids, alerts by theirs, and revisions of these, of which each was sent one. */
  stored: { items: number; alerts: number; revisions: number }
  missing: Numbered[]
  /** Stored, and committed by nobody. */
  unknown: Numbered[]
  sentAgain: number
  lostBytes: { sent: number; answers: number }
  /** The outbox's own, at the end. */
  outbox: OutboxCounters & { setAside?: SetAside }
}

export class BadNetwork {
  readonly #directory: string
  readonly #agentDirectory: string
  readonly #fleet: Fleet
  readonly link: Link
  agent: Program
  #life = 0
  /** Of lives before this one. */
  readonly #committed = new Set<Numbered>()
  readonly #waitedAtKills: number[] = []

  private constructor(directory: string, fleet: Fleet, link: Link) {
    this.#directory = directory
    this.#agentDirectory = join(directory, 'agent')
    this.#fleet = fleet
    this.link = link
    this.agent = this.startAgent()
  }

  static async start(): Promise<BadNetwork> {
    const directory = mkdtempSync(join(tmpdir(), 'freshet-network-'))
    mkdirSync(join(directory, 'agent'))
    const fleet = await runFleet({ backoffMaxMs: 200 })
    const link = await linkTo(fleet.door.port)
    const { key, certificate, authorities, group } = await fleet.enrol(DEVICE_A)
    writeEnrolment(join(directory, 'agent'), {
      ...{ collector: `https://127.0.0.1:${link.port}`, key, certificate, authorities, group },
    })
    return new BadNetwork(directory, fleet, link)
  }

  /** All troubles in each round, in the order that chance has. */
  async meetAll(seed: number, rounds: number): Promise<void> {
    const chance = chanceOf(seed)
    for (let round = 1; round <= rounds; round++)
      for (const trouble of chance.shuffled(Object.keys(TROUBLES) as Trouble[]))
        try {
          await this.allLeaves()
          await TROUBLES[trouble](this)
          await this.allLeaves()
        } catch (cause) {
          const said = `${(cause as Error).message}\n${this.agent.tail()}`
          throw new Error(`${trouble}, round ${round}: ${said}`, { cause })
        }
  }

  startAgent(): Program {
    this.#life++
    this.agent = new Program(
      'network-agent-child.ts',
      [this.#agentDirectory, hardwareOf(DEVICE_A), `${this.#life}`],
      join(this.#directory, 'compiled'),
    )
    return this.agent
  }

  async kill(): Promise<void> {
    await this.agent.kill()
    // Reading it writes to it, so that is done in a copy.
    const copy = join(this.#directory, 'copy')
    cpSync(this.#agentDirectory, copy, { recursive: true })
    const { waiting } = readOutbox(join(copy, 'outbox.db'))
    rmSync(copy, { recursive: true })
    this.#waitedAtKills.push(waiting.size)
    this.#note(waiting)
  }

  /** What was under way was committed if the disk has it: it was sent after the agent had said so. */
  #note(waiting: ReadonlySet<Numbered>): void {
    const [given, kept] = [this.agent.last('given'), this.agent.last('kept')]
    for (let number = 1; number <= given; number++) {
      const name = numbered(this.#life, number)
      if (number <= kept || waiting.has(name)) this.#committed.add(name)
    }
  }

  stored = (): number => this.#fleet.collector.counters().itemsStored ?? 0
  sentAgain = (): number => this.#fleet.collector.counters().itemsDuplicate ?? 0
  /** How often the agent has ended a connection since nothing was heard there, in this life. */
  silences = (): number => this.agent.lines.filter((line) => SILENCE.test(line)).length

  async keepsMore(count: number): Promise<void> {
    const { agent } = this
    const before = agent.last('kept')
    await until(() => agent.last('kept') >= before + count)
  }

  /** All that waits now has left the outbox. Not until it is stored, which is what the account is to show. */
  async allLeaves(): Promise<void> {
    await this.keepsMore(1)
    const { agent } = this
    const last = agent.last('numbered')
    await until(() => last > 0 && agent.last('acknowledged') >= last)
  }

  async account(): Promise<Account> {
    this.agent.tell('drain')
    const outbox = JSON.parse(await this.agent.says(/^\{/)) as Account['outbox']
    await this.agent.ended
    this.#note(new Set())
    const committed = this.#committed
    const { items, alerts, revisions, numbered } = readStore(join(this.#fleet.stateDir, 'store.db'))
    return {
      committed: committed.size,
      waitedAtKills: this.#waitedAtKills,
      stored: { items, alerts, revisions },
      missing: [...committed].filter((name) => !numbered.has(name)),
      unknown: [...numbered].filter((name) => !committed.has(name)),
      sentAgain: this.sentAgain(),
      lostBytes: this.link.lost(),
      outbox,
    }
  }

  async end(): Promise<void> {
    await this.agent.kill()
    await this.link.close()
    await this.#fleet.stop()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
