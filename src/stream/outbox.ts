// What the agent found, on disk until the collector has it, in memory while that refuses: numbered, bounded, drops counted, told.
import { diskTrouble, type SetAside, UnusableFile } from '../baseline/sqlite-file.ts'
import type { Finding } from '../engine/finding.ts'
import { sinceBootMs } from '../host/since-boot.ts'
import { createOwnTime } from './outbox-age.ts'
import { dropsToTell, makeRoom, type OutboxCounters, type OutboxOptions } from './outbox-bounds.ts'
import { OutboxDisk } from './outbox-disk.ts'
import { OutboxError, orDiskError } from './outbox-error.ts'
import { itemBytes, type Row, sizeOf } from './outbox-file.ts'
import { type Content, encodeAll, type OutboxItem, within } from './outbox-item.ts'
import { writeByRank } from './outbox-last.ts'
import {
  createOutboxMemory,
  lostOf,
  type OutboxMemory,
  toldBy,
  type WaitingRow,
} from './outbox-memory.ts'
import { NUMBERS_RESERVED, OutboxNumbers } from './outbox-numbers.ts'
import { OutboxRefusals } from './outbox-refusals.ts'
import { RANKS_URGENT } from './rank.ts'
import { createUuidSource } from './uuid.ts'

export type { SetAside } from '../baseline/sqlite-file.ts'
export type { OutboxCounters, OutboxOptions } from './outbox-bounds.ts'
export { OutboxError, type OutboxErrorCode } from './outbox-error.ts'
export type { OutboxItem } from './outbox-item.ts'

