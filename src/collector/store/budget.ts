// What each device has in the tables that are not alerts, and how much it may have. What one device says, in names,
// sightings, hours, health and ids, is paid for by that device alone: first by its oldest, then by what it says next. Where
// all together have too much, it is paid for by those that have most. Devices that nobody has admitted pay together, those of
// one token: whoever has it can invent as many as he likes.
import type { DatabaseSync } from 'node:sqlite'
import { KINDS, type Kind, type Over } from './kinds.ts'
import { Notes } from './notes.ts'
import { prepare } from './statement.ts'

const MiB = 1024 * 1024

/**
 * Bytes of one device. A sighting takes 0.9 kB with its names and indexes and a destination 0.1 kB: the 2,000 programs
 * and 20,000 destinations of a Mac take 4 MB; one that builds 400 programs a day fills this in half a year. An hour of a
 * pair takes 96 B: 300 pairs in each hour of 180 days are 124 MB. Health is some sentences a day. The ids of all that are
 * 52 MB.
 */
export const BUDGETS: Record<Kind, number> = {
  inventory: 64 * MiB,
  summaries: 128 * MiB,
  health: 4 * MiB,
  ids: 64 * MiB,
}
/** Above this share of its budget the oldest of a device give way at each beat, so that the newest have room till the next. */
const KEPT_SHARE = 0.75
/** Of what the store may keep; the rest is for alerts. Where the store is full they have three quarters. */
const OTHERS_SHARE = 0.5
const OTHERS_SHARE_WHEN_FULL = 0.25
/** Above this share of it the oldest of those that have most give way, down to KEPT_SHARE: what comes in a minute has room. */
const OTHERS_RELIEVED_SHARE = 0.875
/** Health tells what was lost: it still has room where nothing else has, and of that each device a part that is its own. */
const HEALTH_SHARE = 1.125
const HEALTH_OWN_SHARE = 0.125
/** How much more there may be, as a share, before it is looked again who has most. */
const LEVEL_STEP = 1 / 64

/** What rows take in their tables and indexes beside their texts, which lie in both. */
export const identityCharge = (key: string): number => 256 + 2 * Buffer.byteLength(key)
export const destinationCharge = (key: string): number => 64 + 2 * Buffer.byteLength(key)
export const HOUR_CHARGE = 96
/** An id takes 27 B where ids come in their order, and a page is two thirds full where they do not. */
export const ID_CHARGE = 40
/**
 * So many of its newest a device keeps while others have more: what is sent again after a connection broke is among them. Less
 * only where so many devices are known that these would be more than this share of what is kept beside alerts.
 */
const IDS_KEPT_MIN = 4096
const IDS_SHARE = 0.5
/** However many devices there are: as many items as a device sends ahead of their turn, whose numbers tell nothing. */
const IDS_KEPT_LEAST = 64
/** The row of a device with its index, and its outboxes: 2.2 kB were seen where each of six texts has 256 B. */
export const factsCharge = (texts: readonly string[]): number =>
  texts.reduce((sum, text) => sum + Buffer.byteLength(text), 640)
export const healthCharge = (kind: string, text: string, apart: string): number =>
  128 + Buffer.byteLength(kind) + Buffer.byteLength(text) + Buffer.byteLength(apart)

/**
 * In place of devices that are no more: one row has the ids of all of them, which nobody can send again and nobody misses. A number
 * below each of payers.
 */
export const DEPARTED = -(2 ** 40)
/** Of what may be beside alerts: more ids of devices that are no more go, all of them. */
const DEPARTED_SHARE = 1 / 64

/** What has to give way: the oldest of one device, or so many ids of each of several. */
export type Excess =
  | { kind: Exclude<Kind, 'ids'>; device: number; bytes: number }
  | { kind: 'ids'; owed: ReadonlyMap<number, number> }

/** What of a device can give way: all kinds, and the kind of which there is most. */
type Spare = { device: number; kind: Kind; bytes: number; sum: number }

