// The devices of the moment: who is connected, and what their last counters were. In memory; the rest
// of what is known of a device is the store's.
import { sinceBootMs } from '../../host/since-boot.ts'
import type { Live } from '../../stream/message.ts'
import type { UnixNs } from '../../units.ts'
import type { DeviceFacts, Enrolled } from '../store/store.ts'
import { BoundedMap } from '../terms/bounded-map.ts'
import { boundedHost, boundedText } from './bounded.ts'
import { backAfter, type Silence, silenceOf, type Told, toldOf } from './silence.ts'

export type Device = {
  facts: DeviceFacts
  readonly enrolled: Enrolled
  /** It runs on another machine than this collector: its clock is not ours, and says something of ours. */
  readonly hasOwnClock: boolean
  connected: boolean
  lastSeenAt: UnixNs
  lastSequence: number
  live: Live | undefined
  /** When this connection began, and when it was last heard of, as `sinceBootNs` has it. */
  readonly connectedUp: bigint
  seenUp: bigint
  /** What its reports told of, and when. */
  told: Told | undefined
  /**
   * Milliseconds that its clock was behind ours when it was last heard, with the time on the way; negative:
   * ahead. undefined: it has not said.
   */
  clockOffsetMs: number | undefined
  /** The time that it said then, and when it was heard, on sinceBootMs()'s scale. */
  saidTime: { sentAt: UnixNs; heardAtMs: number } | undefined
}

/** What a device does not tell of; one that is not connected tells of nothing, and is not silent. */
export const deviceSilence = (
  device: Device,
  now: UnixNs,
  up = sinceBootNs(),
): Silence | undefined =>
  device.connected ? silenceOf(device.told, device.connectedUp, up, now) : undefined

/** Of this machine; a clock that is set has no part in it. */
const sinceBootNs = (): bigint => BigInt(Math.round(sinceBootMs() * 1e6))

/** Of a text of a device that has left and that nobody has admitted: a name of DNS' label has 63. The store has it whole. */
const LEFT_CHARS_MAX = 64

export class Devices {
  readonly #known: BoundedMap<string, Device>
  readonly #changed = new Set<string>()
  readonly #left = new Set<string>()
  readonly #leftMax: number
  readonly #up: () => bigint
  readonly #isAdmitted: (id: string) => boolean

  /** `isAdmitted`: of one that came by a certificate, whether a person has admitted it. */
  constructor(rememberedMax: number, up = sinceBootNs, isAdmitted = (_id: string) => true) {
    this.#up = up
    this.#isAdmitted = isAdmitted
    this.#known = new BoundedMap(rememberedMax)
    this.#leftMax = rememberedMax
  }

  /** A device that has just been welcomed; its last counters stay until it sends new ones. */
  connect(facts: DeviceFacts, enrolled: Enrolled, hasOwnClock: boolean, now: UnixNs): Device {
    const before = this.#known.get(facts.id)
    const up = this.#up()
    const awayNs = before && !before.connected ? up - before.seenUp : 0n
    const device: Device = {
      facts,
      enrolled,
      hasOwnClock,
      connected: true,
      lastSeenAt: now,
      lastSequence: enrolled.lastSequence,
      live: before?.live,
      ...{ connectedUp: up, seenUp: up },
      told: backAfter(before?.told, awayNs),
      clockOffsetMs: undefined,
      saidTime: undefined,
    }
    this.touch(device, now)
    return device
  }

  /** It has sent its counters. */
  report(device: Device, live: Live, now: UnixNs): void {
    device.live = live
    device.told = toldOf(device.told, live, this.#up())
    this.touch(device, now)
  }

  /** A newer connection of the same device has its own entry, which this must not touch. */
  disconnect(device: Device, now: UnixNs): void {
    device.connected = false
    if (this.#known.get(device.facts.id) !== device) return
    const { id, isEnrolled } = device.facts
    if (isEnrolled && !this.#isAdmitted(id)) shorten(device)
    this.touch(device, now)
    if (this.#left.size < this.#leftMax) this.#left.add(device.facts.id)
  }

  /** Heard of: the one not heard of for longest is forgotten first. */
  touch(device: Device, now: UnixNs): void {
    device.lastSeenAt = now
    device.seenUp = this.#up()
    this.#known.set(device.facts.id, device)
    this.#changed.add(device.facts.id)
  }

  /** Nothing of it is kept any more; one that has come again since is another. */
  forget(id: string): void {
    if (this.#known.get(id)?.connected) return
    this.#known.delete(id)
    this.#changed.delete(id)
    this.#left.delete(id)
  }

  /** What is known of these elsewhere has changed. */
  changedElsewhere(whom: 'all' | ReadonlySet<string> = 'all'): void {
    if (whom === 'all') for (const { facts } of this.#known.values()) this.#changed.add(facts.id)
    else for (const id of whom) if (this.#known.get(id)) this.#changed.add(id)
  }

  /** It has said its time, which was heard at `receivedAt` of our clock and `heardAtMs` on sinceBootMs()'s scale. */
  heardTime(device: Device, sentAt: UnixNs, receivedAt: UnixNs, heardAtMs: number): void {
    device.clockOffsetMs = Math.round(Number(receivedAt - sentAt) / 1e6)
    device.saidTime = { sentAt, heardAtMs }
  }

  /**
   * How far the clocks of those that are connected and have said are behind `nowNs`, in milliseconds, at `nowMs` on
   * sinceBootMs()'s scale. Our own clock has no part in it, neither as it was when they said so, since it may have been
   * set, nor as an agent of this machine says it; nor has who is no witness, by its id: whoever has a token can invent
   * devices, and has them say any time.
   */
  clockOffsetsMs(nowNs: UnixNs, nowMs: number, isWitness: (id: string) => boolean): number[] {
    const offsets: number[] = []
    for (const { facts, connected, hasOwnClock, saidTime } of this.#known.values())
      if (connected && hasOwnClock && saidTime && isWitness(facts.id))
        offsets.push(Number(nowNs - saidTime.sentAt) / 1e6 - (nowMs - saidTime.heardAtMs))
    return offsets
  }

  get(id: string): Device | undefined {
    return this.#known.get(id)
  }

  /** Those whose connection has ended since they were last taken. */
  takeLeft(): { id: string }[] {
    const left = Array.from(this.#left, (id) => ({ id }))
    this.#left.clear()
    return left
  }

  /** Up to `max` devices that changed since they were last taken; the rest waits for the next call. */
  takeChanged(max: number): Device[] {
    const taken: Device[] = []
    for (const id of this.#changed) {
      if (taken.length === max) break
      this.#changed.delete(id)
      const device = this.#known.get(id)
      if (device) taken.push(device)
    }
    return taken
  }
}

/** Whoever has a token can invent 20,000, each with 38 KiB of texts, and have them leave. */
function shorten(device: Device): void {
  const { facts } = device
  device.live = undefined
  device.facts = {
    ...facts,
    agentVersion: boundedText(facts.agentVersion, LEFT_CHARS_MAX),
    host: boundedHost(facts.host, LEFT_CHARS_MAX),
  }
}