const TELL_INTERVAL_MS = 60_000
const MEMORY_BYTES_MAX = 16 * 1024 * 1024
/** An item that tells of drops, at the most. */
const TELLING_BYTES = 1024

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
  readonly #options: OutboxOptions
  readonly #makeId: () => Uint8Array
  readonly #ownMs: () => number
  readonly #disk: OutboxDisk
  #toldAtMs = Number.NEGATIVE_INFINITY
  #closed = false
  #isLast = false
  #isForetold = false
  /** How many of what waits to try at once, while the disk has no room for all of it. */
  #atOnce: number | undefined
  readonly #memory: OutboxMemory
  readonly #numbers: OutboxNumbers
  readonly #refusals: OutboxRefusals

  constructor(path: string, options: OutboxOptions) {
    this.#options = options
    this.#makeId = createUuidSource(() => this.#nowMs())
    const { elapsedMs = sinceBootMs, fileBytesMax = options.bytesMax * 2 + 1024 * 1024 } = options
    this.#refusals = new OutboxRefusals(() => this.#nowMs(), elapsedMs, options.log)
    this.#disk = new OutboxDisk(path, {
      ...{ ...options, fileBytesMax, refusals: this.#refusals },
      onNew: (totals) => {
        this.#toldAtMs = Number.NEGATIVE_INFINITY
        this.#numbers.reserve(totals)
      },
    })
    const { file, totals } = this.#disk
    this.#ownMs = createOwnTime(file.lastAddedMs() ?? this.#nowMs(), elapsedMs)
    this.#numbers = new OutboxNumbers(totals, options.numbersReserved ?? NUMBERS_RESERVED)
    this.#memory = createOutboxMemory(options.memoryBytesMax ?? MEMORY_BYTES_MAX)
    const reserves = () => this.#disk.change((now) => this.#numbers.reserve(now))
    if (!this.#disk.tries('open', reserves)) this.#numbers.unreserved()
  }

  /** 32 hex digits: whose numbers the sequences are. */
  get id(): string {
    return this.#numbers.idOver(this.#disk.id)
  }

  /** The last file of this path that could not be read, since this outbox was opened. */
  get setAside(): SetAside | undefined {
    return this.#disk.setAside
  }

  counters(): OutboxCounters {
    const { evicted, notKept } = this.#disk.totals
    const unwritten = this.unwritten()
    return {
      items: this.#disk.totals.items - this.#disk.owed.size.items + unwritten,
      bytes: this.#disk.totals.bytes - this.#disk.owed.size.bytes + this.#memory.bytes(),
      unwritten,
      evicted,
      notKept,
      rejected: this.#disk.totals.rejected + this.#disk.owed.rejected,
    }
  }

  /** Items that wait in memory: what follows from them is not to be kept before they are. */
  unwritten(): number {
    return this.#memory.rows().length
  }

  /** Whether the disk takes nothing, as far as is known; a collector may have had from memory all that waited. */
  isRefused(): boolean {
    return this.#refusals.isOn()
  }

  /** Highest sequence given out so far; 0 when none. */
  lastSequence(): number {
    return this.#numbers.last()
  }

  /** Highest sequence acknowledged; 0 when none. */
  acknowledged(): number {
    return this.#disk.acknowledged()
  }

  /**
   * Keeps the findings in one durable transaction, or, while the disk takes nothing, in memory. Throws OutboxError
   * when some cannot be encoded, after counting them and keeping the others.
   */
  append(findings: Finding[]): void {
    this.#assertOpen()
    const { contents, refused } = encodeAll(findings)
    const unencodable = findings.length - contents.length
    this.#disk.totals.notKept += unencodable
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
    this.#disk.tries('read', () => {
      items = within(this.#inTurn(afterSequence, itemsMax), itemsMax, bytesMax)
    })
    return items
  }

  *#inTurn(afterSequence: number, itemsMax: number): Generator<Row> {
    const { through, each } = this.#disk.owed
    // In memory may be what came before some of the file's that mattered more.
    const waiting = this.#sendable(afterSequence)
    let next = 0
    for (const row of this.#disk.file.read(
      Math.max(afterSequence, through),
      itemsMax + each.size,
    )) {
      for (; (waiting[next]?.sequence ?? row.sequence) < row.sequence; next++)
        yield waiting[next] as WaitingRow
      if (!each.has(row.sequence)) yield row
    }
    yield* waiting.slice(next)
  }

  #sendable(afterSequence: number): WaitingRow[] {
    return this.#memory
      .after(afterSequence)
      .filter(({ sequence }) => this.#numbers.mayBeSent(sequence, this.#disk.totals))
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
    const { through, each } = this.#disk.owed
    const after = Math.max(afterSequence, through)
    const most = itemsMax + except.size + each.size
    let items: OutboxItem[] = []
    this.#disk.tries('read', () => {
      const waiting = this.#sendable(afterSequence)
      const rows = RANKS_URGENT.flatMap((rank) => [
        ...this.#disk.file.readRank(rank, after, most),
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
    this.#disk.totals.told += toldBy(this.#memory.removeThrough(throughSequence))
    if (throughSequence <= this.acknowledged()) return
    const through = Math.min(throughSequence, this.#numbers.last())
    this.#disk.owed.addThrough(this.#disk.file, through, rejected)
    this.#dropOwed()
  }

  /** Lets these alone go; `rejected` of them were refused for good. */
  acknowledgeEach(sequences: readonly number[], rejected = 0): void {
    this.#assertOpen()
    this.#disk.totals.told += toldBy(this.#memory.remove(sequences))
    this.#disk.owed.addEach(this.#disk.file, sequences, rejected)
    this.#dropOwed()
  }

  #dropOwed(): void {
    if (this.#refusals.waits()) return
    this.#disk.tries('acknowledge', () => {
      this.#disk.change(() => {}, { unsynchronised: true })
      this.#disk.file.shrink()
    })
  }

  /**
   * Becomes another outbox: a new id, what waits is numbered from 1. For when a collector knows numbers of this one
   * that it never gave: another has its id (a copy of its file, or somebody who pretends), and the two must not share
   * a cursor. What waits keeps its ids, so nothing is stored twice. False: the disk did not take it, and all is as before.
   */
  renew(): boolean {
    this.#assertOpen()
    return this.#disk.tries('renew', () => {
      this.#write(this.#memory.rows())
      const by = this.#disk.totals.acknowledged
      this.#disk.change((totals) => {
        // Far above all numbers first, so that no two meet on the way.
        const above = this.#numbers.last() + 1
        this.#disk.file.shift(above)
        this.#disk.file.shift(-above - by)
        this.#disk.file.renewId()
        totals.nextSequence -= by
        totals.acknowledged = 0
      })
      this.#numbers.moved(by)
    })
  }

  /** Tries to write what the disk has refused, once a second at most. To be called now and then. */
  retry(): void {
    this.#assertOpen()
    if ((this.#isBehind() || this.#tellsDrops()) && !this.#refusals.waits()) this.#keep([])
    if (this.#isBehind()) return
    this.#refusals.works()
    this.#disk.file.share()
  }

  #isBehind(): boolean {
    return this.#refusals.isOn() || this.unwritten() > 0 || !this.#disk.owed.isEmpty()
  }

  /** How long another process that holds the file is waited for from now on, while it is not known to. */
  patience(ms: number): void {
    this.#disk.patience(ms)
  }

  /**
   * Says to the next outbox of this file that what waits in memory is not kept, should this one be killed before `close`, which
   * says how it was. To be called when no more is found.
   */
  foretell(): void {
    this.#assertOpen()
    if (this.unwritten() > 0) this.#foretell()
  }

  #foretell(): void {
    this.#isForetold = true
    this.#disk.sayNotKept(lostOf(this.#memory.rows()))
  }

  /**
   * The last attempt to write what waits in memory, by rank, as far as there is room for it once the file's log has given its
   * own back. To be called when no more is found, and room made that others can spare; `close` does so otherwise.
   */
  writeLast(): void {
    this.#assertOpen()
    if (this.#isLast || !this.#isBehind()) return
    this.#isLast = true
    this.#disk.patient()
    this.#writeSome({ givesRoom: true })
  }

  #writeSome(how: { atOnce?: number; givesRoom?: boolean } = {}): void {
    const write = (rows: readonly WaitingRow[]) => this.#write(rows)
    const atOnce = writeByRank(this.#disk, this.#memory.rows(), write, how)
    this.#atOnce = this.unwritten() > 0 ? atOnce : undefined
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return
    this.writeLast()
    this.#closed = true
    const lost = lostOf(this.#memory.rows())
    if (lost > 0) this.#refusals.lost(lost)
    this.#disk.totals.notKept += lost
    try {
      this.#settle()
      if (lost === 0 && !this.#disk.isWithout) this.#refusals.ends()
    } finally {
      if (!this.#disk.isWithout) this.#disk.file.close()
    }
  }

  #settle(): void {
    let isSettled = false
    let isWithout = this.#disk.isWithout
    try {
      if (!isWithout) this.#disk.change((totals) => this.#numbers.settle(totals))
      isSettled = !isWithout
    } catch (refused) {
      // The next start goes on above what is reserved, and sets aside what is damaged.
      const trouble = diskTrouble(refused)
      isWithout = trouble === 'corrupt' || refused instanceof UnusableFile
      if (!trouble && !isWithout) throw refused
    } finally {
      if (!isSettled || this.#isForetold) this.#disk.sayNotKept(0, isWithout)
    }
  }

  #keep(contents: readonly Content[]): void {
    const tells = this.#tellsDrops(sizeOf(contents))
    const all = tells ? [...contents, dropsToTell(this.#options.now(), this.#untold())] : contents
    const rows = all.map((of) => ({
      ...of,
      sequence: this.#numbers.take(),
      id: this.#makeId(),
      addedMs: this.#ownMs(),
    }))
    if (tells) this.#toldAtMs = this.#nowMs()
    const mayWrite = !this.#refusals.waits()
    const writes = () => this.#write([...this.#memory.rows(), ...rows])
    const refused =
      mayWrite && this.#atOnce === undefined ? this.#disk.attempt('append', writes) : 'full-disk'
    if (refused === undefined) return
    const writesSome = mayWrite && refused === 'full-disk'
    // All of it was tried: half of it comes next.
    const half = () => ({ atOnce: this.#atOnce ?? Math.ceil(this.unwritten() / 2) })
    // They would push out what there may be room for on the disk.
    if (writesSome && this.#memory.room() < sizeOf(rows)) this.#writeSome(half())
    for (const row of rows) this.#disk.totals.notKept += lostOf(this.#memory.add(row))
    if (writesSome) this.#writeSome(half())
  }

  /** Dropped, and told to nobody yet: by no item that waits or that the collector has. */
  #untold(): number {
    const { evicted, notKept, told } = this.#disk.totals
    return evicted + notKept - told - toldBy(this.#memory.rows())
  }

  /** While the disk refuses from memory, where that pushes no finding out, nor one of `moreBytes` that come now. */
  #tellsDrops(moreBytes = 0): boolean {
    return (
      this.#untold() > 0 &&
      (!this.#isBehind() || this.#memory.room() >= TELLING_BYTES + moreBytes) &&
      Math.abs(this.#nowMs() - this.#toldAtMs) >= TELL_INTERVAL_MS
    )
  }

  /** In one durable transaction; those of them that waited in memory do so no more. */
  #write(rows: readonly WaitingRow[]): void {
    this.#disk.change((totals) => {
      for (const { sequence, rank, addedMs, id, content } of rows) {
        this.#disk.file.insert(sequence, rank, addedMs, id, content)
        totals.items++
        totals.bytes += itemBytes(content)
      }
      totals.told += toldBy(rows)
      this.#numbers.reserve(totals)
      const { ageMaxMs, bytesMax } = this.#options
      makeRoom(this.#disk.file, totals, { beforeMs: this.#ownMs() - ageMaxMs, bytesMax })
    })
    this.#numbers.reserved()
    this.#refusals.kept(this.#memory.remove(rows.map(({ sequence }) => sequence)).length)
    if (this.#isForetold) this.#foretell()
  }

  #nowMs(): number {
    return Number(this.#options.now() / 1_000_000n)
  }

  #assertOpen(): void {
    if (this.#closed) throw new OutboxError('closed', 'the outbox is closed')
  }
}
