// One device's outboxes with numbered alerts, real uplinks that send them, and somebody who says that they are it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AlertsResponse } from '../../src/collector/views/page-api.ts'
import { type Outbox, openOutbox } from '../../src/stream/outbox.ts'
import { startUplink } from '../../src/stream/uplink.ts'
import { nowUnixNs } from '../../src/units.ts'
import { numberedAlert } from '../faults/account.ts'
import { hello, PACE } from '../stream/uplink-fixture.ts'
import { until } from '../waits.ts'
import { Agent, helloOf, type Running } from './agent.ts'

export class Deliveries {
  readonly directory = mkdtempSync(join(tmpdir(), 'freshet-deliveries-'))
  readonly #open: Outbox[] = []

  /** Opened, or made; closed with the rest. */
  outboxAt(name: string): Outbox {
    const path = join(this.directory, name)
    const outbox = openOutbox(path, { bytesMax: 1 << 24, ageMaxMs: 1e9, now: nowUnixNs })
    this.#open.push(outbox)
    return outbox
  }

  /** Alerts `from` to `to` of a life; the same numbers of another life are other alerts. */
  append(outbox: Outbox, life: number, from: number, to: number): void {
    for (let number = from; number <= to; number++)
      outbox.append([numberedAlert(life, number, 'high')])
  }

  /** Sends until nothing waits; what the uplink logs goes to `lines`. */
  async drain(running: Running, outbox: Outbox, lines: string[] = []): Promise<void> {
    const ending = new AbortController()
    const log = (text: string) => void lines.push(text)
    const { signal } = ending
    const uplink = startUplink({
      ...{ url: running.root, hello, outbox, signal, pace: PACE, log },
    })
    await until(() => outbox.counters().items === 0)
    ending.abort()
    await uplink.done
  }

  /** Somebody else of this machine who says that they are the device, and is welcome. */
  async impostor({ socket }: Running, outboxId: string): Promise<Agent> {
    const agent = await new Agent(socket).opened()
    const said = helloOf(hello.deviceId)
    agent.send({ kind: 'hello', hello: { ...said.hello, outboxId } })
    await agent.expect('welcome')
    return agent
  }

  remove(): void {
    for (const outbox of this.#open.splice(0)) outbox.close()
    rmSync(this.directory, { recursive: true })
  }
}

/** Alerts that a collector has stored. */
export const storedBy = async (running: Running): Promise<number> =>
  (await running.json<AlertsResponse>('/api/alerts?limit=500')).total
