// What is kept, by age and by size. Alerts are dropped a whole segment at a time; what lies in time-ordered
// tables beside them follows in small pieces, so that commits wait a few milliseconds, not seconds.
import type { DatabaseSync } from 'node:sqlite'
import { counted } from '../../engine/sentence.ts'
import type { AlertShares } from './alert-shares.ts'
import type { AlertSums } from './alert-sums.ts'
import type { AlertWriter } from './alerts.ts'
import { type Budget, healthCharge } from './budget.ts'
import { createErasing, type Erasing } from './erasing.ts'
import type { Ids } from './ids.ts'
import type { InventoryWriter } from './inventory.ts'
import { createLeaving, type Piece, ROWS_A_DEVICE } from './leaving.ts'
import type { ErasedBefore, ErasureStep, Keep, Retained } from './protocol.ts'
import { createRelief, FOREVER_NS, ROWS_A_STEP_MAX } from './relief.ts'
import { createSayings, OWN } from './sayings.ts'
import type { SealedSegment, Segments } from './segments.ts'
import { prepare } from './statement.ts'

/** Of who has more than an equal share, where little is too much. */
const ALERTS_A_STEP_MIN = 100
/** Whose alerts one step takes: half of what a device costs that has nothing more. */
const DEVICES_A_STEP_MAX = ROWS_A_STEP_MAX / ROWS_A_DEVICE / 2
/** A segment that is written is sealed after this share of the age, so that what is kept ages evenly. */
const SEGMENTS_AN_AGE = 10n
/** Kind of the health events here, on the page and in the API. */
const KIND = 'retention'

/** What was refused and gave way is said once an hour. */
const TOLD_EACH_NS = 3_600_000_000_000n
/** The horizon follows the age in steps of this share of it, since each is a commit. */
const HORIZONS_AN_AGE = 100n

export type Retention = {
  /** Nanoseconds since 1970 UTC: ids of before may be gone; 0 when none are. */
  horizonAt(): bigint
  /**
   * One step; `more` when another has work. `stamp` gives a time of storage. Throws what node:sqlite
   * throws, and then nothing was dropped.
   */
  step(nowNs: bigint, keep: Keep, stamp: (nowNs: bigint) => bigint): Retained
  /** What was not told of yet is stored, at this time: nobody tells of it later. Throws what node:sqlite throws. */
  sayRest(nowNs: bigint, stamp: (nowNs: bigint) => bigint): void
  /** One step of deleting all of one device, its row in the list of devices too. Throws what node:sqlite throws. */
  erase(
    nowNs: bigint,
    deviceId: string,
    before: ErasedBefore | undefined,
    stamp: (nowNs: bigint) => bigint,
  ): ErasureStep
  isErasing: Erasing['isUnderWay']
}

