// Sends what a replay finds to a collector, on the way that an agent's findings go: outbox, uplink,
// acknowledgement. Each machine that is replayed is a device of its own there.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { CaptureHeader } from '../capture/document.ts'
import type { Finding } from '../engine/finding.ts'
import { type Outbox, openOutbox } from '../stream/outbox.ts'
import { startUplink, type Uplink, type UplinkPace, type UplinkState } from '../stream/uplink.ts'
import { nowUnixNs } from '../units.ts'
import { type ReplayedDevice, replayedDevice } from './replayed-device.ts'

/** The collector refused, or took nothing for too long. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError'
}

export type DeliveryOptions = {
  /** The state directory of the collector's installation on this machine. */
  root: string
  /** As `startUplink` takes it. */
  collectorUid?: number
  log: (text: string) => void
  /** How long nothing may be acknowledged before it is given up. */
  patienceMs?: number
  pace?: Partial<UplinkPace>
}

export type Delivery = {
  /** `file` names what they were found in. Resolves when there is room for more. Rejects with DeliveryError. */
  send(findings: Finding[], of: CaptureHeader, file: string): Promise<void>
  /** Resolves when the collector has acknowledged everything, with what it took and what it would not. Rejects with DeliveryError. */
  finish(): Promise<{ items: number; rejected: number }>
  /** Ends all connections and removes what was kept. */
  close(): Promise<void>
}

const OUTBOX_BYTES_MAX = 256 * 1024 * 1024
/** Far from the outbox's bound, at which it would drop. */
const WAITING_BYTES_MAX = 16 * 1024 * 1024
const AGE_MAX_MS = 30 * 24 * 3_600_000
const LOOK_MS = 10
const PATIENCE_MS = 60_000

type Line = { device: ReplayedDevice; outbox: Outbox; uplink: Uplink }

export function startDelivery(options: DeliveryOptions): Delivery {
  const { root, collectorUid, log, patienceMs = PATIENCE_MS } = options
  const directory = mkdtempSync(join(tmpdir(), 'freshet-replay-'))
  const ending = new AbortController()
  const lines = new Map<string, Line>()
  let sent = 0

  const lineOf = (header: CaptureHeader, file: string): Line => {
    const device = replayedDevice(header, file)
    const { deviceId, host, version } = device.header
    const known = lines.get(deviceId)
    if (known) return known
    const outbox = openOutbox(join(directory, `${deviceId}.db`), {
      bytesMax: OUTBOX_BYTES_MAX,
      ageMaxMs: AGE_MAX_MS,
      now: nowUnixNs,
    })
    const uplink = startUplink({
      url: root,
      ...(collectorUid === undefined ? {} : { collectorUid }),
      hello: { deviceId, agentVersion: version, host },
      outbox,
      signal: ending.signal,
      log,
      ...(options.pace ? { pace: options.pace } : {}),
    })
    const line = { device, outbox, uplink }
    lines.set(deviceId, line)
    return line
  }
  /** Resolves when `isDone`; looks again and again, as the outbox tells nobody of an acknowledgement. */
  const until = async ({ outbox, uplink }: Line, isDone: () => boolean): Promise<void> => {
    let acknowledged = outbox.acknowledged()
    let sinceMs = performance.now()
    while (!isDone()) {
      const state = uplink.state()
      throwIfHopeless(state)
      if (outbox.acknowledged() > acknowledged) {
        acknowledged = outbox.acknowledged()
        sinceMs = performance.now()
      } else if (performance.now() - sinceMs > patienceMs) {
        const why = state.state === 'waiting' ? state.reason : state.state
        throw new DeliveryError(
          `the collector acknowledged nothing in ${patienceMs / 1000} s (${why})`,
        )
      }
      await wait(LOOK_MS)
    }
  }

  return {
    async send(findings, of, file) {
      const line = lineOf(of, file)
      sent += findings.length
      line.outbox.append(findings.map(line.device.adopt))
      line.uplink.poke()
      throwIfHopeless(line.uplink.state())
      await until(line, () => line.outbox.counters().bytes < WAITING_BYTES_MAX)
    },
    async finish() {
      let rejected = 0
      for (const line of lines.values()) {
        await until(line, () => line.outbox.counters().items === 0)
        const counters = line.outbox.counters()
        rejected += counters.rejected + counters.notKept + counters.evicted
      }
      return { items: sent - rejected, rejected }
    },
    async close() {
      ending.abort()
      for (const { outbox, uplink } of lines.values()) {
        await uplink.done
        outbox.close()
      }
      lines.clear()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** What will not have us, or is not to be trusted, now, will not be otherwise in a minute. */
function throwIfHopeless(state: UplinkState): void {
  if (state.state === 'refused') throw new DeliveryError(state.reason)
  if (state.state === 'waiting' && (state.isUntrusted || state.isMisplaced))
    throw new DeliveryError(state.reason)
}
