// What each device has in the tables that are not alerts, and how much it may have. What one device says, in names,
// sightings, hours and health, is paid for by that device alone: first by its oldest, then by what it says next.
import type { DatabaseSync } from 'node:sqlite'
import { prepare } from './statement.ts'

const MiB = 1024 * 1024
export const KINDS = ['inventory', 'summaries', 'health'] as const
export type Kind = (typeof KINDS)[number]

/**
 * Bytes of one device. A sighting takes 0.9 kB with its names and indexes and a destination 0.1 kB: the 2,000 programs
 * and 20,000 destinations of a Mac take 4 MB; one that builds 400 programs a day fills this in half a year. An hour of a
 * pair takes 96 B: 300 pairs in each hour of 180 days are 124 MB. Health is some sentences a day.
 */
export const BUDGETS: Record<Kind, number> = {
  inventory: 64 * MiB,
  summaries: 128 * MiB,
  health: 4 * MiB,
}
/** Above this share of its budget the oldest of a device give way at each beat, so that the newest have room till the next. */
const KEPT_SHARE = 0.75
/** Of what the store may keep; the rest is for alerts. Where the store is full they have three quarters. */
const OTHERS_SHARE = 0.5
const OTHERS_SHARE_WHEN_FULL = 0.25

/** What rows take in their tables and indexes beside their texts, which lie in both. */
export const identityCharge = (key: string): number => 256 + 2 * Buffer.byteLength(key)
export const destinationCharge = (key: string): number => 64 + 2 * Buffer.byteLength(key)
export const HOUR_CHARGE = 96
export const healthCharge = (kind: string, text: string): number =>
  128 + Buffer.byteLength(kind) + Buffer.byteLength(text)

const WHAT: Record<Kind, string> = {
  inventory: 'names and sightings',
  summaries: 'hourly summaries',
  health: 'health events',
}

export const overBudget = (kind: Kind): string =>
  `more ${WHAT[kind]} than are kept of one device: the oldest give way in a minute`

type Held = Record<Kind, number>

/** Changes are made inside the caller's transaction: `flush` before its commit, then `committed`, or `forget` on its rollback. */
export class Budget {
  readonly #held = new Map<number, Held>()
  readonly #changed = new Set<number>()
  readonly #budgets: Record<Kind, number>
  readonly #read
  readonly #write
  /** Items refused since they were last told of: device -> kind -> count. */
  readonly #refused = new Map<number, Map<Kind, number>>()
  /** What the open transaction refuses, and the devices that it tells of. */
  #refusing: { device: number; kind: Kind }[] = []
  #telling: number[] = []
  #total = 0
  #totalMax = Number.POSITIVE_INFINITY

  constructor(db: DatabaseSync, budgets = BUDGETS) {
    this.#budgets = budgets
    this.#read = prepare(db, 'SELECT device, inventory, summaries, health FROM held')
    this.#write = prepare(
      db,
      'INSERT OR REPLACE INTO held (device, inventory, summaries, health) VALUES (?, ?, ?, ?)',
    )
    this.reload()
  }

  /** Bytes of all devices. */
  total(): number {
    return this.#total
  }

  /** Of what the store may have. */
  setKeep(keepBytes: number, isFull: boolean): void {
    this.#totalMax = keepBytes * (isFull ? OTHERS_SHARE_WHEN_FULL : OTHERS_SHARE)
  }

  /** Whether the device may have so much more. Beyond the total, those that have less than an equal share still may. */
  hasRoom(device: number, kind: Kind, bytes: number): boolean {
    const held = this.#held.get(device)
    if ((held?.[kind] ?? 0) + bytes > this.#budgets[kind]) return false
    if (this.#total + bytes <= this.#totalMax) return true
    return sumOf(held) + bytes <= this.#totalMax / Math.max(1, this.#held.size)
  }

  charge(device: number, kind: Kind, bytes: number): void {
    let held = this.#held.get(device)
    if (!held) {
      held = { inventory: 0, summaries: 0, health: 0 }
      this.#held.set(device, held)
    }
    const before = held[kind]
    held[kind] = Math.max(0, before + bytes)
    this.#total += held[kind] - before
    this.#changed.add(device)
  }

  refused(device: number, kind: Kind): void {
    this.#refusing.push({ device, kind })
  }

  /** What was refused since the last call, of at most `max` devices. */
  takeRefused(max: number): { device: number; kind: Kind; count: number }[] {
    const taken: { device: number; kind: Kind; count: number }[] = []
    for (const [device, kinds] of [...this.#refused].slice(0, max)) {
      this.#telling.push(device)
      for (const [kind, count] of kinds) taken.push({ device, kind, count })
    }
    return taken
  }

  /** Devices that have something of the kind. */
  devicesWith(kind: Kind): number[] {
    return [...this.#held].filter(([, held]) => held[kind] > 0).map(([device]) => device)
  }

  /** Whose oldest of which kind have to give way, by how many bytes; undefined when nobody's. */
  excess(): { device: number; kind: Kind; bytes: number } | undefined {
    let largest: { device: number; sum: number } | undefined
    for (const [device, held] of this.#held) {
      for (const kind of KINDS) {
        const bytes = held[kind] - this.#budgets[kind] * KEPT_SHARE
        if (bytes > 0) return { device, kind, bytes }
      }
      const sum = sumOf(held)
      if (sum > (largest?.sum ?? 0)) largest = { device, sum }
    }
    const bytes = this.#total - this.#totalMax
    if (!largest || bytes <= 0) return undefined
    const held = this.#held.get(largest.device) as Held
    // Sentences first, hours next, what is known of the device last.
    const kind = (['health', 'summaries', 'inventory'] as const).reduce((most, each) =>
      held[each] > held[most] ? each : most,
    )
    return { device: largest.device, kind, bytes }
  }

  flush(): void {
    for (const device of this.#changed) {
      const { inventory, summaries, health } = this.#held.get(device) as Held
      this.#write.run(device, inventory, summaries, health)
    }
    this.#changed.clear()
  }

  committed(): void {
    for (const device of this.#telling) this.#refused.delete(device)
    for (const { device, kind } of this.#refusing) {
      const kinds = this.#refused.get(device) ?? new Map<Kind, number>()
      this.#refused.set(device, kinds.set(kind, (kinds.get(kind) ?? 0) + 1))
    }
    this.#telling = []
    this.#refusing = []
  }

  forget(): void {
    this.#telling = []
    this.#refusing = []
    this.reload()
  }

  /** On a rollback to a savepoint: `flush` was before it. */
  reload(): void {
    this.#changed.clear()
    this.#held.clear()
    this.#total = 0
    for (const { device, inventory, summaries, health } of this.#read.iterate()) {
      const held = {
        inventory: Number(inventory),
        summaries: Number(summaries),
        health: Number(health),
      }
      this.#held.set(Number(device), held)
      this.#total += sumOf(held)
    }
  }
}

const sumOf = (held: Held | undefined): number =>
  held ? held.inventory + held.summaries + held.health : 0
