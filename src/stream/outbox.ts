// What the agent found, on disk until the collector has it: numbered, bounded, what is dropped counted and told. What the
// disk refuses waits in memory.

import { diskTrouble, type SetAside, transaction, UnusableFile } from '../baseline/sqlite-file.ts'
import type { Finding } from '../engine/finding.ts'
import { sinceBootMs } from '../host/since-boot.ts'
import { createOwnTime } from './outbox-age.ts'
import { dropsToTell, makeRoom, type OutboxCounters, type OutboxOptions } from './outbox-bounds.ts'
import { OutboxError, orDiskError } from './outbox-error.ts'
import { itemBytes, OutboxFile, type Row, replaceOutboxFile, type Totals } from './outbox-file.ts'
import { type Content, encodeAll, type OutboxItem, within } from './outbox-item.ts'
import { createOutboxMemory, type OutboxMemory, type WaitingRow } from './outbox-memory.ts'
import { NUMBERS_RESERVED, OutboxNumbers } from './outbox-numbers.ts'
import { OutboxOwed } from './outbox-owed.ts'
import { OutboxRefusals } from './outbox-refusals.ts'
import { RANKS_URGENT } from './rank.ts'
import { createUuidSource } from './uuid.ts'

export type { SetAside } from '../baseline/sqlite-file.ts'
export type { OutboxCounters, OutboxOptions } from './outbox-bounds.ts'
export { OutboxError, type OutboxErrorCode } from './outbox-error.ts'
export type { OutboxItem } from './outbox-item.ts'

const TELL_INTERVAL_MS = 60_000
const MEMORY_BYTES_MAX = 16 * 1024 * 1024
/** How long another process may hold the file up: at first, and while it is known to. */
const PATIENCE_MS = 2000
const PATIENCE_IN_TROUBLE_MS = 20

/** Opens or makes the outbox at `path`, in constant time however full it is. Throws OutboxError. */
export function openOutbox(path: string, options: OutboxOptions): Outbox {
  if (!(options.bytesMax >= 65_536)) throw new RangeError('outbox: bytesMax is at least 65536')
  try {
    return new Outbox(path, options)
  } catch (cause) {
    throw orDiskError(cause, path, 'open')
  }
}

/** One file, one user. Every call is synchronous. What the disk refuses is said once when it begins, once when it is over. */
export class Outbox {
  readonly #path: string
  readonly #options: OutboxOptions & { fileBytesMax: number }
  readonly #makeId: () => Uint8Array
  readonly #ownMs: () => number
  #file: OutboxFile
  #totals: Totals
  #setAside: SetAside | undefined
  #toldAtMs = Number.NEGATIVE_INFINITY
  #closed = false
  readonly #memory: OutboxMemory
  readonly #numbers: OutboxNumbers
  readonly #owed = new OutboxOwed()
  readonly #refusals: OutboxRefusals

  constructor(path: string, options: OutboxOptions) {
    this.#path = path
    this.#options = {
      ...options,
      fileBytesMax: options.fileBytesMax ?? options.bytesMax * 2 + 1024 * 1024,
    }
    this.#makeId = createUuidSource(() => this.#nowMs())
    const elapsedMs = options.elapsedMs ?? sinceBootMs
    this.#refusals = new OutboxRefusals(() => this.#nowMs(), elapsedMs, options.log)
    this.#file = this.#open()
    this.#totals = this.#file.totals()
    const startMs = this.#file.lastAddedMs() ?? this.#nowMs()
    this.#ownMs = createOwnTime(startMs, elapsedMs)
    this.#numbers = new OutboxNumbers(this.#totals, options.numbersReserved ?? NUMBERS_RESERVED)
    this.#memory = createOutboxMemory(options.memoryBytesMax ?? MEMORY_BYTES_MAX)
    this.#setAside = this.#file.setAside
    if (!this.#tries('open', () => this.#change((totals) => this.#numbers.reserve(totals))))
      this.#numbers.unreserved()
  }

  /** 32 hex digits: whose numbers the sequences are. */
  get id(): string {
    return this.#numbers.idOver(this.#file.id())
  }

  /** The last file of this path that could not be read, since this outbox was opened. */
  get setAside(): SetAside | undefined {
    return this.#setAside
  }

  counters(): OutboxCounters {
    const { evicted, notKept } = this.#totals
    const unwritten = this.unwritten()
    return {
      items: this.#totals.items - this.#owed.size.items + unwritten,
      bytes: this.#totals.bytes - this.#owed.size.bytes + this.#memory.bytes(),
      unwritten,
      evicted,
      notKept,
      rejected: this.#totals.rejected + this.#owed.rejected,
    }
  }

  /** Items that wait in memory: what follows from them is not to be kept before they are. */
  unwritten(): number {
    return this.#memory.rows().length
  }

  /** Highest sequence given out so far; 0 when none. */
  lastSequence(): number {
    return this.#numbers.last()
  }

