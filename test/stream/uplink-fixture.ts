// An outbox, a collector double and uplinks between them, made for each test and gone after it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Finding } from '../../src/engine/finding.ts'
import type { Live } from '../../src/stream/codec.ts'
import { type Outbox, openOutbox } from '../../src/stream/outbox.ts'
import {
  startUplink,
  type Uplink,
  type UplinkOptions,
  type UplinkPace,
  type UplinkState,
} from '../../src/stream/uplink.ts'
import { nowUnixNs } from '../../src/units.ts'
import { until } from '../waits.ts'
import { CollectorDouble } from './collector-double.ts'
import { alertFinding } from './findings.ts'

export const hello = {
  deviceId: '01234567-89ab-4cde-8f01-23456789abcd',
  agentVersion: '0.1.0',
  host: {
    hostname: 'mira',
    os: 'linux',
    osVersion: '',
    osBuild: '',
    hardware: '',
    arch: 'x64',
    bootId: '',
  },
}
export const PACE: UplinkPace = {
  connectMs: 1000,
  handshakeMs: 1000,
  welcomeMs: 1000,
  pingMs: 1000,
  ackMs: 10_000,
  closeMs: 200,
  renewMs: 3_660_000,
  backoffFirstMs: 10,
  backoffMostMs: 50,
  refusedMs: 10,
  revokedMs: 10,
  lookMs: 10,
}

export class UplinkFixture {
  readonly directory: string
  readonly outbox: Outbox
  readonly collector: CollectorDouble
  readonly states: UplinkState[] = []
  readonly lines: string[] = []
  readonly #uplinks: Uplink[] = []
  #ending = new AbortController()

  private constructor(directory: string, collector: CollectorDouble) {
    this.directory = directory
    this.collector = collector
    this.outbox = openOutbox(join(this.directory, 'outbox.db'), {
      bytesMax: 1 << 24,
      ageMaxMs: 1e9,
      now: nowUnixNs,
    })
  }

  static async make(): Promise<UplinkFixture> {
    const directory = mkdtempSync(join(tmpdir(), 'freshet-uplink-'))
    return new UplinkFixture(directory, await CollectorDouble.start(directory))
  }

  start(more: Partial<UplinkOptions> = {}): Uplink {
    const uplink = startUplink({
      url: this.collector.url,
      hello,
      outbox: this.outbox,
      signal: this.#ending.signal,
      onState: (state) => this.states.push(state),
      log: (line) => this.lines.push(line),
      random: () => 0.5,
      pace: PACE,
      ...more,
    })
    this.#uplinks.push(uplink)
    return uplink
  }

  /** Ends all uplinks; later ones live on. */
  async end(): Promise<void> {
    this.#ending.abort()
    this.#ending = new AbortController()
    await Promise.all(this.#uplinks.map(({ done }) => done))
  }

  async remove(): Promise<void> {
    await this.end()
    await this.collector.stop()
    this.outbox.close()
    rmSync(this.directory, { recursive: true })
  }

  /** Resolves once an uplink was in this state, for this reason; the test's own timeout bounds it. */
  async state(name: UplinkState['state'], reason = /^/): Promise<void> {
    await until(() =>
      this.states.some(
        (one) => one.state === name && (!('reason' in one) || reason.test(one.reason)),
      ),
    )
  }
}

export const alerts = (count: number): Finding[] =>
  Array.from({ length: count }, () => alertFinding())

export function live(): Live {
  return {
    at: nowUnixNs(),
    records: 1,
    execs: 0,
    flows: 0,
    processes: 0,
    openFlows: 0,
    identities: 0,
    bytesOut: 0,
    bytesIn: 0,
    unattributedFlows: 0,
    lost: 0,
    outboxItems: 0,
    outboxEvicted: 0,
    alerts: 0,
    degraded: '',
    top: [],
  }
}

/** Two turns of everything that is under way: what would come has come. */
export const settled = () => new Promise((resolve) => setTimeout(resolve, 30))