/** `facts`: its row, while it is there. */
type Held = Record<Kind | 'facts', number> & { token: number }
/** Bytes of all that one pays for, and of how many devices. */
type Paid = { bytes: number; devices: number }

/** It pays for itself: it is admitted, or of the collector's machine. Others are those of registry.db. */
export const ITS_OWN = 0
/** It came by a certificate, and has not been asked for yet. */
export const NOT_ASKED = -1

/** Changes are made inside the caller's transaction: `flush` before its commit, then `committed`, or `forget` on its rollback. */
export class Budget {
  readonly #held = new Map<number, Held>()
  readonly #paid = new Map<number, Paid>()
  readonly #changed = new Set<number>()
  readonly #budgets: Record<Kind, number>
  readonly #read
  readonly #write
  readonly #remove
  readonly notes = new Notes()
  #total = 0
  #totalMax = Number.POSITIVE_INFINITY
  #isRelieving = false
  /** What those that have most may have while there is no room for all, and how much there was when that was looked up. */
  #level: { bytes: number; atTotal: number } | undefined

  constructor(db: DatabaseSync, budgets = BUDGETS) {
    this.#budgets = budgets
    this.#read = prepare(db, 'SELECT * FROM held')
    this.#write = prepare(
      db,
      'INSERT OR REPLACE INTO held (device, inventory, summaries, health, ids, facts, token) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    this.#remove = prepare(db, 'DELETE FROM held WHERE device = ?')
    this.reload()
  }

  /** Bytes of all devices. */
  total(): number {
    return this.#total
  }

  /** How many are known. */
  devices(): number {
    return this.#held.size
  }

  /** Of what the store may have. */
  setKeep(keepBytes: number, isFull: boolean): void {
    this.#totalMax = keepBytes * (isFull ? OTHERS_SHARE_WHEN_FULL : OTHERS_SHARE)
    this.#level = undefined
  }