  /** Highest sequence acknowledged; 0 when none. */
  acknowledged(): number {
    return Math.max(this.#totals.acknowledged, this.#owed.through)
  }

  /**
   * Keeps the findings in one durable transaction, or, while the disk takes nothing, in memory. Throws OutboxError
   * when some cannot be encoded, after counting them and keeping the others.
   */
  append(findings: Finding[]): void {
    this.#assertOpen()
    const { contents, refused } = encodeAll(findings)
    const unencodable = findings.length - contents.length
    this.#totals.notKept += unencodable
    if (contents.length > 0) this.#keep(contents)
    if (refused)
      throw new OutboxError('unencodable', `outbox: ${unencodable} not kept: ${refused.message}`, {
        cause: refused,
      })
  }

  /**
   * Waiting items above `afterSequence` in order, as many as both bounds allow and at least one when there
   * is one. None while the file cannot be read.
   */
  read(afterSequence: number, itemsMax: number, bytesMax: number): OutboxItem[] {
    this.#assertOpen()
    let items: OutboxItem[] = []
    this.#tries('read', () => {
      items = within(this.#inTurn(afterSequence, itemsMax), itemsMax, bytesMax)
    })
    return items
  }

  *#inTurn(afterSequence: number, itemsMax: number): Generator<Row> {
    const { through, each } = this.#owed
    for (const row of this.#file.read(Math.max(afterSequence, through), itemsMax + each.size))
      if (!each.has(row.sequence)) yield row
    yield* this.#sendable(afterSequence)
  }

  #sendable(afterSequence: number): WaitingRow[] {
    return this.#memory
      .after(afterSequence)
      .filter(({ sequence }) => this.#numbers.mayBeSent(sequence, this.#totals))
  }

