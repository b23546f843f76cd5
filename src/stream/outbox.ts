// What the agent found, on disk until the collector has it: numbered, bounded, what is dropped counted and told. What the
// disk refuses waits in memory.

import {
  diskTrouble,
  type SetAside,
  setFileAside,
  transaction,
  UnusableFile,
} from '../baseline/sqlite-file.ts'
import type { Finding } from '../engine/finding.ts'
import { counted } from '../engine/sentence.ts'
import { sinceBootMs } from '../host/since-boot.ts'
import { createOwnTime } from './outbox-age.ts'
import { dropsToTell, makeRoom, type OutboxCounters, type OutboxOptions } from './outbox-bounds.ts'
import { diskError, OutboxError } from './outbox-error.ts'
import { itemBytes, newOutboxId, OutboxFile, type Row, type Totals } from './outbox-file.ts'
import { type Content, encodeAll, type OutboxItem, within } from './outbox-item.ts'
import { createOutboxMemory, type OutboxMemory, type WaitingRow } from './outbox-memory.ts'
import { NUMBERS_RESERVED, OutboxNumbers } from './outbox-numbers.ts'
import { RANKS_URGENT } from './rank.ts'
import { createUuidSource } from './uuid.ts'

export type { SetAside } from '../baseline/sqlite-file.ts'
export type { OutboxCounters, OutboxOptions } from './outbox-bounds.ts'
export { OutboxError, type OutboxErrorCode } from './outbox-error.ts'
export type { OutboxItem } from './outbox-item.ts'

const TELL_INTERVAL_MS = 60_000
const MEMORY_BYTES_MAX = 16 * 1024 * 1024
/** Between two attempts to write what the disk refused. */
const RETRY_MS = 1000
/** How long another process may hold the file up: at first, and while it is known to. */
const PATIENCE_MS = 2000
const PATIENCE_IN_TROUBLE_MS = 20

/** Opens or makes the outbox at `path`, in constant time however full it is. Throws OutboxError. */
export function openOutbox(path: string, options: OutboxOptions): Outbox {
  if (!(options.bytesMax >= 65_536)) throw new RangeError('outbox: bytesMax is at least 65536')
  try {
    return new Outbox(path, options)
  } catch (cause) {
    const trouble = diskTrouble(cause)
    if (!trouble || trouble === 'corrupt') throw cause
    throw diskError(trouble, path, 'open', cause)
  }
}