  /** Why the device may not have so much more; undefined: it may. Beyond the total only those that have most may not. */
  lacks(device: number, kind: Kind, bytes: number): Over | undefined {
    const held = this.#held.get(device)
    if ((held?.[kind] ?? 0) + bytes > this.#budgets[kind]) return kind
    const max = kind === 'health' ? this.#totalMax * HEALTH_SHARE : this.#totalMax
    if (this.#total + bytes <= max) return undefined
    const payer = this.payerOf(device)
    const ownHealth = this.#partOf(payer, this.#totalMax * HEALTH_OWN_SHARE)
    if (kind === 'health' && (held?.health ?? 0) + bytes <= ownHealth) return undefined
    const paid = this.#paid.get(payer)?.bytes ?? 0
    return paid + bytes <= this.#levelNow() ? undefined : 'total'
  }

  charge(device: number, kind: Kind | 'facts', bytes: number): void {
    const held = this.#heldOf(device)
    const before = held[kind]
    held[kind] = Math.max(0, before + bytes)
    this.#count(device, held[kind] - before)
    this.#changed.add(device)
  }

  /** It has said Hello, and its row has so many bytes. */
  enter(device: number, factsBytes: number, isEnrolled: boolean): void {
    if (!this.#held.has(device)) this.setToken(device, isEnrolled ? NOT_ASKED : ITS_OWN)
    const { facts } = this.#heldOf(device)
    if (facts !== factsBytes) this.charge(device, 'facts', factsBytes - facts)
  }

  /** Its row is gone. What is left of it, ids, is no device's any more. */
  depart(device: number): void {
    const { ids } = this.#heldOf(device)
    for (const kind of [...KINDS, 'facts'] as const)
      this.charge(device, kind, -this.#heldOf(device)[kind])
    if (ids > 0) this.charge(DEPARTED, 'ids', ids)
  }

  /** Whose ids those of a number are: its own, or of those that are no more. */
  ownerOf(device: number): number {
    return this.#held.has(device) ? device : DEPARTED
  }

  tokenOf(device: number): number {
    return this.#held.get(device)?.token ?? ITS_OWN
  }

  setToken(device: number, token: number): void {
    const held = this.#heldOf(device)
    this.#leave(device, held)
    held.token = token
    this.#join(device, held)
    this.#changed.add(device)
  }

  /** Who pays for a device: itself, or all that came by its token: another number for each, of tokens below 0. */
  payerOf(device: number): number {
    const token = this.tokenOf(device)
    return token === NOT_ASKED || token > ITS_OWN ? -1 - Math.max(0, token) : device
  }

  /** Devices that have something of the kind. */
  devicesWith(kind: Kind): number[] {
    return [...this.#held].filter(([, held]) => held[kind] > 0).map(([device]) => device)
  }

  /** undefined: nothing has to give way. Of ids all that have too many give way at once, since that takes a walk over those of all. */
  excess(): Excess | undefined {
    const owed = new Map<number, number>()
    for (const [device, held] of this.#held)
      for (const kind of KINDS) {
        const bytes = held[kind] - this.#budgets[kind] * KEPT_SHARE
        if (bytes <= 0 || device === DEPARTED) continue
        if (kind !== 'ids') return { device, kind, bytes }
        owed.set(device, Math.ceil(bytes / ID_CHARGE))
      }
    const kept = this.#totalMax * KEPT_SHARE
    if (this.#total > this.#totalMax * OTHERS_RELIEVED_SHARE) this.#isRelieving = true
    if (this.#total <= kept) this.#isRelieving = false
    const departed = this.#held.get(DEPARTED)?.ids ?? 0
    if (departed > (this.#isRelieving ? 0 : this.#totalMax * DEPARTED_SHARE))
      owed.set(DEPARTED, Math.ceil(departed / ID_CHARGE))
    if (owed.size > 0) return { kind: 'ids', owed }
    return this.#isRelieving ? this.#excessOfAll(kept) : undefined
  }

  /** Of what all have together, so that there are `kept` bytes. */
  #excessOfAll(kept: number): Excess | undefined {
    const owed = new Map<number, number>()
    const spares = this.#spares(kept)
    const level = Math.floor(this.#levelAt(kept))
    let left = this.#total - kept
    let [isAbove, isWaitedFor] = [true, false]
    for (const [payer, { bytes }] of [...this.#paid].sort(([, a], [, b]) => b.bytes - a.bytes)) {
      // Never below what the next are left with, unless none of those above has anything that can give way, by many devices with
      // just a few ids: there has to be room.
      if (isAbove && bytes <= level) {
        if (isWaitedFor || owed.size > 0) break
        isAbove = false
      }
      const of = spares.get(payer)?.sort((a, b) => b.sum - a.sum) ?? []
      const most = of[0]
      if (!most) continue
      let beyond = Math.min(left, isAbove ? bytes - level : left)
      if (most.kind !== 'ids') {
        if (owed.size === 0)
          return { device: most.device, kind: most.kind, bytes: Math.min(beyond, most.bytes) }
        if (!isAbove) break
        isWaitedFor = true
        continue
      }
      for (const { device, kind, bytes: spare } of of) {
        if (beyond <= 0 || kind !== 'ids') break
        const ids = Math.ceil(Math.min(beyond, spare) / ID_CHARGE)
        owed.set(device, ids)
        beyond -= ids * ID_CHARGE
        left -= ids * ID_CHARGE
      }
      if (left <= 0) break
    }
    return owed.size > 0 ? { kind: 'ids', owed } : undefined
  }

  /** What can give way of the devices that one pays for, by payer. */
  #spares(kept: number): Map<number, Spare[]> {
    const spares = new Map<number, Spare[]>()
    for (const [device, held] of this.#held) {
      const payer = this.payerOf(device)
      const part = Math.max(IDS_KEPT_LEAST * ID_CHARGE, this.#partOf(payer, kept * IDS_SHARE))
      const idsKept = Math.min(IDS_KEPT_MIN * ID_CHARGE, part)
      const spare = { ...held, ids: Math.max(0, held.ids - idsKept) }
      const sum = spare.health + spare.summaries + spare.inventory + spare.ids
      if (sum <= 0) continue
      // Of equals sentences first, hours next, what is known of the device and delivered last.
      const kind = (['health', 'summaries', 'inventory', 'ids'] as const).reduce((one, each) =>
        spare[each] > spare[one] ? each : one,
      )
      const of = spares.get(payer)
      const one = { device, kind, bytes: spare[kind], sum }
      if (of) of.push(one)
      else spares.set(payer, [one])
    }
    return spares
  }

  /** Of so many bytes what each of those has that one pays for, if all have the same. */
  #partOf(payer: number, bytes: number): number {
    return bytes / this.#paid.size / (this.#paid.get(payer)?.devices ?? 1)
  }

  /** Bytes that nobody has to pay for more than, so that all have `max` together: who has less keeps it all. */
  #levelAt(max: number): number {
    for (let level = 0; ; ) {
      let left = max
      let above = 0
      for (const { bytes } of this.#paid.values()) {
        if (bytes > level) above++
        else left -= bytes
      }
      if (above === 0 || left / above <= level)
        return Math.max(level, max / Math.max(1, this.#paid.size))
      level = left / above
    }
  }

  #levelNow(): number {
    const { atTotal } = this.#level ?? { atTotal: -1 }
    if (!this.#level || Math.abs(this.#total - atTotal) > this.#totalMax * LEVEL_STEP)
      this.#level = { bytes: this.#levelAt(this.#totalMax), atTotal: this.#total }
    return this.#level.bytes
  }

  #heldOf(device: number): Held {
    const known = this.#held.get(device)
    if (known) return known
    const held = { inventory: 0, summaries: 0, health: 0, ids: 0, facts: 0, token: ITS_OWN }
    this.#held.set(device, held)
    this.#join(device, held)
    return held
  }

  #join(device: number, held: Held): void {
    const payer = this.payerOf(device)
    const { bytes, devices } = this.#paid.get(payer) ?? { bytes: 0, devices: 0 }
    this.#paid.set(payer, { bytes: bytes + sumOf(held), devices: devices + 1 })
    this.#total += sumOf(held)
  }

  #leave(device: number, held: Held): void {
    const payer = this.payerOf(device)
    const { bytes, devices } = this.#paid.get(payer) as Paid
    if (devices === 1) this.#paid.delete(payer)
    else this.#paid.set(payer, { bytes: bytes - sumOf(held), devices: devices - 1 })
    this.#total -= sumOf(held)
  }

  #count(device: number, bytes: number): void {
    const paid = this.#paid.get(this.payerOf(device)) as Paid
    paid.bytes += bytes
    this.#total += bytes
  }

  flush(): void {
    for (const device of this.#changed) {
      const held = this.#held.get(device) as Held
      const { inventory, summaries, health, ids, facts, token } = held
      if (sumOf(held) > 0) this.#write.run(device, inventory, summaries, health, ids, facts, token)
      else {
        this.#remove.run(device)
        this.#leave(device, held)
        this.#held.delete(device)
      }
    }
    this.#changed.clear()
  }

  committed(): void {
    this.notes.committed()
  }

  forget(): void {
    this.notes.forget()
    this.reload()
  }

  /** On a rollback to a savepoint: `flush` was before it. */
  reload(): void {
    this.#changed.clear()
    this.#held.clear()
    this.#paid.clear()
    this.#total = 0
    this.#level = undefined
    for (const { device, ...row } of this.#read.iterate()) {
      const held = {
        inventory: Number(row.inventory),
        summaries: Number(row.summaries),
        health: Number(row.health),
        ids: Number(row.ids),
        facts: Number(row.facts),
        token: Number(row.token),
      }
      this.#held.set(Number(device), held)
      this.#join(Number(device), held)
    }
  }
}

const sumOf = (held: Held): number =>
  held.inventory + held.summaries + held.health + held.ids + held.facts