  /**
   * Of the items above `afterSequence` those that should not wait for the older ones: alerts, highest
   * severity first, then oldest; none of `except`. Bounds as `read`.
   */
  readUrgent(
    afterSequence: number,
    except: ReadonlySet<number>,
    itemsMax: number,
    bytesMax: number,
  ): OutboxItem[] {
    this.#assertOpen()
    const { through, each } = this.#owed
    const after = Math.max(afterSequence, through)
    const most = itemsMax + except.size + each.size
    let items: OutboxItem[] = []
    this.#tries('read', () => {
      const waiting = this.#sendable(afterSequence)
      const rows = RANKS_URGENT.flatMap((rank) => [
        ...this.#file.readRank(rank, after, most),
        ...waiting.filter((row) => row.rank === rank),
      ])
      items = within(
        rows.filter(({ sequence }) => !except.has(sequence) && !each.has(sequence)),
        itemsMax,
        bytesMax,
      )
    })
    return items
  }

  /** Lets everything up to `throughSequence` go; `rejected` of them were refused for good. */
  acknowledge(throughSequence: number, rejected = 0): void {
    this.#assertOpen()
    this.#memory.removeThrough(throughSequence)
    if (throughSequence <= this.acknowledged()) return
    const through = Math.min(throughSequence, this.#numbers.last())
    this.#owed.addThrough(this.#file, through, rejected)
    this.#dropOwed()
  }

  /** Lets these alone go; `rejected` of them were refused for good. */
  acknowledgeEach(sequences: readonly number[], rejected = 0): void {
    this.#assertOpen()
    this.#memory.remove(sequences)
    this.#owed.addEach(this.#file, sequences, rejected)
    this.#dropOwed()
  }

  #dropOwed(): void {
    if (this.#refusals.waits()) return
    this.#tries('acknowledge', () => {
      this.#file.unsynchronised(() => this.#change(() => {}))
      this.#file.shrink()
    })
  }

  /**
   * Becomes another outbox: a new id, what waits is numbered from 1. For when a collector knows numbers of this one
   * that it never gave: another has its id (a copy of its file, or somebody who pretends), and the two must not share
   * a cursor. What waits keeps its ids, so nothing is stored twice. False: the disk did not take it, and all is as before.
   */
  renew(): boolean {
    this.#assertOpen()
    return this.#tries('renew', () => {
      this.#write()
      const by = this.#totals.acknowledged
      this.#change((totals) => {
        // Far above all numbers first, so that no two meet on the way.
        const above = this.#numbers.last() + 1
        this.#file.shift(above)
        this.#file.shift(-above - by)
        this.#file.renewId()
        totals.nextSequence -= by
        totals.acknowledged = 0
      })
      this.#numbers.moved(by)
    })
  }

  /** Tries to write what the disk has refused, once a second at most. To be called now and then. */
  retry(): void {
    this.#assertOpen()
    if (this.#isBehind() && !this.#refusals.waits()) this.#keep([])
    if (this.#isBehind()) return
    this.#refusals.works()
    this.#file.share()
  }

  #isBehind(): boolean {
    return this.#refusals.isOn() || this.unwritten() > 0 || !this.#owed.isEmpty()
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return
    if (this.#isBehind()) {
      this.#refusals.hurry()
      this.retry()
      if (this.unwritten() > 0) this.#refusals.lost(this.unwritten())
    }
    this.#closed = true
    try {
      this.#change((totals) => this.#numbers.settle(totals))
      if (this.unwritten() === 0) this.#refusals.ends()
    } catch (error) {
      // The next start goes on above what is reserved.
      if (!diskTrouble(error)) throw error
    } finally {
      this.#file.close()
    }
  }

  #keep(contents: readonly Content[]): void {
    const nowMs = this.#nowMs()
    const untold = this.#totals.evicted + this.#totals.notKept - this.#totals.told
    // Not while the disk refuses: it would push a finding out of the memory.
    const tells =
      untold > 0 &&
      !this.#refusals.isOn() &&
      this.unwritten() === 0 &&
      Math.abs(nowMs - this.#toldAtMs) >= TELL_INTERVAL_MS
    const all = tells ? [...contents, dropsToTell(this.#options.now(), untold)] : contents
    const rows = all.map((of) => ({
      ...of,
      sequence: this.#numbers.take(),
      id: this.#makeId(),
      addedMs: this.#ownMs(),
    }))
    if (tells) {
      this.#toldAtMs = nowMs
      this.#totals.told += untold
    }
    if (!this.#refusals.waits() && this.#tries('append', () => this.#write(rows))) return
    for (const row of rows) this.#totals.notKept += this.#memory.add(row)
  }

  /** What waits in memory goes to the file, and `more` behind it, in one durable transaction. */
  #write(more: readonly WaitingRow[] = []): void {
    const waiting = this.#memory.rows()
    this.#change((totals) => {
      for (const { sequence, rank, addedMs, id, content } of [...waiting, ...more]) {
        this.#file.insert(sequence, rank, addedMs, id, content)
        totals.items++
        totals.bytes += itemBytes(content)
      }
      this.#numbers.reserve(totals)
      const { ageMaxMs, bytesMax } = this.#options
      makeRoom(this.#file, totals, { beforeMs: this.#ownMs() - ageMaxMs, bytesMax })
    })
    this.#numbers.reserved()
    this.#refusals.kept(waiting.length)
    this.#memory.clear()
  }

  /** False: the disk refused it. */
  #tries(what: string, work: () => void): boolean {
    try {
      this.#surviving(what, work)
      return true
    } catch (error) {
      if (!(error instanceof OutboxError)) throw error
      this.#refusals.add(error)
      this.#file.patience(PATIENCE_IN_TROUBLE_MS)
      return false
    }
  }

  /**
   * One transaction over the tables and their totals, with what is acknowledged; the totals here change only when it has
   * committed.
   */
  #change(work: (totals: Totals) => void): void {
    const totals = { ...this.#totals }
    transaction(this.#file.database, () => {
      this.#owed.settle(this.#file, totals)
      work(totals)
      this.#file.writeTotals(totals)
    })
    this.#totals = totals
    this.#owed.clear()
    if (!this.#refusals.isOn()) return
    this.#refusals.none()
    this.#file.patience(this.#options.patienceMs ?? PATIENCE_MS)
  }

  /**
   * Runs `work`; when the file turns out damaged it is set aside, and `work` runs once more on the new one. Throws OutboxError
   * for what the disk refuses: then the file is the one before.
   */
  #surviving<T>(what: string, work: () => T): T {
    try {
      if (!this.#file.database.isOpen) this.#file = this.#open()
      return work()
    } catch (error) {
      if (!(error instanceof UnusableFile) && diskTrouble(error) !== 'corrupt')
        throw orDiskError(error, this.#path, what)
      try {
        this.#beginAnew((error as Error).message)
        return work()
      } catch (again) {
        throw orDiskError(again, this.#path, what)
      }
    }
  }

  #beginAnew(reason: string): void {
    this.#setAside = replaceOutboxFile(this.#path, reason, this.#options.now(), () =>
      this.#file.close(),
    )
    const lost = this.#totals
    const { size, rejected } = this.#owed
    const acknowledged = this.acknowledged()
    this.#owed.clear()
    this.#file = this.#open()
    // Numbering and counts go on where they were known to be, so the collector need not be asked.
    this.#totals = {
      ...lost,
      items: 0,
      bytes: 0,
      acknowledged,
      rejected: lost.rejected + rejected,
      notKept: lost.notKept + lost.items - size.items,
    }
    this.#toldAtMs = Number.NEGATIVE_INFINITY
    this.#change((totals) => this.#numbers.reserve(totals))
  }

  #open(): OutboxFile {
    const { now, fileBytesMax, patienceMs = PATIENCE_MS, log } = this.#options
    const file = new OutboxFile(this.#path, { now: now(), fileBytesMax, log })
    file.patience(patienceMs)
    return file
  }

  #nowMs(): number {
    return Number(this.#options.now() / 1_000_000n)
  }

  #assertOpen(): void {
    if (this.#closed) throw new OutboxError('closed', 'the outbox is closed')
  }
}
