// What the agent found, on disk until the collector has it. Numbered, bounded by bytes and age; what is
// dropped is counted, and told to the collector by an item of its own.
import {
  diskTrouble,
  type SetAside,
  setFileAside,
  transaction,
  UnusableFile,
} from '../baseline/sqlite-file.ts'
import type { Finding } from '../engine/finding.ts'
import type { UnixNs } from '../units.ts'
import { encodeContent, numberItem, StreamError } from './codec.ts'
import { itemBytes, OutboxFile, type Row, type Totals } from './outbox-file.ts'
import { RANK_TELLS, RANKS_URGENT, rankOf } from './rank.ts'
import { createUuidSource } from './uuid.ts'

export type { SetAside } from '../baseline/sqlite-file.ts'

export type OutboxOptions = {
  /** Bound of what waits; the file may be some tenths larger. At least 64 KiB. */
  bytesMax: number
  /** Items older than this are dropped. */
  ageMaxMs: number
  now: () => UnixNs
  /** Hard bound of the file itself, enforced by SQLite; by default twice bytesMax and 1 MiB. */
  fileBytesMax?: number
}

/** An item as it is sent. */
export type OutboxItem = {
  sequence: number
  /** UUIDv7, 16 bytes. */
  id: Uint8Array
  /** The whole encoded Item. */
  encoded: Uint8Array
}

export type OutboxCounters = {
  /** Waiting. */
  items: number
  bytes: number
  /** Dropped because the outbox was full or they were too old; over the life of the file. */
  evicted: number
  /** Not taken: the disk was full, the file was damaged, or they could not be encoded. */
  notKept: number
  /** Refused by the collector for good. */
  rejected: number
}

/**
 * full-disk: nothing of the batch was kept, the next append tries again; busy, io, denied: likewise;
 * unencodable: the rest of the batch was kept; closed: used after close.
 */
export type OutboxErrorCode = 'full-disk' | 'busy' | 'io' | 'denied' | 'unencodable' | 'closed'

/** What was not kept, and why. It has been counted. */
export class OutboxError extends Error {
  readonly code: OutboxErrorCode

  constructor(code: OutboxErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'OutboxError'
    this.code = code
  }
}

const EVICT_STEP_ITEMS = 256
const TELL_INTERVAL_MS = 60_000

/** Opens or makes the outbox at `path`, in constant time however full it is. Throws OutboxError. */
export function openOutbox(path: string, options: OutboxOptions): Outbox {
  if (!(options.bytesMax >= 65_536)) throw new RangeError('outbox: bytesMax is at least 65536')
  try {
    return new Outbox(path, options)
  } catch (cause) {
    const trouble = diskTrouble(cause)
    if (!trouble || trouble === 'corrupt') throw cause
    throw diskError(trouble, 'open', cause)
  }
}

/** One file, one user. Every call is synchronous. */
export class Outbox {
  readonly #path: string
  readonly #options: OutboxOptions & { fileBytesMax: number }
  readonly #makeId: () => Uint8Array
  #file: OutboxFile
  #totals: Totals
  #setAside: SetAside | undefined
  #toldAtMs = Number.NEGATIVE_INFINITY
  #closed = false