export function createRetention(
  db: DatabaseSync,
  of: {
    segments: Segments
    alerts: AlertWriter
    shares: AlertShares
    sums: AlertSums
    budget: Budget
    inventory: InventoryWriter
    ids: Ids
  },
  leftMax?: number,
): Retention {
  const { segments, alerts, shares, sums, budget, inventory, ids } = of
  const readHorizon = prepare(db, 'SELECT horizon_at FROM retention')
  const setHorizon = prepare(db, 'UPDATE retention SET horizon_at = max(horizon_at, ?)')
  const tell = prepare(
    db,
    'INSERT INTO health (stored_at, device, at, kind, text, count) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const anyProgram = prepare(db, 'SELECT 1 FROM identity_device WHERE device = ? LIMIT 1')
  const { named, tellNotes } = createSayings(db, budget)
  const { relieve, takeHours, takeHealth, credit } = createRelief(db, of)
  const removeHealth = prepare(
    db,
    `DELETE FROM health WHERE stored_at IN
       (SELECT stored_at FROM health WHERE stored_at < ? ORDER BY stored_at LIMIT ${ROWS_A_STEP_MAX})
     RETURNING device, kind, text, apart`,
  )
  /**
   * Only after a drop: ids from before the horizon that came later, of slow clocks, stay as long as they
   * can, since an item ahead of its turn may be sent again under a number that was not acknowledged.
   */
  let behind = true
  let horizonAt = readHorizon.get()?.horizon_at as bigint
  let toldAt: bigint | undefined
  /** What the next step that ends well returns: one of before may have failed once this was stored. */
  let pending = { told: [] as Retained['told'], revisions: 0 }
  /** Segments that the open transaction dropped because nothing was left in them. */
  const emptied = new Set<number>()
  function usedBytes(): number {
    const pragma = (name: string) => Number(db.prepare(`PRAGMA ${name}`).get()?.[name])
    return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size')
  }

  /** Deletes a piece of what lies before the horizon; false when there was none. */
  function follow(): boolean {
    if (horizonAt === 0n || !behind) return false
    return ids.follow(uidAt(horizonAt), ROWS_A_STEP_MAX)
  }

  /** The same of what has no ids: hours and health are as old as they are, whatever alerts there are. */
  function followAge(before: bigint): boolean {
    if (before <= 0n) return false
    let rows = credit(removeHealth.all(before))
    for (const device of budget.devicesWith('summaries')) {
      if (rows >= ROWS_A_STEP_MAX) break
      rows += takeHours(device, before, ROWS_A_STEP_MAX - rows)
    }
    return rows > 0
  }

  function inTransaction<T>(work: () => T): T {
    const were = { gone: leaving.state(), toldAt, pending: { ...pending, told: [...pending.told] } }
    db.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      alerts.flushTally()
      budget.flush()
      db.exec('COMMIT')
      budget.committed()
      for (const segment of emptied) segments.forget(segment)
      emptied.clear()
      return result
    } catch (cause) {
      if (db.isTransaction) db.exec('ROLLBACK')
      emptied.clear()
      ;({ toldAt, pending } = were)
      leaving.restore(were.gone)
      alerts.forgetTally()
      budget.forget()
      inventory.forget()
      ids.forget()
      segments.reload()
      horizonAt = readHorizon.get()?.horizon_at as bigint
      throw cause
    }
  }

  /** Ids are needed as long as there are alerts as old: the horizon is never above the oldest of them. */
  function advance(before: bigint, ageNs: bigint): void {
    const oldest = segments.firstAt()
    const to = oldest !== undefined && oldest < before ? oldest : before
    if (to <= 0n || to - horizonAt <= ageNs / HORIZONS_AN_AGE) return
    setHorizon.run(to)
    horizonAt = to
    behind = true
  }

  /** The oldest of devices in a segment; returns how many revisions. One in which nothing is left goes, but for the one that is written. */
  function take(segment: number, most: ReadonlyMap<number, number>): number {
    const { taken, left } = alerts.take(segment, most, ROWS_A_STEP_MAX)
    if (left === 0 && segment !== segments.current) {
      alerts.untally(segment)
      segments.drop(segment)
      emptied.add(segment)
    }
    return taken
  }

  /** Of who has more alerts than an equal share, the oldest go first; undefined when there is no such. */
  function takeFromGreedy(at: bigint, bytes: number): Retained['told'] | undefined {
    const greedy = shares.greedy(bytes, DEVICES_A_STEP_MAX)
    const oldest = greedy && shares.oldestOf([...greedy.keys()])
    if (!greedy || !oldest) return undefined
    const least = Math.ceil(ALERTS_A_STEP_MIN / oldest.of.size)
    const most = new Map<number, number>()
    for (const [device, { revisions, bytesEach }] of oldest.of) {
      const wanted = Math.max(least, Math.ceil((greedy.get(device) ?? 0) / bytesEach))
      most.set(device, Math.min(revisions, wanted))
    }
    const count = take(oldest.segment, most)
    if (count === 0) return undefined
    // Who gives most is named.
    const giving = [...greedy.keys()].filter((device) => most.has(device))
    const [device, ...others] = giving as [number, ...number[]]
    const { deviceId, name } = named(device)
    const whose =
      others.length === 0
        ? name
        : `${name} and ${counted(others.length, 'other device')} of its token`
    const text = `${counted(count, 'revision')} of alerts of ${whose} ${count === 1 ? 'was' : 'were'} dropped: ${budget.payerOf(device) === device ? 'it has more than an equal share of what is kept' : 'devices of its token that nobody has admitted have more than half of an equal share'}`
    pending.revisions += count
    return [{ deviceId: others.length === 0 ? deviceId : '', at, kind: KIND, text, count }]
  }

  function record(told: Retained['told'], stamp: () => bigint): void {
    for (const one of told) {
      tell.run(stamp(), OWN, one.at, one.kind, one.text, one.count)
      budget.charge(OWN, 'health', healthCharge(one.kind, one.text, ''))
    }
    pending.told.push(...told)
  }

  function say(nowNs: bigint, stamp: (nowNs: bigint) => bigint): void {
    const told = [...tellNotes(nowNs), ...leaving.tell(nowNs)]
    if (told.length === 0) return
    toldAt = nowNs
    record(told, () => stamp(nowNs))
    segments.save(stamp(nowNs))
  }

  function dropOldest(oldest: SealedSegment, tooOld: boolean, at: bigint): Retained['dropped'] {
    const why = tooOld ? 'older than is kept' : 'the oldest of more than is kept'
    const were = oldest.revisions === 1 ? 'was' : 'were'
    const text = `${counted(oldest.revisions, 'revision')} of alerts, stored until ${isoTime(oldest.lastAt)}, ${were} dropped: ${why}`
    inTransaction(() => {
      alerts.untally(oldest.n)
      segments.drop(oldest.n)
      setHorizon.run(oldest.lastAt)
      tell.run(at, OWN, at, KIND, text, oldest.revisions)
      budget.charge(OWN, 'health', healthCharge(KIND, text, ''))
      segments.save(at)
    })
    segments.forget(oldest.n)
    behind = true
    horizonAt = readHorizon.get()?.horizon_at as bigint
    return { at, kind: KIND, text, count: oldest.revisions }
  }

  /** What is of a device beside its alerts. Its ids are as old as what it sent. */
  function takeRest(device: number, rowsMax: number): ReturnType<Piece> {
    const rest = { inventory: 0, summaries: takeHours(device, FOREVER_NS, rowsMax), health: 0 }
    let rows = rest.summaries
    if (rows < rowsMax) {
      rest.health = takeHealth(device, Number.MAX_SAFE_INTEGER, rowsMax - rows)
      rows += rest.health
    }
    if (rows < rowsMax) {
      rest.inventory = inventory.yield(device, Number.MAX_SAFE_INTEGER, rowsMax - rows)
      rows += rest.inventory
    }
    return { rows, rest, isMore: rows >= rowsMax || anyProgram.get(device) !== undefined }
  }

  function takeAlerts(devices: readonly number[], rowsMax: number): number {
    const oldest = shares.oldestOf(devices)
    if (!oldest) return 0
    return take(
      oldest.segment,
      new Map(
        [...oldest.of].map(([device, { revisions }]) => [device, Math.min(revisions, rowsMax)]),
      ),
    )
  }

  const leaving = createLeaving(
    db,
    {
      ...{ shares, budget, ids, takeRest, takeAlerts },
      flush() {
        alerts.flushTally()
        budget.flush()
      },
    },
    KIND,
    leftMax,
  )

  const erasing = createErasing(db, {
    ...{ budget, ids, takeRest, inTransaction },
    takeAlerts: (device, rowsMax) => takeAlerts([device], rowsMax),
  })

  return {
    isErasing: erasing.isUnderWay,
    erase: (nowNs, deviceId, before, stamp) =>
      erasing.step(deviceId, before, (text) => {
        const told = { deviceId: '', at: nowNs, kind: KIND, text, count: 1 }
        record([told], () => stamp(nowNs))
        segments.save(stamp(nowNs))
      }),
    horizonAt: () => horizonAt,
    sayRest: (nowNs, stamp) => inTransaction(() => say(nowNs, stamp)),
    step(nowNs, { ageNs, bytes }, stamp) {
      const used = usedBytes()
      budget.setKeep(bytes, used > bytes)
      const ended = (more: boolean, dropped?: Retained['dropped']): Retained => {
        const { told, revisions } = pending
        pending = { told: [], revisions: 0 }
        const counts = { ...budget.notes.takeCounts(), revisions }
        return { more, usedBytes: used, dropped, told, counts }
      }
      if (segments.ageNs(nowNs) > ageNs / SEGMENTS_AN_AGE) segments.roll(stamp(nowNs))
      const oldest = segments.oldest()
      const tooOld = oldest !== undefined && nowNs - oldest.lastAt > ageNs
      if (oldest && tooOld) return ended(true, dropOldest(oldest, true, stamp(nowNs)))
      // Of the rest, what is old or too much of one device goes before any alert that is young.
      const isTime = toldAt === undefined || nowNs < toldAt || nowNs - toldAt >= TOLD_EACH_NS
      const freed = inTransaction(() => {
        const before = max(horizonAt, nowNs - ageNs)
        const left = leaving.step(ROWS_A_STEP_MAX)
        pending.revisions += left.revisions
        const done = [
          left.isMore,
          relieve(),
          followAge(before),
          follow(),
          sums.renew(ROWS_A_STEP_MAX),
        ]
        advance(nowNs - ageNs, ageNs)
        // At the end, of all that went.
        const isDone = !done.includes(true)
        if (isDone && isTime) say(nowNs, stamp)
        return !isDone
      })
      if (freed) return ended(true)
      behind = false
      if (used <= bytes) return ended(false)
      const hasTaken = inTransaction(() => {
        const taken = takeFromGreedy(nowNs, used - bytes)
        if (taken) record(taken, () => stamp(nowNs))
        if (taken) segments.save(stamp(nowNs))
        return taken !== undefined
      })
      if (hasTaken) return ended(true)
      if (!oldest) return ended(false)
      return ended(true, dropOldest(oldest, false, stamp(nowNs)))
    },
  }
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)

/** The lowest UUIDv7 of a time: its first 48 bits are milliseconds since 1970 (RFC 9562, 5.7). */
export function uidAt(ns: bigint): Uint8Array {
  const uid = Buffer.alloc(16)
  uid.writeUIntBE(Number(ns / 1_000_000n), 0, 6)
  return uid
}

const isoTime = (ns: bigint): string => new Date(Number(ns / 1_000_000n)).toISOString()