/** One file, one user. Every call is synchronous. */
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
  /** Since when, and how often since, the disk takes nothing; undefined: it does. */
  #refusedAtMs: number | undefined

  constructor(path: string, options: OutboxOptions) {
    this.#path = path
    this.#options = {
      ...options,
      fileBytesMax: options.fileBytesMax ?? options.bytesMax * 2 + 1024 * 1024,
    }
    this.#makeId = createUuidSource(() => this.#nowMs())
    this.#file = this.#open()
    this.#totals = this.#file.totals()
    const startMs = this.#file.lastAddedMs() ?? this.#nowMs()
    this.#ownMs = createOwnTime(startMs, options.elapsedMs ?? sinceBootMs)
    this.#numbers = new OutboxNumbers(this.#totals, options.numbersReserved ?? NUMBERS_RESERVED)
    this.#memory = createOutboxMemory(options.memoryBytesMax ?? MEMORY_BYTES_MAX)
    this.#setAside = this.#file.setAside
    this.#reserveAtStart()
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
    const { items, bytes, evicted, notKept, rejected } = this.#totals
    const unwritten = this.unwritten()
    const all = { items: items + unwritten, bytes: bytes + this.#memory.bytes(), unwritten }
    return { ...all, evicted, notKept, rejected }
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
    return this.#totals.acknowledged
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
   * is one. Throws OutboxError.
   */
  read(afterSequence: number, itemsMax: number, bytesMax: number): OutboxItem[] {
    this.#assertOpen()
    return this.#surviving('read', () =>
      within(this.#inTurn(afterSequence, itemsMax), itemsMax, bytesMax),
    )
  }

  *#inTurn(afterSequence: number, itemsMax: number): Generator<Row> {
    yield* this.#file.read(afterSequence, itemsMax)
    yield* this.#sendable(afterSequence)
  }

  #sendable(afterSequence: number): WaitingRow[] {
    return this.#memory
      .after(afterSequence)
      .filter(({ sequence }) => this.#numbers.mayBeSent(sequence, this.#totals))
  }

  /**
   * Of the items above `afterSequence` those that should not wait for the older ones: alerts, highest
   * severity first, then oldest; none of `except`. Bounds as `read`. Throws OutboxError.
   */
  readUrgent(
    afterSequence: number,
    except: ReadonlySet<number>,
    itemsMax: number,
    bytesMax: number,
  ): OutboxItem[] {
    this.#assertOpen()
    return this.#surviving('read', () => {
      const waiting = this.#sendable(afterSequence)
      const rows = RANKS_URGENT.flatMap((rank) => [
        ...this.#file.readRank(rank, afterSequence, itemsMax + except.size),
        ...waiting.filter((row) => row.rank === rank),
      ])
      return within(
        rows.filter(({ sequence }) => !except.has(sequence)),
        itemsMax,
        bytesMax,
      )
    })
  }

  /** Drops everything up to `throughSequence`; `rejected` of them were refused for good. Throws OutboxError. */
  acknowledge(throughSequence: number, rejected = 0): void {
    this.#assertOpen()
    this.#memory.removeThrough(throughSequence)
    if (throughSequence <= this.#totals.acknowledged) return
    this.#surviving('acknowledge', () => {
      this.#file.unsynchronised(() =>
        this.#change((totals) => {
          const freed = this.#file.removeThrough(throughSequence)
          totals.items -= freed.items
          totals.bytes -= freed.bytes
          totals.acknowledged = Math.min(throughSequence, this.#numbers.last())
          totals.rejected += rejected
        }),
      )
      this.#file.shrink()
    })
  }

  /** Drops these alone; `rejected` of them were refused for good. Throws OutboxError. */
  acknowledgeEach(sequences: readonly number[], rejected = 0): void {
    this.#assertOpen()
    this.#memory.remove(sequences)
    this.#surviving('acknowledge', () =>
      this.#file.unsynchronised(() =>
        this.#change((totals) => {
          totals.rejected += rejected
          for (const sequence of sequences) {
            const bytes = this.#file.bytesOf(sequence)
            if (bytes === undefined) continue
            this.#file.remove(sequence)
            totals.items--
            totals.bytes -= bytes
          }
        }),
      ),
    )
  }

  /**
   * Becomes another outbox: a new id, what waits is numbered from 1. For when a collector knows numbers of this one
   * that it never gave: another has its id (a copy of its file, or somebody who pretends), and the two must not share
   * a cursor. What waits keeps its ids, so nothing is stored twice. Throws OutboxError, and is then as before.
   */
  renew(): void {
    this.#assertOpen()
    const moved = this.#surviving('renew', () => {
      this.#write()
      const by = this.#totals.acknowledged
      this.#change((totals) => {
        // Far above all numbers first, so that no two meet on the way.
        const above = this.#numbers.last() + 1
        this.#file.shift(above)
        this.#file.shift(-above - by)
        this.#file.setId(newOutboxId())
        totals.nextSequence -= by
        totals.acknowledged = 0
      })
      return by
    })
    this.#numbers.moved(moved)
  }

  /** Tries to write what waits in memory, once a second at most. To be called now and then. */
  retry(): void {
    this.#assertOpen()
    if (this.#refusedAtMs === undefined || Math.abs(this.#nowMs() - this.#refusedAtMs) < RETRY_MS)
      return
    this.#keep([])
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return
    if (this.unwritten() > 0) {
      this.#refusedAtMs = Number.NEGATIVE_INFINITY
      this.retry()
      if (this.unwritten() > 0)
        this.#options.log?.(
          `${counted(this.unwritten(), 'finding')} that the disk did not take ${this.unwritten() === 1 ? 'is' : 'are'} lost as the agent ends`,
        )
    }
    this.#closed = true
    try {
      this.#change((totals) => this.#numbers.settle(totals))
    } catch (error) {
      // The next start goes on above what is reserved.
      if (!diskTrouble(error)) throw error
    } finally {
      this.#file.close()
    }
  }

  #reserveAtStart(): void {
    try {
      this.#surviving('open', () => this.#change((totals) => this.#numbers.reserve(totals)))
    } catch (error) {
      if (!(error instanceof OutboxError)) throw error
      this.#numbers.unreserved()
      this.#refused(error, this.#nowMs())
    }
  }

  #keep(contents: readonly Content[]): void {
    const nowMs = this.#nowMs()
    const untold = this.#totals.evicted + this.#totals.notKept - this.#totals.told
    const waits = this.#refusedAtMs !== undefined && Math.abs(nowMs - this.#refusedAtMs) < RETRY_MS
    // Not while the disk refuses: it would push a finding out of the memory.
    const tells =
      untold > 0 &&
      this.#refusedAtMs === undefined &&
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
    try {
      if (!waits) {
        this.#surviving('append', () => this.#write(rows))
        return
      }
    } catch (error) {
      if (!(error instanceof OutboxError)) throw error
      this.#refused(error, nowMs)
    }
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
    if (this.#refusedAtMs !== undefined) {
      this.#refusedAtMs = undefined
      this.#file.patience(this.#options.patienceMs ?? PATIENCE_MS)
      this.#options.log?.(
        `the disk takes findings again: ${waiting.length} that waited in memory ${waiting.length === 1 ? 'is' : 'are'} kept`,
      )
    }
    this.#memory.clear()
  }

  #refused(error: OutboxError, nowMs: number): void {
    if (this.#refusedAtMs === undefined)
      this.#options.log?.(`${error.message}; findings wait in memory and go from there`)
    this.#refusedAtMs = nowMs
    this.#file.patience(PATIENCE_IN_TROUBLE_MS)
  }

  /** One transaction over the tables and their totals; the totals here change only when it has committed. */
  #change(work: (totals: Totals) => void): void {
    const totals = { ...this.#totals }
    transaction(this.#file.database, () => {
      work(totals)
      this.#file.writeTotals(totals)
    })
    this.#totals = totals
  }

  /** Runs `work`; when the file turns out damaged it is set aside, and `work` runs once more on the new one. */
  #surviving<T>(what: string, work: () => T): T {
    try {
      return work()
    } catch (error) {
      const trouble = error instanceof UnusableFile ? 'corrupt' : diskTrouble(error)
      if (!trouble) throw error
      if (trouble !== 'corrupt') throw diskError(trouble, this.#path, what, error)
      this.#beginAnew((error as Error).message)
      return work()
    }
  }

  #beginAnew(reason: string): void {
    this.#file.close()
    this.#setAside = setFileAside(this.#path, reason, this.#options.now())
    const lost = this.#totals
    this.#file = this.#open()
    // Numbering and counts go on where they were known to be, so the collector need not be asked.
    this.#totals = {
      ...lost,
      items: 0,
      bytes: 0,
      notKept: lost.notKept + lost.items,
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