  constructor(path: string, options: OutboxOptions) {
    this.#path = path
    this.#options = {
      ...options,
      fileBytesMax: options.fileBytesMax ?? options.bytesMax * 2 + 1024 * 1024,
    }
    this.#makeId = createUuidSource(() => this.#nowMs())
    this.#file = this.#open()
    this.#totals = this.#file.totals()
    this.#setAside = this.#file.setAside
  }

  /** The last file of this path that could not be read, since this outbox was opened. */
  get setAside(): SetAside | undefined {
    return this.#setAside
  }

  counters(): OutboxCounters {
    const { items, bytes, evicted, notKept, rejected } = this.#totals
    return { items, bytes, evicted, notKept, rejected }
  }

  /** Highest sequence given out so far; 0 when none. */
  lastSequence(): number {
    return this.#totals.nextSequence - 1
  }

  /** Highest sequence acknowledged; 0 when none. */
  acknowledged(): number {
    return this.#totals.acknowledged
  }

  /**
   * Keeps the findings in one durable transaction. Throws OutboxError when some or all were not kept, after
   * counting them.
   */
  append(findings: Finding[]): void {
    this.#assertOpen()
    const contents: { rank: number; content: Uint8Array }[] = []
    let refused: StreamError | undefined
    for (const finding of findings) {
      try {
        contents.push({ rank: rankOf(finding), content: encodeContent(finding) })
      } catch (error) {
        if (!(error instanceof StreamError)) throw error
        refused = error
      }
    }
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
      within(this.#file.read(afterSequence, itemsMax), itemsMax, bytesMax),
    )
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
      const rows = RANKS_URGENT.flatMap((rank) =>
        this.#file.readRank(rank, afterSequence, itemsMax + except.size),
      )
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
    if (throughSequence <= this.#totals.acknowledged) return
    this.#surviving('acknowledge', () => {
      this.#unsynchronised(() =>
        this.#change((totals) => {
          const freed = this.#file.removeThrough(throughSequence)
          totals.items -= freed.items
          totals.bytes -= freed.bytes
          totals.acknowledged = Math.min(throughSequence, totals.nextSequence - 1)
          totals.rejected += rejected
        }),
      )
      this.#file.shrink()
    })
  }

  /** Drops these alone; `rejected` of them were refused for good. Throws OutboxError. */
  acknowledgeEach(sequences: readonly number[], rejected = 0): void {
    this.#assertOpen()
    this.#surviving('acknowledge', () =>
      this.#unsynchronised(() =>
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
   * What a collector's Welcome means here. It stores up to `lastSequence` of this device: those are
   * acknowledged. But when this file cannot have numbered them (it is new, the old one was lost), its
   * items are others under the same numbers, so they are numbered anew above. Returns how many were.
   */
  join(lastSequence: number): number {
    this.#assertOpen()
    const { joined, nextSequence, items } = this.#totals
    if (joined === 1 && lastSequence < nextSequence) {
      this.acknowledge(lastSequence)
      return 0
    }
    const renumbered = lastSequence > 0
    this.#surviving('join', () =>
      this.#change((totals) => {
        if (renumbered) {
          const by = Math.max(lastSequence, nextSequence)
          this.#file.shift(by)
          totals.nextSequence = nextSequence + by
          totals.acknowledged = by
        }
        totals.joined = 1
      }),
    )
    return renumbered ? items : 0
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#file.close()
  }

  #keep(contents: { rank: number; content: Uint8Array }[]): void {
    const nowMs = this.#nowMs()
    const untold = this.#totals.evicted + this.#totals.notKept - this.#totals.told
    const tells = untold > 0 && nowMs - this.#toldAtMs >= TELL_INTERVAL_MS
    const all = tells ? [...contents, this.#dropsToTell(untold)] : contents
    try {
      this.#surviving('append', () =>
        this.#change((totals) => {
          for (const { rank, content } of all) {
            this.#file.insert(totals.nextSequence++, rank, nowMs, this.#makeId(), content)
            totals.items++
            totals.bytes += itemBytes(content)
          }
          if (tells) totals.told += untold
          this.#expire(totals, nowMs - this.#options.ageMaxMs)
          this.#evict(totals)
        }),
      )
    } catch (error) {
      this.#totals.notKept += contents.length
      throw error
    }
    if (tells) this.#toldAtMs = nowMs
  }

  /** Says what was dropped, as an item: a gap that nobody is told of looks like silence. */
  #dropsToTell(count: number): { rank: number; content: Uint8Array } {
    const text =
      `${count} findings never reached the collector: the agent's outbox was full, too old or damaged, ` +
      `or its disk was full`
    const finding: Finding = {
      at: this.#options.now(),
      kind: 'health',
      health: { of: 'outbox', text, count },
    }
    return { rank: RANK_TELLS, content: encodeContent(finding) }
  }

  #expire(totals: Totals, beforeMs: number): void {
    for (const { sequence, bytes } of this.#file.oldest(beforeMs, EVICT_STEP_ITEMS))
      this.#drop(totals, sequence, bytes)
  }

  #evict(totals: Totals): void {
    while (totals.bytes > this.#options.bytesMax) {
      const candidates = this.#file.least(EVICT_STEP_ITEMS)
      if (candidates.length === 0)
        throw new UnusableFile(`totals: ${totals.bytes} bytes of no items`)
      for (const { sequence, bytes } of candidates) {
        if (totals.bytes <= this.#options.bytesMax) break
        this.#drop(totals, sequence, bytes)
      }
    }
  }

  #drop(totals: Totals, sequence: number, bytes: number): void {
    this.#file.remove(sequence)
    totals.items--
    totals.bytes -= bytes
    totals.evicted++
  }

  #unsynchronised(work: () => void): void {
    this.#file.synchronous('NORMAL')
    try {
      work()
    } finally {
      this.#file.synchronous('FULL')
    }
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
      if (trouble !== 'corrupt') throw diskError(trouble, what, error)
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
    this.#totals = { ...lost, items: 0, bytes: 0, notKept: lost.notKept + lost.items }
    this.#toldAtMs = Number.NEGATIVE_INFINITY
    this.#change(() => {})
  }

  #open(): OutboxFile {
    return new OutboxFile(this.#path, {
      now: this.#options.now(),
      fileBytesMax: this.#options.fileBytesMax,
    })
  }

  #nowMs(): number {
    return Number(this.#options.now() / 1_000_000n)
  }

  #assertOpen(): void {
    if (this.#closed) throw new OutboxError('closed', 'the outbox is closed')
  }
}

function within(rows: Iterable<Row>, itemsMax: number, bytesMax: number): OutboxItem[] {
  const items: OutboxItem[] = []
  let bytes = 0
  for (const { sequence, id, content } of rows) {
    const encoded = numberItem(id, sequence, content)
    bytes += encoded.length
    if (items.length === itemsMax || (items.length > 0 && bytes > bytesMax)) break
    items.push({ sequence, id, encoded })
  }
  return items
}

const SENTENCES = {
  'full-disk': 'the disk is full: free some space, the next finding tries again',
  busy: 'another process holds the file',
  io: 'the disk reports an error',
  denied: 'this user may not use the file: `freshet doctor` says whose it is',
} as const

function diskError(trouble: keyof typeof SENTENCES, what: string, cause: unknown): OutboxError {
  return new OutboxError(trouble, `outbox, ${what}: ${SENTENCES[trouble]}`, { cause })
}
